"""What lies near a town: in lists, in conditions and in questions."""

import math
import random
import re
from urllib.parse import urlencode

import pytest
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core.database import Database
from crm_api.questions.service import ask_offline
from tests.factories import actor_for, make_account, make_organisation, make_user
from tests.support.api import Api
from tests.support.pages import visiting

COLUMBUS, DUBLIN = (39.96, -83.0), (40.10, -83.11)  # 18 km apart
TOLEDO, COLUMBUS_IN_GEORGIA = (41.65, -83.54), (32.46, -84.99)


def dealers(session: Session) -> Actor:
    """Four dealers of Ada's in Ohio and one in Georgia; one more is somebody else's."""
    make_organisation(session)
    ada, bob = make_user(session, name="Ada Lovelace"), make_user(session, name="Bob Builder")
    for name, city, place, owner in (
        ("Aardvark", "Columbus", COLUMBUS, ada),
        ("Badger", "Dublin", DUBLIN, ada),
        ("Civet", "Toledo", TOLEDO, ada),
        ("Dingo", "Columbus", COLUMBUS_IN_GEORGIA, ada),
        ("Egret", "Reykjavik", TOLEDO, bob),
    ):
        make_account(
            session, name=name, account_type="dealer", billing_city=city, owner_id=owner.id, latitude=place[0],
            longitude=place[1], coordinates_source="pin",
        )  # fmt: skip
    make_account(
        session, name="Fox", account_type="dealer", shipping_city="Wausau", owner_id=ada.id, latitude=44.96,
        longitude=-89.63, coordinates_source="pin",
    )  # fmt: skip
    make_account(session, name="Nowhere", account_type="dealer", billing_city="Columbus", owner_id=ada.id)
    return actor_for(session, ada)


async def found(api: Api, near: str) -> list[str]:
    client = await api.client()
    answer = await client.get("/api/v1/crm/accounts", params={"near": near, "sort": "name"})
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("near", "names"),
    [
        ("Columbus", ["Aardvark", "Badger", "Dingo"]),
        ("columbus", ["Aardvark", "Badger", "Dingo"]),
        ("10 km of Columbus", ["Aardvark", "Dingo"]),
        ("12 miles of Columbus", ["Aardvark", "Badger", "Dingo"]),
        ("20 km of Dublin", ["Aardvark", "Badger"]),
        ("Wausau", ["Fox"]),
        ("Dublin,Toledo", ["Aardvark", "Badger", "Civet", "Egret"]),
        ("Atlantis", []),
        ("20 km of ", []),
    ],
)
async def test_a_list_is_narrowed_to_what_lies_near_a_town(api: Api, near: str, names: list[str]) -> None:
    await api.db.write(dealers)

    assert await found(api, near) == names


async def test_a_town_is_known_only_by_accounts_one_may_see(api: Api, db: Database) -> None:
    ada = await db.write(dealers)
    answer = await db.read(ask_offline, actor=ada, turns=["dealers near Reykjavik"])

    assert answer.status == "not_understood"
    assert "reykjavik" in answer.answer.lower()


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("dealers near Columbus", ["Aardvark", "Badger", "Dingo"]),
        ("dealers around Wausau", ["Fox"]),
        ("which dealers are within 10 km of Columbus?", ["Aardvark", "Dingo"]),
        ("accounts in a 12 mile radius of Columbus", ["Aardvark", "Badger", "Dingo"]),
        ("my accounts close to Dublin", ["Aardvark", "Badger"]),
        ("dealers near Columbus I haven't visited in 60 days", ["Aardvark", "Badger", "Dingo"]),
        ("accounts in Columbus", ["Aardvark", "Dingo", "Nowhere"]),
    ],
)
async def test_a_question_finds_what_lies_near(db: Database, question: str, names: list[str]) -> None:
    ada = await db.write(dealers)

    answer = await db.read(ask_offline, actor=ada, turns=[question])

    assert answer.status == "answered", answer.answer
    assert sorted(row[0] if isinstance(row, list) else row["name"] for row in answer.rows) == names


async def test_near_says_how_far_it_takes_that_to_be_and_leads_to_the_list(api: Api) -> None:
    await api.db.write(dealers)

    answer = (
        await (await api.client()).post("/api/v1/crm/ask", json={"question": "dealers near Columbus"})
    ).json()

    assert answer["assumptions"] == ["near is within 50 km of the accounts in Columbus"]
    assert answer["view_url"] == "/crm/accounts?account_type=dealer&near=Columbus"
    assert answer["total_rows"] == 3


async def test_what_is_near_is_so_on_a_globe(db: Database, api: Api) -> None:
    draw = random.Random(7)
    places = [(draw.uniform(59, 61), draw.uniform(9, 13)) for _ in range(60)]

    def strewn(session: Session) -> None:
        for n, (latitude, longitude) in enumerate([(60.0, 11.0), *places]):
            make_account(
                session, name=f"{n:02}", billing_city="" if n else "Midtown", latitude=latitude, longitude=longitude,
                coordinates_source="pin",
            )  # fmt: skip

    await db.write(strewn)
    near = await found(api, "70 km of Midtown")

    def metres(place: tuple[float, float]) -> float:
        (a, b), (c, d) = ((math.radians(x) for x in each) for each in ((60.0, 11.0), place))
        return 6_371_000 * math.acos(math.sin(a) * math.sin(c) + math.cos(a) * math.cos(c) * math.cos(b - d))

    sure = [f"{n + 1:02}" for n, place in enumerate(places) if metres(place) < 69_000]
    out = [f"{n + 1:02}" for n, place in enumerate(places) if metres(place) > 71_000]
    assert set(sure) <= set(near)
    assert not set(out) & set(near)
    assert len(sure) > 5


@pytest.mark.parametrize(
    ("near", "chip"),
    [("Columbus", "Near Columbus"), ("20 km of Columbus", "Within 20 km of Columbus")],
)
async def test_the_chip_of_a_list_says_it_as_people_do(api: Api, near: str, chip: str) -> None:
    visit = await visiting(api, await api.db.write(make_user, "administrator"))
    page = await visit.get(f"/crm/accounts?{urlencode({'near': near})}")
    assert chip in " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
