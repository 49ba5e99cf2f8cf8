"""The plan of a campaign: its windows, in the order in which they are started."""

import statistics
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from attrs import field, frozen

from dms_backfill_sdk.backfill.history import PAGE, SeriesRecords, Standing, Talk, by_time, runs_about
from dms_backfill_sdk.backfill.ledgerrows import FlowRow, Settings, WindowRow
from dms_backfill_sdk.backfill.schedule import auto_window, slots
from dms_backfill_sdk.backfill.windows import windows_of
from dms_backfill_sdk.dates import requested_times
from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.operations.control import ListTaskFlowInstanceRequest
from dms_backfill_sdk.operations.terms import RunStatus

__all__ = ["CampaignPlan", "planning"]


@frozen
class CampaignPlan:
    """What a campaign would do: every window, in the order in which they are started.

    Attributes:
        windows: the windows; each has its flow, its business times and the request that is sent.
        max_active: how many of them run side by side.
        seconds_per_run: for each task flow's id the median of its past successful runs, where there are any.
    """

    windows: tuple[WindowRow, ...] = field(repr=False)
    max_active: int
    seconds_per_run: Mapping[int, float] = field(factory=dict)

    def __len__(self) -> int:
        """How many runs it starts."""
        return sum(len(row.times) for row in self.windows)

    @property
    def estimate(self) -> timedelta | None:
        """How long it may take when each run takes as long as the median of past ones. An estimate."""
        if any(row.flow.dag_id not in self.seconds_per_run for row in self.windows):
            return None
        took = [len(row.times) * self.seconds_per_run[row.flow.dag_id] for row in self.windows]
        return timedelta(seconds=round(max(sum(took) / self.max_active, max(took, default=0.0))))

    def __str__(self) -> str:
        lines = [f"{len(self.windows)} windows, {len(self)} runs, {self.max_active} windows side by side"]
        lines += [
            f"  {row.id:>4}  {row.flow.name}  {row.times[0]:%Y-%m-%d} → {row.times[-1]:%Y-%m-%d}  {len(row.times)} runs"
            for row in self.windows
        ]
        if self.estimate is not None:
            lines.append(f"  about {self.estimate} if each run takes as long as the median of past ones (an estimate)")
        return "\n".join(lines)


def planning(wanted: Settings, flows: Sequence[FlowRow]) -> Talk[CampaignPlan]:
    """Work out what a campaign would do: a few reads, and nothing is started.

    Raises:
        InvalidRequestError: a window cannot be written as a BackFill, or is larger than the budget of a day.
    """
    took = {}
    for flow in flows:
        seconds = yield from _seconds_per_run(flow)
        if seconds:
            took[flow.dag_id] = seconds
    # All flows are cut alike: "this flow's window after that flow's same window" needs the same windows.
    slowest = [auto_window(took.get(flow.dag_id), flow.interval) for flow in flows]
    length = min(slowest, key=_days) if wanted.window == "auto" else wanted.window
    begin, end = date.fromisoformat(wanted.begin), date.fromisoformat(wanted.end)
    cut = list(enumerate(slots(begin, end, length)))
    existing: dict[int, Mapping[datetime, Standing]] = {}
    for flow in flows:
        existing[flow.id] = {} if wanted.only == "all" else (yield from _standings(flow, begin, end))
    rows: list[WindowRow] = []
    for slot, days in cut if wanted.order == "asc" else cut[::-1]:
        for flow in flows:
            times = requested_times(
                None, days, interval=flow.interval, asc=wanted.order == "asc", end_inclusive=wanted.end_inclusive
            )
            only: Any = wanted.only
            for found in windows_of(flow.dag_id, flow.tid, times, flow.choice, only, existing[flow.id]):
                rows.append(WindowRow(len(rows) + 1, flow, slot, found.times))
    most = wanted.max_runs_per_day
    if most is not None and (big := [row for row in rows if len(row.times) > most]):
        raise InvalidRequestError(
            f"A window of {len(big[0].times)} runs is more than max_runs_per_day={most}; write a shorter window."
        )
    return CampaignPlan(tuple(rows), wanted.max_active, took)


def _days(window: str) -> int:
    return 31 if window == "1mo" else int(window[:-1])


def _seconds_per_run(flow: FlowRow) -> Talk[float | None]:
    """The median of its past successful runs; None when there is none."""
    page = yield ListTaskFlowInstanceRequest(
        dag_id=flow.dag_id, page_index=1, page_size=PAGE, status=RunStatus.SUCCESS, tid=flow.tid
    )
    took = [(run.end_time - run.start_time).total_seconds() for run in page.items if run.end_time and run.start_time]
    return statistics.median(took) if took else None


def _standings(flow: FlowRow, begin: date, end: date) -> Talk[Mapping[datetime, Standing]]:
    times = requested_times(None, (begin, end), interval=flow.interval, asc=True, end_inclusive=True)
    listed = yield from runs_about(flow.dag_id, begin, end, flow.tid)
    records = SeriesRecords(flow.dag_id, flow.tid)
    found: dict[datetime, Standing] = {}
    for time, sharing in by_time(listed, times).items():
        found[time] = yield from records.standing(sharing)
    return found
