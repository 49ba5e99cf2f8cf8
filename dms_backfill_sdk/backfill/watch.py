"""Watching: where the runs of a submission stand, and when nothing more will happen to them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta

from attrs import define, field, frozen

from dms_backfill_sdk.backfill.history import SeriesRecords, Standing, Talk, runs_about, standing_of
from dms_backfill_sdk.clock import Clock
from dms_backfill_sdk.dates import BusinessTimes
from dms_backfill_sdk.errors import WaitTimeoutError
from dms_backfill_sdk.exchange import Sleep, Told
from dms_backfill_sdk.operations.control import Run

__all__ = ["Pace", "Progress", "Started", "Watch"]

#: Seconds in which nothing moves before a series counts as held up, or a run as never coming.
SETTLE = 60.0


@frozen
class Started:
    """What one BackFill started.

    Attributes:
        times: the business times it runs, in order.
        run_id: the id the service answered with; None when the answer was lost and the runs were found.
        before: the ids of the runs that were there already for these dates.
    """

    times: BusinessTimes
    run_id: int | None
    before: frozenset[int] = field(default=frozenset(), repr=False)


@frozen
class Progress:
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
    """How long to wait between two looks: longer and longer while nothing changes, never longer than ``cap``.

    Attributes:
        first: seconds after something changed.
        cap: seconds at most, before jitter of a quarter.
    """

    first: float = 1.0
    cap: float = 30.0
    _next: float = field(default=0.0, init=False)

    def wait(self, *, changed: bool, random: Callable[[], float]) -> Sleep:
        self._next = self.first if changed or not self._next else min(self.cap, self._next * 1.5)
        return Sleep(self._next * (0.75 + random() / 2))


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
    _records: SeriesRecords = field(factory=SeriesRecords, repr=False)

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
        listed = yield from runs_about(self.dag_id, min(open_times).date(), max(open_times).date(), self.tid)
        for one in self.started:
            ours = [run for run in listed if run.id not in one.before and run.business_time in one.times]
            sorted_out = yield from self._records.sort_out(self.dag_id, ours, self.tid)
            # The oldest that is new: what others start for the same day afterwards is theirs.
            self.runs.update({time: runs[0] for time, runs in sorted_out.items()})

    def standing(self, time: datetime) -> Standing:
        return standing_of(self.runs.get(time))

    def progress(self, *, over: bool = False) -> Progress:
        counts = Counter(self.standing(time) for time in self.times())
        failed = tuple(self.runs[time] for time in self.times() if self.standing(time) is Standing.FAILED)
        return Progress(counts, failed, over)

    def still(self) -> bool:
        """Whether, as far as can be seen at this moment, nothing moves any more and nobody holds it."""
        return not any(self.standing(time) in (Standing.RUNNING, Standing.SUSPENDED) for time in self.times())

    def all_finished(self) -> bool:
        """Whether every business time has a finished run."""
        return all(self.standing(time) in (Standing.SUCCEEDED, Standing.FAILED) for time in self.times())


def watching(
    watch: Watch, clock: Clock, pace: Pace, random: Callable[[], float], deadline: datetime | None
) -> Talk[Progress]:
    """Look again and again, telling the progress whenever something has changed, until nothing more will happen.

    A series that is held up by a failed run is over when nothing has moved for :data:`SETTLE` seconds: a service may
    take a moment to begin the next run, and whether it does so at all after a failure is not documented.

    Raises:
        WaitTimeoutError: the deadline has passed.
    """
    seen: dict[datetime, Standing] = {}
    moved = clock.now()
    while True:
        yield from watch.look()
        now = {time: watch.standing(time) for time in watch.times()}
        changed = now != seen
        if changed or not watch.still():
            moved = clock.now()
        settled = clock.now() - moved >= timedelta(seconds=SETTLE)
        progress = watch.progress(over=watch.all_finished() or (watch.still() and settled))
        if changed or progress.over:
            yield Told(progress)
        if progress.over:
            return progress
        if deadline is not None and clock.now() >= deadline:
            raise WaitTimeoutError(f"After the time to wait: {progress}.", advice="The job goes on; watch it again.")
        seen = now
        yield pace.wait(changed=changed, random=random)
