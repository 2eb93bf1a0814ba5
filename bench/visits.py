"""What planning visits costs and brings, beside the solvers it could have been left to.

    python -m bench.visits                       a week, re-planning, a team, and the benchmarks at one second
    python -m bench.visits --seconds 1 3 10      the benchmarks at each of these (some minutes a planner)
    python -m bench.visits --instances DIR       other instances in the same formats; --json FILE keeps every figure

Seconds are CPU seconds of this process, one thread. Every plan is judged by the exact check alone: what a solver
proposes and the check does not pass counts as broken, and is repaired before its value is compared.
"""

import argparse
import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import fields
from bench.planners import PLANNERS, bare_vroom
from bench.routing import Instance, instances
from crm_api.visits import planner, team
from crm_api.visits.engines import vroom
from crm_api.visits.horizon import Horizon, Orders, check

ROUTING = Path(os.environ.get("CRM_TEST_DATA", "../shared")) / "data" / "routing"
Figures = dict[str, Any]


def clocked(work: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and the CPU seconds it took."""
    began = time.process_time()
    return work(), time.process_time() - began


def one_week(seed: int, seconds: list[float]) -> Figures:
    """The planner as it runs in production, then every planner with the same seconds on the same week."""
    horizon = fields.rep_week(seed)
    made, took = clocked(lambda: planner.plan_week(horizon))
    again = planner.plan_week(horizon)
    kept = sum(call.must and call.key in _planned(horizon, made.orders) for call in horizon.calls)
    print(
        f"A week of one rep among {len(horizon.calls)} dealers, lunch, {fields.FIXED} appointments (seed {seed})"
    )
    print(
        f"  production: {took:.2f} s of CPU, {_visits(made.orders)} visits, value {made.week.value}, "
        f"{_driving(made.week) / 3600:.1f} h of driving, {_violations(made.week)} violations, "
        f"{kept} of {fields.FIXED} appointments kept, again the same: {made.orders == again.orders}"
    )
    figures: Figures = {
        "cpu_seconds": took, "visits": _visits(made.orders), "value": made.week.value,
        "violations": _violations(made.week), "appointments_kept": kept, "same_again": made.orders == again.orders,
    }  # fmt: skip
    print(
        f"  {'planner':<10}{'asked s':>8}{'CPU s':>8}{'visits':>8}{'value':>8}{'ratio':>8}{'drive h':>9}  as proposed"
    )
    for given in seconds:
        for name, plan in PLANNERS.items():
            orders, took = clocked(lambda plan=plan, given=given: plan(horizon, given))
            raw = check(horizon, orders)
            week = check(horizon, planner.repair_week(horizon, orders))
            told = "valid" if raw.valid else f"{_violations(raw)} violations; repaired"
            print(
                f"  {name:<10}{given:>8g}{took:>8.2f}{sum(len(i.visits) for i in week.itineraries):>8}{week.value:>8}"
                f"{week.value / made.week.value:>8.3f}{_driving(week) / 3600:>9.1f}  {told}"
            )
            figures[f"{name} {given:g} s"] = {
                "cpu_seconds": took,
                "value": week.value,
                "violations": _violations(raw),
            }
    return figures


def replanning(seed: int) -> Figures:
    """One visit after the other is cancelled, and one dealer after the other added: the day anew, the rest as it is."""
    horizon = fields.rep_week(seed)
    made = planner.plan_week(horizon)
    times, gains, broken = [], [], 0
    for tour, order in enumerate(made.orders):
        for gone in order:
            if horizon.calls[gone].must:
                continue
            day = _day_without(horizon, made.orders, tour, gone)
            found, took = clocked(lambda day=day: planner.plan_week(day))
            times.append(took)
            broken += not found.week.valid
            gains.append(found.week.value - made.week.itineraries[tour].value + horizon.calls[gone].value)
    p50, p95 = statistics.median(times), sorted(times)[int(0.95 * len(times))]
    print(
        f"Re-planning a day after a cancellation, {len(times)} times: p50 {1000 * p50:.0f} ms, p95 {1000 * p95:.0f} ms "
        f"of CPU, value regained {statistics.mean(gains):.1f} on average, {broken} invalid"
    )
    return {
        "p50": p50,
        "p95": p95,
        "regained": statistics.mean(gains),
        "invalid": broken,
        "count": len(times),
    }


def one_team(seed: int, dealers: int, reps: int) -> Figures:
    """A team's week beside the best that one model of everybody gives."""
    horizon = fields.team_week(seed, dealers=dealers, reps=reps)
    made, took = clocked(lambda: team.plan(horizon))
    hours = [0.0] * reps
    for tour, itinerary in zip(horizon.tours, made.week.itineraries, strict=True):
        hours[tour.rep] += (itinerary.over - itinerary.leaves) / 3600
    print(f"A team of {reps} among {dealers} dealers, 5 days (seed {seed})")
    print(
        f"  production: {took:.2f} s of CPU, {_visits(made.orders)} visits, value {made.week.value}, "
        f"{_violations(made.week)} violations, working hours a rep {min(hours):.0f} to {max(hours):.0f}"
    )
    figures: Figures = {
        "cpu_seconds": took, "visits": _visits(made.orders), "value": made.week.value,
        "violations": _violations(made.week), "least_hours": min(hours), "most_hours": max(hours),
    }  # fmt: skip
    if vroom.available():
        orders, took = clocked(lambda: bare_vroom(horizon, 1.0))
        single = check(horizon, planner.repair_week(horizon, orders)).value
        print(
            f"  one VROOM model: {took:.2f} s of CPU, value {single}; ours has {made.week.value / single:.1%} of it"
        )
        figures |= {"single_model_value": single, "share": made.week.value / single}
    return figures


def suite(folder: Path, seconds: list[float], kinds: list[str]) -> Figures:
    """The gap to the best known value of every instance, in percent, for every planner and time."""
    columns = [(name, given) for given in seconds for name in PLANNERS]
    print(f"Gap to the best known, percent ({folder})")
    print(f"  {'instance':<36}" + "".join(f"{f'{name} {given:g}s':>14}" for name, given in columns))
    gaps: dict[str, dict[str, list[float | None]]] = defaultdict(lambda: defaultdict(list))
    figures: Figures = {}
    for instance in instances(folder):
        if kinds and instance.kind not in kinds:
            continue
        row = {f"{name} {given:g} s": _gap(instance, name, given) for name, given in columns}
        figures[instance.name] = row
        for column, gap in row.items():
            gaps[instance.kind][column].append(gap)
        print(f"  {instance.name:<36}" + "".join(f"{_shown(gap):>14}" for gap in row.values()), flush=True)
    for kind, of in gaps.items():
        means = {column: _mean(found) for column, found in of.items()}
        figures[f"mean {kind}"] = means
        count = len(next(iter(of.values())))
        print(
            f"  {f'mean of {count} {kind}':<36}" + "".join(f"{_shown(mean):>14}" for mean in means.values())
        )
    return figures


def _gap(instance: Instance, name: str, seconds: float) -> float | None:
    return instance.gap(PLANNERS[name](instance.horizon, seconds))


def _mean(gaps: list[float | None]) -> float | None:
    """None as soon as one is missing: a mean over what happened to work would flatter."""
    known = [gap for gap in gaps if gap is not None]
    return statistics.mean(known) if len(known) == len(gaps) else None


def _shown(gap: float | None) -> str:
    return "none" if gap is None else f"{gap:.2f}"


def _day_without(horizon: Horizon, orders: Orders, tour: int, gone: int) -> Horizon:
    """One day with its calls but one, and every call that is on no day."""
    elsewhere = {index for other, order in enumerate(orders) if other != tour for index in order}
    calls = tuple(
        replace(call, stops=(call.stops[tour],))
        for index, call in enumerate(horizon.calls)
        if index not in elsewhere and index != gone
    )
    return Horizon((horizon.tours[tour],), calls, horizon.seconds, horizon.metres)


def _planned(horizon: Horizon, orders: Orders) -> set[str]:
    return {horizon.calls[index].key for order in orders for index in order}


def _visits(orders: Orders) -> int:
    return sum(len(order) for order in orders)


def _violations(week: Any) -> int:
    return len(week.conflicts) + sum(len(itinerary.violations) for itinerary in week.itineraries)


def _driving(week: Any) -> int:
    return sum(itinerary.driving for itinerary in week.itineraries)


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--instances", type=Path, default=ROUTING, help="a folder with index.json")
    parser.add_argument(
        "--seconds", type=float, nargs="+", default=[1.0], help="CPU seconds for each planner"
    )
    parser.add_argument("--kinds", nargs="*", default=[], help="only TOPTW, TSPTW, TSP or VRPTW")
    parser.add_argument("--only", nargs="*", default=["week", "replan", "team", "suite"])
    parser.add_argument("--planners", nargs="*", default=list(PLANNERS), choices=list(PLANNERS))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--dealers", type=int, default=1_000, help="of the team")
    parser.add_argument("--reps", type=int, default=20)
    parser.add_argument("--json", type=Path, help="where to keep every figure")
    chosen = parser.parse_args()
    for name in set(PLANNERS) - set(chosen.planners):
        del PLANNERS[name]
    figures: Figures = {}
    if vroom.available():
        _, took = clocked(vroom.warm_up)
        print(f"Importing pyvroom, once a process: {took:.2f} s of CPU")
    if "week" in chosen.only:
        figures["week"] = one_week(chosen.seed, chosen.seconds)
    if "replan" in chosen.only:
        figures["replanning"] = replanning(chosen.seed)
    if "team" in chosen.only:
        figures["team"] = one_team(chosen.seed, chosen.dealers, chosen.reps)
    if "suite" in chosen.only and (chosen.instances / "index.json").exists():
        figures["suite"] = suite(chosen.instances, chosen.seconds, chosen.kinds)
    elif "suite" in chosen.only:
        print(f"{chosen.instances} has no index.json; --instances or CRM_TEST_DATA says where there is one")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
