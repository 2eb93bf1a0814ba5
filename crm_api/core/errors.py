"""What can go wrong, in ten families; `core/problems.py` turns each into one HTTP answer.

Problem
├── NotSignedIn    401  no token, or one that is not valid
├── NotAllowed     403  signed in, but the role does not permit it
├── NotFound       404  not there, or not yours to see: the two look the same on purpose
├── Conflict       409  a rule of the business
├── Stale          412  the record was changed since you read it
├── Invalid        422  the input, with the place of each fault
├── BadRequest     400  a parameter that does not exist, a malformed cursor
├── TooLarge       413  a body or upload over the limit
├── TooMany        429  slow down, with the seconds to wait
└── Unavailable    503  the database or a paid service is away, with the seconds to wait
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in the input: the path of the field (dots between levels) and what is wrong with it."""

    field: str
    message: str


class Problem(Exception):
    """A refusal the caller can act on. `detail` is one sentence that says what to do."""

    status = 500
    type = "problem"
    title = "Something went wrong"

    def __init__(self, detail: str, *, errors: list[FieldError] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.extra = extra


class BadRequest(Problem):
    status, type, title = 400, "bad-request", "The request cannot be understood"


class NotSignedIn(Problem):
    status, type, title = 401, "not-signed-in", "Sign in first"


class NotAllowed(Problem):
    status, type, title = 403, "not-allowed", "Your role does not permit this"


class NotFound(Problem):
    status, type, title = 404, "not-found", "There is no such record, or it is not yours to see"


class Conflict(Problem):
    status, type, title = 409, "conflict", "A rule forbids this"


class Stale(Problem):
    status, type, title = 412, "stale", "The record was changed since you read it"


class TooLarge(Problem):
    status, type, title = 413, "too-large", "The body is too large"


class Invalid(Problem):
    status, type, title = 422, "invalid", "The input is not valid"

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        """The common case: one field is wrong."""
        return cls(f"{field}: {message}", errors=[FieldError(field, message)])


class TooMany(Problem):
    status, type, title = 429, "too-many", "Too many requests"

    def __init__(self, detail: str, *, retry_after: int, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.retry_after = retry_after


class Unavailable(Problem):
    status, type, title = 503, "unavailable", "Not available just now"

    def __init__(self, detail: str, *, retry_after: int = 5, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.retry_after = retry_after


class Deadlocked(Unavailable):
    """The transaction was given up for others to go on. Nothing of it is kept: run it again from its beginning."""
