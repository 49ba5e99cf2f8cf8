"""A task graph as a picture: its nodes in layers, and what each of them does."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from attrs import frozen

from dms_backfill_sdk.graph import TaskGraph
from dms_backfill_sdk.render.drawing import WIDE, legend, mark, measure, picture, shortened
from dms_backfill_sdk.render.layers import Layout, layered
from dms_backfill_sdk.render.looks import LOOKS
from dms_backfill_sdk.render.markup import Markup, number, tag

__all__ = ["Box", "graph"]

HEIGHT = 26
#: The widest a box may be; longer names are shortened, and whole where they are pointed at.
WIDEST = 190
_PADDING = 10
#: Room for a mark before the name.
_MARK = 15
_BESIDE = 12
_GAP = 46
_GAP_DOWN = 34
_PASSING = 14


@frozen
class Box:
    """A node as it is drawn.

    Attributes:
        name: what stands in it.
        style: a style of :data:`~dms_backfill_sdk.render.looks.LOOKS`.
        words: what is said of it when it is pointed at.
    """

    name: str
    style: str = "node"
    words: str = ""


def graph(
    boxes: Mapping[int, Box], edges: Iterable[tuple[int, int]], *, label: str, meanings: Mapping[str, str]
) -> Markup:
    """Draw a graph from left to right; or from top to bottom, where it would be too wide otherwise.

    Args:
        boxes: the nodes, by id.
        edges: from a node to one that waits for it.
        label: what it is the graph of.
        meanings: what the legend says of the styles that are there; without any there is no legend.

    Raises:
        ValueError: the edges form a ring.
    """
    tasks = TaskGraph(tuple(boxes), tuple(edges))
    chosen = _drawn(tasks, boxes, down=False)
    if chosen.width > WIDE:
        down = _drawn(tasks, boxes, down=True)
        chosen = down if down.width < 0.8 * chosen.width else chosen
    counts = Counter(box.style for box in boxes.values())
    entries = [(style, f"{words} ({counts[style]})") for style, words in meanings.items() if style in counts]
    key, size = legend(entries, top=chosen.height + 12, shape="dms-tint")
    summary = "".join(f"; {counts[style]} {LOOKS[style].label}" for style in meanings if style in counts)
    return picture(
        max(chosen.width, size.width),
        size.height,
        *chosen.parts,
        key,
        label=f"{label}: {len(boxes)} nodes, {len(tasks.edges)} edges{summary}",
    )


@frozen
class _Drawn:
    width: float
    height: float
    parts: Sequence[Markup]


def _width(box: Box) -> float:
    marked = _MARK if LOOKS[box.style].mark else 0
    return round(min(WIDEST, measure(box.name) + 2 * _PADDING + marked))


def _drawn(tasks: TaskGraph, boxes: Mapping[int, Box], *, down: bool) -> _Drawn:
    """The picture in one direction. What is *along* goes with the edges, what is *across* lies within a layer."""
    widths = {node: _width(box) for node, box in boxes.items()}
    layout = layered(tasks, lambda node: _BESIDE + (widths[node] if down else HEIGHT), passing=_PASSING)
    bands = _bands(layout, widths, down=down)
    edges: dict[bool, list[Markup]] = {True: [], False: []}
    for start, end in layout.bends:
        quiet = bool({boxes[start].style, boxes[end].style} & {"filtered", "outside"})
        said = tag("title", f"{boxes[start].name} → {boxes[end].name}")
        edges[quiet].append(tag("path", said, d=_line((start, end), layout, bands, down=down)))
    parts = [
        tag("g", *edges[True], "", class_="dms-line dms-quiet"),
        tag("g", *edges[False], "", class_="dms-line"),
    ]
    for node, box in boxes.items():
        begin, until = bands[layout.layer[node]]
        middle = layout.place[node]
        width = widths[node] if down else until - begin
        x, y = (middle - width / 2, begin) if down else (begin, middle - HEIGHT / 2)
        parts.append(_box(box, x, y, width))
    along = bands[-1][1] + 1 if bands else 0.0
    return _Drawn(layout.extent, along, parts) if down else _Drawn(along, layout.extent, parts)


def _bands(layout: Layout, widths: Mapping[int, float], *, down: bool) -> list[tuple[float, float]]:
    """Where each layer begins and ends."""
    bands: list[tuple[float, float]] = []
    for layer in range(max(layout.layer.values(), default=-1) + 1):
        thick = HEIGHT if down else max(widths[node] for node, at in layout.layer.items() if at == layer)
        begin = bands[-1][1] + (_GAP_DOWN if down else _GAP) if bands else 1
        bands.append((begin, begin + thick))
    return bands


def _line(edge: tuple[int, int], layout: Layout, bands: Sequence[tuple[float, float]], *, down: bool) -> str:
    """The path of an edge: straight through the layers, curved between them, with a head."""

    def point(along: float, across: float) -> str:
        return " ".join(map(number, (across, along) if down else (along, across)))

    start, end = edge
    first = layout.layer[start]
    across = [layout.place[start], *layout.bends[edge], layout.place[end]]
    path = f"M{point(bands[first][1], across[0])}"
    for step, (here, there) in enumerate(pairwise(across)):
        leaves, arrives = bands[first + step][1], bands[first + step + 1][0]
        if step:
            path += f"L{point(leaves, here)}"
        middle = (leaves + arrives) / 2
        path += f"C{point(middle, here)} {point(middle, there)} {point(arrives, there)}"
    tip, at = bands[layout.layer[end]][0], across[-1]
    return path + f"M{point(tip - 5, at - 3.5)}L{point(tip, at)}L{point(tip - 5, at + 3.5)}"


def _box(box: Box, x: float, y: float, width: float) -> Markup:
    drawn = mark(box.style, x + _PADDING + 4, y + HEIGHT / 2, 4)
    begin = _PADDING + (_MARK if drawn else 0)
    return tag(
        "g",
        tag("title", f"{box.name}: {box.words}" if box.words else box.name),
        tag("rect", x=x, y=y, width=width, height=HEIGHT, rx=5, class_="dms-tint"),
        *([tag("path", d=drawn, class_="dms-sign")] if drawn else []),
        tag("text", shortened(box.name, WIDEST - begin - _PADDING), x=x + begin, y=y + HEIGHT / 2 + 4),
        class_=f"dms-{box.style}",
    )
