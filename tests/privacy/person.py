"""A person of whom much is known, in every table that people get into."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import SYSTEM
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.ids import new_id
from crm_api.events import flows as relay
from crm_api.events.models import EventDelivery, EventRow
from crm_api.followups.models import Enrolment, FollowUpRule, Sequence
from crm_api.imports.models import ImportRun
from crm_api.mailboxes import service as mailboxes
from crm_api.notifications.models import Notification
from crm_api.outbox import service as outbox
from crm_api.outbox.models import OutboxMessage, RecipientTurn
from crm_api.outbox.timeline import tell
from crm_api.ports import IncomingEmail, Mailbox, MailboxChanges
from crm_api.questions.models import AskedQuestion
from crm_api.users import sessions
from crm_api.users.models import SignInAttempt, User
from crm_api.visits.models import VisitPlan, VisitPlanStop
from crm_api.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from tests.factories import make_user

CRM = "/api/v1/crm"
EMAIL, FORMER = "dana.quillfeather@riverside.example", "dquillfeather@private.example"
NAME, PHONE, MOBILE = "Dána Quillfeather", "+49 (30) 901820-44", "+1 614 555 0187"
# "Quillfeather" stands alone in no text that is not about her, so nothing of it may be left.
SECRETS = (
    EMAIL, FORMER, NAME, "Quillfeather", "4930901820", "901820-44", "90182044", "555 0187", "6145550187", "555-0187",
    "Lighthouse Lane", "allergic to strawberries", "size forty shoes", "her private number",
)  # fmt: skip


@dataclass
class Person:
    """Her records, and those of others that speak of her."""

    client: httpx.AsyncClient
    ids: dict[str, str] = field(default_factory=dict)

    async def post(self, path: str, status: int = 201, **body: Any) -> dict[str, Any]:
        """A request that has to work."""
        answer = await self.client.post(
            f"{CRM}/{path}", json=body, headers={"Idempotency-Key": str(new_id())}
        )
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def upload(self, name: str, content: bytes, **form: str) -> str:
        """A file that has to be taken in; returns its id."""
        files = {"file": (name, content)}
        answer = await self.client.post(f"{CRM}/attachments", files=files, data=form)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def patch(self, path: str, **body: Any) -> None:
        """A change that has to work."""
        answer = await self.client.patch(f"{CRM}/{path}", json=body)
        assert answer.status_code == 200, answer.text


async def well_known(db: Database, client: httpx.AsyncClient) -> Person:
    """Put her into everything."""
    her = Person(client)
    await _fields(her)
    await _records(her)
    await _mentions(her)
    await db.write(_rows, her)
    await relay.relay(db)
    await db.write(_deliveries)
    return her


async def _fields(her: Person) -> None:
    await her.post("custom-fields", kind="contact", key="diet", label="Diet", type="text", searchable=True)
    await her.post("custom-fields", kind="lead", key="shoes", label="Shoes", type="text", searchable=True)
    await her.post(
        "custom-fields", kind="account", key="advisor", label="Advisor", type="text", searchable=True
    )
    await her.post(
        "custom-fields", kind="account", key="champion", label="Champion", type="reference", target="contact"
    )


async def _records(her: Person) -> None:
    account = await her.post("accounts", name="Riverside Motors", phone="+1 614 555 0100")
    contact = await her.post(
        "contacts", first_name="Dána", last_name="Quillfeather", email=FORMER, phone=PHONE, mobile=MOBILE,
        job_title="Buyer", street="7 Lighthouse Lane", account_id=account["id"], tags=["Buyer"],
        custom_fields={"diet": "allergic to strawberries"}, description="Her private number is on the card",
    )  # fmt: skip
    await her.patch(f"contacts/{contact['id']}", email=EMAIL, job_title="Head of fleet")
    lead = await her.post(
        "leads", title=f"{NAME} wants twelve vans", first_name="Dána", last_name="Quillfeather", email=EMAIL,
        phone=MOBILE, custom_fields={"shoes": "size forty shoes"}, tags=["Fleet"],
    )  # fmt: skip
    deal = await her.post(
        "opportunities",
        name=f"Vans for {NAME}",
        account_id=account["id"],
        contact_id=contact["id"],
        estimated_value=9,
    )
    her.ids |= {
        "account": account["id"],
        "contact": contact["id"],
        "lead": lead["id"],
        "opportunity": deal["id"],
    }
    boss = await her.post("contacts", first_name="Ann", last_name="Lee", reports_to_id=contact["id"])
    her.ids["report"] = boss["id"]
    await her.patch(
        f"accounts/{account['id']}", custom_fields={"advisor": f"{NAME}, mornings", "champion": contact["id"]}
    )
    for n in range(3):
        await her.post(
            "activities", activity_type="call", subject=f"Call {n} with {NAME}", contact_id=contact["id"],
            description="She gave me her private number", outcome="Reached Ms Quillfeather",
        )  # fmt: skip
    both = await her.post(
        "activities", activity_type="visit", subject=f"Visited {NAME}", contact_id=contact["id"],
        account_id=account["id"], outcome="Quillfeather signs on Monday",
    )  # fmt: skip
    await her.post("activities", activity_type="note", subject="About Quillfeather", lead_id=lead["id"])
    await _files(her)
    her.ids["visit"] = both["id"]
    await her.patch(f"leads/{lead['id']}", status="contacted")


async def _files(her: Person) -> None:
    """Her passport on her contact, her letter in a call with her firm, and a paper on the firm that names her."""
    where = {"kind": "contact", "record_id": her.ids["contact"]}
    passport = await her.upload("Passport of Quillfeather.txt", b"Her private number", **where)
    letter = await her.upload(f"{NAME}.txt", b"I am allergic to strawberries")
    await her.post(
        "communications", type="phone", contact_id=her.ids["contact"], account_id=her.ids["account"],
        contact_person=NAME, content="She gave me her private number", related_order="Order of Quillfeather",
        attachments=[{"file_id": letter}, {"url": "https://files.example/Quillfeather.pdf"}],
    )  # fmt: skip
    where = {"kind": "account", "record_id": her.ids["account"]}
    her.ids["paper"] = await her.upload(f"What {NAME} signed.txt", b"Signed", **where)
    her.ids |= {"passport": passport, "letter": letter}


async def _mentions(her: Person) -> None:
    await her.patch(
        f"accounts/{her.ids['account']}", description=f"Ask {NAME} ({EMAIL}) or ring 030 901820-44"
    )
    await her.patch(f"accounts/{her.ids['account']}", website="https://riverside.example")
    elsewhere = await her.post(
        "activities", activity_type="call", subject="Somebody else's call", account_id=her.ids["account"],
        description=f"They said: write to {EMAIL.upper()}, or 614-555-0187, and ask for dána\nquillfeather.",
    )  # fmt: skip
    her.ids["elsewhere"] = elsewhere["id"]
    where = {"field": "email", "op": "eq", "value": EMAIL}
    await her.post("views", name=f"Only {NAME}", kind="contact", where=where)
    await her.post("leads/search", 200, search="Quillfeather")
    await her.client.post("/api/v1/crm/ask", json={"question": f"Which leads does {NAME} have?"})
    await her.post("tags", name=NAME)


def _rows(session: Session, her: Person) -> None:
    now = clock.now()
    owner = make_user(session, email="owner@ours.example", name="Olga Owner")
    lead, contact = UUID(her.ids["lead"]), UUID(her.ids["contact"])
    for kind, record_id in (("lead", lead), ("account", UUID(her.ids["account"]))):
        session.add(
            Notification(
                user_id=owner.id, type="assignment", key=str(record_id), kind=kind, record_id=record_id,
                summary=f"Ask {NAME} ({EMAIL})", in_app=True, by_mail=False,
            )
        )  # fmt: skip
    sequence = Sequence(name="Welcome", steps=[{"template": "hello", "note": f"first for {EMAIL}"}])
    session.add(sequence)
    session.flush()
    rule = FollowUpRule(
        name="New leads", sequence_id=sequence.id, after_minutes=30,
        conditions={"field": "email", "op": "ne", "value": EMAIL},
    )  # fmt: skip
    enrolment = Enrolment(
        sequence_id=sequence.id, lead_id=lead, owner_id=owner.id, address_key=EMAIL, lead_status="new"
    )
    session.add_all([rule, enrolment])
    session.flush()
    message = _message(session, owner, enrolment, lead=lead)
    tell(session, message)
    _message(session, owner, enrolment, contact=contact, status="planned", address=FORMER)
    mail = IncomingEmail(
        "p-1", "<1@riverside.example>", Mailbox(EMAIL, NAME), (Mailbox("owner@ours.example"),), f"Re: from {NAME}",
        "I am allergic to strawberries", now, in_reply_to=message.message_id,
    )  # fmt: skip
    stop = IncomingEmail(
        "p-2", "<2@riverside.example>", Mailbox(EMAIL, NAME), (Mailbox("owner@ours.example"),), "Stop", "STOP", now,
        in_reply_to=message.message_id,
    )  # fmt: skip
    mailboxes.take_in(session, "owner@ours.example", MailboxChanges((mail, stop), "c-1"), asked_at=now)
    outbox.suppress(session, SYSTEM, address=FORMER, reason="bounce", note=f"{NAME} is gone")
    session.add(RecipientTurn(recipient_key=EMAIL, checked_at=now))
    session.add(SignInAttempt(email_key=EMAIL, at=now, succeeded=False))
    session.add(
        AskedQuestion(question=f"leads of {NAME}", planner="words", outcome="answered", plan={"who": EMAIL})
    )
    session.add(
        ImportRun(
            kind="lead",
            file_name=f"{NAME}.csv",
            system="old",
            digest="d",
            mapping="{}",
            message=f"{EMAIL} twice",
        )
    )
    _user(session)
    plan_of(session, UUID(her.ids["account"]), owner)
    hook = Webhook(
        name="ERP",
        url="https://erp.example",
        event_types=["*"],
        exclude_origins=[],
        owner_id=owner.id,
        secret=b"s",
    )
    session.add(hook)
    owner.role = "administrator"
    session.flush()


def _message(
    session: Session, owner: User, enrolment: Enrolment, *, lead: UUID | None = None, contact: UUID | None = None,
    status: str = "sent", address: str = EMAIL,
) -> OutboxMessage:  # fmt: skip
    n = new_id()
    message = OutboxMessage(
        purpose="followup", idem_key=str(n), status=status, sender_address="owner@ours.example",
        recipient_address=address, recipient_name=NAME, recipient_key=address, subject=f"Hello {NAME}",
        text="about your vans", html=f"<p>{EMAIL}</p>", lead_id=lead, contact_id=contact, sender_id=owner.id,
        message_id=f"<{n}@ours.example>", source_id=enrolment.id, sent_at=clock.now(),
        sending_at=clock.now() - timedelta(hours=1),
    )  # fmt: skip
    session.add(message)
    session.flush()
    return message


def _user(session: Session) -> None:
    """She once worked here, too."""
    user = make_user(
        session, name=NAME, email="dana@ours.example", phone=PHONE, home_latitude=52.5, home_longitude=13.4
    )
    opened = sessions.open_session(
        session, "dana@ours.example", user.id, channel="api", user_agent="Dana's phone"
    )
    assert isinstance(opened, sessions.Opened)
    user.email, user.email_key = EMAIL, EMAIL
    user.is_active = False
    session.flush()


def plan_of(session: Session, account_id: UUID, owner: User) -> None:
    """A planned day with one stop."""
    now = clock.now()
    times = dict.fromkeys(("shift_starts_at", "shift_ends_at", "leaves_at", "returns_at", "over_at"), now)
    zeros = dict.fromkeys(
        ("visits", "value", "driving_seconds", "driving_metres", "visiting_seconds", "idle_seconds"), 0
    )
    places = dict.fromkeys(("start_latitude", "start_longitude", "end_latitude", "end_longitude"), 1.0)
    plan = VisitPlan(
        owner_id=owner.id, day=now.date(), time_zone="UTC", engine="moves", travel_source="circle", is_estimate=True,
        notes=[f"{NAME} is away"], **times, **zeros, **places,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    stop_times = dict.fromkeys(("leaves_at", "arrives_at", "starts_at", "ends_at"), now)
    figures = dict.fromkeys(("driving_seconds", "driving_metres", "waiting_seconds", "value"), 0)
    session.add(
        VisitPlanStop(
            plan_id=plan.id,
            position=0,
            account_id=account_id,
            latitude=1.0,
            longitude=1.0,
            must_see=False,
            has_appointment=False,
            reasons=[{"text": f"{NAME} asked for it"}],
            **stop_times,
            **figures,
        )
    )


def _deliveries(session: Session) -> None:
    """Receivers answered with what they were told, and handlers failed with it."""
    hook = session.scalars(sa.select(Webhook)).one()
    for event in session.scalars(sa.select(EventRow).where(EventRow.kind.in_(("contact", "lead")))):
        told = {"response_excerpt": f"stored {NAME}", "error": f"{EMAIL} is unknown here"}
        delivery = session.scalars(
            sa.select(WebhookDelivery).where(WebhookDelivery.event_id == event.id)
        ).first()
        if delivery is None:
            delivery = WebhookDelivery(
                webhook_id=hook.id, event_id=event.id, event_type=event.type, due_at=clock.now()
            )
            session.add(delivery)
        delivery.response_excerpt, delivery.error = told["response_excerpt"], told["error"]
        session.flush()
        session.add(WebhookAttempt(delivery_id=delivery.id, at=clock.now(), latency_ms=1, **told))
        session.add(EventDelivery(event_id=event.id, handler=f"test-{event.id}", error=told["error"]))
