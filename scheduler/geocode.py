"""Looks up the addresses of waiting runs, and keeps to the thirty days that Google's coordinates may be kept."""

from crm_api.core.database import Database
from crm_api.maps import geocoding
from crm_api.ports import Ports
from crm_api.settings import Settings
from scheduler.jobs import Job, Turn


async def run(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Go on with waiting runs; returns how many addresses were looked up."""
    return await geocoding.work_off(db, ports)


async def refresh(db: Database, ports: Ports, settings: Settings, turn: Turn) -> int:
    """Renew what runs out, and let go of what has; returns how many."""
    return await geocoding.refresh(db, ports)


JOB = Job("geocode", 10.0, run)
REFRESH_JOB = Job("refresh_places", 3600.0, refresh)
