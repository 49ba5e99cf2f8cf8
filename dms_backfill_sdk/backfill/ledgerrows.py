"""What a ledger holds, as values: what a campaign was asked to do, its task flows, its windows, what it sends."""

import json
from datetime import date, datetime
from typing import Literal

from attrs import field, frozen

from dms_backfill_sdk.backfill.windows import Choice, Window, windows_of
from dms_backfill_sdk.dates import BusinessTimes

__all__ = ["FlowRow", "Intent", "Outcome", "Settings", "State", "WindowRow", "choice_of"]

#: ``pending``: not begun. ``sending``: about to be. ``running``: begun, watched. ``done``: all of it has succeeded.
#: ``failed``: nothing more will happen to it by itself. ``stopped``: stopped when the campaign was cancelled.
State = Literal["pending", "sending", "running", "done", "failed", "stopped"]

Outcome = Literal["sent", "found", "absent", "refused"]


@frozen(kw_only=True)
class Settings:
    """What a campaign was asked to do; see :meth:`Campaign.of`."""

    begin: str
    end: str
    window: str
    only: str
    max_active: int
    order: str
    on_failure: str
    not_during: str | None
    max_runs_per_day: int | None
    poll: float
    end_inclusive: bool


@frozen
class FlowRow:
    """A task flow of a campaign; ``after`` are the ids, here, of those it waits for."""

    id: int
    dag_id: int
    name: str
    tid: int | None
    interval: int
    choice: Choice
    after: tuple[int, ...] = ()


@frozen
class WindowRow:
    """A window of a campaign: one BackFill.

    Attributes:
        id: its place in the order, from 1.
        flow: the task flow.
        slot: which part of the whole range it belongs to, from 0; the same for all flows.
        times: its business times.
        state: where it stands.
        run_id: the run that the service named, once it was started.
        before: the ids of the runs that were there already.
        note: why it has failed.
    """

    id: int
    flow: FlowRow
    slot: int
    times: BusinessTimes
    state: State = "pending"
    run_id: int | None = None
    before: frozenset[int] = field(default=frozenset(), repr=False)
    note: str | None = None

    @property
    def window(self) -> Window:
        """It, with the request that is sent."""
        [window] = windows_of(self.flow.dag_id, self.flow.tid, self.times, self.flow.choice, "all", {})
        return window

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last of its days."""
        first, last = sorted((self.times[0].date(), self.times[-1].date()))
        return first, last


@frozen(kw_only=True)
class Intent:
    """Something that was about to be sent: a BackFill, or a ReRun of the run ``run_id``."""

    id: int
    window: WindowRow
    what: Literal["backfill", "rerun"]
    since: datetime
    before: frozenset[int]
    run_id: int | None = None
    run_began: datetime | None = None


def choice_of(written: str) -> Choice:
    """What of a flow is run, as it stands in a ledger."""
    value = json.loads(written)
    start = value["start"]
    return Choice(
        start=None if start is None else tuple(start),
        skip=tuple(value["skip"]),
        downstream=value["downstream"],
        version=value["version"],
    )
