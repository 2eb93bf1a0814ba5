"""Driving times from an OSRM server of one's own: the `table` service over plain HTTP.

Facts from its documentation (project-osrm.org/docs, HTTP API): coordinates are longitude first; `durations` and
`distances` are rows of numbers, null where no route was found; a table of more places than the server's
`--max-table-size` (100 by default, origins and destinations together) is refused as `TooBig`; a place that snaps to
no street is refused as `NoSegment`, which names its position. All is free, and knows no traffic.
"""

import asyncio
import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import httpx

from crm_api.ports import (
    Coordinates,
    Diagnosis,
    PermanentFailure,
    PortFailure,
    TemporaryFailure,
    TravelMatrix,
)
from integrations import http

MOST_PLACES = 100
AT_ONCE = 4
_POSITION = re.compile(r"coordinate (\d+)")

Cell = int | None
Tables = tuple[list[list[Cell]], list[list[Cell]]]


class OsrmTimes:
    """`TravelTimes` by road. `profile` is what the server was built with."""

    def __init__(
        self,
        base_url: str,
        client: httpx.AsyncClient,
        *,
        profile: str = "driving",
        most_places: int = MOST_PLACES,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/table/v1/{profile}/"
        self._client, self._most = client, most_places

    async def matrix(
        self,
        origins: Sequence[Coordinates],
        destinations: Sequence[Coordinates],
        *,
        departure: datetime | None = None,
    ) -> TravelMatrix:
        """Raises TemporaryFailure or PermanentFailure; None stands where no road leads."""
        side = max(1, self._most // 2)
        seconds: list[list[Cell]] = [[None] * len(destinations) for _ in origins]
        metres: list[list[Cell]] = [[None] * len(destinations) for _ in origins]
        gate = asyncio.Semaphore(AT_ONCE)

        async def fetch(row: int, column: int) -> None:
            async with gate:
                some = origins[row : row + side], destinations[column : column + side]
                taken, long = await self._table(*some)
            for offset, (times, lengths) in enumerate(zip(taken, long, strict=True)):
                seconds[row + offset][column : column + side] = times
                metres[row + offset][column : column + side] = lengths

        try:
            async with asyncio.TaskGroup() as tasks:
                for row in range(0, len(origins), side):
                    for column in range(0, len(destinations), side):
                        tasks.create_task(fetch(row, column))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return TravelMatrix(seconds, metres, source="OSRM", is_estimate=False)

    async def diagnose(self) -> list[Diagnosis]:
        """Ask for nothing but an answer: the map of the server need not hold any place we know."""
        try:
            await self._ask([Coordinates(0.0, 0.0)], [Coordinates(0.0, 0.0)])
        except PortFailure as failure:
            return [Diagnosis("OSRM", False, failure.reason)]
        return [Diagnosis("OSRM", True, "answers")]

    async def _table(self, origins: Sequence[Coordinates], destinations: Sequence[Coordinates]) -> Tables:
        """One table; a place without a street nearby is left out and has no road to or from it."""
        rows, columns = list(range(len(origins))), list(range(len(destinations)))
        seconds: list[list[Cell]] = [[None] * len(destinations) for _ in origins]
        metres: list[list[Cell]] = [[None] * len(destinations) for _ in origins]
        while rows and columns:
            answer = await self._ask([origins[r] for r in rows], [destinations[c] for c in columns])
            if answer["code"] == "NoSegment":
                _leave_out(answer, rows, columns)
                continue
            times = _cells(answer, "durations", len(rows), len(columns))
            lengths = _cells(answer, "distances", len(rows), len(columns))
            for i, row in enumerate(rows):
                for j, column in enumerate(columns):
                    if times[i][j] is not None:
                        seconds[row][column], metres[row][column] = times[i][j], lengths[i][j]
            break
        return seconds, metres

    async def _ask(
        self, origins: Sequence[Coordinates], destinations: Sequence[Coordinates]
    ) -> dict[str, Any]:
        """The answer, which is a table or says that a place has no street nearby."""
        places = ";".join(f"{p.longitude:.6f},{p.latitude:.6f}" for p in (*origins, *destinations))
        parameters = {
            "annotations": "duration,distance",
            "sources": _positions(range(len(origins))),
            "destinations": _positions(range(len(origins), len(origins) + len(destinations))),
        }
        response = await http.request(
            self._client, "GET", self._url + places, idempotent=True, accept=(400,), params=parameters
        )
        try:
            answer: dict[str, Any] = response.json()
            code = answer["code"]
        except (ValueError, KeyError, TypeError):
            raise TemporaryFailure("OSRM answered something nobody understands.") from None
        if code not in ("Ok", "NoSegment"):
            told = f"OSRM answered {code}: {answer.get('message', '')}"
            raise PermanentFailure(f"{told} {_ADVICE.get(code, '')}".strip())
        return answer


_ADVICE = {"TooBig": "Start the server with --max-table-size 100 or more."}


def _positions(numbers: Iterable[int]) -> str:
    return ";".join(map(str, numbers))


def _leave_out(answer: dict[str, Any], rows: list[int], columns: list[int]) -> None:
    """Drop the place that the refusal names. Older servers name none: then nothing can be told apart."""
    named = _POSITION.search(str(answer.get("message", "")))
    position = int(named[1]) if named else -1
    if 0 <= position < len(rows):
        del rows[position]
    elif len(rows) <= position < len(rows) + len(columns):
        del columns[position - len(rows)]
    else:
        raise PermanentFailure("OSRM found no street near one of the places, and did not say which.")


def _cells(answer: dict[str, Any], name: str, height: int, width: int) -> list[list[Cell]]:
    """Whole seconds or metres, rounded up."""
    try:
        cells = [[None if cell is None else math.ceil(cell) for cell in row] for row in answer[name]]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise TemporaryFailure(f"OSRM answered {name} nobody understands.") from None
    if [len(row) for row in cells] != [width] * height:
        raise TemporaryFailure(f"OSRM left out a part of its {name}.")
    return cells
