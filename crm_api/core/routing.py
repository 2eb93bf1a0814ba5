"""Which routes a request is compared with."""

from functools import cached_property

from fastapi import APIRouter
from starlette.routing import Match, Route
from starlette.types import Scope


class Router(APIRouter):
    """A router whose routes are looked at only for paths that begin as one of them does.

    There are some four hundred routes; comparing a path with each of them, as happens else, takes longer than reading
    a record.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """What `APIRouter` answers, or that nothing here matches."""
        if not scope["path"].removeprefix(scope.get("root_path", "")).startswith(self._beginnings):
            return Match.NONE, {}
        return super().matches(scope)

    @cached_property
    def _beginnings(self) -> tuple[str, ...]:
        """What stands before the first parameter of each path; found with the first request, when all are there."""
        paths = {route.path if isinstance(route, Route) else "" for route in self.routes}
        return tuple({path.partition("{")[0] for path in paths})
