"""Task flows and plans, as a notebook shows them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from dms_backfill_sdk.backfill import Standing, Window
from dms_backfill_sdk.backfill.flow import AnyTaskFlow
from dms_backfill_sdk.backfill.plan import AnyPlan
from dms_backfill_sdk.dates import in_china
from dms_backfill_sdk.graph import Part, TaskGraph
from dms_backfill_sdk.render.days import Day, days
from dms_backfill_sdk.render.gantt import lasting
from dms_backfill_sdk.render.graph import Box, graph
from dms_backfill_sdk.render.markup import Markup
from dms_backfill_sdk.render.page import code, facts, part, sentence, sheet, table, warning
from dms_backfill_sdk.wire import encode_parameters

__all__ = ["flow_sheet", "most_pressing", "plan_sheet"]

#: Of the runs of one day, which is the day's: the first of these that is there.
_PRESSING = (
    Standing.FAILED,
    Standing.RUNNING,
    Standing.SUSPENDED,
    Standing.WAITING,
    Standing.MISSING,
    Standing.SUCCEEDED,
)

_STYLES = {Part.RUNS: "runs", Part.FILTERED: "filtered", Part.OUTSIDE: "outside"}


def flow_sheet(flow: AnyTaskFlow[Any]) -> Markup:
    version = "never published" if flow.version is None else str(flow.version)
    known = [("newest version", version), ("tenant", str(flow.tid or "")), ("nodes", str(len(flow.node_names)))]
    boxes = {node: Box(name, words=f"node {node}") for node, name in flow.node_names.items()}
    nodes = part("Nodes", _graph(flow.name, flow.graph, boxes, {}))
    return sheet(flow.name, facts(known), nodes, about=f"task flow {flow.id}")


def plan_sheet(plan: AnyPlan[Any]) -> Markup:
    selection = plan.selection
    boxes = {node: Box(name) for node, name in plan.node_names.items()}
    # Where there is nothing to run, no node runs.
    if plan.windows:
        parts = selection.parts
        boxes = {node: Box(box.name, _STYLES[parts[node]], parts[node].value) for node, box in boxes.items()}
    return sheet(
        plan.flow_name,
        facts(_of_plan(plan)),
        *map(warning, plan.warnings),
        part("Business dates", days(_calendar(plan), label=f"Plan for {plan.flow_name}", meanings=_MEANINGS)),
        part("Nodes", _graph(plan.flow_name, selection.graph, boxes, _REASONS if plan.windows else {})),
        _requests(plan),
        about=f"plan for task flow {plan.dag_id}",
    )


def most_pressing(standings: Iterable[Standing]) -> Standing:
    """Which of the standings of a day's runs is the day's."""
    there = set(standings)
    return next(standing for standing in _PRESSING if standing in there)


_REASONS = {_STYLES[part]: part.value for part in Part}
_AGAIN = {f"planned {standing.value}": f"will run again (now: {standing.value})" for standing in Standing}
_MEANINGS = {"planned": "will run", **_AGAIN}


def _of_plan(plan: AnyPlan[Any]) -> Iterator[tuple[str, str]]:
    step = "" if plan.times.interval == 24 else f", one every {plan.times.interval} h"
    order = "" if len(plan) < 2 else f", from the {'first to the last' if plan.times.asc else 'last to the first'}"
    yield "runs", f"{len(plan):,} of {len(plan.times):,} business times{step}{order}"
    yield "only", "" if plan.only == "all" else plan.only
    yield "version", str(plan.choice.version or "")
    yield "tenant", str(plan.tid or "")
    if plan.estimate and plan.seconds_per_run is not None:
        each = lasting(timedelta(seconds=plan.seconds_per_run))
        yield "estimate", f"about {lasting(plan.estimate)}, if each run takes {each}, the median of past ones"
    yield "made at", f"{in_china(plan.made_at):%Y-%m-%d %H:%M:%S}"


def _calendar(plan: AnyPlan[Any]) -> dict[date, Day]:
    each: dict[date, Counter[tuple[Standing, bool]]] = {}
    for run in plan.runs():
        each.setdefault(run.business_time.date(), Counter())[run.standing, run.runs] += 1
    return {day: _day(runs) for day, runs in each.items()}


def _day(runs: Counter[tuple[Standing, bool]]) -> Day:
    words = (f"{count} {standing.value}{', to run' if will else ''}" for (standing, will), count in runs.items())
    told = "; ".join(words) if runs.total() > 1 else ""
    planned = [standing for standing, will in runs if will]
    if not planned:
        return Day(most_pressing(standing for standing, _ in runs).value, words=told)
    again = [standing for standing in planned if standing is not Standing.MISSING]
    return Day("planned", most_pressing(again).value if again else "", told)


def _requests(plan: AnyPlan[Any]) -> Markup:
    if not plan.windows:
        return part("Requests", sentence("None: there is nothing to run."))
    rows = [_request(window) for window in plan.windows]
    said = "1 request that submit() sends" if len(rows) == 1 else f"{len(rows):,} requests that submit() sends"
    return part(said, table(("business dates", "runs", "BackFill"), rows, right=(1,)))


def _request(window: Window) -> tuple[str, str, str]:
    first, last = window.times[0].date(), window.times[-1].date()
    parameters = " ".join(f"{name}={value}" for name, value in encode_parameters(window.request)[0])
    return str(first) if first == last else f"{first} → {last}", f"{len(window.times):,}", code(parameters)


def _graph(name: str, tasks: TaskGraph, boxes: Mapping[int, Box], meanings: Mapping[str, str]) -> Markup:
    if not boxes:
        return sentence("It has no nodes.")
    return graph(boxes, tasks.edges, label=f"Nodes of {name}", meanings=meanings)
