"""What goes in and out of visits."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from crm_api.accounts.schemas import AccountType
from crm_api.core.schemas import Body, Day, Latitude, Longitude
from crm_api.visits.hours import check_wall

MOST_RADIUS_KM = 500
MOST_CANDIDATES = 200

Wall = Annotated[str, AfterValidator(check_wall), Field(examples=["08:30"])]
Kilometres = Annotated[float, Field(gt=0, le=MOST_RADIUS_KM, allow_inf_nan=False)]


class Place(Body):
    """A point on the map, in degrees."""

    latitude: Latitude
    longitude: Longitude


class Appointment(Body):
    """A visit agreed for a time of the day (wall clock of the rep's zone)."""

    account_id: UUID
    at: Wall


class PlanIn(Body):
    """A day to plan. What is not given comes from the rep's profile and the organisation's settings."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "day": "2026-11-23",
                    "start": {"latitude": 39.9612, "longitude": -82.9988},
                    "radius_km": 80,
                    "account_type": "dealer",
                }
            ]
        }
    )

    day: Day
    owner_id: UUID | None = Field(None, description="The rep; yourself when not given.")
    start: Place | None = Field(None, description="Where the day begins; the rep's home when not given.")
    end: Place | None = Field(None, description="Where it ends; where it began when not given.")
    shift_start: Wall | None = None
    shift_end: Wall | None = None
    lunch_minutes: int | None = Field(None, ge=0, le=240, description="0 is no lunch.")
    lunch_from: Wall | None = Field(None, description="The earliest time lunch may start.")
    lunch_to: Wall | None = Field(None, description="The latest time lunch may start.")
    max_visits: int | None = Field(None, ge=1, le=50)
    radius_km: Kilometres = 80
    territory_id: UUID | None = None
    account_type: AccountType | None = None
    must_see: list[UUID] = Field([], max_length=50)
    appointments: list[Appointment] = Field([], max_length=50)
    leave_out: list[UUID] = Field([], max_length=200)
    candidates: int = Field(120, ge=1, le=MOST_CANDIDATES, description="The most accounts to choose from.")

    @model_validator(mode="after")
    def _each_account_once(self) -> Self:
        wanted = [*self.must_see, *(a.account_id for a in self.appointments), *self.leave_out]
        if len(set(wanted)) < len(wanted):
            raise ValueError("name each account once among must_see, appointments and leave_out")
        return self


class ReasonOut(BaseModel):
    """Why a visit is worth making; `text` is for people, the rest for programs."""

    model_config = ConfigDict(extra="allow")

    code: Literal["must_see", "appointment", "never_visited", "due_soon", "overdue", "pipeline", "tier"]
    text: str


class StopOut(BaseModel):
    """One visit of a plan, and the drive that leads to it."""

    account_id: UUID
    account_name: str
    city: str | None
    position: int
    latitude: float
    longitude: float
    leaves_at: datetime
    arrives_at: datetime
    starts_at: datetime
    ends_at: datetime
    driving_seconds: int
    driving_metres: int
    waiting_seconds: int
    value: int
    must_see: bool
    has_appointment: bool
    reasons: list[ReasonOut]
    activity_id: UUID | None


class LeftOutOut(BaseModel):
    """An account that is not in the plan, and why; `instead_of` is the visit it would have pushed out."""

    account_id: UUID
    account_name: str
    why: str
    text: str
    instead_of: UUID | None = None


class LinksOut(BaseModel):
    """Google Maps links: one for a desktop browser (more past nine visits), a chain for phones."""

    desktop: list[str]
    mobile: list[str]


class VisitPlanOut(BaseModel):
    """A planned day. Durations in seconds, distances in metres by road, times in UTC."""

    id: UUID
    owner_id: UUID
    day: date
    time_zone: str
    status: str
    accepted_at: datetime | None
    start_latitude: float
    start_longitude: float
    end_latitude: float
    end_longitude: float
    shift_starts_at: datetime
    shift_ends_at: datetime
    leaves_at: datetime
    returns_at: datetime
    over_at: datetime
    lunch_starts_at: datetime | None
    lunch_ends_at: datetime | None
    lunch_leg: int | None
    visits: int
    value: int
    driving_seconds: int
    driving_metres: int
    visiting_seconds: int
    idle_seconds: int
    engine: str
    travel_source: str
    is_estimate: bool
    notes: list[str]
    stops: list[StopOut] | None = Field(None, description="In single answers only.")
    left_out: list[LeftOutOut] | None = Field(None, description="In single answers only.")
    links: LinksOut | None = Field(None, description="In single answers only.")
    created_at: datetime
    updated_at: datetime
    version: int


class CandidateOut(BaseModel):
    """An account that could be visited, what that is worth today (1 to 90), and why."""

    account_id: UUID
    account_name: str
    city: str | None
    latitude: float
    longitude: float
    distance_metres: int
    value: int
    reasons: list[ReasonOut]
    last_visit_at: datetime | None
    opens: list[tuple[str, str]] = Field(description="Opening windows that day, wall-clock time.")


class Candidates(BaseModel):
    """Accounts in reach, the most worthwhile first; `without_coordinates` could not be placed."""

    items: list[CandidateOut]
    total: int
    without_coordinates: int


class NearbyOut(BaseModel):
    """An account and how far it is, as the crow flies."""

    account_id: UUID
    account_name: str
    account_type: str
    city: str | None
    phone: str | None
    latitude: float
    longitude: float
    distance_metres: int
    last_visit_at: datetime | None


class Nearby(BaseModel):
    """Accounts around a point, nearest first."""

    items: list[NearbyOut]


LEFT_OUT_TEXTS: dict[str, str] = {
    "no_coordinates": "has no coordinates",
    "closed": "closed that day",
    "short_hours": "never open as long as the visit takes",
    "off_shift": "open only when you are not on the road",
    "no_road": "no road leads there",
    "too_far": "too far to be there and back within the day",
    "worth_less": "worth no more than the visit it would push out",
    "no_time": "would cost more than one other visit",
}


def left_out_text(why: str, instead_of: str | None) -> str:
    """The sentence for a reason; names the visit that would have to go."""
    if why == "worth_less" and instead_of:
        return f"worth no more than {instead_of}, which it would push out"
    return LEFT_OUT_TEXTS[why]


def plain(body: BaseModel) -> dict[str, Any]:
    """A body as JSON values, for keeping beside what was made of it."""
    return body.model_dump(mode="json", exclude_none=True)
