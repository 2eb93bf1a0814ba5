"""Evening out territories: as few accounts as needed change hands, those at the border first.

Loads are evened out by moves from the fullest territory. Each takes the account whose way to its new centre is least
longer than that to its old one, so that territories stay in one piece; it goes to a territory that is lighter by more
than what it brings, so that every move evens out and the moves come to an end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from crm_api.ports import Coordinates

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Piece(Generic[Key]):
    """One account: its territory, what it weighs, and where it is. Without a place it stays where it is."""

    key: Key
    territory: Key
    load: float
    place: Coordinates | None
    is_movable: bool = True


@dataclass(frozen=True, slots=True)
class Move(Generic[Key]):
    """An account that changes hands; the metres are those to the centres of both territories."""

    key: Key
    before: Key
    after: Key
    metres_before: float
    metres_after: float


def balance(
    pieces: Sequence[Piece[Key]], territories: Sequence[Key], *, tolerance: float, most: int
) -> list[Move[Key]]:
    """The moves after which no territory is further from the mean than `tolerance` (0.05 is 5 %), or no account can
    make it better, at most `most` of them. The same input gives the same moves."""
    loads = {territory: 0.0 for territory in territories}
    for piece in pieces:
        loads[piece.territory] += piece.load
    centres = _centres(pieces, territories)
    mean = sum(loads.values()) / max(1, len(territories))
    holding = {
        territory: [
            piece for piece in pieces
            if piece.territory == territory and piece.is_movable and piece.place and piece.load > 0
        ]
        for territory in territories
    }  # fmt: skip
    first, moved = {piece.key: piece.territory for piece in pieces}, dict[Key, tuple[Piece[Key], Key]]()
    for _ in range(20 * most):
        if _is_even(loads, mean, tolerance) or len(moved) >= most:
            break
        step = _next(holding, loads, centres, mean, tolerance)
        if step is None:
            break
        piece, before, after = step
        holding[before].remove(piece)
        holding[after].append(piece)
        loads[before] -= piece.load
        loads[after] += piece.load
        if first[piece.key] == after:
            moved.pop(piece.key, None)
        else:
            moved[piece.key] = piece, after
    return [
        Move(
            key,
            first[key],
            after,
            _metres(piece, centres.get(first[key])),
            _metres(piece, centres.get(after)),
        )
        for key, (piece, after) in moved.items()
    ]


def spread(loads: Mapping[Key, float]) -> float:
    """How far the territory furthest from the mean is from it, as a share of the mean; 0 where all is even."""
    mean = sum(loads.values()) / max(1, len(loads))
    return max((abs(load - mean) for load in loads.values()), default=0.0) / mean if mean else 0.0


def _is_even(loads: Mapping[Key, float], mean: float, tolerance: float) -> bool:
    return all(abs(load - mean) <= tolerance * mean for load in loads.values())


def _next(
    holding: Mapping[Key, Sequence[Piece[Key]]],
    loads: Mapping[Key, float],
    centres: Mapping[Key, Coordinates],
    mean: float,
    tolerance: float,
) -> tuple[Piece[Key], Key, Key] | None:
    """The next move: from the fullest territory that has one, the account that loses least by it."""
    order = list(loads)
    for before in sorted(order, key=lambda territory: (-loads[territory], order.index(territory))):
        lightest = min(loads.values())
        if loads[before] <= mean * (1 + tolerance) and lightest >= mean * (1 - tolerance):
            return None
        best: tuple[float, int, int, Piece[Key], Key] | None = None
        for position, piece in enumerate(holding[before]):
            stay = _metres(piece, centres.get(before))
            for number, after in enumerate(order):
                if after == before or loads[before] - loads[after] <= piece.load:
                    continue
                candidate = (_metres(piece, centres.get(after)) - stay, position, number, piece, after)
                if best is None or candidate[:3] < best[:3]:
                    best = candidate
        if best is not None:
            return best[3], before, best[4]
    return None


def _centres(pieces: Sequence[Piece[Key]], territories: Sequence[Key]) -> dict[Key, Coordinates]:
    """The middle of each territory as it is, weighted by load; a territory without any place has none."""
    centres = {}
    for territory in territories:
        placed = [(p.place, p.load or 1.0) for p in pieces if p.territory == territory and p.place]
        if placed:
            weight = sum(load for _, load in placed)
            centres[territory] = Coordinates(
                sum(place.latitude * load for place, load in placed) / weight,
                sum(place.longitude * load for place, load in placed) / weight,
            )
    return centres


def _metres(piece: Piece[Key], centre: Coordinates | None) -> float:
    """How far an account is from a centre; a territory that has none yet is as near as can be."""
    return piece.place.metres_to(centre) if piece.place and centre else 0.0
