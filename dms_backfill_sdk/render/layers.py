"""Where the nodes of a graph stand when it is drawn in layers, each edge pointing to a later one.

Layers come from the longest path. An edge that passes layers has a slot in each of them, like a node, so that it runs
between the nodes and not across. The order within a layer is found by barycentres: every slot goes to the middle of
those that it is joined with, forwards and backwards, and the order with the fewest crossings is kept. Then the slots
are placed: as near to their neighbours as order and distances allow.
"""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from attrs import frozen

from dms_backfill_sdk.graph import TaskGraph

__all__ = ["Layout", "layered", "layers"]

Edge = tuple[int, int]
#: What stands in a layer: a node, or an edge on its way through, with the layer.
Slot = int | tuple[int, int, int]

#: How often the order is gone through, and the places; more of it changes next to nothing. An odd number ends with
#: each node at the middle of those that it waits for, which makes the most lines straight.
ROUNDS = 15


@frozen
class Layout:
    """A graph that has been laid out.

    Attributes:
        layer: for each node, the layer that it stands in, from 0.
        place: for each node, where in its layer its middle is.
        bends: for each edge, where in the layers between it passes, in order.
        extent: how far the places reach, from 0.
    """

    layer: Mapping[int, int]
    place: Mapping[int, float]
    bends: Mapping[Edge, Sequence[float]]
    extent: float


def layered(graph: TaskGraph, room: Callable[[int], float], *, passing: float) -> Layout:
    """Lay a graph out.

    Args:
        room: how much a node needs of its layer, with its share of the gaps.
        passing: how much an edge that passes needs.

    Raises:
        ValueError: its edges form a ring.
    """
    layer = layers(graph)
    edges = list(dict.fromkeys(graph.edges))
    ways = {edge: _way(edge, layer) for edge in edges}
    before: dict[Slot, list[Slot]] = {node: [] for node in graph.nodes}
    before |= {slot: [] for way in ways.values() for slot in way}
    after: dict[Slot, list[Slot]] = {slot: [] for slot in before}
    for way in ways.values():
        for one, other in pairwise(way):
            before[other].append(one)
            after[one].append(other)
    rows: list[list[Slot]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for slot in _together(before, after):
        rows[slot[2] if isinstance(slot, tuple) else layer[slot]].append(slot)
    rows = _untangled(rows, before, after)
    need = {slot: passing if isinstance(slot, tuple) else room(slot) for slot in before}
    place = _placed(rows, before, after, need)
    nearest = min((place[slot] - need[slot] / 2 for slot in place), default=0.0)
    furthest = max((place[slot] + need[slot] / 2 for slot in place), default=0.0)
    return Layout(
        layer=layer,
        place={node: place[node] - nearest for node in graph.nodes},
        bends={edge: [place[slot] - nearest for slot in way[1:-1]] for edge, way in ways.items()},
        extent=furthest - nearest,
    )


def layers(graph: TaskGraph) -> dict[int, int]:
    """The layer of each node: behind all that it waits for; and what waits for nothing stands right before those that
    wait for it.

    >>> layers(TaskGraph(nodes=[1, 2, 3, 4], edges=[(1, 2), (2, 3), (4, 3)]))
    {1: 0, 4: 1, 2: 1, 3: 2}
    """
    found: dict[int, int] = {}
    for node in graph.order:
        found[node] = max((found[parent] + 1 for parent in graph.parents[node]), default=0)
    for node in graph.order:
        if not graph.parents[node] and graph.children[node]:
            found[node] = min(found[child] for child in graph.children[node]) - 1
    return found


def _way(edge: Edge, layer: Mapping[int, int]) -> list[Slot]:
    start, end = edge
    return [start, *((start, end, between) for between in range(layer[start] + 1, layer[end])), end]


Joined = Mapping[Slot, Sequence[Slot]]
Rows = list[list[Slot]]


def _together(before: Joined, after: Joined) -> Iterator[Slot]:
    """All slots, those that hang together one after another."""
    seen: set[Slot] = set()
    for first in before:
        ahead = [first]
        while ahead:
            slot = ahead.pop()
            if slot not in seen:
                seen.add(slot)
                yield slot
                ahead += reversed((*before[slot], *after[slot]))


# ---------------------------------------------------------------------------------------------------------------
# The order within the layers


def _untangled(rows: Rows, before: Joined, after: Joined) -> Rows:
    best, fewest = rows, _crossings(rows, after)
    for turn in range(ROUNDS):
        if not fewest:
            break
        rows = _swept(rows, before) if turn % 2 == 0 else _swept(rows[::-1], after)[::-1]
        crossings = _crossings(rows, after)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _swept(rows: Rows, behind: Joined) -> Rows:
    """The rows with each slot at the middle of those that it is joined with in the row before."""
    swept: Rows = []
    for row in rows:
        at = {slot: float(index) for index, slot in enumerate(swept[-1] if swept else [])}
        own = {slot: float(index) for index, slot in enumerate(row)}
        middle = {slot: _mean([at[one] for one in behind[slot]]) if behind[slot] else own[slot] for slot in row}
        swept.append(sorted(row, key=middle.__getitem__))
    return swept


def _crossings(rows: Rows, after: Joined) -> int:
    """How many pairs of edges cross."""
    count = 0
    for row, following in pairwise(rows):
        at = {slot: index for index, slot in enumerate(following)}
        ends: list[int] = []
        for slot in row:
            reached = [at[one] for one in after[slot]]
            count += sum(len(ends) - bisect_right(ends, end) for end in reached)
            for end in reached:
                insort(ends, end)
    return count


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


# ---------------------------------------------------------------------------------------------------------------
# The places


def _placed(rows: Rows, before: Joined, after: Joined, need: Mapping[Slot, float]) -> dict[Slot, float]:
    place: dict[Slot, float] = {}
    for row in rows:
        place.update(zip(row, _spread([0.0] * len(row), [1.0] * len(row), [need[slot] for slot in row]), strict=True))
    for turn in range(ROUNDS):
        beside = before if turn % 2 == 0 else after
        for row in rows if turn % 2 == 0 else rows[::-1]:
            # Who is joined with nobody stays, if nobody pushes.
            pulls = [[(place[one], _pull(slot, one)) for one in beside[slot]] or [(place[slot], 0.1)] for slot in row]
            weights = [sum(pull for _, pull in each) for each in pulls]
            wanted = [sum(at * pull for at, pull in each) / weight for each, weight in zip(pulls, weights, strict=True)]
            place.update(zip(row, _spread(wanted, weights, [need[slot] for slot in row]), strict=True))
    return place


def _pull(one: Slot, other: Slot) -> float:
    """How much two that are joined want to stand side by side: long edges want to be straight."""
    return (1.0, 4.0, 16.0)[isinstance(one, tuple) + isinstance(other, tuple)]


def _spread(wanted: Sequence[float], weights: Sequence[float], need: Sequence[float]) -> list[float]:
    """The places nearest to those wanted that keep the order and leave each the room it needs.

    Least squares under an order is what pooling adjacent violators finds: whoever would overlap moves as one.

    >>> _spread([5, 5, 30], [1, 1, 1], [10, 10, 10])
    [0.0, 10.0, 30.0]
    """
    offsets = [0.0]
    for one, other in pairwise(need):
        offsets.append(offsets[-1] + (one + other) / 2)
    pools: list[tuple[float, float, int]] = []  # where it wants to be, its weight, how many are in it
    for at, weight, offset in zip(wanted, weights, offsets, strict=False):
        pool = (at - offset, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            (there, heavy, many), (here, light, few) = pools.pop(), pool
            pool = ((there * heavy + here * light) / (heavy + light), heavy + light, many + few)
        pools.append(pool)
    bases = [at for at, _, count in pools for _ in range(count)]
    return [base + offset for base, offset in zip(bases, offsets, strict=False)]
