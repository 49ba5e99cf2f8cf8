"""Looking a task flow up: which one a name means, and what it consists of."""

import difflib
from collections.abc import Iterable, Mapping

from attrs import frozen

from dms_backfill_sdk.backfill.history import PAGE, Talk, all_pages
from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.graph import TaskGraph
from dms_backfill_sdk.operations.catalogue import FlowDetail
from dms_backfill_sdk.operations.find import (
    GetTaskFlowGraphRequest,
    ListDAGVersionsRequest,
    ListTaskFlowsByPageRequest,
)

__all__ = ["Facts", "looking_up", "unknown"]


@frozen
class Facts:
    """What the service says of a task flow: its name, nodes and edges, and its newest published version."""

    id: int
    name: str
    graph: TaskGraph
    node_names: Mapping[int, str]
    version: int | None


def looking_up(name_or_id: int | str, tid: int | None) -> Talk[Facts]:
    """Look a task flow up by name or id.

    Raises:
        InvalidRequestError: there is none of that name, or there are several; the sentence lists near names or ids.
    """
    dag_id = yield from _id_of(name_or_id, tid)
    graph = (yield GetTaskFlowGraphRequest(dag_id=dag_id, tid=tid)).task_flow_graph
    versions = yield from all_pages(ListDAGVersionsRequest(dag_id=dag_id, page_index=1, page_size=PAGE, tid=tid))
    names = {node.node_id: node.node_name or str(node.node_id) for node in graph.nodes}
    return Facts(
        id=dag_id,
        name=graph.dag_name or str(dag_id),
        graph=TaskGraph(tuple(names), [(edge.node_from, edge.node_end) for edge in graph.edges]),
        node_names=names,
        version=max((version.version_id for version in versions if version.version_id is not None), default=None),
    )


def _id_of(name_or_id: int | str, tid: int | None) -> Talk[int]:
    if isinstance(name_or_id, int):
        return name_or_id
    found: list[FlowDetail] = []
    # What a search key finds is not documented; where it does not find the name, the whole list may.
    for search_key in (name_or_id, None):
        found = yield from all_pages(ListTaskFlowsByPageRequest(search_key=search_key, page_size=PAGE, tid=tid))
        ids = [flow.id for flow in found if flow.dag_name == name_or_id and flow.id is not None]
        if len(ids) == 1:
            return ids[0]
        if ids:
            raise InvalidRequestError(
                f"{len(ids)} task flows are named {name_or_id!r}; write the id of one: {', '.join(map(str, ids))}."
            )
    if name_or_id.isascii() and name_or_id.isdecimal():
        return int(name_or_id)
    raise InvalidRequestError(unknown("task flow", name_or_id, [flow.dag_name or "" for flow in found]))


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> str:
    """A sentence for a name that nothing has, with the near ones."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5) or names[:5]
    hint = f"near ones are {', '.join(map(repr, near))}." if near else "there is none at all."
    return f"There is no {kind} {name!r}{where}; {hint}"
