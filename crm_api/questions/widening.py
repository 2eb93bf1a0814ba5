"""What is counted besides: "open deals including lost ones", "also the closed ones", "the lost ones too".

Such words make a condition wider instead of adding one. Where no condition speaks of the same, everything was counted
anyway, and the answer says so.
"""

from crm_api.questions import trees
from crm_api.questions.clauses import Clauses, Found
from crm_api.questions.plan import Filter, Plan, Unclear
from crm_api.questions.sentence import Sentence


class Widening(Clauses):
    """Finds the conditions that widen others, and puts them there."""

    def _widen(self) -> None:
        """Take out of the conditions what only widens; `widened` puts it back."""
        for each in sorted(self.found, key=lambda f: f.at):
            if not self._is_included(each.at) or each.negative or each.way or each.period:
                continue
            if not any(same_state(self.s, each.slot, f.slot) for f in self.found if f is not each):
                if each.path and each.slot not in self.s.catalogue.stays:
                    raise Unclear(Plan(action="unknown", unused=(self.s.spans[each.at].text,)))
                if any(f.slot == "past" for f in self.found):
                    raise Unclear(Plan(action="unknown", unused=(self.s.spans[each.at].text,)))
            self.s.widened.append(each)
        self.found = [f for f in self.found if f not in self.s.widened]

    def _is_included(self, at: int) -> bool:
        before = self.s.at(at - 1)
        if before is None:
            return False
        if before.is_cue("and", "or") and any(f.at == at - 2 for f in self.s.widened):
            return True
        also = before.is_cue("include") or (before.is_cue("and") and "also" in before.text.split())
        before.used = before.used or also
        return also


def same_state(s: Sentence, one: str, other: str) -> bool:
    """Whether two conditions speak of the same: of one field, or both of where a record stands."""
    return one == other or {one, other} <= set(s.catalogue.stays)


def widened(s: Sentence, filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """The filters with what is counted besides."""
    made = list(filters)
    for each in s.widened:
        home = next((f for f in made if same_state(s, f.slot, each.slot)), None)
        if home is not None:
            made[made.index(home)] = _wider(home, each)
        else:
            s.assumptions.append(f"{each.label} ones are counted anyway")
    return tuple(made)


def _wider(narrow: Filter, more: Found) -> Filter:
    """A filter that also lets through what another condition does."""
    return Filter(
        slot=narrow.slot,
        tree=trees.disjunction([narrow.tree, more.tree]),
        words=f"{narrow.words} or {more.label or more.words}",
    )
