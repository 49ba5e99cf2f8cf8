"""The plan: what exactly a backfill would run, in which order, and why not more. Made before anything is started."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Self, TypeVar, get_args

from attrs import asdict, evolve, field, fields, frozen

from dms_backfill_sdk.backfill.caller import AnyCaller, Caller
from dms_backfill_sdk.backfill.history import Standing, Talk
from dms_backfill_sdk.backfill.job import AnyJob, Job
from dms_backfill_sdk.backfill.submission import Resubmit, submitting
from dms_backfill_sdk.backfill.watch import Started
from dms_backfill_sdk.backfill.windows import WANTED, Choice, Only, Window, windows_of
from dms_backfill_sdk.dates import BusinessTimes
from dms_backfill_sdk.errors import ConfigurationError, DmsError, InvalidRequestError
from dms_backfill_sdk.frames import frame
from dms_backfill_sdk.graph import Part, Selection, TaskGraph
from dms_backfill_sdk.operations.back_fill import BackFillRequest
from dms_backfill_sdk.shown import Shown
from dms_backfill_sdk.wire import encode_parameters

__all__ = ["AnyPlan", "Plan", "PlannedRun"]


@frozen
class PlannedRun:
    """One business time of a plan.

    Attributes:
        business_time: the time.
        standing: where it stands today.
        runs: whether the plan runs it.
    """

    business_time: datetime
    standing: Standing
    runs: bool


C = TypeVar("C", bound=AnyCaller)


@frozen(kw_only=True)
class AnyPlan(Shown, Generic[C]):
    """What every plan has: all of it but who submits it. For its attributes see :class:`Plan`."""

    dag_id: int
    flow_name: str
    tid: int | None = None
    times: BusinessTimes
    choice: Choice
    only: Only = "all"
    graph: TaskGraph
    node_names: Mapping[int, str]
    existing: Mapping[datetime, Standing] = field(factory=dict, repr=False)
    seconds_per_run: float | None = None
    warnings: tuple[str, ...] = ()
    made_at: datetime
    windows: tuple[Window, ...] = field(init=False, repr=False)
    _client: C | None = field(default=None, eq=False, repr=False)
    #: What it becomes once it is submitted.
    _job: ClassVar[type[AnyJob[Any]]]

    @windows.default
    def _(self) -> tuple[Window, ...]:
        return windows_of(self.dag_id, self.tid, self.times, self.choice, self.only, self.existing)

    @property
    def requests(self) -> tuple[BackFillRequest, ...]:
        """The requests that :meth:`submit` sends, and nothing else."""
        return tuple(window.request for window in self.windows)

    @property
    def selection(self) -> Selection:
        """The part that each node takes."""
        start, skip = self.choice.start, self.choice.skip
        return self.graph.select(start, downstream=self.choice.downstream, skip=skip)

    def nodes(self) -> Mapping[str, Part]:
        """For each node by name, in an order that keeps the edges: whether it runs, and if not, why.

        Nodes that share a name have their id after it.
        """
        named = Counter(self.node_names.values())
        names = {node: f"{name} ({node})" if named[name] > 1 else name for node, name in self.node_names.items()}
        return {names[node]: part for node, part in self.selection.parts.items()}

    def __len__(self) -> int:
        """How many runs the plan starts."""
        return sum(len(window.times) for window in self.windows)

    def __iter__(self) -> Iterator[datetime]:
        """The business times that are run, in order; made as they are asked for."""
        return (time for window in self.windows for time in window.times)

    def runs(self) -> Iterator[PlannedRun]:
        """Every business time that was asked for, in order, with where it stands and whether it is run."""
        wanted = WANTED[self.only]
        for time in self.times:
            standing = self.existing.get(time, Standing.MISSING)
            yield PlannedRun(time, standing, standing in wanted)

    def to_pandas(self) -> Any:
        """:meth:`runs` as a ``pandas.DataFrame``: business_time, standing, runs.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        names = [attribute.name for attribute in fields(PlannedRun)]
        return frame(names, (asdict(run, recurse=False) for run in self.runs()))

    def standings(self) -> Counter[Standing]:
        """How many of the business times stand where."""
        counts = Counter(standing for time, standing in self.existing.items() if time in self.times)
        counts[Standing.MISSING] += len(self.times) - counts.total()
        return counts

    @property
    def estimate(self) -> timedelta | None:
        """How long it may take: the runs of the longest window, one after another, each as long as the median of past
        ones. An estimate."""
        longest = max((len(window.times) for window in self.windows), default=0)
        return None if self.seconds_per_run is None else timedelta(seconds=round(self.seconds_per_run * longest))

    def warning(self, sentences: tuple[str, ...]) -> Self:
        """The same plan with these warnings."""
        return evolve(self, warnings=sentences)

    def by(self, client: C) -> Self:
        """The same plan in the hands of a client."""
        return evolve(self, client=client)

    def _owner(self) -> C:
        if self._client is None:
            raise ConfigurationError("This plan belongs to no client.", advice="Give it one: plan.by(client).")
        return self._client

    def _submitting(self, client: C, resubmit: Resubmit) -> Talk[Any]:
        if resubmit not in get_args(Resubmit):
            raise InvalidRequestError(f'resubmit={resubmit!r} is unknown; write "never" or "if-absent".')

        def job(started: tuple[Started, ...]) -> AnyJob[Any]:
            return self._job(client=client, dag_id=self.dag_id, flow_name=self.flow_name, started=started, tid=self.tid)

        try:
            return job((yield from submitting(self.windows, self.existing, client.line, client.tid, resubmit)))
        except DmsError as error:
            error.job = job(error.started)
            raise

    # -- written down --------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The plan in plain values, with the requests it means; :meth:`from_dict` reads it again."""
        return {
            "dag_id": self.dag_id,
            "flow_name": self.flow_name,
            "tid": self.tid,
            "times": self.times.to_dict(),
            "choice": asdict(self.choice),
            "only": self.only,
            "nodes": {str(node): name for node, name in self.node_names.items()},
            "edges": [list(edge) for edge in self.graph.edges],
            "existing": {time.isoformat(): standing.value for time, standing in self.existing.items()},
            "seconds_per_run": self.seconds_per_run,
            "warnings": list(self.warnings),
            "made_at": self.made_at.isoformat(),
            "runs": len(self),
            "requests": [dict(encode_parameters(request)[0]) for request in self.requests],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], client: C | None = None) -> Self:
        """The plan that :meth:`to_dict` wrote down."""
        names = {int(node): name for node, name in data["nodes"].items()}
        choice = data["choice"]
        start = choice["start"]
        return cls(
            client=client,
            dag_id=data["dag_id"],
            flow_name=data["flow_name"],
            tid=data["tid"],
            times=BusinessTimes.from_dict(data["times"]),
            choice=Choice(
                start=None if start is None else tuple(start),
                skip=tuple(choice["skip"]),
                downstream=choice["downstream"],
                version=choice["version"],
            ),
            only=data["only"],
            graph=TaskGraph(tuple(names), [(start, end) for start, end in data["edges"]]),
            node_names=names,
            existing={datetime.fromisoformat(time): Standing(value) for time, value in data["existing"].items()},
            seconds_per_run=data["seconds_per_run"],
            warnings=tuple(data["warnings"]),
            made_at=datetime.fromisoformat(data["made_at"]),
        )

    def __str__(self) -> str:
        requests = f"{len(self.requests)} {'request' if len(self.requests) == 1 else 'requests'}"
        lines = [f"{self.flow_name} ({self.dag_id}): {len(self)} of {len(self.times)} business times, {requests}"]
        lines += [f"  {_says(window)}" for window in self.windows[:SHOWN]]
        if len(self.windows) > SHOWN:
            lines.append(f"  … and {len(self.windows) - SHOWN} more")
        lines += [f"  node {name}: {part.value}" for name, part in self.nodes().items()]
        if self.estimate:
            lines.append(f"  about {self.estimate} if each takes as long as the median of past runs (an estimate)")
        return "\n".join([*lines, *(f"  ! {warning}" for warning in self.warnings)])


@frozen(kw_only=True)
class Plan(AnyPlan[Caller]):
    """A plan: frozen, printable, and the very thing that is then submitted.

    Attributes:
        dag_id: the task flow.
        flow_name: its name.
        tid: the tenant; None is the one the caller is in.
        times: the business times that were asked for.
        choice: what of the flow is run.
        only: which of them are run, by where they stand.
        graph: the flow's nodes and edges.
        node_names: the names of its nodes, by id.
        existing: where those business times stand that have a run already.
        seconds_per_run: the median of past successful runs; None when there were none.
        warnings: what somebody should know before submitting, a sentence each.
        made_at: when the plan was made; what exists may have changed since.
    """

    _job = Job

    def submit(self, *, resubmit: Resubmit = "never") -> Job:
        """Send the requests, each once.

        A BackFill has no idempotency token. When the outcome of one is not known (timeout, broken connection, 5xx),
        the flow's runs are looked at before anything is sent again: runs about these business times, by hand, begun
        since the attempt. Are there any, they are the job's.

        Args:
            resubmit: what to do when no such run appears in time: ``"never"`` raises; ``"if-absent"`` sends again,
                if the runs could be looked at and nobody else's has come for these dates either.

        Raises:
            PlanOutdatedError: runs have come or moved on since the plan was made, perhaps by this very plan.
            DmsError: a request was refused, or its outcome stays unknown; ``error.job`` is what had started before.
        """
        client = self._owner()
        job: Job = client.run(self._submitting(client, resubmit))
        return job


#: Windows that are printed; the rest is counted.
SHOWN = 10


def _says(window: Window) -> str:
    first, last = window.times[0], window.times[-1]
    span = f"{first:%Y-%m-%d}" if len(window.times) == 1 else f"{first:%Y-%m-%d} → {last:%Y-%m-%d}"
    return f"{span}  {len(window.times)} {'run' if len(window.times) == 1 else 'runs'}"
