"""What goes in and out of sign-in and users."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from crm_api.core.schemas import Body, Email, Latitude, Line, Longitude, Name, Phone

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

    name: Name
    email: Email | None = None
    password: str | None = Field(None, min_length=10, max_length=200)
    role: Role = "rep"
    team_id: UUID | None = None
    manager_id: UUID | None = None
    territory_ids: list[UUID] = Field([], max_length=200)
    time_zone: Line | None = None
    phone: Phone | None = None
    home_latitude: Latitude | None = None
    home_longitude: Longitude | None = None


class UserPatch(Body):
    name: Name | None = None
    email: Email | None = None
    password: str | None = Field(None, min_length=10, max_length=200)
    role: Role | None = None
    is_active: bool | None = None
    team_id: UUID | None = None
    manager_id: UUID | None = None
    territory_ids: list[UUID] | None = Field(None, max_length=200)
    time_zone: Line | None = None
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
    phone: str | None
    home_latitude: float | None
    home_longitude: float | None
    created_at: datetime
    updated_at: datetime
    version: int


class Me(BaseModel):
    """Who the token stands for."""

    id: UUID
    name: str
    email: str | None
    role: Role
    time_zone: str
    team_ids: list[UUID]
    territory_ids: list[UUID]


class TeamIn(Body):
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
