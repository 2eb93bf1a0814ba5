"""What the fields of a kind are on a page: their title, how a value is shown, and what it is put in with.

The catalogue says what a field holds; fields of the answers that it does not know (a street) are text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_api.access import Actor
from crm_api.conditions import expansion, filters, records
from crm_api.conditions.tree import All, Comparison, Tree
from crm_api.core.fields import CUSTOM, Catalogue, FieldType
from crm_api.core.listing import Window
from crm_api.custom_fields.fields import registry
from crm_api.pages.formats import phrase
from crm_api.pages.kinds import Kind

LONG = {
    "description",
    "requirements",
    "need",
    "authority",
    "timeline",
    "outcome",
    "next_steps",
    "competitors",
    "risks",
}
PHONES, MAILS, LINKS = {"phone", "mobile"}, {"email"}, {"website"}
HOURS, WEEKDAYS = {"opening_hours"}, {"visit_days"}
TITLES = {
    "stage_name": "Stage", "account_type": "Type", "billing_city": "City", "contact_count": "Contacts",
    "opportunity_count": "Deals", "total_value": "Total value", "zip": "ZIP", "last_contact_at": "Last contact",
    "created_at": "Created", "updated_at": "Changed", "is_active": "Still there", "is_primary": "Primary contact",
    "reports_to": "Reports to", "occurred_at": "When", "due_at": "Due", "owner_id": "Owner", "activity_type": "Type",
    "expected_close_date": "Closes", "estimated_value": "Value", "contact_name": "Contact", "email": "E-mail",
    "visit_every_days": "Visit every (days)", "visit_minutes": "Minutes a visit", "email_opt_out": "No e-mails",
    "visit_days": "Visits welcome on",
    "billing_street": "Street", "billing_zip": "ZIP", "billing_state": "State", "billing_country": "Country",
    "full_name": "Name", "parent_id": "Part of", "territory_id": "Territory", "duration_minutes": "Minutes",
    "status": "Status",
    "last_contact_date": "Last contact", "next_follow_up_date": "Next follow-up", "is_hot_lead": "Hot",
}  # fmt: skip
# The words of a state that deserve a colour; all others stay quiet.
TONES = {
    "urgent": "bad", "high": "warn", "hot": "bad", "warm": "warn", "lost": "bad", "closed_lost": "bad",
    "converted": "ok", "closed_won": "ok", "completed": "ok", "cancelled": "plain", "qualified": "accent",
    "proposal": "accent", "negotiation": "accent", "callback": "warn", "in_progress": "accent", "gold": "warn",
    "platinum": "accent", "new": "accent",
}  # fmt: skip
FEW = ("user", "team", "territory", "pipeline", "stage")  # so few that all can be offered in a select
ASKED = ("year", "million")  # units of questions: nobody writes them behind a value
OPTIONS = 200
MONEY_OF_BASE = {"total_value", "open_value", "annual_spend", "last_order_value"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One field: `type` is a FieldType's word, or link, phone, mail, long, word, year, hours, weekdays. `target` is the
    kind that a reference leads to, `relation` the name under which the related record stands beside. Nobody fills in
    what is `fixed`."""

    name: str
    title: str
    type: str
    choices: tuple[str, ...] = ()
    unit: str | None = None
    target: str | None = None
    relation: str | None = None
    sortable: bool = False
    known: bool = True
    fixed: bool = False

    @property
    def is_number(self) -> bool:
        """Whether its values stand on the right."""
        return self.type in ("integer", "number", "money")

    @property
    def is_few(self) -> bool:
        """Whether a reference is chosen out of a list instead of searched."""
        return self.target in FEW


def shown(session: Any, kind: Kind) -> dict[str, Shown]:
    """Every field of a kind by name, its relations and this instance's custom fields too."""
    catalogue = registry(session)[kind.name]
    relations = {relation.column.key: relation for relation in catalogue.relations}
    writable = kind.changing.model_fields
    made: dict[str, Shown] = {}
    for name in (
        *catalogue.columns(),
        *(f.name for f in catalogue.fields if f.name.startswith(f"{CUSTOM}.")),
    ):
        known = catalogue.field(name)
        relation = relations.get(name)
        made[name] = Shown(
            name, _title(name, known.title if known else name), _type(name, catalogue),
            known.choices if known else (), known.unit if known and known.unit not in ASKED else None,
            relation.target if relation else None, relation.name if relation else None,
            sortable=bool(known and known.sortable), known=known is not None,
            fixed=name not in writable and not name.startswith(f"{CUSTOM}."),
        )  # fmt: skip
    for name, relation in expansion.choices(catalogue).items():
        made[name] = Shown(name, _title(name, phrase(name)), "related", target=relation.target, relation=name,
                           known=False, fixed=True)  # fmt: skip
    if kind.name == "contact":
        made["name"] = Shown("name", "Name", "text", sortable=True, fixed=True)
    return made


def _title(name: str, title: str) -> str:
    return TITLES.get(name) or phrase(title)


def _type(name: str, catalogue: Catalogue) -> str:
    if name in LONG:
        return "long"
    for names, word in (
        (PHONES, "phone"), (MAILS, "mail"), (LINKS, "link"), (HOURS, "hours"), (WEEKDAYS, "weekdays"),
    ):  # fmt: skip
        if name in names:
            return word
    known = catalogue.field(name)
    if known is None:
        return "money" if name in MONEY_OF_BASE else "text"
    if known.type is FieldType.CHOICE and not known.choices:
        return "word"
    if known.unit == "year":
        return "year"
    return known.type.value


def value_of(item: Mapping[str, Any], field: Shown) -> Any:
    """The value of a field in an answer."""
    if field.name.startswith(f"{CUSTOM}."):
        return (item.get("custom_fields") or {}).get(field.name.partition(".")[2])
    return item.get(field.name)


def currency_of(item: Mapping[str, Any], field: Shown, base: str) -> str:
    """The currency of an amount: the record's own, or the organisation's for what is summed over others."""
    return base if field.name in MONEY_OF_BASE else str(item.get("currency") or base)


def options(session: Any, actor: Actor, kind: Kind, field: Shown) -> list[tuple[str, str]]:
    """What a select offers: (value, words). Of references the visible ones, the asker first."""
    if field.type == "boolean":
        return [("true", "Yes"), ("false", "No")]
    if field.target is None or not field.is_few:
        return [(word, phrase(word)) for word in field.choices]
    conditions: list[Tree] = []
    if field.target == "user":
        conditions = [Comparison(field="is_active", value=True)]
    elif field.target == "pipeline":
        conditions = [Comparison(field="applies_to", value=kind.name)]
    elif field.target == "stage":
        conditions = [Comparison(field="pipeline.applies_to", value=kind.name)]
    query = filters.Query(tree=All(all=conditions), window=Window(page_size=OPTIONS, count="none"))
    found = records.page(session, actor, field.target, query)["items"]
    if field.target == "user":
        found = [item for item in found if item["role"] != "viewer"]
        found.sort(key=lambda item: item["id"] != actor.user_id)
    return [(str(item["id"]), item["name"]) for item in found]
