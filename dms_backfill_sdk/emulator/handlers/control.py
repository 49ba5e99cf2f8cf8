"""Watch the runs of a task flow, and steer them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from dms_backfill_sdk.emulator.engine import Engine
from dms_backfill_sdk.emulator.flows import Flow
from dms_backfill_sdk.emulator.handlers.table import Table, page
from dms_backfill_sdk.emulator.runs import NodeRun, Run
from dms_backfill_sdk.emulator.world import OWNER
from dms_backfill_sdk.operations import Response, control
from dms_backfill_sdk.operations.control import (
    GetTaskInstanceRelationRequest,
    GetTaskInstanceRelationResponse,
    ListTaskFlowInstanceRequest,
    ListTaskFlowInstanceResponse,
    MakeTaskFlowInstanceSuccessRequest,
    MakeTaskFlowInstanceSuccessResponse,
    ReRunTaskFlowInstanceRequest,
    ReRunTaskFlowInstanceResponse,
    ResumeTaskFlowInstanceRequest,
    ResumeTaskFlowInstanceResponse,
    StopTaskFlowInstanceRequest,
    StopTaskFlowInstanceResponse,
    SuspendTaskFlowInstanceRequest,
    SuspendTaskFlowInstanceResponse,
)
from dms_backfill_sdk.operations.terms import TriggerType

__all__ = ["HANDLERS"]

# The service does not say how a backfill's runs were triggered. Somebody asked for them, and nothing is scheduled here.
TRIGGER = TriggerType.MANUAL


# -- watching ----------------------------------------------------------------------------------------------------


def _list_runs(engine: Engine, request: ListTaskFlowInstanceRequest) -> ListTaskFlowInstanceResponse:
    """Newest first, and both days of a range belong to it (our choices)."""
    flow = engine.world.flow(request.dag_id, request.tid)
    meets = _condition(request)
    runs = engine.world.runs_of(flow)[::-1]
    found = [run for run in runs if meets(run)] if meets else runs
    return ListTaskFlowInstanceResponse(
        daginstance_list=[_run(flow, run) for run in page(found, request.page_index, request.page_size)],
        total_count=len(found),
    )


def _condition(request: ListTaskFlowInstanceRequest) -> Callable[[Run], bool] | None:
    """What a run must meet to be listed; None when nothing is asked of it."""
    begin, end, status = request.start_time_begin, request.start_time_end, request.status
    if (begin, end, status, request.trigger_type) == (None, None, None, None):
        return None
    trigger_fits = request.trigger_type in (None, TRIGGER)
    any_day = begin is None and end is None

    def meets(run: Run) -> bool:
        moment = run.business_time if request.use_biz_date else run.started
        day = moment and moment.date()
        return (
            trigger_fits
            and (status is None or run.status == status)
            # A run that waits has not begun on any day.
            and (any_day or (day is not None and (begin is None or begin <= day) and (end is None or day <= end)))
        )

    return meets


def _run(flow: Flow, run: Run) -> control.Run:
    return control.Run(
        id=run.id,
        dag_id=flow.id,
        dag_name=flow.name,
        dag_version="[]",  # its meaning is unknown; this is what the documented example says
        history_dag_id=run.series.shape.version.id,
        business_time=run.business_time,
        start_time=run.started,
        end_time=run.ended,
        status=run.status,
        trigger_type=TRIGGER,
        owner_name=OWNER.name,
        message=run.message,
    )


def _list_node_runs(engine: Engine, request: GetTaskInstanceRelationRequest) -> GetTaskInstanceRelationResponse:
    _, run = _found(engine, request)
    return GetTaskInstanceRelationResponse(node_list=[_node_run(run, node_run) for node_run in run.node_runs()])


def _node_run(run: Run, node_run: NodeRun) -> control.NodeRun:
    took = node_run.ended - node_run.started if node_run.ended and node_run.started else None
    return control.NodeRun(
        id=node_run.id,
        node_id=node_run.node.id,
        node_name=node_run.node.name,
        node_type=node_run.node.type_number,
        business_time=run.business_time,
        end_time=node_run.ended,
        execute_time=None if took is None else took // timedelta(milliseconds=1),
        status=node_run.status,
        message=node_run.message,
    )


# -- steering ----------------------------------------------------------------------------------------------------


def _found(engine: Engine, request: Any) -> tuple[Flow, Run]:
    flow = engine.world.flow(request.dag_id, request.tid)
    return flow, engine.world.run(flow, request.dag_instance_id)


A = TypeVar("A", bound=Response)


def _steering(act: Callable[[Engine, Run], None], response: type[A]) -> Callable[[Engine, Any], A]:
    """The handler of an operation that does one thing to a run. A ``DagVersion`` has no effect: a run stays with
    the version it first ran on (documented)."""

    def handler(engine: Engine, request: Any) -> A:
        _, run = _found(engine, request)
        act(engine, run)
        return response()

    return handler


HANDLERS: Table = {
    ListTaskFlowInstanceRequest: _list_runs,
    GetTaskInstanceRelationRequest: _list_node_runs,
    StopTaskFlowInstanceRequest: _steering(Engine.stop, StopTaskFlowInstanceResponse),
    SuspendTaskFlowInstanceRequest: _steering(Engine.suspend, SuspendTaskFlowInstanceResponse),
    ResumeTaskFlowInstanceRequest: _steering(Engine.resume, ResumeTaskFlowInstanceResponse),
    ReRunTaskFlowInstanceRequest: _steering(Engine.rerun, ReRunTaskFlowInstanceResponse),
    MakeTaskFlowInstanceSuccessRequest: _steering(Engine.make_success, MakeTaskFlowInstanceSuccessResponse),
}
