"""Where accounts are: found, doubted, chosen, pinned, and let go of after thirty days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from crm_api.accounts.models import Account
from crm_api.audit.models import AuditEntry
from crm_api.core import clock
from crm_api.events.models import EventRow
from crm_api.maps import geocoding
from crm_api.maps.models import AccountPlace
from crm_api.ports import Coordinates, GeocodedPlace, PermanentFailure, TemporaryFailure
from tests.factories import make_account, make_user
from tests.support.api import serving
from tests.support.ports import offline_ports

MAPS = "/api/v1/crm/maps"
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SURE = GeocodedPlace(Coordinates(39.96, -83.0), "1 High St, Columbus", "exact", "google", place_id="ChIJ1")


class Geocoder:
    """Google as the core sees it: answers what `found` says of an address, or raises it."""

    name = "google"

    def __init__(self, found=None, micros=5_000):
        self.found, self.micros, self.asked = found or {}, micros, []

    def price(self, look_ups):
        return look_ups * self.micros

    async def geocode(self, address, *, country=None):
        self.asked.append(address)
        answer = self.found.get(address, [SURE])
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def geocoder():
    return Geocoder()


@pytest.fixture
async def house(db, tmp_path, geocoder):
    async with serving(db, tmp_path, replace(offline_ports(tmp_path), geocoder=geocoder)) as api:
        yield api


async def accounts(db, count=1, **values):
    def make(session):
        owner = make_user(session, "rep")
        made = [
            make_account(
                session, billing_street=f"{n} High St", billing_city="Columbus", owner_id=owner.id, **values
            )
            for n in range(1, count + 1)
        ]
        return owner, [account.id for account in made]

    return await db.write(make)


async def account_of(db, account_id):
    return await db.read(lambda s: s.get_one(Account, account_id))


async def test_a_sure_answer_is_taken_without_trail_or_version_and_told_as_an_event(house):
    owner, (account_id,) = await accounts(house.db)
    client = await house.signed_in(owner)
    place = (await client.post(f"{MAPS}/places/{account_id}/geocode")).json()
    assert (place["latitude"], place["source"], place["precision"], place["place_id"]) == (
        39.96, "google", "exact", "ChIJ1",
    )  # fmt: skip
    assert (place["status"], place["is_ours"]) == ("placed", False)
    account = await account_of(house.db, account_id)
    assert (account.version, account.coordinates_source) == (1, "google")
    trail = sa.select(sa.func.count()).where(
        AuditEntry.record_id == account_id, AuditEntry.action == "update"
    )
    assert await house.db.read(lambda s: s.scalar(trail)) == 0
    told = await house.db.read(
        lambda s: s.scalar(sa.select(EventRow.data).where(EventRow.type == "account.located"))
    )
    assert told == {"source": "google", "precision": "exact"}


async def test_a_doubtful_answer_waits_in_the_queue_until_somebody_chooses(house, geocoder):
    owner, (account_id,) = await accounts(house.db)
    other = replace(SURE, coordinates=Coordinates(41.0, -83.0), label="1 High St, Toledo")
    geocoder.found["1 High St, Columbus"] = [SURE, other]
    client = await house.signed_in(owner)
    assert (await client.post(f"{MAPS}/places/{account_id}/geocode")).json()["latitude"] is None
    (waiting,) = (await client.get(f"{MAPS}/places")).json()["items"]
    assert (waiting["status"], waiting["note"]) == ("review", "Several places have this address.")
    assert [candidate["label"] for candidate in waiting["candidates"]] == [
        "1 High St, Columbus",
        "1 High St, Toledo",
    ]
    chosen = (await client.post(f"{MAPS}/places/{account_id}/choose", json={"candidate": 1})).json()
    assert (chosen["latitude"], chosen["status"], chosen["candidates"]) == (41.0, "placed", [])
    assert (await client.get(f"{MAPS}/places")).json() == {"items": [], "total": 0}
    assert (await client.post(f"{MAPS}/places/{account_id}/choose", json={"candidate": 0})).status_code == 422


async def test_a_pin_is_ours_lasts_and_no_geocoder_moves_it(house, geocoder):
    owner, (account_id,) = await accounts(house.db)
    client = await house.signed_in(owner)
    await client.post(f"{MAPS}/places/{account_id}/geocode")
    pinned = (
        await client.put(f"{MAPS}/places/{account_id}", json={"latitude": 40.5, "longitude": -83.5})
    ).json()
    assert (pinned["latitude"], pinned["source"], pinned["is_ours"]) == (40.5, "user", True)
    assert (pinned["place_id"], pinned["geocoded_at"], pinned["expires_at"]) == (None, None, None)
    refused = await client.post(f"{MAPS}/places/{account_id}/geocode")
    assert refused.status_code == 409
    assert len(geocoder.asked) == 1


async def test_coordinates_sent_with_the_account_are_a_pin_too(house):
    owner, (account_id,) = await accounts(house.db)
    client = await house.signed_in(owner)
    await client.post(f"{MAPS}/places/{account_id}/geocode")
    await client.patch(f"/api/v1/crm/accounts/{account_id}", json={"latitude": 40.5, "longitude": -83.5})
    place = (await client.get(f"{MAPS}/places/{account_id}")).json()
    assert (place["source"], place["is_ours"], place["place_id"]) == ("user", True, None)


async def test_a_new_address_lets_go_of_what_was_found_of_the_old_one(house):
    owner, (account_id,) = await accounts(house.db)
    client = await house.signed_in(owner)
    await client.post(f"{MAPS}/places/{account_id}/geocode")
    await client.patch(
        f"/api/v1/crm/accounts/{account_id}", json={"billing_zip": None, "billing_state": None}
    )
    assert (await client.get(f"{MAPS}/places/{account_id}")).json()["status"] == "placed"
    await client.patch(f"/api/v1/crm/accounts/{account_id}", json={"billing_city": "Toledo"})
    place = (await client.get(f"{MAPS}/places/{account_id}")).json()
    assert (place["latitude"], place["status"]) == (None, "moved")


async def test_a_new_address_leaves_a_pin_and_asks_somebody_to_look(house):
    owner, (account_id,) = await accounts(house.db)
    client = await house.signed_in(owner)
    await client.put(f"{MAPS}/places/{account_id}", json={"latitude": 40.5, "longitude": -83.5})
    await client.patch(f"/api/v1/crm/accounts/{account_id}", json={"billing_city": "Toledo"})
    place = (await client.get(f"{MAPS}/places/{account_id}")).json()
    assert (place["latitude"], place["status"], place["is_ours"]) == (40.5, "review", True)


async def test_without_an_address_there_is_nothing_to_look_up(house, geocoder):
    _, (account_id,) = await accounts(house.db)
    await house.db.write(lambda s: s.get_one(Account, account_id).__setattr__("billing_street", None))
    await house.db.write(lambda s: s.get_one(Account, account_id).__setattr__("billing_city", None))
    answer = await (await house.client()).post(f"{MAPS}/places/{account_id}/geocode")
    assert (answer.status_code, geocoder.asked) == (409, [])


async def test_somebody_elses_account_is_not_there(house, geocoder):
    _, (account_id,) = await accounts(house.db)
    client = await house.client("rep")
    for method, path, body in (
        ("GET", "", None), ("PUT", "", {"latitude": 1, "longitude": 1}), ("POST", "/geocode", None),
        ("POST", "/choose", {"candidate": 0}),
    ):  # fmt: skip
        answer = await client.request(method, f"{MAPS}/places/{account_id}{path}", json=body)
        assert answer.status_code == 404, path
    assert geocoder.asked == []


# ── Thirty days ──────────────────────────────────────────────────────────────────────────────────


async def located(house, geocoder):
    owner, (account_id,) = await accounts(house.db)
    with clock.frozen(NOON):
        await (await house.client()).post(f"{MAPS}/places/{account_id}/geocode")
    return owner, account_id


async def test_googles_coordinates_are_looked_up_again_before_thirty_days_are_over(house, geocoder, tmp_path):
    _, account_id = await located(house, geocoder)
    geocoder.found["1 High St, Columbus"] = [replace(SURE, coordinates=Coordinates(39.97, -83.0))]
    ports = replace(offline_ports(tmp_path), geocoder=geocoder)
    with clock.frozen(NOON + timedelta(days=27)):
        assert await geocoding.refresh(house.db, ports) == 0
    with clock.frozen(NOON + timedelta(days=29)):
        assert await geocoding.refresh(house.db, ports) == 1
    assert (await account_of(house.db, account_id)).latitude == 39.97


async def test_what_cannot_be_looked_up_again_is_let_go_of_but_for_its_place_id(house, geocoder, tmp_path):
    _, account_id = await located(house, geocoder)
    geocoder.found["1 High St, Columbus"] = PermanentFailure("The monthly limit is reached.")
    ports = replace(offline_ports(tmp_path), geocoder=geocoder)
    with clock.frozen(NOON + timedelta(days=29)):
        assert await geocoding.refresh(house.db, ports) == 0
        assert (await account_of(house.db, account_id)).latitude is not None
    with clock.frozen(NOON + timedelta(days=30, minutes=1)):
        assert await geocoding.refresh(house.db, ports) == 1
        assert await geocoding.refresh(house.db, ports) == 0
    assert (await account_of(house.db, account_id)).latitude is None
    place = await house.db.read(lambda s: s.scalars(sa.select(AccountPlace)).one())
    assert (place.status, place.place_id, place.label, place.candidates) == ("expired", "ChIJ1", None, [])


async def test_candidates_of_google_are_let_go_of_as_well_and_pins_never(house, geocoder, tmp_path):
    other = replace(SURE, coordinates=Coordinates(41.0, -83.0))
    geocoder.found["1 High St, Columbus"] = [SURE, other]
    _, account_id = await located(house, geocoder)
    with clock.frozen(NOON + timedelta(days=31)):
        assert await geocoding.refresh(house.db, replace(offline_ports(tmp_path), geocoder=geocoder)) == 1
        client = await house.client()
        await client.put(f"{MAPS}/places/{account_id}", json={"latitude": 40.5, "longitude": -83.5})
    with clock.frozen(NOON + timedelta(days=90)):
        assert await geocoding.refresh(house.db, replace(offline_ports(tmp_path), geocoder=geocoder)) == 0
    assert (await account_of(house.db, account_id)).latitude == 40.5


# ── Many at once ─────────────────────────────────────────────────────────────────────────────────


async def test_the_preview_shows_count_and_price_and_asks_nobody(house, geocoder):
    await accounts(house.db, 3)
    await accounts(house.db, 1, latitude=40.0, longitude=-83.0, coordinates_source="user")
    await house.db.write(lambda s: make_account(s))
    found = (await (await house.client()).post(f"{MAPS}/geocoding/preview", json={})).json()
    assert (found["look_ups"], found["without_address"], found["usd"]) == (3, 1, 0.015)
    assert (found["geocoder"], found["left_usd"], found["fits"]) == ("google", 20, True)
    assert geocoder.asked == []


async def test_a_run_needs_its_price_agreed_to(house):
    await accounts(house.db, 3)
    answer = await (await house.client()).post(f"{MAPS}/geocoding", json={"most_usd": 0.01})
    assert answer.status_code == 409
    assert "3 look-ups cost USD 0.015" in answer.json()["detail"]


async def test_a_run_goes_on_by_itself_and_says_how_far_it_is(house, geocoder, tmp_path):
    await accounts(house.db, 12)
    geocoder.found["2 High St, Columbus"] = []
    geocoder.found["3 High St, Columbus"] = [replace(SURE, is_partial=True)]
    client = await house.client()
    run = (await client.post(f"{MAPS}/geocoding", json={"most_usd": 1})).json()
    assert (run["state"], run["total"], run["left"]) == ("waiting", 12, 12)
    assert await geocoding.work_off(house.db, replace(offline_ports(tmp_path), geocoder=geocoder)) == 12
    done = (await client.get(f"{MAPS}/geocoding/{run['id']}")).json()
    assert (done["state"], done["done"], done["left"]) == ("done", 12, 0)
    assert done["outcomes"] == {"placed": 10, "nothing": 1, "review": 1}
    assert (await client.post(f"{MAPS}/geocoding/preview", json={})).json()["look_ups"] == 0
    assert (await client.post(f"{MAPS}/geocoding/preview", json={"again": True})).json()["look_ups"] == 12
    assert (await client.get(f"{MAPS}/places")).json()["total"] == 2


async def test_a_run_stops_where_the_geocoder_refuses_and_goes_on_when_told_to(house, geocoder, tmp_path):
    await accounts(house.db, 5)
    ports = replace(offline_ports(tmp_path), geocoder=geocoder)
    geocoder.found["3 High St, Columbus"] = PermanentFailure("The monthly limit is reached.")
    client = await house.client()
    run = (await client.post(f"{MAPS}/geocoding", json={"most_usd": 1})).json()
    assert await geocoding.work_off(house.db, ports) == 2
    stopped = (await client.get(f"{MAPS}/geocoding/{run['id']}")).json()
    assert (stopped["state"], stopped["message"], stopped["left"]) == (
        "stopped",
        "The monthly limit is reached.",
        3,
    )
    assert await geocoding.work_off(house.db, ports) == 0
    del geocoder.found["3 High St, Columbus"]
    assert (await client.post(f"{MAPS}/geocoding/{run['id']}/resume")).status_code == 200
    assert await geocoding.work_off(house.db, ports) == 3
    assert len(geocoder.asked) == 6


async def test_a_geocoder_that_is_busy_is_asked_again_later(house, geocoder, tmp_path):
    await accounts(house.db, 2)
    ports = replace(offline_ports(tmp_path), geocoder=geocoder)
    geocoder.found["1 High St, Columbus"] = TemporaryFailure("OVER_QUERY_LIMIT", retry_after=90)
    await (await house.client()).post(f"{MAPS}/geocoding", json={"most_usd": 1})
    with clock.frozen(NOON):
        assert await geocoding.work_off(house.db, ports) == 0
        geocoder.found.clear()
        assert await geocoding.work_off(house.db, ports) == 0
    with clock.frozen(NOON + timedelta(seconds=91)):
        assert await geocoding.work_off(house.db, ports) == 2


async def test_a_cancelled_run_keeps_what_was_found_and_asks_no_more(house, geocoder, tmp_path):
    await accounts(house.db, 2)
    client = await house.client()
    run = (await client.post(f"{MAPS}/geocoding", json={"most_usd": 1})).json()
    assert (await client.post(f"{MAPS}/geocoding/{run['id']}/cancel")).json()["state"] == "cancelled"
    assert await geocoding.work_off(house.db, replace(offline_ports(tmp_path), geocoder=geocoder)) == 0
    assert (await client.post(f"{MAPS}/geocoding/{run['id']}/cancel")).status_code == 409


async def test_a_pin_set_while_a_run_is_under_way_stays(house, geocoder, tmp_path):
    _, (account_id,) = await accounts(house.db)
    client = await house.client()
    await client.post(f"{MAPS}/geocoding", json={"most_usd": 1})
    await client.put(f"{MAPS}/places/{account_id}", json={"latitude": 40.5, "longitude": -83.5})
    assert await geocoding.work_off(house.db, replace(offline_ports(tmp_path), geocoder=geocoder)) == 0
    assert (await account_of(house.db, account_id)).latitude == 40.5


async def test_runs_are_for_managers_and_each_sees_their_own(house):
    await accounts(house.db, 1)
    administrator, manager, rep = (
        await house.client(),
        await house.client("manager"),
        await house.client("rep"),
    )
    run = (await administrator.post(f"{MAPS}/geocoding", json={"most_usd": 1})).json()
    assert (await rep.post(f"{MAPS}/geocoding", json={"most_usd": 1})).status_code == 403
    assert (await manager.get(f"{MAPS}/geocoding/{run['id']}")).status_code == 404
    assert (await manager.get(f"{MAPS}/geocoding")).json() == []
    assert len((await administrator.get(f"{MAPS}/geocoding")).json()) == 1
