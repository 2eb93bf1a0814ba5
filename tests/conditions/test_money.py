"""Amounts in conditions, sums and answers, in currencies with no, two and three decimals."""

from typing import Any

import httpx
import pytest

from tests.support.api import Api

CRM = "/api/v1/crm"
# What three records are worth in major units, and the last but one as the threshold of every question.
AMOUNTS = {"JPY": (900, 1500, 30_000), "USD": (900.25, 1500.5, 30_000), "KWD": (900.125, 1500.5, 30_000)}
each_currency = pytest.mark.parametrize("currency", AMOUNTS)


async def company(api: Api, currency: str) -> httpx.AsyncClient:
    """A company in that currency with three leads, deals, accounts and products of the amounts above."""
    client = await api.client()
    changed = await client.patch("/api/v1/organisation", json={"currency": currency})
    assert changed.json()["currency"] == currency
    for n, amount in enumerate(AMOUNTS[currency]):
        for path, body in (
            ("leads", {"title": f"Lead {n}", "estimated_value": amount}),
            ("opportunities", {"name": f"Deal {n}", "estimated_value": amount, "probability": 50}),
            ("accounts", {"name": f"Account {n}", "annual_revenue": amount}),
            ("products", {"name": f"Product {n}", "list_price": amount}),
        ):
            made = await client.post(f"{CRM}/{path}", json=body)
            assert made.status_code == 201, made.text
    return client


KINDS = (
    ("leads", "estimated_value", "title"),
    ("opportunities", "estimated_value", "name"),
    ("accounts", "annual_revenue", "name"),
    ("products", "list_price", "name"),
)


def numbers(answer: httpx.Response, label: str) -> list[int]:
    assert answer.status_code == 200, answer.text
    return sorted(int(item[label].split()[1]) for item in answer.json()["items"])


@each_currency
async def test_filters_and_searches_speak_in_what_people_see(api: Api, currency: str) -> None:
    client, (_, middle, most) = await company(api, currency), AMOUNTS[currency]
    for path, field, label in KINDS:
        address = f"{CRM}/{path}"
        for op, value, expected in (
            ("__gte", middle, [1, 2]), ("__gt", middle, [2]), ("", middle, [1]), ("__lt", middle, [0]),
            ("__between", f"{middle},{most}", [1, 2]), ("__in", f"{middle},{most}", [1, 2]), ("__ne", middle, [0, 2]),
        ):  # fmt: skip
            listed = await client.get(address, params={f"{field}{op}": str(value)})
            assert numbers(listed, label) == expected, (path, op)
    for path, field, label in KINDS[:2]:
        body = {"where": {"field": field, "op": "gte", "value": middle}}
        assert numbers(await client.post(f"{CRM}/{path}/search", json=body), label) == [1, 2]


@each_currency
async def test_answers_and_statistics_are_in_the_currencys_own_units(api: Api, currency: str) -> None:
    client, amounts = await company(api, currency), AMOUNTS[currency]

    async def asked(question: str) -> Any:
        answer = (await client.post("/api/v1/ask", json={"question": question})).json()
        assert answer["status"] == "answered", answer
        return answer

    total = await asked("what is the total value of open deals?")
    assert total["value"] == pytest.approx(sum(amounts))
    assert currency in total["answer"]
    assert (await asked("what is the weighted pipeline?"))["value"] == pytest.approx(sum(amounts) / 2)
    assert (await asked(f"how many deals are worth more than {amounts[1] - 1:g}?"))["value"] == 2
    assert (await asked("products priced above 1,000"))["total_rows"] == 2
    stats = (await client.get(f"{CRM}/opportunities/pipeline/stats")).json()
    assert stats["total_value"] == pytest.approx(sum(amounts))
    assert stats["weighted_value"] == pytest.approx(sum(amounts) / 2, abs=0.5 if currency == "JPY" else 0.01)
    assert stats["by_stage"][0]["value"] == stats["total_value"]


@each_currency
async def test_what_an_account_sells_in_another_currency_is_compared_in_ours(api: Api, currency: str) -> None:
    client = await company(api, currency)
    other = {"JPY": "USD", "USD": "JPY", "KWD": "JPY"}[currency]
    await client.put(f"/api/v1/organisation/rates/{other}/2020-01-01", json={"rate": 2})
    body = {"name": "Account 9", "annual_revenue": 800, "currency": other}
    await client.post(f"{CRM}/accounts", json=body)

    listed = await client.get(f"{CRM}/accounts", params={"annual_revenue": "1600"})
    assert numbers(listed, "name") == [9]
    assert listed.json()["items"][0]["annual_revenue"] == 800


async def test_a_rule_of_the_service_itself_reads_amounts_in_the_organisations_currency(api: Api) -> None:
    client = await company(api, "JPY")
    rule = {
        "name": "Big ones", "after_minutes": 0, "steps": [{"template": "followup_first"}],
        "where": {"field": "estimated_value", "op": "gte", "value": 1500},
    }  # fmt: skip
    made = await client.post(f"{CRM}/followups/rules", json=rule)
    assert made.status_code == 201, made.text
    me = (await client.get("/api/v1/auth/me")).json()["id"]
    for lead in (await client.get(f"{CRM}/leads")).json()["items"]:
        change = {"owner_id": me, "email": f"a{lead['estimated_value']}@example.com"}
        assert (await client.patch(f"{CRM}/leads/{lead['id']}", json=change)).status_code == 200
    seen = (await client.get(f"{CRM}/followups/rules/{made.json()['id']}/preview")).json()

    assert seen["total"] == 2
