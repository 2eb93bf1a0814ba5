"""The offline planner: from a question to a plan, with no model, no network and no guessing.

It accounts for every word that carries meaning. A word it cannot place is named in the answer instead of
being left out, because an answer to half of a question is a wrong answer.
"""

import re
from collections.abc import Callable

from crm_api.core.fields import Registry
from crm_api.questions import gate, head, lexicon, lookups, settling
from crm_api.questions.accounting import sorry
from crm_api.questions.linking import Names
from crm_api.questions.pieces import Span
from crm_api.questions.plan import (
    Option,
    Plan,
    Unclear,
    clarify,
    unknown,
)
from crm_api.questions.reader import Reader
from crm_api.questions.sentence import Sentence
from crm_api.questions.spans import Tagger


def parse(question: str, *, registry: Registry, names: Names, day_first: bool = True) -> Plan:
    """The plan for one question that stands alone. Never raises for what somebody typed."""
    words = lexicon.of(registry)
    if refusal := gate.check(question, words, names):
        return refusal
    tagger = Tagger(words, names, day_first=day_first)

    if (pronoun := gate.pronoun(question)) and not any(
        name.kind == "user" and name.id for span in tagger.spans(question) for name in span.names
    ):
        return clarify(f"Who is “{pronoun}”? Ask again with the name.")

    def plan(text: str) -> Plan:
        return plan_spans(Sentence.of(registry, names, tagger.spans(text)))

    return with_options(plan(question), question, plan)


def with_options(unclear: Plan, question: str, plan: Callable[[str], Plan]) -> Plan:
    """A clarification whose options hold whole plans; options that do not run are left out."""
    if unclear.action != "clarify":
        return unclear
    options = []
    for option in unclear.options:
        text = option.question or clearer(question, option)
        planned = plan(text)
        if planned.action in ("query", "lookup", "compare"):
            options.append(option.model_copy(update={"question": text, "plan": planned}))
    return unclear.model_copy(update={"options": tuple(options)})


def clearer(question: str, option: Option) -> str:
    """The question as the option would have it said."""
    if option.swap:
        mention, label = option.swap
        loose = r"[\W_]+".join(re.escape(word) for word in mention.split())
        return re.sub(loose, lambda _: label, question, count=1, flags=re.IGNORECASE)
    return f"{question.rstrip(' ?!.')} {option.append}"


def plan_spans(sentence: Sentence) -> Plan:
    """The plan for a question that is cut into spans."""
    settling.leave_out_everybody(sentence)
    settling.drop_team_of_manager(sentence)
    settling.settle_praise(sentence)
    settling.settle_shared_measures(sentence)
    settling.join_repeated(sentence)
    settling.settle_owners(sentence)
    if not any(s.tag in ("term", "name") for s in sentence.spans):
        return _nothing_known(sentence.spans)
    if lookups.is_yes_or_no(sentence):
        return unknown(
            "I answer how many, which and how much, not yes or no: ask for the records or the number."
        )
    try:
        entity = lookups.looked_up(sentence)
        if entity is not None:
            sentence.entity = entity
            return Reader(sentence).lookup()
        entity = head.decide(sentence)
        if entity is None:
            return _nothing_known(sentence.spans)
        sentence.entity = entity
        return Reader(sentence).plan()
    except Unclear as unclear:
        plan = unclear.plan
        return unknown(sorry(plan.unused), *plan.unused) if plan.action == "unknown" else plan


def _nothing_known(spans: list[Span]) -> Plan:
    strange = tuple(s.text for s in spans if s.tag == "unknown")
    vague = [s.text for s in spans if s.tag == "vague" or s.is_cue("summary")]
    if vague and not strange:
        return clarify(f"What do you mean by “{vague[0]}”? Name a kind of record and a figure.")
    if not spans:
        return unknown("Ask about accounts, deals, people, tasks …")
    return Plan(
        action="refuse",
        reason="I answer questions about what is kept in the CRM; this is not part of it.",
        unused=strange,
    )
