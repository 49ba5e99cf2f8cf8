"""``dms-backfill watch``: follow runs that somebody started."""

from dms_backfill_sdk.backfill.history import standing_of
from dms_backfill_sdk.cli.again import Again, job_of
from dms_backfill_sdk.cli.connection import Connection
from dms_backfill_sdk.cli.days import Days
from dms_backfill_sdk.cli.following import follow
from dms_backfill_sdk.cli.options import AsJson, FlowName, grouped
from dms_backfill_sdk.cli.screen import screen, show

__all__ = ["watch"]


@grouped
def watch(flow: FlowName, days: Days, connection: Connection, as_json: AsJson = False) -> None:
    """Follow the newest runs of some business dates to their end.

    Ctrl-C ends the watching and not the runs. The exit code is 0 when every date has succeeded.
    """
    with connection.client() as client:
        job = job_of(client, flow, days)
        known = {}
        if not as_json:
            known = {run.id: standing_of(run) for run in job.runs()}
            show(screen(), [((f"{job.flow_name} ({job.dag_id}): {job.progress()}", "heading"),)], indent=0)
        follow(job, Again.to(flow, days.words(), connection), as_json=as_json, known=known)
