"""The tabs every list begins with, before anybody has saved a view: a name and the filters it stands for."""

from collections.abc import Mapping

Pairs = tuple[tuple[str, str], ...]
_OPEN_DEALS = ("stage__in", "prospecting,qualification,needs_analysis,proposal,negotiation")
_OPEN = ("status__in", "scheduled,in_progress")

PRESETS: Mapping[str, tuple[tuple[str, Pairs], ...]] = {
    "leads": (
        ("All", ()),
        ("Open", (("status__in", "new,contacted,callback,qualified,proposal,negotiation"),)),
        ("Mine", (("owner_id", "me"),)),
        ("Hot", (("is_hot_lead", "true"), ("status__in", "new,contacted,callback,qualified,proposal,negotiation"))),
        ("Unassigned", (("owner_id__isnull", "true"),)),
    ),
    "opportunities": (
        ("All", ()),
        ("Open", (_OPEN_DEALS,)),
        ("Mine", (("owner_id", "me"), _OPEN_DEALS)),
        ("No next step", (("without_next_step", "true"),)),
        ("Rotting", (("is_rotting", "true"),)),
        ("Won", (("stage", "closed_won"),)),
    ),
    "accounts": (
        ("All", ()),
        ("Mine", (("owner_id", "me"),)),
        ("Customers", (("account_type", "customer"),)),
        ("Dealers", (("account_type", "dealer"),)),
        ("Prospects", (("account_type", "prospect"),)),
    ),
    "contacts": (
        ("All", ()),
        ("Active", (("is_active", "true"),)),
        ("Decision makers", (("role", "decision_maker"),)),
        ("Primary", (("is_primary", "true"),)),
    ),
    "activities": (
        ("All", ()),
        ("Mine", (("owner_id", "me"),)),
        ("Calls", (("activity_type", "call"),)),
        ("Meetings", (("activity_type__in", "meeting,video_call"),)),
        ("E-mails", (("activity_type", "email"),)),
        ("Visits", (("activity_type", "visit"),)),
        ("This week", (("occurred_at__gte", "this_week"),)),
    ),
    "tasks": (
        ("All", ()),
        ("To do", (_OPEN,)),
        ("Mine", (("owner_id", "me"), _OPEN)),
        ("Overdue", (("due_at__lt", "now"), _OPEN)),
        ("Done", (("status", "completed"),)),
    ),
}  # fmt: skip
