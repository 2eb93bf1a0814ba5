"""Evening out territories: few moves, at the border, shown first and taken back as one."""

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_api.accounts.models import Account
from crm_api.field.balancing import Piece, balance, spread
from crm_api.ports import Coordinates
from tests.factories import make_account, make_territory

TERRITORIES = "/api/v1/crm/visits/territories"
pieces = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.floats(0.1, 10),
        st.floats(39, 41),
        st.floats(-84, -82),
        st.booleans(),
        st.booleans(),
    ),
    max_size=40,
)


def made(rows):
    return [
        Piece(n, territory, load, Coordinates(a, b) if is_placed else None, is_movable=is_movable)
        for n, (territory, load, a, b, is_placed, is_movable) in enumerate(rows)
    ]


def loads_of(some, moves):
    after = {move.key: move.after for move in moves}
    loads = dict.fromkeys(range(4), 0.0)
    for piece in some:
        loads[after.get(piece.key, piece.territory)] += piece.load
    return loads


@settings(max_examples=150)
@given(pieces, st.integers(1, 30))
def test_moves_even_out_and_leave_alone_what_is_to_stay(rows, most):
    some = made(rows)
    moves = balance(some, range(4), tolerance=0.05, most=most)
    assert len(moves) <= most
    assert len({move.key for move in moves}) == len(moves)
    for move in moves:
        piece = some[move.key]
        assert piece.is_movable
        assert piece.place
        assert move.before == piece.territory != move.after
    before, after = loads_of(some, []), loads_of(some, moves)
    assert sum(v**2 for v in after.values()) <= sum(v**2 for v in before.values()) + 1e-6
    assert moves == balance(some, range(4), tolerance=0.05, most=most)


def test_the_account_at_the_border_moves_and_not_the_one_in_the_middle():
    west = [Piece(n, "west", 1.0, Coordinates(40.0, -84 + n / 10)) for n in range(10)]
    east = [Piece(10 + n, "east", 1.0, Coordinates(40.0, -82.0)) for n in range(4)]
    moves = balance([*west, *east], ["west", "east"], tolerance=0.05, most=50)
    assert sorted(move.key for move in moves) == [7, 8, 9]
    assert {move.after for move in moves} == {"east"}


def test_even_territories_stay_as_they_are():
    some = [Piece(n, n % 2, 1.0, Coordinates(40.0, -83.0 + n % 2)) for n in range(20)]
    assert balance(some, [0, 1], tolerance=0.05, most=50) == []


def test_a_new_territory_is_filled():
    some = [Piece(n, "old", 1.0, Coordinates(40.0 + n / 100, -83.0)) for n in range(20)]
    moves = balance(some, ["old", "new"], tolerance=0.05, most=50)
    assert len(moves) == 10


def test_spread_is_the_distance_from_the_mean():
    assert spread({"a": 10, "b": 20}) == pytest.approx(1 / 3)
    assert spread({"a": 0, "b": 0}) == 0


# ── Over HTTP ────────────────────────────────────────────────────────────────────────────────────


async def uneven(db):
    """Ohio with ten accounts along a road, Iowa with two at its end."""

    def make(session):
        ohio, iowa = make_territory(session, "Ohio"), make_territory(session, "Iowa")
        for n in range(10):
            make_account(session, territory_id=ohio.id, latitude=40.0, longitude=-84 + n / 10)
        for _ in range(2):
            make_account(session, territory_id=iowa.id, latitude=40.0, longitude=-82.0)
        return [str(ohio.id), str(iowa.id)]

    return await db.write(make)


async def test_a_preview_shows_moves_and_loads_and_changes_nothing(api):
    ids = await uneven(api.db)
    found = (
        await (await api.client()).post(
            f"{TERRITORIES}/preview", json={"territory_ids": ids, "measure": "accounts"}
        )
    ).json()
    assert [(t["name"], t["accounts_before"], t["accounts_after"]) for t in found["territories"]] == [
        ("Ohio", 10, 6), ("Iowa", 2, 6),
    ]  # fmt: skip
    assert (round(found["spread_before"]), found["spread_after"]) == (67, 0)
    assert len(found["moves"]) == 4
    assert await count(api.db, ids[0]) == 10


async def test_applied_it_is_one_change_that_can_be_taken_back(api):
    ids = await uneven(api.db)
    client = await api.client()
    body = {"territory_ids": ids, "measure": "accounts"}
    mark = (await client.post(f"{TERRITORIES}/preview", json=body)).json()["mark"]
    done = await client.post(f"{TERRITORIES}/apply", json=body | {"mark": mark})
    assert done.status_code == 200, done.text
    assert done.json()["moved"] == 4
    assert await count(api.db, ids[0]) == 6
    assert (await client.post(f"{TERRITORIES}/apply", json=body | {"mark": mark})).status_code == 409
    undone = await client.post(f"/api/v1/changes/{done.json()['change_set_id']}/revert")
    assert undone.status_code == 200, undone.text
    assert await count(api.db, ids[0]) == 10


async def test_what_changed_since_the_preview_is_not_done_blindly(api):
    ids = await uneven(api.db)
    client = await api.client()
    body = {"territory_ids": ids, "measure": "accounts"}
    mark = (await client.post(f"{TERRITORIES}/preview", json=body)).json()["mark"]
    moved = (await client.get("/api/v1/crm/accounts", params={"territory_id": ids[0]})).json()["items"]
    await client.patch(f"/api/v1/crm/accounts/{moved[0]['id']}", json={"territory_id": ids[1]})
    answer = await client.post(f"{TERRITORIES}/apply", json=body | {"mark": mark})
    assert (answer.status_code, await count(api.db, ids[0])) == (409, 9)


async def test_accounts_to_be_kept_stay(api):
    ids = await uneven(api.db)
    client = await api.client()
    items = (await client.get("/api/v1/crm/accounts", params={"territory_id": ids[0]})).json()["items"]
    body = {"territory_ids": ids, "measure": "accounts", "keep": [item["id"] for item in items]}
    assert (await client.post(f"{TERRITORIES}/preview", json=body)).json()["moves"] == []


async def test_managers_even_out_and_others_do_not(api):
    ids = await uneven(api.db)
    for role, status in (("manager", 200), ("rep", 403), ("viewer", 403)):
        answer = await (await api.client(role)).post(f"{TERRITORIES}/preview", json={"territory_ids": ids})
        assert answer.status_code == status
    answer = await (await api.client()).post(
        f"{TERRITORIES}/preview", json={"territory_ids": [ids[0], ids[0]]}
    )
    assert answer.status_code == 422
    nowhere = "0190e2a4-0000-7000-8000-000000000000"
    answer = await (await api.client()).post(
        f"{TERRITORIES}/preview", json={"territory_ids": [ids[0], nowhere]}
    )
    assert answer.json()["errors"][0]["field"] == "territory_ids.1"


async def count(db, territory_id):
    statement = sa.select(sa.func.count()).select_from(Account).where(Account.territory_id == territory_id)
    return await db.read(lambda s: s.scalar(statement))
