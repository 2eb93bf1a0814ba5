"""Letters that went out, and how the tests bring them about."""

import mailbox
from email.message import Message
from pathlib import Path
from typing import Any

import httpx

ALWAYS = {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"}


class Letters:
    """What lies in the Maildirs under `root`, by recipient."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def to(self, address: str) -> list[Message]:
        """Every mail to that address."""
        folder = self._root / address
        return list(mailbox.Maildir(folder, create=False)) if (folder / "new").is_dir() else []


def switched_on(client: httpx.Client, *, steps: int = 1) -> Any:
    """A rule for leads nobody has contacted at all, with a window open all week, switched on."""
    step = {"template": "followup_first", "delay_days": 0}
    body = {"name": "At once", "after_minutes": 0, "window": ALWAYS, "steps": [step] * steps}
    made = client.post("/api/v1/crm/followups/rules", json=body)
    assert made.status_code == 201, made.text
    on = client.post(f"/api/v1/crm/followups/rules/{made.json()['id']}/switch-on")
    assert on.status_code == 200, on.text
    return on.json()


def new_lead(client: httpx.Client, *, email: str, owner: str | None = None) -> Any:
    """A lead with that address, owned by the user of that address or by the signed-in one."""
    users = client.get("/api/v1/users", params={"page_size": 200}).json()["items"]
    me = client.get("/api/v1/auth/me").json()["email"]
    owner_id = next(user["id"] for user in users if user["email"] == (owner or me))
    made = client.post(
        "/api/v1/crm/leads",
        json={"first_name": "Nora", "last_name": "Quist", "company_name": "Quist & Co", "email": email,
              "owner_id": owner_id},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    return made.json()
