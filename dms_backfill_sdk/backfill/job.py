"""The job: a plan that was submitted. Where it stands, and what can be done to it."""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Generic, Self, TypeVar

from attrs import asdict, define, field, fields, frozen

from dms_backfill_sdk.backfill.caller import AnyCaller, Caller
from dms_backfill_sdk.backfill.history import SeriesRecords, Standing, Talk, by_time, runs_about, standing_of
from dms_backfill_sdk.backfill.lookup import looking_up
from dms_backfill_sdk.backfill.steering import RERUN, RESUME, STOP, SUSPEND, marking, steering
from dms_backfill_sdk.backfill.watch import Pace, Progress, Started, Watch, watching
from dms_backfill_sdk.dates import BusinessTimes, requested_times
from dms_backfill_sdk.errors import DmsError, RunFailedError
from dms_backfill_sdk.frames import frame
from dms_backfill_sdk.operations.control import GetTaskInstanceRelationRequest, NodeRun, Run
from dms_backfill_sdk.operations.terms import RunStatus
from dms_backfill_sdk.shown import Shown, live_view

__all__ = ["AnyJob", "Change", "Job"]

#: Failed runs whose nodes are asked for when a job has failed.
EXPLAINED = 5


@frozen
class Change:
    """Something that happened to a run of a job.

    Attributes:
        business_time: the time the run is about.
        was: where it stood before.
        standing: where it stands now.
        run: the run.
    """

    business_time: datetime
    was: Standing
    standing: Standing
    run: Run | None = field(repr=False)


C = TypeVar("C", bound=AnyCaller)


@define(eq=False, kw_only=True)
class AnyJob(Shown, Generic[C]):
    """What every job has: the runs that it is about, and the conversations about them.

    For its attributes see :class:`Job`.
    """

    _client: C = field(repr=False)
    dag_id: int
    flow_name: str
    started: tuple[Started, ...]
    tid: int | None = None
    _watch: Watch = field(init=False, repr=False)

    @_watch.default
    def _(self) -> Watch:
        return Watch(self.dag_id, self.tid, self.started)

    def seen(self) -> dict[datetime, Run | None]:
        """For each of its business times, in order, the run as it was last seen; None where there was none.

        Nothing is asked; ``progress()`` looks again.
        """
        return {time: self._watch.runs.get(time) for time in self._watch.times()}

    def now(self) -> datetime:
        """What time it is, on the client's clock."""
        return self._client.clock.now()

    def to_dict(self) -> dict[str, Any]:
        """The job in plain values, for :meth:`from_dict` in another process."""
        return {
            "dag_id": self.dag_id,
            "flow_name": self.flow_name,
            "tid": self.tid,
            "started": [
                {**one.times.to_dict(), "run_id": one.run_id, "before": sorted(one.before)} for one in self.started
            ],
        }

    @classmethod
    def from_dict(cls, client: C, data: dict[str, Any]) -> Self:
        """The job that :meth:`to_dict` wrote down."""
        return cls(
            client=client,
            dag_id=data["dag_id"],
            flow_name=data["flow_name"],
            started=tuple(
                Started(BusinessTimes.from_dict(one), one["run_id"], frozenset(one["before"]))
                for one in data["started"]
            ),
            tid=data["tid"],
        )

    # -- conversations -------------------------------------------------------------------------------------------

    @classmethod
    def _attaching(cls, client: C, flow: int | str, times: BusinessTimes) -> Talk[Self]:
        found = yield from looking_up(flow, client.tid)
        older = yield from _older(found.id, times, client.tid)
        started = (Started(times, None, older),)
        return cls(client=client, dag_id=found.id, flow_name=found.name, started=started, tid=client.tid)

    def _listing(self) -> Talk[list[Run]]:
        yield from self._watch.look(again=True)
        return [run for run in self.seen().values() if run is not None]

    def _framing(self) -> Talk[Any]:
        yield from self._listing()
        names = ["business_time", "standing", *(one.name for one in fields(Run) if one.name != "business_time")]
        empty = Run()
        return frame(
            names,
            (
                asdict(run or empty, recurse=False) | {"business_time": time, "standing": standing_of(run)}
                for time, run in self.seen().items()
            ),
        )

    def _looking(self) -> Talk[Progress]:
        yield from self._watch.look()
        return self._watch.progress(over=self._watch.over())

    def _watching(self, timeout: float | None) -> Talk[Progress]:
        clock = self._client.clock
        deadline = None if timeout is None else clock.now() + timedelta(seconds=timeout)
        return watching(self._watch, clock, Pace(), random.random, deadline)

    def _waiting(self, timeout: float | None) -> Talk[Progress]:
        progress = yield from self._watching(timeout)
        if progress.done < progress.total:
            raise (yield from self._explaining(progress))
        return progress

    def _changes(self, stood: dict[datetime, Standing]) -> Iterator[Change]:
        """What has changed since the runs stood like that; brings it up to date."""
        for time in self._watch.times():
            was, standing = stood.get(time, Standing.MISSING), self._watch.standing(time)
            if standing is not was:
                stood[time] = standing
                yield Change(time, was, standing, self._watch.runs.get(time))

    def _asking_nodes(self, run: Run) -> Talk[list[NodeRun]]:
        response = yield GetTaskInstanceRelationRequest(dag_id=self.dag_id, dag_instance_id=run.id or 0, tid=self.tid)
        nodes: list[NodeRun] = response.node_list
        return nodes

    def _explaining(self, progress: Progress) -> Talk[RunFailedError]:
        failures: dict[datetime, dict[str, str]] = {}
        unreadable = None
        for time in self._standing(Standing.FAILED)[:EXPLAINED]:
            run = self._watch.runs[time]
            nodes: list[NodeRun] = []
            try:
                nodes = yield from self._asking_nodes(run)
            except DmsError as error:
                unreadable = error
            said = {
                node.node_name or str(node.node_id): node.message or ""
                for node in nodes
                if node.status == RunStatus.FAILED
            }
            failures[time] = said or {"the run": run.message or "no message"}
        failed = RunFailedError(self.flow_name, progress, failures)
        failed.__cause__ = unreadable
        if missing := self._standing(Standing.MISSING):
            failed.advice = _on_missing(missing, self.started, failed.advice if failures else "")
        return failed

    def _standing(self, standing: Standing) -> list[datetime]:
        return [time for time in self._watch.times() if self._watch.standing(time) is standing]


@define(eq=False, kw_only=True)
class Job(AnyJob[Caller]):
    """Runs that were started, watched and steered together.

    Attributes:
        dag_id: the task flow.
        flow_name: its name.
        started: what each BackFill started.
        tid: the tenant; None is the one the caller is in.
    """

    @classmethod
    def attach(  # noqa: PLR0913  as many as say which runs are meant
        cls,
        client: Caller,
        flow: int | str,
        *,
        on: date | str | None = None,
        between: tuple[date | str, date | str] | None = None,
        interval: int = 24,
        asc: bool = True,
    ) -> Self:
        """Pick up a job that somebody started, by the flow and the business dates it is about.

        The newest run of each date counts as the job's.
        """
        times = requested_times(on, between, interval=interval, asc=asc, end_inclusive=client.end_inclusive)
        return client.run(cls._attaching(client, flow, times))

    # -- where it stands -----------------------------------------------------------------------------------------

    def runs(self) -> list[Run]:
        """The runs that there are, in the order of the job, as they stand now."""
        return self._client.run(self._listing())

    def nodes(self, run: Run) -> list[NodeRun]:
        """The nodes of one of its runs."""
        return self._client.run(self._asking_nodes(run))

    def progress(self) -> Progress:
        """How far it is now. Runs that have succeeded are not asked for again."""
        return self._client.run(self._looking())

    def wait(
        self, *, timeout: float | None = None, on_progress: Callable[[Progress], object] | None = None
    ) -> Progress:
        """Wait until nothing more will happen.

        Runs that wait are waited for, however long, unless a failed one holds them up.

        Args:
            timeout: seconds to wait at most, on the client's clock; None waits as long as it takes.
            on_progress: called whenever something has changed. Without it a notebook shows a bar.

        Raises:
            RunFailedError: a run failed, or did not come; it names the failing nodes and what they said.
            WaitTimeoutError: the time is up; the job goes on.
            DmsError: the runs can no longer be seen; the job goes on.
        """
        return self._client.run(self._waiting(timeout), on_progress or live_view())

    def events(self, *, timeout: float | None = None) -> Iterator[Change]:
        """What happens to its runs, until nothing more will.

        Raises:
            WaitTimeoutError: as :meth:`wait`.
        """
        stood: dict[datetime, Standing] = {}
        for _ in self._client.follow(self._watching(timeout)):
            yield from self._changes(stood)

    def to_pandas(self) -> Any:
        """Its runs, as they stand now, as a ``pandas.DataFrame``: a row for each business time, with its standing and
        what the service says of its run.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        return self._client.run(self._framing())

    # -- what can be done to it ----------------------------------------------------------------------------------

    def stop(self) -> list[Run]:
        """Stop what runs. What is done stays done; runs that wait are not started by a service that stops a series
        with its run (our emulator does; the service does not say).

        Returns:
            the runs that were stopped.

        Raises:
            DmsError: as with every call that steers, a call was refused, or its answer was lost and nothing shows that
                it was acted on. What was done to other runs stays done.
        """
        return self._client.run(steering(self._watch, STOP))

    def suspend(self) -> list[Run]:
        """Suspend what runs."""
        return self._client.run(steering(self._watch, SUSPEND))

    def resume(self) -> list[Run]:
        """Let go on what is suspended."""
        return self._client.run(steering(self._watch, RESUME))

    def rerun_failed(self) -> list[Run]:
        """Run again, with all nodes, what has failed. Each run once, even if it fails again meanwhile."""
        return self._client.run(steering(self._watch, RERUN))

    def mark_success(self, run: Run) -> None:
        """Declare one of its runs successful. One that has succeeded by itself in the meantime is just as well."""
        self._client.run(marking(self._watch, run))


def _older(dag_id: int, times: BusinessTimes, tid: int | None) -> Talk[frozenset[int]]:
    """The ids of the runs about these times that are not the newest of theirs."""
    days = sorted((times[0].date(), times[-1].date()))
    listed = yield from runs_about(dag_id, days[0], days[1], tid)
    records = SeriesRecords(dag_id, tid)
    newest = set()
    for sharing in by_time(listed, times).values():
        newest.add((yield from records.first_run(sharing[::-1])).id)
    return frozenset(run.id for run in listed if run.id is not None and run.id not in newest)


def _on_missing(missing: Sequence[datetime], started: Collection[Started], advice: str) -> str:
    """What to do about runs that never came."""
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    sentences = [advice, f'No run came for {missing[0]:%Y-%m-%d %H:%M}{more}; plan again with only="missing".']
    if not advice and {max(one.times) for one in started} >= set(missing):
        sentences.append("If the service leaves out the last day of a range, give the client end_inclusive=False.")
    return " ".join(filter(None, sentences))
