"""BackFill."""

from datetime import date
from typing import cast

from dms_backfill_sdk.dates import BusinessTimes
from dms_backfill_sdk.emulator.engine import Engine
from dms_backfill_sdk.emulator.handlers.table import Table
from dms_backfill_sdk.emulator.runs import shape_of
from dms_backfill_sdk.operations.back_fill import BackFillRequest, BackFillResponse

__all__ = ["HANDLERS"]


def _back_fill(engine: Engine, request: BackFillRequest) -> BackFillResponse:
    flow = engine.world.flow(request.dag_id, request.tid)
    shape = shape_of(
        flow.version(request.history_dag_id),
        request.start_node_ids,
        downstream=request.is_trigger_sub_tree is not False,
        skip=request.filter_node_ids or (),
        list_skipped=engine.switches.filtered == "succeed",
    )
    run = engine.back_fill(flow, shape, _times(request, end_inclusive=engine.switches.end_inclusive))
    return BackFillResponse(dag_instance_id=run.id, node_id=run.id)


def _times(request: BackFillRequest, *, end_inclusive: bool) -> BusinessTimes:
    begin, end = request.back_fill_date_begin, request.back_fill_date_end
    if begin and end:
        return BusinessTimes(
            begin, end, interval=request.interval or 24, asc=request.asc is not False, end_inclusive=end_inclusive
        )
    day = cast("date", request.back_fill_date)  # a request has a range or a day
    return BusinessTimes(day, day)


HANDLERS: Table = {BackFillRequest: _back_fill}
