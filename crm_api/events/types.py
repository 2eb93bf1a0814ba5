"""Every event there is, with what it means: what the feed and webhooks may be asked for."""

_RECORD = {
    "created": "was made",
    "updated": "was changed; `fields` names what was sent",
    "archived": "was deleted softly",
    "restored": "was taken back after a deletion",
    "erased": "was erased for good",
}
_OWNED = _RECORD | {"assigned": "has another owner; `before` is the one it had"}

EVENTS: dict[str, dict[str, str]] = {
    "account": _OWNED | {"located": "has coordinates: from a pin, a check-in, or its address"},
    "contact": _OWNED,
    "lead": _OWNED
    | {
        "qualified": "was judged: `is_qualified`, and a score",
        "call_attempted": "was called, answered or not",
        "stage_changed": "stands in another stage",
        "status_changed": "has another status",
        "converted": "became an account, with the ids of what was made",
    },
    "opportunity": _OWNED
    | {
        "stage_changed": "stands in another stage",
        "won": "was won",
        "lost": "was lost",
        "reopened": "is open again",
        "quote_added": "has a new quote",
        "quote_sent": "had a quote sent",
        "approval_requested": "waits for approval",
        "approval_approved": "was approved",
        "approval_rejected": "was not approved",
    },
    "activity": _OWNED
    | {
        "completed": "was done",
        "reopened": "is to be done after all",
        "contact_made": "was a contact with somebody",
        "follow_up_completed": "had its follow-up done",
        "mentioned": "names a colleague",
    },
    "attachment": {"added": "was put on a record", "deleted": "was removed", "erased": _RECORD["erased"]},
    "order": _RECORD | {"cancelled": "was cancelled"},
    "segment": _RECORD
    | {"customers_assigned": "has so many more accounts", "customers_removed": "has so many fewer accounts"},
    "product": _RECORD,
    "stage": {"emptied": "is going away; its records go to another stage"},
    "target": {"created": "was set", "updated": "was changed", "deleted": "was taken back"},
    "user": {
        "deactivated": "may not sign in any more",
        "team_changed": "belongs to another team",
        "erased": _RECORD["erased"],
    },
    "visit_plan": {
        "created": "was proposed",
        "accepted": "is the day now",
        "declined": "was declined",
        "replaced": "gave way to another plan",
    },
    "check_in": {
        "made": "was made at an account's door; `verdict` says whether the position fits",
        "ended": "was ended with what came of the visit",
    },
    "visit_week": {
        "created": "was planned",
    },
    "mail": {
        "sent": "went out",
        "discard": "was called off",
        "resume": "goes on",
        "retry": "is tried again",
        "marksent": "was marked as sent by hand",
        "suppressed": "will not reach this address any more",
        "received": "came in",
        "reply_received": "was answered",
        "out_of_office": "was answered by a machine",
    },
    "enrolment": {
        "started": "began",
        "paused": "waits",
        "completed": "came to its last step",
        "stopped": "ended before its last step; `reason` says why",
        "failed": "could not go on",
    },
    "followup_rule": {"switched_on": "begins to look", "stopped_itself": "found too many at once"},
    "import": {"finished": "has written its last row"},
    "export": {"finished": "was read to its end", "aborted": "was cut off"},
    "webhook": {"disabled": "was switched off", "ping": "is being tested"},
}
TYPES = frozenset(f"{kind}.{happened}" for kind, all_of_them in EVENTS.items() for happened in all_of_them)
