"""A task flow's nodes as lines: how they hang together, whether each runs, and what it waits for."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from dms_backfill_sdk.graph import Part, Selection, TaskGraph
from dms_backfill_sdk.render import Line
from dms_backfill_sdk.render.lanes import lanes

__all__ = ["drawn", "labels", "node_documents"]

MARKS = {Part.RUNS: ("●", "filled"), Part.FILTERED: ("○", "quiet"), Part.OUTSIDE: ("○", "quiet")}
WORDS = {Part.RUNS: "runs", Part.FILTERED: "left out", Part.OUTSIDE: "not below a start node"}

#: A drawing wider than this tells nobody anything; then the words have to do.
WIDEST = 32


def labels(names: Mapping[int, str]) -> dict[int, str]:
    """What to call each node: its name, and its id too where the name is not its own."""
    count = Counter(names.values())
    return {node: f"{name} ({node})" if count[name] > 1 else name for node, name in names.items()}


def drawn(graph: TaskGraph, names: Mapping[int, str], selection: Selection, width: int | None) -> Iterator[Line]:
    """The nodes, each after all that it waits for.

    Args:
        width: how many characters a line may have, and what does not fit is left off; None for whole lines.
    """
    called = labels(names)
    rows = list(lanes(graph))
    if too_wide := max((row.width for row in rows), default=0) > WIDEST:
        rows = [row for row in rows if row.node is not None]
    lane_room = 1 if too_wide else max((row.width for row in rows), default=0)
    name_room = max(map(len, called.values()), default=0)
    all_run = set(selection.parts.values()) <= {Part.RUNS}
    part_room = 0 if all_run else max(len(WORDS[part]) for part in selection.parts.values())
    for row in rows:
        if row.node is None:
            yield ((row.left, "quiet"),)
            continue
        part = selection.parts[row.node]
        mark, style = MARKS[part]
        left, right = ("", "") if too_wide else (row.left, row.right)
        pad = lane_room - len(left) - 1
        told = "" if all_run else f"  {WORDS[part]:{part_room}}"
        waits = ", ".join(called[parent] for parent in graph.parents[row.node])
        after = f"  after {waits}" if waits else ""
        line = [
            (left, "quiet"),
            (mark, style),
            (f"{right:{pad}}", "quiet"),
            (f"  {called[row.node]:{name_room}}", "" if part is Part.RUNS else "quiet"),
            (told, style),
        ]
        left_over = len(after) if width is None else width - sum(len(text) for text, _ in line)
        yield (*line, (_cut(after, left_over), "quiet"))


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 1, 0)].rstrip(" ,") + "…"


def node_documents(graph: TaskGraph, names: Mapping[int, str], selection: Selection) -> list[dict[str, Any]]:
    """The nodes as plain values, each after all that it waits for."""
    return [
        {
            "id": node,
            "name": names[node],
            "waits_for": list(graph.parents[node]),
            "runs": part is Part.RUNS,
            "why": None if part is Part.RUNS else part.value,
        }
        for node, part in selection.parts.items()
    ]
