"""What ran, runs and will run: the records that the engine keeps of runs, their nodes and their series."""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import lru_cache

from attrs import define, field, frozen

from dms_backfill_sdk.emulator.content import Work, read_content
from dms_backfill_sdk.emulator.flows import Node, Version
from dms_backfill_sdk.emulator.refusal import invalid
from dms_backfill_sdk.operations.terms import RunStatus

__all__ = ["NOT_BEGUN", "NodeRun", "NodeRuns", "Run", "Series", "Shape", "shape_of"]


@frozen
class Shape:
    """What a run of a version does, worked out once for all runs of a series.

    A node's *place* is its index in these tuples, which have one entry for each node that a run lists.

    Attributes:
        version: the version that is run.
        nodes: the nodes, each after all that it waits for.
        works: what each does; None for one that is filtered out and succeeds without work.
        waits: for how many others each waits.
        followers: the places of those that wait for each.
    """

    version: Version
    nodes: tuple[Node, ...]
    works: tuple[Work | None, ...]
    waits: tuple[int, ...]
    followers: tuple[tuple[int, ...], ...]


def shape_of(
    version: Version,
    start: Collection[int] | None = None,
    *,
    downstream: bool = True,
    skip: Collection[int] = (),
    list_skipped: bool = True,
) -> Shape:
    """Which nodes a run lists, and in what order they come.

    Args:
        version: the version that is run.
        start: where to start; None is the whole version.
        downstream: whether what is below the start nodes runs too.
        skip: nodes that are filtered out.
        list_skipped: whether these are listed, or absent.
    """
    return _shape_of(version, start if start is None else tuple(start), downstream, tuple(skip), list_skipped)


@lru_cache(maxsize=128)  # the same request comes again and again, for one day after the other
def _shape_of(
    version: Version, start: tuple[int, ...] | None, downstream: bool, skip: tuple[int, ...], list_skipped: bool
) -> Shape:
    try:
        selection = version.graph.select(start, downstream=downstream, skip=skip)
    except KeyError as wrong:
        raise invalid(f"Node {wrong.args[0]} is not in version {version.id} of the task flow.") from None
    running = frozenset(selection.running)
    # A node that is skipped and listed takes its turn like any other; it only does nothing then.
    listed = version.graph.select(start, downstream=downstream) if list_skipped else selection
    places = {node: place for place, node in enumerate(listed.running)}
    followers: list[list[int]] = [[] for _ in places]
    for node, ahead in listed.waits_for.items():
        for one in ahead:
            followers[places[one]].append(places[node])
    return Shape(
        version=version,
        nodes=tuple(version.nodes[node] for node in places),
        works=tuple(read_content(version.nodes[node].content) if node in running else None for node in places),
        waits=tuple(len(listed.waits_for[node]) for node in places),
        followers=tuple(tuple(places) for places in followers),
    )


@frozen
class NodeRun:
    """One node's part in a run."""

    id: int
    node: Node
    status: RunStatus
    started: datetime | None
    ended: datetime | None
    message: str


@define(eq=False)
class NodeRuns:
    """How far the nodes of one run are: parallel lists, an entry for each place; all empty before the run begins.

    One object for each node of each run would be a hundred thousand of them for three years of a large flow.

    Attributes:
        status: where each stands.
        started: when each began.
        ended: when each ended.
        ahead: how many of those that each waits for have not succeeded yet.
        messages: what the service says about some.
        running: how many run at this moment.
    """

    status: bytearray = field(factory=bytearray)
    started: list[datetime | None] = field(factory=list)
    ended: list[datetime | None] = field(factory=list)
    ahead: list[int] = field(factory=list)
    messages: dict[int, str] = field(factory=dict)
    running: int = 0

    @classmethod
    def of(cls, shape: Shape) -> "NodeRuns":
        size = len(shape.nodes)
        return cls(bytearray(size), [None] * size, [None] * size, list(shape.waits))

    def ready(self) -> list[int]:
        """The places of the nodes that wait for nothing any more and have not begun."""
        return [
            place
            for place, (status, ahead) in enumerate(zip(self.status, self.ahead, strict=True))
            if status == RunStatus.WAITING and not ahead
        ]

    def places(self, status: RunStatus) -> list[int]:
        return [place for place, found in enumerate(self.status) if found == status]


NOT_BEGUN = NodeRuns()
"""Shared by all runs that wait, of which there may be tens of thousands."""


@define(eq=False)
class Run:
    """One execution record of a task flow.

    Attributes:
        id: the run.
        flow_id: the task flow.
        series: the runs it is one of.
        business_time: the time it is about.
        is_parent: it has no nodes and stands for its whole series.
        first_node_run_id: the id of the first node's record; the others follow.
        status: where it stands.
        started: when it began; None while it waits.
        ended: when it ended.
        message: what the service says about it.
        stopped: somebody stopped it.
        life: counts how often it was begun or cut short; what was planned in an earlier life does not happen.
        nodes: how far its nodes are.
    """

    id: int
    flow_id: int
    series: "Series" = field(repr=False)
    business_time: datetime
    is_parent: bool = False
    first_node_run_id: int = 0
    status: RunStatus = RunStatus.WAITING
    started: datetime | None = None
    ended: datetime | None = None
    message: str = ""
    stopped: bool = False
    life: int = 0
    nodes: NodeRuns = field(default=NOT_BEGUN, repr=False)

    def node_runs(self) -> Iterator[NodeRun]:
        """Its nodes' parts, in an order that keeps the edges."""
        if self.is_parent:
            return
        shape = self.series.shape
        nodes = self.nodes if self.nodes.status else NodeRuns.of(shape)
        for place, node in enumerate(shape.nodes):
            yield NodeRun(
                id=self.first_node_run_id + place,
                node=node,
                status=RunStatus(nodes.status[place]),
                started=nodes.started[place],
                ended=nodes.ended[place],
                message=nodes.messages.get(place, ""),
            )


@define(eq=False)
class Series:
    """The runs that one request starts, strictly one after another.

    Attributes:
        shape: what each run does.
        runs: the runs, in the order they are run.
        parent: the record that stands for all of them, if there is one.
        turn: the index of the run that runs, that holds the others up, or that is next.
    """

    shape: Shape = field(repr=False)
    runs: list[Run] = field(factory=list, repr=False)
    parent: Run | None = None
    turn: int = 0

    @property
    def records(self) -> list[Run]:
        """All that is listed of it, the parent first."""
        return ([self.parent] if self.parent else []) + self.runs

    @property
    def status(self) -> RunStatus:
        """Where the series stands as a whole."""
        if self.turn < len(self.runs):
            up = self.runs[self.turn].status
            return up if up in (RunStatus.SUSPENDED, RunStatus.FAILED) else RunStatus.RUNNING
        found = {run.status for run in self.runs}
        if found & {RunStatus.RUNNING, RunStatus.SUSPENDED}:
            return RunStatus.RUNNING  # one of them is being run again
        return RunStatus.FAILED if RunStatus.FAILED in found else RunStatus.SUCCESS
