"""Two follow-up sequences with rules that are switched off: nobody is written to until a person says so."""

from typing import TYPE_CHECKING, Any

from entrypoints.demo.draws import Draw

if TYPE_CHECKING:
    from entrypoints.demo.company import DemoCompany

_DAY = 24 * 60  # minutes

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
        made: dict[str, Any] = {"created_at": draw.start, "origin": "demo", "name": name}
        sequence_id = draw.uid(draw.start)
        mails = [{"template": template, "delay_days": days} for template, days in steps]
        company.sequences.append({**made, "id": sequence_id, "steps": mails})
        company.rules.append(
            {
                **made,
                "id": draw.uid(draw.start),
                "sequence_id": sequence_id,
                "after_minutes": after_minutes,
                "conditions": conditions,
                "is_on": False,
            }
        )
