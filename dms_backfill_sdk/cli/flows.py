"""``dms-backfill flows``: which task flows there are."""

from enum import IntEnum
from typing import TypeVar

from dms_backfill_sdk.cli.connection import Connection
from dms_backfill_sdk.cli.document import write_document
from dms_backfill_sdk.cli.options import AsJson, grouped
from dms_backfill_sdk.cli.screen import screen, show
from dms_backfill_sdk.operations.catalogue import FlowDetail
from dms_backfill_sdk.operations.find import ListTaskFlowsByPageRequest
from dms_backfill_sdk.operations.terms import FlowStatus, RunStatus
from dms_backfill_sdk.render import table
from dms_backfill_sdk.wire import encode_body

__all__ = ["flows"]

E = TypeVar("E", bound=IntEnum)


@grouped
def flows(connection: Connection, as_json: AsJson = False) -> None:
    """List the task flows."""
    with connection.client() as client:
        found = list(client.iterate(ListTaskFlowsByPageRequest(page_size=100)))
    if as_json:
        write_document([encode_body(flow) for flow in found])
        return
    out = screen()
    if not found:
        show(out, [(("There is no task flow that you may see.", ""),)], indent=0)
        return
    header = ("id", "name", "schedule", "latest run")
    rows = [(str(flow.id), flow.dag_name or "", _term(FlowStatus, flow.status), _latest(flow)) for flow in found]
    show(out, table(header, rows, right=[0]), indent=0)


def _latest(flow: FlowDetail) -> str:
    # The documents explain this status with the words of another one; what fits a run is what a run's statuses mean.
    return f"{flow.latest_instance_time or ''} {_term(RunStatus, flow.latest_instance_status)}".strip()


def _term(terms: type[E], number: int | None) -> str:
    """A term of the service in words; the plain number if it is not among those known."""
    if number is None:
        return ""
    return terms(number).name.lower().replace("_", " ") if number in set(terms) else str(number)
