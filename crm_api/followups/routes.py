"""/api/v1/crm/followups: rules, sequences, enrolments, templates"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm_api.conditions import records
from crm_api.conditions.dependencies import listed, listing, showing, shown
from crm_api.conditions.filters import Query, Wanted
from crm_api.core.listing import Page
from crm_api.core.problems import documented
from crm_api.core.routing import Router
from crm_api.core.templating import email_templates
from crm_api.dependencies import CurrentActor, Db, IfMatch, json_answer, record_answer
from crm_api.followups import rules, service
from crm_api.followups.catalogue import ENROLMENTS, RULES, SEQUENCES
from crm_api.followups.schemas import (
    EnrolmentIn,
    EnrolmentOut,
    PreviewOut,
    RuleIn,
    RuleOut,
    RulePatch,
    SequenceIn,
    SequenceOut,
    SequencePatch,
    TemplateOut,
)
from crm_api.writes.dependencies import Write

router = Router(prefix="/api/v1/crm/followups", tags=["follow-ups"])


@router.get(
    "/rules", response_model=Page[RuleOut], openapi_extra=listed(RULES), responses=documented(400, 422)
)
async def list_rules(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("followup_rule")]
) -> Response:
    """Rules, and whether they are on."""
    return json_answer(await db.read(records.page, actor, "followup_rule", query))


@router.post("/rules", status_code=201, response_model=RuleOut, responses=documented(403, 422))
async def create_rule(body: RuleIn, write: Write) -> Response:
    """Make a rule. It is switched off until somebody has looked at its preview."""
    return await write.record(rules.create, data=body, status=201)


@router.get(
    "/rules/{rule_id}",
    response_model=RuleOut,
    openapi_extra=shown(RULES),
    responses=documented(400, 404, 422),
)
async def read_rule(
    rule_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("followup_rule")]
) -> Response:
    """One rule."""
    return record_answer(await db.read(records.one, actor, "followup_rule", rule_id, wanted))


@router.put("/rules/{rule_id}", response_model=RuleOut, responses=documented(400, 403, 404, 412, 422))
@router.patch("/rules/{rule_id}", response_model=RuleOut, responses=documented(400, 403, 404, 412, 422))
async def update_rule(rule_id: UUID, body: RulePatch, write: Write, if_match: IfMatch) -> Response:
    """Change just the fields sent; a rule whose reach changes is switched off."""
    return await write.record(rules.update, rule_id=rule_id, data=body, if_match=if_match)


@router.delete("/rules/{rule_id}", status_code=204, responses=documented(400, 403, 404, 412, 422))
async def delete_rule(rule_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Delete a rule and stop whom it enrolled."""
    return await write.nothing(rules.delete, rule_id=rule_id, if_match=if_match)


@router.post("/rules/{rule_id}/switch-on", response_model=RuleOut, responses=documented(403, 404, 422))
async def switch_on(rule_id: UUID, write: Write) -> Response:
    """Let a rule write to people."""
    return await write.record(rules.switch_on, rule_id=rule_id)


@router.post("/rules/{rule_id}/switch-off", response_model=RuleOut, responses=documented(403, 404, 422))
async def switch_off(rule_id: UUID, write: Write) -> Response:
    """Stop a rule; what it planned waits until it is on again."""
    return await write.record(rules.switch_off, rule_id=rule_id)


@router.get("/rules/{rule_id}/preview", response_model=PreviewOut, responses=documented(403, 404, 422))
async def preview_rule(rule_id: UUID, db: Db, actor: CurrentActor) -> PreviewOut:
    """Who would get a mail now, when, and how it would read."""
    return await db.read(rules.preview, actor, rule_id=rule_id)


@router.get(
    "/sequences",
    response_model=Page[SequenceOut],
    openapi_extra=listed(SEQUENCES),
    responses=documented(400, 422),
)
async def list_sequences(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("sequence")]
) -> Response:
    """Sequences of mails."""
    return json_answer(await db.read(records.page, actor, "sequence", query))


@router.post("/sequences", status_code=201, response_model=SequenceOut, responses=documented(403, 422))
async def create_sequence(body: SequenceIn, write: Write) -> Response:
    """Make a sequence."""
    return await write.record(rules.create_sequence, data=body, status=201)


@router.get(
    "/sequences/{sequence_id}",
    response_model=SequenceOut,
    openapi_extra=shown(SEQUENCES),
    responses=documented(400, 404, 422),
)
async def read_sequence(
    sequence_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("sequence")]
) -> Response:
    """One sequence."""
    return record_answer(await db.read(records.one, actor, "sequence", sequence_id, wanted))


@router.put(
    "/sequences/{sequence_id}", response_model=SequenceOut, responses=documented(400, 403, 404, 412, 422)
)
@router.patch(
    "/sequences/{sequence_id}", response_model=SequenceOut, responses=documented(400, 403, 404, 412, 422)
)
async def update_sequence(
    sequence_id: UUID, body: SequencePatch, write: Write, if_match: IfMatch
) -> Response:
    """Change a sequence for those who enter from now on."""
    return await write.record(rules.update_sequence, sequence_id=sequence_id, data=body, if_match=if_match)


@router.delete(
    "/sequences/{sequence_id}", status_code=204, responses=documented(400, 403, 404, 409, 412, 422)
)
async def delete_sequence(sequence_id: UUID, write: Write, if_match: IfMatch) -> Response:
    """Delete a sequence and stop everybody in it."""
    return await write.nothing(rules.delete_sequence, sequence_id=sequence_id, if_match=if_match)


@router.get(
    "/enrolments",
    response_model=Page[EnrolmentOut],
    openapi_extra=listed(ENROLMENTS),
    responses=documented(400, 422),
)
async def list_enrolments(
    db: Db, actor: CurrentActor, query: Annotated[Query, listing("enrolment")]
) -> Response:
    """Leads and people in sequences, and how it ended."""
    return json_answer(await db.read(records.page, actor, "enrolment", query))


@router.post(
    "/enrolments", status_code=201, response_model=EnrolmentOut, responses=documented(400, 403, 404, 409, 422)
)
async def enrol(body: EnrolmentIn, write: Write) -> Response:
    """Put a lead, or a person at an account, into a sequence, which writes in your name."""
    return await write.record(service.enrol_by_hand, data=body, status=201)


@router.get(
    "/enrolments/{enrolment_id}",
    response_model=EnrolmentOut,
    openapi_extra=shown(ENROLMENTS),
    responses=documented(400, 404, 422),
)
async def read_enrolment(
    enrolment_id: UUID, db: Db, actor: CurrentActor, wanted: Annotated[Wanted, showing("enrolment")]
) -> Response:
    """One enrolment."""
    return record_answer(await db.read(records.one, actor, "enrolment", enrolment_id, wanted))


@router.post(
    "/enrolments/{enrolment_id}/stop", response_model=EnrolmentOut, responses=documented(403, 404, 409, 422)
)
async def stop_enrolment(enrolment_id: UUID, write: Write) -> Response:
    """Stop a sequence for one lead or person."""
    return await write.record(service.stop_by_hand, enrolment_id=enrolment_id)


@router.get("/templates", response_model=list[TemplateOut])
async def list_templates(actor: CurrentActor) -> list[TemplateOut]:
    """The templates that steps may name."""
    return [TemplateOut(name=name) for name in email_templates()]
