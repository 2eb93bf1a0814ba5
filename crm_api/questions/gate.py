"""What is refused before anything is read: orders to change something, secrets, and what no CRM knows."""

import re

from crm_api.questions import grammar
from crm_api.questions.lexicon import Lexicon
from crm_api.questions.linking import Names
from crm_api.questions.plan import Plan, refuse
from crm_api.questions.wording import normalise

# Verbs of change that only ask, with the word after them.
_HONEST = {("add", "up"), ("update", "me"), ("set", "out"), ("write", "out"), ("put", "together")}
# "Close all …", "log a call": orders by what follows, where "order the regions by …" and "make a list" ask.
_DEEDS = (
    "close",
    "text",
    "message",
    "log",
    "record",
    "change",
    "start",
    "stop",
    "complete",
    "finish",
    "copy",
    "double",
    "increase",
    "decrease",
    "raise",
    "lower",
)
_OBJECTS = ("a", "an", "all", "every", "each", "my", "our", "the", "this", "that", "these", "those")
_OUTLAY = re.compile(
    r"\bwe (?:have |had )?(?:spend|spent|spending)\b|\bour (?:[a-z]+ )?(?:budget|spend|spending)\b"
)  # customers spend; what we do is not kept
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+|'s")


def check(question: str, lexicon: Lexicon, names: Names) -> Plan | None:
    """A refusal in one polite sentence, or None where the question may be read."""
    text = normalise(question).lower()
    words = _WORD.findall(text)
    if any(phrase in text for phrase in grammar.INJECTION):
        return refuse("I answer questions about the records you can see, and nothing else.")
    if secret := next((w for w in words if w in grammar.SECRETS and not lexicon.knows(w)), None):
        return refuse(
            f"I cannot speak about {secret}s."
            if not secret.endswith("s")
            else f"I cannot speak about {secret}."
        )
    if is_order(words):
        return refuse("I only answer questions; changes are made on the record itself.")
    if _OUTLAY.search(text):
        return refuse("What we spend is not kept here; ask what customers spent.")
    if kept := next(
        (
            w
            for at, w in enumerate(words)
            if w in grammar.NOT_KEPT
            and not _is_mentioned(words, at, lexicon)
            and not lexicon.reads(words, at)
            and not _in_name(words, at, names)
        ),
        None,
    ):
        return refuse(f"I can count and look up what the CRM holds; “{kept}” is not part of it.")
    return None


def pronoun(question: str) -> str | None:
    """The word that stands for a person who was named before: "how many did she lose"."""
    return next((w for w in _WORD.findall(question.lower()) if w in grammar.PRONOUNS), None)


def _is_mentioned(words: list[str], at: int, lexicon: Lexicon) -> bool:
    """Whether a word is looked for in notes or mails: "a mail mentions warranty"."""
    cue = next((i for i in range(at - 1, -1, -1) if words[i] in grammar.CUES["mentions"]), None)
    return cue is not None and any(
        lexicon.registry[e.kind].texts
        for i in range(cue)
        if (found := lexicon.longest_at(words, i))
        for e in found[1]
        if e.what in ("kind", "word")
    )


def _in_name(words: list[str], at: int, names: Names) -> bool:
    """Whether a word is part of a name that a neighbour is part of as well: "Vehement Capital"."""
    mine = {id(name) for name in names.by_token.get(words[at], ())}
    beside = [words[i] for i in (at - 1, at + 1) if 0 <= i < len(words)]
    return any(id(name) in mine for word in beside for name in names.by_token.get(word, ()))


def is_order(words: list[str]) -> bool:
    """Whether the sentence tells somebody to change or send something.

    The verb stands first, but for politeness; verbs that also open questions ("give me …") count only
    with something handed over: "give Ann's deals to Bob".
    """
    start = next((n for n, word in enumerate(words) if word not in grammar.POLITE), None)
    for at in ([start] if start is not None else []) + [
        n + 1 for n, w in enumerate(words[:-1]) if w in ("then", "and", "please")
    ]:
        verb, rest = words[at], words[at + 1 :]
        if (verb, *rest[:1]) in _HONEST:
            continue
        if verb in grammar.SOFT_WRITE_VERBS:
            handed = (
                "to" in rest
                or "as" in rest
                or (rest[:1] and rest[0] in ("deal", "opportunity", "account", "lead", "task"))
                or (verb in _DEEDS and rest[:1] and rest[0] in _OBJECTS)
            )
            if verb == "make" and at == start and rest[:1] and rest[0] not in ("me", "us", "a", "an", "the"):
                return True
            if (
                handed
                and "me" not in rest[:1]
                and "us" not in rest[:1]
                and not {"by", "from", "in"} & set(rest[:1])
            ):
                return True
        elif verb in grammar.WRITE_VERBS and (
            at == start or (rest[:1] and rest[0] in ("it", "them", "all", "the"))
        ):
            return True
    return False
