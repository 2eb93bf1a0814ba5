"""What goes in and out of visits."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from crm_api.accounts.schemas import AccountType
from crm_api.core.schemas import Body, Day, Instant, Latitude, Longitude
from crm_api.visits.hours import check_wall

MOST_RADIUS_KM = 500
MOST_CANDIDATES = 200
MOST_DAYS = 14
MOST_REPS = 30

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
    minutes: int | None = Field(
        None, ge=1, le=720, description="How long; as visits there usually are when not given."
    )


class _Wishes(Body):
    """What may be wished for any planned day. What is not given comes from the rep's profile and the settings."""

    start: Place | None = Field(None, description="Where the day begins; the rep's home when not given.")
    end: Place | None = Field(None, description="Where it ends; where it began when not given.")
    shift_start: Wall | None = None
    shift_end: Wall | None = None
    lunch_minutes: int | None = Field(None, ge=0, le=240, description="0 is no lunch.")
    lunch_from: Wall | None = Field(None, description="The earliest time lunch may start.")
    lunch_to: Wall | None = Field(None, description="The latest time lunch may start.")
    max_visits: int | None = Field(None, ge=1, le=50, description="A day.")
    max_driving_minutes: int | None = Field(None, ge=1, le=1440, description="A day.")
    radius_km: Kilometres = 80
    territory_id: UUID | None = None
    account_type: AccountType | None = None
    must_see: list[UUID] = Field([], max_length=50)
    leave_out: list[UUID] = Field([], max_length=200)
    candidates: int = Field(
        120, ge=1, le=MOST_CANDIDATES, description="The most accounts to choose from, for each rep."
    )
    calendar: bool = Field(
        True,
        description="Whether meetings and visits in the rep's calendar are kept as fixed appointments, and what a "
        "connected Office 365 calendar says is taken is kept free.",
    )


class PlanIn(_Wishes):
    """A day to plan."""

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
    appointments: list[Appointment] = Field([], max_length=50)

    @property
    def calendar_days(self) -> list[date]:
        """The days asked for, whether they are worked or not."""
        return [self.day]

    @property
    def agreed(self) -> list[tuple[date, Appointment]]:
        """The appointments asked for, each with its day."""
        return [(self.day, one) for one in self.appointments]

    @model_validator(mode="after")
    def _each_account_once(self) -> Self:
        wanted = [*self.must_see, *(a.account_id for a in self.appointments), *self.leave_out]
        if len(set(wanted)) < len(wanted):
            raise ValueError("name each account once among must_see, appointments and leave_out")
        return self


class DatedAppointment(Appointment):
    """A visit agreed for a day and a time of it."""

    day: Day


class WeekIn(_Wishes):
    """One to fourteen days to plan together, for yourself, some reps, or a team.

    Weekends, holidays and `days_off` are left free; days that are over are left out.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"first_day": "2026-11-23", "days": 5, "account_type": "dealer", "max_driving_minutes": 240}
            ]
        }
    )

    first_day: Day
    days: int = Field(7, ge=1, le=MOST_DAYS, description="Calendar days from the first on.")
    owner_ids: list[UUID] = Field(
        [], max_length=MOST_REPS, description="The reps; yourself when nobody is given."
    )
    team_id: UUID | None = Field(None, description="The reps and field staff of this team.")
    days_off: list[Day] = Field([], max_length=MOST_DAYS)
    work_days_off: bool = Field(False, description="Plan weekends and holidays, too.")
    appointments: list[DatedAppointment] = Field([], max_length=50)

    @property
    def calendar_days(self) -> list[date]:
        """The days asked for, whether they are worked or not."""
        return [self.first_day + timedelta(days=n) for n in range(self.days)]

    @property
    def agreed(self) -> list[tuple[date, Appointment]]:
        """The appointments asked for, each with its day."""
        return [(one.day, one) for one in self.appointments]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        wanted = [*self.must_see, *{a.account_id for a in self.appointments}, *self.leave_out]
        if len(set(wanted)) < len(wanted):
            raise ValueError("name each account once among must_see, appointments and leave_out")
        if self.team_id is not None and self.owner_ids:
            raise ValueError("give owner_ids or a team_id, not both")
        return self


class ReplanIn(Body):
    """What has changed about a day. Visits that were made stay as they are; the day goes on from `at` and `here`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "here": {"latitude": 40.09, "longitude": -83.02},
                    "cancelled": ["0190e2a4-0000-7000-8000-000000000000"],
                    "accept": True,
                }
            ]
        }
    )

    at: Instant | None = Field(
        None, description="From when on; now, or the beginning of the day, when not given."
    )
    here: Place | None = Field(None, description="Where the rep is; where the last visit was when not given.")
    busy_until: Instant | None = Field(None, description="A visit that runs over: the day goes on after it.")
    end: Place | None = Field(None, description="Where the day ends instead.")
    shift_end: Wall | None = None
    cancelled: list[UUID] = Field(
        [], max_length=50, description="Accounts that cannot be visited today after all."
    )
    add: list[UUID] = Field([], max_length=50, description="Accounts to visit, whatever else has to go.")
    fill: bool = Field(True, description="Whether time that becomes free is filled with other accounts.")
    accept: bool = Field(False, description="Make it the day at once; only the rep can.")


class MoveIn(Body):
    """A stop put somewhere by hand: another place in its day, or another day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"account_id": "0190e2a4-0000-7000-8000-000000000000", "position": 2}]
        }
    )

    account_id: UUID
    to_plan_id: UUID | None = Field(None, description="The plan of another day; the same day when not given.")
    position: int | None = Field(
        None, ge=1, le=50, description="Among the stops ahead, from 1; where it costs least when not given."
    )
    accept: bool = Field(False, description="Make it the day at once; only the rep can.")


class FreeTimeIn(Body):
    """Some minutes are free: who could be visited now?"""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"minutes": 40, "here": {"latitude": 40.09, "longitude": -83.02}}]}
    )

    minutes: int = Field(ge=5, le=480)
    here: Place
    at: Instant | None = Field(None, description="Now, when not given.")
    account_type: AccountType | None = None


class ReasonOut(BaseModel):
    """Why a visit is worth making; `text` is for people, the rest for programs."""

    model_config = ConfigDict(extra="allow")

    code: Literal[
        "must_see", "appointment", "never_visited", "due_soon", "overdue", "pipeline", "orders", "tier"
    ]
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
    week_id: UUID | None
    replans_id: UUID | None = Field(description="The plan of this day that it changes.")
    proposed_by: UUID | None
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
    busy: list[tuple[datetime, datetime]] = Field(
        description="Kept free for what has no place, such as a call."
    )
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


class MovedOut(BaseModel):
    """What came of putting a stop somewhere."""

    plan: VisitPlanOut = Field(description="The day it is on now.")
    from_plan: VisitPlanOut | None = Field(description="The day it left; null where it is the same.")
    change_set_id: UUID | None = Field(description="Reverting it undoes all of it.")


class WeekDayOut(BaseModel):
    """One planned day of a week; its plan has the stops."""

    plan_id: UUID
    owner_id: UUID
    owner_name: str
    day: date
    status: str
    visits: int
    value: int
    leaves_at: datetime
    returns_at: datetime
    driving_seconds: int
    driving_metres: int


class VisitWeekOut(BaseModel):
    """Days planned together. Durations in seconds, distances in metres by road."""

    id: UUID
    owner_id: UUID
    first_day: date
    last_day: date
    reps: int
    visits: int
    value: int
    driving_seconds: int
    driving_metres: int
    engine: str
    travel_source: str
    is_estimate: bool
    notes: list[str]
    days: list[WeekDayOut] | None = Field(None, description="In single answers only.")
    left_out: list[LeftOutOut] | None = Field(None, description="In single answers only.")
    created_at: datetime
    updated_at: datetime
    version: int


class WhyOut(BaseModel):
    """Why an account is in a plan or not, found by trying it there."""

    account_id: UUID
    account_name: str
    is_planned: bool
    why: str | None = Field(description="Null where it is planned.")
    text: str
    instead_of: UUID | None = Field(None, description="The visit it would push out.")
    value: int | None = None
    reasons: list[ReasonOut] = []


class FreeVisitOut(BaseModel):
    """A visit that fits into the free time, and what it does to the rest of the day."""

    account_id: UUID
    account_name: str
    city: str | None
    latitude: float
    longitude: float
    driving_seconds: int
    driving_metres: int
    starts_at: datetime
    ends_at: datetime
    reasons: list[ReasonOut]
    delays_next_by_seconds: int | None = Field(
        description="How much later the next stop is; null without one."
    )
    day_ends_later_by_seconds: int | None
    pushes_out: list[UUID] = Field(description="Accounts whose visit would no longer fit.")
    text: str


class QuickestOut(BaseModel):
    """The overdue account that takes the fewest minutes, the detour included."""

    account_id: UUID
    account_name: str
    minutes: int


class FreeTime(BaseModel):
    """Overdue accounts that fit, those that push nothing out first, then the nearest."""

    items: list[FreeVisitOut]
    plan_id: UUID | None
    tried: int
    quickest: QuickestOut | None = Field(description="Where nobody fits: who would with a little more time.")


class GeoFeature(BaseModel):
    """One point or line; RFC 7946, longitude first."""

    type: Literal["Feature"] = "Feature"
    geometry: dict[str, Any]
    properties: dict[str, Any]


class GeoJson(BaseModel):
    """A plan on the map."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[GeoFeature]


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
    "too_soon": "too soon after its other visit",
    "visited_recently": "visited too recently",
    "planned_elsewhere": "planned for another day already",
}


def left_out_text(why: str, instead_of: str | None, *, several: bool = False) -> str:
    """The sentence for a reason; names the visit that would have to go. `several` days are spoken of together."""
    if why == "worth_less" and instead_of:
        return f"worth no more than {instead_of}, which it would push out"
    if why == "closed" and several:
        return "open on none of these days"
    return LEFT_OUT_TEXTS[why]


def plain(body: BaseModel) -> dict[str, Any]:
    """A body as JSON values, for keeping beside what was made of it."""
    return body.model_dump(mode="json", exclude_none=True)
