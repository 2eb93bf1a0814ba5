"""Every table of the service: whose rows are a person's, and what erasing the person does to them.

Tables that hold records come first, those that tell of records after them: by then all the subject's are known.
A test compares this list with the models; a new table, or a new text column of an old one, is decided here.

What hangs on a person alone is deleted. What hangs on a company or a deal as well stays as an empty line, so that the
company's own figures (visits made, mails sent) stay right.
"""

from typing import Any

import sqlalchemy as sa

from crm_api.access.models import AccountAccess
from crm_api.accounts.models import Account, AccountStats
from crm_api.activities.models import Activity, ActivityRollup, TimelineEntry
from crm_api.attachments.models import Attachment
from crm_api.audit.models import AuditEntry, ChangeSet, Erasure
from crm_api.contacts.models import Contact, ContactStats
from crm_api.core.dialect import mentions
from crm_api.core.search import documents
from crm_api.custom_fields.models import CustomField, field_values
from crm_api.events.models import EventDelivery, EventRow
from crm_api.field.models import CalendarEntry, CalendarFeed, CheckIn
from crm_api.followups.models import Enrolment, FollowUpRule, Sequence
from crm_api.imports.models import ImportRun
from crm_api.leads.models import Lead, LeadRollup, LeadStats
from crm_api.mailboxes.models import MailboxState, ReceivedMail
from crm_api.maps.models import AccountPlace, GeocodingItem, GeocodingRun, MapCall, MapMonth
from crm_api.notifications.models import Notification, NotificationPreference
from crm_api.opportunities.models import Opportunity, OpportunityLine, PipelineRollup, Quote, StageMove
from crm_api.orders.models import Order, OrderLine
from crm_api.organisation.models import (
    Counter,
    ExchangeRate,
    Holiday,
    HolidayCalendar,
    JobSlot,
    Organisation,
    Revaluation,
    Secret,
    Territory,
    holiday_calendar_territories,
)
from crm_api.outbox.models import OutboxMessage, RecipientTurn, Suppression
from crm_api.pipelines.models import Pipeline, Stage
from crm_api.privacy.declarations import (
    Declaration,
    Impersonal,
    Personal,
    Reach,
    Rule,
    Terms,
    about,
    alone,
    any_of,
    at,
    chunks,
    of,
    where,
)
from crm_api.privacy.words import MARK
from crm_api.products.models import Product
from crm_api.questions.models import AskedQuestion, HouseWord, RememberedChoice, WeeklyAnswer
from crm_api.segments.models import Segment, SegmentMember, SegmentStats
from crm_api.tags.models import RecordTag, Tag
from crm_api.targets.models import Target
from crm_api.users.models import ApiKey, SignInAttempt, Team, User, UserSession, user_territories
from crm_api.views.models import View, ViewDefault
from crm_api.visits.models import VisitHabits, VisitPlan, VisitPlanStop, VisitWeek
from crm_api.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery, WebhookStats
from crm_api.writes.idempotency import FORGOTTEN
from crm_api.writes.models import KeptAnswer

_OTHER_SYSTEM = "external_system origin"
_EMPTY: dict[str, Any] = {}


def _table(model: Any) -> sa.Table:
    table: sa.Table = model.__table__
    return table


def personal(model: Any, texts: str, plain: str = "", *rules: Rule, **more: Any) -> Personal:
    """The declaration of a model's table."""
    kind = getattr(model, "__kind__", None)
    audited = getattr(model, "__audited__", False)
    return Personal(_table(model), texts, plain, rules=rules, kind=kind, is_audited=audited, **more)


def impersonal(reason: str, *models: Any) -> list[Impersonal]:
    """Tables that hold no personal data, for the same reason."""
    return [Impersonal(m if isinstance(m, sa.Table) else _table(m), reason) for m in models]


def _own(model: Any) -> Rule:
    """The subject's own records of a kind go."""
    return Rule(of(model.__kind__, model.id))


def _events(reach: Reach) -> list[sa.Select[Any]]:
    subjects = about(EventRow.kind, EventRow.subject_id)(reach)
    return [sa.select(EventRow.id).where(found) for found in subjects]


def _deliveries(reach: Reach) -> Terms:
    return (WebhookDelivery.event_id.in_(some) for some in _events(reach))


def _attempts(reach: Reach) -> Terms:
    deliveries = (sa.select(WebhookDelivery.id).where(some) for some in _deliveries(reach))
    return (WebhookAttempt.delivery_id.in_(some) for some in deliveries)


def _values(reach: Reach) -> Terms:
    for kind, ids in reach.gone.items():
        fields = sa.select(CustomField.id).where(CustomField.kind == kind)
        yield from (
            sa.and_(field_values.c.definition_id.in_(fields), field_values.c.record_id.in_(some))
            for some in chunks(ids)
        )


def _answers(reach: Reach) -> Terms:
    """Answers that show a record of the subject, or one that hangs on it: they name the record by its id."""
    for _, record_id in reach.roots:
        shown = mentions(KeptAnswer.body, f"%{record_id}%")
        yield sa.and_(KeptAnswer.status.is_not(None), sa.or_(shown, KeptAnswer.path.contains(str(record_id))))


_links = {
    "account": "account_id",
    "contact": "contact_id",
    "lead": "lead_id",
    "opportunity": "opportunity_id",
}


def _linked(model: Any) -> dict[str, Any]:
    return {kind: getattr(model, column) for kind, column in _links.items()}


def _of_person(model: Any) -> Any:
    return any_of(of("contact", model.contact_id), of("lead", model.lead_id))


RECORDS: list[Declaration] = [
    personal(
        User,
        "name name_key email email_key phone external_id",
        f"role time_zone locale distance_unit {_OTHER_SYSTEM}",
        Rule(
            of("user", User.id),
            {
                "name": MARK,
                "name_key": MARK,
                "email": None,
                "email_key": None,
                "phone": None,
                "is_active": False,
                "password_hash": None,
                "home_latitude": None,
                "home_longitude": None,
                "external_id": None,
                "external_system": None,
            },
        ),
        secret="password_hash",
    ),
    personal(
        Account,
        "name name_key company_key domain_key website email phone phone_e164 description billing_street billing_city "
        "billing_state billing_zip shipping_street shipping_city shipping_state shipping_zip visit_street visit_city "
        "visit_state visit_zip external_id custom",
        "number account_type industry tier rating currency billing_country shipping_country visit_country "
        "coordinates_source opening_hours visit_days "
        f"{_OTHER_SYSTEM}",
        _own(Account),
    ),
    personal(
        Contact,
        "first_name last_name name_key email email_key phone phone_e164 mobile mobile_e164 job_title department "
        "street city state zip description external_id custom",
        f"role time_zone country {_OTHER_SYSTEM}",
        _own(Contact),
    ),
    personal(
        Lead,
        "title title_key company_name company_key domain_key person_key first_name last_name job_title "
        "email email_key phone phone_e164 mobile website "
        "street city state zip requirements authority need timeline description lost_reason external_id custom",
        f"number industry company_size country status source priority rating currency score_reasons archived_from "
        f"{_OTHER_SYSTEM}",
        _own(Lead),
    ),
    personal(
        Opportunity,
        "name name_key description loss_reason next_step products_interested competitors risks requirements "
        "approval_note external_id custom",
        "number stage_kind opportunity_type priority currency forecast_category approval_status "
        f"{_OTHER_SYSTEM}",
        _own(Opportunity),
    ),
    personal(Quote, "name attachment", "currency", Rule(of("opportunity", Quote.opportunity_id))),
    # Bought by a company; the contact who ordered is let go of. With the company goes what was archived of it.
    personal(
        Order,
        "number reference description external_id",
        f"status currency {_OTHER_SYSTEM}",
        Rule(any_of(of("order", Order.id), of("account", Order.account_id))),
    ),
    personal(
        Activity,
        "subject description outcome next_steps details contact_person related_order attachments external_id custom",
        f"activity_type direction status priority task_type {_OTHER_SYSTEM}",
        _own(Activity),
        Rule(alone(**_linked(Activity))),
        Rule(
            _of_person(Activity),
            {
                "subject": MARK,
                "description": None,
                "outcome": None,
                "next_steps": None,
                "details": None,
                "contact_person": None,
                "related_order": None,
                "attachments": None,
                "custom": None,
                "latitude": None,
                "longitude": None,
                "external_id": None,
                "external_system": None,
            },
        ),
    ),
    personal(
        Enrolment,
        "address_key steps",
        "status stop_reason lead_status time_zone",
        Rule(of("lead", Enrolment.lead_id)),
        Rule(of("contact", Enrolment.contact_id)),
        Rule(at(Enrolment.address_key), {"address_key": MARK}, whole=False),
    ),
    personal(
        OutboxMessage,
        "reason sender_address sender_name recipient_address recipient_name recipient_key subject text html handle",
        "purpose idem_key status claimed_by provider_id template content_hash message_id sent_message_id transport",
        Rule(any_of(_of_person(OutboxMessage), at(OutboxMessage.recipient_key))),
        Rule(of("user", OutboxMessage.sender_id), {"sender_address": MARK, "sender_name": MARK}, whole=False),
    ),
    personal(Suppression, "address_key note", "reason", Rule(at(Suppression.address_key))),
    personal(RecipientTurn, "recipient_key", "", Rule(at(RecipientTurn.recipient_key))),
    personal(
        ReceivedMail,
        "mailbox_key sender_key subject message_id",
        "provider_id verdict",
        Rule(at(ReceivedMail.mailbox_key)),
        # The line stays without its words, so that the same mail is not taken in a second time.
        Rule(
            any_of(
                at(ReceivedMail.sender_key),
                of("message", ReceivedMail.outbox_id),
                of("activity", ReceivedMail.activity_id),
            ),
            {"sender_key": MARK, "subject": MARK, "message_id": MARK, "outbox_id": None, "activity_id": None},
        ),
    ),
    personal(MailboxState, "address_key cursor error", "", Rule(at(MailboxState.address_key))),
    personal(
        VisitPlan,
        "notes left_out request busy",
        "time_zone status engine travel_source origin",
        Rule(of("user", VisitPlan.owner_id)),
    ),
    personal(
        VisitWeek,
        "notes left_out request",
        "engine travel_source origin",
        Rule(of("user", VisitWeek.owner_id)),
    ),
    personal(VisitHabits, "minutes found_open found_shut", "", Rule(of("account", VisitHabits.account_id))),
    personal(
        VisitPlanStop,
        "reasons",
        "",
        Rule(any_of(of("visit_plan", VisitPlanStop.plan_id), of("account", VisitPlanStop.account_id))),
    ),
    personal(
        AccountPlace,
        "address label candidates note",
        "status source precision place_id",
        Rule(of("account", AccountPlace.account_id)),
    ),
    personal(
        CheckIn,
        "",
        "verdict",
        Rule(any_of(of("activity", CheckIn.activity_id), of("account", CheckIn.account_id))),
        # That a visit was made stays with the company's figures; where somebody was does not.
        Rule(
            of("user", CheckIn.owner_id),
            {"latitude": None, "longitude": None, "accuracy_metres": None, "distance_metres": None},
            whole=False,
        ),
    ),
    personal(CalendarFeed, "", "", Rule(of("user", CalendarFeed.user_id)), secret="token_hash"),
    personal(
        CalendarEntry,
        "mailbox failed_because",
        "provider_id",
        Rule(of("activity", CalendarEntry.activity_id)),
        Rule(at(CalendarEntry.mailbox), {"mailbox": MARK}, whole=False),
    ),
    personal(
        View,
        "name name_key conditions search",
        "kind sort fields shared_with",
        Rule(where(of("user", View.owner_id), lambda _: View.shared_with == "nobody")),
    ),
    personal(ViewDefault, "", "kind", Rule(of("user", ViewDefault.user_id))),
    personal(ApiKey, "name", "scopes", Rule(of("user", ApiKey.user_id)), secret="token_hash hint"),
    personal(
        UserSession,
        "user_agent address",
        "channel end_reason",
        Rule(of("user", UserSession.user_id)),
        secret="token_hash previous_hash csrf_token",
    ),
    personal(SignInAttempt, "email_key address", "", Rule(at(SignInAttempt.email_key))),
    personal(
        AskedQuestion, "question plan unused", "planner outcome", Rule(of("user", AskedQuestion.user_id))
    ),
    personal(RememberedChoice, "asked label", "", Rule(of("user", RememberedChoice.user_id))),
    personal(WeeklyAnswer, "question plan", "", Rule(of("user", WeeklyAnswer.owner_id))),
    personal(HouseWord, "phrase stems means"),
    personal(
        Webhook, "name url disabled_reason", "event_types exclude_origins", secret="secret previous_secret"
    ),
    personal(Sequence, "name steps", "category origin"),
    personal(FollowUpRule, "name conditions off_reason", "window_days window_start window_end origin"),
    personal(
        Product, "name name_key description external_id custom", f"code family currency {_OTHER_SYSTEM}"
    ),
    personal(Team, "name name_key", "origin"),
    personal(Territory, "name name_key", "origin"),
    personal(
        Segment,
        "name name_key description criteria benefits external_id",
        f"code code_key kind {_OTHER_SYSTEM}",
    ),
    personal(Tag, "name name_key", "color origin"),
    # What was asked of somebody and what came of it stays with the company's figures, without a name of its own.
    personal(Target, "", "measure period currency origin"),
    personal(ImportRun, "file_name message mapping path", "kind system digest state"),
    personal(JobSlot, "error", "job worker"),
]

TRACES: list[Declaration] = [
    personal(
        TimelineEntry,
        "summary",
        "kind type",
        Rule(alone(**_linked(TimelineEntry))),
        Rule(
            where(_of_person(TimelineEntry), lambda _: TimelineEntry.kind != "opportunity"), {"summary": MARK}
        ),
        Rule(about(TimelineEntry.kind, TimelineEntry.record_id)),
    ),
    # The bytes go with the row: the sweep removes what no row has.
    personal(
        Attachment,
        "name",
        "type sha256 record_kind origin",
        Rule(about(Attachment.record_kind, Attachment.record_id)),
        Rule(where(of("user", Attachment.owner_id), lambda _: Attachment.record_id.is_(None))),
    ),
    personal(
        Notification,
        "summary",
        "type key kind",
        Rule(of("user", Notification.user_id)),
        Rule(about(Notification.kind, Notification.record_id)),
    ),
    personal(NotificationPreference, "", "type channel", Rule(of("user", NotificationPreference.user_id))),
    personal(StageMove, "", "kind", Rule(about(StageMove.kind, StageMove.record_id))),
    personal(RecordTag, "", "kind", Rule(about(RecordTag.kind, RecordTag.record_id))),
    Personal(
        field_values,
        "text text_key unique_key",
        rules=(Rule(_values),),
        handle="record_id",
        scanned=False,
    ),
    Personal(
        documents,
        "text",
        "kind",
        rules=(Rule(about(documents.c.kind, documents.c.record_id)),),
        handle="record_id",
        scanned=False,
    ),
    personal(
        AuditEntry,
        "before after",
        "kind action",
        Rule(about(AuditEntry.kind, AuditEntry.record_id), {"before": _EMPTY, "after": _EMPTY}),
    ),
    personal(ChangeSet, "label", "origin request_id"),
    personal(
        EventRow,
        "data",
        "type kind origin request_id",
        Rule(about(EventRow.kind, EventRow.subject_id), {"data": _EMPTY}),
    ),
    personal(
        EventDelivery,
        "error",
        "handler",
        Rule(lambda r: (EventDelivery.event_id.in_(some) for some in _events(r)), {"error": None}),
    ),
    personal(
        WebhookDelivery,
        "response_excerpt error",
        "event_type status",
        Rule(_deliveries, {"response_excerpt": None, "error": None}),
    ),
    personal(
        WebhookAttempt,
        "response_excerpt error",
        "",
        Rule(_attempts, {"response_excerpt": None, "error": None}),
    ),
    personal(KeptAnswer, "body results headers", "path method key fingerprint", Rule(_answers, FORGOTTEN)),
]

OTHERS: list[Declaration] = [
    *impersonal(
        "goes with the record it is kept for",
        AccountStats,
        ContactStats,
        LeadStats,
        OpportunityLine,
        OrderLine,
        SegmentStats,
    ),
    *impersonal(
        "links and times alone",
        AccountAccess,
        GeocodingItem,
        GeocodingRun,
        SegmentMember,
        user_territories,
        WebhookStats,
    ),
    *impersonal("the company's own profile and how it works", Organisation, Pipeline, Stage, CustomField),
    *impersonal("days off of everybody", HolidayCalendar, Holiday, holiday_calendar_territories),
    *impersonal("rates between currencies, and which amounts they change", ExchangeRate, Revaluation),
    *impersonal("numbers taken", Counter),
    *impersonal("sums over many records", PipelineRollup, LeadRollup, ActivityRollup),
    *impersonal("what map services were asked how often, and what it cost", MapCall, MapMonth),
    *impersonal("tokens of the service itself, encrypted", Secret),
    *impersonal("says that somebody was erased, in words that name nobody", Erasure),
]

REGISTRY: list[Declaration] = [*RECORDS, *TRACES, *OTHERS]
PERSONAL: list[Personal] = [d for d in REGISTRY if isinstance(d, Personal)]
BY_TABLE: dict[str, Personal] = {d.table.name: d for d in PERSONAL}
