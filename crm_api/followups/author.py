"""The last word on a follow-up, and its words."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.core.templating import RenderedEmail, render_email
from crm_api.followups import service
from crm_api.followups.models import Enrolment, FollowUpRule
from crm_api.followups.people import Addressee, addressee
from crm_api.followups.windows import next_opening
from crm_api.mailboxes.service import last_read
from crm_api.organisation import service as organisation
from crm_api.outbox import service as outbox
from crm_api.outbox.authors import Go, Later, No, Verdict
from crm_api.outbox.models import OutboxMessage
from crm_api.outbox.state import Status
from crm_api.users.models import User

# At most one automatic mail a person in 20 hours and three in a week, over all rules.
LIMITS = ((1, timedelta(hours=20)), (3, timedelta(days=7)))
INBOX_AGE = timedelta(minutes=5)
LOOK_AGAIN = timedelta(seconds=5)
RULE_OFF_WAIT = timedelta(minutes=5)


class FollowUpAuthor:
    """Answers for the messages of sequences."""

    def hold(self, session: Session, message: OutboxMessage) -> None:
        """Lock the enrolment."""
        self._locked(session, message)

    def last_word(self, session: Session, message: OutboxMessage, *, inbox_is_read: bool) -> Verdict:
        """Everything that may have changed since the mail was planned, under a lock on its enrolment."""
        enrolment = self._locked(session, message)
        if enrolment is None or not enrolment.is_live or enrolment.stop_epoch != message.source_epoch:
            return No(Status.CANCELLED, (enrolment and enrolment.stop_reason) or "the sequence is over")
        reason = self._reason_to_stop(session, enrolment)
        if reason is not None:
            status = Status.SUPPRESSED if reason == "opt_out" else Status.CANCELLED
            service.stop(session, [enrolment], reason=reason, status=status)
            return No(status, reason)
        return self._reason_to_wait(session, enrolment, message, inbox_is_read) or Go()

    def write(self, session: Session, message: OutboxMessage) -> RenderedEmail:
        """The step's template, filled with what is known of whom it goes to, owner and organisation."""
        person = addressee(session, session.get_one(Enrolment, message.source_id))
        owner = session.get_one(User, message.sender_id)
        return render_email(message.template or "", values_for(session, person, owner))

    def _locked(self, session: Session, message: OutboxMessage) -> Enrolment | None:
        return session.scalars(
            sa.select(Enrolment)
            .where(Enrolment.id == message.source_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).first()

    def _reason_to_stop(self, session: Session, enrolment: Enrolment) -> str | None:
        person, owner = addressee(session, enrolment), session.get_one(User, enrolment.owner_id)
        if person.is_gone:
            return "archived"
        if person.email_opt_out or outbox.is_suppressed(session, enrolment.address_key):
            return "opt_out"
        if person.status != enrolment.lead_status:
            return "status"
        if not owner.is_active or (enrolment.lead_id is not None and person.owner_id != owner.id):
            return "owner"
        if outbox.recipient_key(person.email or "") != enrolment.address_key:
            return "address"
        return None

    def _reason_to_wait(
        self, session: Session, enrolment: Enrolment, message: OutboxMessage, inbox_is_read: bool
    ) -> Later | None:
        now = clock.now()
        rule = session.get(FollowUpRule, enrolment.rule_id) if enrolment.rule_id else None
        if rule is not None and not rule.is_on:
            return Later(now + RULE_OFF_WAIT, "the rule is switched off")
        if enrolment.resume_at is not None and enrolment.resume_at > now:
            return Later(enrolment.resume_at, "out of office")
        closed = service.closed_for(session, addressee(session, enrolment))
        opening = next_opening(service.window_of(session, enrolment), enrolment.zone, now, closed=closed)
        if opening != now:
            return Later(opening or now + timedelta(days=1), "outside the send window")
        if inbox_is_read and not self._inbox_is_fresh(session, message, now):
            return Later(now + LOOK_AGAIN, "the sender's mailbox was not read in the last 5 minutes")
        turn = outbox.next_turn(
            session, address=message.recipient_address, purposes=(service.PURPOSE,), limits=LIMITS
        )
        return Later(turn, "this person was written to already") if turn else None

    def _inbox_is_fresh(self, session: Session, message: OutboxMessage, now: datetime) -> bool:
        """A reply that lies unread must stop the mail that would cross it."""
        read_at = last_read(session, message.sender_address)
        return read_at is not None and read_at >= now - INBOX_AGE


def values_for(session: Session, person: Addressee, owner: User) -> dict[str, dict[str, object]]:
    """What a template may say: plain values, never rows. `person` and `lead` are the same one."""
    profile = organisation.profile(session)
    return {
        "person": person.known,
        "lead": person.known,
        "owner": {"name": owner.name, "email": owner.email, "phone": owner.phone},
        "organisation": {"name": profile.name, "postal_address": profile.printed_address},
    }
