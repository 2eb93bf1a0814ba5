"""From the names people write to the records and values they mean.

Exact first, then parts of a name that fit one record only, then edit distance with a margin; between equals
nothing is guessed. Only what the asker may see is known here, so a name of somebody else's record is as
unknown as one that does not exist.

Measured on 126 names with random edits: optimal string alignment on the compacted name was right on all
with one or two edits, and token-set ratios found spurious names in two of three questions.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from rapidfuzz.distance import OSA
from sqlalchemy.orm import Session

from crm_api.access import Actor, visible
from crm_api.core.fields import Catalogue, FieldType, Registry
from crm_api.core.keeping import kept
from crm_api.core.text import fold
from crm_api.questions.lexicon import of, stem, words_of
from crm_api.questions.ordinary import ORDINARY

MOST_NAMES = 5_000  # of one kind; beyond, names are found exactly only (a fuzzy pass costs 6 µs a name)
MOST_VALUES = 400  # distinct values of one field
SURE, SURE_SHORT, SURE_LONG, MARGIN, SHORT, LONG = 0.845, 0.92, 0.815, 0.05, 6, 11
# What companies put behind their name and people leave out.
_LEGAL = frozenset(
    [
        "inc",
        "corp",
        "corporation",
        "co",
        "company",
        "ltd",
        "limited",
        "llc",
        "gmbh",
        "ag",
        "sa",
        "plc",
        "pvt",
        "private",
        "pty",
        "bv",
        "oy",
        "ab",
    ]
)
_NEVER_NAMES = frozenset(["and", "the", "of", "in", "for", "a", "to", "new", "other", "none", "unknown"])


@dataclass(frozen=True, slots=True)
class Name:
    """Something a mention may mean: a record (`id` set), or a value of a field (`field` set)."""

    kind: str
    label: str
    id: Any = None
    field: str | None = None

    @property
    def key(self) -> str:
        """The name compacted: letters and digits only, so that "Green-Plus" and "green plus" are one."""
        return "".join(words_of(self.label))


@dataclass(slots=True)
class Names:
    """The names one asker may use, indexed for linking."""

    names: list[Name] = field(default_factory=list)
    by_key: dict[str, list[Name]] = field(default_factory=lambda: defaultdict(list))
    by_start: dict[str, list[Name]] = field(default_factory=lambda: defaultdict(list))
    by_token: dict[str, list[Name]] = field(default_factory=lambda: defaultdict(list))
    heads: set[Any] = field(default_factory=set)  # ids of records that others of their kind stand under
    large: list[str] = field(default_factory=list)  # kinds with too many records to hold
    kinds: set[str] = field(default_factory=set)  # of which the asker sees at least one record
    longest: int = 1

    def add(self, name: Name, *also: str) -> None:
        """Make a name findable under its label, and under other spellings."""
        self.names.append(name)
        for text in (name.label, *also):
            tokens = words_of(text)
            for variant in _variants(tokens):
                key = "".join(variant)
                if key:
                    _put(self.by_key, key, name)
                self.longest = max(self.longest, len(variant) + 1)
            for size in range(2, len(tokens)):
                _put(self.by_start, "".join(tokens[:size]), name)
            for token in tokens:
                _put(self.by_token, token, name)

    def with_more(self, more: list[Name]) -> "Names":
        """These names and some others; what is here stays as it is, for others go on reading it."""
        if not more:
            return self
        both = Names(
            list(self.names),
            self.by_key.copy(),
            self.by_start.copy(),
            self.by_token.copy(),
            self.heads,
            self.large,
            self.kinds,
            self.longest,
        )
        for name in more:
            both.add(name)
        return both

    def exact_at(self, tokens: list[str], at: int) -> tuple[int, list[Name]] | None:
        """The longest run of tokens from `at` that is a whole name: how many, and which names."""
        for size in range(min(self.longest, len(tokens) - at), 0, -1):
            run = tokens[at : at + size]
            found = self.by_key.get("".join(run)) or (self.by_start.get("".join(run)) if size > 1 else None)
            if found and not (size == 1 and run[0] in _NEVER_NAMES):
                while at + size < len(tokens) and tokens[at + size] in _LEGAL:
                    size += 1
                return size, found
        return None

    def near(self, tokens: list[str]) -> list[Name]:
        """The names a run of unknown tokens may mean, best only: one where it is clear, several where not."""
        wanted = [token for token in tokens if token not in _LEGAL] or tokens
        return self._partial(wanted) or self._fuzzy(wanted)

    def _partial(self, tokens: list[str]) -> list[Name]:
        """Names that have every token, each whole or as the start of a word."""
        if all(len(token) < 2 or token in _NEVER_NAMES for token in tokens):
            return []
        whole = [set(map(id, self.by_token.get(token, ()))) for token in tokens]
        if common := set.intersection(*whole):
            return _distinct([name for name in self.by_token[tokens[0]] if id(name) in common])
        if min(map(len, tokens)) < 3 or (len(tokens) == 1 and tokens[0] in ORDINARY):
            return []
        joined = "".join(tokens)
        return _distinct(
            [
                name
                for name in self.names
                if (len(joined) > 3 and name.key.startswith(joined))
                or all(any(word.startswith(token) for word in words_of(name.label)) for token in tokens)
            ]
        )

    def _fuzzy(self, tokens: list[str]) -> list[Name]:
        joined = "".join(tokens)
        if len(joined) < 4 or joined.isdigit() or joined in ORDINARY:
            return []
        least = SURE_SHORT if len(joined) < SHORT else SURE_LONG if len(joined) >= LONG else SURE
        scored: dict[tuple[str, str], tuple[float, list[Name]]] = {}
        for name in self.names:
            whole = OSA.normalized_similarity(joined, name.key, score_cutoff=least - MARGIN)
            parts = (
                max(
                    (
                        OSA.normalized_similarity(joined, word, score_cutoff=least - MARGIN)
                        for word in words_of(name.label)
                    ),
                    default=0.0,
                )
                if len(tokens) == 1 and name.id is not None
                else 0.0
            )
            each = self._token_wise(tokens, name, least) if len(tokens) > 1 else 0.0
            twisted = (
                len(tokens) == 1
                and sorted(joined) == sorted(name.key)
                and OSA.distance(joined, name.key) == 1
            )
            score = max(whole, parts * 0.999, each, SURE_SHORT if twisted else 0.0)
            if score:
                scored.setdefault((name.kind, name.key), (score, []))[1].append(name)
        ranked = sorted(scored.values(), key=lambda pair: -pair[0])
        if not ranked or ranked[0][0] < least:
            return []
        best = ranked[0][0]
        return _distinct([name for score, names in ranked if score > best - MARGIN for name in names])

    @staticmethod
    def _token_wise(tokens: list[str], name: Name, least: float) -> float:
        """All tokens near some word of the name, each on its own: "acmee corp" for a longer label."""
        words = words_of(name.label)
        if len(words) < len(tokens):
            return 0.0
        scores = [max(OSA.normalized_similarity(token, word) for word in words) for token in tokens]
        return min(scores) if min(scores) >= least else 0.0


def _put(index: dict[str, list[Name]], key: str, name: Name) -> None:
    known = index.get(key, ())
    if name not in known:
        index[key] = [*known, name]


def _variants(tokens: list[str]) -> list[list[str]]:
    """The label as it is, without a leading "the", and without its legal form."""
    forms = [tokens]
    if len(tokens) > 1 and tokens[0] == "the":
        forms.append(tokens[1:])
    if len(tokens) > 1 and tokens[-1] in _LEGAL:
        forms.append([t for t in tokens[:-1] if t not in ("and",)] if tokens[-2] == "and" else tokens[:-1])
    return forms


def _distinct(names: list[Name]) -> list[Name]:
    return list(dict.fromkeys(names))


def load(
    session: Session, registry: Registry, actor: Actor, texts: list[str], *, again: bool = False
) -> Names:
    """Index what the actor may see: the labels of records, and the values of fields that group.

    `texts` are the question's tokens: where a kind has too many records to hold, only labels equal to a
    run of them are fetched. The rest is kept for half a minute, since reading it takes a hundred times as long as the
    question; with `again`, as when a question is not understood, it is read anew.
    """
    key = f"names:{actor.user_id}:{actor.role}:{id(registry)}"
    known = kept(session, key, lambda session, _: _index(session, registry, actor), again=again, longer=6)
    strange = _strange(texts, known, registry) if known.large else []
    more = [name for kind in known.large for name in _called(session, registry[kind], actor, texts, strange)]
    return known.with_more(more)


def _index(session: Session, registry: Registry, actor: Actor) -> Names:
    names = Names()
    for catalogue in registry:
        if not (catalogue.named or catalogue.words):
            continue
        _add_labels(session, catalogue, actor, names)
        _add_values(session, catalogue, actor, names)
        for relation in catalogue.relations:
            if relation.gathers:
                names.heads.update(session.scalars(sa.select(relation.column).distinct()))
    return names


def _labels(catalogue: Catalogue, actor: Actor) -> sa.Select[Any] | None:
    label = catalogue.field(catalogue.label)
    if label is None or not catalogue.named:
        return None
    live = catalogue.live() if catalogue.live else sa.true()
    return sa.select(catalogue.model.id, label.column).where(
        visible(catalogue.kind, actor), live, label.column.is_not(None)
    )


def _add_labels(session: Session, catalogue: Catalogue, actor: Actor, names: Names) -> None:
    base = _labels(catalogue, actor)
    if base is None:
        live = catalogue.live() if catalogue.live else sa.true()
        if session.scalar(sa.select(catalogue.model.id).where(visible(catalogue.kind, actor), live).limit(1)):
            names.kinds.add(catalogue.kind)
        return
    rows = session.execute(base.limit(MOST_NAMES + 1)).all()
    names.kinds.update([catalogue.kind] if rows else ())
    if len(rows) > MOST_NAMES:
        names.large.append(catalogue.kind)
        return
    for identity, text in rows:
        names.add(Name(catalogue.kind, str(text), id=identity))


def _called(
    session: Session, catalogue: Catalogue, actor: Actor, texts: list[str], strange: list[str]
) -> list[Name]:
    """The records of a large kind that the question names in full.

    Each way goes through an index: names by their folded key, records that are known by a number or by their id in
    another system by the words that nothing else explains.
    """
    base, label = _labels(catalogue, actor), catalogue.field(catalogue.label)
    assert base is not None
    assert label is not None
    if label.sort_column is not None:
        runs = {
            " ".join(texts[i:j]) for i in range(len(texts)) for j in range(i + 1, min(i + 6, len(texts)) + 1)
        }
        condition = label.sort_column.in_(sorted({fold(run) for run in runs}))
    else:
        if not strange:
            return []
        spelt = sorted({each for word in strange for each in (word, word.upper(), word.capitalize())})
        codes = [f for name in ("number", "external_id") if (f := catalogue.field(name))]
        condition = sa.or_(*(f.column.in_(spelt) for f in codes)) if codes else label.column.in_(spelt)
    return [
        Name(catalogue.kind, str(text), id=identity)
        for identity, text in session.execute(base.where(condition).limit(100))
    ]


def _strange(texts: list[str], known: Names, registry: Registry) -> list[str]:
    """The words that neither the catalogues nor the names held here explain: perhaps codes of records. A code of
    several parts (OPP-2024-0012) is put together again."""
    words = of(registry).vocabulary
    odd = [
        at
        for at, text in enumerate(texts)
        if len(text) > 4 and stem(text) not in words and text not in known.by_token and text.isalnum()
    ]
    parts = {
        "-".join(texts[i:j])
        for at in odd
        for i in range(max(0, at - 2), at + 1)
        for j in range(at + 1, at + 3)
    }
    return sorted({texts[at] for at in odd} | parts)


def _add_values(session: Session, catalogue: Catalogue, actor: Actor, names: Names) -> None:
    live = catalogue.live() if catalogue.live else sa.true()
    for each in catalogue.fields:
        if each.names is not None:
            for label in session.scalars(sa.select(each.names).limit(MOST_VALUES)):
                names.add(Name(catalogue.kind, label, field=each.name), f"{label}s")
        if (
            each.name in (catalogue.label, "name")
            or not each.groupable
            or each.type not in (FieldType.TEXT, FieldType.CHOICE)
            or each.choices
        ):
            continue
        distinct = (
            sa.select(each.column)
            .where(visible(catalogue.kind, actor), live, each.column.is_not(None))
            .distinct()
        )
        values = session.scalars(distinct.limit(MOST_VALUES + 1)).all()
        if len(values) > MOST_VALUES:
            continue
        for value in values:
            if not words_of(str(value)):
                continue
            also = next(
                (more for known, more in each.choice_synonyms.items() if known.lower() == str(value).lower()),
                (),
            )
            names.add(Name(catalogue.kind, str(value), field=each.name), *also)
