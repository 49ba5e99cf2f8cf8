import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dms_backfill_sdk.dates import BusinessTimes
from dms_backfill_sdk.emulator.switches import Switches
from dms_backfill_sdk.graph import TaskGraph
from dms_backfill_sdk.operations.terms import RunStatus

WAITING, RUNNING, SUSPENDED = RunStatus.WAITING, RunStatus.RUNNING, RunStatus.SUSPENDED
FAILED, SUCCESS = RunStatus.FAILED, RunStatus.SUCCESS

ALL_SWITCHES = [
    Switches(range_creates=creates, end_inclusive=inclusive, after_failure=after, filtered=filtered)
    for creates, inclusive, after, filtered in itertools.product(
        ("runs", "parent"), (True, False), ("stop", "continue"), ("succeed", "absent")
    )
]


def statuses(series) -> list[RunStatus]:
    return [run.status for run in series.runs]


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """A small flow, a request for it, and the nodes that fail on some days."""
    size = draw(st.integers(1, 6))
    pairs = [(start, end) for end in range(size) for start in range(end)]
    nodes = st.integers(0, size - 1)
    begin = draw(st.dates(date(2021, 12, 20), date(2022, 3, 1)))
    days = draw(st.integers(0, 3))
    skip = draw(st.sets(nodes, max_size=size))
    return {
        "seconds": draw(st.lists(st.sampled_from([0, 1, 1, 2, 60]), min_size=size, max_size=size)),
        "edges": draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else [],
        "begin": begin,
        "end": begin + timedelta(days=days),
        "interval": draw(st.sampled_from([1, 5, 24, 24, 36, 48])),
        "asc": draw(st.booleans()),
        "downstream": draw(st.booleans()),
        "skip": skip,
        "start": draw(st.none() | st.sets(nodes.filter(lambda node: node not in skip), min_size=1))
        if len(skip) < size
        else None,
        "failing": draw(st.sets(st.tuples(nodes, st.integers(0, 5)), max_size=2)),
        "switches": draw(st.sampled_from(ALL_SWITCHES)),
    }


class Case:
    """A case, played; and what was to be expected, worked out from graph and dates alone."""

    def __init__(self, lab_class, case: dict[str, Any]) -> None:
        self.lab = lab_class(case["switches"])
        self.done: list[tuple[Any, int]] = []
        self.lab.workshop.callables["note"] = self._note
        flow = self.lab.flow(
            **{f"n{number}": {"call": "note", "seconds": seconds} for number, seconds in enumerate(case["seconds"])},
            publish=False,
        )
        ids = list(flow.nodes)
        edges = [(ids[start], ids[end]) for start, end in case["edges"]]
        self.lab.world.add_edges(flow, edges)
        self.lab.world.publish(flow)
        self.times = BusinessTimes(
            case["begin"],
            case["end"],
            interval=case["interval"],
            asc=case["asc"],
            end_inclusive=case["switches"].end_inclusive,
        )
        self.failing = {(self.times[step % len(self.times)], ids[node]) for node, step in case["failing"] if self.times}
        start = None if case["start"] is None else [ids[node] for node in case["start"]]
        skip = [ids[node] for node in case["skip"]]
        self.selection = TaskGraph(ids, edges).select(start, downstream=case["downstream"], skip=skip)
        self.series = self.lab.back_fill(
            flow,
            case["begin"],
            case["end"],
            interval=case["interval"],
            asc=case["asc"],
            start_node_ids=start,
            filter_node_ids=skip or None,
            is_trigger_sub_tree=case["downstream"],
        )
        self.lab.wait(days=30)

    def _note(self, context) -> None:
        if (context.business_time, context.node.id) in self.failing:
            raise OSError("disk full")
        self.done.append((context.business_time, context.node.id))

    def expected(self, continues: bool) -> Iterator[tuple[Any, set[int], RunStatus]]:
        """For each business time: which nodes do their work, and what becomes of the run."""
        held_up = False
        for time in self.times:
            works: set[int] = set()
            fails = False
            for node in () if held_up else self.selection.running:
                if works.issuperset(self.selection.waits_for[node]):
                    if (time, node) in self.failing:
                        fails = True
                    else:
                        works.add(node)
            yield time, works, WAITING if held_up else FAILED if fails else SUCCESS
            held_up = held_up or (fails and not continues)


@given(cases().filter(lambda case: case["switches"].end_inclusive or case["begin"] < case["end"]))
@settings(deadline=None)
def test_exactly_the_nodes_that_a_request_means_run_for_exactly_its_times_in_order(new_lab, case):
    played = Case(new_lab, case)
    expected = list(played.expected(case["switches"].after_failure == "continue"))
    assert [run.business_time for run in played.series.runs] == list(played.times)
    assert statuses(played.series) == [status for _, _, status in expected]
    # What was done: each run's nodes, and no others, in the order of the business times.
    done = [(time, {node for _, node in group}) for time, group in itertools.groupby(played.done, lambda one: one[0])]
    assert done == [(time, works) for time, works, _ in expected if works]
    assert len(played.done) == sum(len(works) for _, works in done)


@given(cases().filter(lambda case: case["switches"].end_inclusive or case["begin"] < case["end"]))
@settings(deadline=None)
def test_each_node_runs_after_those_it_waits_for_and_each_run_after_the_one_before(new_lab, case):
    played = Case(new_lab, case)
    for run in played.series.runs:
        nodes = {node_run.node.id: node_run for node_run in run.node_runs()}
        assert nodes.keys() >= set(played.selection.running)
        for node, ahead in played.selection.waits_for.items():
            if nodes[node].started:
                assert all(nodes[one].ended <= nodes[node].started for one in ahead)
                assert run.started <= nodes[node].started
                assert nodes[node].ended <= run.ended
    begun = [run for run in played.series.runs if run.started]
    assert all(before.ended <= after.started for before, after in itertools.pairwise(begun))
    if played.series.parent:
        assert played.series.parent.status is (FAILED if FAILED in statuses(played.series) else SUCCESS)
