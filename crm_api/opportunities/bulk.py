"""Writing many opportunities at once, with their lines, for imports and the demo company."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api import audit
from crm_api.access.models import AccountAccess
from crm_api.accounts.models import Account
from crm_api.core import clock, dialect, numbering
from crm_api.core.ids import new_id
from crm_api.opportunities import lines
from crm_api.opportunities.models import Opportunity, OpportunityLine, StageMove, category_of
from crm_api.opportunities.moves import closing_day
from crm_api.opportunities.service import refresh_access
from crm_api.organisation import rates
from crm_api.organisation.service import currency, today
from crm_api.pipelines.models import CLOSED_KINDS, Stage
from crm_api.products.models import Product

Row = dict[str, Any]


def insert(session: Session, rows: Sequence[Row], *, with_moves: bool = True) -> list[UUID]:
    """New opportunities from complete, valid rows with a `stage_id`; `lines` may be among the attributes.

    Stage kind, pipeline and probability follow from the stage. `with_moves` writes the entry into that
    stage; a caller that knows the whole history writes its own. Returns the ids in order.
    """
    if not rows:
        return []
    stages = _stages(session, {row["stage_id"] for row in rows})
    base = currency(session)
    complete: list[Row] = [{"currency": base} | row | _entering(row, stages[row["stage_id"]]) for row in rows]
    for row in complete:
        row["value_base"] = _in_base(session, row)
        row["closes_on"] = _closing(session, row)
        row.setdefault("stage_entered_at", _entered_at(row, None))
    unnumbered = [row for row in complete if not row.get("number")]
    if unnumbered:
        taken = numbering.take(session, "OPP", today(session), len(unnumbered))
        for row, number in zip(unnumbered, taken, strict=True):
            row["number"] = number
    own_lines = _completed(session, [row.pop("lines", []) for row in complete])
    parts = [{"lines": own} if own else {} for own in own_lines]
    ids = audit.bulk_insert(session, Opportunity, complete, parts=parts)
    _insert_lines(session, zip(ids, own_lines, strict=True))
    if with_moves:
        _note_moves(session, [(i, row, None) for i, row in zip(ids, complete, strict=True)])
    _share_accounts(session, complete)
    return ids


def update(session: Session, rows: Sequence[Row]) -> int:
    """Change opportunities: rows with `id` and what to set; `lines` replaces the lines where they differ.

    Entering another stage is kept with its time. Closed deals change too: what the other system says of its
    own deals counts. Returns how many really changed.
    """
    statement = sa.select(
        Opportunity.id, Opportunity.stage_id, Opportunity.account_id, Opportunity.stage_kind,
        Opportunity.currency, Opportunity.estimated_value, Opportunity.actual_close_date,
        Opportunity.expected_close_date,
    )  # fmt: skip
    before = {
        row.id: row
        for row in session.execute(statement.where(Opportunity.id.in_([row["id"] for row in rows])))
    }
    stages = _stages(session, {row["stage_id"] for row in rows if "stage_id" in row})
    # Lines are shown in their deal: where they change, its version rises.
    relined = _replace_lines(session, {row["id"]: row["lines"] for row in rows if "lines" in row})
    plain, moved = [], []
    for row in rows:
        values = {k: v for k, v in row.items() if k != "lines"}
        if row["id"] in relined:
            values["updated_at"] = clock.now()
        if "stage_id" in row and row["stage_id"] != before[row["id"]].stage_id:
            values |= _entering(values, stages[row["stage_id"]])
            values["stage_entered_at"] = _entered_at(values, before[row["id"]].stage_id)
            moved.append((row["id"], values, before[row["id"]].stage_id))
        if not _VALUED_BY.isdisjoint(values):
            values["value_base"] = _in_base(session, {**before[row["id"]]._mapping, **values})
        if not _DATED_BY.isdisjoint(values):
            values["closes_on"] = _closing(session, {**before[row["id"]]._mapping, **values})
        plain.append(values)
    changed = audit.bulk_update(session, Opportunity, plain)
    _note_moves(session, moved)
    refresh_access(
        session, *(row.account_id for row in before.values()), *(row.get("account_id") for row in plain)
    )
    return changed


def _share_accounts(session: Session, deals: Iterable[Row]) -> None:
    """An owner of an open deal reaches its account."""
    reached = {
        (row["account_id"], row["owner_id"])
        for row in deals
        if row.get("account_id") and row.get("owner_id") and row["stage_kind"] not in CLOSED_KINDS
    }
    dialect.upsert(
        session,
        AccountAccess.__table__,
        [
            {"id": new_id(), "account_id": account, "user_id": user, "reason": "open_deal"}
            for account, user in sorted(reached)
        ],
        key=["account_id", "user_id", "reason"],
    )


def pass_on_access(session: Session, deals: Sequence[Opportunity], *, before: UUID) -> None:
    """After deals went from `before` to their present owners: who owns an open one reaches its account."""
    accounts = sorted({deal.account_id for deal in deals if deal.account_id is not None})
    if not accounts:
        return
    session.flush()
    held = sa.select(Account.id).where(Account.id.in_(accounts)).order_by(Account.id)
    session.execute(held.with_for_update())
    columns = ("account_id", "owner_id", "stage_kind")
    _share_accounts(session, [{name: getattr(deal, name) for name in columns} for deal in deals])
    still_open = sa.exists().where(
        Opportunity.account_id == AccountAccess.account_id,
        Opportunity.owner_id == before,
        Opportunity.stage_kind.not_in(CLOSED_KINDS),
        Opportunity.archived_at.is_(None),
    )
    session.execute(
        sa.delete(AccountAccess)
        .where(
            AccountAccess.account_id.in_(accounts),
            AccountAccess.user_id == before,
            AccountAccess.reason == "open_deal",
            ~still_open,
        )
        .execution_options(synchronize_session=False)
    )


def lines_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """The lines of opportunities as rows, in order."""
    statement = (
        sa.select(OpportunityLine)
        .where(OpportunityLine.opportunity_id.in_(ids))
        .order_by(OpportunityLine.opportunity_id, OpportunityLine.position)
    )
    found: dict[UUID, list[Row]] = {i: [] for i in ids}
    for line in session.scalars(statement):
        found[line.opportunity_id].append(
            {"product_id": line.product_id, "quantity": line.quantity, "unit_price": line.unit_price,
             "discount_percent": line.discount_percent}
        )  # fmt: skip
    return found


def _stages(session: Session, ids: Iterable[UUID]) -> dict[UUID, Any]:
    statement = sa.select(Stage.id, Stage.pipeline_id, Stage.kind, Stage.probability).where(
        Stage.id.in_(list(ids))
    )
    return {row.id: row for row in session.execute(statement)}


def _entering(row: Row, stage: Any) -> Row:
    """What entering a stage sets: closed deals are certain, and dated now where nobody says when."""
    entered = {"pipeline_id": stage.pipeline_id, "stage_kind": stage.kind, "probability": stage.probability}
    if stage.kind in CLOSED_KINDS:
        entered["probability"] = 100 if stage.kind == "closed_won" else 0
        entered["actual_close_date"] = row.get("actual_close_date") or clock.now()
        entered["forecast_category"] = "commit" if stage.kind == "closed_won" else "omitted"
        return entered
    if row.get("probability") is not None:
        entered["probability"] = row["probability"]
    entered["forecast_category"] = row.get("forecast_category") or category_of(stage.probability)
    return entered


_VALUED_BY = {"estimated_value", "currency", "stage_kind", "actual_close_date"}
_DATED_BY = {"stage_kind", "expected_close_date", "actual_close_date"}


def _closing(session: Session, row: Row) -> date | None:
    return closing_day(
        session, row["stage_kind"], row.get("expected_close_date"), row.get("actual_close_date")
    )


def _entered_at(row: Row, before: UUID | None) -> datetime:
    """When a deal entered its stage: dated by its closing, on the first move by its start, else now."""
    return row.get("actual_close_date") or (row.get("started_at") if before is None else None) or clock.now()


def _in_base(session: Session, row: Row) -> int | None:
    """The value in the organisation's currency; of a closed deal at the rate of its closing day."""
    closed_at = row.get("actual_close_date") if row["stage_kind"] in CLOSED_KINDS else None
    return rates.convert(session, row.get("estimated_value"), row["currency"], on=closed_at)


def _insert_lines(session: Session, given: Iterable[tuple[UUID, Sequence[Row]]]) -> None:
    rows = [{"id": new_id(), "opportunity_id": i, **line} for i, own in given for line in own]
    if rows:
        session.execute(sa.insert(OpportunityLine), rows)


def _completed(session: Session, given: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """Lines, deal by deal, with all their columns. One without a price has the list price of its product."""
    products = {line["product_id"] for own in given for line in own}
    statement = sa.select(Product.id, Product.list_price).where(Product.id.in_(products))
    prices = dict(session.execute(statement).all()) if products else {}
    return [
        [
            {"product_id": line["product_id"], "position": position, "quantity": line.get("quantity", 1),
             "unit_price": line.get("unit_price", prices[line["product_id"]]),
             "discount_percent": line.get("discount_percent", 0)}
            for position, line in enumerate(own)
        ]
        for own in given
    ]  # fmt: skip


def with_other_lines(session: Session, wanted: Mapping[UUID, Sequence[Row]]) -> set[UUID]:
    """The opportunities whose lines say something else; only what a wanted line gives is compared."""
    present = lines_of(session, list(wanted))
    return {
        i
        for i, lines in wanted.items()
        if len(lines) != len(present[i])
        or any(
            old[name] != value
            for line, old in zip(lines, present[i], strict=True)
            for name, value in line.items()
        )
    }


def _replace_lines(session: Session, wanted: Mapping[UUID, Sequence[Row]]) -> set[UUID]:
    """Write the lines anew where they differ; returns whose."""
    differing = sorted(with_other_lines(session, wanted))
    complete = _completed(session, [wanted[i] for i in differing])
    return lines.replace(session, dict(zip(differing, complete, strict=True)))


def _note_moves(session: Session, moved: Sequence[tuple[UUID, Row, UUID | None]]) -> None:
    """The entry into the present stage, with its time."""
    rows = [
        {
            "id": new_id(),
            "kind": "opportunity",
            "record_id": record_id,
            "from_stage_id": before,
            "to_stage_id": row["stage_id"],
            "actor_id": row.get("owner_id"),
            "at": row["stage_entered_at"],
        }
        for record_id, row, before in moved
    ]
    if rows:
        session.execute(sa.insert(StageMove), rows)
