"""What may be asked about contacts, and who sees them."""

import sqlalchemy as sa

from crm_api import access
from crm_api.contacts.models import CONTACT_ROLES, Contact, ContactStats
from crm_api.contacts.schemas import ContactOut
from crm_api.core.fields import Catalogue, Field, FieldType, Relation
from crm_api.core.presenting import shown_by
from crm_api.tags.models import Tag
from crm_api.tags.service import names_of, tagged

access.declare("contact", Contact, owner=Contact.owner_id, follows=(("account", Contact.account_id),))

_SHOWN = sa.select(
    *shown_by(
        ContactOut,
        Contact,
        custom_fields=Contact.custom,
        tags=names_of("contact", Contact.id),
        last_contact_at=ContactStats.last_contact_at,
    )
).outerjoin(ContactStats, ContactStats.contact_id == Contact.id)
_LAST = (
    sa.select(ContactStats.last_contact_at)
    .where(ContactStats.contact_id == Contact.id)
    .correlate(Contact)
    .scalar_subquery()
)

CATALOGUE = Catalogue(
    kind="contact",
    plural="contacts",
    model=Contact,
    out=ContactOut,
    label="full_name",
    named=True,
    synonyms=("person", "people"),
    default_sort="name",
    listed=("job_title", "account", "email", "phone"),
    fields=(
        Field(
            "full_name",
            FieldType.TEXT,
            Contact.first_name + sa.func.coalesce(" " + Contact.last_name, ""),
            label="name",
            nullable=False,
            groupable=True,
        ),
        Field("name", FieldType.TEXT, Contact.name_key, sortable=True, nullable=False),
        Field("first_name", FieldType.TEXT, Contact.first_name, nullable=False),
        Field("last_name", FieldType.TEXT, Contact.last_name),
        Field("email", FieldType.TEXT, Contact.email, synonyms=("e-mail", "mail address")),
        Field("phone", FieldType.TEXT, Contact.phone, synonyms=("phone number", "telephone")),
        Field("mobile", FieldType.TEXT, Contact.mobile, synonyms=("cell", "mobile number")),
        Field("job_title", FieldType.TEXT, Contact.job_title, synonyms=("title", "position"), groupable=True),
        Field("department", FieldType.TEXT, Contact.department, groupable=True),
        Field("role", FieldType.CHOICE, Contact.role, choices=CONTACT_ROLES, groupable=True, nullable=False),
        Field("account_id", FieldType.REFERENCE, Contact.account_id),
        Field("reports_to_id", FieldType.REFERENCE, Contact.reports_to_id),
        Field("owner_id", FieldType.REFERENCE, Contact.owner_id),
        Field("is_primary", FieldType.BOOLEAN, Contact.is_primary, nullable=False, synonyms=("primary",)),
        Field("do_not_call", FieldType.BOOLEAN, Contact.do_not_call, nullable=False),
        Field("email_opt_out", FieldType.BOOLEAN, Contact.email_opt_out, nullable=False),
        Field("is_active", FieldType.BOOLEAN, Contact.is_active, nullable=False),
        Field("city", FieldType.TEXT, Contact.city, groupable=True),
        Field("country", FieldType.TEXT, Contact.country, groupable=True),
        Field("last_contact_at", FieldType.DATETIME, _LAST, synonyms=("last contact", "last contacted")),
        Field("tags", FieldType.TAGS, tagged("contact", Contact), names=Tag.name, synonyms=("tag", "tagged")),
        Field("external_system", FieldType.TEXT, Contact.external_system),
        Field("external_id", FieldType.TEXT, Contact.external_id),
        Field(
            "created_at",
            FieldType.DATETIME,
            Contact.created_at,
            sortable=True,
            nullable=False,
            synonyms=("created", "added"),
        ),
        Field("updated_at", FieldType.DATETIME, Contact.updated_at, nullable=False),
    ),
    relations=(
        Relation("account", "account", Contact.account_id, "contacts", synonyms=("account",)),
        Relation("owner", "user", Contact.owner_id, "contacts", synonyms=("owner", "own", "owned")),
        Relation("reports_to", "contact", Contact.reports_to_id, "reports", synonyms=("boss", "manager")),
    ),
    live=lambda: Contact.archived_at.is_(None),
    shown=lambda: _SHOWN,
)
