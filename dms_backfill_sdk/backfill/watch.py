"""Watching: where the runs of a submission stand, and when nothing more will happen to them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import define, field, frozen

from dms_backfill_sdk.backfill.history import SeriesRecords, Standing, Talk, by_time, runs_about, standing_of
from dms_backfill_sdk.clock import Clock
from dms_backfill_sdk.dates import BusinessTimes
from dms_backfill_sdk.errors import (
    NotSentError,
    OutcomeUnknownError,
    ServerFaultError,
    ThrottledError,
    WaitTimeoutError,
)
from dms_backfill_sdk.exchange import Sleep, Told
from dms_backfill_sdk.operations.control import Run
from dms_backfill_sdk.shown import Shown

__all__ = ["Pace", "Progress", "Started", "Watch", "watching"]

#: Seconds in which nothing moves before a series counts as held up, or a run as never coming.
SETTLE = 60.0
#: Seconds for which the runs may be out of sight, beyond what the client's own retries bridge, before watching ends.
PATIENCE = 300.0
#: What keeps the runs out of sight and may pass. They go on meanwhile.
PASSING = (NotSentError, OutcomeUnknownError, ServerFaultError, ThrottledError)


@frozen
class Started:
    """What one BackFill started.

    Attributes:
        times: the business times it runs, in order.
        run_id: one of its records: the one whose id the service answered with, or that was found when the answer was
            lost. None when the runs were picked up afterwards.
        before: the ids of the runs that were there already for these dates.
    """

    times: BusinessTimes
    run_id: int | None
    before: frozenset[int] = field(default=frozenset(), repr=False)


@frozen
class Progress(Shown):
    """How far a job is.

    Attributes:
        counts: how many of its business times stand where.
        failed: the runs that failed.
        over: nothing more will happen by itself.
    """

    counts: Mapping[Standing, int]
    failed: tuple[Run, ...] = field(default=(), repr=False)
    over: bool = False

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """How many have succeeded."""
        return self.counts.get(Standing.SUCCEEDED, 0)

    def __str__(self) -> str:
        others = (f"{count} {standing.value}" for standing, count in self.counts.items() if count)
        return f"{self.done} of {self.total} succeeded" + "".join(
            f", {text}" for text in others if not text.endswith("succeeded")
        )


@define
class Pace:
    """How long to wait between two looks: longer while nothing changes, shorter when something did. So there come to
    be about two looks for each change, however long a run takes.

    Attributes:
        first: seconds at first, and at least.
        cap: seconds at most, before jitter of a quarter.
    """

    first: float = 1.0
    cap: float = 30.0
    _next: float = field(default=0.0, init=False)

    def wait(self, *, changed: bool, random: Callable[[], float], most: float | None = None) -> Sleep:
        """The next wait: after something has changed, or not; ``most`` seconds at most."""
        self._next = max(self.first, self._next / 2) if changed else min(self.cap, max(self.first, self._next * 1.5))
        seconds = self._next * (0.75 + random() / 2)
        return Sleep(seconds if most is None else min(seconds, max(most, 0.0)))


@define(eq=False)
class Watch:
    """What is known of the runs of a job.

    Attributes:
        dag_id: the task flow.
        tid: the tenant.
        started: what was started.
        runs: for each business time the run that is ours, where there is one.
    """

    dag_id: int
    tid: int | None
    started: tuple[Started, ...]
    runs: dict[datetime, Run] = field(factory=dict)
    _records: SeriesRecords = field(init=False, repr=False)
    # What set off the runs of each Started, by its run_id; as far as that record was seen.
    _triggers: dict[int | None, int | None] = field(factory=dict, init=False, repr=False)

    @_records.default
    def _(self) -> SeriesRecords:
        return SeriesRecords(self.dag_id, self.tid)

    def times(self) -> Iterator[datetime]:
        """The business times, in order."""
        return (time for one in self.started for time in one.times)

    def look(self, *, again: bool = False) -> Talk[None]:
        """See where the runs stand.

        Args:
            again: look at those too that were finished before; somebody may have run them again.
        """
        open_times = [
            time for time in self.times() if again or standing_of(self.runs.get(time)) is not Standing.SUCCEEDED
        ]
        if not open_times:
            return
        first, last = min(open_times).date(), max(open_times).date()
        yield from self.see((yield from runs_about(self.dag_id, first, last, self.tid)))

    def see(self, listed: Sequence[Run]) -> Talk[None]:
        """Take note of where the runs stand, by a list in which all of its open times are."""
        for one in self.started:
            new = [run for run in listed if run.id not in one.before]
            self._triggers |= {run.id: run.trigger_type for run in new if run.id is not None and run.id == one.run_id}
            for time, sharing in by_time(new, one.times).items():
                # The oldest that is new: what others start for the same day afterwards is theirs.
                self.runs[time] = yield from self._records.first_run(self._likely_first(one, sharing))

    def _likely_first(self, one: Started, sharing: list[Run]) -> list[Run]:
        """Those first that were set off as our own was: the schedule may come to one of the days before the series."""
        if len(sharing) == 1 or one.run_id not in self._triggers:
            return sharing
        return sorted(sharing, key=lambda run: run.trigger_type != self._triggers[one.run_id])

    def standing(self, time: datetime) -> Standing:
        return standing_of(self.runs.get(time))

    def progress(self, *, over: bool = False) -> Progress:
        counts = Counter(self.standing(time) for time in self.times())
        failed = tuple(self.runs[time] for time in self.times() if self.standing(time) is Standing.FAILED)
        return Progress(counts, failed, over)

    def over(self, *, settled: bool = False) -> bool:
        """Whether nothing more will happen by itself.

        Args:
            settled: nothing has moved for a while.
        """
        return all(self._is_over({self.standing(time) for time in one.times}, settled) for one in self.started)

    @staticmethod
    def _is_over(standings: set[Standing], settled: bool) -> bool:
        if standings <= {Standing.SUCCEEDED, Standing.FAILED}:
            return True
        # Runs that wait are waited for, as long as no run that failed holds them up: a busy service takes its time.
        held_up = Standing.FAILED in standings
        may_move = {Standing.RUNNING, Standing.SUSPENDED} | (set() if held_up else {Standing.WAITING})
        return settled and not standings & may_move


def watching(
    watch: Watch, clock: Clock, pace: Pace, random: Callable[[], float], deadline: datetime | None
) -> Talk[Progress]:
    """Look again and again, telling the progress whenever something has changed, until nothing more will happen.

    A series that is held up by a failed run is over when nothing has moved for :data:`SETTLE` seconds: a service may
    take a moment to begin the next run, and whether it does so at all after a failure is not documented. So is one
    that lacks runs and has none that waits, runs or is suspended.

    Raises:
        WaitTimeoutError: the deadline has passed.
        DmsError: the runs cannot be seen, and not for a passing reason, or for :data:`PATIENCE` seconds.
    """
    stood: dict[datetime, Standing] = {}
    seen = moved = clock.now()
    progress = watch.progress()
    while True:
        changed = False
        try:
            yield from watch.look()
        except PASSING:
            # What moves while nobody sees it does move.
            moved = clock.now()
            if moved - seen >= timedelta(seconds=PATIENCE):
                raise
        else:
            seen = clock.now()
            now = {time: watch.standing(time) for time in watch.times()}
            changed, stood = now != stood, now
            moved = seen if changed else moved
            progress = watch.progress(over=watch.over(settled=seen - moved >= timedelta(seconds=SETTLE)))
            if changed or progress.over:
                yield Told(progress)
            if progress.over:
                return progress
        left = None if deadline is None else (deadline - clock.now()).total_seconds()
        if left is not None and left <= 0:
            raise WaitTimeoutError(f"After the time to wait: {progress}.", advice="The job goes on; watch it again.")
        yield pace.wait(changed=changed, random=random, most=left)
