"""The composition root: the only file that names both a port and an adapter.

Setting a key alone turns an adapter on; without any key everything runs offline.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from crm_api import subscriptions
from crm_api.core.database import Database
from crm_api.core.secrets import Keys, load_or_create
from crm_api.dependencies import State
from crm_api.organisation.tokens import DatabaseTokenStore
from crm_api.ports import (
    EmailSender,
    Geocoder,
    MailboxReader,
    Ports,
    TokenStore,
    TravelTimes,
)
from crm_api.settings import Settings


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[State]:
    """Database, keys and ports, open for as long as the block runs."""
    subscriptions.install()
    secret = settings.secret_key.get_secret_value() if settings.secret_key else None
    keys = Keys(load_or_create(settings.data_dir, secret))
    db = Database.open(settings.database)
    try:
        async with build_ports(settings, DatabaseTokenStore(db, keys)) as ports:
            yield State(settings, db, ports, keys)
    finally:
        await db.close()


@asynccontextmanager
async def build_ports(settings: Settings, tokens: TokenStore) -> AsyncIterator[Ports]:
    """The adapters that the settings turn on, and the offline ones for the rest."""
    async with AsyncExitStack() as opened:
        yield Ports(
            email_sender=_sender(settings),
            mailbox_reader=_reader(settings),
            geocoder=_geocoder(settings),
            travel_times=_travel_times(settings),
            road_times=await _road_times(settings, opened),
        )


def _sender(settings: Settings) -> EmailSender:
    if settings.mail_transport == "smtp":
        from integrations.smtp import SmtpSender

        return SmtpSender(settings.smtp_url.get_secret_value())
    from integrations.offline.maildir import MaildirSender

    return MaildirSender(settings.data_dir / "mail")


def _reader(settings: Settings) -> MailboxReader:
    from integrations.offline.maildir import MaildirReader

    return MaildirReader(settings.data_dir / "mail")


def _geocoder(settings: Settings) -> Geocoder:
    if settings.google_maps_api_key:
        from integrations.google_maps.geocoding import GoogleGeocoder

        return GoogleGeocoder(settings.google_maps_api_key)
    from integrations.offline.gazetteer import Gazetteer

    return Gazetteer()


def _travel_times(settings: Settings) -> TravelTimes:
    from integrations.offline.great_circle import GreatCircleTravelTimes

    return GreatCircleTravelTimes()


async def _road_times(settings: Settings, opened: AsyncExitStack) -> TravelTimes | None:
    """Paid by the element, hence only ever asked for the legs of a day that was chosen already."""
    if not settings.google_maps_api_key:
        return None
    from integrations import http
    from integrations.google_maps.routes import GoogleRouteTimes

    client = await opened.enter_async_context(http.new_client())
    return GoogleRouteTimes(settings.google_maps_api_key, client)
