"""Idempotency-Key: a repeat is answered, not done again."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.leads.models import Lead
from crm_api.writes import idempotency
from crm_api.writes.models import KeptAnswer
from tests.support.api import Api

LEADS = "/api/v1/crm/leads"
BODY = {"company_name": "Harbor Logistics", "email": "ann@harbor.example"}


async def post(client: httpx.AsyncClient, key: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return await client.post(LEADS, json=body or BODY, headers={"Idempotency-Key": key})


def leads(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count(Lead.id))) or 0


async def test_a_repeat_gets_the_first_answer_and_makes_nothing(api: Api) -> None:
    client = await api.client()

    first, second = await post(client, "one"), await post(client, "one")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert await api.db.read(leads) == 1


async def test_the_same_key_with_another_body_is_refused(api: Api) -> None:
    client = await api.client()
    await post(client, "one")

    other = await post(client, "one", {"company_name": "Somebody Else"})

    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_keys_of_two_people_have_nothing_to_do_with_each_other(api: Api) -> None:
    one, other = await api.client(), await api.client()
    await post(one, "same", {"company_name": "One"})

    answer = await post(other, "same", {"company_name": "Other"})

    assert answer.status_code == 201
    assert answer.json()["company_name"] == "Other"


async def test_a_repeat_while_the_first_is_at_work_is_a_conflict(api: Api) -> None:
    client = await api.client()
    which: dict[str, Any] = {}

    def begun(session: Session) -> None:
        kept = session.scalars(sa.select(KeptAnswer)).one()
        kept.status, kept.lease_until = None, clock.now() + timedelta(seconds=60)

    await post(client, "one")
    await api.db.write(begun)
    which["answer"] = await post(client, "one")

    assert which["answer"].status_code == 409


async def test_of_many_at_once_one_does_the_work(api: Api) -> None:
    client = await api.client()

    answers = await asyncio.gather(*(post(client, "one") for _ in range(8)))

    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1
    assert await api.db.read(leads) == 1


async def test_a_refused_request_may_be_repeated_under_its_key_at_once(api: Api) -> None:
    client = await api.client()
    taken = (await post(client, "first")).json()
    refused = await post(client, "second")
    await client.delete(f"{LEADS}/{taken['id']}")

    assert refused.status_code == 409
    assert (await post(client, "second")).status_code == 201


async def test_an_interrupted_request_is_taken_over_after_its_lease(api: Api) -> None:
    client = await api.client()
    user_id = (await client.get("/api/v1/auth/me")).json()["id"]
    which = {"user_id": user_id, "method": "POST", "path": "/x", "key": "k", "mark": "m"}
    dead = await api.db.write(idempotency.begin, **which)

    def lapse(session: Session) -> None:
        session.execute(sa.update(KeptAnswer).values(lease_until=clock.now()))

    await api.db.write(lapse)
    heir = await api.db.write(idempotency.begin, **which)

    assert isinstance(heir, idempotency.Lease)
    with pytest.raises(Exception, match="taken over"):
        await api.db.write(idempotency.finish, dead, idempotency.Answer(201, b"{}"))
    await api.db.write(idempotency.finish, heir, idempotency.Answer(201, b"{}"))


async def test_after_a_day_a_key_is_new_again(api: Api) -> None:
    client = await api.client()
    await post(client, "one")

    def age(session: Session) -> None:
        session.execute(sa.update(KeptAnswer).values(started_at=clock.now() - timedelta(hours=25)))

    await api.db.write(age)
    again = await post(client, "one", {"company_name": "Somebody Else"})

    assert again.status_code == 201


async def test_old_answers_are_forgotten(api: Api) -> None:
    client = await api.client()
    await post(client, "one")

    def age(session: Session) -> None:
        session.execute(sa.update(KeptAnswer).values(started_at=clock.now() - timedelta(hours=25)))

    await api.db.write(age)

    assert await api.db.write(idempotency.tidy) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9"])
async def test_a_key_that_cannot_be_one_is_refused(api: Api, key: str) -> None:
    client = await api.client()

    answer = await client.post(LEADS, json=BODY, headers=[("Idempotency-Key", key.encode("latin-1"))])  # type: ignore[list-item]

    assert answer.status_code == 422
    assert await api.db.read(leads) == 0
