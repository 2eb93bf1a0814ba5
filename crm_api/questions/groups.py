"""What the answer is grouped by, and which groups are kept: "by region", "monthly", "reps with more than 200 deals"."""

from crm_api.questions import head, paths
from crm_api.questions.figures import COMPARING, Figures
from crm_api.questions.filters import Conditions
from crm_api.questions.pieces import Span
from crm_api.questions.plan import (
    Group,
    Having,
    Plan,
    Unclear,
)
from crm_api.questions.sentence import Target

RANKING = ("top", "bottom", "max", "min", "most", "least", "newest", "oldest")
_OPS = {"gt": "gt", "ge": "gte", "lt": "lt", "le": "lte", "eq": "eq"}


class Groups(Figures):
    """Reads groups over what was read as the figure."""

    def _having(self) -> None:
        """ "reps with more than 200 won deals", "sectors with won revenue over 1m": a condition on the groups."""
        s = self.s
        for at in list(s.cues(*COMPARING)):
            amount = s.at(at + 1)
            if amount is None or amount.tag != "amount":
                continue
            before = at - 1
            while before >= 0 and s.spans[before].is_cue("of", "is"):
                before -= 1
            measured = before >= 0 and s.spans[before].entry("measure") and s.spans[before].used
            after = s.after(at + 1, over=("of",))
            measured = measured or (
                after is not None and s.spans[after].entry("measure") and s.spans[after].used
            )
            counted = self.measure is None and head.counted(s, at) == s.entity
            if not (measured or counted):
                continue
            self.having = Having(op=_OPS[str(s.spans[at].value)], value=amount.value.number())
            s.use(at, at + 1)
            if counted:
                self.counts_groups = self.figure is not None and self.figure.fn == "count" and s.has("count")
                self.figure = self.counted()
            self._group_by_first_kind(at)
            return

    def _group_by_first_kind(self, at: int) -> None:
        for index in range(at):
            span = self.s.spans[index]
            if span.tag == "term" and not span.used and (target := self.s.groupable(span)):
                self._group(target, index)
                return
            if span.tag == "bucket" and not span.used:
                self._bucket(index)
                return
        raise Unclear(Plan(action="unknown", unused=(self.s.spans[at].text,)))

    def read_groups(self) -> None:
        """ "by region and quarter", "for each rep", "monthly", "which sector has the most …"."""
        s = self.s
        for at in list(s.cues("by", "each", "breakdown")):
            self._after_by(at)
        for at, span in enumerate(s.spans):
            if (
                span.tag == "bucket"
                and not span.used
                and (span.text.endswith("ly") or self._ranked_bucket(at))
            ):
                self._bucket(at)
        self._summed_up()

    def _summed_up(self) -> None:
        """ "activity summary this week": many records are summed up by what their catalogue says."""
        s, by = self.s, self.s.catalogue.summed_by
        if not by or s.cue("summary") is None:
            return
        s.use(*s.cues("summary"))
        if not self.groups and not self.buckets:
            self.figure = self.figure or self.counted()
            self.groups.append(Group(field=by, label=paths.bare(by)))

    def _ranked_bucket(self, at: int) -> bool:
        """ "which quarter had the most won deals", "best month for won revenue"."""
        before = self.s.at(at - 1)
        ranked = self.s.has(*RANKING) or any(s.tag == "vague" for s in self.s.spans)
        return ranked and (
            before is None or before.is_cue("ask", *RANKING) or before.tag in ("vague", "amount")
        )

    def _after_by(self, at: int) -> None:
        s = self.s
        index = s.after(at, over=("of", "each", "by"), tags=("stop",))
        took = False
        while index is not None:
            span = s.spans[index]
            if (of_kind := self._field_of_kind(index)) is not None:
                self._group(of_kind, index)
                index += 2 if s.spans[index + 1].is_cue("poss") else 1
                s.use(index)
            elif span.tag == "bucket" and not span.used:
                self._bucket(index)
            elif self._describes(at, index):
                s.use(index)
            elif (
                span.tag == "term"
                and not span.used
                and not self._names_next(index)
                and (target := s.groupable(span))
            ):
                if self.s.spans[at].is_cue("by") and span.entry("measure"):
                    break
                self._group(target, index)
            elif (way := self._people_of_choice(span)) is not None:
                self.groups.append(
                    Group(field=way, label=span.text)
                )  # the word itself goes on to narrow them
            else:
                break
            took = True
            following = s.at(index + 1)
            joined = following is not None and following.is_cue("and", "by")
            index = index + 2 if joined and index + 2 < len(s.spans) else None
        if not took and s.spans[at].is_cue("breakdown"):
            before = s.at(at - 1)
            if before and before.tag == "term" and not before.used and (target := s.groupable(before)):
                self._group(target, at - 1)
                took = True
        first = s.after(at, over=("of",), tags=("stop",))
        nearby = s.spans[first] if first is not None else None
        named = nearby is not None and nearby.tag == "name" and "each" in s.spans[at].text.split()
        if not took and named and first is not None:
            self._each_of(first)
            took = bool(self.groups)
        if (
            took
            or (
                nearby
                and (
                    (nearby.tag in ("name", "period") and not named)
                    or nearby.used
                    or nearby.is_cue("count", "sum", "avg", "most")
                )
            )
            or (nearby and nearby.entry("word") and self.figure is None)
        ):
            s.use(at)

    def _people_of_choice(self, span: Span) -> str | None:
        """ "per field rep": a value that names records of another kind groups by those that have it."""
        choice = span.entry("choice")
        if choice is None or span.used or span.entry("kind", "field", "relation", "measure", "word"):
            return None
        return paths.reach(self.s.registry, self.s.entity, choice.kind, to_many=False) or None

    def _each_of(self, at: int) -> None:
        """ "each of Ann's reps": by those who stand under the name."""
        people, poss = self.s.at(at + 2), self.s.at(at + 1)
        if people is None or poss is None or not poss.is_cue("poss") or not people.is_plural:
            return
        if target := self.s.groupable(people):
            self._group(target, at + 2)

    def _field_of_kind(self, at: int) -> Target | None:
        """ "by account type", "by task status": the kind before a field says whose field is meant."""
        kind, after = self.s.spans[at], self.s.at(at + 1)
        if after and after.is_cue("poss"):
            after = self.s.at(at + 2)
        if kind.used or not kind.entry("kind", "word") or after is None or after.used or after.tag != "term":
            return None
        kinds = {e.kind for e in kind.entries if e.what in ("kind", "word")}
        entries = [e for e in after.entries if e.what in ("field", "relation") and e.kind in kinds]
        return self.s.groupable(Span("term", 0, 0, after.text, entries=entries)) if entries else None

    def _describes(self, by: int, at: int) -> bool:
        """ "won by reps in the East", "sold by reps other than X": the doers are told, not what to group by."""
        verb, after = self.s.at(by - 1), self.s.at(at + 1)
        span = self.s.spans[at]
        return bool(
            verb
            and self.s.spans[by].text == "by"
            and verb.entry("word", "relation")
            and not verb.entry("kind")
            and span.entry("kind")
            and after
            and after.is_cue("not", "of", "with", "without")
        )

    def _names_next(self, at: int) -> bool:
        """ "by manager Dustin": the word says what the name is, and does not group."""
        after = self.s.at(at + 1)
        span = self.s.spans[at]
        return bool(
            after
            and after.tag == "name"
            and any(n.id and e.kind == n.kind for e in span.entries if e.what == "kind" for n in after.names)
        )

    def time_groups(self, conditions: Conditions) -> None:
        """Time buckets go by the same date that periods beside them would."""
        for bucket in self.buckets:
            path, home = conditions.time_field(None)
            if home:
                raise Unclear(Plan(action="unknown", unused=(bucket,)))
            self.groups.append(Group(field=path, bucket=bucket, label=bucket))
        if self.sort and self.sort.field is None and self.figure is None and self.groups:
            self.figure = self.counted()
