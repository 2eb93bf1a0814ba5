"""The page of a month's kilometres, and the mails that may follow a visit."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.core import clock
from crm_api.field.models import CheckIn
from crm_api.followups.models import Enrolment, Sequence
from tests.factories import make_account, make_contact, make_user
from tests.pages.test_planner import accepted
from tests.pages.test_road import checked_in
from tests.support.api import Api
from tests.support.pages import visiting

EVENING = datetime(2026, 11, 23, 22, tzinfo=UTC)
PATH = "/crm/visits/mileage"


@pytest.fixture(autouse=True)
def _in_the_evening() -> Iterator[None]:
    with clock.frozen(EVENING):
        yield


async def test_a_rep_sees_the_days_and_whoever_answers_for_them_the_people(api: Api) -> None:
    with clock.frozen(datetime(2026, 11, 23, 14, tzinfo=UTC)):
        rep, visit = await accepted(api)
    await checked_in(visit)
    boss = await visiting(api, await api.db.write(make_user, "administrator"))
    await (await api.client()).put("/api/v1/crm/visits/road-rules", json={"mileage_rate": 0.5})

    own, people = await visit.get(PATH), await boss.get(PATH)
    days = await boss.get(f"{PATH}?month=2026-11&rep={rep.id}")
    file = await boss.get(f"{PATH}/file?month=2026-11")
    empty, wrong = await visit.get(f"{PATH}?month=2026-10"), await visit.get(f"{PATH}?month=never")

    assert "23 November" in own.text.replace("November 23", "23 November")
    assert f">{rep.name}</a>" in people.text
    assert "Everybody" in days.text
    assert "at 0.5 a km" in people.text
    assert file.text.splitlines()[0].startswith(
        "person,days,visits,planned_km,driven_km,beyond_plan_km,amount_"
    )
    assert "Nobody was on the road" in empty.text
    assert wrong.status_code == 422
    assert (await visit.get(f"{PATH}?rep={(await api.db.write(make_user, 'rep')).id}")).status_code == 403


async def test_opening_hours_are_typed_as_people_write_them(api: Api) -> None:
    rep = await api.db.write(make_user, "administrator")
    account = await api.db.write(lambda s: str(make_account(s, name="Middle Motors").id))
    visit, path = await visiting(api, rep), f"/crm/accounts/{account}"
    hours = await visit.post(f"{path}/fields/opening_hours", opening_hours="Mon-Fri 8am-6pm; Sat 9:00-14:00")
    days = await visit.post(f"{path}/fields/visit_days", visit_days="Tue, Thu")
    wrong = await visit.post(f"{path}/fields/opening_hours", opening_hours="mornings")
    page = (await visit.get(path)).text
    assert (hours.status_code, days.status_code, wrong.status_code) == (200, 200, 200)
    assert "Mon-Fri 08:00-18:00; Sat 09:00-14:00" in page
    assert "Tue, Thu" in page
    assert "not read from" in wrong.text


async def test_mails_that_follow_are_chosen_where_the_outcome_is_said(api: Api) -> None:
    with clock.frozen(datetime(2026, 11, 23, 14, tzinfo=UTC)):
        rep, visit = await accepted(api)
    await api.db.write(
        lambda s: s.add(Sequence(name="Thanks", steps=[{"template": "after_visit", "delay_days": 1}]))
    )
    check_in = await checked_in(visit)

    def meet(session: Session) -> str:
        account_id = session.get_one(CheckIn, UUID(check_in)).account_id
        return str(make_contact(session, account_id=account_id, email="buyer@x.example").id)

    contact = await api.db.write(meet)
    page = (await visit.get("/crm/visits/today")).text
    sequence = str(await api.db.read(lambda s: s.scalar(sa.select(Sequence.id))))
    assert f'value="{sequence}"' in page
    form = {"outcome": "Went well", "follow_up_sequence_id": sequence}
    path = f"/crm/visits/check-ins/{check_in}/check-out"
    refused = await visit.post(path, **form)
    assert "Say who was spoken to" in refused.text
    assert re.search(rf'value="{sequence}"\s+selected', refused.text)
    assert (await visit.post(path, **form, contact_id=contact)).status_code == 303
    begun = await api.db.read(lambda s: s.scalars(sa.select(Enrolment)).one())
    assert (str(begun.contact_id), begun.owner_id) == (contact, rep.id)
