from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.policy import default

import pytest
import sqlalchemy as sa

from crm_api.access import SYSTEM
from crm_api.activities import service as activities
from crm_api.activities.models import Activity
from crm_api.activities.schemas import ActivityIn
from crm_api.core import clock
from crm_api.followups import flows, rules, service
from crm_api.followups.models import Enrolment, FollowUpRule
from crm_api.followups.schemas import RulePatch, Window
from crm_api.leads import service as leads
from crm_api.leads.models import LeadStats
from crm_api.leads.schemas import LeadPatch
from crm_api.mailboxes.models import ReceivedMail
from crm_api.outbox import flows as outbox
from crm_api.outbox import service as outbox_service
from crm_api.outbox.models import Suppression
from crm_api.outbox.state import Status
from tests.factories import make_lead
from tests.followups.stage import GRACE, furnish


@pytest.fixture
async def house(db, tmp_path):
    return await furnish(db, tmp_path)


@pytest.fixture
async def long_house(db, tmp_path):
    return await furnish(db, tmp_path, steps=3)


async def test_a_lead_nobody_contacted_gets_the_first_mail_from_its_owner(house):
    await house.tick()
    (raw,) = house.sent()
    mail = message_from_string(raw, policy=default)
    assert (mail["From"], mail["To"]) == ("Ada Lovelace <ada@dealer-house.com>", "Grace <grace@customer.com>")
    assert mail["Subject"] == "Navy: a quick question from Ada Lovelace"
    assert "Hello Grace," in mail.get_body(("plain",)).get_content()


async def test_the_mail_stands_on_the_timeline_and_counts_as_contact(house):
    await house.tick()
    (activity,) = await house.all(Activity)
    (stats,) = await house.all(LeadStats)
    assert (activity.activity_type, activity.direction, activity.lead_id) == (
        "email",
        "outbound",
        house.lead.id,
    )
    assert stats.last_contact_at == activity.occurred_at


async def test_nothing_is_sent_twice_however_often_the_scheduler_ticks(house):
    for _ in range(3):
        await house.tick()
    assert len(house.sent()) == 1
    assert (await house.enrolment()).status == "completed"


async def test_a_rule_is_born_switched_off(db, tmp_path):
    house = await furnish(db, tmp_path, on=False)
    await house.tick()
    assert house.sent() == []


async def test_an_imported_lead_never_gets_an_automatic_mail(house):
    await house.change_lead(origin="import")
    await house.tick()
    assert house.sent() == []


@pytest.mark.parametrize("values", [
    {"email_opt_out": True}, {"email": None, "email_key": None}, {"owner_id": None}, {"status": "lost"},
    {"status": "converted"}, {"archived_at": datetime(2026, 1, 1, tzinfo=UTC)},
])  # fmt: skip
async def test_a_lead_that_cannot_or_must_not_be_written_to_is_left_alone(house, values):
    await house.change_lead(**values)
    await house.tick()
    assert house.sent() == []


async def test_a_lead_is_left_alone_until_it_was_neglected_long_enough(db, tmp_path):
    house = await furnish(db, tmp_path, after_minutes=3 * 1440)
    await house.tick()
    assert house.sent() == []
    with clock.frozen(clock.now() + timedelta(days=1, minutes=1)):
        await house.tick()
        assert len(house.sent()) == 1


async def test_only_leads_for_which_the_condition_holds_are_written_to(db, tmp_path):
    condition = {"field": "source", "op": "eq", "value": "website"}
    house = await furnish(db, tmp_path, where=condition)
    await house.tick()
    assert house.sent() == []
    await house.change_lead(source="website")
    await house.tick()
    assert len(house.sent()) == 1


async def test_a_mail_waits_for_the_window_and_is_spread_over_its_first_minutes(db, tmp_path):
    house = await furnish(db, tmp_path, window=Window())
    saturday = datetime(2026, 11, 21, 12, tzinfo=UTC)
    with clock.frozen(saturday):
        await house.tick()
    (message,) = await house.messages()
    monday = datetime(2026, 11, 23, 14, tzinfo=UTC)  # nine o'clock in New York
    assert monday <= message.due_at <= monday + service.SPREAD
    with clock.frozen(message.due_at):
        await house.tick()
        assert len(house.sent()) == 1


async def test_a_mail_that_missed_its_window_waits_for_the_next_and_says_why(db, tmp_path):
    house = await furnish(db, tmp_path, window=Window())
    with clock.frozen(datetime(2026, 11, 20, 21, 59, tzinfo=UTC)):  # a minute before five on Friday
        await flows.plan(db)
    with clock.frozen(datetime(2026, 11, 20, 22, 1, tzinfo=UTC)):
        await house.tick()
    (message,) = await house.messages()
    assert (message.status, message.reason) == (Status.QUEUED, "outside the send window")
    assert message.due_at == datetime(2026, 11, 23, 14, tzinfo=UTC)


async def test_the_next_step_follows_after_its_days(long_house):
    await long_house.tick()
    with clock.frozen(clock.now() + timedelta(days=3, minutes=30)):
        await long_house.tick()
    assert len(long_house.sent()) == 2
    assert (await long_house.enrolment()).step == 2


# ── What stops a sequence ────────────────────────────────────────────────────────────────────────


async def stopped(house, reason: str, status: Status = Status.CANCELLED) -> None:
    enrolment = await house.enrolment()
    assert (enrolment.status, enrolment.stop_reason) == ("stopped", reason)
    with clock.frozen(clock.now() + timedelta(days=4)):
        await house.tick()
    assert len(house.sent()) == 1
    assert (await house.messages())[-1].status == status


async def test_a_reply_stops_the_sequence_and_stands_on_the_timeline(long_house):
    await long_house.tick()
    (first,) = [m for m in await long_house.messages() if m.status == Status.SENT]
    long_house.reply(In_Reply_To=first.message_id)
    await long_house.tick()
    await stopped(long_house, "reply")
    inbound = [a for a in await long_house.all(Activity) if a.direction == "inbound"]
    assert [(a.subject, a.lead_id) for a in inbound] == [("Re: hello", long_house.lead.id)]


async def test_a_new_mail_from_the_person_stops_it_too(long_house):
    await long_house.tick()
    long_house.reply("By the way, I am interested.")
    await long_house.tick()
    await stopped(long_house, "reply")


async def test_the_same_reply_delivered_twice_counts_once(long_house):
    await long_house.tick()
    long_house.reply(name="same")
    await long_house.tick()
    await long_house.db.write(lambda s: s.execute(sa.text("DELETE FROM mailbox_states")))
    long_house.reply(name="same")
    await long_house.tick()
    assert len(await long_house.all(ReceivedMail)) == 1


async def test_an_out_of_office_is_no_reply_and_lets_the_sequence_rest(long_house):
    await long_house.tick()
    long_house.reply("I am away.", Auto_Submitted="auto-replied")
    await long_house.tick()
    enrolment = await long_house.enrolment()
    assert enrolment.status == "paused"
    with clock.frozen(enrolment.resume_at + timedelta(days=2)):
        await long_house.tick()
    assert len(long_house.sent()) == 2


async def test_the_word_stop_keeps_the_address_out_for_good(long_house):
    await long_house.tick()
    long_house.reply("STOP\n\n> Hello Grace")
    await long_house.tick()
    await stopped(long_house, "opt_out", Status.SUPPRESSED)
    assert [s.address_key for s in await long_house.all(Suppression)] == [GRACE]


async def test_a_bounce_keeps_the_address_out_for_good(long_house):
    await long_house.tick()
    (first,) = [m for m in await long_house.messages() if m.status == Status.SENT]
    long_house.reply(
        "--b\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\n"
        f"Message-ID: {first.message_id}\n\nhi\n--b--\n",
        From="MAILER-DAEMON@mx.com", Content_Type='multipart/report; report-type=delivery-status; boundary="b"',
    )  # fmt: skip
    await long_house.tick()
    await stopped(long_house, "bounce", Status.SUPPRESSED)


async def test_three_soft_bounces_are_as_good_as_a_hard_one(long_house):
    await long_house.tick()
    (first,) = [m for m in await long_house.messages() if m.status == Status.SENT]
    for n in range(3):
        assert await long_house.all(Suppression) == []
        long_house.reply(
            f"452 4.2.2 mailbox full\n\n{first.message_id}", name=str(n), From="mailer-daemon@mx.com",
            References=first.message_id,
        )  # fmt: skip
        await long_house.tick()
    assert [s.reason for s in await long_house.all(Suppression)] == ["bounce"]


async def change(house, **values):
    await house.db.write(leads.update, SYSTEM, lead_id=house.lead.id, data=LeadPatch(**values), if_match=None)


@pytest.mark.parametrize(("values", "reason", "status"), [
    ({"status": "qualified"}, "status", Status.CANCELLED),
    ({"email_opt_out": True}, "opt_out", Status.SUPPRESSED),
    ({"email": "other@customer.com"}, "address", Status.CANCELLED),
    ({"owner_id": None}, "owner", Status.CANCELLED),
])  # fmt: skip
async def test_a_change_of_the_lead_stops_the_sequence(long_house, values, reason, status):
    await long_house.tick()
    await change(long_house, **values)
    await stopped(long_house, reason, status)


async def test_other_changes_of_the_lead_do_not_stop_it(long_house):
    await long_house.tick()
    await change(long_house, city="Columbus", email_opt_out=False)
    assert (await long_house.enrolment()).is_live


async def test_deleting_the_lead_stops_the_sequence(long_house):
    await long_house.tick()
    await long_house.db.write(leads.archive, SYSTEM, lead_id=long_house.lead.id, if_match=None)
    await stopped(long_house, "archived")


async def test_a_call_logged_by_a_person_stops_the_sequence(long_house):
    await long_house.tick()
    data = ActivityIn(activity_type="call", subject="Talked", lead_id=long_house.lead.id)
    await long_house.db.write(activities.create, SYSTEM, data=data)
    await stopped(long_house, "contact")


async def test_a_person_may_stop_it_by_hand(long_house):
    await long_house.tick()
    await long_house.db.write(service.stop_by_hand, SYSTEM, enrolment_id=(await long_house.enrolment()).id)
    await stopped(long_house, "manual")


async def test_discarding_its_next_mail_stops_the_sequence(long_house):
    await long_house.tick()
    waiting = next(m for m in await long_house.messages() if m.status != Status.SENT)
    await long_house.db.write(outbox_service.discard, SYSTEM, message_id=waiting.id, remark="not this one")
    await stopped(long_house, "manual")


async def test_deleting_the_rule_stops_everybody_it_enrolled(long_house):
    await long_house.tick()
    await long_house.db.write(rules.delete, SYSTEM, rule_id=long_house.rule.id, if_match=None)
    await stopped(long_house, "sequence")


# ── The last word ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("values", "status"), [
    ({"status": "qualified"}, Status.CANCELLED), ({"owner_id": None}, Status.CANCELLED),
    ({"email": "new@customer.com"}, Status.CANCELLED), ({"email_opt_out": True}, Status.SUPPRESSED),
    ({"archived_at": datetime(2026, 1, 1, tzinfo=UTC)}, Status.CANCELLED),
])  # fmt: skip
async def test_what_changed_unnoticed_since_planning_is_noticed_at_the_last_moment(house, values, status):
    await flows.plan(house.db)
    await house.change_lead(**values)
    await house.tick()
    (message,) = await house.messages()
    assert message.status == status
    assert house.sent() == []
    assert (await house.enrolment()).status == "stopped"


async def test_a_mail_planned_before_a_stop_never_leaves_even_if_the_stop_missed_it(house):
    await flows.plan(house.db)
    enrolment = await house.enrolment()
    bump = sa.update(Enrolment).values(stop_epoch=enrolment.stop_epoch + 1)
    await house.db.write(lambda s: s.execute(bump))
    await house.tick()
    assert house.sent() == []


async def test_no_mail_leaves_while_replies_may_lie_unread(house):
    await flows.plan(house.db)
    await outbox.send_due(house.db, house.ports, worker="w")
    (message,) = await house.messages()
    assert "mailbox was not read" in message.reason
    assert house.sent() == []


async def test_without_a_mailbox_reader_nothing_waits_for_one(house):
    await flows.plan(house.db)
    await outbox.send_due(house.db, replace(house.ports, mailbox_reader=None), worker="w")
    assert len(house.sent()) == 1


async def test_a_rule_switched_off_keeps_its_mails_waiting(house):
    await flows.plan(house.db)
    await house.db.write(rules.switch_off, SYSTEM, rule_id=house.rule.id)
    await house.tick()
    (message,) = await house.messages()
    assert (message.status, message.reason) == (Status.QUEUED, "the rule is switched off")


async def test_nobody_gets_two_automatic_mails_within_twenty_hours(house):
    """Two rules may both find the same person."""
    await house.tick()

    def enrol_again(session):
        other = FollowUpRule(name="Other", sequence_id=house.rule.sequence_id, after_minutes=0, is_on=True)
        other.window_days, other.window_start, other.window_end = [1, 2, 3, 4, 5, 6, 7], "00:00", "00:00"
        session.add(other)

    await house.db.write(enrol_again)
    await house.tick()
    waiting = (await house.messages())[-1]
    assert len(house.sent()) == 1
    assert waiting.reason == "this person was written to already"
    with clock.frozen(clock.now() + timedelta(hours=21)):
        await house.tick()
    assert len(house.sent()) == 2


async def test_a_letter_that_lacks_a_field_is_held_and_named(house):
    await house.db.write(lambda s: s.execute(sa.text("UPDATE users SET name = ''")))
    await house.tick()
    (message,) = await house.messages()
    assert (message.status, message.reason) == (Status.HELD, "the template needs name")


# ── Rules ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_preview_shows_who_would_be_written_to_and_how(db, tmp_path):
    house = await furnish(db, tmp_path, on=False)
    shown = await db.read(rules.preview, SYSTEM, rule_id=house.rule.id)
    (item,) = shown.items
    assert (shown.total, item.recipient, item.owner) == (1, GRACE, "Ada Lovelace")
    assert item.subject == "Navy: a quick question from Ada Lovelace"
    assert house.sent() == []


async def test_a_rule_that_reaches_far_beyond_its_preview_switches_itself_off(house):
    def flood(session):
        for n in range(service.BLAST_FLOOR + 5):
            make_lead(session, email=f"p{n}@customer.com", owner_id=house.owner.id,
                      created_at=clock.now() - timedelta(days=1))  # fmt: skip

    await house.db.write(flood)
    await flows.plan(house.db)
    await flows.plan(house.db)
    (rule,) = await house.all(FollowUpRule)
    assert not rule.is_on
    assert "preview" in rule.off_reason
    assert len(await house.all(Enrolment)) == service.BLAST_FLOOR


async def test_changing_whom_a_rule_reaches_switches_it_off(house):
    change = RulePatch(after_minutes=5)
    rule = await house.db.write(rules.update, SYSTEM, rule_id=house.rule.id, data=change, if_match=None)
    assert not rule.is_on


async def test_renaming_a_rule_leaves_it_on(house):
    change = RulePatch(name="Other")
    assert (
        await house.db.write(rules.update, SYSTEM, rule_id=house.rule.id, data=change, if_match=None)
    ).is_on


async def test_a_lead_whose_mail_expired_does_not_stay_in_its_sequence(house):
    await flows.plan(house.db)
    with clock.frozen(clock.now() + service.TTL + timedelta(hours=1)):
        await house.tick()
        await house.tick()
    assert (await house.enrolment()).stop_reason == "expired"
