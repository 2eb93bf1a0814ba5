"""The composition root: the only file that names both a port and an adapter.

Setting a key alone turns an adapter on; without any key everything runs offline.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import subscriptions
from crm_api.core.database import Database
from crm_api.core.errors import Problem
from crm_api.core.secrets import Keys, load_or_create
from crm_api.dependencies import State
from crm_api.maps.meter import DatabaseSpendMeter
from crm_api.organisation.tokens import DatabaseTokenStore
from crm_api.ports import (
    Diagnosis,
    EmailSender,
    Geocoder,
    Ports,
    RoadTimes,
    SpendMeter,
    TextModel,
    TokenStore,
    TravelTimes,
)
from crm_api.settings import Settings

# Adapters are imported where they are turned on: msal, openai and googlemaps take seconds to load.


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[State]:
    """Database, keys and ports, open for as long as the block runs."""
    subscriptions.install()
    secret = settings.secret_key.get_secret_value() if settings.secret_key else None
    keys = Keys(load_or_create(settings.data_dir, secret))
    db = Database.open(settings.database)
    try:
        meter = DatabaseSpendMeter(db, limit=settings.maps_monthly_usd)
        async with build_ports(settings, DatabaseTokenStore(db, keys), meter) as ports:
            demo = settings.demo_password if settings.demo and settings.is_local else None
            yield State(settings, db, ports, keys, demo_password=demo.get_secret_value() if demo else None)
    finally:
        await db.close()


@asynccontextmanager
async def build_ports(settings: Settings, tokens: TokenStore, meter: SpendMeter) -> AsyncIterator[Ports]:
    """The adapters that the settings turn on, and the offline ones for the rest."""
    from integrations.offline.files import DiskFileStore
    from integrations.offline.maildir import MaildirKeeper, MaildirReader
    from integrations.webhook_http import GuardedPoster

    async with AsyncExitStack() as opened:
        chosen: dict[str, Any] = {
            "email_sender": _sender(settings),
            "mailbox_reader": MaildirReader(settings.data_dir / "mail"),
            "kept_mail": MaildirKeeper(settings.data_dir / "mail"),
            "file_store": DiskFileStore(settings.data_dir / "attachments"),
            "geocoder": await _geocoder(settings, opened, meter),
            "travel_times": await _travel_times(settings, opened),
            "road_times": await _road_times(settings, opened, meter),
            "text_model": _text_model(settings, opened),
            "webhook_poster": GuardedPoster(
                allow=settings.webhook_networks, allow_http=settings.webhook_allow_http
            ),
        }
        if settings.office365_client_secret:
            chosen |= _office365(settings, tokens, opened)
        asked = (adapter for adapter in chosen.values() if hasattr(adapter, "diagnose"))
        yield Ports(**chosen, diagnostics=tuple(dict.fromkeys(asked)))


def _office365(settings: Settings, tokens: TokenStore, opened: AsyncExitStack) -> dict[str, Any]:
    """Mail and calendar of the tenant, whatever MAIL_TRANSPORT says: the key turns it on."""
    from integrations.office365.auth import EntraTokens
    from integrations.office365.calendar import GraphCalendar
    from integrations.office365.graph import Graph
    from integrations.office365.mail import GraphMailboxReader, GraphSender

    assert settings.office365_client_secret is not None
    entra = EntraTokens(
        tenant_id=settings.office365_tenant_id,
        client_id=settings.office365_client_id,
        client_secret=settings.office365_client_secret.get_secret_value(),
        store=tokens,
    )
    graph = Graph(entra.for_application)
    opened.push_async_callback(graph.close)
    return {
        "email_sender": GraphSender(graph),
        "mailbox_reader": GraphMailboxReader(graph),
        "calendar": GraphCalendar(graph),
    }


def _sender(settings: Settings) -> EmailSender:
    if settings.mail_transport == "smtp":
        from integrations.smtp import SmtpSender

        return SmtpSender(settings.smtp_url.get_secret_value())
    from integrations.offline.maildir import MaildirSender

    return MaildirSender(settings.data_dir / "mail")


async def _geocoder(settings: Settings, opened: AsyncExitStack, meter: SpendMeter) -> Geocoder:
    if settings.nominatim_url:
        from integrations import http
        from integrations.nominatim import Nominatim

        return Nominatim(settings.nominatim_url, await opened.enter_async_context(http.new_client()))
    if settings.google_maps_api_key:
        from integrations.google_maps.geocoding import GoogleGeocoder

        return GoogleGeocoder(settings.google_maps_api_key, meter)
    from integrations.offline.gazetteer import Gazetteer

    return Gazetteer()


async def _travel_times(settings: Settings, opened: AsyncExitStack) -> TravelTimes:
    """The free ones, which every plan begins with: by road where there is a server, and never none."""
    from integrations.offline.great_circle import GreatCircleTravelTimes

    if not settings.osrm_url:
        return GreatCircleTravelTimes()
    from integrations import http
    from integrations.fallback import FirstThatAnswers
    from integrations.osrm import OsrmTimes

    osrm = OsrmTimes(settings.osrm_url, await opened.enter_async_context(http.new_client()))
    return FirstThatAnswers(osrm, GreatCircleTravelTimes(), asked=osrm)


async def _road_times(settings: Settings, opened: AsyncExitStack, meter: SpendMeter) -> RoadTimes | None:
    if settings.google_maps_api_key is None or settings.maps_monthly_usd == 0:
        return None
    if settings.google_maps_legacy:
        from integrations.google_maps.legacy import GoogleDistanceMatrix

        return GoogleDistanceMatrix(settings.google_maps_api_key, meter)
    from integrations import http
    from integrations.google_maps.routes import GoogleRouteTimes, Traffic

    client = await opened.enter_async_context(http.new_client())
    traffic = Traffic[settings.google_maps_traffic.upper()]
    return GoogleRouteTimes(settings.google_maps_api_key, client, meter, traffic=traffic)


def _text_model(settings: Settings, opened: AsyncExitStack) -> TextModel | None:
    # A compatible server on one's own machine needs no key.
    if settings.openai_api_key is None and not settings.openai_base_url:
        return None
    from integrations.llm.model import OpenAIModel

    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else "unused"
    model = OpenAIModel(api_key=key, model=settings.openai_model, base_url=settings.openai_base_url)
    opened.push_async_callback(model.aclose)
    return model


async def _database(state: State) -> Diagnosis:
    from entrypoints.launch import newest_revision

    name = "PostgreSQL" if "postgresql" in state.db.url else f"SQLite, {state.settings.database}"
    try:
        revision = await state.db.read(_revision)
    except Problem as problem:
        return Diagnosis("database", False, f"{name}: {problem.detail}")
    if revision != newest_revision():
        return Diagnosis(
            "database", False, f"{name}: not at this version yet; crm migrate, or crm up, brings it there"
        )
    return Diagnosis("database", True, name)


def _revision(session: Session) -> str | None:
    if not sa.inspect(session.connection()).has_table("alembic_version"):
        return None
    revision: str | None = session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return revision


async def diagnose(state: State) -> list[Diagnosis]:
    """What `crm doctor` prints: each part, whether it is on, and what turns it on."""
    settings, ports = state.settings, state.ports
    lines = [
        await _database(state),
        Diagnosis("outgoing mail", True, f"through {ports.email_sender.name}"),
    ]
    for adapter in ports.diagnostics:
        lines += await adapter.diagnose()
    for on, part, setting in (
        (
            settings.office365_client_secret,
            "Office 365",
            "OFFICE365_CLIENT_SECRET (and _TENANT_ID, _CLIENT_ID)",
        ),
        (settings.google_maps_api_key, "Google Maps", "GOOGLE_MAPS_API_KEY"),
        (ports.text_model, "language model", "OPENAI_API_KEY"),
    ):
        if not on:
            lines.append(Diagnosis(part, True, f"off; {setting} turns it on"))
    return lines
