"""What happened, as facts with ids: recorded in the transaction that made them true."""

from crm_api.events.service import EVERY, Event, record, record_many, subscribe, undoes

__all__ = ["EVERY", "Event", "record", "record_many", "subscribe", "undoes"]
