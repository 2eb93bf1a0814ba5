"""Follow-up sequences: two with rules that are switched off, one to be chosen after a visit. Nobody is written to until
a person says so."""

from typing import TYPE_CHECKING, Any

from entrypoints.demo.draws import Draw

if TYPE_CHECKING:
    from entrypoints.demo.company import DemoCompany

_DAY = 24 * 60  # minutes

_AFTER_A_VISIT = ("After a visit", (("after_visit", 1),))

# name, templates with the days to wait before each, minutes without contact, which leads
_SEQUENCES: tuple[tuple[str, tuple[tuple[str, int], ...], int, dict[str, Any]], ...] = (
    (
        "First answer to a new lead",
        (("followup_first", 0), ("followup_second", 4)),
        2 * _DAY,
        {"field": "status", "op": "eq", "value": "new"},
    ),
    (
        "Leads that went quiet",
        (("followup_second", 0),),
        30 * _DAY,
        {"field": "status", "op": "in", "value": ["contacted", "callback", "qualified"]},
    ),
)


def add_sequences(company: "DemoCompany", draw: Draw) -> None:
    """The sequences and their rules; born switched off like every rule."""
    for name, steps, after_minutes, conditions in _SEQUENCES:
        sequence_id = _add(company, draw, name, steps)
        company.rules.append(
            {
                "created_at": draw.start,
                "origin": "demo",
                "name": name,
                "id": draw.uid(draw.start),
                "sequence_id": sequence_id,
                "after_minutes": after_minutes,
                "conditions": conditions,
                "is_on": False,
            }
        )
    _add(company, draw, *_AFTER_A_VISIT)


def _add(company: "DemoCompany", draw: Draw, name: str, steps: tuple[tuple[str, int], ...]) -> Any:
    sequence_id = draw.uid(draw.start)
    mails = [{"template": template, "delay_days": days} for template, days in steps]
    company.sequences.append(
        {"created_at": draw.start, "origin": "demo", "name": name, "id": sequence_id, "steps": mails}
    )
    return sequence_id
