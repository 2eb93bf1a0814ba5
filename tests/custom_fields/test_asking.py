"""Questions and rules know custom fields by their labels and synonyms."""

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from crm_api.access import SYSTEM, Actor
from crm_api.core.database import Database
from crm_api.custom_fields import service
from crm_api.custom_fields.models import CustomField
from crm_api.custom_fields.schemas import CustomFieldIn
from crm_api.followups.models import FollowUpRule
from crm_api.followups.service import apply_rule
from crm_api.questions.answer import Answer
from crm_api.questions.service import ask_offline
from tests import factories
from tests.followups.stage import furnish
from tests.support.api import Api


def dealers(session: Session) -> Actor:
    """Four dealers with bays, a chain, a colour and a fee in Swiss francs, and deals at two of them."""
    factories.make_organisation(session)
    for body in (
        {"key": "bays", "label": "Service bays", "type": "integer", "synonyms": ["bay", "lift"]},
        {"key": "shade", "label": "Shop color", "type": "choice", "choices": ["Crimson", "Turquoise"]},
        {"key": "fee", "label": "Franchise fee", "type": "money", "currency": "CHF"},
    ):
        service.create(session, SYSTEM, data=CustomFieldIn(**{"kind": "account", **body}))
    for name, custom in (
        ("Aardvark Motors", {"bays": 3, "shade": "Crimson", "fee": 10.5}),
        ("Badger Motors", {"bays": 9, "shade": "Turquoise"}),
        ("Cougar Motors", {"bays": 12, "fee": 20}),
        ("Dingo Motors", None),
    ):
        account = factories.make_account(session, name=name, custom=custom)
        factories.make_opportunity(session, account_id=account.id)
    return factories.make_actor(session)


async def asked(db: Database, actor: Actor, question: str) -> Answer:
    return await db.read(ask_offline, actor=actor, turns=[question])


def names(answer: Answer) -> list[Any]:
    assert answer.status == "answered", answer.answer
    return sorted(row[0] for row in answer.rows)


async def test_a_question_may_use_label_synonym_and_choice(db: Database) -> None:
    actor = await db.write(dealers)

    for question in ("accounts with more than 5 service bays", "accounts with more than 5 bays"):
        assert names(await asked(db, actor, question)) == ["Badger Motors", "Cougar Motors"]
    assert names(await asked(db, actor, "turquoise accounts")) == ["Badger Motors"]


async def test_a_question_may_add_up_group_and_rank_by_a_custom_field(db: Database) -> None:
    actor = await db.write(dealers)

    assert (await asked(db, actor, "average service bays of accounts")).value == 8
    grouped = await asked(db, actor, "number of accounts by shop color")
    assert {row[0]: row[1] for row in grouped.rows} == {"Crimson": 1, "Turquoise": 1}
    fee = await asked(db, actor, "total franchise fee of accounts")
    assert (fee.value, fee.columns[0].unit) == (30.5, "CHF")
    assert (await asked(db, actor, "which account has the most service bays?")).rows[0][0] == "Cougar Motors"


async def test_a_custom_field_is_reached_from_another_kind(db: Database) -> None:
    actor = await db.write(dealers)

    answer = await asked(db, actor, "number of opportunities at turquoise accounts")

    assert answer.value == 1


async def test_the_vocabulary_lists_custom_fields(api: Api) -> None:
    await api.db.write(dealers)
    client = await api.client()

    told = {each["kind"]: each["fields"] for each in (await client.get("/api/v1/crm/ask/vocabulary")).json()}

    assert "service bays" in told["account"]
    assert "service bays" not in told["lead"]


async def test_a_rule_narrows_by_a_custom_field_and_rests_when_that_is_archived(
    db: Database, tmp_path: Path
) -> None:
    def world(session: Session) -> CustomField:
        body = {"kind": "lead", "key": "bays", "label": "Bays", "type": "integer"}
        return service.create(session, SYSTEM, data=CustomFieldIn(**body))

    field = await db.write(world)
    where = {"field": "custom.bays", "op": "gte", "value": 5}
    rule_id = (await furnish(db, tmp_path, where=where)).rule.id
    assert await db.write(apply_rule, rule_id=rule_id) == 0  # the lead has no value

    await db.write(lambda s: service.archive(s, SYSTEM, field_id=field.id, if_match=None))
    assert await db.write(apply_rule, rule_id=rule_id) == 0

    rule = await db.read(lambda s: s.get(FollowUpRule, rule_id))
    assert rule is not None
    assert not rule.is_on
    assert "custom.bays" in (rule.off_reason or "")
