"""The model's half of planning: what it is told, and what is made of what it says."""

from crm_api.core.fields import Catalogue, FieldType, Registry
from crm_api.questions import prompts
from crm_api.questions.linking import Names
from crm_api.questions.plan import Plan
from crm_api.questions.wire import Misfit, Reader, WirePlan

MOST_CANDIDATES = 8


def instructions(registry: Registry) -> str:
    """The prompt with the catalogues written out: fields, closed choices, relations, measures. No record text."""
    return prompts.load("planner").replace("{schema}", "\n".join(_described(c) for c in registry if c.asked))


def _described(catalogue: Catalogue) -> str:
    fields = ", ".join(
        f.name + (f" ({f.type}: {'|'.join(f.choices)})" if f.choices else f" ({f.type})")
        for f in catalogue.fields
        if f.type is not FieldType.REFERENCE
    )
    relations = ", ".join(f"{r.name} -> {r.target} (back: {r.reverse})" for r in catalogue.relations)
    measures = ", ".join(m.name for m in catalogue.measures)
    texts = f"; texts {', '.join(catalogue.texts)}" if catalogue.texts else ""
    return f"{catalogue.kind}: fields {fields}; relations {relations or 'none'}; measures {measures or 'none'}{texts}"


def told(turns: list[str], names: Names) -> str:
    """The question with the turns before it, and at most eight labels it may mean, so that a name is recognised."""
    tokens = " ".join(turns).lower().replace("'s", " ").split()
    near = [name for at in range(len(tokens)) if (found := names.exact_at(tokens, at)) for name in found[1]]
    candidates = list(dict.fromkeys(f"{n.label} ({n.kind})" for n in near if n.id is not None))[
        :MOST_CANDIDATES
    ]
    earlier = "".join(f"Earlier question: {turn}\n" for turn in turns[:-1])
    known = f"Names that may be meant: {'; '.join(candidates)}\n" if candidates else ""
    return f"{earlier}{known}Question: {turns[-1]}"


def planned(wire: WirePlan, registry: Registry, names: Names) -> Plan:
    """The model's plan as ours. Raises Misfit naming what does not exist."""
    return Reader(wire, registry, names).plan()


__all__ = ["Misfit", "WirePlan", "instructions", "planned", "told"]
