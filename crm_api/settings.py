"""Typed settings from the environment or `.env`. Never read at import time: call `load()`."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting of the service; `.env.example` lists them all, and a test compares the two."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore")

    host: str = Field("127.0.0.1", description="Address the web process listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the web process listens on.")
    web_workers: int = Field(1, ge=1, description="Web processes; one is right for SQLite.")
    public_url: str = Field(
        "", description="Used for every link, redirect and cookie; http://HOST:PORT when empty."
    )
    data_dir: Path = Field(Path("data"), description="Database file, Maildir, attachments, secret key.")
    database_url: str = Field(
        "", description="sqlite:///FILE (default: DATA_DIR/rounds.db) or postgresql://…"
    )
    secret_key: SecretStr | None = Field(
        None, description="Signs tokens; generated once into DATA_DIR when empty."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    demo: bool = Field(False, description="1 loads the demo company on first start and signs demo users in.")

    demo_password: SecretStr | None = Field(
        None, description="Of the demo users; made anew at each start of `crm up` when empty."
    )

    crm_admin_email: str = Field("admin@rounds.example", description="The first administrator.")
    crm_admin_password: SecretStr | None = Field(None, description="Printed once when empty.")

    cors_origins: str = Field(
        "", description="Origins that may call the API from a browser, comma-separated."
    )
    forwarded_allow_ips: str = Field(
        "127.0.0.1", description="Proxies whose X-Forwarded-* headers are believed."
    )
    rate_limit: int = Field(
        6000,
        ge=0,
        description="API requests a minute for each person and key, in each web process; 0 for any number.",
    )
    max_upload_mb: int = Field(512, ge=1, description="Largest upload, in megabytes.")

    attachment_max_mb: int = Field(
        25, ge=1, description="Largest file attached to a record, in megabytes; kept in DATA_DIR/attachments."
    )
    notice_from: str = Field(
        "", description="Sender of notices to your own people, an address; CRM_ADMIN_EMAIL when empty."
    )

    mail_transport: Literal["maildir", "smtp"] = Field("maildir", description="Where outgoing mail goes.")
    smtp_url: SecretStr = Field(
        SecretStr("smtp://127.0.0.1:25"), description="smtp(s)://user:password@host:port"
    )

    office365_tenant_id: str = Field("", description="Entra tenant of the mailboxes.")
    office365_client_id: str = Field("", description="Application (client) id.")
    office365_client_secret: SecretStr | None = Field(None, description="Turns Office 365 on.")
    google_maps_api_key: SecretStr | None = Field(None, description="Turns Google geocoding and routes on.")
    google_maps_traffic: Literal["unaware", "aware", "optimal"] = Field(
        "unaware",
        description="Whether Google counts traffic in; with traffic each request costs twice as much.",
    )
    google_maps_legacy: bool = Field(
        False, description="1 asks the Distance Matrix of older Google projects instead of the Routes API."
    )
    maps_monthly_usd: float = Field(
        20.0, ge=0, description="The most that paid maps may cost a month, in US dollars; 0 pays for nothing."
    )
    map_tiles: str = Field(
        "none",
        pattern=r"^none$|^https?://[^\s/{}'\";]+/\S*$",
        description="Pictures behind maps: none, or an address with {z}, {x} and {y}.",
    )
    map_tiles_attribution: str = Field("", description="Whose pictures they are; shown on every map.")
    osrm_url: str = Field("", description="An OSRM server: driving times by road, free of charge.")
    nominatim_url: str = Field(
        "", description="A Nominatim server; it then looks addresses up instead of Google."
    )
    openai_api_key: SecretStr | None = Field(None, description="Turns the model planner on.")
    openai_base_url: str = Field("", description="A compatible server, for example Azure or a local one.")
    openai_model: str = Field("gpt-5-mini", description="The model that plans questions.")
    openai_user_questions: int = Field(
        100,
        ge=0,
        description="Questions the model plans for one person in 24 hours; then the offline planner.",
    )
    openai_user_tokens: int = Field(300_000, ge=0, description="Tokens spent on one person in 24 hours.")
    openai_all_questions: int = Field(
        2_000, ge=0, description="Questions the model plans in 24 hours for all."
    )
    openai_all_tokens: int = Field(6_000_000, ge=0, description="Tokens spent in 24 hours for all.")

    opportunity_requires_account: bool = Field(
        False, description="1 refuses new opportunities without an account; else winning alone needs one."
    )

    lead_high_value_tags: str = Field(
        "High value, Enterprise, VIP, Key account",
        description="Tags that raise the score of a lead, comma-separated.",
    )
    free_mail_domains: str = Field(
        "",
        description="Mail providers besides the well-known ones, comma-separated: no address of a business.",
    )

    webhook_allow_http: bool = Field(False, description="1 lets webhooks go to plain http:// addresses too.")
    webhook_allow_networks: str = Field(
        "", description="Networks of your own that webhooks may reach, comma-separated, as 10.20.0.0/16."
    )

    @property
    def rules(self) -> dict[str, Any]:
        """What services are told of the settings: every session has it as `info["rules"]`."""
        return {
            "opportunity_requires_account": self.opportunity_requires_account,
            "high_value_tags": _listed(self.lead_high_value_tags),
            "free_mail_domains": _listed(self.free_mail_domains.lower()),
        }

    @property
    def webhook_networks(self) -> list[str]:
        """WEBHOOK_ALLOW_NETWORKS one by one."""
        return list(_listed(self.webhook_allow_networks))

    @property
    def notice_sender(self) -> str:
        """The address that notices to our own people come from."""
        return self.notice_from or self.crm_admin_email

    @property
    def database(self) -> str:
        """The database's URL: as given, else a SQLite file in the data directory."""
        return self.database_url or f"sqlite:///{self.data_dir / 'rounds.db'}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the service; demo sign-ins exist nowhere else."""
        return self.host in ("127.0.0.1", "::1", "localhost")

    @property
    def address(self) -> str:
        """Where people reach the service, without a trailing slash."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def load() -> Settings:
    """Read the environment and `.env`; raises pydantic's ValidationError naming the setting."""
    return Settings()
