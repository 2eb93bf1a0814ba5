"""Running a model-based test: a machine that acts on a database of its own in every example."""

from collections.abc import Callable

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def run(
    machine: type[RuleBasedStateMachine], fresh: Callable[[], str], *, examples: int, deep: int, steps: int
) -> None:
    """Let a machine act in so many examples of at most so many steps, `deep` of them in the exhaustive runs; its
    `fresh` gives the URL of an empty database."""
    acting = type("FreshMachine", (machine,), {"fresh": staticmethod(fresh)})
    many = examples if settings().max_examples <= 100 else deep
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        acting, settings=settings(max_examples=many, stateful_step_count=steps)
    )
