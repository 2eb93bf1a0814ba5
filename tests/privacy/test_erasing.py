"""Erasing a person of whom much is known: nothing is left anywhere, and what is others' stays."""

from typing import Any

from sqlalchemy.orm import Session

from crm_api.core import search
from crm_api.core.database import Database
from tests.privacy.grep import everywhere
from tests.privacy.person import EMAIL, SECRETS, well_known
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
    assert set(await left(api.db)) == set(SECRETS) - {"555-0187"} | {"555-0187"}

    await erased(api, client, {"email": EMAIL}, also_known_as=["Quillfeather"])

    assert await left(api.db) == {}
