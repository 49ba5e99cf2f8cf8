"""The job: a plan that was submitted. Where it stands, and what can be done to it."""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Self

from attrs import define, field, frozen

from dms_backfill_sdk.backfill.caller import Caller
from dms_backfill_sdk.backfill.history import SeriesRecords, Standing, Talk, runs_about, standing_of
from dms_backfill_sdk.backfill.lookup import looking_up
from dms_backfill_sdk.backfill.watch import Pace, Progress, Started, Watch, watching
from dms_backfill_sdk.dates import BusinessTimes, requested_times
from dms_backfill_sdk.errors import DmsError, RunFailedError, WaitTimeoutError
from dms_backfill_sdk.operations.control import (
    GetTaskInstanceRelationRequest,
    MakeTaskFlowInstanceSuccessRequest,
    NodeRun,
    ReRunTaskFlowInstanceRequest,
    ResumeTaskFlowInstanceRequest,
    Run,
    StopTaskFlowInstanceRequest,
    SuspendTaskFlowInstanceRequest,
)

__all__ = ["Change", "Job"]

#: Failed runs whose nodes are asked for when a job has failed.
EXPLAINED = 5
#: How often a steering call is begun anew because the runs moved on under it.
ROUNDS = 5


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


@define(eq=False)
class Job:
    """Runs that were started, watched and steered together.

    Attributes:
        dag_id: the task flow.
        flow_name: its name.
        started: what each BackFill started.
        tid: the tenant; None is the one the caller is in.
    """

    _client: Caller = field(repr=False)
    dag_id: int
    flow_name: str
    started: tuple[Started, ...]
    tid: int | None = None
    _watch: Watch = field(init=False, repr=False)

    @_watch.default
    def _(self) -> Watch:
        return Watch(self.dag_id, self.tid, self.started)

    # -- where it stands -----------------------------------------------------------------------------------------

    def runs(self) -> list[Run]:
        """The runs that there are, in the order of the job, as they stand now."""
        self._client.run(self._watch.look(again=True))
        return [self._watch.runs[time] for time in self._watch.times() if time in self._watch.runs]

    def nodes(self, run: Run) -> list[NodeRun]:
        """The nodes of one of its runs."""
        return self._client.run(self._asking_nodes(run))

    def progress(self) -> Progress:
        """How far it is now. Runs that have succeeded are not asked for again."""
        self._client.run(self._watch.look())
        return self._watch.progress(over=self._watch.all_finished())

    def wait(
        self, *, timeout: float | None = None, on_progress: Callable[[Progress], object] | None = None
    ) -> Progress:
        """Wait until nothing more will happen.

        Args:
            timeout: seconds to wait at most, on the client's clock; None waits as long as it takes.
            on_progress: called whenever something has changed.

        Raises:
            RunFailedError: a run failed, or did not come; it names the failing nodes and what they said.
            WaitTimeoutError: the time is up; the job goes on.
        """
        progress = self._watch.progress()
        for progress in self._following(timeout):
            if on_progress is not None:
                on_progress(progress)
        if progress.done < progress.total:
            raise self._client.run(self._explaining(progress))
        return progress

    def events(self, *, timeout: float | None = None) -> Iterator[Change]:
        """What happens to its runs, until nothing more will.

        Raises:
            WaitTimeoutError: as :meth:`wait`.
        """
        stood = {time: Standing.MISSING for time in self._watch.times()}
        for _ in self._following(timeout):
            for time, was in stood.items():
                standing = self._watch.standing(time)
                if standing is not was:
                    stood[time] = standing
                    yield Change(time, was, standing, self._watch.runs.get(time))

    def _following(self, timeout: float | None) -> Iterator[Progress]:
        clock = self._client.clock
        deadline = None if timeout is None else clock.now() + timedelta(seconds=timeout)
        talk = watching(self._watch, clock, Pace(), random.random, deadline)
        yield from self._client.follow(talk)

    def _asking_nodes(self, run: Run) -> Talk[list[NodeRun]]:
        response = yield GetTaskInstanceRelationRequest(dag_id=self.dag_id, dag_instance_id=run.id or 0, tid=self.tid)
        nodes: list[NodeRun] = response.node_list
        return nodes

    def _explaining(self, progress: Progress) -> Talk[RunFailedError]:
        failures: dict[datetime, dict[str, str]] = {}
        for run in progress.failed[:EXPLAINED]:
            nodes = yield from self._asking_nodes(run)
            failed = [node for node in nodes if node.status is not None and int(node.status) == 3]
            assert run.business_time is not None
            failures[run.business_time] = {node.node_name or str(node.node_id): node.message or "" for node in failed}
        return RunFailedError(self.flow_name, progress, failures)

    # -- what can be done to it ----------------------------------------------------------------------------------

    def stop(self) -> list[Run]:
        """Stop what runs. What is done stays done; runs that wait are not started by a service that stops a series
        with its run (our emulator does; the service does not say).

        Returns:
            the runs that were stopped.
        """
        return self._client.run(self._steering(StopTaskFlowInstanceRequest, Standing.RUNNING))

    def suspend(self) -> list[Run]:
        """Suspend what runs."""
        return self._client.run(self._steering(SuspendTaskFlowInstanceRequest, Standing.RUNNING))

    def resume(self) -> list[Run]:
        """Let go on what is suspended."""
        return self._client.run(self._steering(ResumeTaskFlowInstanceRequest, Standing.SUSPENDED))

    def rerun_failed(self) -> list[Run]:
        """Run again, with all nodes, what has failed."""
        return self._client.run(self._steering(ReRunTaskFlowInstanceRequest, Standing.FAILED))

    def mark_success(self, run: Run) -> None:
        """Declare one of its runs successful."""
        self._client.run(self._doing(MakeTaskFlowInstanceSuccessRequest, run))

    def _steering(self, request_class: Any, standing: Standing) -> Talk[list[Run]]:
        touched: list[Run] = []
        for _ in range(ROUNDS):
            yield from self._watch.look(again=True)
            fits = [run for run in self._watch.runs.values() if standing_of(run) is standing]
            moved_on = False
            for run in fits:
                if (yield from self._doing(request_class, run)):
                    touched.append(run)
                else:
                    moved_on = True
            if not moved_on:
                break
        return touched

    def _doing(self, request_class: Any, run: Run) -> Talk[bool]:
        """Do one thing to one run, once. False when the run was no longer in the state for it."""
        try:
            yield request_class(dag_id=self.dag_id, dag_instance_id=run.id, tid=self.tid)
        except DmsError as caught:
            error = caught
        else:
            return True
        yield from self._watch.look(again=True)
        assert run.business_time is not None
        now = self._watch.runs.get(run.business_time)
        if now is None or (standing_of(now), now.start_time) == (standing_of(run), run.start_time):
            raise error
        # It moved: by our call, if that may have been acted on; otherwise by itself, just before.
        return error.may_have_started

    # -- from another process ------------------------------------------------------------------------------------

    @classmethod
    def attach(
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
        found = client.run(looking_up(flow, client.tid))
        times = requested_times(on, between, interval=interval, asc=asc, end_inclusive=client.end_inclusive)
        older = client.run(_older(found.id, times, client.tid))
        return cls(client, found.id, found.name, (Started(times, None, older),), client.tid)

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
    def from_dict(cls, client: Caller, data: dict[str, Any]) -> Self:
        """The job that :meth:`to_dict` wrote down."""
        started = tuple(
            Started(BusinessTimes.from_dict(one), one["run_id"], frozenset(one["before"])) for one in data["started"]
        )
        return cls(client, data["dag_id"], data["flow_name"], started, data["tid"])


def _older(dag_id: int, times: BusinessTimes, tid: int | None) -> Talk[frozenset[int]]:
    """The ids of the runs about these times that are not the newest of theirs."""
    days = sorted((times[0].date(), times[-1].date()))
    listed = yield from runs_about(dag_id, days[0], days[1], tid)
    sorted_out = yield from SeriesRecords().sort_out(dag_id, [run for run in listed if run.business_time in times], tid)
    newest = {runs[-1].id for runs in sorted_out.values()}
    return frozenset(run.id for run in listed if run.id is not None and run.id not in newest)
