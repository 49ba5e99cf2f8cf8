"""What the service knows of the runs of a task flow: read page by page, and told apart.

What asks the service here is a conversation: a generator that yields typed requests, and is sent the responses.
"""

from collections import defaultdict
from collections.abc import Generator, Iterable
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

import attrs

from dms_backfill_sdk.exchange import Conversation
from dms_backfill_sdk.operations.control import (
    GetTaskInstanceRelationRequest,
    ListTaskFlowInstanceRequest,
    Run,
)
from dms_backfill_sdk.operations.declaration import Page, Request
from dms_backfill_sdk.operations.terms import RunStatus

__all__ = ["PAGE", "SeriesRecords", "Standing", "Talk", "all_pages", "runs_about", "standing_of"]

A = TypeVar("A")
T = TypeVar("T")

#: A conversation that asks by typed requests, waits, and tells what it sees.
Talk = Conversation[A]

#: Runs asked for at once. The service documents no maximum.
PAGE = 100


class Standing(Enum):
    """Where a run, or the business time that it is about, stands."""

    MISSING = "missing"
    WAITING = "waiting"
    RUNNING = "running"
    SUSPENDED = "suspended"
    FAILED = "failed"
    SUCCEEDED = "succeeded"

    @property
    def active(self) -> bool:
        """Whether something may still happen to it by itself or by somebody's hand, without a new start."""
        return self in (Standing.WAITING, Standing.RUNNING, Standing.SUSPENDED)


_STANDINGS: dict[int | None, Standing] = {
    RunStatus.WAITING: Standing.WAITING,
    RunStatus.RUNNING: Standing.RUNNING,
    RunStatus.SUSPENDED: Standing.SUSPENDED,
    RunStatus.FAILED: Standing.FAILED,
    RunStatus.SUCCESS: Standing.SUCCEEDED,
    # How it differs from success is not documented; nothing is run again because of that.
    RunStatus.COMPLETED: Standing.SUCCEEDED,
}


def standing_of(run: Run | None) -> Standing:
    """Where a run stands. A status that is not known counts as running, so that nothing is started on top of it."""
    return Standing.MISSING if run is None else _STANDINGS.get(run.status, Standing.RUNNING)


def all_pages(first: Request[Page[T]]) -> Talk[list[T]]:
    """All items of a list that comes in pages; ``first`` asks for its first page."""
    items: list[T] = []
    index: int | None = 1
    while index is not None:
        page: Page[T] = yield attrs.evolve(first, page_index=index)  # type: ignore[call-arg]
        items += page.items
        index = page.next_index(index, len(items))
    return items


def runs_about(dag_id: int, begin: date, end: date, tid: int | None = None) -> Talk[list[Run]]:
    """The runs about these business dates, first and last day included, each once."""
    # Whether the service counts the last day in is not documented; a day more on each side settles it.
    listed = yield from all_pages(
        ListTaskFlowInstanceRequest(
            dag_id=dag_id,
            page_index=1,
            page_size=PAGE,
            start_time_begin=begin - timedelta(days=1),
            start_time_end=end + timedelta(days=1),
            use_biz_date=True,
            tid=tid,
        )
    )
    # The list may move while it is read: a run that begins pushes others on to the next page, where they come again.
    each = {run.id: run for run in listed if run.id is not None and run.business_time is not None}
    return [run for run in each.values() if begin <= _day(run) <= end]


class SeriesRecords:
    """Tells runs from the records that a range may leave for its whole series (the service does not say).

    Such a record shares the business time of its series' first run, and has no nodes. Only where records share a
    time are they asked for theirs, and each is asked once.
    """

    def __init__(self) -> None:
        self._has_nodes: dict[int, bool] = {}

    def sort_out(self, dag_id: int, runs: Iterable[Run], tid: int | None = None) -> Talk[dict[datetime, list[Run]]]:
        """The runs about each business time, oldest first, without the records of series."""
        found: defaultdict[datetime, list[Run]] = defaultdict(list)
        for run in sorted(runs, key=_id):
            assert run.business_time is not None
            found[run.business_time].append(run)
        for time, sharing in found.items():
            if len(sharing) > 1:
                real = []
                for run in sharing:
                    if (yield from self._is_run(dag_id, run, tid)):
                        real.append(run)
                found[time] = real or sharing
        return dict(found)

    def _is_run(self, dag_id: int, run: Run, tid: int | None) -> Talk[bool]:
        if _id(run) not in self._has_nodes:
            response = yield GetTaskInstanceRelationRequest(dag_id=dag_id, dag_instance_id=_id(run), tid=tid)
            self._has_nodes[_id(run)] = bool(response.node_list)
        return self._has_nodes[_id(run)]


def _id(run: Run) -> int:
    assert run.id is not None
    return run.id


def _day(run: Run) -> date:
    assert run.business_time is not None
    return run.business_time.date()
