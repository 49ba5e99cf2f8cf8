"""What of a task flow is run: the options of plan and run, and the plan they mean."""

from enum import StrEnum
from typing import Annotated

import typer
from attrs import frozen

from dms_backfill_sdk.backfill import Plan, TaskFlow
from dms_backfill_sdk.cli.days import Days

__all__ = ["Choice", "Nodes", "Only", "plan_of"]


class Only(StrEnum):
    """Which business dates are run, by where they stand."""

    ALL = "all"
    MISSING = "missing"
    FAILED = "failed"
    MISSING_AND_FAILED = "missing-and-failed"


@frozen(kw_only=True)
class Nodes:
    """Which nodes are run."""

    start: Annotated[
        list[str] | None,
        typer.Option(metavar="NODE", help="Start at this node, by name or id; repeat it for more."),
    ] = None
    skip: Annotated[list[str] | None, typer.Option(metavar="NODE", help="Leave this node out; repeat it for more.")] = (
        None
    )
    no_downstream: Annotated[bool, typer.Option("--no-downstream", help="Leave out what is below the start nodes.")] = (
        False
    )


@frozen(kw_only=True)
class Choice:
    """Which of the dates are run, in which order, on which version."""

    only: Annotated[Only, typer.Option(help="Which of the dates, by where they stand.")] = Only.ALL
    desc: Annotated[bool, typer.Option("--desc", help="From the last date to the first.")] = False
    version: Annotated[
        int | None, typer.Option(metavar="ID", help="The published version to run; else the newest.")
    ] = None


def plan_of(flow: TaskFlow, days: Days, nodes: Nodes, choice: Choice) -> Plan:
    """The plan that these options mean.

    Raises:
        CommandError: no dates are named.
        InvalidRequestError: it cannot be expressed.
    """
    return flow.plan(
        **days.asked(),
        asc=not choice.desc,
        start=nodes.start or None,
        skip=nodes.skip or (),
        downstream=not nodes.no_downstream,
        version=choice.version,
        only=choice.only.value,
    )
