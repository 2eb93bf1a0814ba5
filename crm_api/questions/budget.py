"""How many questions a language model may plan in a day, and how much it may be told: for one person, and for all.

Past the limit the offline planner answers. Tokens are counted as a quarter of the characters that were said both ways,
which is what the tokenisers of the large models come to on English text; the bill may differ by some percent.
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access import Actor
from crm_api.core import clock
from crm_api.questions.models import AskedQuestion
from crm_api.settings import Settings

CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Caps:
    """Questions and tokens in 24 hours; 0 is none at all."""

    user_questions: int = 100
    user_tokens: int = 300_000
    all_questions: int = 2_000
    all_tokens: int = 6_000_000

    @classmethod
    def of(cls, settings: Settings) -> "Caps":
        """The limits that were set."""
        return cls(
            settings.openai_user_questions,
            settings.openai_user_tokens,
            settings.openai_all_questions,
            settings.openai_all_tokens,
        )


def tokens(*texts: str) -> int:
    """About how many tokens texts have."""
    return sum(len(text) for text in texts) // CHARACTERS_A_TOKEN


def exceeded(session: Session, actor: Actor, caps: Caps) -> str | None:
    """Which limit is reached, in words; None where there is room."""
    since = clock.now() - timedelta(days=1)
    spent = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(AskedQuestion.tokens), 0)).where(
        AskedQuestion.asked_at >= since, AskedQuestion.tokens > 0
    )
    for whose, rows, questions, told in (
        ("your", spent.where(AskedQuestion.user_id == actor.user_id), caps.user_questions, caps.user_tokens),
        ("the company's", spent, caps.all_questions, caps.all_tokens),
    ):
        asked, used = session.execute(rows).one()
        if asked >= questions or used >= told:
            return f"{whose} limit for the language model is reached for today"
    return None
