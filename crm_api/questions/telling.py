"""Answers in one sentence: how many of what, which group leads and by how much, and how a question was read.

Every number comes from the result. A group is never told by its rows alone: the leading one stands beside the total
or the far end, whichever the figure has.
"""

from typing import Any

from crm_api.core.fields import Registry
from crm_api.core.money import decimals
from crm_api.questions.plan import Figure, Plan
from crm_api.questions.result import Answer, ColumnOut

_ADDS_UP = ("count", "sum")


def sentence(answer: Answer, plan: Plan, registry: Registry) -> str:
    """The answer in words."""
    told = _told(answer, plan, registry)
    return told[:1].upper() + told[1:]


def _told(answer: Answer, plan: Plan, registry: Registry) -> str:
    if plan.action == "lookup":
        return _looked_up(answer)
    if not plan.figures:
        return _listed(answer, plan, registry)
    if not plan.group_by or plan.counts_groups or plan.over_groups:
        return _single(answer, plan, registry)
    return _grouped(answer, plan, registry)


def _looked_up(answer: Answer) -> str:
    told = [
        f"{row[0]}: "
        + "; ".join(f"{c.name} {cell(v, c)}" for v, c in zip(row[1:], answer.columns[1:], strict=True))
        for row in answer.rows
    ]
    return "; ".join(told) + "." if told else "Nothing found."


def _listed(answer: Answer, plan: Plan, registry: Registry) -> str:
    if plan.sort and plan.limit and answer.rows:
        column = answer.columns[1]
        first = [f"{row[0]}: {cell(row[1], column)}" for row in answer.rows[:3]]
        return f"By {column.name}{_rest(plan)}: {'; '.join(first)}."
    some = f" The first {len(answer.rows)} are shown." if answer.truncated else ""
    return f"{_there_are(answer.total_rows, plan, registry)}.{some}"


def _single(answer: Answer, plan: Plan, registry: Registry) -> str:
    figure = plan.figures[0]
    if plan.over_groups:
        unit = answer.columns[-1].unit if answer.columns else None
        told = number(answer.value, unit)
        return f"{over_groups(plan).capitalize()}{_rest(plan)}: {told}."
    if figure.fn == "count" and figure.field is None and not plan.counts_groups and not plan.having:
        return f"{_there_are(int(answer.value or 0), plan, registry)}."
    unit = answer.columns[-1].unit if answer.columns else None
    tail = f" ({_conditions(plan)})" if plan.filters else ""
    return f"{figure.label.capitalize()}{tail}: {number(answer.value, unit)}."


def _grouped(answer: Answer, plan: Plan, registry: Registry) -> str:
    figure, unit, rows = plan.figures[0], answer.columns[-1].unit, answer.rows
    told = [(_label(row), row[-1]) for row in rows if row[-1] is not None]
    if not told:
        return f"There are no {_things(0, plan, registry)}{_rest(plan)} to group."
    label = f"{figure.label.capitalize()} by {' and '.join(g.label for g in plan.group_by)}"
    if (plan.sort and plan.limit) or plan.having:
        listed = "; ".join(f"{name} {number(value, unit)}" for name, value in told[:5])
        listed += f" and {len(told) - 5:,} more" if len(told) > 5 else ""
        return f"{label}{_rest(plan)}: {listed}."
    if len(told) == 1:
        return f"{label}{_rest(plan)}: {told[0][0]}, {number(told[0][1], unit)}."
    most = max(value for _, value in told)
    leaders = [name for name, value in told if value == most]
    if len(leaders) > 3:
        names, has = f"{leaders[0]} and {len(leaders) - 1} more", "have"
    else:
        names, has = " and ".join(leaders), "has" if len(leaders) == 1 else "have"
    each = " each" if len(leaders) > 1 else ""
    if figure.fn in _ADDS_UP and plan.change is None:
        return f"{names} {has} the most: {_of_total(figure, most, told, unit, plan, registry)}{each}{_rest(plan)}."
    lowest = min(told, key=lambda pair: pair[1])
    far = f"; the lowest is {lowest[0]}, {number(lowest[1], unit)}" if lowest[1] != most else ""
    return f"{names} {has} the highest {figure.label}: {number(most, unit)}{each}{far}{_rest(plan)}."


def _of_total(
    figure: Figure, most: Any, told: list[tuple[str, Any]], unit: str | None, plan: Plan, registry: Registry
) -> str:
    """ "9 of 28 open opportunities"; a record that stands in several groups makes no total."""
    total = sum(value for _, value in told)
    total = round(total, 2) if isinstance(total, float) else total
    if figure.fn == "count" and figure.field is None:
        return f"{number(most, None)} of {number(total, None)} {_things(int(total), plan, registry)}"
    return f"{number(most, unit)} of {number(total, unit)} {figure.label}"


def _label(row: list[Any]) -> str:
    return ", ".join(str(part).replace("_", " ") for part in row[:-1])


def _there_are(total: int, plan: Plan, registry: Registry) -> str:
    verb = (
        "You have"
        if any(f.role == "whose" for f in plan.filters)
        else "There is"
        if total == 1
        else "There are"
    )
    amount = number(total, None) if total else "no"
    return f"{verb} {amount} {_things(total, plan, registry)}{_rest(plan)}"


def _things(total: int, plan: Plan, registry: Registry) -> str:
    """What the records are: "overdue task", "open opportunities"."""
    catalogue = registry[plan.entity]
    nouns = [f.words for f in plan.filters if f.role == "noun"]
    adjectives = [f.words for f in plan.filters if f.role == "adjective"]
    if len(nouns) == 1:
        thing = nouns[0] if total == 1 else f"{nouns[0]}s"
    else:
        thing = catalogue.kind.replace("_", " ") if total == 1 else catalogue.plural
    return " ".join([*adjectives, thing])


def over_groups(plan: Plan) -> str:
    """ "average number of opportunities per owner"."""
    fold = {"avg": "average", "median": "median", "max": "highest", "min": "lowest"}[
        plan.over_groups or "avg"
    ]
    return f"{fold} {plan.figures[0].label} per {' and '.join(g.label for g in plan.group_by)}"


def _rest(plan: Plan) -> str:
    """The conditions that the name of the records does not say yet."""
    nouns = [f for f in plan.filters if f.role == "noun"]
    said = ("adjective", "whose") if len(nouns) > 1 else ("adjective", "whose", "noun")
    words = "; ".join(f.words for f in plan.filters if f.role not in said)
    return f" ({words})" if words else ""


def in_words(plan: Plan, registry: Registry) -> str:
    """How the question was understood, made of the plan that was run."""
    catalogue = registry[plan.entity]
    parts = [plan.figures[0].label if plan.figures else catalogue.plural]
    if plan.over_groups:
        parts = [over_groups(plan)]
    elif plan.group_by:
        parts.append("by " + " and ".join(g.label for g in plan.group_by))
    if plan.sides:
        parts.append(" against ".join(side.label for side in plan.sides))
    if conditions := _conditions(plan):
        parts.append(f"where {conditions}")
    if plan.having:
        sign = {"gt": "above", "gte": "at least", "lt": "below", "lte": "at most", "eq": "exactly"}[
            plan.having.op
        ]
        parts.append(f"only those {sign} {number(plan.having.value, None)}")
    if plan.sort:
        by = plan.sort.field.split(".")[-1].replace("_", " ") if plan.sort.field else "that figure"
        parts.append(f"{'highest' if plan.sort.descending else 'lowest'} {by} first")
    if plan.limit:
        parts.append(f"{plan.limit} at most")
    return ", ".join(parts)


def _conditions(plan: Plan) -> str:
    return "; ".join(f.words for f in plan.filters)


def cell(value: Any, column: ColumnOut) -> str:
    """One value of a table in words."""
    if value is None:
        return "not given"
    return number(value, column.unit) if column.type == "number" else str(value)


def number(value: Any, unit: str | None) -> str:
    """A number with its unit behind it."""
    if value is None:
        return "nothing to count"
    if not isinstance(value, int | float):
        return str(value)
    places = decimals(unit) if unit else 2  # those of a currency; two for whatever is none
    text = f"{value:,}" if isinstance(value, int) else _short(f"{value:,.{places}f}")
    if unit is None:
        return text
    return f"{text} %" if unit in ("%", "percent") else f"{text} {unit}"


def _short(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
