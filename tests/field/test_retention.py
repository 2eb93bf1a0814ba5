"""What old plans keep of Google's coordinates."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from crm_api.core import clock
from crm_api.field.retention import coarsen
from crm_api.maps.models import AccountPlace
from crm_api.visits.models import VisitPlanStop
from tests.visits.people import MONDAY, rep_with_dealers

MORNING = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


async def test_after_thirty_days_a_stop_google_placed_is_right_to_a_kilometre_and_a_pin_as_ever(api):
    rep, dealers = await rep_with_dealers(api.db, 4)
    with clock.frozen(MORNING):
        client = await api.signed_in(rep)
        plan = (
            await client.post("/api/v1/crm/visits/plans", json={"day": MONDAY, "account_type": "dealer"})
        ).json()
    googles = plan["stops"][0]["account_id"]
    dealer = next(dealer for dealer in dealers if str(dealer.id) == googles)
    fine = {"latitude": 40.123456, "longitude": -83.123456}

    def place(session):
        session.add(AccountPlace(account_id=dealer.id, status="expired", source="google"))
        session.execute(sa.update(VisitPlanStop).values(**fine))

    await api.db.write(place)
    with clock.frozen(MORNING + timedelta(days=30)):
        assert await api.db.write(coarsen) == 0
    with clock.frozen(MORNING + timedelta(days=31)):
        assert await api.db.write(coarsen) == 1
        assert await api.db.write(coarsen) == 0
    stops = await api.db.read(lambda s: list(s.scalars(sa.select(VisitPlanStop))))
    kept = {str(stop.account_id): (stop.latitude, stop.longitude) for stop in stops}
    assert kept.pop(googles) == (40.12, -83.12)
    assert set(kept.values()) == {(40.123456, -83.123456)}
