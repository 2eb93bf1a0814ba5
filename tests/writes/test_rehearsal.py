"""dry_run=true: everything is done, nothing is kept, and the answer says what would follow."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.audit.models import ChangeSet
from crm_api.events.models import EventRow
from crm_api.followups.models import FollowUpRule, Sequence
from crm_api.leads.models import Lead
from crm_api.organisation.models import Counter
from crm_api.webhooks.models import WebhookDelivery
from tests.support.api import Api

LEADS = "/api/v1/crm/leads"
BODY = {"company_name": "Harbor Logistics", "email": "ann@harbor.example"}


def rows(session: Session) -> dict[str, int]:
    tables: tuple[Any, ...] = (Lead, EventRow, ChangeSet, Counter, WebhookDelivery)
    return {m.__tablename__: session.scalar(sa.select(sa.func.count(m.id))) or 0 for m in tables}


async def test_a_rehearsed_creation_keeps_nothing_and_takes_no_number(api: Api) -> None:
    client = await api.client()
    before = await api.db.read(rows)

    answer = await client.post(LEADS, params={"dry_run": "true"}, json=BODY)

    told = answer.json()
    assert (answer.status_code, told["status"], told["dry_run"]) == (200, 201, True)
    assert told["answer"]["company_name"] == "Harbor Logistics"
    assert [e["type"] for e in told["events"]] == ["lead.created"]
    assert {c["kind"] for c in told["changes"]} == {"lead"}
    assert await api.db.read(rows) == before


async def test_a_rehearsal_is_refused_as_the_work_would_be(api: Api) -> None:
    client = await api.client()
    await client.post(LEADS, json=BODY)

    answer = await client.post(LEADS, params={"dry_run": "true"}, json=BODY)

    assert answer.status_code == 409


async def test_a_rehearsed_change_and_deletion_leave_the_record_as_it_is(api: Api) -> None:
    client = await api.client()
    lead = (await client.post(LEADS, json=BODY)).json()
    where = f"{LEADS}/{lead['id']}"
    lead.pop("possible_duplicates")  # told of a creation alone

    changed = await client.patch(where, params={"dry_run": "true"}, json={"priority": "urgent"})
    deleted = await client.delete(where, params={"dry_run": "true"})

    assert changed.json()["answer"]["priority"] == "urgent"
    assert deleted.json()["status"] == 204
    assert (await client.get(where)).json() == lead


async def test_it_says_which_webhooks_would_be_told(api: Api) -> None:
    client = await api.client()
    hook = {"name": "ERP", "url": "https://erp.example.com/hook", "event_types": ["lead.*"]}
    made = await client.post("/api/v1/webhooks", json=hook)

    told = (await client.post(LEADS, params={"dry_run": "true"}, json=BODY)).json()

    if made.status_code == 201:  # the address guard asks a name server, which a closed network has not
        assert [(w["name"], w["type"]) for w in told["webhooks"]] == [("ERP", "lead.created")]
    else:
        assert told["webhooks"] == []


async def test_it_says_which_rules_would_write_to_the_lead(api: Api) -> None:
    client = await api.client("rep", email="rep@rounds.example")

    def rule(session: Session) -> None:
        sequence = Sequence(name="Hello", steps=[{"template": "first_contact", "delay_days": 0}])
        session.add(sequence)
        session.flush()
        session.add(FollowUpRule(name="After a day", sequence_id=sequence.id, after_minutes=1440, is_on=True))

    await api.db.write(rule)
    told = (await client.post(LEADS, params={"dry_run": "true"}, json=BODY)).json()

    assert [r["rule"] for r in told["rules"]] == ["After a day"]


@pytest.mark.parametrize("name", ["dryrun", "dry-run", "x"])
async def test_a_misspelt_parameter_does_nothing_in_earnest(api: Api, name: str) -> None:
    client = await api.client()
    before = await api.db.read(rows)

    answer = await client.post(LEADS, params={name: "true"}, json=BODY)

    assert answer.status_code == 400
    assert await api.db.read(rows) == before
