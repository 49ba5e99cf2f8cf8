"""What the local service holds: tenants, task flows, runs. Nothing here knows of time passing; see the engine.

Everything in it can be pickled.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, NamedTuple

import attrs
from attrs import define, field, frozen

from dms_backfill_sdk.emulator.flows import Edge, Flow, Node, Version
from dms_backfill_sdk.emulator.nodes import Attempts
from dms_backfill_sdk.emulator.refusal import Refusal, invalid
from dms_backfill_sdk.emulator.runs import Run, Series, Shape

__all__ = ["DEFAULT_TENANT", "OWNER", "Event", "Space", "Tenant", "User", "World"]

DEFAULT_TENANT = 3001


@frozen
class User:
    """Whoever made and owns what there is; the emulator knows one user."""

    id: str
    name: str


OWNER = User("510001", "Owner_NickName")


@frozen
class Tenant:
    """A tenant; the first one is the one the user is in."""

    id: int
    name: str


@frozen
class Space:
    """A workspace. All task flows of its tenant are in it."""

    id: int
    name: str
    tenant: int


class Event(NamedTuple):
    """Something that is to happen. Events are ordered by moment, and within one by when they were planned.

    Attributes:
        at: when.
        number: no other event has it.
        run: the run it is about.
        life: the life of the run in which it was planned.
        what: the place of the node that ends, or one of the engine's own marks.
    """

    at: datetime
    number: int
    run: Run
    life: int
    what: int


def _first_ids() -> dict[str, int]:
    # As in the documents' examples, so that a number says what it is of.
    return {
        "flow": 15001,
        "version": 16001,
        "edge": 24001,
        "node": 44001,
        "deployment": 65001,
        "run": 470001,
        "node run": 1400001,
        "event": 1,
    }


@define(eq=False)
class World:
    """Tenants, spaces, flows and runs, and how they are made, found and deleted.

    Every method refuses what the service would refuse, by raising :class:`Refusal`.

    Attributes:
        now: the moment up to which everything has happened, in UTC+8.
        tenants: the tenants by their ids; the first is the one the user is in.
        spaces: the workspaces by their ids.
        flows: the task flows by their ids.
        runs: the runs by their ids.
        agenda: what is going to happen.
        attempts: how often nodes that fail at first have tried.
    """

    MAX_FLOWS: ClassVar[int] = 5000  # documented, per tenant

    now: datetime
    tenants: dict[int, Tenant] = field(factory=lambda: {DEFAULT_TENANT: Tenant(DEFAULT_TENANT, "test_name")})
    spaces: dict[int, Space] = field(factory=lambda: {1: Space(1, "test_space", DEFAULT_TENANT)})
    flows: dict[int, Flow] = field(factory=dict, init=False, repr=False)
    runs: dict[int, Run] = field(factory=dict, init=False, repr=False)
    agenda: list[Event] = field(factory=list, init=False, repr=False)
    attempts: Attempts = field(factory=Attempts, init=False, repr=False)
    _flow_of_node: dict[int, Flow] = field(factory=dict, init=False, repr=False)
    _runs_of_flow: dict[int, list[Run]] = field(factory=dict, init=False, repr=False)
    _next_ids: dict[str, int] = field(factory=_first_ids, init=False, repr=False)

    def new_id(self, kind: str, many: int = 1) -> int:
        """The first of ``many`` ids that nothing of this kind has had."""
        found = self._next_ids[kind]
        self._next_ids[kind] += many
        return found

    # -- finding -------------------------------------------------------------------------------------------------

    def tenant(self, tenant: int | None = None) -> Tenant:
        """The tenant of that id; None is the one the user is in."""
        if tenant is None:
            return next(iter(self.tenants.values()))
        if tenant not in self.tenants:
            raise Refusal("TenantNotExist", "The specified tenant does not exist.")
        return self.tenants[tenant]

    def space(self, space: int | str, tenant: int | None = None) -> Space:
        """The workspace of that id or name."""
        inside = self.tenant(tenant).id
        for found in self.spaces.values():
            if found.tenant == inside and space in (found.id, found.name):
                return found
        raise invalid(f"There is no workspace {space!r} in the tenant; it may be misspelt.")

    def flows_of(self, tenant: int | None = None) -> list[Flow]:
        """The task flows of a tenant, in the order they were made."""
        inside = self.tenant(tenant).id
        return [flow for flow in self.flows.values() if flow.tenant == inside]

    def flow(self, flow: int, tenant: int | None = None) -> Flow:
        """The task flow of that id."""
        found = self.flows.get(flow)
        if found is None or found.tenant != self.tenant(tenant).id:
            raise invalid("The task flow does not exist or you have no permission.")
        return found

    def node(self, node: int, tenant: int | None = None) -> tuple[Flow, Node]:
        """The node of that id, as it is being edited, and its task flow."""
        flow = self._flow_of_node.get(node)
        if flow is None or flow.tenant != self.tenant(tenant).id:
            raise invalid("The node does not exist or you have no permission.")
        return flow, flow.nodes[node]

    def run(self, flow: Flow, run: int) -> Run:
        """The run of that id, which must be one of the task flow."""
        found = self.runs.get(run)
        if found is None or found.flow_id != flow.id:
            raise invalid(f"The task flow has no run {run}; ListTaskFlowInstance lists those it has.")
        return found

    def runs_of(self, flow: Flow) -> list[Run]:
        """The runs of a task flow, oldest first."""
        return self._runs_of_flow[flow.id]

    # -- authoring -----------------------------------------------------------------------------------------------

    def create_flow(
        self, name: str, *, tenant: int | None = None, description: str = "", scenario_id: int | None = None
    ) -> Flow:
        inside = self.tenant(tenant).id
        if len(self.flows_of(inside)) >= self.MAX_FLOWS:
            raise invalid(f"The tenant has {self.MAX_FLOWS} task flows, and that is the most it can have.")
        flow = Flow(id=self.new_id("flow"), tenant=inside, name=name, description=description, scenario_id=scenario_id)
        self.flows[flow.id] = flow
        self._runs_of_flow[flow.id] = []
        return flow

    def delete_flow(self, flow: Flow) -> None:
        """Delete a task flow and all its runs, whatever they are doing (our choice)."""
        del self.flows[flow.id]
        for node in flow.nodes:
            del self._flow_of_node[node]
        for run in self._runs_of_flow.pop(flow.id):
            run.life += 1  # what is on the agenda for it no longer happens
            del self.runs[run.id]

    def add_node(self, flow: Flow, name: str, **written: str) -> Node:
        """Give a task flow a node; ``written`` are the texts of :class:`Node`."""
        node = Node(id=self.new_id("node"), name=name, **written)
        flow.add_node(node)
        self._flow_of_node[node.id] = flow
        return node

    def write_content(self, flow: Flow, node: Node, content: str) -> None:
        """Say anew what a node does; published versions keep the old content."""
        flow.nodes[node.id] = attrs.evolve(node, content=content)

    def delete_node(self, flow: Flow, node: Node) -> None:
        """Delete a node and the edges that touch it; published versions keep it."""
        flow.remove_node(node.id)
        del self._flow_of_node[node.id]

    def add_edges(self, flow: Flow, pairs: Iterable[tuple[int, int]]) -> list[Edge]:
        """Add an edge for each pair of node ids, or none at all."""
        edges = [Edge(id=self.new_id("edge"), start=start, end=end) for start, end in pairs]
        flow.add_edges(edges)
        return edges

    def publish(self, flow: Flow, comments: str = "") -> Version:
        """Publish a task flow as it stands, and deploy it."""
        version = flow.snapshot(self.new_id("version"), comments)
        flow.versions.append(version)
        self._deploy(flow, version)
        return version

    def redeploy(self, flow: Flow, version: int | None = None) -> Version:
        """Deploy a version that was published before; None is the newest (our choice)."""
        for found in reversed(flow.versions):
            if version in (None, found.id):
                self._deploy(flow, found)
                return found
        raise invalid("The task flow has no such version; ListDAGVersions lists those it has.")

    def take_offline(self, flow: Flow) -> None:
        """Nothing of it can be backfilled until it is deployed again. Runs that have begun go on (our choice)."""
        if flow.deployed is None:
            raise invalid("The task flow is not published, or it is offline already.")
        flow.deployed = None

    def _deploy(self, flow: Flow, version: Version) -> None:
        flow.deployed = version
        flow.deploy_id = self.new_id("deployment")

    # -- recording -----------------------------------------------------------------------------------------------

    def record_series(self, flow: Flow, shape: Shape, times: Iterable[datetime], *, parent: datetime | None) -> Series:
        """Write down the runs of a series, all of them waiting.

        Args:
            flow: the task flow.
            shape: what each run does.
            times: the business time of each run, in the order they are run.
            parent: the business time of the record that stands for all; None makes none.
        """
        series = Series(shape)
        if parent is not None:
            series.parent = self._record(Run(self.new_id("run"), flow.id, series, parent, is_parent=True))
        for time in times:
            first = self.new_id("node run", len(shape.nodes))
            series.runs.append(self._record(Run(self.new_id("run"), flow.id, series, time, first_node_run_id=first)))
        return series

    def _record(self, run: Run) -> Run:
        self.runs[run.id] = run
        self._runs_of_flow[run.flow_id].append(run)
        return run
