"""The ports of an installation without a network."""

from functools import cache
from pathlib import Path

from crm_api.ports import Ports
from integrations.offline.files import DiskFileStore
from integrations.offline.gazetteer import Gazetteer
from integrations.offline.great_circle import GreatCircleTravelTimes
from integrations.offline.maildir import MaildirKeeper, MaildirReader, MaildirSender

_gazetteer = cache(Gazetteer)  # it reads thousands of places, and never changes


def offline_ports(data_dir: Path) -> Ports:
    """Maildir, gazetteer and great circle."""
    return Ports(
        email_sender=MaildirSender(data_dir / "mail"),
        mailbox_reader=MaildirReader(data_dir / "mail"),
        kept_mail=MaildirKeeper(data_dir / "mail"),
        file_store=DiskFileStore(data_dir / "attachments"),
        geocoder=_gazetteer(),
        travel_times=GreatCircleTravelTimes(),
    )
