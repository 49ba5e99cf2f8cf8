import itertools
import tracemalloc
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest

from dms_backfill_sdk.emulator.engine import MAX_RUNS
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.emulator.switches import Switches
from dms_backfill_sdk.operations.back_fill import BackFillRequest
from dms_backfill_sdk.operations.terms import RunStatus

WAITING, RUNNING, SUSPENDED = RunStatus.WAITING, RunStatus.RUNNING, RunStatus.SUSPENDED
FAILED, SUCCESS = RunStatus.FAILED, RunStatus.SUCCESS

ALL_SWITCHES = [
    Switches(range_creates=creates, end_inclusive=inclusive, after_failure=after, filtered=filtered)
    for creates, inclusive, after, filtered in itertools.product(
        ("runs", "parent"), (True, False), ("stop", "continue"), ("succeed", "absent")
    )
]

#   load ─┬─ sum ──┬─ report
#         └─ mean ─┘
DIAMOND: dict[str, dict[str, Any]] = {
    "load": {"seconds": 10},
    "sum": {"seconds": 20, "after": ["load"]},
    "mean": {"seconds": 30, "after": ["load"]},
    "report": {"seconds": 5, "after": ["sum", "mean"]},
}


def fails_on(*days: str) -> dict[str, Any]:
    return {"simulate": {"fails_on": list(days), "message": "disk full"}}


def statuses(series) -> list[RunStatus]:
    return [run.status for run in series.runs]


# ---------------------------------------------------------------------------------------------------------------
# One run


def test_branches_run_side_by_side_and_a_node_waits_for_all_before_it(lab):
    run = lab.run(lab.flow(**DIAMOND))
    begin = run.started
    assert begin == lab.world.now
    assert lab.statuses(run) == {"load": "RUNNING", "sum": "WAITING", "mean": "WAITING", "report": "WAITING"}
    lab.wait(29)
    assert lab.statuses(run) == {"load": "SUCCESS", "sum": "RUNNING", "mean": "RUNNING", "report": "WAITING"}
    lab.wait(5)
    assert lab.statuses(run) == {"load": "SUCCESS", "sum": "SUCCESS", "mean": "RUNNING", "report": "WAITING"}
    lab.wait(1000)
    assert run.status is SUCCESS
    assert {name: node.ended - begin for name, node in lab.nodes(run).items()} == {
        "load": timedelta(seconds=10),
        "sum": timedelta(seconds=30),
        "mean": timedelta(seconds=40),
        "report": timedelta(seconds=45),
    }
    assert run.ended - begin == timedelta(seconds=45)


def test_a_run_takes_as_long_as_its_longest_path(lab):
    flow = lab.flow(**DIAMOND)
    ids = lab.ids(flow)
    graph = flow.version(None).graph
    longest = graph.longest_path({ids[name]: node["seconds"] for name, node in DIAMOND.items()})
    run = lab.run(flow)
    lab.wait(longest - 0.001)
    assert run.status is RUNNING
    lab.wait(0.001)
    assert run.status is SUCCESS


def test_nothing_happens_while_nobody_looks(lab):
    run = lab.run(lab.flow(**DIAMOND))
    lab.clock.advance(timedelta(days=1))
    assert run.status is RUNNING
    lab.engine.catch_up()
    assert run.status is SUCCESS


def test_a_clock_that_goes_back_does_not_take_the_world_along(lab, monkeypatch):
    run = lab.run(lab.flow(**DIAMOND))
    lab.wait(45)
    before, earlier = lab.world.now, lab.clock.now() - timedelta(hours=1)
    monkeypatch.setattr(type(lab.clock), "now", lambda clock: earlier)
    lab.engine.catch_up()
    assert lab.world.now == before
    assert run.status is SUCCESS


def test_a_flow_without_nodes_succeeds_at_once(lab):
    series = lab.back_fill(lab.flow(), "2022-01-14", "2022-01-20")
    lab.wait(0)
    assert statuses(series) == [SUCCESS] * 7
    assert list(series.runs[0].node_runs()) == []


def test_nodes_that_take_no_time_are_done_in_order(lab):
    done = []
    lab.workshop.callables["note"] = lambda context: done.append((context.variables["bizdate"][-1], context.node.name))
    instant = {"call": "note", "seconds": 0}
    lab.back_fill(lab.flow(a=instant, b={**instant, "after": ["a"]}), "2022-01-01", "2022-01-03")
    lab.wait(0)
    assert done == [("1", "a"), ("1", "b"), ("2", "a"), ("2", "b"), ("3", "a"), ("3", "b")]


def test_work_is_done_at_the_moment_a_node_ends(lab):
    lab.workshop.database.run("create table sales (day text)")
    lab.run(lab.flow(load={"sql": "insert into sales values ('${bizdate}')", "seconds": 10}))
    count = lab.workshop.database.connection.execute
    lab.wait(9)
    assert count("select * from sales").fetchall() == []
    lab.wait(1)
    assert count("select * from sales").fetchall() == [("2022-01-14",)]


def test_a_run_longer_than_eighteen_hours_fails(lab):
    hours = 3600
    flow = lab.flow(a={"seconds": 10 * hours}, b={"seconds": 9 * hours, "after": ["a"]}, c={"after": ["b"]})
    series = lab.back_fill(flow, "2022-01-14", "2022-01-15")
    lab.wait(hours=30)
    run = series.runs[0]
    assert (run.status, run.message) == (FAILED, "the run took longer than 18 hours")
    assert (run.ended - run.started) // timedelta(seconds=1) == 18 * hours
    assert lab.statuses(run) == {"a": "SUCCESS", "b": "FAILED", "c": "WAITING"}
    assert lab.nodes(run)["b"].message == "the run took longer than 18 hours"
    assert statuses(series) == [FAILED, WAITING]


def test_a_run_may_take_eighteen_hours(lab):
    run = lab.run(lab.flow(a={"seconds": 18 * 3600}))
    lab.wait(hours=20)
    assert run.status is SUCCESS


# ---------------------------------------------------------------------------------------------------------------
# Failures


def test_nodes_that_are_not_below_a_failed_one_still_finish(lab):
    nodes = {**DIAMOND, "sum": {**DIAMOND["sum"], **fails_on("2022-01-14")}, "alone": {"seconds": 100}}
    run = lab.run(lab.flow(**nodes))
    lab.wait(99)
    assert run.status is RUNNING
    lab.wait(1)
    assert (run.status, run.message) == (FAILED, "failed: sum")
    assert lab.statuses(run) == {
        "load": "SUCCESS",
        "sum": "FAILED",
        "mean": "SUCCESS",
        "report": "WAITING",
        "alone": "SUCCESS",
    }
    assert lab.nodes(run)["sum"].message == "disk full"
    assert lab.nodes(run)["report"].ended is None


def test_a_failed_run_names_all_nodes_that_failed(lab):
    run = lab.run(lab.flow(a=fails_on("2022-01-14"), b=fails_on("2022-01-14"), c=fails_on("2022-01-15")))
    lab.wait(1)
    assert run.message == "failed: a, b"


def test_after_a_failure_later_runs_stay_waiting(lab):
    series = lab.back_fill(lab.flow(load=fails_on("2022-01-15")), "2022-01-14", "2022-01-17")
    lab.wait(days=30)
    assert statuses(series) == [SUCCESS, FAILED, WAITING, WAITING]
    assert series.runs[2].started is None


def test_after_a_failure_the_series_goes_on_if_the_switch_says_so(new_lab):
    lab = new_lab(Switches(after_failure="continue"))
    series = lab.back_fill(lab.flow(load=fails_on("2022-01-15")), "2022-01-14", "2022-01-17")
    lab.wait(days=30)
    assert statuses(series) == [SUCCESS, FAILED, SUCCESS, SUCCESS]


def test_a_callable_that_is_interrupted_does_its_work_again(lab):
    calls = iter([KeyboardInterrupt(), None])

    def load(_context):
        if interrupt := next(calls):
            raise interrupt

    lab.workshop.callables["load"] = load
    run = lab.run(lab.flow(load={"call": "load"}))
    with pytest.raises(KeyboardInterrupt):
        lab.wait(5)
    assert run.status is RUNNING
    lab.wait(0)
    assert run.status is SUCCESS
    assert run.ended - run.started == timedelta(seconds=1)


# ---------------------------------------------------------------------------------------------------------------
# Series


@pytest.mark.parametrize("asc", [True, False, None])
def test_runs_go_one_after_another_in_the_direction_asked_for(lab, asc):
    flow = lab.flow(load={"seconds": 10})
    series = lab.back_fill(flow, "2022-01-14", "2022-01-16", asc=asc)
    days = [14, 15, 16] if asc is not False else [16, 15, 14]
    assert [run.business_time.day for run in series.runs] == days
    assert [run.id for run in series.runs] == sorted(run.id for run in series.runs)
    for done in range(4):
        expected = [SUCCESS] * done + [RUNNING] * (done < 3) + [WAITING] * (2 - done)
        assert statuses(series) == expected
        lab.wait(10)


def test_each_run_starts_at_the_moment_the_one_before_it_ends(lab):
    series = lab.back_fill(lab.flow(**DIAMOND), "2022-01-14", "2022-01-20")
    lab.wait(days=1)
    for before, after in itertools.pairwise(series.runs):
        assert after.started == before.ended == before.started + timedelta(seconds=45)


def test_two_series_of_a_flow_do_not_wait_for_each_other(lab):
    flow = lab.flow(load={"seconds": 10})
    first = lab.back_fill(flow, "2022-01-14", "2022-01-15")
    lab.wait(5)
    second = lab.back_fill(flow, "2022-01-14", "2022-01-15")
    assert statuses(first) == statuses(second) == [RUNNING, WAITING]
    lab.wait(15)
    assert statuses(first) == [SUCCESS, SUCCESS]
    assert statuses(second) == [SUCCESS, RUNNING]


def test_a_range_without_a_business_time_is_refused(new_lab):
    lab = new_lab(Switches(end_inclusive=False))
    flow = lab.flow(load={})
    with pytest.raises(Refusal, match="The range has no business time in it; its last day is not run"):
        lab.back_fill(flow, "2022-01-14", "2022-01-14")
    assert lab.world.runs == {}
    assert len(lab.back_fill(flow, "2022-01-14").runs) == 1


def test_a_series_that_would_fill_the_memory_is_refused(lab):
    flow = lab.flow(load={})
    with pytest.raises(Refusal, match=f"This is a series of 87649416 runs; the emulator takes {MAX_RUNS} at most"):
        lab.back_fill(flow, "0001-01-01", "9999-12-31", interval=1)
    assert lab.world.runs == {}


def test_the_last_moments_of_the_calendar_can_be_backfilled(lab):
    series = lab.back_fill(lab.flow(load={}), "9999-12-30", "9999-12-31", interval=1)
    lab.wait(days=1)
    assert statuses(series) == [SUCCESS] * 48


# -- whose record stands for a series


def test_a_range_answers_with_its_first_run(lab):
    flow = lab.flow(load={})
    request = BackFillRequest.between(flow.id, "2022-01-14", "2022-01-16", asc=False)
    run = lab.world.runs[lab.ask(request).dag_instance_id]
    assert run.business_time.day == 16
    assert len(lab.world.runs) == 3


def test_a_range_answers_with_its_parent_if_the_switch_says_so(new_lab):
    lab = new_lab(Switches(range_creates="parent"))
    flow = lab.flow(load={"seconds": 10})
    request = BackFillRequest.between(flow.id, "2022-01-14", "2022-01-16")
    parent = lab.world.runs[lab.ask(request).dag_instance_id]
    assert parent.is_parent
    assert (parent.business_time.day, parent.message) == (14, "series of 3 runs")
    assert list(parent.node_runs()) == []
    assert len(lab.world.runs) == 4
    lab.wait(29)
    assert (parent.status, parent.ended) == (RUNNING, None)
    lab.wait(1)
    assert (parent.status, parent.ended) == (SUCCESS, parent.started + timedelta(seconds=30))


def test_a_single_day_has_no_parent(new_lab):
    lab = new_lab(Switches(range_creates="parent"))
    series = lab.back_fill(lab.flow(load={}), "2022-01-14")
    assert series.parent is None
    assert lab.back_fill(lab.world.flows_of()[0], "2022-01-14", "2022-01-14").parent is None


@pytest.mark.parametrize(("after_failure", "soon", "later"), [("stop", FAILED, FAILED), ("continue", RUNNING, FAILED)])
def test_a_parent_fails_when_its_series_is_held_up_or_has_ended_with_a_failure(new_lab, after_failure, soon, later):
    lab = new_lab(Switches(range_creates="parent", after_failure=after_failure))
    series = lab.back_fill(lab.flow(load=fails_on("2022-01-14")), "2022-01-14", "2022-01-16")
    lab.wait(1)
    assert series.parent.status is soon
    lab.wait(days=1)
    assert series.parent.status is later
    lab.engine.rerun(series.runs[0])
    assert (series.parent.status, series.parent.ended) == (RUNNING, None)
    lab.engine.make_success(series.runs[0])
    lab.wait(days=1)
    assert series.parent.status is SUCCESS


def test_a_parent_ended_when_its_series_was_held_up(new_lab):
    lab = new_lab(Switches(range_creates="parent"))
    series = lab.back_fill(lab.flow(load=fails_on("2022-01-14")), "2022-01-14", "2022-01-16")
    lab.wait(hours=1)
    lab.engine.make_success(series.runs[2])
    assert (series.parent.status, series.parent.ended) == (FAILED, series.runs[0].ended)


# ---------------------------------------------------------------------------------------------------------------
# What is filtered out


def test_a_filtered_node_succeeds_when_its_turn_comes_and_does_no_work(lab):
    done = []
    lab.workshop.callables["note"] = lambda context: done.append(context.node.name)
    note = {"call": "note", "seconds": 10}
    flow = lab.flow(a=note, b={**note, "after": ["a"]}, c={**note, "after": ["b"]})
    run = lab.run(flow, filter_node_ids=[lab.ids(flow)["b"]])
    assert lab.statuses(run) == {"a": "RUNNING", "b": "WAITING", "c": "WAITING"}
    lab.wait(10)
    assert lab.statuses(run) == {"a": "SUCCESS", "b": "SUCCESS", "c": "RUNNING"}
    b = lab.nodes(run)["b"]
    assert b.started == b.ended
    assert b.message == "left out by FilterNodeIds; no work was done"
    lab.wait(10)
    assert run.status is SUCCESS
    assert done == ["a", "c"]


def test_a_filtered_node_is_absent_if_the_switch_says_so(new_lab):
    lab = new_lab(Switches(filtered="absent"))
    flow = lab.flow(a={}, b={"after": ["a"]}, c={"after": ["b"]})
    run = lab.run(flow, filter_node_ids=[lab.ids(flow)["b"]])
    assert lab.statuses(run) == {"a": "RUNNING", "c": "WAITING"}
    lab.wait(2)
    assert run.status is SUCCESS


def test_a_filtered_node_below_a_failed_one_waits_like_any_other(lab):
    flow = lab.flow(a=fails_on("2022-01-14"), b={"after": ["a"]}, c={"after": ["b"]})
    run = lab.run(flow, filter_node_ids=[lab.ids(flow)["b"]])
    lab.wait(10)
    assert lab.statuses(run) == {"a": "FAILED", "b": "WAITING", "c": "WAITING"}


@pytest.mark.parametrize("switches", ALL_SWITCHES, ids=str)
def test_a_run_of_which_everything_is_filtered_out_succeeds(new_lab, switches):
    lab = new_lab(switches)
    flow = lab.flow(a={}, b={"after": ["a"]})
    run = lab.run(flow, filter_node_ids=list(flow.nodes))
    lab.wait(0)
    assert (run.status, run.ended) == (SUCCESS, run.started)


# ---------------------------------------------------------------------------------------------------------------
# Try run


def test_a_try_run_is_of_the_flow_as_it_is_being_edited_and_about_a_day_ago(lab):
    flow = lab.flow(publish=False, load={})
    lab.wait(3600 + 23)
    run = lab.engine.try_run(flow)
    assert run.series.shape.version.id is None
    assert run.business_time == run.started - timedelta(days=1)
    lab.wait(1)
    assert run.status is SUCCESS


# ---------------------------------------------------------------------------------------------------------------
# How much, how fast


def test_three_years_of_a_hundred_nodes_are_a_matter_of_seconds(lab):
    flow = lab.flow(**{f"n{number}": {"after": [f"n{number - 1}"] * (number > 0)} for number in range(100)})
    begin = perf_counter()
    series = lab.back_fill(flow, "2020-01-01", "2022-12-30")
    lab.wait(days=365)
    assert len(series.runs) == 1095
    assert sum(run.nodes.status.count(SUCCESS) for run in series.runs) == 109_500
    # Half a second where it was written; ten times the five that it may take.
    assert perf_counter() - begin < 50


def test_a_node_run_takes_a_few_bytes(lab):
    flow = lab.flow(**{f"n{number}": {} for number in range(100)})
    tracemalloc.start()
    lab.back_fill(flow, "2022-01-01", "2022-04-10")
    lab.wait(days=1)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken / (100 * 100) < 300
