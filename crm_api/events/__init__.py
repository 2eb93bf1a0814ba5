"""What happened, as facts with ids: recorded in the transaction that made them true."""

from crm_api.events.service import EVERY, Event, record, subscribe

__all__ = ["EVERY", "Event", "record", "subscribe"]
