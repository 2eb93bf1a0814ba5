"""What happened, as facts with ids: recorded in the transaction that made them true."""

from crm_api.events.service import Event, record, subscribe

__all__ = ["Event", "record", "subscribe"]
