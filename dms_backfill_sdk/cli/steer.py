"""``dms-backfill stop``, ``suspend``, ``resume`` and ``rerun``: what can be done to runs that somebody started."""

from collections.abc import Callable

from dms_backfill_sdk.backfill import Job
from dms_backfill_sdk.backfill.history import standing_of
from dms_backfill_sdk.cli.again import Again, job_of
from dms_backfill_sdk.cli.connection import Connection
from dms_backfill_sdk.cli.days import Days
from dms_backfill_sdk.cli.document import write_document
from dms_backfill_sdk.cli.options import AsJson, FlowName, grouped
from dms_backfill_sdk.cli.preview import counted
from dms_backfill_sdk.cli.screen import screen, show
from dms_backfill_sdk.operations.control import Run
from dms_backfill_sdk.render import table

__all__ = ["rerun", "resume", "stop", "suspend"]


@grouped
def stop(flow: FlowName, days: Days, connection: Connection, as_json: AsJson = False) -> None:
    """Stop what runs.

    It is about the newest runs of some business dates. What is done stays done.
    """
    _steer(Job.stop, "Stopped {}:", "runs", flow, days, connection, as_json=as_json)


@grouped
def suspend(flow: FlowName, days: Days, connection: Connection, as_json: AsJson = False) -> None:
    """Suspend what runs, until it is resumed."""
    _steer(Job.suspend, "Suspended {}:", "runs", flow, days, connection, as_json=as_json)


@grouped
def resume(flow: FlowName, days: Days, connection: Connection, as_json: AsJson = False) -> None:
    """Let go on what is suspended."""
    _steer(Job.resume, "Resumed {}:", "is suspended", flow, days, connection, as_json=as_json)


@grouped
def rerun(flow: FlowName, days: Days, connection: Connection, as_json: AsJson = False) -> None:
    """Run again, with all nodes, what has failed."""
    _steer(Job.rerun_failed, "Running {} again:", "has failed", flow, days, connection, as_json=as_json)


def _steer(  # noqa: PLR0913, PLR0917  what the four have in common
    step: Callable[[Job], list[Run]],
    done: str,
    wanted: str,
    flow: str,
    days: Days,
    connection: Connection,
    *,
    as_json: bool,
) -> None:
    with connection.client() as client:
        job = job_of(client, flow, days)
        touched = step(job)
    if as_json:
        runs = [
            {
                "business_time": run.business_time and run.business_time.isoformat(),
                "run": run.id,
                "was": standing_of(run).value,
            }
            for run in touched
        ]
        write_document({"dag_id": job.dag_id, "name": job.flow_name, "runs": runs})
        return
    out = screen()
    if not touched:
        show(out, [((f"Nothing was done: of these dates, no newest run {wanted}.", ""),)], indent=0)
        return
    show(out, [((done.format(counted(len(touched), "run")), ""),)], indent=0)
    rows = [(f"{run.business_time:%Y-%m-%d}" if run.business_time else "?", str(run.id)) for run in touched]
    show(out, table(("business date", "run"), rows))
    show(out, [(), (("To watch:", ""),)], indent=0)
    out.print("  " + Again.to(flow, days.words(), connection).line("watch"), style="code", soft_wrap=True)
