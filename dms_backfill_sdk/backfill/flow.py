"""A task flow, looked up once: its nodes, its edges, its published version; and the plans that are made of it."""

import statistics
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Generic, Self, TypeVar

from attrs import evolve, field, frozen

from dms_backfill_sdk.backfill.caller import AnyCaller, Caller
from dms_backfill_sdk.backfill.campaign import Campaign
from dms_backfill_sdk.backfill.history import (
    PAGE,
    SeriesRecords,
    Standing,
    Talk,
    all_pages,
    by_time,
    runs_about,
    standing_of,
)
from dms_backfill_sdk.backfill.lookup import looking_up, unknown
from dms_backfill_sdk.backfill.plan import AnyPlan, Plan
from dms_backfill_sdk.backfill.windows import WANTED, Choice, Only
from dms_backfill_sdk.dates import CHINA, BusinessTimes, in_china, requested_times
from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.graph import TaskGraph
from dms_backfill_sdk.operations.control import (
    GetTaskInstanceRelationRequest,
    ListTaskFlowInstanceRequest,
    NodeRun,
    Run,
)
from dms_backfill_sdk.shown import Shown

__all__ = ["AnyTaskFlow", "TaskFlow"]

#: Past runs that estimates are made from.
RECENT = 100
#: A plan of more runs than this says so.
MANY_RUNS = 1000
#: Hours that a run may take (documented).
MAX_RUN_HOURS = 18


C = TypeVar("C", bound=AnyCaller)


@frozen(eq=False, kw_only=True)
class AnyTaskFlow(Shown, Generic[C]):
    """What every task flow has: what is known of it, and the conversations that begin with it.

    For its attributes see :class:`TaskFlow`.
    """

    _client: C = field(repr=False)
    id: int
    name: str
    graph: TaskGraph = field(repr=False)
    node_names: Mapping[int, str] = field(repr=False)
    version: int | None
    tid: int | None = None
    #: What a plan of it is.
    _plan: ClassVar[type[AnyPlan[Any]]]

    def node_id(self, name_or_id: int | str) -> int:
        """The id of a node that is named by name or id.

        Raises:
            InvalidRequestError: there is none, or there are several of that name.
        """
        if isinstance(name_or_id, int) and name_or_id in self.node_names:
            return name_or_id
        ids = [node for node, name in self.node_names.items() if str(name_or_id) in (name, str(node))]
        if len(ids) == 1:
            return ids[0]
        if ids:
            raise InvalidRequestError(
                f"{len(ids)} nodes are named {name_or_id!r}; write the id of one: {', '.join(map(str, ids))}."
            )
        raise InvalidRequestError(unknown("node", str(name_or_id), self.node_names.values(), f" in {self.name}"))

    def _node_ids(self, argument: str, nodes: Collection[int | str]) -> tuple[int, ...]:
        if isinstance(nodes, str):
            raise InvalidRequestError(f"{argument}= takes several nodes; write {argument}=[{nodes!r}].")
        return tuple(map(self.node_id, nodes))

    @classmethod
    def _finding(cls, client: C, name_or_id: int | str) -> Talk[Self]:
        found = yield from looking_up(name_or_id, client.tid)
        return cls(
            client=client,
            id=found.id,
            name=found.name,
            graph=found.graph,
            node_names=found.node_names,
            version=found.version,
            tid=client.tid,
        )

    def _choice(
        self,
        start: Collection[int | str] | None,
        skip: Collection[int | str],
        *,
        downstream: bool = True,
        version: int | None = None,
    ) -> Choice:
        return Choice(
            start=None if start is None else self._node_ids("start", start),
            skip=self._node_ids("skip", skip),
            downstream=downstream,
            version=version,
        )

    def _planning(self, times: BusinessTimes, choice: Choice, only: Only) -> Talk[Any]:
        days = sorted((times[0].date(), times[-1].date()))
        listed = yield from runs_about(self.id, days[0], days[1], self.tid)
        records = SeriesRecords(self.id, self.tid)
        existing = {}
        for time, sharing in by_time(listed, times).items():
            existing[time] = yield from records.standing(sharing)
        recent = yield from _recent(self.id, self.tid, RECENT)
        took = {run.id: seconds for run in recent if (seconds := _took(run)) is not None}
        last_nodes = (yield from _nodes_of(self.id, self.tid, next(iter(took)))) if took else []
        now = self._client.clock.now()
        plan = self._plan(
            client=self._client,
            dag_id=self.id,
            flow_name=self.name,
            tid=self.tid,
            times=times,
            choice=choice,
            only=only,
            graph=self.graph,
            node_names=self.node_names,
            existing=existing,
            seconds_per_run=statistics.median(took.values()) if took else None,
            warnings=(),
            made_at=now,
        )
        return plan.warning(tuple(self._warnings(plan, last_nodes, in_china(now))))

    def _warnings(self, plan: AnyPlan[Any], last_nodes: Collection[NodeRun], now: datetime) -> Iterator[str]:
        if self.version is None:
            yield "The flow was never published, so the service will refuse (documented)."
        if gone := [node.node_name or "?" for node in last_nodes if node.node_id not in self.node_names]:
            yield f"The last run had nodes that the flow lacks now ({', '.join(gone)}): it was changed since."
        again = Counter(standing for standing in plan.existing.values() if standing in WANTED[plan.only])
        if active := again[Standing.WAITING] + again[Standing.RUNNING] + again[Standing.SUSPENDED]:
            yield f"{active} of the runs planned are about a business time whose run is under way; it would run twice."
        if done := again[Standing.SUCCEEDED]:
            yield f'{done} of the runs planned have succeeded already, and run again; only="missing" leaves them out.'
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if ahead := sum(_from(today, window.times) for window in plan.windows):
            yield f"{ahead} of the runs planned are about days that are not over yet."
        if len(plan) > MANY_RUNS:
            yield f"These are {len(plan)} runs. The service has no limit that would stop a slip of the pen."
        if len(plan.windows) > 1:
            yield f"{len(plan.windows)} requests run side by side; only within each do the dates keep their order."
        path = self._longest_path(plan, last_nodes)
        if path > MAX_RUN:
            yield f"The longest path through the nodes took {path}; a run may take {MAX_RUN_HOURS} hours (documented)."
        elif (longest := max((len(window.times) for window in plan.windows), default=0)) * path > MAX_RUN:
            yield (
                f"{longest} runs of {path} each are more than {MAX_RUN_HOURS} hours. That limit is documented for one "
                "run; whether it counts for a series is not known."
            )

    def _longest_path(self, plan: AnyPlan[Any], last_nodes: Collection[NodeRun]) -> timedelta:
        running = set(plan.selection.running)
        took = {node.node_id: node.execute_time or 0 for node in last_nodes if node.node_id in running}
        return timedelta(seconds=round(self.graph.longest_path(took) / 1000))


@frozen(eq=False, kw_only=True)
class TaskFlow(AnyTaskFlow[Caller]):
    """A task flow as it was when it was looked up.

    Attributes:
        id: the task flow.
        name: its name.
        graph: its nodes and edges.
        node_names: the names of its nodes, by id.
        version: the newest published version; None if it was never published.
        tid: the tenant; None is the one the caller is in.
    """

    _plan = Plan

    @classmethod
    def find(cls, client: Caller, name_or_id: int | str) -> Self:
        """Look a task flow up.

        Raises:
            InvalidRequestError: there is none of that name, or there are several; the sentence lists near names or ids.
            ServiceError: there is none of that id.
        """
        return client.run(cls._finding(client, name_or_id))

    def recent_runs(self, count: int = RECENT) -> list[Run]:
        """The first ``count`` runs that the service lists, newest first.

        In which order it lists them is not documented; in our emulator they are the latest.
        """
        return self._client.run(_recent(self.id, self.tid, count))

    def plan(  # noqa: PLR0913  as many as a BackFill has
        self,
        *,
        on: date | str | None = None,
        between: tuple[date | str, date | str] | None = None,
        interval: int = 24,
        asc: bool = True,
        start: Collection[int | str] | None = None,
        skip: Collection[int | str] = (),
        downstream: bool = True,
        version: int | None = None,
        only: Only = "all",
    ) -> Plan:
        """See what a backfill would do. Nothing is started.

        Args:
            on: the one business date, or
            between: the first and the last one.
            interval: hours from one run to the next, 1 or more.
            asc: from small to big, or from big to small.
            start: nodes to start at, by name or id; None is the whole flow.
            skip: nodes to leave out, by name or id.
            downstream: whether what is below the start nodes runs too.
            version: the published version to run; None is the newest.
            only: which business dates are run by where they stand: ``"all"``, ``"missing"``, ``"failed"`` or
                ``"missing-and-failed"``.

        Raises:
            InvalidRequestError: it cannot be expressed; the sentence says what to write instead.
        """
        if only not in WANTED:
            raise InvalidRequestError(f"only={only!r} is unknown; write one of {', '.join(map(repr, WANTED))}.")
        times = requested_times(on, between, interval=interval, asc=asc, end_inclusive=self._client.end_inclusive)
        choice = self._choice(start, skip, downstream=downstream, version=version)
        plan: Plan = self._client.run(self._planning(times, choice, only))
        return plan

    def campaign(
        self, *, start: Collection[int | str] | None = None, skip: Collection[int | str] = (), **how: Any
    ) -> Campaign:
        """A campaign over a long range, cut into windows. Nothing is sent before it is run.

        Args:
            start: nodes to start at, by name or id; None is the whole flow.
            skip: nodes to leave out, by name or id.
            how: ``between``, ``window``, ``max_active``, ``order``, ``on_failure``, ``not_during``, ``ledger`` and the
                others of :meth:`Campaign.of`.

        Raises:
            InvalidRequestError: it cannot be done; the sentence says what to write instead.
        """
        return Campaign.of([self], choice=self._choice(start, skip), **how)


MAX_RUN = timedelta(hours=MAX_RUN_HOURS)
#: When a run begins that has not begun.
LATER = datetime.max.replace(tzinfo=CHINA)


def _recent(dag_id: int, tid: int | None, count: int) -> Talk[list[Run]]:
    first = ListTaskFlowInstanceRequest(dag_id=dag_id, page_index=1, page_size=min(count, PAGE), tid=tid)
    runs = yield from all_pages(first, enough=count)
    return sorted(runs[:count], key=lambda run: run.start_time or LATER, reverse=True)


def _nodes_of(dag_id: int, tid: int | None, run_id: int | None) -> Talk[list[NodeRun]]:
    response = yield GetTaskInstanceRelationRequest(dag_id=dag_id, dag_instance_id=run_id or 0, tid=tid)
    nodes: list[NodeRun] = response.node_list
    return nodes


def _from(moment: datetime, times: BusinessTimes) -> int:
    """How many of the times are not before ``moment``; found without going through them."""
    upwards = evolve(times, asc=True)
    return len(upwards) - bisect_left(upwards, moment)


def _took(run: Run) -> float | None:
    """Seconds that a successful run took; None for any other."""
    if standing_of(run) is not Standing.SUCCEEDED or run.start_time is None or run.end_time is None:
        return None
    return (run.end_time - run.start_time).total_seconds()
