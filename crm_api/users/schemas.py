"""What goes in and out of sign-in and users."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from crm_api.core.schemas import Body, Email, Instant, Latitude, Line, Longitude, Name, Phone, example
from crm_api.organisation.schemas import DistanceUnit, Locale, WeekStart

Role = Literal["administrator", "manager", "rep", "field", "viewer"]


class Tokens(BaseModel):
    """An access token for ten minutes, and the refresh token to get the next with; it changes each time."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(description="Seconds the access token lives.")


class Refresh(Body):
    refresh_token: str = Field(max_length=200)


class UserIn(Body):
    """A new user. Without an e-mail address they own records but cannot sign in."""

    model_config = example(
        {
            "name": "Maria Cole",
            "email": "maria@rounds.example",
            "role": "rep",
            "time_zone": "America/New_York",
        }
    )

    name: Name
    email: Email | None = None
    password: str | None = Field(None, min_length=10, max_length=200)
    role: Role = "rep"
    team_id: UUID | None = None
    manager_id: UUID | None = None
    territory_ids: list[UUID] = Field([], max_length=200)
    time_zone: Line | None = None
    locale: Locale | None = None
    week_starts_on: WeekStart | None = None
    distance_unit: DistanceUnit | None = None
    phone: Phone | None = None
    home_latitude: Latitude | None = None
    home_longitude: Longitude | None = None


class UserPatch(Body):
    name: Name | None = None
    email: Email | None = None
    password: str | None = Field(None, min_length=10, max_length=200)
    role: Role | None = None
    is_active: bool | None = None
    keep_records: bool = Field(
        False,
        description="Deactivate them although they still own live records; else hand those over first.",
    )
    team_id: UUID | None = None
    manager_id: UUID | None = None
    territory_ids: list[UUID] | None = Field(None, max_length=200)
    time_zone: Line | None = None
    locale: Locale | None = None
    week_starts_on: WeekStart | None = None
    distance_unit: DistanceUnit | None = None
    phone: Phone | None = None
    home_latitude: Latitude | None = None
    home_longitude: Longitude | None = None


class UserOut(BaseModel):
    id: UUID
    name: str
    email: str | None
    role: Role
    is_active: bool
    team_id: UUID | None
    manager_id: UUID | None
    territory_ids: list[UUID]
    time_zone: str | None
    locale: str | None
    week_starts_on: int | None
    distance_unit: DistanceUnit | None
    phone: str | None
    home_latitude: float | None
    home_longitude: float | None
    created_at: datetime
    updated_at: datetime
    version: int


class MyFormats(Body):
    """How you want things written. Null: as the organisation has it."""

    model_config = example({"locale": "en-US", "week_starts_on": 7, "distance_unit": "mi"})

    time_zone: Line | None = None
    locale: Locale | None = None
    week_starts_on: WeekStart | None = None
    distance_unit: DistanceUnit | None = None


class Me(BaseModel):
    """Who the token stands for. Zone and formats are your own choice, else the organisation's."""

    id: UUID
    name: str
    email: str | None
    role: Role
    time_zone: str
    locale: str
    week_starts_on: int
    distance_unit: DistanceUnit
    currency: str = Field(description="The organisation's: sums and filters are in it.")
    team_ids: list[UUID]
    territory_ids: list[UUID]


Scope = Annotated[
    str,
    StringConstraints(max_length=60, pattern=r"^(\*|[a-z][a-z0-9-]*):(read|write|export)$"),
    Field(examples=["leads:read"]),
]


class ApiKeyIn(Body):
    """A key for a program that acts as a user. Its scopes narrow what the user may do."""

    name: Name = Field(examples=["Order system"])
    scopes: list[Scope] = Field(
        min_length=1,
        max_length=100,
        description="Resource and right: `leads:read`, `leads:write`, `leads:export`, `*:read`.",
    )
    expires_at: Instant | None = None
    user_id: UUID | None = Field(None, description="Whose key it is: yours; administrators may name another.")


class ApiKeyOut(BaseModel):
    """A key, by how its token begins; the token itself is kept nowhere."""

    id: UUID
    name: str
    hint: str
    scopes: list[str]
    user_id: UUID
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="Right to ten minutes.")
    revoked_at: datetime | None


class ApiKeyMade(ApiKeyOut):
    """A key just made. This answer is the only one that holds its token."""

    token: str = Field(description="Send it as `Authorization: Bearer crm_…`.")


class ApiKeys(BaseModel):
    """All keys, newest first."""

    items: list[ApiKeyOut]


class TeamIn(Body):
    model_config = example({"name": "East"})

    name: Name
    parent_id: UUID | None = None
    manager_id: UUID | None = None


class TeamPatch(Body):
    name: Name | None = None
    parent_id: UUID | None = None
    manager_id: UUID | None = None


class TeamOut(BaseModel):
    id: UUID
    name: str
    parent_id: UUID | None
    manager_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int
