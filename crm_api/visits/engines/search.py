"""Ruin and recreate: take some neighbouring visits out of the week, put the best back, keep what is better.

The moves are those of slack induction by string removals (J. Christiaens and G. Vanden Berghe, Transportation
Science 54, 2020), which take a string of visits out of each of a few tours around one place; the greedy that puts
visits back weighs value against the delay it causes, as iterated local search for the team orienteering problem
does (P. Vansteenwegen et al., 2009). A worse week is accepted now and then, less often as the search cools.

One thread, one seed, and a number of rounds instead of a clock: the same week comes out of the same horizon. A
longer search begins as the shorter one does, so more rounds never give less.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crm_api.visits.engines.moves import MOST_ROUNDS, Slots, shorten
from crm_api.visits.engines.offers import Array, Offers, Tables, offers
from crm_api.visits.horizon import Horizon, Orders

Merit = tuple[int, int, int]
SEED = 20_261_121
LONGEST_STRING = 8  # visits taken out of one tour at a time
MOST_TOURS = 3  # tours ruined in one round
WIDE = 12  # with more tours than this, what was taken out is offered only to tours around
CYCLE = 2_000  # rounds from hot to cold, after which the search is warmed up again


@dataclass
class _Route:
    """One tour as it stands; `offered` are the cheapest insertions of the calls that are out."""

    order: list[int]
    slots: Slots
    drive: int
    cost: Array
    position: Array


class Search:
    """A week that gets better, round by round; `best` is the best seen."""

    def __init__(self, horizon: Horizon, orders: Orders, *, seed: int = SEED) -> None:
        self.horizon, self.tables = horizon, Tables(horizon)
        self.random, self.noise = random.Random(seed), np.random.Generator(np.random.PCG64(seed))
        self.size = len(horizon.calls)
        self.tour_of = np.full(self.size, -1, dtype=np.int64)
        for tour, order in enumerate(orders):
            self.tour_of[order] = tour
        self.related = np.array([bool(horizon.siblings(c)) for c in range(self.size)], dtype=bool)
        self.by_detour = not bool(np.any(~self.tables.must))
        self.routes = [self._route(tour, order) for tour, order in enumerate(orders)]
        self.usual = float(self.tables.value.mean()) if self.size else 1.0
        legs = [r.drive / (len(r.order) + 1) for r in self.routes if r.order]
        self.leg = max(1.0, sum(legs) / len(legs)) if legs else 1.0
        self.current = self._merit()
        self.best, self.best_merit = [list(r.order) for r in self.routes], self.current
        self.rounds = 0
        self._fill(list(range(len(self.routes))), 1.0, exact=True)
        self._settle()

    def run(self, rounds: int, *, more: Callable[[], bool] = lambda: True) -> Orders:
        """Search for so many rounds, or while `more()`; returns the best week so far."""
        if self.size and self.routes:
            for _ in range(rounds):
                if not more():
                    break
                self._round()
        return self.best

    def polish(self) -> Orders:
        """Shorten the best week's tours, fill them, and exchange visits for calls worth more, until nothing helps."""
        self._take(self.best)
        tours = list(range(len(self.routes)))
        for _ in range(MOST_ROUNDS):
            before = self.current
            for tour in tours:
                shorter = shorten(self.horizon.day(tour), self.routes[tour].order)
                if shorter != self.routes[tour].order:
                    self.routes[tour] = self._route(tour, shorter)
            self._exchange(tours)
            self._take([route.order for route in self.routes])
            self._fill(tours, 1.0, exact=True)
            self._settle()
            if self.current <= before:
                break
        return self.best

    def _take(self, orders: Orders) -> None:
        """Go on from these orders."""
        self.tour_of[:] = -1
        for tour, order in enumerate(orders):
            self.tour_of[order] = tour
        self.routes = [self._route(tour, list(order)) for tour, order in enumerate(orders)]
        self.current = self._merit()

    def _exchange(self, tours: list[int]) -> None:
        """Replace visits by calls that are out and worth more, or as much for less driving."""
        for tour in tours:
            while (better := self._best_exchange(tour)) is not None:
                dropped, call, order = better
                self.tour_of[dropped], self.tour_of[call] = -1, tour
                self.routes[tour] = self._route(tour, order)

    def _best_exchange(self, tour: int) -> tuple[int, int, list[int]] | None:
        day, route, tables = self.horizon.day(tour), self.routes[tour], self.tables
        out = np.flatnonzero((self.tour_of < 0) & tables.hours[tour].possible)
        best: tuple[tuple[int, int, int], tuple[int, int, list[int]]] | None = None
        for at, dropped in enumerate(route.order):
            rivals = out[
                (tables.must[out] > tables.must[dropped])
                | ((tables.must[out] == tables.must[dropped]) & (tables.value[out] >= tables.value[dropped]))
            ]
            if not len(rivals):
                continue
            rest = [*route.order[:at], *route.order[at + 1 :]]
            slots = Slots(day, rest)
            found = offers(tables, tour, slots, rivals, by_detour=True)
            for n in np.flatnonzero(np.isfinite(found.cost)).tolist():
                call = int(rivals[n])
                gain = (
                    int(tables.must[call]) - int(tables.must[dropped]),
                    int(tables.value[call] - tables.value[dropped]),
                    route.drive - slots.driven - int(found.cost[n]),
                )
                if (
                    gain > (0, 0, 0)
                    and (best is None or gain > best[0])
                    and self._may_join(call, tour, dropped)
                ):
                    place = int(found.position[n])
                    best = gain, (dropped, call, [*rest[:place], call, *rest[place:]])
        return best[1] if best else None

    def _may_join(self, call: int, tour: int, dropped: int) -> bool:
        """Whether no other visit to the same dealer is too near."""
        others = ((o, int(self.tour_of[o])) for o in self.horizon.siblings(call) if o != dropped)
        return all(at < 0 or self.horizon.apart(call, tour, other, at) for other, at in others)

    def _round(self) -> None:
        self.rounds += 1
        before, kept = self.current, self.tour_of.copy()
        touched = self._ruin()
        saved = {tour: self.routes[tour] for tour in touched}
        for tour, order in touched.items():
            self.routes[tour] = self._route(tour, order)
        around = self._around(set(touched))
        others = {tour: self.routes[tour] for tour in around if tour not in saved}
        if others:
            gone = np.array(
                [c for t, r in saved.items() for c in r.order if self.tour_of[c] < 0], dtype=np.int64
            )
            for tour in others:
                self.routes[tour] = self._offer_more(tour, gone)
        self._fill(around, self.random.choice((1.0, 1.5, 2.0, 3.0)))
        now = self._merit()
        if all(self.routes[tour].slots.holds for tour in touched) and self._accepts(before, now):
            self.current = now
            if now > self.best_merit:
                self._settle()
            return
        self.tour_of = kept
        for tour, route in {**saved, **others}.items():
            self.routes[tour] = route

    def _settle(self) -> None:
        self.current = self._merit()
        if self.current >= self.best_merit:
            self.best, self.best_merit = [list(r.order) for r in self.routes], self.current

    def _accepts(self, before: Merit, now: Merit) -> bool:
        """Metropolis, on a scale where a visit is worth some legs of driving."""
        if now >= before:
            return True
        lost = (before[0] - now[0]) * 20 * self.usual + before[1] - now[1]
        lost += (before[2] - now[2]) * self.usual / self.leg / 10
        warmth = 1 - (self.rounds % CYCLE) / CYCLE
        return lost < -math.log(max(self.random.random(), 1e-12)) * self.usual * (0.02 + 0.3 * warmth)

    def _ruin(self) -> dict[int, list[int]]:
        """Take strings of visits around one call out of a few tours; returns what is left of those tours."""
        centre = self.tables.node[self.random.randrange(self.size)]
        planned = np.flatnonzero(self.tour_of >= 0)
        wanted = self.random.randint(1, min(MOST_TOURS, len(self.routes)))
        left: dict[int, list[int]] = {}
        if not len(planned):
            return {tour: [] for tour in self.random.sample(range(len(self.routes)), wanted)}
        nearest = planned[np.argsort(self.tables.seconds[centre, self.tables.node[planned]], kind="stable")]
        for call in nearest[:60].tolist():
            tour = int(self.tour_of[call])
            if tour < 0 or tour in left:
                continue
            order = self.routes[tour].order
            length = self.random.randint(1, min(LONGEST_STRING, len(order)))
            at = order.index(call)
            first = self.random.randint(max(0, at - length + 1), min(at, len(order) - length))
            self.tour_of[order[first : first + length]] = -1
            left[tour] = [*order[:first], *order[first + length :]]
            if len(left) == wanted:
                break
        return left

    def _around(self, touched: set[int]) -> list[int]:
        """The tours that what was taken out is offered to."""
        if len(self.routes) <= WIDE:
            return list(range(len(self.routes)))
        reps = {self.horizon.tours[tour].rep for tour in touched}
        own = [t for t, tour in enumerate(self.horizon.tours) if tour.rep in reps]
        return sorted(touched | set(own[:WIDE]))

    def _route(self, tour: int, order: list[int]) -> _Route:
        day = self.horizon.day(tour)
        slots = Slots(day, order)
        out = np.flatnonzero((self.tour_of < 0) & self.tables.hours[tour].possible)
        cost, position = np.full(self.size, np.inf), np.zeros(self.size, dtype=np.int64)
        found = offers(self.tables, tour, slots, out, by_detour=self.by_detour)
        cost[out], position[out] = found.cost, found.position
        return _Route(order, slots, slots.driven, cost, position)

    def _offer_more(self, tour: int, calls: Array) -> _Route:
        """The same tour, with offers for calls that have just come out of others."""
        route = self.routes[tour]
        found: Offers = offers(self.tables, tour, route.slots, calls, by_detour=self.by_detour)
        cost, position = route.cost.copy(), route.position.copy()
        cost[calls], position[calls] = found.cost, found.position
        return _Route(route.order, route.slots, route.drive, cost, position)

    def _fill(self, tours: list[int], power: float, *, exact: bool = False) -> None:
        """Insert calls while any fits: must-see first, then the most value for the delay it causes."""
        if not tours or not self.size:
            return
        weight = self.tables.value**power
        if not exact:
            weight = weight * (0.7 + 0.6 * self.noise.random(self.size))
        weight = np.where(self.tables.must, weight + 1e15, weight)
        cost = np.array([self.routes[tour].cost for tour in tours])
        cost[:, self.tour_of >= 0] = np.inf
        while True:
            score = weight / cost
            for row, call in self._barred(tours, score):
                score[row, call] = 0.0
            best = int(score.argmax())
            row, call = divmod(best, self.size)
            if not score[row, call] > 0:
                return
            tour = tours[row]
            route = self.routes[tour]
            position = int(route.position[call])
            self.tour_of[call] = tour
            order = [*route.order[:position], call, *route.order[position:]]
            self.routes[tour] = self._route(tour, order)
            cost[row] = self.routes[tour].cost
            cost[:, call] = np.inf

    def _barred(self, tours: list[int], score: Array) -> list[tuple[int, int]]:
        """Calls too near in time to another one of their dealer."""
        found = []
        for call in np.flatnonzero(self.related & (self.tour_of < 0)).tolist():
            for other in self.horizon.siblings(call):
                held = int(self.tour_of[other])
                if held >= 0:
                    found += [
                        (row, call)
                        for row, tour in enumerate(tours)
                        if score[row, call] > 0 and not self.horizon.apart(call, tour, other, held)
                    ]
        return found

    def _merit(self) -> Merit:
        planned = self.tour_of >= 0
        value = int(self.tables.value[planned].sum())
        return int(self.tables.must[planned].sum()), value, -sum(route.drive for route in self.routes)


def improve(horizon: Horizon, orders: Orders, *, rounds: int, seed: int = SEED) -> Orders:
    """The best week that so many rounds find from `orders`, which must be valid; never a worse one."""
    search = Search(horizon, orders, seed=seed)
    search.run(rounds)
    return search.polish()
