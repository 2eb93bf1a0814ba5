"""Start-up, once: which catalogues there are, and what happens after what.

The table below is the only place where an event meets its handlers. *Same transaction* touches rows only
and commits with the change itself; *after commit* is run by the relay, exactly once an event and handler.
"""

from crm_api import audit, events
from crm_api.accounts import service as accounts
from crm_api.accounts.catalogue import CATALOGUE as ACCOUNTS
from crm_api.activities import of_leads, order_lines, timeline
from crm_api.activities import service as activities
from crm_api.activities.catalogue import CATALOGUE as ACTIVITIES
from crm_api.activities.notes import ActivityNotes
from crm_api.attachments.catalogue import CATALOGUE as ATTACHMENTS
from crm_api.changes.catalogue import CHANGE_SETS
from crm_api.changes.catalogue import ENTRIES as AUDIT_ENTRIES
from crm_api.conditions import saved
from crm_api.contacts.catalogue import CATALOGUE as CONTACTS
from crm_api.core.fields import CATALOGUES
from crm_api.custom_fields import values as custom_values
from crm_api.custom_fields.catalogue import CATALOGUE as CUSTOM_FIELDS
from crm_api.events.service import Handler
from crm_api.field import check_ins
from crm_api.field.catalogue import CATALOGUE as CHECK_INS
from crm_api.followups import reactions as followups
from crm_api.followups import rules as followup_rules
from crm_api.followups.author import FollowUpAuthor
from crm_api.followups.catalogue import ENROLMENTS, RULES, SEQUENCES
from crm_api.followups.service import PURPOSE
from crm_api.handovers import service as handovers
from crm_api.leads import service as leads
from crm_api.leads import stages as lead_stages
from crm_api.leads.catalogue import CATALOGUE as LEADS
from crm_api.maps import places
from crm_api.notifications import digest
from crm_api.notifications import reactions as notifications
from crm_api.notifications.catalogue import CATALOGUE as NOTIFICATIONS
from crm_api.opportunities import service as opportunities
from crm_api.opportunities import stages as opportunity_stages
from crm_api.opportunities.catalogue import CATALOGUE as OPPORTUNITIES
from crm_api.opportunities.catalogue import LINES
from crm_api.orders.catalogue import CATALOGUE as ORDERS
from crm_api.orders.catalogue import LINES as ORDER_LINES
from crm_api.organisation.catalogue import CALENDARS, RATES, TERRITORIES
from crm_api.outbox import authors
from crm_api.outbox import service as outbox
from crm_api.outbox.catalogue import CATALOGUE as MESSAGES
from crm_api.outbox.catalogue import SUPPRESSIONS
from crm_api.pipelines.catalogue import PIPELINES, STAGES
from crm_api.privacy import service as privacy
from crm_api.privacy.catalogue import CATALOGUE as ERASURES
from crm_api.products.catalogue import CATALOGUE as PRODUCTS
from crm_api.questions import reports
from crm_api.segments import members
from crm_api.segments.catalogue import MEMBERS, SEGMENTS
from crm_api.tags.catalogue import CATALOGUE as TAGS
from crm_api.targets import service as targets
from crm_api.targets.catalogue import CATALOGUE as TARGETS
from crm_api.users.catalogue import TEAMS, USERS
from crm_api.views import service as views
from crm_api.views.catalogue import CATALOGUE as VIEWS
from crm_api.visits import habits
from crm_api.visits import reactions as visits
from crm_api.visits.catalogue import CATALOGUE as VISIT_PLANS
from crm_api.visits.catalogue import WEEKS as VISIT_WEEKS
from crm_api.webhooks import service as webhooks
from crm_api.webhooks.catalogue import DELIVERIES, WEBHOOKS
from crm_api.writes import erasing, notes, rehearsal

ALL_CATALOGUES = (
    USERS,
    TEAMS,
    TERRITORIES,
    CALENDARS,
    RATES,
    TAGS,
    CUSTOM_FIELDS,
    PRODUCTS,
    PIPELINES,
    STAGES,
    ACCOUNTS,
    CONTACTS,
    LEADS,
    OPPORTUNITIES,
    LINES,
    ORDERS,
    ORDER_LINES,
    SEGMENTS,
    MEMBERS,
    ACTIVITIES,
    ATTACHMENTS,
    NOTIFICATIONS,
    MESSAGES,
    SUPPRESSIONS,
    SEQUENCES,
    RULES,
    ENROLMENTS,
    VISIT_PLANS,
    CHECK_INS,
    VISIT_WEEKS,
    VIEWS,
    TARGETS,
    WEBHOOKS,
    DELIVERIES,
    CHANGE_SETS,
    AUDIT_ENTRIES,
    ERASURES,
)

SAME_TRANSACTION: dict[str, list[Handler]] = {
    "account.archived": [members.follow_account],
    "account.restored": [members.follow_account],
    "account.updated": [places.on_account_updated],
    "order.created": [order_lines.tell],
    "order.updated": [order_lines.tell],
    "order.cancelled": [order_lines.tell],
    "order.archived": [order_lines.forget],
    "order.restored": [order_lines.tell],
    "lead.status_changed": [timeline.tell_stage_change, followups.on_lead_changed],
    "lead.assigned": [followups.on_lead_changed],
    "lead.archived": [followups.on_lead_changed],
    "contact.updated": [followups.on_contact_updated],
    "contact.archived": [followups.on_contact_archived],
    "lead.converted": [of_leads.on_converted],
    "lead.updated": [followups.on_lead_updated],
    "activity.contact_made": [followups.on_contact_made, habits.on_contact_made],
    "mail.sent": [followups.on_sent],
    "mail.reply_received": [followups.on_reply],
    "mail.out_of_office": [followups.on_away],
    "mail.suppressed": [followups.on_suppressed],
    "mail.discard": [followups.on_discarded],
    "stage.emptied": [opportunity_stages.leave, lead_stages.leave],
    "opportunity.stage_changed": [timeline.tell_stage_change],
    "opportunity.reopened": [timeline.tell_stage_change],
    "user.deactivated": [handovers.refuse_orphans],
    "user.team_changed": [
        accounts.follow_owner,
        leads.follow_owner,
        opportunities.follow_owner,
        activities.follow_owner,
        targets.follow_owner,
        check_ins.follow_owner,
    ],
}

AFTER_COMMIT: dict[str, list[Handler]] = {
    events.EVERY: [webhooks.fan_out],
    **{
        f"{kind}.{moment}": [notifications.on_assigned]
        for kind in ("account", "contact", "lead", "opportunity")
        for moment in ("created", "assigned")
    },
    "activity.assigned": [notifications.on_assigned],
    "lead.stage_changed": [notifications.on_stage_changed],
    "opportunity.stage_changed": [notifications.on_stage_changed],
    "opportunity.approval_requested": [notifications.on_approval_requested],
    "opportunity.approval_approved": [notifications.on_approval_decided],
    "opportunity.approval_rejected": [notifications.on_approval_decided],
    "activity.mentioned": [notifications.on_mentioned],
    "visit_plan.created": [visits.on_planned],
    "visit_week.created": [visits.on_week_planned],
    "visit_plan.accepted": [visits.on_accepted],
    "visit_plan.declined": [visits.on_declined],
}


def install() -> None:
    """Fill the registries and start the audit trail. Idempotent; every process calls it first."""
    for catalogue in ALL_CATALOGUES:
        CATALOGUES.add(catalogue)
    events.subscribe(same_transaction=SAME_TRANSACTION, after_commit=AFTER_COMMIT)
    saved.keep_in(views.saved)
    authors.declare(PURPOSE, FollowUpAuthor())
    authors.declare(digest.PURPOSE, digest.NoticeAuthor())
    authors.declare(reports.PURPOSE, reports.ReportAuthor())
    rehearsal.foresee(rules=followup_rules.foreseen, mails=outbox.foreseen, webhooks=webhooks.foreseen)
    notes.keep_with(ActivityNotes())
    erasing.erase_with(privacy.erase_record)
    audit.install()
    custom_values.install()
