"""Task graphs: which nodes a request means, why the others stay out, and what waits for what.

The plan a user reads and the engine that runs a flow both ask here, so that they cannot disagree.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from attrs import field, frozen

__all__ = ["Part", "Selection", "TaskGraph"]


class Part(Enum):
    """The part a node takes in a run."""

    RUNS = "runs"
    FILTERED = "filtered out by the request"
    OUTSIDE = "neither a start node nor below one"


@frozen(slots=False)  # slots would leave no room for cached_property
class TaskGraph:
    """Nodes, and edges from a node to one that waits for it.

    >>> graph = TaskGraph(nodes=[1, 2, 3], edges=[(1, 2), (2, 3)])
    >>> sorted(graph.below([2]))
    [2, 3]
    """

    nodes: tuple[int, ...] = field(converter=tuple[int, ...])
    edges: tuple[tuple[int, int], ...] = field(converter=tuple[tuple[int, int], ...], default=())

    @cached_property
    def parents(self) -> Mapping[int, tuple[int, ...]]:
        """For each node, those it waits for."""
        return self._neighbours((end, start) for start, end in self.edges)

    @cached_property
    def children(self) -> Mapping[int, tuple[int, ...]]:
        """For each node, those that wait for it."""
        return self._neighbours(self.edges)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The nodes, each after all that it waits for.

        Raises:
            ValueError: the edges form a ring.
        """
        try:
            return tuple(TopologicalSorter(self.parents).static_order())
        except CycleError as error:
            raise ValueError(f"The edges form a ring: {' → '.join(map(str, error.args[1]))}.") from None

    def below(self, starts: Iterable[int]) -> frozenset[int]:
        """The nodes named and all that wait for them, near or far."""
        found: set[int] = set()
        ahead = list(starts)
        while ahead:
            node = ahead.pop()
            if node not in found:
                found.add(node)
                ahead.extend(self.children[node])
        return frozenset(found)

    def select(
        self, start: Collection[int] | None = None, *, downstream: bool = True, skip: Collection[int] = ()
    ) -> "Selection":
        """What a request with these start nodes and filtered nodes means.

        Args:
            start: where to start; None is the whole graph (documented).
            downstream: whether what is below the start nodes runs too (documented, True by default).
            skip: nodes left out (documented).

        Raises:
            KeyError: a node that is not in the graph; its argument is the node.
        """
        for node in (*(start or ()), *skip):
            if node not in self.children:
                raise KeyError(node)
        chosen = frozenset(self.nodes) if start is None else self.below(start) if downstream else frozenset(start)
        parts = {
            node: Part.OUTSIDE if node not in chosen else Part.FILTERED if node in skip else Part.RUNS
            for node in self.order
        }
        return Selection(self, parts)

    def longest_path(self, weights: Mapping[int, float]) -> float:
        """The heaviest way from any start to any end: the least time a run needs, however much runs at once."""
        until: dict[int, float] = {}
        for node in self.order:
            until[node] = weights.get(node, 0) + max((until[parent] for parent in self.parents[node]), default=0)
        return max(until.values(), default=0)

    def _neighbours(self, pairs: Iterable[tuple[int, int]]) -> Mapping[int, tuple[int, ...]]:
        found: dict[int, list[int]] = {node: [] for node in self.nodes}
        for node, neighbour in pairs:
            found[node].append(neighbour)
        return {node: tuple(neighbours) for node, neighbours in found.items()}


@frozen(slots=False)
class Selection:
    """The part that each node of a graph takes in a run.

    Attributes:
        graph: all nodes and edges.
        parts: for each node, in an order that keeps the edges, its part.
    """

    graph: TaskGraph
    parts: Mapping[int, Part]

    @cached_property
    def running(self) -> tuple[int, ...]:
        """The nodes that do their work, in an order that keeps the edges."""
        return tuple(node for node, part in self.parts.items() if part is Part.RUNS)

    @cached_property
    def waits_for(self) -> Mapping[int, tuple[int, ...]]:
        """For each running node, the running nodes it waits for.

        A node that does not run hands on what it waits for itself, so the order of those around it stays. (The
        service does not say; our choice.)
        """
        handed: dict[int, tuple[int, ...]] = {}
        waits: dict[int, tuple[int, ...]] = {}
        for node, part in self.parts.items():
            ahead = tuple(dict.fromkeys(one for parent in self.graph.parents[node] for one in handed[parent]))
            if part is Part.RUNS:
                waits[node] = ahead
                handed[node] = (node,)
            else:
                handed[node] = ahead
        return waits
