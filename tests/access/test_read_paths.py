"""Every path that reads, as every role, shows exactly what the role table of the API says.

The paths come from the API's own description: one that is not in `CHECKS` or `NO_RECORDS` fails the first test,
so that nobody can add a way around the table without saying here what it shows.
"""

import csv
import io
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.conditions.expansion import MOST, choices
from crm_api.core import clock
from crm_api.core.fields import CATALOGUES
from crm_api.core.ids import new_id
from crm_api.events import flows as relay
from crm_api.users import scopes
from crm_api.users.models import ROLES, User
from crm_api.webhooks.models import WebhookDelivery
from tests.access import whole, world
from tests.access.whole import PLACE, SHARED, sees
from tests.access.world import World
from tests.support.api import Api
from tests.support.repository import described

CRM = "/api/v1/crm"
RATES = "/api/v1/organisation/rates"


@dataclass
class Walk:
    """One actor on the way through the API, and the company they may see a part of."""

    world: World
    actor: Actor
    client: httpx.AsyncClient
    shared: dict[str, set[UUID]] = field(default_factory=dict)

    def visible(self, kind: str) -> set[str]:
        """The ids the role table gives this actor, as the API writes them."""
        found = self.shared[kind] if kind in SHARED else whole.ids(self.world, self.actor, kind)
        return {str(one) for one in found}

    def every(self, kind: str) -> set[str]:
        """The ids of all there are."""
        rows = self.shared[kind] if kind in SHARED else {row.id for row in self.world.rows[kind]}
        return {str(one) for one in rows}

    def some(self, kind: str) -> list[str]:
        """A few ids that may be seen and a few that may not: read one by one, all would take minutes."""
        seen = self.visible(kind)
        return [*sorted(seen)[:: len(seen) // 5 + 1], *sorted(self.every(kind) - seen)[:5]]

    async def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a GET that has to succeed."""
        answer = await self.client.get(path, params=parameters)
        assert answer.status_code == 200, f"{path} {parameters}: {answer.text}"
        return answer.json()


Check = Callable[[Walk], Awaitable[None]]


# ── Kinds of checks ──────────────────────────────────────────────────────────────────────────────


def listed(path: str, kind: str) -> Check:
    """A list shows what may be seen, and beside the ids of other records nothing that may not."""

    async def check(walk: Walk) -> None:
        names = list(choices(CATALOGUES[kind]))
        for some in [names[n : n + MOST] for n in range(0, len(names), MOST)] or [[]]:
            page = await walk.get(path, page_size=200, expand=",".join(some))
            assert {item["id"] for item in page["items"]} == walk.visible(kind)
            assert page["total"] == len(page["items"])
            _beside(walk, kind, some, page["items"])
        if words := WORDS.get(kind):
            searched = await walk.get(path, page_size=200, search=words)
            assert {item["id"] for item in searched["items"]} == walk.visible(kind)
        await _behind(walk, path, kind)

    return check


WORDS = {"account": "account", "lead": "lead", "contact": "dana", "opportunity": "deal", "activity": "call"}


def _beside(walk: Walk, kind: str, names: list[str], items: list[dict[str, Any]]) -> None:
    for name in names:
        relation = choices(CATALOGUES[kind])[name]
        seen = walk.visible(relation.target)
        for item in items:
            linked = item[relation.column.key]
            if linked in seen:
                assert item[name]["id"] == linked
                assert item[name]["label"]
            else:
                assert item[name] is None


async def _behind(walk: Walk, path: str, kind: str) -> None:
    """A filter over another record's field tells nothing of a record that may not be seen."""
    for relation in CATALOGUES[kind].relations:
        if relation.target in SHARED or relation.target not in world.KINDS:
            continue
        page = await walk.get(path, page_size=200, **{f"{relation.name}.id__isnull": "false"})
        for item in page["items"]:
            assert item[relation.column.key] in walk.visible(relation.target)


def searched(path: str, kind: str) -> Check:
    """A search with a condition tree shows what may be seen; related records that may not be seen are none."""

    async def check(walk: Walk) -> None:
        for where in ({"all": []}, {"any": [{"all": []}]}, {"not": {"any": []}}):
            answer = await walk.client.post(path, json={"where": where, "page_size": 200})
            assert {item["id"] for item in answer.json()["items"]} == walk.visible(kind)
        if kind == "account":
            answer = await walk.client.post(path, json={"where": {"related": "contacts"}, "page_size": 200})
            contacts = [row for row in walk.world.rows["contact"] if str(row.id) in walk.visible("contact")]
            with_some = {str(row.account_id) for row in contacts}
            assert {item["id"] for item in answer.json()["items"]} == walk.visible("account") & with_some

    return check


def single(path: str, kind: str) -> Check:
    """One record is there for whoever sees it; for others the answer is that of a record that is not."""

    async def check(walk: Walk) -> None:
        address = re.sub(r"\{\w+\}$", "{}", path)
        missing = await walk.client.get(address.format(nowhere := str(new_id())))
        assert missing.status_code == 404
        names = ",".join(list(choices(CATALOGUES[kind]))[:MOST])
        for record_id in walk.some(kind):
            answer = await walk.client.get(
                address.format(record_id), params={"expand": names} if names else {}
            )
            if record_id in walk.visible(kind):
                assert answer.status_code == 200, answer.text
                _beside(walk, kind, [name for name in names.split(",") if name], [answer.json()])
            else:
                assert _plain(answer, record_id) == _plain(missing, nowhere)

    return check


def _plain(answer: httpx.Response, record_id: str) -> tuple[int, str]:
    """Status and body of an answer without what is different in every request."""
    body = {name: value for name, value in answer.json().items() if name != "request_id"}
    return answer.status_code, json.dumps(body).replace(record_id, "…")


def exported(path: str, kind: str) -> Check:
    """An export holds what may be seen, however it is asked for."""

    async def check(walk: Walk) -> None:
        names = ",".join(list(choices(CATALOGUES[kind]))[:MOST])
        lines = await walk.client.get(
            path, params={"format": "jsonl", **({"expand": names} if names else {})}
        )
        items = [json.loads(line) for line in lines.text.splitlines()]
        assert {item["id"] for item in items} == walk.visible(kind)
        _beside(walk, kind, [name for name in names.split(",") if name], items)
        table = await walk.client.post(path, json={"fields": ["id"], "format": "csv"})
        assert {row["id"] for row in csv.DictReader(io.StringIO(table.text))} == walk.visible(kind)

    return check


async def feed(walk: Walk) -> None:
    """The feed tells of the records that are seen."""
    seen: set[tuple[str, str]] = set()
    after, more = 0, True
    while more:
        told = await walk.get("/api/v1/events", after=after, limit=50)
        seen |= {(event["kind"], event["subject_id"]) for event in told["items"]}
        after, more = told["next_after"], told["has_more"]
    wanted = {(kind, one) for kind in (*world.KINDS, "product") for one in walk.visible(kind)}
    assert {pair for pair in seen if pair[0] in (*world.KINDS, "product")} == wanted
    assert not {kind for kind, _ in seen} - {*world.KINDS, "product", "export"}


async def timelines(walk: Walk) -> None:
    """A timeline is told to whoever sees its record, without the lines about what they do not see."""
    for plural, kind in (
        ("accounts", "account"),
        ("contacts", "contact"),
        ("leads", "lead"),
        ("opportunities", "opportunity"),
    ):
        for record_id in walk.some(kind):
            answer = await walk.client.get(f"{CRM}/{plural}/{record_id}/timeline", params={"limit": 200})
            if record_id not in walk.visible(kind):
                assert answer.status_code == 404
                continue
            about = {
                str(row.id)
                for row in walk.world.rows["activity"]
                if str(getattr(row, f"{kind}_id")) == record_id
            }
            assert {line["record_id"] for line in answer.json()["items"]} == about & walk.visible("activity")


def faced(path: str, *types: str) -> Check:
    """A face of the activities shows those of its types that may be seen, in its list and one by one."""

    async def check(walk: Walk) -> None:
        of_type = {str(row.id) for row in walk.world.rows["activity"] if row.activity_type in types}
        seen = of_type & walk.visible("activity")
        page = await walk.get(path, page_size=200, expand="account,lead,owner")
        assert {item["id"] for item in page["items"]} == seen
        _beside(walk, "activity", ["account", "lead"], page["items"])
        found = await walk.client.post(
            f"{path}/search", json={"where": {"any": [{"all": []}]}, "page_size": 200}
        )
        assert {item["id"] for item in found.json()["items"]} == seen
        for record_id in [*sorted(seen)[:3], *sorted(walk.every("activity") - seen)[:3]]:
            answer = await walk.client.get(f"{path}/{record_id}")
            assert (answer.status_code == 200) == (record_id in seen)

    return check


def calls_of(word: str, kind: str) -> Check:
    """The communications with a record are told to whoever sees it, without those they do not see."""

    async def check(walk: Walk) -> None:
        for record_id in walk.some(kind):
            address = f"{CRM}/communications/{word}/{record_id}"
            answer = await walk.client.get(address, params={"page_size": 200})
            if record_id not in walk.visible(kind):
                assert answer.status_code == 404
                continue
            calls = [row for row in walk.world.rows["activity"] if row.activity_type == "call"]
            about = {str(row.id) for row in calls if str(getattr(row, f"{kind}_id")) == record_id}
            assert {item["id"] for item in answer.json()["items"]} == about & walk.visible("activity")

    return check


def of_account(plural: str, kind: str) -> Check:
    """What hangs on an account is told to whoever sees the account, as far as they see it."""

    async def check(walk: Walk) -> None:
        for record_id in walk.some("account"):
            answer = await walk.client.get(f"{CRM}/accounts/{record_id}/{plural}", params={"page_size": 200})
            if record_id not in walk.visible("account"):
                assert answer.status_code == 404
                continue
            own = {str(row.id) for row in walk.world.rows[kind] if str(row.account_id) == record_id}
            assert {item["id"] for item in answer.json()["items"]} == own & walk.visible(kind)

    return check


async def pending(walk: Walk) -> None:
    """The calls that ask for a follow-up, here all of them, as far as they are seen."""
    page = await walk.get(f"{CRM}/communications/follow-ups/pending", page_size=200)
    calls = {str(row.id) for row in walk.world.rows["activity"] if row.activity_type == "call"}
    assert {item["id"] for item in page["items"]} == calls & walk.visible("activity")


async def workload(walk: Walk) -> None:
    """Tasks are counted that are seen."""
    told = await walk.get(f"{CRM}/tasks/workload")
    tasks = [row for row in walk.world.rows["activity"] if row.activity_type == "task"]
    seen = [row for row in tasks if str(row.id) in walk.visible("activity") and row.status == "scheduled"]
    assert sum(one["open"] for one in told["items"]) == len(seen)


async def contents(walk: Walk) -> None:
    """A file is there for whoever sees what it hangs on; here, where no bytes are kept, for nobody."""
    for file_id in walk.some("attachment"):
        assert (await walk.client.get(f"{CRM}/attachments/{file_id}/content")).status_code == 404


async def unread(walk: Walk) -> None:
    """Everybody's own are counted."""
    told = await walk.get(f"{CRM}/notifications/unread")
    assert told["unread"] == len(walk.visible("notification"))


async def questions(walk: Walk) -> None:
    """A question is answered out of what may be seen."""
    for asked, kind in (
        ("list all leads", "lead"),
        ("list all accounts", "account"),
        ("list all deals", "opportunity"),
    ):
        answer = await walk.client.post(f"{CRM}/ask", json={"question": asked})
        assert answer.json()["status"] == "answered", answer.text
        assert set(answer.json()["ids"]) == walk.visible(kind)


async def questions_again(walk: Walk) -> None:
    """Asked again, a question is answered out of what may be seen then; others' questions are not there."""
    for asked, kind in (("list all leads", "lead"), ("list all deals", "opportunity")):
        plan_id = (await walk.client.post(f"{CRM}/ask", json={"question": asked})).json()["plan_id"]
        assert set((await walk.get(f"{CRM}/ask/{plan_id}"))["ids"]) == walk.visible(kind)
    assert (await walk.client.get(f"{CRM}/ask/{uuid4()}")).status_code == 404


async def pipeline_stats(walk: Walk) -> None:
    """Sums are over the deals that are seen."""
    told = await walk.get(f"{CRM}/opportunities/pipeline/stats")
    assert told["total_opportunities"] == len(walk.visible("opportunity"))


async def pipeline_report(walk: Walk) -> None:
    """Sums are over the deals that are seen, whoever owns them."""
    told = await walk.get(f"{CRM}/opportunities/pipeline/report")
    assert told["total_opportunities"] == len(walk.visible("opportunity"))
    assert sum(row["total_opportunities"] for row in told["by_owner"]) == told["total_opportunities"]
    assert told["hygiene"]["open_opportunities"] == len(_open_deals(walk))


def _open_deals(walk: Walk) -> list[Any]:
    rows = [row for row in walk.world.rows["opportunity"] if str(row.id) in walk.visible("opportunity")]
    return [row for row in rows if row.stage_kind not in world.CLOSED]


async def dashboard(walk: Walk) -> None:
    """The dashboard counts the deals and leads that are seen."""
    figures = {one["name"]: one for one in (await walk.get(f"{CRM}/dashboard"))["figures"]}
    assert figures["total_opportunities"]["count"] == len(walk.visible("opportunity"))
    assert figures["open_pipeline"]["count"] == len(_open_deals(walk))
    leads = [row for row in walk.world.rows["lead"] if str(row.id) in walk.visible("lead")]
    assert figures["active_leads"]["count"] == len(
        [r for r in leads if r.status not in ("converted", "lost")]
    )


async def reports(walk: Walk) -> None:
    """The reports count the leads that are seen."""
    (step, *_) = (await walk.get(f"{CRM}/reports/funnel", period="last_12_months"))["rows"]
    assert step["leads"] == len(walk.visible("lead"))


async def kanban(walk: Walk) -> None:
    """The cards of a board, and what is counted in its columns, are the deals that are seen."""
    for asked in ({}, {"probability__gte": 0}):
        told = await walk.get(f"{CRM}/opportunities/kanban", cards=200, **asked)
        cards = [card["id"] for column in told["columns"] for card in column["cards"]]
        assert sorted(cards) == sorted(walk.visible("opportunity"))
        assert told["count"] == sum(column["count"] for column in told["columns"]) == len(cards)


async def hygiene(walk: Walk) -> None:
    """What is neglected is counted among the open deals that are seen."""
    told = await walk.get(f"{CRM}/opportunities/hygiene")
    assert told["open_opportunities"] == len(_open_deals(walk))


async def forecast(walk: Walk) -> None:
    """A forecast counts the deals that are seen."""
    for group in ("month", "owner", "stage"):
        told = await walk.get(
            f"{CRM}/opportunities/forecast",
            group_by=group, period_start="2026-11-01", period_end="2026-11-30",
        )  # fmt: skip
        assert told["count"] == len(_open_deals(walk))
        assert told["count"] == sum(bucket["count"] for bucket in told["buckets"])


async def forecast_bridge(walk: Walk) -> None:
    """A bridge leads to the deals that are seen."""
    told = await walk.get(f"{CRM}/opportunities/forecast/bridge", since="2026-01-01")
    assert told["closing"] == 100 * len(_open_deals(walk))


async def by_number(walk: Walk) -> None:
    """A number finds what may be seen."""
    for row in walk.world.rows["opportunity"][:10]:
        answer = await walk.client.get(f"{CRM}/opportunities/number/{row.number}")
        assert answer.status_code == (200 if str(row.id) in walk.visible("opportunity") else 404)


async def beside_deals(walk: Walk) -> None:
    """Stage history and quotes of a deal are told to whoever sees it."""
    for record_id in walk.some("opportunity"):
        for what in ("stage-history", "quotes"):
            answer = await walk.client.get(f"{CRM}/opportunities/{record_id}/{what}")
            assert answer.status_code == (200 if record_id in walk.visible("opportunity") else 404)


async def lead_stage_history(walk: Walk) -> None:
    """The stage history of a lead is told to whoever sees it."""
    for record_id in walk.some("lead"):
        answer = await walk.client.get(f"{CRM}/leads/{record_id}/stage-history")
        assert answer.status_code == (200 if record_id in walk.visible("lead") else 404)


async def lead_summary(walk: Walk) -> None:
    """Figures are over the leads that are seen."""
    for path in ("analytics/summary", "statistics"):
        told = await walk.get(f"{CRM}/leads/{path}")
        assert told["total_leads"] == len(walk.visible("lead"))


async def nearby(walk: Walk) -> None:
    """Around a point there are the accounts that are seen."""
    place = {"latitude": PLACE[0], "longitude": PLACE[1], "limit": 50}
    told = await walk.get(f"{CRM}/visits/nearby", **place)
    assert {item["account_id"] for item in told["items"]} == walk.visible("account")


async def places(walk: Walk) -> None:
    """Whoever sees an account sees how it came by its coordinates; nobody else learns that it is there."""
    for record_id in walk.some("account"):
        answer = await walk.client.get(f"{CRM}/maps/places/{record_id}")
        assert answer.status_code == (200 if record_id in walk.visible("account") else 404)
    queue = await walk.get(f"{CRM}/maps/places", limit=200)
    assert {item["account_id"] for item in queue["items"]} <= walk.visible("account")
    assert queue["total"] == len(queue["items"])


async def coverage(walk: Walk) -> None:
    """Coverage and statistics count what is seen."""
    told = await walk.get(f"{CRM}/visits/coverage", group_by="owner")
    assert told["total"]["accounts"] <= len(walk.visible("account"))
    shown = await walk.get(f"{CRM}/visits/coverage/places")
    assert {item["account_id"] for item in shown["items"]} <= walk.visible("account")
    counted = await walk.get(f"{CRM}/visits/statistics")
    assert counted["check_ins"] == len(walk.visible("check_in"))


async def claims(walk: Walk) -> None:
    """A claim is seen by its person, by administrators, and by managers of the person's team; and so are all of them
    together."""
    month, theirs = f"{clock.now():%Y-%m}", set()
    for user in walk.world.actors:
        answer = await walk.client.get(
            f"{CRM}/visits/mileage", params={"month": month, "owner_id": str(user.user_id)}
        )
        manages = walk.actor.role == "manager" and user.team_id in walk.actor.team_ids
        seen = manages or walk.actor.is_administrator or user.user_id == walk.actor.user_id
        assert answer.status_code == (200 if seen else 403)
        if seen and answer.json()["days"]:
            theirs.add(str(user.user_id))
    told = await walk.get(f"{CRM}/visits/mileage/team", month=month)
    assert {row["owner_id"] for row in told["people"]} == theirs


async def briefs(walk: Walk) -> None:
    """A brief is told to whoever sees the account, out of the deals they see."""
    names = {row.name: str(row.id) for row in walk.world.rows["opportunity"]}
    for record_id in walk.some("account"):
        answer = await walk.client.get(f"{CRM}/visits/brief/{record_id}")
        assert answer.status_code == (200 if record_id in walk.visible("account") else 404)
        if answer.status_code == 200:
            linked = {line["record_id"] for line in answer.json()["lines"] if line["kind"] == "opportunity"}
            assert linked <= walk.visible("opportunity") & set(names.values())


async def candidates(walk: Walk) -> None:
    """Whom to visit is chosen among the accounts that are seen."""
    place = {"latitude": PLACE[0], "longitude": PLACE[1], "limit": 50, "day": "2026-11-23"}
    told = await walk.get(f"{CRM}/visits/candidates", **place)
    assert {item["account_id"] for item in told["items"]} <= walk.visible("account")
    assert told["total"] <= len(walk.visible("account"))


async def beside_plans(walk: Walk) -> None:
    """A plan that is not seen is on no map, and explains nothing; nor does one that is seen of a hidden account."""
    visible = walk.visible("visit_plan")
    hidden = walk.every("account") - walk.visible("account")
    for plan_id in walk.some("visit_plan"):
        shown = await walk.client.get(f"{CRM}/visits/plans/{plan_id}/geojson")
        assert shown.status_code == (200 if plan_id in visible else 404)
        for account_id in sorted(hidden)[:2]:
            told = await walk.client.get(f"{CRM}/visits/plans/{plan_id}/why/{account_id}")
            assert told.status_code == 404


async def preview(walk: Walk) -> None:
    """Managers see what a rule would write to the leads they see; others nothing of it."""
    (rule,) = (await walk.get(f"{CRM}/followups/rules"))["items"]
    answer = await walk.client.get(f"{CRM}/followups/rules/{rule['id']}/preview")
    if walk.actor.role not in ("administrator", "manager"):
        assert answer.status_code == 403
        return
    assert answer.json()["items"]
    assert {item["lead_id"] for item in answer.json()["items"]} <= walk.visible("lead")


async def deliveries(walk: Walk) -> None:
    """The log of a webhook is its owner's; it was told of what its owner sees."""
    for webhook in walk.world.rows["webhook"]:
        answer = await walk.client.get(f"/api/v1/webhooks/{webhook.id}/deliveries", params={"page_size": 200})
        if str(webhook.id) not in walk.visible("webhook"):
            assert answer.status_code == 404
            continue
        told = {row.id for row in walk.world.rows["webhook_delivery"] if row.webhook_id == webhook.id}
        page = answer.json()
        assert page["total"] == len(told)
        assert {item["id"] for item in page["items"]} <= {str(one) for one in told}


async def delivery(walk: Walk) -> None:
    """One delivery is seen by whoever sees its webhook."""
    for webhook in walk.world.rows["webhook"]:
        row = next((r for r in walk.world.rows["webhook_delivery"] if r.webhook_id == webhook.id), None)
        if row is not None:
            answer = await walk.client.get(f"/api/v1/webhooks/{webhook.id}/deliveries/{row.id}")
            assert (answer.status_code == 200) == (str(webhook.id) in walk.visible("webhook"))


async def default_views(walk: Walk) -> None:
    """Defaults name views that are seen."""
    assert {row["view_id"] for row in await walk.get(f"{CRM}/views/defaults")} <= walk.visible("view")


async def imports(walk: Walk) -> None:
    """What files brought is told to administrators alone."""
    for path in (f"{CRM}/imports", f"{CRM}/imports/{new_id()}", f"{CRM}/imports/{new_id()}/errors"):
        status = (await walk.client.get(path)).status_code
        assert (status != 403) == (walk.actor.role == "administrator"), path


async def rate(walk: Walk) -> None:
    """A rate is the house's own."""
    found = await walk.get(f"{RATES}/EUR/{whole.RATED_ON}")
    assert found["id"] in walk.visible("exchange_rate")


async def handover(walk: Walk) -> None:
    """Managers look at what people of their teams own, as far as they see it; others at nothing."""
    for user_id in sorted(walk.visible("user"))[:12]:
        address = f"/api/v1/users/{user_id}/handover"
        answer = await walk.client.get(address)
        planned = await walk.client.post(f"{address}/plan", json={"successor_id": str(walk.actor.user_id)})
        if walk.actor.role not in ("administrator", "manager"):
            assert (answer.status_code, planned.status_code) == (403, 403)
        if answer.status_code == 200:
            for told in answer.json()["records"]:
                rows = walk.world.rows[told["kind"]]
                owned = {str(row.id) for row in rows if str(row.owner_id) == user_id}
                assert told["count"] + told["closed"] <= len(owned & walk.visible(told["kind"]))


async def change_sets(walk: Walk) -> None:
    """A change set shows the entries about records that are seen; one without any is not there."""
    told = await walk.get("/api/v1/changes", page_size=200)
    assert {item["id"] for item in told["items"]} & walk.every("change_set") == walk.visible("change_set")
    for one in walk.every("change_set"):
        answer = await walk.client.get(f"/api/v1/changes/{one}", params={"page_size": 200})
        if one not in walk.visible("change_set"):
            assert answer.status_code == 404
            continue
        for entry in answer.json()["entries"]["items"]:
            assert entry["record_id"] in walk.visible(entry["kind"])


async def history(walk: Walk) -> None:
    """The history of a record is told to whoever sees it."""
    for plural, kind in (("accounts", "account"), ("leads", "lead"), ("opportunities", "opportunity")):
        for record_id in walk.some(kind):
            answer = await walk.client.get(f"{CRM}/{plural}/{record_id}/history")
            assert (answer.status_code == 200) == (record_id in walk.visible(kind))


async def erasures(walk: Walk) -> None:
    """What was erased, and what is held about a person, is for administrators alone."""
    asked = [
        await walk.client.get("/api/v1/privacy/erasures"),
        await walk.client.get(f"/api/v1/privacy/erasures/{new_id()}"),
        await walk.client.post("/api/v1/privacy/exports", json={"subject": {"email": "nobody@example.com"}}),
    ]
    for answer in asked:
        assert (answer.status_code != 403) == (walk.actor.role == "administrator"), answer.request.url


async def lead_kanban(walk: Walk) -> None:
    """The cards of the leads' board, and what its columns count, are the leads that are seen."""
    for asked in ({}, {"score__gte": 0}):
        told = await walk.get(f"{CRM}/leads/kanban", cards=200, **asked)
        cards = [card["id"] for column in told["columns"] for card in column["cards"]]
        assert sorted(cards) == sorted(walk.visible("lead"))
        assert told["count"] == sum(column["count"] for column in told["columns"]) == len(cards)


async def lead_follow_ups(walk: Walk) -> None:
    """Leads to be followed up are among those that are seen."""
    page = await walk.get(f"{CRM}/leads/follow-ups/today", page_size=200)
    assert {item["id"] for item in page["items"]} <= walk.visible("lead")


async def lead_by_number(walk: Walk) -> None:
    """A number finds what may be seen."""
    for row in walk.world.rows["lead"][:10]:
        answer = await walk.client.get(f"{CRM}/leads/number/{row.number}")
        assert answer.status_code == (200 if str(row.id) in walk.visible("lead") else 404)


def below_account(plural: str, kind: str) -> Check:
    """What hangs on an account is listed to whoever sees the account, as far as they see it."""

    async def check(walk: Walk) -> None:
        for account_id in walk.some("account"):
            answer = await walk.client.get(f"{CRM}/accounts/{account_id}/{plural}", params={"page_size": 200})
            if account_id not in walk.visible("account"):
                assert answer.status_code == 404
                continue
            there = {str(row.id) for row in walk.world.rows[kind] if str(row.account_id) == account_id}
            assert {item["id"] for item in answer.json()["items"]} == there & walk.visible(kind)

    return check


async def hierarchy(walk: Walk) -> None:
    """A tree has the accounts that are seen, with figures of what is seen on them."""
    for account_id in walk.some("account"):
        answer = await walk.client.get(f"{CRM}/accounts/{account_id}/hierarchy")
        assert (answer.status_code == 200) == (account_id in walk.visible("account"))
        if answer.status_code == 200:
            (alone,) = answer.json()["accounts"]
            on_it = [row for row in walk.world.rows["contact"] if str(row.account_id) == account_id]
            assert alone["own"]["contacts"] == len({str(row.id) for row in on_it} & walk.visible("contact"))


async def customers(walk: Walk) -> None:
    """The customers of a segment are the accounts in it that are seen."""
    (segment,) = walk.visible("segment")
    page = await walk.get(f"{CRM}/segments/{segment}/customers", page_size=200, expand="account,segment")
    assert {item["id"] for item in page["items"]} == walk.visible("segment_member")
    assert page["total"] == len(page["items"])
    listed_ = await walk.get(f"{CRM}/accounts", page_size=200, segments="third")
    assert {item["id"] for item in listed_["items"]} == {item["account_id"] for item in page["items"]}


async def segment_by_code(walk: Walk) -> None:
    """A segment is everybody's to see."""
    found = await walk.get(f"{CRM}/segments/code/third")
    assert {found["id"]} == walk.visible("segment")


async def tag_counts(walk: Walk) -> None:
    """Nobody carries the tag of the company; what is counted is tested with the tags."""
    assert [row["total"] for row in await walk.get(f"{CRM}/tags/counts")] == [0]


# ── Which path shows what ────────────────────────────────────────────────────────────────────────

PLACES = {
    "account": f"{CRM}/accounts",
    "contact": f"{CRM}/contacts",
    "lead": f"{CRM}/leads",
    "opportunity": f"{CRM}/opportunities",
    "activity": f"{CRM}/activities",
    "product": f"{CRM}/products",
    "order": f"{CRM}/orders",
    "segment": f"{CRM}/segments",
    "tag": f"{CRM}/tags",
    "pipeline": f"{CRM}/pipelines",
    "stage": f"{CRM}/stages",
    "view": f"{CRM}/views",
    "message": f"{CRM}/followups/outbox",
    "suppression": f"{CRM}/followups/suppressions",
    "followup_rule": f"{CRM}/followups/rules",
    "sequence": f"{CRM}/followups/sequences",
    "enrolment": f"{CRM}/followups/enrolments",
    "visit_plan": f"{CRM}/visits/plans",
    "check_in": f"{CRM}/visits/check-ins",
    "visit_week": f"{CRM}/visits/weeks",
    "webhook": "/api/v1/webhooks",
    "custom_field": f"{CRM}/custom-fields",
    "user": "/api/v1/users",
    "team": "/api/v1/teams",
    "territory": "/api/v1/territories",
    "holiday_calendar": "/api/v1/organisation/holiday-calendars",
    "target": f"{CRM}/targets",
    "attachment": f"{CRM}/attachments",
    "notification": f"{CRM}/notifications",
}
CHECKS: dict[str, Check] = {
    "GET /api/v1/events": feed,
    f"GET {CRM}/{{plural}}/{{record_id}}/timeline": timelines,
    f"POST {CRM}/ask": questions,
    f"GET {CRM}/ask/{{plan_id}}": questions_again,
    f"GET {CRM}/dashboard": dashboard,
    f"GET {CRM}/reports": reports,
    f"GET {CRM}/reports/{{name}}": reports,
    f"GET {CRM}/opportunities/pipeline/stats": pipeline_stats,
    f"GET {CRM}/opportunities/pipeline/report": pipeline_report,
    f"GET {CRM}/opportunities/kanban": kanban,
    f"GET {CRM}/opportunities/hygiene": hygiene,
    f"GET {CRM}/opportunities/forecast": forecast,
    f"GET {CRM}/opportunities/forecast/bridge": forecast_bridge,
    f"GET {CRM}/opportunities/number/{{number}}": by_number,
    f"GET {CRM}/opportunities/{{opportunity_id}}/stage-history": beside_deals,
    f"GET {CRM}/opportunities/{{opportunity_id}}/quotes": beside_deals,
    f"GET {CRM}/leads/analytics/summary": lead_summary,
    f"GET {CRM}/leads/statistics": lead_summary,
    f"GET {CRM}/leads/kanban": lead_kanban,
    f"GET {CRM}/leads/follow-ups/today": lead_follow_ups,
    f"GET {CRM}/leads/number/{{number}}": lead_by_number,
    f"GET {CRM}/leads/{{lead_id}}/stage-history": lead_stage_history,
    f"GET {CRM}/accounts/{{account_id}}/contacts": below_account("contacts", "contact"),
    f"GET {CRM}/accounts/{{account_id}}/opportunities": below_account("opportunities", "opportunity"),
    f"GET {CRM}/accounts/{{account_id}}/orders": below_account("orders", "order"),
    f"GET {CRM}/accounts/{{account_id}}/segments": below_account("segments", "segment_member"),
    f"GET {CRM}/accounts/{{account_id}}/hierarchy": hierarchy,
    f"GET {CRM}/segments/{{segment_id}}/customers": customers,
    f"GET {CRM}/segments/code/{{code}}": segment_by_code,
    f"GET {CRM}/tags/counts": tag_counts,
    f"GET {CRM}/maps/places": places,
    f"GET {CRM}/maps/places/{{account_id}}": places,
    f"GET {CRM}/visits/brief/{{account_id}}": briefs,
    f"GET {CRM}/visits/coverage": coverage,
    f"GET {CRM}/visits/coverage/places": coverage,
    f"GET {CRM}/visits/statistics": coverage,
    f"GET {CRM}/visits/mileage": claims,
    f"GET {CRM}/visits/mileage/team": claims,
    f"GET {CRM}/visits/nearby": nearby,
    f"GET {CRM}/visits/candidates": candidates,
    f"GET {CRM}/visits/plans/{{plan_id}}/geojson": beside_plans,
    f"GET {CRM}/visits/plans/{{plan_id}}/why/{{account_id}}": beside_plans,
    f"GET {CRM}/followups/rules/{{rule_id}}/preview": preview,
    "GET /api/v1/webhooks/{webhook_id}/deliveries": deliveries,
    "GET /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}": delivery,
    f"GET {CRM}/views/defaults": default_views,
    f"GET {RATES}": listed(RATES, "exchange_rate"),
    f"GET {RATES}/{{currency}}/{{valid_from}}": rate,
    "GET /api/v1/users/{user_id}/handover": handover,
    "POST /api/v1/users/{user_id}/handover/plan": handover,
    "GET /api/v1/changes": change_sets,
    "GET /api/v1/changes/{change_set_id}": change_sets,
    f"GET {CRM}/{{resource}}/{{record_id}}/history": history,
    f"GET {CRM}/imports": imports,
    f"GET {CRM}/imports/{{import_id}}": imports,
    f"GET {CRM}/imports/{{import_id}}/errors": imports,
}
CHECKS |= dict.fromkeys(
    (
        "GET /api/v1/privacy/erasures",
        "GET /api/v1/privacy/erasures/{erasure_id}",
        "POST /api/v1/privacy/exports",
    ),
    erasures,
)
CALLS = ("call", "email", "meeting", "video_call", "chat", "sms", "visit", "other")
for face, types in (("communications", CALLS), ("tasks", ("task",)), ("notes", ("note",))):
    singular = face.removesuffix("s")
    CHECKS[f"POST {CRM}/{face}/search"] = CHECKS[f"GET {CRM}/{face}"] = CHECKS[
        f"GET {CRM}/{face}/{{{singular}_id}}"
    ] = faced(f"{CRM}/{face}", *types)
CHECKS |= {
    f"GET {CRM}/communications/customer/{{account_id}}": calls_of("customer", "account"),
    f"GET {CRM}/communications/lead/{{lead_id}}": calls_of("lead", "lead"),
    f"GET {CRM}/communications/opportunity/{{opportunity_id}}": calls_of("opportunity", "opportunity"),
    f"GET {CRM}/communications/follow-ups/pending": pending,
    f"GET {CRM}/accounts/{{account_id}}/contacts": of_account("contacts", "contact"),
    f"GET {CRM}/accounts/{{account_id}}/opportunities": of_account("opportunities", "opportunity"),
    f"GET {CRM}/tasks/workload": workload,
    f"GET {CRM}/attachments/{{attachment_id}}/content": contents,
    f"GET {CRM}/notifications/unread": unread,
}
NO_RECORDS = {
    f"GET {CRM}/visits/settings": "how the house visits, for all who are signed in",
    f"GET {CRM}/notifications/preferences": "how whoever asks wants to be told",
    "GET /api/v1/events/types": "words",
    "GET /api/v1/modules": "parts of the installation",
    "GET /api/v1/modules/{name}": "one part",
    "GET /health": "the process",
    "GET /ready": "the database",
    "GET /api/v1/auth/me": "whoever asks",
    "GET /api/v1/auth/api-keys": "the keys of whoever asks",
    "GET /api/v1/organisation": "the house itself, for all who are signed in",
    "GET /api/v1/organisation/days": "days, for all who are signed in",
    f"GET {RATES}/convert": "a number",
    f"GET {CRM}/ask/vocabulary": "words",
    f"GET {CRM}/ask/words": "what words mean in this house",
    f"GET {CRM}/ask/words/failed": "words, for those who explain them",
    f"GET {CRM}/ask/history": "the questions of whoever asks",
    f"GET {CRM}/ask/weekly": "what is sent to whoever asks",
    f"GET {CRM}/maps/geocoding": "counts, for whoever began the run",
    f"GET {CRM}/maps/geocoding/{{run_id}}": "counts, for whoever began the run",
    f"GET {CRM}/visits/road-rules": "rules of the house, for all who are signed in",
    f"GET {CRM}/calendar/feed": "of whoever asks",
    f"GET {CRM}/maps/spend": "sums, for those who answer for them",
    f"GET {CRM}/followups/templates": "the wording of mails",
    f"GET {CRM}/followups/outbox/pause": "a switch",
}


@cache
def reads() -> list[tuple[str, str]]:
    """Method and path of every operation that reads, as the API describes itself."""
    paths = described()["paths"]
    operations = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return [(m, p) for m, p in operations if not str(scopes.needed(m, p)).endswith(":write") and _reads(m, p)]


def _reads(method: str, path: str) -> bool:
    return method == "GET" or scopes.needed(method, path) is not None


def check_of(method: str, path: str) -> Check | None:
    """What is checked about an operation, or None."""
    if (found := CHECKS.get(f"{method} {path}")) is not None:
        return found
    for kind, place in PLACES.items():
        if path == place and method == "GET":
            return listed(path, kind)
        if path == f"{place}/search":
            return searched(path, kind)
        if path == f"{place}/export":
            return exported(path, kind)
        if re.fullmatch(rf"{place}/\{{\w+\}}", path):
            return single(path, kind)
    return None


def test_every_operation_that_reads_is_checked() -> None:
    unchecked = {
        f"{method} {path}"
        for method, path in reads()
        if check_of(method, path) is None and f"{method} {path}" not in NO_RECORDS
    }

    assert not unchecked, "say in CHECKS what these show to whom"
    assert len(reads()) > 70


@pytest.fixture
async def company(api: Api) -> Callable[[str], Awaitable[Walk]]:
    """A drawn company whose events have been told; gives the walk of its actor of a role who sees most, not all."""
    found = await api.db.write(whole.furnished, 7)
    await relay.relay(api.db)

    def shared(session: Session) -> dict[str, set[UUID]]:
        told = sa.select(WebhookDelivery)
        found.rows["webhook_delivery"] = list(session.scalars(told))
        models = {kind: CATALOGUES[kind].model for kind in SHARED}
        return {kind: set(session.scalars(sa.select(model.id))) for kind, model in models.items()}

    everybodys = await api.db.read(shared)

    async def walk(role: str) -> Walk:
        actors = [actor for actor in found.actors if actor.role == role]
        actor = max(actors, key=lambda one: sum(len(whole.ids(found, one, kind)) for kind in world.KINDS))
        user = await api.db.read(lambda session: session.get_one(User, actor.user_id))
        return Walk(found, actor, await api.signed_in(user), everybodys)

    return walk


# One test, because the company takes ten seconds to draw.
# The rule is one and its statements are few: on PostgreSQL one role goes all ways, and the others in the deep run.
async def test_every_path_and_webhook_shows_what_the_role_table_says(
    company: Callable[[str], Awaitable[Walk]], engine: str, request: pytest.FixtureRequest
) -> None:
    await told(await company("administrator"))
    everybody = engine == "sqlite" or request.config.getoption("--run-deep")
    for role in ROLES if everybody else ("rep",):
        walk = await company(role)
        if role != "administrator":
            assert all(walk.visible(kind) != walk.every(kind) for kind in world.KINDS)
            assert all(walk.visible(kind) for kind in world.KINDS)
        for method, path in reads():
            check = check_of(method, path)
            if check is None:
                continue
            try:
                await check(walk)
            except Exception as error:
                error.add_note(f"{method} {path} as {role}")
                raise


async def told(walk: Walk) -> None:
    """Webhooks were told of what their owners see, and of nothing else."""
    subjects: dict[UUID, set[UUID]] = {}
    feed = await walk.get("/api/v1/events", limit=200)
    by_id = {event["id"]: UUID(event["subject_id"]) for event in feed["items"]}
    assert not feed["has_more"]
    for row in walk.world.rows["webhook_delivery"]:
        subjects.setdefault(row.webhook_id, set()).add(by_id[str(row.event_id)])

    for webhook in walk.world.rows["webhook"]:
        owner = next(actor for actor in walk.world.actors if actor.user_id == webhook.owner_id)
        wanted = {
            row.id
            for kind in (*world.KINDS, "product")
            for row in walk.world.rows[kind]
            if sees(walk.world, owner, kind, row)
        }
        assert subjects.get(webhook.id, set()) == wanted, owner.role
