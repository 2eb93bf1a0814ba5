"""The pages without a browser: a client that keeps the cookie, sends forms as pages do, and reads tokens."""

import gzip
import re
from typing import Any

import httpx

from crm_api.pages.assets import library
from crm_api.users import sessions
from crm_api.users.models import User
from tests.support.api import Api

OWN = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
FRAGMENT = {"HX-Request": "true"}


def weight(page: httpx.Response) -> int:
    """The compressed bytes of a page and of the files it names."""
    named = [asset for name, asset in library().items() if f"/{name}" in page.text]
    assert {"app.css", "app.js", "htmx.js"} <= {asset.path.rpartition("/")[2] for asset in named}
    return len(gzip.compress(page.content)) + sum(len(asset.packed) for asset in named)


class Visit:
    """Somebody looking at pages. `await visit.post(path, field=…)` sends a form of the last page seen."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client, self.token = client, ""

    async def get(self, path: str = "/", **headers: str) -> httpx.Response:
        """Open a page as a browser does, without following redirects."""
        return self._noted(await self.client.get(path, headers={"Accept": "text/html", **headers}))

    async def post(self, path: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        """Send a form with the token of the page it stands on."""
        data = {"csrf_token": self.token, **fields}
        return self._noted(await self.client.post(path, data=data, headers={**OWN, **(headers or {})}))

    def _noted(self, response: httpx.Response) -> httpx.Response:
        if found := re.search(r'name="csrf_token"\s+value="([^"]+)"', response.text):
            self.token = found[1]
        return response


async def visiting(api: Api, user: User) -> Visit:
    """`user`, signed in on the pages, with the start page open."""
    opened = await api.db.write(sessions.open_session, user.email or "", user.id, channel="web")
    assert isinstance(opened, sessions.Opened)
    visit = Visit(api.anonymous())
    visit.client.cookies.set("rounds", opened.token)
    page = await visit.get("/")
    assert page.status_code == 200, page.text
    return visit
