"""What may be asked about segments and their members, and who sees them."""

from functools import cache
from typing import Any

import sqlalchemy as sa

from crm_api import access
from crm_api.access import Actor, visible
from crm_api.core.fields import CATALOGUES, Catalogue, Field, FieldType, Relation
from crm_api.core.presenting import shown_by
from crm_api.segments.models import SEGMENT_KINDS, Segment, SegmentMember, SegmentStats
from crm_api.segments.schemas import MemberOut, SegmentOut

access.declare("segment", Segment, shared=True)


def _sees_member(actor: Actor) -> sa.ColumnElement[bool]:
    """Members are seen by whoever sees the account; what is archived has left."""
    accounts = CATALOGUES["account"]
    there = sa.select(accounts.model.id).where(
        accounts.model.archived_at.is_(None), visible("account", actor)
    )
    segments = sa.select(Segment.id).where(Segment.archived_at.is_(None))
    return sa.and_(SegmentMember.account_id.in_(there), SegmentMember.segment_id.in_(segments))


access.declare("segment_member", SegmentMember, sees=_sees_member)

_SHOWN = sa.select(
    *shown_by(
        SegmentOut,
        Segment,
        customer_count=sa.func.coalesce(SegmentStats.customer_count, 0),
        evaluated_at=SegmentStats.evaluated_at,
    )
).outerjoin(SegmentStats, SegmentStats.segment_id == Segment.id)
_COUNT = (
    sa.select(SegmentStats.customer_count)
    .where(SegmentStats.segment_id == Segment.id)
    .correlate(Segment)
    .scalar_subquery()
)

SEGMENTS = Catalogue(
    kind="segment",
    plural="segments",
    model=Segment,
    out=SegmentOut,
    label="name",
    named=True,
    synonyms=("customer segment",),
    default_sort="priority",
    fields=(
        Field(
            "name", FieldType.TEXT, Segment.name, sortable=True, nullable=False, sort_column=Segment.name_key
        ),
        Field("code", FieldType.TEXT, Segment.code, groupable=True, nullable=False),
        Field("kind", FieldType.CHOICE, Segment.kind, choices=SEGMENT_KINDS, groupable=True, nullable=False),
        Field("description", FieldType.TEXT, Segment.description),
        Field("is_active", FieldType.BOOLEAN, Segment.is_active, nullable=False),
        Field("priority", FieldType.INTEGER, Segment.priority, sortable=True, nullable=False),
        Field("customer_count", FieldType.INTEGER, _COUNT, synonyms=("number of customers",)),
        Field("external_system", FieldType.TEXT, Segment.external_system),
        Field("external_id", FieldType.TEXT, Segment.external_id),
        Field("created_at", FieldType.DATETIME, Segment.created_at, sortable=True, nullable=False),
        Field("updated_at", FieldType.DATETIME, Segment.updated_at, nullable=False),
    ),
    live=lambda: Segment.archived_at.is_(None),
    shown=lambda: _SHOWN,
)


@cache
def _members_shown() -> sa.Select[Any]:
    account = CATALOGUES["account"].model
    columns = shown_by(
        MemberOut,
        SegmentMember,
        segment_code=Segment.code,
        segment_name=Segment.name,
        account_name=account.name,
        account_number=account.number,
        account_type=account.account_type,
    )
    joined = sa.select(*columns).join(Segment, Segment.id == SegmentMember.segment_id)
    return joined.join(account, account.id == SegmentMember.account_id)


MEMBERS = Catalogue(
    kind="segment_member",
    plural="segment members",
    model=SegmentMember,
    out=MemberOut,
    asked=False,
    label="id",
    default_sort="assigned_at",
    time_field="assigned_at",
    fields=(
        Field("segment_id", FieldType.REFERENCE, SegmentMember.segment_id, nullable=False),
        Field("account_id", FieldType.REFERENCE, SegmentMember.account_id, nullable=False),
        Field("assigned_at", FieldType.DATETIME, SegmentMember.assigned_at, sortable=True, nullable=False),
        Field("assigned_by_id", FieldType.REFERENCE, SegmentMember.assigned_by_id),
    ),
    relations=(
        Relation("segment", "segment", SegmentMember.segment_id, "members"),
        Relation("account", "account", SegmentMember.account_id, "segment_members"),
    ),
    shown=_members_shown,
)
