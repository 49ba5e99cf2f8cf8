"""Task flows, plans, jobs and campaigns whose calls are awaited: the same conversations, in the hands of an
:class:`~dms_backfill_sdk.AsyncClient`.

What they do, take and raise is said at their sisters, which :class:`~dms_backfill_sdk.Client` carries out.
"""

from collections.abc import AsyncIterator, Collection, Coroutine
from datetime import date, datetime
from typing import Any, Self

from attrs import define, frozen

from dms_backfill_sdk.awaiting import awaited
from dms_backfill_sdk.backfill.caller import AsyncCaller
from dms_backfill_sdk.backfill.campaign import AnyCampaign, Campaign
from dms_backfill_sdk.backfill.flow import AnyTaskFlow, TaskFlow
from dms_backfill_sdk.backfill.history import Standing
from dms_backfill_sdk.backfill.job import AnyJob, Change, Job
from dms_backfill_sdk.backfill.plan import AnyPlan, Plan
from dms_backfill_sdk.dates import requested_times

__all__ = ["AsyncCampaign", "AsyncJob", "AsyncPlan", "AsyncTaskFlow"]


@define(eq=False, kw_only=True)
class AsyncJob(AnyJob[AsyncCaller]):
    """A :class:`~dms_backfill_sdk.Job` whose calls are awaited.

    A notebook shows it as it was last seen.
    """

    @classmethod
    async def attach(  # noqa: PLR0913  as many as say which runs are meant
        cls,
        client: AsyncCaller,
        flow: int | str,
        *,
        on: date | str | None = None,
        between: tuple[date | str, date | str] | None = None,
        interval: int = 24,
        asc: bool = True,
    ) -> Self:
        """Pick up a job that somebody started; see :meth:`Job.attach`."""
        times = requested_times(on, between, interval=interval, asc=asc, end_inclusive=client.end_inclusive)
        return await client.run(cls._attaching(client, flow, times))

    runs = awaited(Job.runs)
    nodes = awaited(Job.nodes)
    progress = awaited(Job.progress)
    wait = awaited(Job.wait)
    to_pandas = awaited(Job.to_pandas)
    stop = awaited(Job.stop)
    suspend = awaited(Job.suspend)
    resume = awaited(Job.resume)
    rerun_failed = awaited(Job.rerun_failed)
    mark_success = awaited(Job.mark_success)

    async def events(self, *, timeout: float | None = None) -> AsyncIterator[Change]:  # noqa: ASYNC109  as of Job
        """What happens to its runs, until nothing more will; see :meth:`Job.events`."""
        stood: dict[datetime, Standing] = {}
        async for _ in self._client.follow(self._watching(timeout)):
            for change in self._changes(stood):
                yield change


@frozen(kw_only=True)
class AsyncPlan(AnyPlan[AsyncCaller]):
    """A :class:`~dms_backfill_sdk.Plan` that is awaited where it is submitted."""

    _job = AsyncJob

    submit = awaited(Plan.submit, AsyncJob)


@frozen(kw_only=True, eq=False)
class AsyncCampaign(AnyCampaign[AsyncCaller]):
    """A :class:`~dms_backfill_sdk.Campaign` whose calls are awaited.

    Cancelled, it stands in its ledger as one that was killed: run it again.
    """

    plan = awaited(Campaign.plan)
    run = awaited(Campaign.run)
    resume = awaited(Campaign.resume)
    report = awaited(Campaign.report)
    pause = awaited(Campaign.pause)
    go_on = awaited(Campaign.go_on)
    cancel = awaited(Campaign.cancel)
    ask = awaited(Campaign.ask)

    @property
    def is_running(self) -> Coroutine[Any, Any, bool]:
        """Whether a process runs it now; to be awaited."""
        return self._client.run(self._looking_who_runs_it())


@frozen(kw_only=True, eq=False)
class AsyncTaskFlow(AnyTaskFlow[AsyncCaller]):
    """A :class:`~dms_backfill_sdk.TaskFlow` whose calls are awaited."""

    _plan = AsyncPlan

    @classmethod
    async def find(cls, client: AsyncCaller, name_or_id: int | str) -> Self:
        """Look a task flow up; see :meth:`TaskFlow.find`."""
        return await client.run(cls._finding(client, name_or_id))

    recent_runs = awaited(TaskFlow.recent_runs)
    plan = awaited(TaskFlow.plan, AsyncPlan)

    def campaign(
        self, *, start: Collection[int | str] | None = None, skip: Collection[int | str] = (), **how: Any
    ) -> AsyncCampaign:
        """A campaign over a long range, cut into windows; see :meth:`TaskFlow.campaign`."""
        return AsyncCampaign.of([self], choice=self._choice(start, skip), **how)
