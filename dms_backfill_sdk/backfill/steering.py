"""Steering: stop, suspend, resume, run again, call it a success. Each run once, also when an answer is lost."""

from typing import Any

from attrs import frozen

from dms_backfill_sdk.backfill.history import Standing, Talk, standing_of
from dms_backfill_sdk.backfill.watch import Watch
from dms_backfill_sdk.errors import DmsError
from dms_backfill_sdk.operations.control import (
    MakeTaskFlowInstanceSuccessRequest,
    ReRunTaskFlowInstanceRequest,
    ResumeTaskFlowInstanceRequest,
    Run,
    StopTaskFlowInstanceRequest,
    SuspendTaskFlowInstanceRequest,
)

__all__ = ["RERUN", "RESUME", "STOP", "SUSPEND", "Step", "marking", "steering"]

#: How often a step is begun anew because the runs moved on under it.
ROUNDS = 5


@frozen
class Step:
    """One way to steer a run.

    Attributes:
        request: the class of the request.
        when: where a run must stand for it.
        leads_to: where a run may stand when it was done.
    """

    request: Any
    when: Standing
    leads_to: frozenset[Standing]


STOP = Step(StopTaskFlowInstanceRequest, Standing.RUNNING, frozenset({Standing.FAILED}))
SUSPEND = Step(SuspendTaskFlowInstanceRequest, Standing.RUNNING, frozenset({Standing.SUSPENDED}))
# Nothing but these brings a run out of where it stands.
RESUME = Step(ResumeTaskFlowInstanceRequest, Standing.SUSPENDED, frozenset(Standing))
RERUN = Step(ReRunTaskFlowInstanceRequest, Standing.FAILED, frozenset(Standing))


def steering(watch: Watch, step: Step) -> Talk[list[Run]]:
    """Take a step with every run that stands where it must.

    Returns:
        the runs it was taken with, as they stood before.

    Raises:
        DmsError: a call was refused, or its answer was lost and nothing shows that it was acted on. What was done to
            other runs stays done.
    """
    touched: dict[int | None, Run] = {}
    for _ in range(ROUNDS):
        yield from watch.look(again=True)
        moved_on = False
        for run in [run for run in watch.runs.values() if standing_of(run) is step.when and run.id not in touched]:
            if (yield from _taking(watch, step, run)):
                touched[run.id] = run
            else:
                moved_on = True
        if not moved_on:
            break
    return list(touched.values())


def marking(watch: Watch, run: Run) -> Talk[None]:
    """Declare a run successful.

    Raises:
        DmsError: as :func:`steering`.
    """
    try:
        yield MakeTaskFlowInstanceSuccessRequest(dag_id=watch.dag_id, dag_instance_id=run.id or 0, tid=watch.tid)
    except DmsError:
        if standing_of((yield from _again(watch, run))) is not Standing.SUCCEEDED:
            raise


def _taking(watch: Watch, step: Step, run: Run) -> Talk[bool]:
    """Take a step with one run, once. False when the run was no longer where it must stand."""
    try:
        yield step.request(dag_id=watch.dag_id, dag_instance_id=run.id, tid=watch.tid)
    except DmsError as caught:
        error = caught
    else:
        return True
    now = yield from _again(watch, run)
    if now is None or (standing_of(now), now.start_time) == (standing_of(run), run.start_time):
        raise error
    # It moved: by our call, if that may have been acted on; otherwise by itself, just before.
    return error.may_have_started and standing_of(now) in step.leads_to


def _again(watch: Watch, run: Run) -> Talk[Run | None]:
    """The run as it stands now."""
    yield from watch.look(again=True)
    return next((found for found in watch.runs.values() if found.id == run.id), None)
