"""``dms-backfill graph``: the nodes of a task flow, and what waits for what."""

from dms_backfill_sdk.cli.choice import Nodes
from dms_backfill_sdk.cli.connection import Connection
from dms_backfill_sdk.cli.document import write_document
from dms_backfill_sdk.cli.drawn import drawn, node_documents
from dms_backfill_sdk.cli.options import AsJson, FlowName, grouped
from dms_backfill_sdk.cli.screen import room, screen, show

__all__ = ["graph"]


@grouped
def graph(flow: FlowName, nodes: Nodes, connection: Connection, as_json: AsJson = False) -> None:
    """Draw a task flow: its nodes, and what waits for what.

    With --start or --skip it shows which nodes a backfill would run, and why not the others.
    """
    with connection.client() as client:
        found = client.task_flow(flow)
        selection = found.graph.select(
            [found.node_id(node) for node in nodes.start] if nodes.start else None,
            downstream=not nodes.no_downstream,
            skip=[found.node_id(node) for node in nodes.skip or ()],
        )
    if as_json:
        write_document(
            {
                "dag_id": found.id,
                "name": found.name,
                "version": found.version,
                "nodes": node_documents(found.graph, found.node_names, selection),
            }
        )
        return
    out = screen()
    published = "never published" if found.version is None else f"version {found.version}"
    out.print(f"{found.name} ({found.id}), {published}", style="heading")
    show(out, [()])
    show(out, drawn(found.graph, found.node_names, selection, room(out) if out.is_terminal else None))
    count, run = len(selection.parts), len(selection.running)
    if run < count:
        show(out, [(), ((f"{run} of {count} nodes would run.", ""),)])
    if not count:
        show(out, [(("It has no nodes.", ""),)])
