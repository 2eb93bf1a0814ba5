"""How one kind is reached from another along the declared relations: `owner.manager`, `lines.product`.

A path is the names of its steps joined by dots. The shortest wins; between equals the one without a
to-many step, then the one declared first.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from crm_api.core.fields import CUSTOM, Catalogue, Field, Registry, Relation

MAX_STEPS = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One relation walked from `source`: forwards to one record, or backwards to many."""

    name: str
    source: str
    target: str
    relation: Relation
    backwards: bool


def steps_from(registry: Registry, kind: str) -> Iterator[Step]:
    """Every relation that leaves `kind`, forwards ones first."""
    for relation in registry[kind].relations:
        if relation.target in registry:
            yield Step(relation.name, kind, relation.target, relation, False)
    for other in registry:
        for relation in other.relations:
            if relation.target == kind:
                yield Step(relation.reverse, kind, other.kind, relation, True)


def walk(registry: Registry, kind: str, path: str) -> list[Step]:
    """The steps of a path that starts at `kind`. Raises KeyError naming a step that does not exist."""
    steps: list[Step] = []
    for name in path.split(".") if path else ():
        step = next((s for s in steps_from(registry, kind) if s.name == name), None)
        if step is None:
            raise KeyError(f"{kind} has no relation {name!r}")
        steps.append(step)
        kind = step.target
    return steps


def reach(registry: Registry, source: str, target: str, *, to_many: bool = True) -> str | None:
    """The shortest path from one kind to another ("" where they are the same); None where none leads there.

    A path never turns round: after going to one record it does not fan out again, since the account of a
    deal has many contacts and none of them is the deal's.
    """
    if source == target:
        return ""
    for allowed in (False, True) if to_many else (False,):
        found = _search(registry, source, target, allowed)
        if found is not None:
            return found
    return None


def _search(registry: Registry, source: str, target: str, to_many: bool) -> str | None:
    queue: deque[tuple[str, tuple[str, ...], bool]] = deque([(source, (), False)])
    seen = {source}
    while queue:
        kind, path, went_forwards = queue.popleft()
        for step in steps_from(registry, kind):
            if step.target in seen or (step.backwards and (not to_many or went_forwards)):
                continue
            if step.target == target:
                return ".".join((*path, step.name))
            if len(path) + 1 < MAX_STEPS:
                seen.add(step.target)
                queue.append((step.target, (*path, step.name), went_forwards or not step.backwards))
    return None


def is_to_many(registry: Registry, kind: str, path: str) -> bool:
    """Whether a path has a step to many records."""
    return any(step.backwards for step in walk(registry, kind, path))


def join(*parts: str) -> str:
    """Dotted path of the non-empty parts."""
    return ".".join(part for part in parts if part)


def split(path: str) -> tuple[str, str]:
    """The way to a record, and the name of its field; `custom.bays` is one name."""
    way, _, name = path.rpartition(".")
    if way == CUSTOM or way.endswith(f".{CUSTOM}"):
        return way.removesuffix(CUSTOM).removesuffix("."), f"{CUSTOM}.{name}"
    return way, name


def bare(path: str) -> str:
    """The last name of a path as people say it."""
    return path.rpartition(".")[2].replace("_", " ")


def field_at(registry: Registry, kind: str, path: str) -> tuple[Catalogue, Field, str]:
    """The field a dotted path ends in, its catalogue, and the path to its record. Raises KeyError."""
    way, name = split(path)
    steps = walk(registry, kind, way)
    catalogue = registry[steps[-1].target if steps else kind]
    field = catalogue.field(name)
    if field is None:
        raise KeyError(f"{catalogue.kind} has no field {name!r}")
    return catalogue, field, way
