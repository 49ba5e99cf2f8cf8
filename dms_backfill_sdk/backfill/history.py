"""What the service knows of the runs of a task flow: read page by page, and told apart.

What asks the service here is a conversation: a generator that yields typed requests, and is sent the responses.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import TypeVar

import attrs

from dms_backfill_sdk.dates import CHINA, BusinessTimes
from dms_backfill_sdk.exchange import Conversation
from dms_backfill_sdk.operations.control import (
    GetTaskInstanceRelationRequest,
    ListTaskFlowInstanceRequest,
    NodeRun,
    Run,
)
from dms_backfill_sdk.operations.declaration import Page, Request
from dms_backfill_sdk.operations.terms import RunStatus

__all__ = ["PAGE", "SeriesRecords", "Standing", "Talk", "all_pages", "by_time", "runs_about", "standing_of"]

A = TypeVar("A")
T = TypeVar("T")

#: A conversation that asks by typed requests, waits, and tells what it sees.
Talk = Conversation[A]

#: Runs asked for at once. The service documents no maximum.
PAGE = 100
#: How often a list is read at most when it moves while it is read.
READS = 3
ONE_DAY = timedelta(days=1)


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


def standing_of(run: Run | NodeRun | None) -> Standing:
    """Where a run stands, or a node in it.

    A status that is not known counts as running, so that nothing is started on top of it.
    """
    return Standing.MISSING if run is None else _STANDINGS.get(run.status, Standing.RUNNING)


def all_pages(first: Request[Page[T]], *, enough: float = math.inf) -> Talk[list[T]]:
    """The items of a list that comes in pages, until there are ``enough``; ``first`` asks for its first page."""
    items: list[T] = []
    index: int | None = 1
    while index is not None and len(items) < enough:
        page: Page[T] = yield attrs.evolve(first, page_index=index)  # type: ignore[call-arg]
        items += page.items
        index = page.next_index(index, len(items))
    return items


def runs_about(dag_id: int, begin: date, end: date, tid: int | None = None) -> Talk[list[Run]]:
    """The runs about these business dates, first and last day included, each once."""
    # Whether the service counts the last day in is not documented; a day more on each side settles it.
    request = ListTaskFlowInstanceRequest(
        dag_id=dag_id,
        page_index=1,
        page_size=PAGE,
        start_time_begin=max(begin, date.min + ONE_DAY) - ONE_DAY,
        start_time_end=min(end, date.max - ONE_DAY) + ONE_DAY,
        use_biz_date=True,
        tid=tid,
    )
    each: dict[int, Run] = {}
    for _ in range(READS):
        listed = yield from all_pages(request)
        each |= {_id(run): run for run in listed}
        # What came twice was pushed on to the next page by a run that moved up, and that one may not have been seen.
        if len({_id(run) for run in listed}) == len(listed):
            break
    return [run for run in each.values() if run.business_time and begin <= run.business_time.date() <= end]


def by_time(runs: Iterable[Run], times: BusinessTimes) -> dict[datetime, list[Run]]:
    """For each of these times the runs about it, oldest first.

    A run is about the latest time on its day that is not after its own: the service's samples carry the time of day at
    which a run was begun, so that a day's run is seldom at midnight (documented samples). What a backfill's runs
    carry is not documented.
    """
    origin, step, count = datetime.combine(times.begin, time(), CHINA), timedelta(hours=times.interval), len(times)
    found: defaultdict[datetime, list[Run]] = defaultdict(list)
    for run in sorted(runs, key=_id):
        if run.business_time is not None:
            place = (run.business_time - origin) // step
            about = origin + place * step
            if 0 <= place < count and about.date() == run.business_time.date():
                found[about].append(run)
    return dict(found)


class SeriesRecords:
    """Tells runs from the records that a range may leave for its whole series (the service does not say).

    Such a record shares the business time of one of its runs, and has no nodes. Only where records share a time are
    they asked for theirs, and what is certain is not asked again.

    Args:
        dag_id: the task flow.
        tid: the tenant.
    """

    def __init__(self, dag_id: int, tid: int | None) -> None:
        self._dag_id = dag_id
        self._tid = tid
        self._is_run: dict[int, bool] = {}

    def first_run(self, sharing: Sequence[Run]) -> Talk[Run]:
        """The first of these records that is a run and not that of a series; just the first while none has nodes."""
        if len(sharing) == 1:
            return sharing[0]
        without_nodes: list[int] = []
        for run in sharing:
            is_run = self._is_run.get(_id(run))
            if is_run is None:
                is_run = yield from self._has_nodes(run)
            if is_run:
                # A run may get its nodes only when it begins. Where another has some, one that lacks them is no run.
                self._is_run |= {**dict.fromkeys(without_nodes, False), _id(run): True}
                return run
            without_nodes.append(_id(run))
        return sharing[0]

    def standing(self, sharing: Sequence[Run]) -> Talk[Standing]:
        """Where the business time stands that all of these records are about, oldest first: the newest run decides."""
        standings = {standing_of(run) for run in sharing}
        return standings.pop() if len(standings) == 1 else standing_of((yield from self.first_run(sharing[::-1])))

    def _has_nodes(self, run: Run) -> Talk[bool]:
        response = yield GetTaskInstanceRelationRequest(dag_id=self._dag_id, dag_instance_id=_id(run), tid=self._tid)
        return bool(response.node_list)


def _id(run: Run) -> int:
    # No answer promises a field, but a run without an id could not even be asked for.
    return run.id or 0
