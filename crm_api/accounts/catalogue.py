"""What may be asked about accounts, and who sees them."""

from typing import Any

import sqlalchemy as sa

from crm_api import access
from crm_api.accounts import figures
from crm_api.accounts.models import ACCOUNT_TYPES, RATINGS, TIERS, Account, AccountStats
from crm_api.accounts.schemas import AccountOut
from crm_api.core.fields import Catalogue, Field, FieldType, Relation, Word
from crm_api.core.presenting import in_major, in_order, shown_by
from crm_api.segments.members import segmented
from crm_api.tags.service import names_of, tagged

# What people call a country, beside its name.
COUNTRIES: dict[str, tuple[str, ...]] = {
    "Argentina": ("argentinian", "argentine"),
    "Australia": ("australian",),
    "Austria": ("austrian",),
    "Bangladesh": ("bangladeshi",),
    "Belgium": ("belgian",),
    "Brazil": ("brazilian",),
    "Canada": ("canadian",),
    "Chile": ("chilean",),
    "China": ("chinese",),
    "Colombia": ("colombian",),
    "Czech Republic": ("czech", "czechia"),
    "Denmark": ("danish",),
    "Egypt": ("egyptian",),
    "Finland": ("finnish",),
    "France": ("french",),
    "Germany": ("german",),
    "Greece": ("greek",),
    "Hungary": ("hungarian",),
    "India": ("indian",),
    "Indonesia": ("indonesian",),
    "Ireland": ("irish",),
    "Israel": ("israeli",),
    "Italy": ("italian",),
    "Japan": ("japanese",),
    "Jordan": ("jordanian",),
    "Kenya": ("kenyan",),
    "Korea": ("south korea", "korean", "south korean"),
    "Malaysia": ("malaysian",),
    "Mexico": ("mexican",),
    "Netherlands": ("holland", "dutch"),
    "New Zealand": ("nz",),
    "Nigeria": ("nigerian",),
    "Norway": ("norwegian",),
    "Pakistan": ("pakistani",),
    "Panama": ("panamanian",),
    "Peru": ("peruvian",),
    "Philipines": ("philippines", "filipino", "philippine"),
    "Philippines": ("filipino", "philippine"),
    "Poland": ("polish",),
    "Portugal": ("portuguese",),
    "Romania": ("romanian",),
    "Saudi Arabia": ("saudi", "ksa"),
    "Singapore": ("singaporean",),
    "South Africa": ("south african",),
    "South Korea": ("korea", "korean", "south korean"),
    "Spain": ("spanish",),
    "Sri Lanka": ("sri lankan",),
    "Sweden": ("swedish",),
    "Switzerland": ("swiss",),
    "Taiwan": ("taiwanese",),
    "Thailand": ("thai",),
    "Turkey": ("turkish",),
    "Ukraine": ("ukrainian",),
    "United Arab Emirates": ("uae", "emirates"),
    "United Kingdom": ("uk", "britain", "great britain", "england", "british"),
    "United States": ("us", "usa", "u.s.", "america", "united states of america", "states", "american"),
    "Vietnam": ("vietnamese",),
}

access.declare(
    "account", Account, owner=Account.owner_id, team=Account.team_id, territory=Account.territory_id
)

_SHOWN = sa.select(
    *shown_by(
        AccountOut,
        Account,
        custom_fields=Account.custom,
        tags=names_of("account", Account.id),
        **{name: getattr(AccountStats, name) for name in figures.KEPT},
    )
).outerjoin(AccountStats, AccountStats.account_id == Account.id)


def _present(row: dict[str, Any]) -> dict[str, Any]:
    return in_order(AccountOut, figures.in_major(in_major(row, "annual_revenue")))


CATALOGUE = Catalogue(
    kind="account",
    plural="accounts",
    model=Account,
    out=AccountOut,
    label="name",
    named=True,
    synonyms=(
        "company",
        "companies",
        "customer",
        "client",
        "organisation",
        "organization",
        "firm",
        "business",
    ),
    default_sort="name",
    fields=(
        Field(
            "name",
            FieldType.TEXT,
            Account.name,
            sortable=True,
            groupable=True,
            nullable=False,
            sort_column=Account.name_key,
        ),
        Field("number", FieldType.TEXT, Account.number, sortable=True, nullable=False),
        Field(
            "account_type",
            FieldType.CHOICE,
            Account.account_type,
            label="type",
            choices=ACCOUNT_TYPES,
            synonyms=("type",),
            groupable=True,
            nullable=False,
        ),
        Field(
            "industry",
            FieldType.CHOICE,
            Account.industry,
            synonyms=("industry", "sector", "vertical"),
            groupable=True,
            choice_synonyms={
                "technology": ("tech",),
                "technolgy": ("technology", "tech"),
                "telecommunications": ("telecom", "telco"),
            },
        ),
        Field("tier", FieldType.CHOICE, Account.tier, choices=TIERS, groupable=True),
        Field("rating", FieldType.CHOICE, Account.rating, choices=RATINGS, groupable=True),
        Field("email", FieldType.TEXT, Account.email),
        Field("phone", FieldType.TEXT, Account.phone),
        Field("website", FieldType.TEXT, Account.website),
        Field(
            "employees",
            FieldType.INTEGER,
            Account.employees,
            synonyms=(
                "employee",
                "headcount",
                "staff",
                "people",
                "worker",
                "employ",
                "employee count",
                "number of employees",
            ),
        ),
        Field(
            "annual_revenue",
            FieldType.MONEY,
            Account.annual_revenue_base,
            asked_in=1_000_000,
            unit="million",
            synonyms=(
                "annual revenue",
                "revenue",
                "turnover",
                "yearly revenue",
                "company revenue",
                "account revenue",
            ),
        ),
        Field(
            "year_established",
            FieldType.INTEGER,
            Account.year_established,
            unit="year",
            synonyms=(
                "founded",
                "established",
                "founding year",
                "founding date",
                "year founded",
                "incorporated",
                "formed",
            ),
        ),
        Field("parent_id", FieldType.REFERENCE, Account.parent_id),
        Field("owner_id", FieldType.REFERENCE, Account.owner_id),
        Field("team_id", FieldType.REFERENCE, Account.team_id),
        Field("territory_id", FieldType.REFERENCE, Account.territory_id),
        Field(
            "billing_city",
            FieldType.TEXT,
            Account.billing_city,
            label="city",
            synonyms=("city", "town"),
            groupable=True,
        ),
        Field(
            "billing_state",
            FieldType.TEXT,
            Account.billing_state,
            label="state",
            synonyms=("state", "province"),
            groupable=True,
        ),
        Field("billing_zip", FieldType.TEXT, Account.billing_zip, label="zip", synonyms=("zip", "postcode")),
        Field(
            "billing_country",
            FieldType.CHOICE,
            Account.billing_country,
            label="country",
            groupable=True,
            choice_synonyms=COUNTRIES,
            synonyms=(
                "country",
                "headquarter",
                "headquartered",
                "hq",
                "office location",
                "location",
                "located",
                "based",
                "nation",
            ),
        ),
        Field("shipping_city", FieldType.TEXT, Account.shipping_city, groupable=True),
        Field("shipping_country", FieldType.TEXT, Account.shipping_country, groupable=True),
        Field("visit_city", FieldType.TEXT, Account.visit_city, groupable=True),
        Field("visit_country", FieldType.TEXT, Account.visit_country, groupable=True),
        Field("visit_every_days", FieldType.INTEGER, Account.visit_every_days, unit="days"),
        *figures.FIELDS,
        figures.VISIT_STANDING,
        Field("tags", FieldType.TAGS, tagged("account", Account), synonyms=("tag", "tagged")),
        # Questions say "in segment HVC" by the segment's own name and code.
        Field("segments", FieldType.TAGS, segmented(Account), label="segment membership"),
        Field("external_system", FieldType.TEXT, Account.external_system),
        Field("external_id", FieldType.TEXT, Account.external_id),
        Field("origin", FieldType.TEXT, Account.origin, nullable=False),
        Field(
            "created_at",
            FieldType.DATETIME,
            Account.created_at,
            sortable=True,
            nullable=False,
            synonyms=("created", "added"),
        ),
        Field("updated_at", FieldType.DATETIME, Account.updated_at, nullable=False),
    ),
    relations=(
        Relation(
            "owner",
            "user",
            Account.owner_id,
            "accounts",
            synonyms=("owner", "account manager", "owned", "own"),
        ),
        Relation(
            "parent",
            "account",
            Account.parent_id,
            "subsidiaries",
            synonyms=(
                "parent",
                "parent company",
                "parent account",
                "mother company",
                "owned by",
            ),
            reverse_synonyms=("subsidiary", "child company", "child account", "daughter company"),
        ),
        Relation(
            "territory", "territory", Account.territory_id, "accounts", synonyms=("territory", "region")
        ),
        Relation("team", "team", Account.team_id, "accounts", synonyms=("team",)),
    ),
    words=(
        Word(("unassigned", "unowned"), {"field": "owner_id", "op": "isnull", "value": True}),
        *figures.WORDS,
    ),
    size=("annual_revenue", "employees"),
    age="year_established",
    listed=("account_type", "industry", "billing_city", "billing_country"),
    live=lambda: Account.archived_at.is_(None),
    shown=lambda: _SHOWN,
    counted=figures.counted,
    present=_present,
)
