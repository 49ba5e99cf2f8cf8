"""What a task flow is: nodes, edges, time variables, and the versions that were published of them."""

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs
from attrs import define, field, frozen

from dms_backfill_sdk.emulator.refusal import invalid
from dms_backfill_sdk.emulator.variables import VariableError, read_variables
from dms_backfill_sdk.graph import TaskGraph
from dms_backfill_sdk.operations.terms import FlowStatus, NodeType

__all__ = ["Edge", "Flow", "Node", "Version"]

# The documented types that are known by name only; NodeType has those with a number.
_NAMED = frozenset(
    {
        "ADB_SPARK", "AZKABAN_COMMAND_REMOTE", "DBS_BACKUP", "DLA_ONE_CLICK_DW", "DLA_SERVERLESS_SPARK",
        "DLA_SERVERLESS_SPARK_SQL", "DTS_CHECKPOINT", "DTS_FULL_SYNC", "LINDORM_FILE_CHECK", "LINDORM_SPARK",
        "LOOP_NORMAL_SQL", "NLOCK_DATA_CORRECT", "SPARK_INTEGRATION", "SQL_STATUS_CHECK",
    }
)  # fmt: skip


def _type_name(given: str) -> str:
    """The name of a node's type, of its name or the text of its number; a number without a name stays a number."""
    if re.fullmatch("[0-9]{1,9}", given):
        number = int(given)
        return NodeType(number).name if number in NodeType._value2member_map_ else given
    if given in NodeType.__members__ or given in _NAMED:
        return given
    raise invalid(f"{given!r} is no node type; write a number such as '1', or a name such as 'NORMAL_SQL'.")


def checked_variables(text: str) -> str:
    """``text``, if it is a ``TimeVariables`` string that can be read; otherwise a refusal."""
    try:
        read_variables(text)
    except VariableError as wrong:
        raise invalid(str(wrong)) from None
    return text


@frozen(kw_only=True)
class Node:
    """A node as it is written. Texts that were never given are empty.

    Attributes:
        id: the node.
        name: its name; two nodes of a flow may share one.
        type: its type by name, or the text of a number that has no known name.
        content: what it does, as JSON; see :mod:`dms_backfill_sdk.emulator.content`.
        output: kept and given back, without effect.
        time_variables: its own time variables, as JSON.
        graph_param: kept and given back, without effect.
    """

    id: int
    name: str
    type: str = field(default="NORMAL_SQL", converter=_type_name)
    content: str = ""
    output: str = ""
    time_variables: str = field(default="", converter=checked_variables)
    graph_param: str = ""

    @property
    def type_number(self) -> int | None:
        """The number of its type; None when only its name is known."""
        if self.type in NodeType.__members__:
            return NodeType[self.type]
        return int(self.type) if self.type.isdigit() else None


@frozen(kw_only=True)
class Edge:
    """An edge from a node to one that waits for it."""

    id: int
    start: int
    end: int


@frozen(kw_only=True, eq=False)
class Version:
    """A task flow as it stood at one moment; later changes of the flow do not touch it.

    Attributes:
        id: the version, for one that was published; None for a try run's.
        last_id: the version before it.
        comments: what was said when it was published.
        graph: its nodes and edges.
        nodes: its nodes by their ids.
        time_variables: the flow's time variables, as JSON.
    """

    id: int | None
    last_id: int | None = None
    comments: str = ""
    graph: TaskGraph
    nodes: Mapping[int, Node]
    time_variables: str


@define(kw_only=True, eq=False)
class Flow:
    """A task flow as it is being edited, and what was published of it.

    Attributes:
        id: the task flow.
        tenant: the tenant it belongs to.
        name: its name; two flows of a tenant may share one (our choice).
        description: what it is for.
        scenario_id: the scenario it is filed under; None is the default one.
        nodes: its nodes by their ids.
        edges: its edges by their ids.
        time_variables: its time variables, as JSON.
        versions: what was published, oldest first.
        deployed: the version that runs when none is named: the one published or redeployed last. None before the
            first publishing and when the flow is offline.
        deploy_id: the latest deployment record.
    """

    MAX_NODES: ClassVar[int] = 100  # documented

    id: int
    tenant: int
    name: str
    description: str = ""
    scenario_id: int | None = None
    nodes: dict[int, Node] = field(factory=dict, repr=False)
    edges: dict[int, Edge] = field(factory=dict, repr=False)
    time_variables: str = field(default="", converter=checked_variables, on_setattr=attrs.setters.convert)
    versions: list[Version] = field(factory=list, repr=False)
    deployed: Version | None = field(default=None, repr=False)
    deploy_id: int | None = None

    @property
    def status(self) -> FlowStatus:
        """Not scheduled (the emulator knows no schedules) when it is deployed, otherwise invalid (our choice)."""
        return FlowStatus.NOT_SCHEDULED if self.deployed else FlowStatus.INVALID

    def add_node(self, node: Node) -> None:
        if len(self.nodes) >= self.MAX_NODES:
            raise invalid(f"The task flow has {self.MAX_NODES} nodes, and that is the most it can have.")
        self.nodes[node.id] = node

    def remove_node(self, node_id: int) -> None:
        """Remove a node, and the edges that touch it (our choice)."""
        del self.nodes[node_id]
        self.edges = {key: edge for key, edge in self.edges.items() if node_id not in (edge.start, edge.end)}

    def add_edges(self, edges: Iterable[Edge]) -> None:
        """Add all of these edges, or none."""
        new = list(edges)
        pairs = {(edge.start, edge.end) for edge in self.edges.values()}
        for edge in new:
            for node_id in (edge.start, edge.end):
                if node_id not in self.nodes:
                    raise invalid(f"Node {node_id} is not in the task flow; an edge joins two of its nodes.")
            if (edge.start, edge.end) in pairs:
                raise invalid(f"There is an edge from node {edge.start} to node {edge.end} already.")
            pairs.add((edge.start, edge.end))
        try:
            TaskGraph(self.nodes, pairs).order  # noqa: B018  asked for its objection
        except ValueError as ring:
            raise invalid(str(ring)) from None
        self.edges.update((edge.id, edge) for edge in new)

    def edges_where(self, edge_id: int | None = None, start: int | None = None, end: int | None = None) -> list[Edge]:
        """The edges that meet every condition given; all of them when none is (our choice)."""
        wanted = (edge_id, start, end)
        return [
            edge
            for edge in self.edges.values()
            if all(want in (None, has) for want, has in zip(wanted, (edge.id, edge.start, edge.end), strict=True))
        ]

    def snapshot(self, version_id: int | None = None, comments: str = "") -> Version:
        """The flow as it stands now."""
        return Version(
            id=version_id,
            last_id=self.versions[-1].id if self.versions else None,
            comments=comments,
            graph=TaskGraph(self.nodes, ((edge.start, edge.end) for edge in self.edges.values())),
            nodes=dict(self.nodes),
            time_variables=self.time_variables,
        )

    def version(self, version_id: int | None) -> Version:
        """The published version to run.

        Args:
            version_id: the ``HistoryDagId`` of a request, which we take for the id of a version; None takes the one
                that is deployed.
        """
        if self.deployed is None:
            raise invalid("The task flow is not published, or it is offline; publish it with PublishAndDeployTaskFlow.")
        if version_id is None:
            return self.deployed
        for version in self.versions:
            if version.id == version_id:
                return version
        raise invalid(f"The task flow has no version {version_id}; ListDAGVersions lists those it has.")
