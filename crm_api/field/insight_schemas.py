"""What goes in and out of coverage, mileage, meeting points and territory balancing."""

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from crm_api.core.schemas import Body, Latitude, Longitude, Name, example

Measure = Literal["visit_hours", "accounts", "annual_spend"]


class CoverageGroup(BaseModel):
    """How many accounts were visited in time, are overdue, and never were. `key` is the id behind `name`."""

    key: UUID | str | None = None
    name: str | None = None
    accounts: int
    in_time: int
    overdue: int
    never: int
    in_time_rate: float | None


class CoverageOut(BaseModel):
    """Coverage by group, by name, what belongs to none at the end, and in all."""

    group_by: Literal["territory", "owner", "account_type"]
    items: list[CoverageGroup]
    total: CoverageGroup


class CoveragePlace(BaseModel):
    """One account on the map of coverage."""

    account_id: UUID
    account_name: str
    city: str | None
    latitude: float
    longitude: float
    state: Literal["in_time", "overdue", "never"]
    last_visit_at: datetime | None
    visit_every_days: int


class CoveragePlaces(BaseModel):
    """At most 2,000 accounts, those that are overdue longest first; `total` is how many have a place."""

    items: list[CoveragePlace]
    total: int
    without_place: int = Field(description="Accounts without coordinates, which no map can show.")


class VisitStatistics(BaseModel):
    """Visits of a period: planned, made and checked, and how often the frequency was kept. Rates are per cent."""

    since: date
    until: date
    planned_visits: int
    made_visits: int
    planned_metres: int
    planned_driving_seconds: int
    check_ins: int
    verified: int
    away: int
    unverified: int
    verified_rate: float | None
    intervals_kept: int
    intervals_missed: int
    frequency_kept_rate: float | None


class MileageDay(BaseModel):
    """One day; distances in the claim's unit, `amount` in its currency."""

    day: date
    visits: int
    planned: float | None
    driven: float | None
    amount: float | None
    note: str


class MileageTotal(BaseModel):
    """The sum of a month."""

    visits: int
    planned: float
    driven: float
    amount: float | None


class MileageOut(BaseModel):
    """A month's claim: planned against driven, day by day. Driven is the way by road over the check-ins."""

    owner_id: UUID
    owner_name: str
    month: str
    unit: Literal["km", "mi"]
    rate: float | None
    currency: str
    days: list[MileageDay]
    total: MileageTotal


class DistanceTotal(BaseModel):
    """Planned and driven of one month. `beyond_plan` is driven less planned on the days that have both, below 0 where
    less was driven; null where no day has."""

    days: int = Field(description="Days on which somebody checked in.")
    visits: int
    planned: float
    driven: float
    beyond_plan: float | None
    amount: float | None


class DistanceOf(DistanceTotal):
    """One person's month; `remarks` counts the days of the claim that say something."""

    owner_id: UUID
    owner_name: str
    remarks: int


class DistancesOut(BaseModel):
    """Planned against driven, person by person, those furthest beyond their plans first."""

    month: str
    unit: Literal["km", "mi"]
    rate: float | None
    currency: str
    people: list[DistanceOf]
    total: DistanceTotal


class PersonIn(Body):
    """Somebody who comes: a user, from their home, or anybody from a point."""

    user_id: UUID | None = None
    name: Name | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _from_somewhere(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("give latitude and longitude together, or neither")
        if self.user_id is None and self.latitude is None:
            raise ValueError("give a user_id, or latitude and longitude")
        return self


class MeetingIn(Body):
    """Who is to meet, and whose drive counts: the `longest` one, or the `total`."""

    model_config = example(
        {
            "people": [
                {"name": "Ann", "latitude": 39.9612, "longitude": -82.9988},
                {"name": "Bob", "latitude": 41.4993, "longitude": -81.6944},
                {"name": "Cem", "latitude": 39.1031, "longitude": -84.512},
            ],
            "goal": "longest",
        }
    )

    people: list[PersonIn] = Field(min_length=2, max_length=20)
    goal: Literal["longest", "total"] = "longest"
    venues: int = Field(5, ge=0, le=20, description="How many of your accounts nearby to suggest as a place.")


class Arrival(BaseModel):
    """How long and how far somebody drives; null where no road leads."""

    name: str
    seconds: int | None
    metres: int | None


class MeetingPlace(BaseModel):
    """A place to meet; one of your accounts where it has an `account_id`."""

    latitude: float
    longitude: float
    account_id: UUID | None = None
    account_name: str | None = None
    longest_seconds: int | None
    total_seconds: int | None
    arrivals: list[Arrival]


class MeetingOut(BaseModel):
    """The best point, and the accounts near it that serve best."""

    goal: Literal["longest", "total"]
    point: MeetingPlace
    venues: list[MeetingPlace]
    source: str
    is_estimate: bool
    note: str


class BalanceIn(Body):
    """Which territories to even out, and by what. Accounts in `keep` stay where they are."""

    model_config = example(
        {
            "territory_ids": [
                "0190e2a4-0000-7000-8000-000000000001",
                "0190e2a4-0000-7000-8000-000000000002",
            ],
            "measure": "visit_hours",
            "tolerance_percent": 5,
        }
    )

    territory_ids: list[UUID] = Field(min_length=2, max_length=50)
    measure: Measure = "visit_hours"
    tolerance_percent: float = Field(5.0, ge=0, le=100, allow_inf_nan=False)
    keep: list[UUID] = Field([], max_length=1_000)
    most_moves: int = Field(500, ge=1, le=2_000)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.territory_ids)) < len(self.territory_ids):
            raise ValueError("name each territory once")
        return self


class BalanceApply(BalanceIn):
    """The same, with the `mark` of the preview: what is done is what was shown, or nothing."""

    model_config = example(
        {
            "territory_ids": [
                "0190e2a4-0000-7000-8000-000000000001",
                "0190e2a4-0000-7000-8000-000000000002",
            ],
            "mark": "6f1c0a52b7d94e0f",
        }
    )

    mark: str = Field(min_length=1, max_length=64)


class TerritoryLoad(BaseModel):
    """A territory before and after."""

    territory_id: UUID
    name: str
    accounts_before: int
    accounts_after: int
    load_before: float
    load_after: float


class MoveOut(BaseModel):
    """An account that would change territory; the metres are those to the middle of each."""

    account_id: UUID
    account_name: str
    from_territory_id: UUID
    to_territory_id: UUID
    load: float
    metres_before: int
    metres_after: int


class BalanceOut(BaseModel):
    """What evening out would do: the furthest from the mean, in per cent of it, before and after, and every move."""

    measure: Measure
    spread_before: float
    spread_after: float
    territories: list[TerritoryLoad]
    moves: list[MoveOut]
    unplaced: int = Field(description="Accounts without coordinates, which stay where they are.")
    mark: str


class BalanceDone(BaseModel):
    """How many accounts changed territory, under one change set, which takes it all back."""

    moved: int
    change_set_id: UUID
