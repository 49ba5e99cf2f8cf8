import itertools
from datetime import timedelta
from typing import Any

import pytest

from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.emulator.switches import Switches
from dms_backfill_sdk.operations.terms import RunStatus

WAITING, RUNNING, SUSPENDED = RunStatus.WAITING, RunStatus.RUNNING, RunStatus.SUSPENDED
FAILED, SUCCESS = RunStatus.FAILED, RunStatus.SUCCESS

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
# Stop


def test_stopping_kills_what_runs(lab):
    lab.workshop.database.run("create table sales (day text)")
    insert = {"sql": "insert into sales values ('${bizdate}')", "seconds": 10}
    run = lab.run(lab.flow(load=insert, more={**insert, "after": ["load"]}))
    lab.wait(15)
    lab.engine.stop(run)
    assert (run.status, run.message, run.ended) == (FAILED, "stopped by request", lab.world.now)
    lab.wait(days=30)
    assert lab.statuses(run) == {"load": "SUCCESS", "more": "FAILED"}
    assert lab.workshop.database.connection.execute("select count(*) from sales").fetchone() == (1,)


@pytest.mark.parametrize("after_failure", ["stop", "continue"])
def test_a_stopped_run_holds_its_series_up_whatever_else_ends(new_lab, after_failure):
    lab = new_lab(Switches(after_failure=after_failure))
    series = lab.back_fill(lab.flow(load={"seconds": 10}), "2022-01-14", "2022-01-17")
    lab.wait(15)
    lab.engine.stop(series.runs[1])
    lab.engine.rerun(series.runs[0])
    lab.wait(days=30)
    assert statuses(series) == [SUCCESS, FAILED, WAITING, WAITING]


def test_a_run_that_was_stopped_once_and_then_fails_is_like_any_other(new_lab):
    lab = new_lab(Switches(after_failure="continue"))
    series = lab.back_fill(lab.flow(load=fails_on("2022-01-14")), "2022-01-14", "2022-01-15")
    lab.engine.stop(series.runs[0])
    lab.engine.rerun(series.runs[0])
    lab.wait(days=30)
    assert statuses(series) == [FAILED, SUCCESS]


# ---------------------------------------------------------------------------------------------------------------
# Suspend and resume


def test_a_suspended_run_finishes_what_runs_and_starts_nothing(lab):
    series = lab.back_fill(lab.flow(**DIAMOND), "2022-01-14", "2022-01-15")
    run = series.runs[0]
    lab.wait(15)
    lab.engine.suspend(run)
    lab.wait(hours=1)
    assert run.status is SUSPENDED
    assert lab.statuses(run) == {"load": "SUCCESS", "sum": "SUCCESS", "mean": "SUCCESS", "report": "WAITING"}
    assert statuses(series) == [SUSPENDED, WAITING]
    lab.engine.resume(run)
    assert lab.statuses(run)["report"] == "RUNNING"
    lab.wait(5)
    assert statuses(series) == [SUCCESS, RUNNING]


def test_a_run_resumed_while_its_nodes_still_run_goes_on_as_if_nothing_had_been(lab):
    run = lab.run(lab.flow(**DIAMOND))
    lab.wait(15)
    lab.engine.suspend(run)
    lab.wait(5)
    lab.engine.resume(run)
    lab.wait(25)
    assert (run.status, run.ended - run.started) == (SUCCESS, timedelta(seconds=45))


@pytest.mark.parametrize(("content", "outcome"), [({}, SUCCESS), (fails_on("2022-01-14"), FAILED)])
def test_a_run_whose_last_node_ended_while_it_was_suspended_ends_when_it_is_resumed(lab, content, outcome):
    run = lab.run(lab.flow(load=content))
    lab.engine.suspend(run)
    lab.wait(hours=1)
    assert run.status is SUSPENDED
    lab.engine.resume(run)
    lab.wait(0)
    assert (run.status, run.ended) == (outcome, lab.world.now)


def test_a_run_that_stays_suspended_for_eighteen_hours_fails(lab):
    run = lab.run(lab.flow(**DIAMOND))
    lab.engine.suspend(run)
    lab.wait(hours=19)
    assert (run.status, run.message) == (FAILED, "the run took longer than 18 hours")


# ---------------------------------------------------------------------------------------------------------------
# Run again


def test_a_run_again_is_all_nodes_of_the_version_it_first_ran_on(lab):
    done = []
    lab.workshop.callables["old"] = lambda context: done.append("old")
    lab.workshop.callables["new"] = lambda context: done.append("new")
    flow = lab.flow(load={"call": "old"}, rest={"after": ["load"]})
    run = lab.run(flow)
    lab.wait(5)
    ids = [node.id for node in lab.nodes(run).values()]
    node = next(iter(flow.nodes.values()))
    lab.world.write_content(flow, node, '{"call": "new"}')
    lab.world.publish(flow)
    lab.engine.rerun(run)
    assert (run.status, run.started, run.ended) == (RUNNING, lab.world.now, None)
    assert lab.statuses(run) == {"load": "RUNNING", "rest": "WAITING"}
    assert set(ids).isdisjoint(node.id for node in lab.nodes(run).values())
    lab.wait(5)
    assert run.status is SUCCESS
    assert done == ["old", "old"]


@pytest.mark.parametrize(
    ("after_failure", "by"), [("stop", "a failure"), ("stop", "a request"), ("continue", "a request")]
)
@pytest.mark.parametrize("mend", ["rerun", "make_success"])
def test_a_series_that_is_held_up_goes_on_when_the_run_has_succeeded(new_lab, after_failure, by, mend):
    lab = new_lab(Switches(after_failure=after_failure))
    fails = iter([by == "a failure"])

    def load(_context):
        if next(fails, False):
            raise OSError("disk full")

    lab.workshop.callables["load"] = load
    series = lab.back_fill(lab.flow(load={"call": "load"}), "2022-01-14", "2022-01-16")
    if by == "a request":
        lab.engine.stop(series.runs[0])
    lab.wait(days=1)
    assert statuses(series) == [FAILED, WAITING, WAITING]
    getattr(lab.engine, mend)(series.runs[0])
    lab.wait(days=1)
    assert statuses(series) == [SUCCESS, SUCCESS, SUCCESS]


def test_running_an_early_run_again_does_not_hold_up_the_series(lab):
    series = lab.back_fill(lab.flow(load={"seconds": 10}), "2022-01-14", "2022-01-17")
    lab.wait(25)
    lab.engine.rerun(series.runs[0])
    assert statuses(series) == [RUNNING, SUCCESS, RUNNING, WAITING]
    lab.wait(5)
    assert statuses(series) == [RUNNING, SUCCESS, SUCCESS, RUNNING]
    lab.wait(5)
    assert statuses(series) == [SUCCESS, SUCCESS, SUCCESS, RUNNING]
    lab.wait(5)
    assert statuses(series) == [SUCCESS] * 4


# ---------------------------------------------------------------------------------------------------------------
# Make successful


@pytest.mark.parametrize("before", ["running", "suspended", "failed", "stopped"])
def test_making_a_run_successful_does_no_work(lab, before):
    done = []
    lab.workshop.callables["note"] = lambda context: done.append(context.node.name)
    nodes = {"load": {"call": "note"}, "bad": fails_on("2022-01-14"), "rest": {"call": "note", "after": ["bad"]}}
    run = lab.run(lab.flow(**nodes, long={"call": "note", "seconds": 100}))
    lab.wait(2)
    match before:
        case "suspended":
            lab.engine.suspend(run)
        case "failed":
            lab.wait(100)
        case "stopped":
            lab.engine.stop(run)
    finished = {name: node for name, node in lab.nodes(run).items() if node.status is SUCCESS}
    lab.engine.make_success(run)
    assert (run.status, run.message, run.ended) == (SUCCESS, "made successful by request", lab.world.now)
    assert set(lab.statuses(run).values()) == {"SUCCESS"}
    for name, node in lab.nodes(run).items():
        assert node == finished[name] if name in finished else node.message == "made successful by request"
    lab.wait(days=1)
    assert done == (["load", "long"] if before == "failed" else ["load"])


def test_a_waiting_run_made_successful_is_passed_over(lab):
    done = []
    lab.workshop.callables["note"] = lambda context: done.append(context.business_time.day)
    series = lab.back_fill(lab.flow(load={"call": "note"}), "2022-01-14", "2022-01-16")
    lab.engine.make_success(series.runs[1])
    assert statuses(series) == [RUNNING, SUCCESS, WAITING]
    lab.wait(days=1)
    assert statuses(series) == [SUCCESS] * 3
    assert done == [14, 16]


# ---------------------------------------------------------------------------------------------------------------
# Which state allows what

ALLOWED = {
    "stop": {RUNNING},
    "suspend": {RUNNING},
    "resume": {SUSPENDED},
    "rerun": {FAILED, SUCCESS},
    "make_success": {WAITING, RUNNING, SUSPENDED, FAILED},
}


def run_in(lab, status: RunStatus, *, parent: bool):
    """A run, or the parent of a series, in that state."""
    content = fails_on("2022-01-14") if status is FAILED else {}
    series = lab.back_fill(lab.flow(load=content), "2022-01-14", "2022-01-15")
    if status is WAITING:
        return series.runs[1]
    if status is SUSPENDED:
        lab.engine.suspend(series.runs[0])
    if status in (FAILED, SUCCESS):
        lab.wait(10)
    return series.parent if parent else series.runs[0]


@pytest.mark.parametrize(
    ("status", "parent"),
    # A parent never waits.
    [(WAITING, False), *itertools.product([RUNNING, SUSPENDED, FAILED, SUCCESS], [False, True])],
)
@pytest.mark.parametrize("operation", ALLOWED)
def test_an_operation_is_refused_in_the_wrong_state(new_lab, operation, status, parent):
    lab = new_lab(Switches(range_creates="parent"))
    run = run_in(lab, status, parent=parent)
    assert run.status is status
    if status in ALLOWED[operation]:
        getattr(lab.engine, operation)(run)
        assert run.status is not status
    else:
        with pytest.raises(Refusal, match=f"The run is {status.name}; only ") as refusal:
            getattr(lab.engine, operation)(run)
        assert refusal.value.code == "InvalidParameterValid"
        assert run.status is status


def test_a_parent_stands_for_its_runs(new_lab):
    lab = new_lab(Switches(range_creates="parent"))
    series = lab.back_fill(lab.flow(load={"seconds": 10}), "2022-01-14", "2022-01-16")
    lab.wait(15)
    lab.engine.suspend(series.parent)
    assert statuses(series) == [SUCCESS, SUSPENDED, WAITING]
    lab.engine.resume(series.parent)
    lab.engine.stop(series.parent)
    assert statuses(series) == [SUCCESS, FAILED, WAITING]
    lab.engine.make_success(series.parent)
    assert statuses(series) == [SUCCESS] * 3
    lab.engine.rerun(series.parent)
    assert statuses(series) == [RUNNING, WAITING, WAITING]
    assert (series.parent.status, series.parent.started) == (RUNNING, lab.world.now)
    lab.wait(30)
    assert statuses(series) == [SUCCESS] * 3
    assert series.parent.status is SUCCESS
