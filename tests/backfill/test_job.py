"""A job: where its runs stand, what happens to them, and when nothing more will."""

import json
import pickle
from datetime import timedelta
from itertools import pairwise

import pytest

from dms_backfill_sdk import (
    Fault,
    Job,
    OutcomeUnknownError,
    RunFailedError,
    Standing,
    WaitTimeoutError,
)

DAYS = ("2022-01-01", "2022-01-03")


def start(lab, flow, between=DAYS, **choice):
    return lab.client.task_flow(flow.id).plan(between=between, **choice).submit()


def broken_on(lab, *days):
    """A flow whose node fails on these days, until the set is emptied."""
    broken = set(days)

    def load(context):
        if context.business_time.date().isoformat() in broken:
            raise OSError("disk full")

    lab.emulator.register("load", load)
    return lab.flow(nodes={"load": {"call": "load"}}), broken


# -- where it stands -------------------------------------------------------------------------------------------------


def test_progress_counts_where_the_business_times_stand(lab):
    flow = lab.flow(nodes={"load": {"seconds": 60}})
    job = start(lab, flow)
    assert str(job.progress()) == "0 of 3 succeeded, 1 running, 2 waiting"
    lab.wait(61)
    progress = job.progress()
    assert (progress.done, progress.total, progress.over) == (1, 3, False)
    assert dict(progress.counts) == {Standing.SUCCEEDED: 1, Standing.RUNNING: 1, Standing.WAITING: 1}
    lab.wait(120)
    assert str(job.progress()) == "3 of 3 succeeded"
    assert job.progress().over


def test_runs_come_in_the_order_of_the_job_with_their_nodes(lab):
    flow = lab.flow()
    job = start(lab, flow, asc=False, skip=["mail"])
    job.wait()
    runs = job.runs()
    assert [f"{run.business_time:%m-%d}" for run in runs] == ["01-03", "01-02", "01-01"]
    assert [(node.node_name, node.status.name) for node in job.nodes(runs[0])] == [
        *(("load", "SUCCESS"), ("sum", "SUCCESS"), ("mail", "SUCCESS")),
    ]


def test_each_change_is_told_once_and_follows_from_the_one_before(lab):
    flow = lab.flow(nodes={"load": {"seconds": 100}})
    job = start(lab, flow)
    stood = {}
    for change in job.events():
        assert change.was is stood.get(change.business_time, Standing.MISSING)
        assert change.standing is not change.was
        assert change.run.business_time == change.business_time
        stood[change.business_time] = change.standing
    assert set(stood.values()) == {Standing.SUCCEEDED}
    assert len(stood) == 3
    # Who begins to listen later is told where all stands now, once.
    assert [change.standing.value for change in job.events()] == ["succeeded"] * 3


def test_whoever_waits_is_told_the_progress_whenever_it_changes(lab):
    flow = lab.flow(nodes={"load": {"seconds": 10}})
    job = start(lab, flow)
    told = []
    assert job.wait(on_progress=told.append) is told[-1]
    assert [progress.done for progress in told] == [0, 1, 2, 3]
    assert [progress.over for progress in told] == [False, False, False, True]


def test_waiting_ends_when_its_time_is_up_and_can_begin_again(lab):
    flow = lab.flow(nodes={"load": {"seconds": 3600}})
    job = start(lab, flow)
    before = lab.clock.now()
    with pytest.raises(WaitTimeoutError) as told:
        job.wait(timeout=100)
    assert str(told.value) == (
        "After the time to wait: 0 of 3 succeeded, 1 running, 2 waiting. The job goes on; watch it again."
    )
    assert lab.clock.now() - before == timedelta(seconds=100)
    assert isinstance(told.value, TimeoutError)
    assert str(job.wait()) == "3 of 3 succeeded"
    assert str(job.wait(timeout=0)) == "3 of 3 succeeded"


def test_events_end_when_their_time_is_up(lab):
    flow = lab.flow(nodes={"load": {"seconds": 3600}})
    events = start(lab, flow).events(timeout=10)
    assert [next(events).standing.value for _ in DAYS] == ["running", "waiting"]
    with pytest.raises(WaitTimeoutError):
        list(events)


def test_looking_gets_slower_while_nothing_happens_and_never_slower_than_every_37_seconds(lab):
    flow = lab.flow(nodes={"load": {"seconds": 3600}})
    job = start(lab, flow, between=("2022-01-01", "2022-01-01"))
    looks = []
    lab.wire.before = lambda action: looks.append(lab.clock.now())
    job.wait()
    waits = [(after - before).total_seconds() for before, after in pairwise(looks)]
    assert 0.75 <= waits[0] <= 1.25
    assert max(waits[8:]) <= 37.5
    assert min(waits[10:]) >= 22.5
    assert len(looks) < 150


# -- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_failed_run_names_its_nodes_and_what_they_said(lab):
    flow, _ = broken_on(lab, "2022-01-02")
    job = start(lab, flow)
    before = lab.clock.now()
    with pytest.raises(RunFailedError) as failed:
        job.wait()
    assert str(failed.value) == (
        "daily_sales: 1 of 3 succeeded, 1 failed, 1 waiting. 2022-01-02 00:00: load (OSError: disk full). "
        "job.rerun_failed() runs the failed ones again."
    )
    assert failed.value.progress.failed == (job.runs()[1],)
    # A service may take a moment to begin the next run; more than that is not waited.
    assert lab.clock.now() - before < timedelta(seconds=120)

    travelled = pickle.loads(pickle.dumps(failed.value))
    assert (str(travelled), travelled.failures) == (str(failed.value), failed.value.failures)


def test_of_many_failures_the_first_are_explained(new_lab):
    lab = new_lab(after_failure="continue")
    flow, _ = broken_on(lab, *(f"2022-01-{day:02}" for day in range(1, 31)))
    job = start(lab, flow, between=("2022-01-01", "2022-01-30"))
    with pytest.raises(RunFailedError, match="0 of 30 succeeded, 30 failed") as failed:
        job.wait()
    assert len(failed.value.failures) == 5
    assert len(failed.value.progress.failed) == 30
    assert lab.asked("GetTaskInstanceRelation") == 5


def test_a_run_that_failed_without_a_failing_node_says_so_itself(lab):
    flow = lab.flow(nodes={"load": {"seconds": 3600}})
    job = start(lab, flow)

    def nothing_failed(action, parameters, body):
        for node in body.get("NodeList", {}).get("Node", []):
            node["Status"] = 0

    lab.wire.change = nothing_failed
    job.stop()
    with pytest.raises(RunFailedError, match=r"2022-01-01 00:00: the run \(stopped by request\)\."):
        job.wait()


def test_when_the_nodes_cannot_be_read_the_failure_is_told_all_the_same(lab):
    flow, _ = broken_on(lab, "2022-01-02")
    job = start(lab, flow)
    lab.emulator.plan_fault(Fault(action="GetTaskInstanceRelation", drop=True, times=None))
    with pytest.raises(RunFailedError, match=r"2022-01-02 00:00: the run \(failed: load\)\.") as failed:
        job.wait()
    assert isinstance(failed.value.__cause__, OutcomeUnknownError)


@pytest.mark.parametrize("range_creates", ["runs", "parent"])
@pytest.mark.parametrize("asc", [True, False], ids=["upwards", "downwards"])
def test_a_last_day_that_never_comes_is_told_and_not_waited_for_forever(new_lab, range_creates, asc):
    lab = new_lab(end_inclusive=False, range_creates=range_creates)
    flow = lab.flow()
    # This client takes the last day of a range to be run; this service leaves it out.
    client = lab.new_client(end_inclusive=True)
    job = client.task_flow(flow.id).plan(between=DAYS, asc=asc).submit()
    before = lab.clock.now()
    with pytest.raises(RunFailedError) as failed:
        job.wait()
    assert str(failed.value) == (
        'daily_sales: 2 of 3 succeeded, 1 missing. No run came for 2022-01-03 00:00; plan again with only="missing". '
        "If the service leaves out the last day of a range, give the client end_inclusive=False."
    )
    assert lab.clock.now() - before < timedelta(seconds=120)


def test_runs_that_never_come_at_all_are_told(lab):
    flow = lab.flow()
    job = start(lab, flow)
    lab.emulator.world.runs_of(flow).clear()
    with pytest.raises(RunFailedError) as failed:
        job.wait()
    assert str(failed.value) == (
        "daily_sales: 0 of 3 succeeded, 3 missing. No run came for 2022-01-01 00:00 and 2 more; "
        'plan again with only="missing".'
    )


# -- in another process ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("range_creates", ["runs", "parent"])
def test_a_job_is_picked_up_by_its_flow_and_its_days(new_lab, range_creates):
    lab = new_lab(range_creates=range_creates)
    flow = lab.flow(nodes={"load": {"seconds": 100}})
    lab.ran(flow, *DAYS)
    job = start(lab, flow)
    lab.wait(150)
    attached = Job.attach(lab.new_client(), "daily_sales", between=DAYS)
    assert str(attached.progress()) == "1 of 3 succeeded, 1 running, 1 waiting"
    assert str(attached.wait()) == "3 of 3 succeeded"
    assert attached.runs() == job.runs()
    assert len(lab.runs(flow)) == 6


def test_a_day_is_picked_up_too(lab):
    flow, broken = broken_on(lab, "2022-01-02")
    start(lab, flow, between=("2022-01-02", "2022-01-02"))
    lab.wait(60)
    attached = Job.attach(lab.new_client(), flow.id, on="2022-01-02")
    broken.clear()
    assert len(attached.rerun_failed()) == 1
    assert str(attached.wait()) == "1 of 1 succeeded"


@pytest.mark.parametrize("range_creates", ["runs", "parent"])
def test_a_job_can_be_written_down_and_read_again(new_lab, range_creates):
    lab = new_lab(range_creates=range_creates)
    flow = lab.flow(nodes={"load": {"seconds": 100}})
    lab.ran(flow, "2022-01-02")
    job = start(lab, flow, between=("2022-01-01", "2022-01-04"), only="missing", asc=False)
    written = json.loads(json.dumps(job.to_dict()))
    read = Job.from_dict(lab.new_client(), written)
    assert (read.started, read.dag_id, read.flow_name) == (job.started, flow.id, "daily_sales")
    assert str(read.wait()) == "3 of 3 succeeded"
    assert read.runs() == job.runs()
    assert repr(read) == repr(job)
