import pytest

from crm_api.core import clock
from crm_api.outbox.models import OutboxMessage
from crm_api.ports import OutcomeUnknown
from tests.followups.stage import GRACE, furnish
from tests.support.api import serving
from tests.support.stage import Transport, ports_with

BASE = "/api/v1/crm/followups"
ALL_WEEK = {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}
RULE = {"name": "Three days", "after_minutes": 4320, "window": ALL_WEEK}


@pytest.fixture
async def house(db, tmp_path):
    return await furnish(db, tmp_path / "mail")


@pytest.fixture
async def api(house, tmp_path):
    async with serving(house.db, tmp_path) as running:
        yield running


@pytest.fixture
async def admin(api):
    return await api.client("administrator")


async def ok(request, status=200):
    answer = await request
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def test_a_rule_is_made_switched_off_with_a_sequence_of_its_own(admin):
    rule = await ok(admin.post(f"{BASE}/rules", json=RULE), 201)
    sequence = await ok(admin.get(f"{BASE}/sequences/{rule['sequence_id']}"))
    assert not rule["is_on"]
    assert rule["window"] == {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"}
    assert sequence["steps"] == [{"template": "followup_first", "delay_days": 0}]


async def test_a_rule_is_previewed_switched_on_and_off(admin, house):
    await house.change_lead(created_at=clock.now().replace(year=2020))
    rule = await ok(admin.post(f"{BASE}/rules", json=RULE), 201)
    preview = await ok(admin.get(f"{BASE}/rules/{rule['id']}/preview"))
    assert (preview["total"], preview["items"][0]["recipient"]) == (1, GRACE)
    on = await ok(admin.post(f"{BASE}/rules/{rule['id']}/switch-on"))
    assert (on["is_on"], on["expected"]) == (True, 1)
    assert not (await ok(admin.post(f"{BASE}/rules/{rule['id']}/switch-off")))["is_on"]


@pytest.mark.parametrize(("change", "field"), [
    ({"after_minutes": -1}, "after_minutes"), ({"name": ""}, "name"), ({"nme": "x"}, "nme"),
    ({"steps": [{"template": "nothing"}]}, "template"), ({"window": {"days": [8]}}, "days"),
    ({"window": {"start": "25:00"}}, "start"), ({"where": {"field": "no_such_field", "value": 1}}, "no_such_field"),
    ({"sequence_id": "00000000-0000-0000-0000-000000000000"}, "sequence_id"),
])  # fmt: skip
async def test_a_wrong_rule_names_the_field_at_fault(admin, change, field):
    answer = await admin.post(f"{BASE}/rules", json=RULE | change)
    assert answer.status_code == 422
    assert field in answer.text


async def test_a_rule_is_changed_field_by_field_and_deleted(admin):
    rule = await ok(admin.post(f"{BASE}/rules", json=RULE), 201)
    condition = {"field": "source", "op": "eq", "value": "website"}
    changed = await ok(admin.patch(f"{BASE}/rules/{rule['id']}", json={"where": condition}))
    assert (changed["where"]["field"], changed["name"], changed["version"]) == ("source", "Three days", 2)
    await ok(admin.delete(f"{BASE}/rules/{rule['id']}"), 204)
    listed = await ok(admin.get(f"{BASE}/rules"))
    assert rule["id"] not in {item["id"] for item in listed["items"]}


async def test_a_sequence_that_a_rule_leads_into_cannot_be_deleted(admin):
    sequence = await ok(admin.post(f"{BASE}/sequences", json={"name": "Two", "steps": [
        {"template": "followup_first"}, {"template": "followup_second", "delay_days": 3},
    ]}), 201)  # fmt: skip
    rule = await ok(admin.post(f"{BASE}/rules", json=RULE | {"sequence_id": sequence["id"]}), 201)
    await ok(admin.delete(f"{BASE}/sequences/{sequence['id']}"), 409)
    await ok(admin.delete(f"{BASE}/rules/{rule['id']}"), 204)
    await ok(admin.delete(f"{BASE}/sequences/{sequence['id']}"), 204)


async def test_a_sequence_is_changed_for_those_who_come_later(admin):
    sequence = await ok(admin.post(f"{BASE}/sequences", json={"name": "One"}), 201)
    changed = await ok(admin.patch(f"{BASE}/sequences/{sequence['id']}", json={"name": "Other"}))
    assert changed["name"] == "Other"


@pytest.mark.parametrize("role", ["rep", "manager", "viewer", "field"])
async def test_only_administrators_write_rules(api, role):
    client = await api.client(role)
    await ok(client.post(f"{BASE}/rules", json=RULE), 403)


async def test_without_a_token_nothing_is_told(api):
    for path in ("rules", "sequences", "enrolments", "outbox", "suppressions", "templates"):
        assert (await api.anonymous().get(f"{BASE}/{path}")).status_code == 401


async def test_the_outbox_shows_what_was_sent_and_to_whom(admin, house):
    await house.tick()
    listed = await ok(admin.get(f"{BASE}/outbox", params={"status": "sent"}))
    (message,) = listed["items"]
    assert (message["recipient_address"], message["lead_id"]) == (GRACE, str(house.lead.id))
    assert (await ok(admin.get(f"{BASE}/outbox/{message['id']}")))["subject"] == message["subject"]


async def test_a_rep_sees_the_own_mails_and_nobody_elses(api, house):
    await house.tick()
    owner, stranger = await api.signed_in(house.owner), await api.client("rep")
    assert (await ok(owner.get(f"{BASE}/outbox")))["total"] == 1
    assert (await ok(stranger.get(f"{BASE}/outbox")))["total"] == 0
    (message,) = await house.messages()
    await ok(stranger.get(f"{BASE}/outbox/{message.id}"), 404)


async def uncertain(house) -> OutboxMessage:
    from crm_api.followups import flows as followups
    from crm_api.outbox import flows as outbox

    transport = Transport(can_find=False, script=[OutcomeUnknown("no answer")])
    await followups.plan(house.db)
    await outbox.send_due(house.db, ports_with(transport), worker="w")
    for _ in range(5):
        (message,) = await house.messages()
        with clock.frozen(message.due_at):
            await outbox.reconcile(house.db, ports_with(transport))
    (message,) = await house.messages()
    return message


async def test_an_uncertain_mail_is_listed_and_marked_as_sent_by_its_sender(api, house):
    message = await uncertain(house)
    owner = await api.signed_in(house.owner)
    listed = await ok(owner.get(f"{BASE}/outbox", params={"is_uncertain": "true"}))
    assert [item["id"] for item in listed["items"]] == [str(message.id)]
    marked = await ok(owner.post(f"{BASE}/outbox/{message.id}/mark-sent", json={"remark": "she called back"}))
    assert marked["status"] == "sent"
    timeline = await ok(owner.get(f"/api/v1/crm/leads/{house.lead.id}/timeline"))
    assert "a quick question" in str(timeline)


async def test_an_uncertain_mail_is_sent_again_or_discarded(admin, house):
    message = await uncertain(house)
    assert (await ok(admin.post(f"{BASE}/outbox/{message.id}/retry")))["status"] == "queued"
    assert (await ok(admin.post(f"{BASE}/outbox/{message.id}/discard", json={})))["status"] == "cancelled"
    await ok(admin.post(f"{BASE}/outbox/{message.id}/retry"), 409)


async def test_all_sending_is_paused_and_goes_on(admin, house):
    assert (await ok(admin.put(f"{BASE}/outbox/pause", json={"paused": True})))["paused"]
    await house.tick()
    assert house.sent() == []
    assert not (await ok(admin.put(f"{BASE}/outbox/pause", json={"paused": False})))["paused"]
    assert not (await ok(admin.get(f"{BASE}/outbox/pause")))["paused"]
    await house.tick()
    assert len(house.sent()) == 1


async def test_an_enrolment_is_listed_and_stopped_by_hand(admin, house):
    from crm_api.followups import flows

    await flows.plan(house.db)
    (enrolment,) = (await ok(admin.get(f"{BASE}/enrolments", params={"status": "active"})))["items"]
    stopped = await ok(admin.post(f"{BASE}/enrolments/{enrolment['id']}/stop"))
    assert (stopped["status"], stopped["stop_reason"]) == ("stopped", "manual")
    await ok(admin.post(f"{BASE}/enrolments/{enrolment['id']}/stop"), 409)
    assert (await ok(admin.get(f"{BASE}/enrolments/{enrolment['id']}")))["status"] == "stopped"


async def test_an_address_is_kept_out_and_let_in_again(api, admin, house):
    rep = await api.client("rep")
    made = await ok(
        rep.post(f"{BASE}/suppressions", json={"address": GRACE, "note": "asked on the phone"}), 201
    )
    await house.tick()
    assert house.sent() == []
    await ok(rep.delete(f"{BASE}/suppressions/{made['id']}"), 403)
    await ok(admin.delete(f"{BASE}/suppressions/{made['id']}"), 204)
    assert (await ok(admin.get(f"{BASE}/suppressions")))["total"] == 0


async def test_the_templates_are_listed(admin):
    assert {"name": "followup_first"} in await ok(admin.get(f"{BASE}/templates"))
