"""Somebody who opens pages over HTTP as a browser does, without one: signs in, keeps the cookie, sends forms."""

import re
from contextlib import suppress
from types import TracebackType

import httpx

from tools import pages
from tools.pages import Page

FORGOTTEN = "https://127.0.0.1:9/nobody-listens"  # where the webhook goes that its page is shown of


class Walker:
    """Somebody signed in at `address`; `ids` are the records that the addresses of pages name."""

    def __init__(self, address: str, email: str, password: str) -> None:
        own = {"Accept": "text/html", "Origin": address, "Sec-Fetch-Site": "same-origin"}
        self.client = httpx.Client(base_url=address, timeout=60, headers=own)
        self.ids: dict[str, str] = {}
        self._token = ""
        answer = self.client.post("/sign-in", data={"email": email, "password": password})
        assert answer.status_code == 303, f"{email} could not sign in: {answer.status_code}"
        self.html("/")

    def __enter__(self) -> "Walker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.client.close()

    def get(self, path: str, *, part: bool = False) -> httpx.Response:
        """Open a page, or ask for a part of one."""
        return self._noted(self.client.get(path, headers={"HX-Request": "true"} if part else {}))

    def html(self, path: str) -> str:
        """A page that has to be there."""
        answer = self.get(path)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}"
        return answer.text

    def post(
        self, path: str, *, files: dict[str, tuple[str, bytes]] | None = None, **fields: str
    ) -> httpx.Response:
        """Send a form with the token of the last page."""
        return self._noted(self.client.post(path, data={"csrf_token": self._token, **fields}, files=files))

    def _noted(self, answer: httpx.Response) -> httpx.Response:
        if token := re.search(r'name="csrf_token"\s+value="([^"]+)"', answer.text):
            self._token = token[1]
        return answer

    def look_up(self) -> dict[str, str]:
        """The records that the addresses of pages name, as far as this person is shown any."""
        for name, (path, _) in pages.LOOKED_UP.items():
            with suppress(LookupError):
                self.ids[name] = pages.found(name, self.get(path).text)
        return self.ids

    def address(self, page: Page) -> str:
        """Where a page is; raises KeyError for a record that nobody looked up."""
        return page.path.format(**self.ids)

    def ask(self) -> None:
        """Ask something, so that the parts of an answer have an address."""
        answer = self.post("/crm/ask", question="leads by source")
        plan = re.search(r"/crm/ask/([0-9a-f-]{36})/rows", answer.text) or re.search(
            r"/crm/ask/([0-9a-f-]{36})/", answer.text
        )
        assert plan, "the answer has no address"
        self.ids["answer"] = plan[1]

    def set_up(self) -> None:
        """Make what only an administrator makes, and has a page: a webhook, a tag, an import that was tried."""
        self.post("/crm/settings/webhooks/new", url=FORGOTTEN, event_types="lead.created", name="Example")
        self.post("/crm/settings/tags/new", name="Key account", color="blue")
        rows = b"id,name\n1,First example\n2,Second example\n"
        taken = self.post("/crm/imports/new", files={"file": ("accounts.csv", rows)}, kind="accounts")
        upload = re.search(r"/crm/imports/([^/\"]+)/check", taken.text)
        assert upload, "the file was not taken"
        typed = {"column:id": "external_id", "column:name": "name"}
        self.post(
            f"/crm/imports/{upload[1]}/check", kind="accounts", system="import", name="accounts.csv", **typed
        )

    def plan(self) -> None:
        """Plan today as somebody who drives, and take the plan."""
        page = self.html("/crm/visits")
        day = re.search(r'name="day"[^>]*value="([0-9-]{10})"', page)
        assert day, "no day is offered"
        made = self.post("/crm/visits/plan", day=day[1])
        plan = re.search(r"plan=([0-9a-f-]{36})", made.headers.get("location", ""))
        assert plan, f"no plan was made: {made.status_code}"
        self.html(f"/crm/visits?plan={plan[1]}")
        self.post(f"/crm/visits/plans/{plan[1]}/accept")
