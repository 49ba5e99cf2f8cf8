"""``dms-backfill run``: show the plan, ask, start it once, and follow it."""

from typing import Annotated

import typer

from dms_backfill_sdk.backfill import Job, Plan
from dms_backfill_sdk.cli.again import Again
from dms_backfill_sdk.cli.choice import Choice, Nodes, plan_of
from dms_backfill_sdk.cli.connection import Connection
from dms_backfill_sdk.cli.consent import ask, ask_nobody
from dms_backfill_sdk.cli.days import Days, days_words
from dms_backfill_sdk.cli.document import write_line
from dms_backfill_sdk.cli.exits import CommandError, ExitCode, exit_code_of
from dms_backfill_sdk.cli.following import follow
from dms_backfill_sdk.cli.options import AsJson, FlowName, Yes, grouped
from dms_backfill_sdk.cli.plan import show_plan
from dms_backfill_sdk.cli.preview import counted
from dms_backfill_sdk.cli.screen import screen, show
from dms_backfill_sdk.cli.wording import in_words
from dms_backfill_sdk.errors import DmsError

__all__ = ["run"]


@grouped
def run(  # noqa: PLR0913, PLR0917  one for each group of options
    flow: FlowName,
    days: Days,
    nodes: Nodes,
    choice: Choice,
    connection: Connection,
    yes: Yes = False,
    resubmit: Annotated[
        bool, typer.Option("--resubmit", help="Send a request again whose answer was lost and whose runs never came.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the plan, ask, start it once, and follow its runs.

    Ctrl-C ends the watching and not the runs; it says how to watch them again.
    """
    if not yes:
        ask_nobody(as_json=as_json)
    with connection.client() as client:
        plan = plan_of(client.task_flow(flow), days, nodes, choice)
        if not as_json:
            show_plan(plan)
        if not len(plan):
            if as_json:
                write_line({"dag_id": plan.dag_id, "name": plan.flow_name, "total": 0, "standings": {}, "failed": []})
            return
        if not yes:
            ask(f"Start {'this run' if len(plan) == 1 else f'these {len(plan):,} runs'}?")
        again = Again.to(flow, days_words(plan.times), connection)
        job = _submitted(plan, again, resubmit=resubmit)
        if not as_json:
            sent = counted(len(plan.windows), "request")
            show(screen(), [((f"{sent} sent. Ctrl-C ends the watching, not the runs.", ""),)])
        follow(job, again, as_json=as_json, known={})


def _submitted(plan: Plan, again: Again, *, resubmit: bool) -> Job:
    try:
        return plan.submit(resubmit="if-absent" if resubmit else "never")
    except KeyboardInterrupt:
        raise CommandError(
            "Interrupted while it was being sent: it may have started. To see:",
            ExitCode.OUTCOME_UNKNOWN,
            then=again.line("status"),
        ) from None
    except DmsError as error:
        before = len(error.started)
        told = f" {before} of {counted(len(plan.windows), 'request')} had been started before." if before else ""
        if not (before or error.may_have_started):
            raise
        sentence = f"{in_words(str(error))}{told} To see what runs:"
        code = ExitCode.OUTCOME_UNKNOWN if error.may_have_started else exit_code_of(error)
        raise CommandError(sentence, code, then=again.line("status")) from error
