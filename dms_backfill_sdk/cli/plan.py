"""``dms-backfill plan``: what a backfill would do."""

from typing import Annotated, Any

import typer

from dms_backfill_sdk.backfill import Plan
from dms_backfill_sdk.cli.choice import Choice, Nodes, plan_of
from dms_backfill_sdk.cli.connection import Connection
from dms_backfill_sdk.cli.days import Days
from dms_backfill_sdk.cli.document import write_document
from dms_backfill_sdk.cli.drawn import node_documents
from dms_backfill_sdk.cli.options import AsJson, FlowName, grouped
from dms_backfill_sdk.cli.preview import preview, requests
from dms_backfill_sdk.cli.screen import room, screen, show

__all__ = ["plan", "plan_document", "show_plan"]


@grouped
def plan(  # noqa: PLR0913, PLR0917  one for each group of options
    flow: FlowName,
    days: Days,
    nodes: Nodes,
    choice: Choice,
    connection: Connection,
    with_requests: Annotated[bool, typer.Option("--requests", help="Show the exact requests.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a backfill would do.

    Nothing is started. Which dates and which nodes would run and why not the others, what there is already, what to
    beware of, how long it may take, and the exact requests.
    """
    with connection.client() as client:
        made = plan_of(client.task_flow(flow), days, nodes, choice)
    if as_json:
        write_document(plan_document(made))
    else:
        show_plan(made, with_requests=with_requests)


def show_plan(made: Plan, *, with_requests: bool = False) -> None:
    """Write a plan to standard output."""
    out = screen()
    out.print(f"{made.flow_name} ({made.dag_id})", style="heading")
    show(out, preview(made, room(out), whole=not out.is_terminal))
    if with_requests:
        for line in requests(made):
            # Whole, for whoever copies it.
            out.print("  " + "".join(text for text, _ in line), style="code", soft_wrap=True)
        out.print()


def plan_document(made: Plan) -> dict[str, Any]:
    """A plan as plain values: what ``Plan.from_dict`` reads, with what follows from it."""
    return made.to_dict() | {
        "selection": node_documents(made.graph, made.node_names, made.selection),
        "windows": [
            {"first": f"{window.times[0]:%Y-%m-%d}", "last": f"{window.times[-1]:%Y-%m-%d}", "runs": len(window.times)}
            for window in made.windows
        ],
        "standings": {standing.value: count for standing, count in made.standings().items()},
        "estimate_seconds": made.estimate and made.estimate.total_seconds(),
    }
