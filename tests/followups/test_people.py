"""A person at an account is written to by hand, and after a visit; what ends it for a lead ends it for them."""

import pytest

from crm_api.access import actor_of
from crm_api.contacts.models import Contact
from crm_api.core.errors import Conflict
from crm_api.field import check_ins
from crm_api.field.schemas import CheckInIn, OutcomeIn
from crm_api.followups import rules, service
from crm_api.followups.models import Enrolment
from crm_api.followups.schemas import EnrolmentIn, SequenceIn, Step
from tests.factories import make_account, make_contact, make_lead, make_user
from tests.followups.stage import ADA, GRACE, furnish
from tests.support.api import serving

FOLLOWUPS, CONTACTS = "/api/v1/crm/followups", "/api/v1/crm/contacts"


class Town:
    """The house of the other tests with its rule off, a dealer, and Grace, who works there."""

    def __init__(self, house, client, sequence, contact):
        self.house, self.client, self.sequence, self.contact = house, client, sequence, contact

    async def enrol(self, *, status=201, **body):
        body = {"sequence_id": str(self.sequence.id), "contact_id": str(self.contact.id), **body}
        asked = {name: value for name, value in body.items() if value}
        answer = await self.client.post(f"{FOLLOWUPS}/enrolments", json=asked)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def ended(self):
        (found,) = await self.house.all(Enrolment)
        return found.status, found.stop_reason

    async def change(self, **body):
        assert (await self.client.patch(f"{CONTACTS}/{self.contact.id}", json=body)).status_code == 200


@pytest.fixture
async def town(db, tmp_path):
    house = await furnish(db, tmp_path / "mail", on=False)

    def make(session):
        dealer = make_account(session, name="Middle Motors", account_type="dealer", owner_id=house.owner.id)
        contact = make_contact(
            session, account_id=dealer.id, first_name="Grace", last_name="Hill", email=GRACE
        )
        admin = actor_of(session, make_user(session, "administrator"), organisation_zone="UTC")
        steps = [Step(template="after_visit"), Step(template="followup_second", delay_days=3)]
        return rules.create_sequence(session, admin, data=SequenceIn(name="After", steps=steps)), contact

    sequence, contact = await db.write(make)
    async with serving(db, tmp_path) as running:
        yield Town(house, await running.signed_in(house.owner), sequence, contact)


async def test_a_person_is_written_to_in_the_name_of_whoever_began(town):
    made = await town.enrol()
    await town.house.tick()
    (mail,) = town.house.sent()
    assert (made["contact_id"], made["lead_id"]) == (str(town.contact.id), None)
    assert "Thank you for your time at Middle Motors" in mail
    assert "Hello Grace," in mail
    assert f"Ada Lovelace <{ADA}>" in mail
    listed = (
        await town.client.get(f"{FOLLOWUPS}/enrolments", params={"contact_id": made["contact_id"]})
    ).json()
    assert [item["id"] for item in listed["items"]] == [made["id"]]


async def test_the_visits_outcome_begins_a_sequence_once_the_visit_is_over(town):
    def visit(session):
        rep = actor_of(session, town.house.owner, organisation_zone="UTC")
        said = OutcomeIn(
            outcome="Wants a quote", contact_id=town.contact.id, follow_up_sequence_id=town.sequence.id
        )
        dealer = session.get_one(Contact, town.contact.id).account_id
        check_ins.check_in(session, rep, data=CheckInIn(account_id=dealer, check_out=said))

    await town.house.db.write(visit)
    assert await town.ended() == ("active", None)
    await town.house.tick()
    assert len(town.house.sent()) == 1
    assert await town.ended() == (
        "active",
        None,
    )  # the second mail waits; the first was no contact of a person's


async def test_an_answer_ends_it(town):
    await town.enrol()
    await town.house.tick()
    town.house.reply()
    await town.house.tick()
    assert await town.ended() == ("stopped", "reply")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"email_opt_out": True}, "opt_out"),
        ({"is_active": False}, "archived"),
        ({"email": "g@else.com"}, "address"),
    ],
)
async def test_what_is_changed_of_the_person_ends_it(town, change, reason):
    await town.enrol()
    await town.change(**change)
    assert await town.ended() == ("stopped", reason)
    await town.house.tick()
    assert town.house.sent() == []


async def test_a_call_and_a_deletion_end_it_and_another_job_title_does_not(town):
    await town.enrol()
    await town.change(job_title="Buyer")
    assert await town.ended() == ("active", None)
    call = {"activity_type": "call", "subject": "Called", "contact_id": str(town.contact.id)}
    assert (await town.client.post("/api/v1/crm/activities", json=call)).status_code == 201
    assert await town.ended() == ("stopped", "contact")
    await town.enrol()
    await town.client.delete(f"{CONTACTS}/{town.contact.id}")
    assert {one.stop_reason for one in await town.house.all(Enrolment)} == {"contact", "archived"}


async def test_nobody_is_in_two_sequences_and_nobody_gets_what_they_did_not_want(town):
    await town.enrol()
    twice = await town.enrol(status=409)
    assert "Grace Hill is in the sequence “After” already" in twice["detail"]
    await town.change(email_opt_out=True)
    assert "wants no mails" in (await town.enrol(status=422))["errors"][0]["message"]
    await town.change(email_opt_out=False, email=None)
    assert "no e-mail address" in (await town.enrol(status=422))["errors"][0]["message"]


async def test_a_lead_is_written_to_by_its_owner_alone(town):
    def make(session):
        return make_lead(session, email="l@x.com", owner_id=town.house.owner.id), make_lead(
            session, email="m@x.com"
        )

    own, nobodys = await town.house.db.write(make)
    made = await town.enrol(contact_id=None, lead_id=str(own.id))
    assert (made["lead_id"], made["contact_id"]) == (str(own.id), None)
    boss = await town.house.db.write(lambda s: make_user(s, "administrator", email="b@x.com"))

    def another(session):
        entering = EnrolmentIn(sequence_id=town.sequence.id, lead_id=nobodys.id)
        service.enrol_by_hand(session, actor_of(session, boss, organisation_zone="UTC"), data=entering)

    with pytest.raises(Conflict, match="written to by its owner"):
        await town.house.db.write(another)


@pytest.mark.parametrize("body", [{"contact_id": None}, {"lead_id": "0190e2a4-0000-7000-8000-000000000000"}])
async def test_it_is_one_lead_or_one_person(town, body):
    await town.enrol(status=422, **body)


def test_mails_after_a_visit_go_to_whom_was_spoken_to():
    with pytest.raises(ValueError, match="say who was spoken to"):
        OutcomeIn(follow_up_sequence_id="0190e2a4-0000-7000-8000-000000000000")
