"""The six kinds of record that have pages: what each is called, which columns its list begins with, what one fills in
to make one, and the verbs behind its buttons. What a field holds is the catalogue's to say, what is allowed the
services'; here stands only what is shown first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from crm_api.accounts import service as accounts
from crm_api.accounts.schemas import AccountIn, AccountPatch
from crm_api.activities import service as activities
from crm_api.activities.schemas import ActivityIn, ActivityPatch
from crm_api.contacts import service as contacts
from crm_api.contacts.schemas import ContactIn, ContactPatch
from crm_api.leads import service as leads
from crm_api.leads.schemas import LeadIn, LeadPatch
from crm_api.opportunities import service as opportunities
from crm_api.opportunities.schemas import OpportunityIn, OpportunityPatch

Record = Mapping[str, Any]
Verb = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record as the pages show it.

    `path` is where its list is, a record's page one step below. `columns` are fields of its answers or names of
    relations; `filters` the fields offered first; `form` what a new one is asked for; `groups` the properties of its
    page, by heading. `fixed` holds for every record of the list. `make` is the verb that makes one, `finds_alike` says
    that it tells of records that probably are the same.
    """

    name: str
    path: str
    title: str
    one: str
    icon: str
    columns: tuple[str, ...]
    filters: tuple[str, ...]
    form: tuple[str, ...]
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    creating: type[BaseModel]
    changing: type[BaseModel]
    make: Verb
    update: Verb
    archive: Verb
    restore: Verb
    finds_alike: bool = False
    fixed: tuple[tuple[str, str], ...] = ()
    sort: str = ""
    board: bool = False

    @property
    def key(self) -> str:
        """The last part of its path: what tells tasks from activities."""
        return self.path.rsplit("/", 1)[-1]

    def named(self, record_id: UUID) -> dict[str, UUID]:
        """The keyword under which the verbs take a record's id."""
        return {f"{self.name}_id": record_id}

    def address(self, record_id: Any) -> str:
        """The page of one record."""
        return f"{self.path}/{record_id}"


LEADS = Kind(
    "lead", "/crm/leads", "Leads", "lead", "target",
    columns=("title", "status", "contact_name", "estimated_value", "score", "source", "owner", "created_at"),
    filters=("status", "source", "priority", "rating", "owner_id", "pipeline_id", "stage_id", "tags", "score",
             "created_at"),
    form=("company_name", "first_name", "last_name", "job_title", "email", "phone", "source", "priority", "rating",
          "estimated_value", "owner_id", "description"),
    groups=(
        ("Person", ("first_name", "last_name", "job_title", "email", "phone", "mobile")),
        ("Company", ("company_name", "website", "industry", "company_size", "street", "zip", "city", "state",
                     "country")),
        ("Lead", ("title", "source", "priority", "rating", "score", "estimated_value", "estimated_close_date",
                  "next_follow_up_date", "owner_id", "tags")),
        ("What they need", ("budget", "authority", "need", "timeline", "requirements", "description")),
    ),
    creating=LeadIn, changing=LeadPatch, make=leads.make, update=leads.update, archive=leads.archive,
    restore=leads.restore, finds_alike=True, board=True,
)  # fmt: skip
OPPORTUNITIES = Kind(
    "opportunity", "/crm/opportunities", "Opportunities", "opportunity", "square-kanban",
    columns=("name", "account", "stage_name", "estimated_value", "probability", "expected_close_date", "next_step",
             "owner"),
    filters=("pipeline_id", "stage_id", "stage", "account_id", "priority", "owner_id", "opportunity_type",
             "forecast_category", "tags", "estimated_value", "expected_close_date"),
    form=("name", "account_id", "estimated_value", "expected_close_date", "stage_id", "opportunity_type", "priority",
          "owner_id", "next_step", "description"),
    groups=(
        ("Deal", ("name", "account_id", "contact_id", "estimated_value", "probability", "expected_close_date",
                  "forecast_category", "opportunity_type", "priority", "owner_id", "tags")),
        ("Next", ("next_step", "next_step_date")),
        ("About", ("description", "requirements", "competitors", "risks", "loss_reason")),
    ),
    creating=OpportunityIn, changing=OpportunityPatch, make=opportunities.create, update=opportunities.update,
    archive=opportunities.archive, restore=opportunities.restore, board=True,
)  # fmt: skip
ACCOUNTS = Kind(
    "account", "/crm/accounts", "Accounts", "account", "building-2",
    columns=("name", "account_type", "industry", "rating", "billing_city", "contact_count", "opportunity_count",
             "total_value", "owner"),
    filters=("account_type", "industry", "rating", "tier", "territory_id", "owner_id", "billing_city",
             "billing_country", "tags", "annual_revenue"),
    form=("name", "account_type", "industry", "tier", "phone", "email", "website", "billing_street", "billing_zip",
          "billing_city", "billing_state", "billing_country", "owner_id"),
    groups=(
        ("Company", ("name", "account_type", "industry", "tier", "rating", "employees", "annual_revenue",
                     "year_established", "parent_id", "territory_id", "owner_id", "tags")),
        ("Reach", ("phone", "email", "website")),
        ("Address", ("billing_street", "billing_zip", "billing_city", "billing_state", "billing_country")),
        ("Visits", ("visit_every_days", "visit_minutes", "visit_days", "opening_hours", "latitude", "longitude")),
        ("About", ("description",)),
    ),
    creating=AccountIn, changing=AccountPatch, make=accounts.make, update=accounts.update,
    archive=accounts.archive, restore=accounts.restore, finds_alike=True,
)  # fmt: skip
CONTACTS = Kind(
    "contact", "/crm/contacts", "Contacts", "contact", "users",
    columns=("name", "account", "job_title", "email", "phone", "role", "last_contact_at"),
    filters=("account_id", "is_active", "role", "is_primary", "owner_id", "tags", "city", "last_contact_at"),
    form=("first_name", "last_name", "account_id", "job_title", "email", "phone", "mobile", "role", "is_primary"),
    groups=(
        ("Person", ("first_name", "last_name", "job_title", "department", "role", "account_id", "reports_to_id",
                    "is_primary", "is_active", "owner_id", "tags")),
        ("Reach", ("email", "phone", "mobile", "email_opt_out", "do_not_call")),
        ("Address", ("street", "zip", "city", "state", "country")),
        ("About", ("description",)),
    ),
    creating=ContactIn, changing=ContactPatch, make=contacts.make, update=contacts.update,
    archive=contacts.archive, restore=contacts.restore, finds_alike=True,
)  # fmt: skip
_DONE_THINGS = (
    ("Activity", ("subject", "activity_type", "status", "priority", "due_at", "occurred_at", "duration_minutes",
                  "direction", "owner_id")),
    ("About", ("account_id", "contact_id", "lead_id", "opportunity_id")),
    ("How it went", ("description", "outcome", "next_steps")),
)  # fmt: skip
ACTIVITIES = Kind(
    "activity", "/crm/activities", "Activities", "activity", "history",
    columns=("subject", "activity_type", "status", "account", "outcome", "occurred_at", "due_at", "owner"),
    filters=("activity_type", "status", "priority", "owner_id", "account_id", "occurred_at", "due_at"),
    form=("activity_type", "subject", "account_id", "outcome", "occurred_at", "duration_minutes", "next_steps"),
    groups=_DONE_THINGS, creating=ActivityIn, changing=ActivityPatch, make=activities.create,
    update=activities.update, archive=activities.archive, restore=activities.restore, sort="-created_at",
)  # fmt: skip
TASKS = Kind(
    "activity", "/crm/tasks", "Tasks", "task", "list-checks",
    columns=("subject", "due_at", "priority", "status", "account", "task_type", "owner"),
    filters=("status", "priority", "task_type", "owner_id", "account_id", "due_at"),
    form=("subject", "due_at", "priority", "account_id", "owner_id", "description"),
    groups=_DONE_THINGS, creating=ActivityIn, changing=ActivityPatch, make=activities.create,
    update=activities.update, archive=activities.archive, restore=activities.restore,
    fixed=(("activity_type", "task"),), sort="-due_at",
)  # fmt: skip

KINDS = (LEADS, OPPORTUNITIES, ACCOUNTS, CONTACTS, ACTIVITIES, TASKS)
BY_KEY: Mapping[str, Kind] = {kind.key: kind for kind in KINDS}
BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in reversed(KINDS)}


def address_of(kind: str, record_id: Any) -> str | None:
    """The page of a record of some kind; None for a kind without pages."""
    if kind == "visit_plan":
        return f"/crm/visits?plan={record_id}"
    return BY_NAME[kind].address(record_id) if kind in BY_NAME else None


def label_of(kind: str, item: Record) -> str:
    """What a record is called."""
    if kind == "contact":
        return " ".join(part for part in (item["first_name"], item["last_name"]) if part)
    return str(item.get("title") or item.get("name") or item.get("subject") or item.get("label") or "")


def about(kind: str, item: Record) -> str:
    """The second line of a record where there is room for one."""
    told = {
        "lead": (item.get("contact_name"), item.get("city"), item.get("number")),
        "opportunity": (item.get("stage_name"), item.get("number")),
        "account": (item.get("industry"), item.get("billing_city")),
        "contact": (item.get("job_title"), item.get("email") or item.get("phone")),
        "activity": (item.get("activity_type"), item.get("status")),
    }.get(kind, ())
    return " · ".join(str(part).replace("_", " ") for part in told if part and part != label_of(kind, item))
