"""Settings as pages: what is listed, made, changed, moved and deleted there, and by whom."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from crm_api.core.database import Database
from crm_api.pages.sections import SECTIONS
from crm_api.pipelines.service import default_id, stages_of
from crm_api.users.models import ROLES
from tests import factories
from tests.support.api import Api
from tests.support.pages import FRAGMENT, Visit, visiting
from tests.webhooks.stage import staged

PATH = "/crm/settings"
LISTED = [section.key for section in SECTIONS if section.key != "stages"]


async def looking(api: Api, role: str = "administrator", **values: Any) -> Visit:
    return await visiting(api, await api.db.write(lambda s: factories.make_user(s, role, **values)))


async def names(api: Api, path: str) -> list[str]:
    page = (await (await api.client()).get(path, params={"page_size": 200})).json()
    return [one.get("name") or one.get("label") for one in page["items"]]


@pytest.mark.parametrize("role", ROLES)
async def test_every_link_of_the_overview_leads_to_a_page(api: Api, role: str) -> None:
    visit = await looking(api, role)

    overview = await visit.get(PATH)
    links = re.findall(r'class="setting card" href="([^"]+)"', overview.text)

    assert overview.status_code == 200
    assert f"{PATH}/pipelines" in links
    assert (f"{PATH}/integrations" in links) == (role == "administrator")
    for link in links:
        assert (await visit.get(link)).status_code == 200, link


@pytest.mark.parametrize("key", LISTED)
async def test_who_may_not_change_a_list_sees_no_button_and_is_refused(api: Api, key: str) -> None:
    visit = await looking(api, "viewer")
    await api.db.write(lambda s: factories.make_team(s).id)

    page = (await visit.get(f"{PATH}/{key}")).text
    refused = await visit.post(f"{PATH}/{key}/new", name="Something")

    assert not re.search(r'href="[^"]*/(new|remove)"', page.partition("<main")[2])
    assert "data-dialog" not in page.partition("<main")[2].partition("</main>")[0]
    assert refused.status_code == 403


NEW = {
    "tags": ({"name": "Key account", "color": "green"}, "/api/v1/crm/tags"),
    "teams": ({"name": "East"}, "/api/v1/teams"),
    "users": ({"name": "Maria Cole", "email": "maria@example.com", "role": "rep", "password": "long enough to do"},
              "/api/v1/users"),
    "segments": ({"name": "Gold", "code": "GOLD", "kind": "static"}, "/api/v1/crm/segments"),
    "custom-fields": ({"kind": "account", "label": "Bays", "key": "bays", "type": "integer"},
                      "/api/v1/crm/custom-fields"),
    "pipelines": ({"name": "Fleet", "applies_to": "opportunity", "stages": "First talk\nTrial"},
                  "/api/v1/crm/pipelines"),
}  # fmt: skip


@pytest.mark.parametrize("key", NEW)
async def test_what_is_made_on_the_page_is_there_for_the_api_and_can_be_changed(api: Api, key: str) -> None:
    visit, (typed, path) = await looking(api), NEW[key]
    field = "label" if key == "custom-fields" else "name"

    form = await visit.get(f"{PATH}/{key}/new", **FRAGMENT)
    made = await visit.post(f"{PATH}/{key}/new", **typed)
    listed = (await visit.get(f"{PATH}/{key}")).text
    link = re.search(rf'href="({PATH}/{key}/[0-9a-f-]{{36}})"', listed.partition(typed[field])[0][-400:])
    link = link or re.search(rf'href="({PATH}/{key}/[0-9a-f-]{{36}})"', listed)

    assert 'name="csrf_token"' in form.text
    assert (made.status_code, made.headers["location"].partition("?")[0]) == (303, f"{PATH}/{key}")
    assert typed[field] in await names(api, path)
    assert link
    changing = (await visit.get(link[1])).text
    version = re.search(r'name="version" value="(\d+)"', changing)
    assert version
    again = await visit.post(
        link[1], **typed | {field: "Renamed", "is_active": "true", "version": version[1]}
    )
    assert again.status_code == 303, again.text
    assert "Renamed" in await names(api, path)


async def test_what_cannot_be_taken_comes_back_with_what_was_typed(api: Api) -> None:
    visit = await looking(api)

    refused = await visit.post(
        f"{PATH}/users/new", name="Nobody <b>", email="no address", role="rep", password="short"
    )

    assert refused.status_code == 422
    assert 'value="Nobody &lt;b&gt;"' in refused.text
    assert refused.text.count("field-error") >= 2
    assert "short" not in re.findall(r'type="password"[^>]*value="([^"]*)"', refused.text)


async def test_a_form_from_an_earlier_version_says_so(api: Api) -> None:
    visit, client = await looking(api), await api.client()
    tag = (await client.post("/api/v1/crm/tags", json={"name": "One"})).json()
    await client.patch(f"/api/v1/crm/tags/{tag['id']}", json={"name": "Two"})

    stale = await visit.post(f"{PATH}/tags/{tag['id']}", name="Three", color="blue", version="1")

    assert stale.status_code == 412
    assert await names(api, "/api/v1/crm/tags") == ["Two"]


async def test_stages_are_added_moved_recoloured_and_deleted(api: Api) -> None:
    visit = await looking(api)

    def stages(session: Session) -> Any:
        found = stages_of(session, default_id(session, "opportunity"))  # type: ignore[arg-type]
        return [(stage.name, stage.color, str(stage.id), str(stage.pipeline_id)) for stage in found]

    before = await api.db.read(stages)
    pipeline = before[0][3]
    added = await visit.post(f"{PATH}/stages/new", pipeline_id=pipeline, name="Trial", kind="proposal",
                             probability="55", color="red", rotting_days="")  # fmt: skip
    assert added.status_code == 303, added.text
    trial = next(stage for stage in await api.db.read(stages) if stage[0] == "Trial")
    await visit.post(f"{PATH}/stages/{trial[2]}/move", position="0")
    assert (await api.db.read(stages))[0] == ("Trial", "red", trial[2], pipeline)
    await api.db.write(lambda s: factories.make_opportunity(s, "prospecting").id)
    prospecting = next(stage for stage in before if stage[0] == "Prospecting")

    refused = await visit.post(f"{PATH}/stages/{prospecting[2]}/remove")
    moved = await visit.post(f"{PATH}/stages/{prospecting[2]}/remove", move_to=trial[2])

    assert refused.status_code == 409
    assert "Trial" in refused.text
    assert moved.status_code == 303
    assert "Prospecting" not in [stage[0] for stage in await api.db.read(stages)]


async def test_a_pipeline_becomes_the_default_and_the_old_one_can_go(api: Api) -> None:
    visit = await looking(api)
    await visit.post(f"{PATH}/pipelines/new", name="Fleet", applies_to="lead", stages="Talk")
    page = (await visit.get(f"{PATH}/pipelines")).text
    fleet = re.search(rf"{PATH}/pipelines/([0-9a-f-]{{36}})/default", page)
    assert fleet

    await visit.post(f"{PATH}/pipelines/{fleet[1]}/default")

    assert await api.db.read(lambda s: str(default_id(s, "lead"))) == fleet[1]
    refused = await visit.post(f"{PATH}/pipelines/{fleet[1]}/remove")
    assert refused.status_code == 409
    assert "default" in refused.text


async def test_what_was_deleted_can_be_taken_back_from_the_toast(api: Api) -> None:
    visit, client = await looking(api), await api.client()
    tag = (await client.post("/api/v1/crm/tags", json={"name": "Once"})).json()

    gone = await visit.post(f"{PATH}/tags/{tag['id']}/remove", called="Once")
    assert await names(api, "/api/v1/crm/tags") == []
    page = (await visit.get(gone.headers["location"])).text
    undo = re.search(r'action="(/undo/[^"]+)"', page)
    assert undo
    await visit.post(undo[1])

    assert await names(api, "/api/v1/crm/tags") == ["Once"]


@pytest.mark.parametrize("path", ["nothing", "stages", "nothing/new", "users/new/more"])
async def test_what_is_no_page_of_settings_is_not_found(api: Api, path: str) -> None:
    assert (await (await looking(api)).get(f"{PATH}/{path}")).status_code == 404


# ── One thing each ───────────────────────────────────────────────────────────────────────────────


async def test_the_organisation_is_changed_by_administrators_and_read_by_others(api: Api) -> None:
    boss, rep = await looking(api), await looking(api, "rep")
    form = (await boss.get(f"{PATH}/organisation")).text
    typed = dict(re.findall(r'name="(time_zone|currency|locale)"\s+value="([^"]*)"', form))
    typed |= {"fiscal_year_start_month": "4", "week_starts_on": "1", "distance_unit": "mi"}

    saved = await boss.post(f"{PATH}/organisation", name="Rounds Motors", **typed)
    wrong = await boss.post(f"{PATH}/organisation", name="Rounds Motors", **typed | {"time_zone": "Nowhere"})
    refused = await rep.post(f"{PATH}/organisation", name="Mine", **typed)

    assert saved.status_code == 303, saved.text
    assert wrong.status_code == 422
    assert "Nowhere" in wrong.text
    assert refused.status_code == 403
    page = (await rep.get(f"{PATH}/organisation")).text
    assert "Rounds Motors" in page
    assert "April" in page
    assert '<form class="fields' not in page


async def test_a_key_is_shown_once_works_and_is_revoked(api: Api) -> None:
    visit = await looking(api, "manager")

    wrong = await visit.post(f"{PATH}/api-keys/new", name="Orders", scopes="nothing:read")
    made = await visit.post(
        f"{PATH}/api-keys/new", name="Orders", scopes="leads:read", expires_at="2999-01-01"
    )
    token = re.search(r"crm_[\w-]+", made.text)
    assert wrong.status_code == 422
    assert token
    program = api.anonymous()
    program.headers["Authorization"] = f"Bearer {token[0]}"
    assert (await program.get("/api/v1/crm/leads")).status_code == 200

    listed = (await visit.get(f"{PATH}/api-keys")).text
    assert token[0] not in listed
    gone = re.search(rf'action="({PATH}/api-keys/[^"]+/remove)"', listed)
    assert gone
    await visit.post(gone[1])

    assert (await program.get("/api/v1/crm/leads")).status_code == 401


async def test_the_audit_log_tells_who_changed_what_and_undoes_it(api: Api) -> None:
    visit, client = await looking(api), await api.client(name="Dana Whitfield")
    tag = (await client.post("/api/v1/crm/tags", json={"name": "Before"})).json()
    await client.patch(f"/api/v1/crm/tags/{tag['id']}", json={"name": "After"})

    log = (await visit.get(f"{PATH}/audit?origin=api")).text
    change = re.search(rf'href="({PATH}/audit/[0-9a-f-]{{36}})"', log)
    assert change
    told = (await visit.get(change[1])).text
    undo = re.search(r'action="(/undo/[^"]+)"', told)
    assert undo
    await visit.post(undo[1], back=f"{PATH}/audit")

    assert "Dana Whitfield" in log
    assert "<del>Before</del>" in told
    assert await names(api, "/api/v1/crm/tags") == ["Before"]


async def test_only_administrators_see_what_is_connected(api: Api) -> None:
    boss, manager = await looking(api), await looking(api, "manager")

    assert (await boss.get(f"{PATH}/integrations")).status_code == 200
    assert (await manager.get(f"{PATH}/integrations")).status_code == 403


@pytest.mark.parametrize(
    "path", ["audit/nothing", "webhooks/nothing", "audit/0198a1f0-0000-7000-8000-000000000001"]
)
async def test_what_is_not_there_is_not_there_on_pages_either(api: Api, path: str) -> None:
    assert (await (await looking(api)).get(f"{PATH}/{path}")).status_code in (404, 422)


async def test_a_webhook_is_made_tried_told_again_and_deleted(db: Database, tmp_path: Path) -> None:
    async with staged(db, tmp_path) as stage:
        visit = await looking(stage.api)

        made = await visit.post(
            f"{PATH}/webhooks/new", name="Orders", url=stage.receiver.url, event_types="lead.*, account.*"
        )
        address = re.search(rf'href="({PATH}/webhooks/[0-9a-f-]{{36}})"', made.text)
        assert "whsec_" in made.text
        assert address
        await visit.post(f"{address[1]}/test")
        await stage.happened("lead.created")
        await stage.deliver()
        log = (await visit.get(address[1])).text
        again = re.search(r'action="([^"]+/replay)"', log)
        assert "webhook.ping" in log
        assert "Delivered" in log
        assert "whsec_" not in log
        assert again
        await visit.post(again[1])
        assert "Pending" in (await visit.get(address[1])).text
        await visit.post(f"{address[1]}/edit", name="Order system", url=stage.receiver.url, event_types="*")
        assert "Off" in (await visit.get(f"{PATH}/webhooks")).text
        await visit.post(f"{address[1]}/remove")

        assert "Order system" not in (await visit.get(f"{PATH}/webhooks")).text
