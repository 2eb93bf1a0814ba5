"""A dealer house with one owner, one lead, one rule that is on, and its mail folder."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crm_api import subscriptions
from crm_api.access import SYSTEM
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.followups import flows as followups
from crm_api.followups import rules
from crm_api.followups.models import Enrolment, FollowUpRule
from crm_api.followups.schemas import RuleIn, Step, Window
from crm_api.leads.models import Lead
from crm_api.mailboxes import flows as mailboxes
from crm_api.outbox import flows as outbox
from crm_api.outbox.models import OutboxMessage
from crm_api.ports import Ports
from crm_api.users.models import User
from integrations.offline.maildir import MaildirReader, MaildirSender, folder
from tests.factories import make_lead, make_organisation, make_user

ALL_WEEK = Window(days=[1, 2, 3, 4, 5, 6, 7], start="00:00", end="24:00")
ADA, GRACE = "ada@dealer-house.com", "grace@customer.com"


@dataclass
class House:
    """What a test acts on."""

    db: Database
    root: Path
    ports: Ports
    owner: User
    lead: Lead
    rule: FollowUpRule

    async def tick(self) -> None:
        """One round of the scheduler: read mail, plan, send, look for what was lost."""
        await mailboxes.sync_mailboxes(self.db, self.ports)
        await followups.plan(self.db)
        await outbox.send_due(self.db, self.ports, worker="test")
        await outbox.reconcile(self.db, self.ports)

    def sent(self, address: str = GRACE) -> list[str]:
        """The mails a person got, oldest first."""
        new = folder(self.root, "out", address) / "new"
        return [path.read_text() for path in sorted(new.iterdir())] if new.is_dir() else []

    def reply(self, text: str = "Yes, please call.", *, name: str = "1", **headers: str) -> None:
        """Drop a mail from the lead into the owner's mailbox."""
        new = folder(self.root, "in", ADA) / "new"
        new.mkdir(parents=True, exist_ok=True)
        lines = {
            "From": f"Grace <{GRACE}>",
            "To": ADA,
            "Subject": "Re: hello",
            "Message-ID": f"<{name}@customer.com>",
        }
        lines |= {key.replace("_", "-"): value for key, value in headers.items()}
        (new / name).write_text("".join(f"{key}: {value}\n" for key, value in lines.items()) + "\n" + text)

    async def all(self, model: type[Any]) -> list[Any]:
        """Every row of a table, in the order of their ids."""
        return await self.db.read(lambda s: list(s.scalars(sa.select(model).order_by(model.id))))

    async def enrolment(self) -> Enrolment:
        """The only enrolment."""
        (found,) = await self.all(Enrolment)
        return found

    async def messages(self) -> list[OutboxMessage]:
        """All messages."""
        return await self.all(OutboxMessage)

    async def change_lead(self, lead_id: UUID | None = None, **values: Any) -> None:
        """Change a lead behind everybody's back."""
        chosen = lead_id or self.lead.id
        await self.db.write(lambda s: s.execute(sa.update(Lead).where(Lead.id == chosen).values(**values)))


async def furnish(
    db: Database, root: Path, *, steps: int = 1, window: Window = ALL_WEEK, on: bool = True, **rule: Any
) -> House:
    """Make the house. The lead is two days old and nobody was in touch."""
    subscriptions.install()
    templates = ["followup_first", "followup_second", "followup_second"]
    data = RuleIn(
        name="First mail", after_minutes=rule.pop("after_minutes", 0), window=window,
        steps=[Step(template=t, delay_days=3 if n else 0) for n, t in enumerate(templates[:steps])], **rule,
    )  # fmt: skip

    def make(session: Any) -> tuple[User, Lead, FollowUpRule]:
        make_organisation(session, name="Dealer House", postal_address="1 Main Street")
        owner = make_user(session, "rep", email=ADA, name="Ada Lovelace", time_zone="America/New_York")
        lead = make_lead(
            session, email=GRACE, first_name="Grace", company_name="Navy", owner_id=owner.id,
            created_at=clock.now() - timedelta(days=2),
        )  # fmt: skip
        made = rules.create(session, SYSTEM, data=data)
        session.flush()
        if on:
            rules.switch_on(session, SYSTEM, rule_id=made.id)
        return owner, lead, made

    owner, lead, made = await db.write(make)
    ports = Ports(MaildirSender(root), MaildirReader(root), None, None)  # type: ignore[arg-type]
    return House(db, root, ports, owner, lead, made)
