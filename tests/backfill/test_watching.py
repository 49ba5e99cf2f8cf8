"""A job is watched rightly whatever the service does that our emulator does not, and while it cannot be seen."""

from datetime import timedelta

import pytest

from dms_backfill_sdk import Fault, OutcomeUnknownError, WaitTimeoutError

DAYS = ("2022-01-01", "2022-01-03")


def start(lab, flow, between=DAYS, **choice):
    return lab.client.task_flow(flow.id).plan(between=between, **choice).submit()


@pytest.mark.parametrize("range_creates", ["runs", "parent"])
def test_runs_that_are_written_down_one_after_another_are_waited_for(new_lab, range_creates):
    lab = new_lab(range_creates=range_creates)
    flow = lab.flow(nodes={"load": {"seconds": 300}})
    lab.show_runs(lambda run: run["Status"] != 0)
    job = start(lab, flow)
    assert str(job.wait()) == "3 of 3 succeeded"
    assert [run.id for run in job.runs()] == [run.id for run in lab.runs(flow)]


def test_records_that_appear_late_are_waited_for(lab):
    flow = lab.flow()
    job = start(lab, flow)
    lab.show_runs_after(50)
    assert str(job.wait()) == "3 of 3 succeeded"


def test_runs_that_wait_in_a_busy_service_are_waited_for_however_long(lab):
    flow = lab.flow()
    job = start(lab, flow)
    free = lab.clock.now() + timedelta(hours=10)
    waiting = {"Status": 0, "startTime": None, "EndTime": None}
    lab.rewrite_runs(lambda run: run.update(waiting if lab.clock.now() < free else {}))
    assert str(job.wait()) == "3 of 3 succeeded"
    assert lab.clock.now() >= free


@pytest.mark.parametrize("status", [6, 9, 99])
def test_a_status_that_nobody_knows_is_waited_for(lab, status):
    flow = lab.flow()
    job = start(lab, flow)
    lab.rewrite_runs(lambda run: run.update(Status=status))
    with pytest.raises(WaitTimeoutError, match="0 of 3 succeeded, 3 running"):
        job.wait(timeout=10_000)
    lab.wire.change = None
    assert str(job.wait()) == "3 of 3 succeeded"


def test_a_completed_run_counts_as_one_that_succeeded(lab):
    flow = lab.flow()
    job = start(lab, flow)
    lab.rewrite_runs(lambda run: run.update(Status=5 if run["Status"] == 4 else run["Status"]))
    assert str(job.wait()) == "3 of 3 succeeded"


@pytest.mark.parametrize("asc", [True, False], ids=["upwards", "downwards"])
def test_a_run_whose_nodes_are_not_listed_before_it_begins_is_no_record_of_a_series(new_lab, asc):
    lab = new_lab(range_creates="parent")
    flow = lab.flow(nodes={"load": {"seconds": 60}})
    until = lab.clock.now() + timedelta(seconds=30)

    def nodes_come_late(action, parameters, body):
        if lab.clock.now() < until:
            body.get("NodeList", {"Node": []})["Node"] = []

    lab.wire.change = nodes_come_late
    job = start(lab, flow, asc=asc)
    assert str(job.wait()) == "3 of 3 succeeded"
    assert [run.id for run in job.runs()] == [run.id for run in lab.runs(flow)]


@pytest.mark.parametrize("seconds", [20, 200])
def test_runs_that_are_out_of_sight_for_a_while_are_watched_again(lab, seconds):
    flow = lab.flow(nodes={"load": {"seconds": 100}})
    job = start(lab, flow)
    begin, end = lab.clock.now() + timedelta(seconds=30), lab.clock.now() + timedelta(seconds=30 + seconds)

    def before(action):
        if begin <= lab.clock.now() < end:
            raise OutcomeUnknownError("The connection broke.")

    lab.wire.before = before
    assert str(job.wait()) == "3 of 3 succeeded"


def test_runs_that_stay_out_of_sight_end_the_waiting_and_not_the_job(lab):
    flow = lab.flow(nodes={"load": {"seconds": 100}})
    job = start(lab, flow)
    before = lab.clock.now()
    lab.emulator.plan_fault(Fault(action="ListTaskFlowInstance", code="ServiceUnavailable", times=100))
    with pytest.raises(Exception, match="ServiceUnavailable"):
        job.wait()
    assert timedelta(seconds=300) <= lab.clock.now() - before < timedelta(seconds=400)
    lab.emulator.faults.clear()
    assert str(job.wait()) == "3 of 3 succeeded"


def test_the_time_to_wait_also_ends_while_the_runs_are_out_of_sight(lab):
    flow = lab.flow(nodes={"load": {"seconds": 100}})
    job = start(lab, flow)
    lab.emulator.plan_fault(Fault(action="ListTaskFlowInstance", drop=True, times=None))
    with pytest.raises(WaitTimeoutError):
        job.wait(timeout=60)


def test_what_others_start_for_the_same_days_is_not_the_jobs(lab):
    flow = lab.flow(nodes={"load": {"seconds": 100}})
    lab.ran(flow, *DAYS)
    job = start(lab, flow)
    lab.start(flow, *DAYS)
    assert str(job.wait()) == "3 of 3 succeeded"
    assert [run.id for run in job.runs()] == [run.id for run in lab.runs(flow)[3:6]]
