"""Steering a job: each run once, also when an answer is lost, and never the wrong one."""

import pytest

from dms_backfill_sdk import Fault, OutcomeUnknownError, ReRunTaskFlowInstanceRequest, RunFailedError, ServiceError

DAYS = ("2022-01-01", "2022-01-03")
LOST = {"when": "after", "drop": True}
NEVER_ARRIVED = {"when": "before", "drop": True}

each_setting = pytest.mark.parametrize("range_creates", ["runs", "parent"])


def start(lab, flow, between=DAYS, **choice):
    return lab.client.task_flow(flow.id).plan(between=between, **choice).submit()


def long_job(lab):
    flow = lab.flow(nodes={"load": {"seconds": 100}})
    return flow, start(lab, flow)


def failed_job(lab, *days):
    """A job whose runs of these days have failed; emptying the set repairs them."""
    broken = set(days)

    def load(context):
        if context.business_time.date().isoformat() in broken:
            raise OSError("disk full")

    lab.emulator.register("load", load)
    flow = lab.flow(nodes={"load": {"call": "load", "seconds": 5}})
    job = start(lab, flow)
    lab.wait(3600)
    return flow, job, broken


def days(runs):
    return [f"{run.business_time:%m-%d}" for run in runs]


def statuses(lab, flow):
    return [run.status.name for run in lab.runs(flow)]


@each_setting
def test_what_runs_is_stopped(new_lab, range_creates):
    lab = new_lab(range_creates=range_creates)
    flow, job = long_job(lab)
    lab.wait(150)
    assert days(job.stop()) == ["01-02"]
    assert statuses(lab, flow) == ["SUCCESS", "FAILED", "WAITING"]
    with pytest.raises(RunFailedError, match="stopped by request"):
        job.wait()
    assert days(job.rerun_failed()) == ["01-02"]
    assert str(job.wait()) == "3 of 3 succeeded"


@each_setting
def test_what_runs_is_suspended_until_it_is_resumed(new_lab, range_creates):
    lab = new_lab(range_creates=range_creates)
    _, job = long_job(lab)
    assert days(job.suspend()) == ["01-01"]
    lab.wait(hours=10)
    assert str(job.progress()) == "0 of 3 succeeded, 1 suspended, 2 waiting"
    assert days(job.resume()) == ["01-01"]
    assert str(job.wait()) == "3 of 3 succeeded"


def test_a_suspended_job_is_waited_for(lab):
    _, job = long_job(lab)
    job.suspend()
    with pytest.raises(TimeoutError, match="1 suspended"):
        job.wait(timeout=3600)


@each_setting
def test_a_run_that_is_marked_as_a_success_lets_the_series_go_on(new_lab, range_creates):
    lab = new_lab(range_creates=range_creates)
    _, job, _ = failed_job(lab, "2022-01-02")
    assert job.mark_success(job.runs()[1]) is None
    assert str(job.wait()) == "3 of 3 succeeded"
    assert lab.emulator.journal.acted("BackFill") == 1


def test_where_there_is_nothing_to_do_nothing_is_done(lab):
    flow = lab.flow()
    job = start(lab, flow)
    job.wait()
    assert [job.stop(), job.suspend(), job.resume(), job.rerun_failed()] == [[], [], [], []]
    assert not any(lab.asked(f"{verb}TaskFlowInstance") for verb in ("Stop", "Suspend", "Resume", "ReRun"))


# -- lost answers ----------------------------------------------------------------------------------------------------

CALLS = ["StopTaskFlowInstance", "SuspendTaskFlowInstance", "ResumeTaskFlowInstance", "ReRunTaskFlowInstance"]


def ready_for(lab, action):
    """A job that a call fits, and the call."""
    if action == "ReRunTaskFlowInstance":
        _, job, broken = failed_job(lab, "2022-01-02")
        broken.clear()
        return job.rerun_failed
    _, job = long_job(lab)
    if action == "ResumeTaskFlowInstance":
        job.suspend()
        return job.resume
    return job.stop if action == "StopTaskFlowInstance" else job.suspend


@each_setting
@pytest.mark.parametrize("action", CALLS)
def test_a_call_whose_answer_is_lost_is_seen_to_have_been_acted_on(new_lab, range_creates, action):
    lab = new_lab(range_creates=range_creates)
    call = ready_for(lab, action)
    lab.emulator.plan_fault(Fault(action=action, **LOST))
    assert len(call()) == 1
    assert lab.emulator.journal.acted(action) == lab.asked(action) == 1


@each_setting
@pytest.mark.parametrize("action", CALLS)
def test_a_call_that_never_arrived_is_told_and_not_repeated(new_lab, range_creates, action):
    lab = new_lab(range_creates=range_creates)
    call = ready_for(lab, action)
    lab.emulator.plan_fault(Fault(action=action, **NEVER_ARRIVED))
    with pytest.raises(OutcomeUnknownError, match="It may have started"):
        call()
    assert lab.asked(action) == 1
    # Whoever is told can look, and call again.
    assert len(call()) == 1


@pytest.mark.parametrize("fault", [LOST, NEVER_ARRIVED])
def test_a_success_whose_answer_is_lost_counts_if_it_is_one(lab, fault):
    _, job, _ = failed_job(lab, "2022-01-02")
    run = job.runs()[1]
    lab.emulator.plan_fault(Fault(action="MakeTaskFlowInstanceSuccess", **fault))
    if fault is LOST:
        job.mark_success(run)
        assert str(job.wait()) == "3 of 3 succeeded"
    else:
        with pytest.raises(OutcomeUnknownError):
            job.mark_success(run)
    assert lab.asked("MakeTaskFlowInstanceSuccess") == 1


# -- runs that move on meanwhile -------------------------------------------------------------------------------------


def just_before(lab, action, happens):
    """Something happens between the look at the runs and the first call of ``action``."""
    waiting = [happens]

    def before(sent):
        if sent == action and waiting:
            waiting.pop()()

    lab.wire.before = before


@pytest.mark.parametrize("fault", [None, NEVER_ARRIVED, {"when": "before", "code": "ServiceUnavailable"}])
@pytest.mark.parametrize(("verb", "status"), [("stop", "FAILED"), ("suspend", "SUSPENDED")])
def test_a_run_that_ends_just_before_is_let_go_and_the_next_one_is_meant(lab, fault, verb, status):
    flow, job = long_job(lab)
    action = f"{verb.capitalize()}TaskFlowInstance"
    just_before(lab, action, lambda: lab.wait(100))
    if fault:
        lab.emulator.plan_fault(Fault(action=action, **fault))
    assert days(getattr(job, verb)()) == ["01-02"]
    assert statuses(lab, flow) == ["SUCCESS", status, "WAITING"]


def test_a_run_that_fails_again_at_once_is_not_run_a_third_time(new_lab):
    lab = new_lab(after_failure="continue")
    flow, job, _ = failed_job(lab, "2022-01-01", "2022-01-02")
    second = job.runs()[1].id
    others = lab.new_client(transport=lab.emulator.transport())
    calls = []

    def before(action):
        calls.append(action)
        if calls.count("ReRunTaskFlowInstance") == 2:
            # The first has failed again by now; the second is in somebody else's hands, so ours is refused.
            lab.wire.before = calls.append
            lab.wait(60)
            others.re_run_task_flow_instance(ReRunTaskFlowInstanceRequest(dag_id=flow.id, dag_instance_id=second))

    lab.wire.before = before
    assert days(job.rerun_failed()) == ["01-01"]
    assert statuses(lab, flow) == ["FAILED", "RUNNING", "SUCCESS"]
    assert calls.count("ReRunTaskFlowInstance") == 2


def test_a_run_that_succeeds_by_itself_needs_no_marking(lab):
    _, job = long_job(lab)
    run = job.runs()[0]
    just_before(lab, "MakeTaskFlowInstanceSuccess", lambda: lab.wait(100))
    job.mark_success(run)
    assert str(job.wait()) == "3 of 3 succeeded"


def test_a_refused_marking_is_passed_on_while_the_run_is_no_success(lab):
    flow, job, broken = failed_job(lab, "2022-01-02")
    broken.clear()
    run = job.runs()[1]
    # It moves, to running, but that is not what was asked for.
    just_before(lab, "MakeTaskFlowInstanceSuccess", job.rerun_failed)
    lab.emulator.plan_fault(Fault(action="MakeTaskFlowInstanceSuccess", code="NoPermission"))
    with pytest.raises(ServiceError, match="NoPermission"):
        job.mark_success(run)
    assert statuses(lab, flow)[1] == "RUNNING"


def test_a_refusal_that_no_moving_on_explains_is_passed_on(lab):
    _, job = long_job(lab)
    lab.emulator.plan_fault(Fault(action="StopTaskFlowInstance", code="NoPermission"))
    with pytest.raises(ServiceError, match="NoPermission"):
        job.stop()
    assert lab.asked("StopTaskFlowInstance") == 1
