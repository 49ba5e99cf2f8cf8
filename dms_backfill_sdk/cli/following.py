"""Following a job to its end, and saying how that was."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dms_backfill_sdk.backfill import Change, Job, Standing
from dms_backfill_sdk.cli.again import Again
from dms_backfill_sdk.cli.columns import table_within
from dms_backfill_sdk.cli.days import when
from dms_backfill_sdk.cli.document import write_line
from dms_backfill_sdk.cli.exits import CommandError, ExitCode, exit_code_of
from dms_backfill_sdk.cli.screen import room, screen, show
from dms_backfill_sdk.cli.telling import Known, telling
from dms_backfill_sdk.cli.wording import in_words
from dms_backfill_sdk.errors import DmsError
from dms_backfill_sdk.operations.control import Run
from dms_backfill_sdk.operations.terms import RunStatus
from dms_backfill_sdk.render import Line

__all__ = ["Said", "follow", "said_by_nodes"]

Said = Mapping[int | None, Mapping[str, str]]
"""By the ids of failed runs, what their nodes said."""

#: Failed runs whose nodes are asked what they said.
EXPLAINED = 10


def follow(job: Job, again: Again, *, as_json: bool, known: Known) -> None:
    """Tell what happens to the runs of a job until nothing more will, and how it ended.

    Args:
        again: how to come back to it.
        known: what was told of it before.

    Raises:
        CommandError: not all runs have succeeded; or the runs cannot be seen any more, or somebody interrupts, and the
            job goes on.
    """
    out = screen()
    standings = dict.fromkeys((time for one in job.started for time in one.times), Standing.MISSING)
    failed: dict[datetime, Change] = {}
    try:
        with telling(job, out, known, as_json=as_json) as tell:
            for change in job.events():
                standings[change.business_time] = change.standing
                failed.pop(change.business_time, None)
                if change.standing is Standing.FAILED:
                    failed[change.business_time] = change
                tell(change)
        runs = [change.run for _, change in sorted(failed.items()) if change.run]
        said = {run.id: said_by_nodes(job, run) for run in runs[:EXPLAINED]}
    except KeyboardInterrupt:
        sentence = "Nobody watches any more; the runs go on. To watch them again:"
        raise CommandError(sentence, ExitCode.INTERRUPTED, then=again.line("watch")) from None
    except DmsError as error:
        sentence = f"{in_words(error.what)} The runs go on; to watch them again:"
        raise CommandError(sentence, exit_code_of(error), then=again.line("watch")) from error
    count = Counter(standings.values())
    if as_json:
        write_line(_document(job, count, runs, said))
    else:
        show(out, _ending(job, count, runs, said, room(out) if out.is_terminal else None))
    if count[Standing.SUCCEEDED] < count.total():
        raise _unfinished(count, again)


def said_by_nodes(job: Job, run: Run) -> dict[str, str]:
    """What the nodes of a failed run said that failed themselves; the run's own words if there is none."""
    failed = [node for node in job.nodes(run) if node.status == RunStatus.FAILED]
    said = {node.node_name or str(node.node_id): node.message or "no message" for node in failed}
    return said or {"": run.message or "no message"}


def _ending(job: Job, count: Counter[Standing], failed: Sequence[Run], said: Said, width: int | None) -> Iterator[Line]:
    if failed:
        written = when(job.started[0].times)
        yield ()
        rows = [
            (run.business_time.strftime(written) if run.business_time else "?", str(run.id), node, words)
            for run in failed[:EXPLAINED]
            for node, words in said[run.id].items()
        ]
        yield from table_within(("business date", "run", "node", "said"), rows, width)
        if len(failed) > EXPLAINED:
            yield ((f"and {len(failed) - EXPLAINED:,} more", "quiet"),)
        yield ()
    elif count[Standing.SUCCEEDED] == count.total():
        words = "The run has succeeded." if count.total() == 1 else f"All {count.total():,} runs have succeeded."
        yield ((words, "succeeded"),)


def _document(job: Job, count: Counter[Standing], failed: Collection[Run], said: Said) -> dict[str, Any]:
    return {
        "dag_id": job.dag_id,
        "name": job.flow_name,
        "total": count.total(),
        "standings": {standing.value: number for standing, number in count.items()},
        "failed": [
            {
                "business_time": run.business_time and run.business_time.isoformat(),
                "run": run.id,
                "said": said.get(run.id),
            }
            for run in failed
        ],
    }


def _unfinished(count: Counter[Standing], again: Again) -> CommandError:
    stands = ", ".join(f"{number:,} {standing.value}" for standing, number in count.items())
    if count[Standing.FAILED]:
        sentence, then = "To run the failed ones again:", again.line("rerun")
    else:
        sentence, then = "To see what a backfill of the missing ones would do:", again.line("plan", "--only=missing")
    return CommandError(f"Not all runs have succeeded: {stands}. {sentence}", ExitCode.RUNS_FAILED, then=then)
