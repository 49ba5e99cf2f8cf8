"""``dms-backfill status``: where the runs of some business dates stand."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from attrs import frozen

from dms_backfill_sdk.backfill import Standing
from dms_backfill_sdk.backfill.history import by_time, standing_of
from dms_backfill_sdk.cli.again import job_of
from dms_backfill_sdk.cli.columns import table_within
from dms_backfill_sdk.cli.connection import Connection
from dms_backfill_sdk.cli.days import Days, when
from dms_backfill_sdk.cli.document import write_document
from dms_backfill_sdk.cli.following import Said, said_by_nodes
from dms_backfill_sdk.cli.options import AsJson, FlowName, grouped
from dms_backfill_sdk.cli.preview import marks, months
from dms_backfill_sdk.cli.screen import room, screen, show
from dms_backfill_sdk.operations.control import Run

__all__ = ["status"]

#: Failed runs whose nodes are asked what they said.
EXPLAINED = 20


@frozen
class Stand:
    """A business time and its newest run, where it has one."""

    time: datetime
    run: Run | None

    @property
    def standing(self) -> Standing:
        return standing_of(self.run)


@grouped
def status(flow: FlowName, days: Days, connection: Connection, as_json: AsJson = False) -> None:
    """Show where the newest runs of some business dates stand, now."""
    with connection.client() as client:
        job = job_of(client, flow, days)
        (started,) = job.started
        newest = by_time(job.runs(), started.times)
        stands = [Stand(time, newest[time][0] if time in newest else None) for time in started.times]
        failed = [stand.run for stand in stands if stand.run and stand.standing is Standing.FAILED]
        said = {run.id: said_by_nodes(job, run) for run in failed[:EXPLAINED]}
    if as_json:
        write_document(
            {
                "dag_id": job.dag_id,
                "name": job.flow_name,
                "runs": [_document(stand, said) for stand in stands],
            }
        )
        return
    out = screen()
    out.print(f"{job.flow_name} ({job.dag_id})", style="heading")
    show(out, months(marks((stand.time, stand.standing) for stand in stands), room(out)))
    show(out, [()])
    header = ("business dates", "count", "standing", "run", "")
    rows = list(_stretches(stands, when(started.times), said))
    show(out, table_within(header, rows, room(out) if out.is_terminal else None, right=[1]))


def _document(stand: Stand, said: Said) -> dict[str, object]:
    run = stand.run
    return {
        "business_time": stand.time.isoformat(),
        "standing": stand.standing.value,
        "run": run and run.id,
        "start_time": run and run.start_time and run.start_time.isoformat(),
        "end_time": run and run.end_time and run.end_time.isoformat(),
        "said": said.get(run.id) if run else None,
    }


def _stretches(stands: Sequence[Stand], written: str, said: Said) -> Iterator[Sequence[str]]:
    """A row for each failed run, and for each stretch of other dates that stand alike."""
    # Each failed run is a stretch of its own.
    for _, alike in groupby(stands, lambda stand: (stand.standing, stand.standing is Standing.FAILED and stand.time)):
        stretch = list(alike)
        ids = [str(stand.run.id) for stand in (stretch[0], stretch[-1]) if stand.run]
        dates = [stand.time.strftime(written) for stand in (stretch[0], stretch[-1])]
        yield (
            " → ".join(dict.fromkeys(dates)),
            f"{len(stretch):,}",
            stretch[0].standing.value,
            " → ".join(dict.fromkeys(ids)),
            _words(stretch, said),
        )


def _words(stretch: Sequence[Stand], said: Said) -> str:
    if run := stretch[0].run:
        if run.id in said:
            return "; ".join(f"{node}: {words}" if node else words for node, words in said[run.id].items())
        if stretch[0].standing is Standing.RUNNING and run.start_time:
            return f"since {run.start_time:%m-%d %H:%M:%S}"
    return ""
