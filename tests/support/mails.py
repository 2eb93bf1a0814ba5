"""Mails for tests."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from crm_api.ports import Mailbox, OutgoingEmail


def make_mail(**overrides: Any) -> OutgoingEmail:
    """A complete mail with a key of its own."""
    key = overrides.pop("send_key", None) or str(uuid4())
    mail = OutgoingEmail(
        send_key=key,
        message_id=f"<{key}@mail.rounds-crm.com>",
        sender=Mailbox("ada@dealer-house.com", "Ada Lovelace"),
        recipient=Mailbox("grace@customer.com", "Grace Hopper"),
        subject="Your question about the tractor",
        text="Hello Grace,\n\nmay I call you?\n",
        html="<p>Hello Grace,</p>",
    )
    return replace(mail, **overrides)
