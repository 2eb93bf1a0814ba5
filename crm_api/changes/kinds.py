"""What can be undone, kind by kind: one line each, pointing at the domain that knows its rules.

The order is that of restoring: what others hang on comes first. Taking creations back goes the other way.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_api.accounts import undoing as accounts
from crm_api.accounts.models import Account
from crm_api.activities import undoing as activities
from crm_api.activities.models import Activity
from crm_api.audit.undoing import Examine, Settle, nothing_to_examine, nothing_to_settle
from crm_api.changes import small
from crm_api.contacts import undoing as contacts
from crm_api.contacts.models import Contact
from crm_api.custom_fields import undoing as custom_fields
from crm_api.custom_fields.models import CustomField
from crm_api.followups.models import FollowUpRule
from crm_api.followups.models import Sequence as FollowUpSequence
from crm_api.leads import undoing as leads
from crm_api.leads.models import Lead
from crm_api.opportunities import lines
from crm_api.opportunities import undoing as opportunities
from crm_api.opportunities.models import Opportunity
from crm_api.orders import lines as order_lines
from crm_api.orders import undoing as orders
from crm_api.orders.models import Order
from crm_api.organisation import holidays
from crm_api.organisation.models import ExchangeRate, HolidayCalendar, Organisation, Territory
from crm_api.pipelines.models import Pipeline, Stage
from crm_api.products.models import Product
from crm_api.segments import members as segments
from crm_api.segments.models import Segment
from crm_api.tags import service as tags
from crm_api.tags.models import Tag
from crm_api.targets import undoing as targets
from crm_api.targets.models import Target
from crm_api.users import people
from crm_api.users import service as users
from crm_api.users.models import Team, User
from crm_api.views.models import View, ViewDefault
from crm_api.visits.models import VisitPlan, VisitWeek
from crm_api.webhooks.models import Webhook


@dataclass(frozen=True, slots=True)
class Part:
    """Something shown in a record that is not a column of it, as the trail tells it."""

    read: Callable[[Session, Sequence[UUID]], Mapping[UUID, Any]]
    write: Callable[[Session, Mapping[UUID, Any]], Iterable[UUID]]
    empty: Any = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Claim:
    """Something only one record may have: the attributes that tell it, as stored (`keys`), and the refusal.

    With a `flag` the record claims it only while the flag is set; one that is merely restored stands back where
    another has it by now. Archived records claim nothing, unless `live` is false.
    """

    names: tuple[str, ...]
    keys: tuple[str, ...]
    refusal: str
    flag: str | None = None
    live: bool = True


@dataclass(frozen=True, slots=True)
class Undoer:
    """How records of one kind go back.

    `upkeep` are attributes the service fills by itself where a person left them empty. `away` takes back the
    making of a record that cannot be archived; `remade` kinds come back after they were deleted for good, unless what
    they were (`stands`, given their values) is there again by now. Kinds made `in_passing`, by changes of other
    records, are by themselves nothing left to undo.
    """

    model: Any
    examine: Examine = nothing_to_examine
    settle: Settle = nothing_to_settle
    parts: Mapping[str, Part] | None = None
    claims: tuple[Claim, ...] = ()
    upkeep: tuple[str, ...] = ()
    away: Callable[[Session, Any], str | None] | None = None
    remade: bool = False
    stands: Callable[[Session, Mapping[str, Any]], bool] | None = None
    in_passing: bool = False


def _tags(kind: str) -> Part:
    return Part(
        lambda session, ids: tags.names_on(session, kind, ids),
        lambda session, wanted: tags.put_on_each(session, kind, wanted),
    )


_EXTERNAL = Claim(
    ("external_system", "external_id"),
    ("external_system", "external_id"),
    "another record has its external id by now",
    live=False,
)
_PRIMARY = Claim(
    ("account_id",), ("account_id",), "the account has another primary contact by now", flag="is_primary"
)
_EMAIL = Claim(("email",), ("email_key",), "another live record has its e-mail address by now")
_CODE = Claim(("code",), ("code",), "another product has its code by now")
_SEGMENT_CODE = Claim(("code",), ("code_key",), "another segment has its code by now")
_NAME = Claim(("name",), ("name_key",), "another one has its name by now")
_PIPELINE = Claim(("name", "applies_to"), ("name_key", "applies_to"), "another pipeline has its name by now")
_DEFAULT = Claim(
    ("applies_to",), ("applies_to",), "another pipeline is the default by now", flag="is_default"
)

UNDOERS: dict[str, Undoer] = {
    "organisation": Undoer(
        Organisation,
        examine=small.examine_organisation,
        settle=small.settle_organisation,
        away=small.keep_profile,
    ),
    "territory": Undoer(Territory, examine=small.examine_tree, claims=(_NAME,)),
    "holiday_calendar": Undoer(
        HolidayCalendar,
        parts={
            "territory_ids": Part(holidays.territories_of, holidays.put_territories),
            "holidays": Part(holidays.days_of, holidays.put_days),
        },
        claims=(_NAME,),
        away=small.drop_calendar,
        remade=True,
    ),
    "exchange_rate": Undoer(ExchangeRate, settle=small.settle_rates, away=small.drop_rate, remade=True),
    "team": Undoer(Team, examine=small.examine_tree),
    "user": Undoer(
        User,
        examine=small.examine_users,
        settle=small.settle_users,
        parts={"territory_ids": Part(users.territories_of, people.put_territories)},
        claims=(_EMAIL, _EXTERNAL),
        upkeep=("last_sign_in_at",),
        away=small.leave,
    ),
    "tag": Undoer(
        Tag, claims=(_NAME,), away=small.drop_tag, remade=True, stands=small.tag_stands, in_passing=True
    ),
    "custom_field": Undoer(CustomField, examine=custom_fields.examine, settle=custom_fields.settle),
    "view": Undoer(View, away=small.drop, remade=True),
    "view_default": Undoer(ViewDefault, away=small.drop, remade=True),
    "product": Undoer(Product, examine=small.examine_products, claims=(_CODE, _EXTERNAL)),
    "segment": Undoer(Segment, claims=(_SEGMENT_CODE, _EXTERNAL)),
    "pipeline": Undoer(Pipeline, settle=small.settle_pipelines, claims=(_PIPELINE, _DEFAULT)),
    "stage": Undoer(Stage, away=small.drop_stage, remade=True),
    "account": Undoer(
        Account,
        examine=accounts.examine,
        settle=accounts.settle,
        parts={"tags": _tags("account"), "segments": Part(segments.codes_of, segments.put_on_each)},
        claims=(_EXTERNAL,),
        upkeep=("latitude", "longitude"),
    ),
    "contact": Undoer(
        Contact,
        examine=contacts.examine,
        settle=contacts.settle,
        parts={"tags": _tags("contact")},
        claims=(_PRIMARY, _EXTERNAL),
    ),
    "lead": Undoer(
        Lead,
        examine=leads.examine,
        settle=leads.settle,
        parts={"tags": _tags("lead")},
        claims=(_EMAIL, _EXTERNAL),
    ),
    "opportunity": Undoer(
        Opportunity,
        examine=opportunities.examine,
        settle=opportunities.settle,
        parts={"tags": _tags("opportunity"), "lines": Part(lines.written, lines.put_back)},
        claims=(_EXTERNAL,),
    ),
    "order": Undoer(
        Order,
        examine=orders.examine,
        settle=orders.settle,
        parts={"lines": Part(order_lines.written, order_lines.put_back)},
        claims=(_EXTERNAL,),
    ),
    "activity": Undoer(Activity, settle=activities.settle),
    "target": Undoer(Target, settle=targets.settle, away=targets.drop, remade=True),
    "sequence": Undoer(FollowUpSequence),
    "followup_rule": Undoer(FollowUpRule, examine=small.examine_rules),
    "visit_plan": Undoer(VisitPlan, away=small.put_plan_aside),
    "visit_week": Undoer(VisitWeek, away=small.put_week_aside),
    "webhook": Undoer(Webhook, away=small.switch_webhook_off),
}

KEPT = {
    "message": "A mail that left cannot be called back.",
    "suppression": "Who may be written to is decided by people, one address at a time.",
    "attachment": "A file that was removed is not kept, and one that came in is its uploader's to remove.",
    "api_key": "A key that was made or ended stays so; make another one.",
}
