"""Amounts in conditions, sums and answers, in currencies with no, two and three decimals."""

import json
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
        answer = (await client.post("/api/v1/crm/ask", json={"question": question})).json()
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


@each_currency
async def test_exports_and_the_trail_tell_amounts_as_records_do(api: Api, currency: str) -> None:
    client, amounts = await company(api, currency), AMOUNTS[currency]
    for path, field, _ in KINDS:
        asked = {"format": "jsonl", "sort": f"{field}"}
        lines = await client.get(f"{CRM}/{path}/export", params=asked)
        assert [json.loads(line)[field] for line in lines.text.splitlines()] == list(amounts), path
    lead = (await client.get(f"{CRM}/leads", params={"sort": "estimated_value"})).json()["items"][0]
    await client.patch(f"{CRM}/leads/{lead['id']}", json={"estimated_value": amounts[1]})

    told = (await client.get(f"{CRM}/leads/{lead['id']}/history")).json()["items"]
    changes = [
        change for entry in told for change in entry["changes"] if change["field"] == "estimated_value"
    ]
    assert [(c["before"], c["after"]) for c in changes] == [(amounts[0], amounts[1]), (None, amounts[0])]


@each_currency
async def test_an_amount_of_a_field_of_their_own_keeps_its_own_currency(api: Api, currency: str) -> None:
    client = await company(api, currency)
    for key, code in (("fee", None), ("rent", "KWD"), ("toll", "JPY")):
        body = {"kind": "lead", "key": key, "label": key.title(), "type": "money", "currency": code}
        assert (await client.post(f"{CRM}/custom-fields", json=body)).status_code == 201
    for n in (1, 2):
        values = {"fee": AMOUNTS[currency][0] * n, "rent": 1.125 * n, "toll": 15 * n}
        made = await client.post(f"{CRM}/leads", json={"title": f"Lead {n}0", "custom_fields": values})
        assert made.json()["custom_fields"] == values, made.text

    for key, value in (("fee", AMOUNTS[currency][0] * 2), ("rent", 2.25), ("toll", 30)):
        listed = await client.get(f"{CRM}/leads", params={f"custom.{key}__gte": str(value)})
        assert numbers(listed, "title") == [20], key
        assert numbers(await client.get(f"{CRM}/leads", params={f"custom.{key}": str(value)}), "title") == [
            20
        ]
    answer = (await client.post("/api/v1/crm/ask", json={"question": "total rent of leads"})).json()
    assert (answer["rows"], answer["columns"][0]["unit"]) == ([[3.375]], "KWD"), answer
