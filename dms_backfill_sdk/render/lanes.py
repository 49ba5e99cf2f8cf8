"""A graph as text, from top to bottom: a row for each node, and lines beside it that lead to those that wait for it.

It is drawn as version control draws a history. A lane is a line on its way to a node; those on their way to the same
one share theirs.
"""

from collections.abc import Iterator, Sequence

from attrs import frozen

from dms_backfill_sdk.graph import TaskGraph

__all__ = ["Row", "lanes"]

#: Where a line leads from the middle of its place: up, down, left, right → the character.
_CORNERS = {
    (True, True, False, False): "│",
    (True, True, True, False): "┤",
    (True, True, False, True): "├",
    (True, True, True, True): "┼",
    (True, False, True, False): "╯",
    (True, False, False, True): "╰",
    (True, False, True, True): "┴",
    (False, True, True, False): "╮",
    (False, True, False, True): "╭",
    (False, True, True, True): "┬",
    (False, False, True, True): "─",
    (False, False, False, False): " ",
}


@frozen
class Row:
    """A row of the drawing.

    Attributes:
        node: the node that stands in it; None where there are only lines.
        left: what is drawn left of the node.
        right: what is drawn right of it.
    """

    node: int | None
    left: str
    right: str = ""

    @property
    def width(self) -> int:
        return len(self.left) + (self.node is not None) + len(self.right)


def lanes(graph: TaskGraph) -> Iterator[Row]:
    """Draw a graph. A line that meets another one from the side ends in it; one that passes is interrupted by it.

    >>> graph = TaskGraph(nodes=[1, 2, 3, 4], edges=[(1, 2), (1, 3), (2, 4), (3, 4)])
    >>> for row in lanes(graph):
    ...     print(row.left + str(row.node or "") + row.right)
    1
    ├─╮
    2 │
    │ 3
    ├─╯
    4

    Raises:
        ValueError: its edges form a ring.
    """
    ahead: list[int | None] = []  # for each lane the node that it leads to
    above = None  # the lane of a node right above
    for node in graph.order:
        lane = ahead.index(node) if node in ahead else _free(ahead)
        if lane == above and not graph.parents[node]:
            # Without a gap it would seem to wait for the one above.
            yield Row(None, " ".join("│" if one is not None else " " for one in ahead).rstrip())
        ahead[lane] = None
        bars = ["│" if one is not None else " " for one in ahead]
        left, right = bars[:lane], bars[lane + 1 :]
        yield Row(node, "".join(f"{bar} " for bar in left), "".join(f" {bar}" for bar in right).rstrip())
        before = [one is not None for one in ahead]
        before[lane] = True
        reached = set()
        for child in sorted(set(graph.children[node]), key=graph.order.index):
            if child not in ahead:
                ahead[lane if ahead[lane] is None else _free(ahead)] = child
            reached.add(ahead.index(child))
        above = lane
        if reached - {lane}:
            yield Row(None, _joined(lane, reached, before, ahead))
            above = None
        while ahead and ahead[-1] is None:
            ahead.pop()


def _free(ahead: list[int | None]) -> int:
    """A lane that leads nowhere; a new one if there is none."""
    if None not in ahead:
        ahead.append(None)
    return ahead.index(None)


def _joined(lane: int, reached: set[int], before: Sequence[bool], ahead: Sequence[int | None]) -> str:
    """The lines from a lane to those that it reaches."""
    first, last = min(lane, *reached), max(lane, *reached)
    drawn = ""
    for place, leads_to in enumerate(ahead):
        up, down = place < len(before) and before[place], leads_to is not None
        inside = place in reached or place == lane or not (up or down)
        left, right = first < place <= last and inside, first <= place < last and inside
        drawn += _CORNERS[up, down, left, right] + ("─" if first <= place < last else " ")
    return drawn.rstrip()
