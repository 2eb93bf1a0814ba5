"""Erasing a person of whom much is known: nothing is left anywhere, and what is others' stays."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.core import clock, search
from crm_api.core.database import Database
from crm_api.core.ids import new_id
from crm_api.followups.models import FollowUpRule
from crm_api.followups.service import neglected
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.service import is_suppressed
from crm_api.privacy import erasing, subjects
from crm_api.privacy.finding import look_everywhere
from tests.app.resources import ACCOUNT, ACTIVITY, CONTACT, CRM, LEAD, problem
from tests.changes.trail import changed, last, made, read
from tests.factories import make_lead, make_user
from tests.privacy.grep import everywhere
from tests.privacy.person import EMAIL, NAME, SECRETS, well_known
from tests.support.api import Api

ERASURES = "/api/v1/privacy/erasures"


async def erased(api: Api, client: Any, subject: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await client.post(ERASURES, json={"subject": subject, "reason": "Asked by letter", **more})
    assert answer.status_code == 201, answer.text
    while await api.db.write(search.forget_words):
        pass
    body: dict[str, Any] = answer.json()
    return body


async def left(db: Database, words: Any = SECRETS) -> dict[str, set[str]]:
    def look(session: Session) -> dict[str, set[str]]:
        return everywhere(session, words)

    return await db.read(look)


async def test_nothing_is_left_of_a_person_in_any_column_of_any_table(api: Api) -> None:
    client = await api.client()
    await well_known(api.db, client)
    assert set(await left(api.db)) == set(SECRETS)

    await erased(api, client, {"email": EMAIL}, also_known_as=["Quillfeather"])

    assert await left(api.db) == {}


async def test_the_bytes_of_a_persons_files_go_with_them_and_those_of_others_stay(
    api: Api, tmp_path: Path
) -> None:
    client = await api.client()
    her = await well_known(api.db, client)
    kept = tmp_path / "attachments"
    assert len(list(kept.glob("??/*"))) == 3

    await erased(api, client, {"email": EMAIL}, also_known_as=["Quillfeather"])

    assert [path.read_bytes() for path in kept.glob("??/*")] == [b"Signed"]
    paper = (await client.get(f"{CRM}/attachments/{her.ids['paper']}")).json()
    assert (paper["kind"], "Quillfeather" in paper["name"]) == ("account", False)
    for file in ("passport", "letter"):
        problem(await client.get(f"{CRM}/attachments/{her.ids[file]}"), 404)


async def test_what_is_others_stays_without_the_words(api: Api) -> None:
    client = await api.client()
    her = await well_known(api.db, client)
    version = (await client.get(f"{CRM}/accounts/{her.ids['account']}")).json()["version"]

    await erased(api, client, {"email": EMAIL}, also_known_as=["Quillfeather"])

    account = (await client.get(f"{CRM}/accounts/{her.ids['account']}")).json()
    assert account["description"] == "Ask [erased] ([erased]) or ring [erased]"
    assert account["custom_fields"] == {"advisor": "[erased], mornings", "champion": None}
    assert account["version"] > version
    found = await client.get(f"{CRM}/accounts", params={"custom.advisor__contains": "mornings"})
    assert found.json()["total"] == 1
    assert (await client.get(f"{CRM}/accounts", params={"search": "mornings"})).json()["total"] == 1
    call = (await client.get(f"{CRM}/activities/{her.ids['elsewhere']}")).json()
    assert call["description"] == "They said: write to [erased], or [erased], and ask for [erased]."
    visit = (await client.get(f"{CRM}/activities/{her.ids['visit']}")).json()
    assert (visit["subject"], visit["outcome"], visit["contact_id"]) == ("[erased]", None, None)
    assert visit["account_id"] == her.ids["account"]
    deal = (await client.get(f"{CRM}/opportunities/{her.ids['opportunity']}")).json()
    assert (deal["name"], deal["contact_id"]) == ("Vans for [erased]", None)
    assert (await client.get(f"{CRM}/contacts/{her.ids['report']}")).json()["reports_to_id"] is None
    timeline = (await client.get(f"{CRM}/accounts/{her.ids['account']}/timeline")).json()["items"]
    assert [line["summary"] for line in timeline if line["record_id"] == visit["id"]] == ["[erased]"]
    (view,) = (await client.get("/api/v1/crm/views")).json()["items"]
    assert view["where"]["value"] == "[erased]"


async def test_the_tombstone_names_nobody_and_says_how_much_there_was(api: Api) -> None:
    client = await api.client()
    her = await well_known(api.db, client)

    told = await erased(api, client, {"kind": "lead", "id": her.ids["lead"]}, reason=f"{EMAIL} asked")

    assert told["reason"] == "[erased] asked"
    assert (told["subject_kind"], told["subject_id"]) == ("lead", her.ids["lead"])
    assert {one["kind"] for one in told["records"]} == {"contact", "lead", "user"}
    assert not any("label" in one and one["label"] for one in told["records"])
    assert told["counts"]["contacts"] == {"deleted": 1}
    assert told["counts"]["users"] == {"blanked": 1}
    assert told["counts"]["activities"] == {"blanked": 5, "deleted": 4, "cleaned": 1}
    listed = (await client.get(ERASURES)).json()
    assert listed["total"] == 1
    assert listed["items"][0] == {name: value for name, value in told.items() if name != "records"}
    assert (await client.get(f"{ERASURES}/{told['id']}")).json() == listed["items"][0]


async def test_a_dry_run_counts_the_same_and_removes_nothing(api: Api) -> None:
    client = await api.client()
    await well_known(api.db, client)
    body = {"subject": {"email": EMAIL}, "reason": "Asked by letter"}
    before = await left(api.db)

    tried = (await client.post(ERASURES, json=body, params={"dry_run": True})).json()

    assert await left(api.db) == before
    assert NAME in {one["label"] for one in tried["answer"]["records"]}
    done = await erased(api, client, body["subject"])
    assert tried["answer"]["counts"] == done["counts"]


@pytest.mark.parametrize("role", ["manager", "rep", "field", "viewer"])
async def test_nobody_but_an_administrator_erases_or_takes_out(api: Api, role: str) -> None:
    client = await api.client(role)
    subject = {"subject": {"email": EMAIL}}

    problem(await client.post(ERASURES, json={**subject, "reason": "-"}), 403)
    problem(await client.post("/api/v1/privacy/exports", json=subject), 403)
    problem(await client.get(ERASURES), 403)


async def test_an_erased_record_is_named_when_a_change_of_it_is_to_be_undone(api: Api) -> None:
    client = await api.client()
    stays, goes = await made(client, LEAD), await made(client, LEAD, email=EMAIL, title="Other")
    operations = [{"op": "update", "id": one["id"], "data": {"priority": "urgent"}} for one in (stays, goes)]
    answer = await client.post(f"{CRM}/leads/bulk", json={"operations": operations})
    assert answer.json()["failed"] == 0, answer.text
    edit = await last(api.db)

    await erased(api, client, {"email": EMAIL})

    for change_set in (edit, await last(api.db)):
        refusal = problem(await client.post(f"/api/v1/changes/{change_set}/revert"), 409)
        assert (goes["id"], "erased") in {(one["id"], one["reason"]) for one in refusal["records"]}
    assert (await read(client, LEAD, stays))["priority"] == "urgent"


async def test_the_history_of_an_erased_record_says_that_and_no_more(api: Api) -> None:
    client = await api.client()
    contact = await made(client, CONTACT)

    await erased(api, client, {"kind": "contact", "id": contact["id"]})

    history = (await client.get(f"{CRM}/contacts/{contact['id']}/history")).json()["items"]
    assert [entry["action"] for entry in history] == ["erase", "update", "create"]
    assert all(entry["changes"] == [] for entry in history)


async def test_a_request_repeated_under_its_key_does_not_bring_the_person_back(api: Api) -> None:
    client = await api.client()
    headers = {"Idempotency-Key": "once"}
    body = {"title": "Vans", "email": EMAIL}
    assert (await client.post(f"{CRM}/leads", json=body, headers=headers)).status_code == 201

    await erased(api, client, {"email": EMAIL})

    refusal = problem(await client.post(f"{CRM}/leads", json=body, headers=headers), 409)
    assert "erased" in refusal["detail"]
    assert (await client.get(f"{CRM}/leads", params={"count": "exact"})).json()["total"] == 0


@pytest.mark.parametrize("asked", [True, False])
async def test_who_asked_for_no_mail_gets_none_though_nobody_knows_who_it_was(api: Api, asked: bool) -> None:
    client = await api.client()
    await made(client, LEAD, email=EMAIL)
    if asked:
        await client.post(f"{CRM}/followups/suppressions", json={"address": EMAIL, "reason": "opt_out"})

    await erased(api, client, {"email": EMAIL}, never_write_again=not asked)

    assert await left(api.db, [EMAIL]) == {}
    assert await api.db.read(lambda session: is_suppressed(session, EMAIL.upper()))
    assert not await api.db.read(lambda session: is_suppressed(session, "ann@riverside.example"))


async def test_without_the_wish_no_hash_of_the_address_is_kept(api: Api) -> None:
    client = await api.client()
    await made(client, LEAD, email=EMAIL)
    await client.post(f"{CRM}/followups/suppressions", json={"address": EMAIL, "reason": "manual"})

    await erased(api, client, {"email": EMAIL})

    assert (await client.get(f"{CRM}/followups/suppressions")).json()["total"] == 0


async def test_a_namesake_and_a_shared_number_are_left_alone(api: Api) -> None:
    client = await api.client()
    shared = {"first_name": "John", "last_name": "Smithson", "phone": "+1 614 555 0199"}
    goes = await made(client, CONTACT, **shared, email="one@riverside.example")
    await made(client, CONTACT, **shared, email="two@riverside.example")
    note = await made(
        client, ACTIVITY, subject="John Smithson rang from 614 555 0199, not one@riverside.example"
    )

    await erased(api, client, {"kind": "contact", "id": goes["id"]})

    assert (await read(client, ACTIVITY, note))[
        "subject"
    ] == "John Smithson rang from 614 555 0199, not [erased]"


async def test_somebody_who_can_still_sign_in_is_not_erased(api: Api) -> None:
    client = await api.client()
    await api.client("rep", email="rep@ours.example", name="Rita Repworth")
    body = {"subject": {"email": "rep@ours.example"}, "reason": "Left"}

    assert "deactivate" in problem(await client.post(ERASURES, json=body), 409)["detail"]
    assert set(await left(api.db, ["Rita Repworth", "rep@ours.example"])) == {
        "Rita Repworth",
        "rep@ours.example",
    }


@pytest.mark.parametrize(
    "subject",
    [{}, {"kind": "contact"}, {"email": EMAIL, "kind": "lead", "id": str(new_id())}, {"email": "nobody"}],
)
async def test_a_subject_is_named_in_one_way(api: Api, subject: dict[str, Any]) -> None:
    client = await api.client()

    problem(await client.post(ERASURES, json={"subject": subject, "reason": "-"}), 422)


async def test_a_spelling_too_short_to_look_for_is_refused(api: Api) -> None:
    client = await api.client()
    body = {"subject": {"email": EMAIL}, "reason": "-", "also_known_as": ["Li"]}

    problem(await client.post(ERASURES, json=body), 422)


async def test_a_lead_of_the_same_name_is_a_namesake(api: Api) -> None:
    client = await api.client()
    goes = await made(client, CONTACT, first_name="Zoë", last_name="Ångström", email=EMAIL)
    await made(client, LEAD, first_name="Zoe", last_name="Angstrom", title="Vans for Zoë Ångström")

    await erased(api, client, {"kind": "contact", "id": goes["id"]})

    assert (
        (await client.get(f"{CRM}/leads", params={"search": "vans"}))
        .json()["items"][0]["title"]
        .endswith("Ångström")
    )


async def test_nobody_is_found_under_an_id_that_is_not_there(api: Api) -> None:
    client = await api.client()
    body = {"subject": {"kind": "contact", "id": str(new_id())}, "reason": "-"}

    problem(await client.post(ERASURES, json=body), 404)
    problem(await client.post("/api/v1/privacy/exports", json={"subject": body["subject"]}), 404)


async def test_the_files_beside_the_database_are_cleaned_too(api: Api, tmp_path: Path) -> None:
    client = await api.client()
    await made(client, CONTACT, first_name="Dána", last_name="Quillfeather", email=EMAIL)
    errors = tmp_path / "imports" / "0199-errors.csv"
    errors.parent.mkdir()
    errors.write_text(f'row,column,value\n1,email,{EMAIL}\n2,name,"{NAME}"\n3,city,Columbus\n')
    sent = tmp_path / "mail" / "out" / EMAIL / "new" / "1"
    sent.parent.mkdir(parents=True)
    sent.write_text("Hello")
    body = {"subject": {"email": EMAIL}, "reason": "-"}

    await client.post(ERASURES, json=body, params={"dry_run": True})
    assert sent.exists()
    assert EMAIL in errors.read_text()
    await erased(api, client, {"email": EMAIL})

    assert not sent.parent.parent.exists()
    assert errors.read_text() == 'row,column,value\n1,email,[erased]\n2,name,"[erased]"\n3,city,Columbus\n'
    assert [path.name for path in errors.parent.iterdir()] == [errors.name]


async def test_a_mail_that_is_being_handed_over_is_waited_for(api: Api) -> None:
    client = await api.client()
    lead = await made(client, LEAD, email=EMAIL)

    def sending(session: Session, status: str) -> None:
        message = session.scalars(sa.select(OutboxMessage)).first() or OutboxMessage(
            purpose="followup", idem_key="1", sender_address="o@ours.example", recipient_address=EMAIL,
            recipient_key=EMAIL, lead_id=UUID(lead["id"]), message_id="<1@ours.example>",
        )  # fmt: skip
        message.status = status
        session.add(message)

    for status in ("claimed", "sending"):
        await api.db.write(sending, status)
        body = {"subject": {"email": EMAIL}, "reason": "-"}
        assert "minute" in problem(await client.post(ERASURES, json=body), 409)["detail"]
    await api.db.write(sending, "unknown")

    done = await erased(api, client, {"email": EMAIL})

    assert done["counts"]["outbox_messages"] == {"deleted": 1}


async def test_a_lead_whose_address_is_known_by_its_hash_alone_enters_no_sequence(api: Api) -> None:
    client = await api.client()
    await erased(api, client, {"email": EMAIL}, never_write_again=True)

    def leads(session: Session) -> list[str | None]:
        owner = make_user(session)
        old = clock.now() - timedelta(days=2)
        for email in (EMAIL, "ann@riverside.example"):
            make_lead(session, email=email, owner_id=owner.id, created_at=old)
        rule = FollowUpRule(name="New", sequence_id=new_id(), after_minutes=5)
        found = session.execute(neglected(session, rule, clock.now()))
        return [lead.email for lead, _ in found]

    assert await api.db.write(leads) == ["ann@riverside.example"]


async def test_the_words_leave_what_was_written_while_they_were_looked_for(api: Api) -> None:
    client = await api.client()
    contact = await made(client, CONTACT, first_name="Dána", last_name="Quillfeather", email=EMAIL)
    old, new = await made(client, ACTIVITY), await made(client, ACTIVITY, subject="New")
    reach = await api.db.read(subjects.person, kind="contact", record_id=UUID(contact["id"]), email=None)
    mentions = await look_everywhere(api.db, reach.words)
    await changed(client, ACTIVITY, old, outcome=f"{NAME} rang")
    order = erasing.Order(reach, "-", "contact", UUID(contact["id"]), mentions=mentions)

    await api.db.write(erasing.erase, SYSTEM, order)

    assert (await read(client, ACTIVITY, old))["outcome"] == "[erased] rang"
    assert await read(client, ACTIVITY, new) == new


async def test_erasing_somebody_who_worked_here_leaves_an_empty_colleague(api: Api) -> None:
    client = await api.client()
    rep = await api.client("rep", name="Rita Repworth", email="rita@ours.example")
    account = await made(client, ACCOUNT)
    owned = await made(rep, LEAD)
    await made(client, ACTIVITY, subject="Rita Repworth visited", account_id=account["id"])
    me = (await rep.get("/api/v1/auth/me")).json()
    assert (
        await client.patch(f"/api/v1/users/{me['id']}", json={"is_active": False, "keep_records": True})
    ).status_code == 200

    done = await erased(api, client, {"kind": "user", "id": me["id"]})

    assert done["counts"]["user_sessions"] == {"deleted": 1}
    assert await left(api.db, ["Rita Repworth", "rita@ours.example"]) == {}
    user = (await client.get(f"/api/v1/users/{me['id']}")).json()
    assert (user["name"], user["email"], user["is_active"]) == ("[erased]", None, False)
    assert (await read(client, LEAD, owned))["owner_id"] == me["id"]
