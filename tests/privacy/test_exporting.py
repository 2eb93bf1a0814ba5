"""What is handed over about a person: all that an erasure would remove, and afterwards nothing."""

import json
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from crm_api.activities.models import Activity
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.core.database import Database
from crm_api.privacy.words import MARK, Words
from tests.app.resources import ACCOUNT, CONTACT, CRM, problem
from tests.changes.trail import made
from tests.factories import make_activity, make_contact
from tests.privacy.grep import everywhere
from tests.privacy.person import EMAIL, NAME, SECRETS, well_known
from tests.support.api import Api

EXPORTS, ERASURES = "/api/v1/privacy/exports", "/api/v1/privacy/erasures"


async def taken_out(client: httpx.AsyncClient, **subject: Any) -> dict[str, Any]:
    """The document about a person."""
    answer = await client.post(EXPORTS, json={"subject": subject, "also_known_as": ["Quillfeather"]})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, Any] = answer.json()
    return body


async def test_every_place_in_which_a_person_is_found_is_handed_over(api: Api) -> None:
    client = await api.client()
    her = await well_known(api.db, client)
    document = await taken_out(client, kind="contact", id=her.ids["contact"])

    assert {one["kind"] for one in document["records"]} == {"contact", "lead", "user"}
    held = {table for table in await _places(api.db) if not table.startswith("search_fts")}
    assert held <= {table for table, rows in document["tables"].items() if rows}
    told = json.dumps(document, ensure_ascii=False)
    assert [word for word in SECRETS if word not in told and word != "4930901820"] == []
    assert "password_hash" not in told
    assert "token_hash" not in told


async def test_after_an_erasure_there_is_nothing_to_hand_over(api: Api) -> None:
    client = await api.client()
    await well_known(api.db, client)
    body = {"subject": {"email": EMAIL}, "reason": "Asked", "also_known_as": ["Quillfeather"]}
    assert (await client.post(ERASURES, json=body)).status_code == 201

    document = await taken_out(client, email=EMAIL)

    assert document["records"] == []
    assert document["tables"] == {}


async def test_taking_out_leaves_a_trace_that_names_nobody(api: Api) -> None:
    client = await api.client()
    contact = await made(client, CONTACT)
    await taken_out(client, email=contact["email"])

    def trace(session: Session) -> list[tuple[str, dict[str, Any], str]]:
        entries = sa.select(AuditEntry.action, AuditEntry.after, ChangeSet.label).join(ChangeSet)
        return [
            tuple(row)
            for row in session.execute(
                entries.where(AuditEntry.kind == "data_export").order_by(AuditEntry.id)
            )
        ]

    begun, finished = await api.db.read(trace)
    assert begun == ("start", {"records": [{"kind": "contact", "id": contact["id"]}]}, "Export person")
    assert (finished[0], finished[1]["complete"], finished[2]) == ("finish", True, "Export person")
    assert finished[1]["rows"] > 1


async def test_a_key_needs_the_right_to_export(api: Api) -> None:
    client = await api.client()
    answer = await client.post("/api/v1/auth/api-keys", json={"name": "ERP", "scopes": ["privacy:write"]})
    key = api.anonymous()
    key.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    refused = problem(await key.post(EXPORTS, json={"subject": {"email": EMAIL}}), 403)

    assert refused["missing_scope"] == "privacy:export"


async def test_a_person_with_thousands_of_activities_is_handed_over_and_erased(api: Api) -> None:
    client = await api.client()
    account = await made(client, ACCOUNT)

    def busy(session: Session) -> UUID:
        contact = make_contact(session, email=EMAIL)
        for n in range(3000):
            shared = {"account_id": UUID(account["id"])} if n % 3 == 0 else {}
            session.add(
                Activity(activity_type="call", subject=f"{NAME} {n}", contact_id=contact.id, **shared)
            )
        make_activity(session, subject="Somebody else's")
        return contact.id

    contact_id = await api.db.write(busy)
    document = await taken_out(client, email=EMAIL)
    assert len(document["tables"]["activities"]["own"]) == 3000

    erased = await client.post(
        ERASURES, json={"subject": {"kind": "contact", "id": str(contact_id)}, "reason": "-"}
    )

    assert erased.json()["counts"]["activities"] == {"deleted": 2000, "blanked": 1000}
    assert (await client.get(f"{CRM}/activities", params={"count": "exact"})).json()["total"] == 1001


async def _places(db: Database) -> set[str]:
    def look(session: Session) -> set[str]:
        return {table for tables in everywhere(session, SECRETS).values() for table in tables}

    return await db.read(look)


# ── Words ────────────────────────────────────────────────────────────────────────────────────────

LETTERS = st.text("abcdefgÄöé ñ,.;:-_()[]@0123456789\n", max_size=40)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(LETTERS, LETTERS, st.sampled_from(["Zoë Ångström", "zoe@island.example", "+46 70 123 45 67"]))
def test_a_text_is_cleaned_of_the_words_and_of_nothing_else(before: str, after: str, word: str) -> None:
    words = Words(
        frozenset({"zoe@island.example"}), frozenset({"Zoë Ångström"}), frozenset({"+46 70 123 45 67"})
    )
    text = f"{before} ; {word} ; {after}"

    cleaned = words.cleaned({"told": [text, 7, None]})["told"][0]

    assert word not in cleaned
    assert MARK in cleaned
    assert words.cleaned(cleaned) is cleaned
    assert cleaned.startswith(f"{before} ; ")
    assert cleaned.endswith(f" ; {after}")


def test_longer_addresses_words_and_numbers_are_others() -> None:
    words = Words(frozenset({"ann@a.example"}), frozenset({"Ann Lee"}), frozenset({"+1 614 555 0100"}))

    for text in (
        "joann@a.example",
        "ann@a.example.org",
        "Joann Lee",
        "Ann Leeds",
        "16145550100234",
        "9916145550100",
    ):
        assert words.cleaned(text) is text
    for text in ("ANN@A.example.", "(Ann  Lee)", "001 614-555.0100", "614/5550100", "tel:+16145550100"):
        assert MARK in words.cleaned(text)
