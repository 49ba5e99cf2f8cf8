"""Task flows described in a file.

.. code-block:: toml

    database = "sales.db"                 # for SQL nodes; relative to this file; may be left out

    [[flow]]
    name = "daily_sales"
    time_variables = { "3_days_ago" = "yyyy-MM-dd|-3d" }

    [[flow.node]]
    name = "load"
    sql = "insert into sales select * from orders where day = '${bizdate}'"

    [[flow.node]]
    name = "sum"
    after = ["load"]
    simulate = { seconds = 30, fails_on = [2022-01-14] }

A node has one of ``sql``, ``call`` and ``simulate``, as :mod:`dms_backfill_sdk.emulator.content` explains, or none of
them. It may have ``seconds``, ``type``, ``time_variables``, and ``after``: the names of the nodes it waits for. A flow
may have a ``description``. It is published, unless it says ``publish = false``.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dms_backfill_sdk.emulator.content import Unreadable, read_content
from dms_backfill_sdk.emulator.flows import Flow
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.emulator.spelling import unknown
from dms_backfill_sdk.emulator.variables import write_variables
from dms_backfill_sdk.emulator.world import World

__all__ = ["FlowFileError", "load"]


class FlowFileError(ValueError):
    """A flow file cannot be used; the sentence names the place and says what to write there."""


def load(path: Path, world: World) -> Path | None:
    """Put the task flows of a file into a world: all of them, or none.

    Returns:
        the database that the file names, if it names one.

    Raises:
        FlowFileError: the file is not there, or it cannot be understood.
    """
    place = str(path)
    top = _table(_parsed(path), place, {"database": str, "flow": list})
    if not top.get("flow"):
        raise FlowFileError(f"{place}: there is no task flow in it; begin one with [[flow]].")
    made: list[Flow] = []
    try:
        for flow, flow_place in _named(top["flow"], place, "flow", _FLOW):
            with _at(flow_place):
                made.append(world.create_flow(flow["name"], description=flow.get("description", "")))
                _fill(made[-1], flow, flow_place, world)
    except FlowFileError:
        for one in made:
            world.delete_flow(one)
        raise
    return path.parent / top["database"] if "database" in top else None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as wrong:
        raise FlowFileError(f"{path} cannot be read: {wrong.strerror}.") from wrong
    except ValueError as wrong:  # not TOML, or not UTF-8
        raise FlowFileError(f"{path} is not valid TOML: {wrong}.") from wrong


# ---------------------------------------------------------------------------------------------------------------
# What may stand where: keys, and what each must be.

_FLOW = {"name": str, "description": str, "time_variables": dict, "publish": bool, "node": list}
_NODE = {
    "name": str,
    "type": str,
    "after": list,
    "seconds": float,
    "time_variables": dict,
    "sql": str,
    "call": str,
    "simulate": dict,
}
_WORDS: dict[type, str] = {
    str: "a string",
    list: "a list",
    dict: "a table",
    bool: "true or false",
    float: "a number",
}


def _is(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind)


def _table(found: object, place: str, keys: Mapping[str, type]) -> dict[str, Any]:
    """``found``, if it is a table with these keys and no others."""
    if not isinstance(found, dict):
        raise FlowFileError(f"{place}: {found!r} is no table; write it as [[…]].")
    for key, value in found.items():
        if key not in keys:
            raise FlowFileError(f"{place}: {unknown('key', key, keys)}")
        if not _is(value, keys[key]):
            raise FlowFileError(f"{place}: {key} must be {_WORDS[keys[key]]}; {value!r} is not.")
    return found


def _named(
    found: list[object], place: str, what: str, keys: Mapping[str, type]
) -> Iterator[tuple[dict[str, Any], str]]:
    """Each table of a list, and how to speak of it. They must have names, each its own."""
    seen: set[str] = set()
    for number, one in enumerate(found, 1):
        name = one.get("name") if isinstance(one, dict) else None
        here = f"{place}, {what} {repr(name) if name else f'number {number}'}"
        table = _table(one, here, keys)
        if not name:
            raise FlowFileError(f'{here}: it needs a name; write name = "…".')
        if name in seen:
            raise FlowFileError(f"{here}: there are two of that name; rename one.")
        seen.add(name)
        yield table, here


# ---------------------------------------------------------------------------------------------------------------
# Making


@contextmanager
def _at(place: str, names: Mapping[int, str] | None = None) -> Iterator[None]:
    """Say of a refusal where in the file it comes from, and call nodes by their names there."""
    try:
        yield
    except Refusal as refused:
        told = re.sub("[0-9]+", lambda number: (names or {}).get(int(number[0]), number[0]), refused.message)
        raise FlowFileError(f"{place}: {told}") from None


def _fill(flow: Flow, found: Mapping[str, Any], place: str, world: World) -> None:
    flow.time_variables = _variables(found, place)
    ids: dict[str, int] = {}
    for node, node_place in _named(found.get("node", []), place, "node", _NODE):
        with _at(node_place):
            written = {"content": _content(node, node_place), "time_variables": _variables(node, node_place)}
            if "type" in node:
                written["type"] = node["type"]
            ids[node["name"]] = world.add_node(flow, node["name"], **written).id
    edges = []
    for node in found.get("node", []):
        for start in node.get("after", []):
            if not isinstance(start, str) or start not in ids:
                raise FlowFileError(f"{place}, node {node['name']!r}, after: {unknown('node', str(start), ids)}")
            edges.append((ids[start], ids[node["name"]]))
    with _at(place, {number: name for name, number in ids.items()}):
        world.add_edges(flow, edges)
    if found.get("publish", True):
        world.publish(flow)


def _variables(found: Mapping[str, Any], place: str) -> str:
    variables = found.get("time_variables", {})
    for name, pattern in variables.items():
        if not isinstance(pattern, str):
            raise FlowFileError(f"{place}, time_variables: {name} must be a string such as 'yyyy-MM-dd|-1d'.")
    return write_variables(variables) if variables else ""


def _content(node: Mapping[str, Any], place: str) -> str:
    content = {key: node[key] for key in ("sql", "call", "simulate", "seconds") if key in node}
    written = json.dumps(content, default=str, ensure_ascii=False)  # TOML has dates, JSON has not
    work = read_content(written)
    if isinstance(work, Unreadable):
        raise FlowFileError(f"{place}: {work.problem}")
    return written
