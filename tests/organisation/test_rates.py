"""Dated exchange rates, and what amounts in other currencies count for."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from crm_api.analytics.flows import revalue
from crm_api.audit.models import AuditEntry
from crm_api.core import clock
from crm_api.core.database import Database
from crm_api.core.money import LARGEST
from crm_api.leads import bulk as leads
from crm_api.leads.models import Lead
from crm_api.opportunities import bulk as opportunities
from crm_api.opportunities.models import Opportunity
from crm_api.organisation import rates
from crm_api.organisation.basics import Basics
from crm_api.organisation.models import Revaluation
from crm_api.organisation.rates import NewRate
from tests.app.resources import problem
from tests.factories import make_account, make_organisation, stage_of
from tests.support.api import Api

RATES = "/api/v1/organisation/rates"
CRM = "/api/v1/crm"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def test_a_rate_is_written_over_the_one_of_its_day(api: Api) -> None:
    client = await api.client()
    first = await client.put(f"{RATES}/eur/2026-01-01", json={"rate": 1.1, "source": "ECB"})
    second = await client.put(f"{RATES}/EUR/2026-01-01", json={"rate": "1.2"})

    assert (first.status_code, second.status_code) == (201, 200)
    assert (first.json()["currency"], second.json()["rate"], second.json()["version"]) == ("EUR", 1.2, 2)
    assert second.headers["etag"] == '"2"'
    same = await client.put(f"{RATES}/EUR/2026-01-01", json={"rate": 1.20})
    assert same.json()["version"] == 2
    problem(await client.put(f"{RATES}/EUR/2026-01-01", json={"rate": 2}, headers={"If-Match": '"1"'}), 412)
    problem(await client.put(f"{RATES}/EUR/2026-01-02", json={"rate": 2}, headers={"If-Match": '"1"'}), 412)
    assert (await client.get(f"{RATES}/EUR/2026-01-01")).json() == same.json()
    assert (await client.delete(f"{RATES}/EUR/2026-01-01")).status_code == 204
    problem(await client.get(f"{RATES}/EUR/2026-01-01"), 404)
    problem(await client.delete(f"{RATES}/EUR/2026-01-01"), 404)


@pytest.mark.parametrize("rate", [0, -1, 1e10, "NaN", "1.1234567890123456", "x", None])
async def test_a_rate_that_is_none_is_refused(api: Api, rate: Any) -> None:
    client = await api.client()

    problem(await client.put(f"{RATES}/EUR/2026-01-01", json={"rate": rate}), 422, field="rate")


async def test_only_other_currencies_have_rates_and_only_administrators_write_them(api: Api) -> None:
    client, rep = await api.client(), await api.client("manager")

    problem(await client.put(f"{RATES}/USD/2026-01-01", json={"rate": 1}), 422, field="currency")
    problem(await client.put(f"{RATES}/XQZ/2026-01-01", json={"rate": 1}), 422, field="currency")
    problem(await rep.put(f"{RATES}/EUR/2026-01-01", json={"rate": 1}), 403)
    problem(await rep.post(f"{RATES}/import", json={"rates": [_rate("EUR")]}), 403)
    assert (await rep.get(RATES)).json()["items"] == []


def _rate(code: str, day: str = "2026-01-01", rate: float = 1.1) -> dict[str, Any]:
    return {"currency": code, "valid_from": day, "rate": rate}


async def test_many_rates_come_in_at_once_all_or_none(api: Api) -> None:
    client = await api.client()
    first = await client.post(f"{RATES}/import", json={"rates": [_rate("EUR"), _rate("GBP", rate=1.3)]})
    again = [_rate("EUR", rate=1.2), _rate("GBP", rate=1.3), _rate("JPY", rate=0.0065)]
    second = await client.post(f"{RATES}/import", json={"rates": again})

    assert first.json() == {"created": 2, "updated": 0, "unchanged": 0}
    assert second.json() == {"created": 1, "updated": 1, "unchanged": 1}
    wrong = [_rate("CHF"), _rate("XQZ"), _rate("CHF")]
    faults = problem(await client.post(f"{RATES}/import", json={"rates": wrong}), 422)["errors"]
    assert [fault["field"] for fault in faults] == ["rates.1.currency", "rates.2"]
    listed = (await client.get(RATES, params={"currency": "chf"})).json()
    assert listed["total"] == 0


async def test_rates_come_in_as_csv(api: Api) -> None:
    client, kind = await api.client(), {"Content-Type": "text/csv"}
    good = b"currency,valid_from,rate,source\nEUR,2026-01-01,1.1,ECB\nGBP,2026-01-01,1.3,\n"
    written = await client.post(f"{RATES}/import-csv", content=good, headers=kind)

    assert written.json() == {"created": 2, "updated": 0, "unchanged": 0}
    bad = b"currency,valid_from,rate\nEUR,01/02/2026,1.1\nGBP,2026-01-01,-1\nCHF,2026-01-01\n"
    faults = problem(await client.post(f"{RATES}/import-csv", content=bad, headers=kind), 422)["errors"]
    assert [fault["field"] for fault in faults] == ["row.2", "row.3", "row.4"]


async def test_the_rate_is_the_most_recent_one_on_or_before_the_day(api: Api) -> None:
    client = await api.client()
    given_ = [_rate("EUR", "2026-01-01", 1.1), _rate("EUR", "2026-06-01", 1.2)]
    await client.post(f"{RATES}/import", json={"rates": given_})

    async def worth(day: str) -> tuple[Any, Any]:
        params = {"amount": "100.05", "currency": "EUR", "on": day}
        told = (await client.get(f"{RATES}/convert", params=params)).json()
        return told["rate"], told["converted"]

    assert await worth("2025-12-31") == (None, None)
    assert await worth("2026-01-01") == (1.1, 110.06)  # 110.055, half up
    assert await worth("2026-05-31") == (1.1, 110.06)
    assert await worth("2026-06-01") == (1.2, 120.06)


PLACES = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}


@given(
    minor=st.integers(0, 10**15),
    rate=st.decimals(Decimal("0.000001"), 10_000, places=6),
    base=st.sampled_from(sorted(PLACES)),
    other=st.sampled_from(sorted(PLACES)),
)
def test_converting_is_exact_to_the_last_digit(minor: int, rate: Decimal, base: str, other: str) -> None:
    session = Session()
    session.info["organisation"] = Basics(currency=base)
    session.info["exchange_rates"] = {other: [(date(2026, 1, 1), rate)]}
    exact = Fraction(minor) * Fraction(rate) * Fraction(10) ** (PLACES[base] - PLACES[other])
    expected = minor if base == other else (exact + Fraction(1, 2)).__floor__()

    found = rates.convert(session, minor, other, on=date(2026, 2, 1))
    assert found == (expected if expected <= LARGEST else None)


async def _values(db: Database, model: Any) -> dict[str, Any]:
    def read(session: Session) -> dict[str, Any]:
        label = model.title if model is Lead else model.name
        return dict(session.execute(sa.select(label, model.value_base)).all())

    return await db.read(read)


async def test_an_amount_in_another_currency_counts_at_the_rate_from_the_moment_it_is_written(
    api: Api,
) -> None:
    client = await api.client()
    await client.post(f"{RATES}/import", json={"rates": [_rate("EUR", rate=1.25), _rate("JPY", rate=0.0065)]})
    for path, name in (("leads", "title"), ("opportunities", "name")):
        made = await client.post(
            f"{CRM}/{path}", json={name: "A", "estimated_value": 1000, "currency": "EUR"}
        )
        await client.post(f"{CRM}/{path}", json={name: "B", "estimated_value": 100_000, "currency": "JPY"})
        await client.post(f"{CRM}/{path}", json={name: "C", "estimated_value": 5, "currency": "GBP"})
        model = Lead if path == "leads" else Opportunity
        assert await _values(api.db, model) == {"A": 125_000, "B": 65_000, "C": None}
        dear = (await client.get(f"{CRM}/{path}", params={"estimated_value__gte": 1250})).json()["items"]
        assert [row[name] for row in dear] == ["A"]
        await client.patch(f"{CRM}/{path}/{made.json()['id']}", json={"currency": "USD"})
        assert (await _values(api.db, model))["A"] == 100_000

    stats = (await client.get(f"{CRM}/opportunities/pipeline/stats")).json()
    assert (stats["total_value"], stats["currency"], stats["without_value"]) == (1650, "USD", 1)
    weighted = await client.post("/api/v1/crm/ask", json={"question": "what is the weighted pipeline?"})
    assert weighted.json()["value"] == pytest.approx(stats["weighted_value"])


async def test_a_closed_deal_counts_at_the_rate_of_its_closing_day_and_an_open_one_at_todays(
    api: Api,
) -> None:
    client = await api.client()
    account = (await client.post(f"{CRM}/accounts", json={"name": "Riverside"})).json()["id"]
    await client.post(
        f"{RATES}/import",
        json={"rates": [_rate("EUR", "2020-01-01", 1.1), _rate("EUR", "2026-01-01", 1.2)]},
    )
    body = {"name": "Vans", "estimated_value": 100, "currency": "EUR", "account_id": account}
    deal = (await client.post(f"{CRM}/opportunities", json=body)).json()["id"]
    seen = [(await _values(api.db, Opportunity))["Vans"]]
    close = {"stage": "closed_won", "actual_close_date": "2021-06-01T10:00:00Z"}
    assert (await client.post(f"{CRM}/opportunities/{deal}/close", json=close)).status_code == 200
    seen.append((await _values(api.db, Opportunity))["Vans"])
    await client.post(f"{CRM}/opportunities/{deal}/reopen")
    seen.append((await _values(api.db, Opportunity))["Vans"])

    assert seen == [12_000, 11_000, 12_000]


async def test_imported_rows_count_as_those_typed_in_do(db: Database) -> None:
    def work(session: Session) -> tuple[Any, ...]:
        make_organisation(session, currency="EUR")
        rates.put(session, NewRate("USD", date(2020, 1, 1), Decimal("0.8")))
        rates.put(session, NewRate("USD", date(2025, 1, 1), Decimal("0.9")))
        session.flush()
        account = make_account(session)
        won, new = stage_of(session, "closed_won").id, stage_of(session, "prospecting").id
        closed = {"actual_close_date": datetime(2021, 1, 1, tzinfo=UTC), "account_id": account.id}
        deal, other = opportunities.insert(
            session,
            [
                {"name": "Old", "stage_id": won, "estimated_value": 100, "currency": "USD", **closed},
                {"name": "Own", "stage_id": new, "estimated_value": 100},
            ],
        )
        (lead,) = leads.insert(session, [{"title": "Lead", "estimated_value": 100, "currency": "USD"}])
        opportunities.update(session, [{"id": other, "currency": "USD"}])
        leads.update(session, [{"id": lead, "estimated_value": 200}])
        session.flush()
        rows = [session.get_one(Opportunity, deal), session.get_one(Opportunity, other)]
        return (*(row.value_base for row in rows), session.get_one(Lead, lead).value_base)

    assert await db.write(work) == (80, 90, 180)


async def test_a_changed_rate_is_worked_into_what_it_touches_and_leaves_no_other_trace(api: Api) -> None:
    client = await api.client()
    account = (await client.post(f"{CRM}/accounts", json={"name": "Riverside"})).json()["id"]
    money = {"estimated_value": 100, "currency": "EUR"}
    made = (await client.post(f"{CRM}/leads", json={"title": "Lead", **money})).json()
    lead = (await client.get(f"{CRM}/leads/{made['id']}")).json()
    await client.post(f"{CRM}/opportunities", json={"name": "Open", **money})
    await client.post(
        f"{CRM}/opportunities",
        json={"name": "Won", "account_id": account, "stage": "closed_won",
              "actual_close_date": "2021-06-01T10:00:00Z", **money},
    )  # fmt: skip
    await client.post(f"{CRM}/opportunities", json={"name": "Pound", "estimated_value": 1, "currency": "GBP"})

    async def entries() -> int:
        return await api.db.read(lambda s: s.scalar(sa.select(sa.func.count(AuditEntry.id))) or 0)

    await client.put(f"{RATES}/EUR/2020-01-01", json={"rate": 1.1})
    await client.put(f"{RATES}/EUR/2026-01-01", json={"rate": 1.2})
    before = await entries()

    assert await revalue(api.db) == 3
    assert await _values(api.db, Lead) == {"Lead": 12_000}
    assert await _values(api.db, Opportunity) == {"Open": 12_000, "Won": 11_000, "Pound": None}
    assert (await client.get(f"{CRM}/leads/{lead['id']}")).json() == lead
    assert (await entries(), await revalue(api.db)) == (before, 0)

    await client.delete(f"{RATES}/EUR/2026-01-01")
    assert await revalue(api.db) == 2
    assert await _values(api.db, Opportunity) == {"Open": 11_000, "Won": 11_000, "Pound": None}


async def test_a_rate_of_tomorrow_counts_tomorrow(api: Api) -> None:
    client = await api.client()
    with clock.frozen(NOON):
        await client.put(f"{RATES}/EUR/2026-01-01", json={"rate": 1.1})
        await client.post(f"{CRM}/leads", json={"title": "Lead", "estimated_value": 100, "currency": "EUR"})
        await client.put(f"{RATES}/EUR/2026-11-22", json={"rate": 1.2})
        assert await revalue(api.db) == 0
    with clock.frozen(NOON + timedelta(days=1)):
        assert await revalue(api.db) == 1
    assert await _values(api.db, Lead) == {"Lead": 12_000}


async def test_a_request_is_forgotten_once_nobody_can_be_writing_at_the_old_rate(api: Api) -> None:
    client = await api.client()

    async def open_() -> int:
        await revalue(api.db)
        return await api.db.read(lambda s: s.scalar(sa.select(sa.func.count(Revaluation.id))) or 0)

    with clock.frozen(NOON):
        await client.put(f"{RATES}/EUR/2026-01-01", json={"rate": 1.1})
        assert await open_() == 1
    with clock.frozen(NOON + timedelta(seconds=59)):
        assert await open_() == 1
        await client.put(f"{RATES}/EUR/2026-01-01", json={"rate": 1.3})
    with clock.frozen(NOON + timedelta(seconds=61)):
        assert await open_() == 1
    with clock.frozen(NOON + timedelta(seconds=120)):
        assert await open_() == 0


async def test_the_currency_is_fixed_by_rates_and_amounts_and_begins_to_count_when_it_comes(
    api: Api,
) -> None:
    client = await api.client()
    await client.post(f"{CRM}/leads", json={"title": "Lead", "estimated_value": 100, "currency": "EUR"})
    assert (await client.patch("/api/v1/organisation", json={"currency": "EUR"})).status_code == 200
    assert await revalue(api.db) == 1
    assert await _values(api.db, Lead) == {"Lead": 10_000}
    refused = problem(await client.patch("/api/v1/organisation", json={"currency": "USD"}), 409)
    assert "leads in EUR" in refused["detail"]


async def test_rates_alone_fix_the_currency_too(api: Api) -> None:
    client = await api.client()
    await client.put(f"{RATES}/EUR/2026-01-01", json={"rate": 1.1})

    problem(await client.patch("/api/v1/organisation", json={"currency": "EUR"}), 409)
