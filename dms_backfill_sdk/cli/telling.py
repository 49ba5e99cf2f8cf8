"""Telling what happens to the runs of a job: with bars, in lines, or as JSON."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from dms_backfill_sdk.backfill import Change, Job, Standing
from dms_backfill_sdk.cli.days import span, when
from dms_backfill_sdk.cli.document import write_line
from dms_backfill_sdk.cli.preview import counted

__all__ = ["Known", "telling"]

#: Requests that have a bar of their own; more of them share one.
BARS = 5

Known = Mapping[int | None, Standing]
"""Where runs stand, by their ids, as far as it was told before."""

Tell = Callable[[Change], None]


def telling(job: Job, out: Console, known: Known, *, as_json: bool) -> AbstractContextManager[Tell]:
    """The way to tell of a job that suits whoever reads: a program, a terminal, or a file."""
    if as_json:
        return _as_json()
    # A terminal that cannot move its cursor gets lines as well.
    return _bars(job, out, known) if out.is_interactive else _lines(job, out, known)


@contextmanager
def _as_json() -> Iterator[Tell]:
    def tell(change: Change) -> None:
        write_line(
            {
                "business_time": change.business_time.isoformat(),
                "was": change.was.value,
                "standing": change.standing.value,
                "run": change.run.id if change.run else None,
            }
        )

    yield tell


@contextmanager
def _lines(job: Job, out: Console, known: Known) -> Iterator[Tell]:
    def tell(change: Change) -> None:
        # That a run waits was to be expected of one that was just started.
        if _is_news(change, known) and (change.was, change.standing) != (Standing.MISSING, Standing.WAITING):
            out.print(_said(job, change))

    yield tell


@contextmanager
def _bars(job: Job, out: Console, known: Known) -> Iterator[Tell]:
    parts = {span(one.times): [one.times] for one in job.started}
    if len(parts) > BARS:
        parts = {counted(len(job.started), "request"): [one.times for one in job.started]}
    columns = (
        TextColumn(" {task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.completed}/{task.total}"),
        TextColumn("{task.fields[news]}"),
    )
    with Progress(*columns, console=out) as progress:
        place_of, counts = {}, []
        for description, all_times in parts.items():
            bar = progress.add_task(description, total=sum(map(len, all_times)), news="")
            counts.append(Counter[Standing]())
            place_of.update(dict.fromkeys((time for times in all_times for time in times), (bar, counts[-1])))

        def tell(change: Change) -> None:
            bar, count = place_of[change.business_time]
            count.subtract([change.was])
            count.update([change.standing])
            if change.standing is Standing.FAILED and _is_news(change, known):
                # It stands above the bars and stays there.
                progress.console.print(_said(job, change), style="failed")
            progress.update(bar, completed=count[Standing.SUCCEEDED])
            # That one waits is not worth a word while others run.
            if change.standing is not Standing.WAITING:
                progress.update(bar, news=_news(job, change, count))

        yield tell


def _is_news(change: Change, known: Known) -> bool:
    return known.get(change.run.id if change.run else None) is not change.standing


def _said(job: Job, change: Change) -> str:
    day = change.business_time.strftime(when(job.started[0].times))
    return f"  {day}  run {change.run.id if change.run else '?'}  {change.standing.value}"


def _news(job: Job, change: Change, count: Mapping[Standing, int]) -> str:
    if count[Standing.FAILED]:
        waiting = f", {count[Standing.WAITING]} waiting" if count[Standing.WAITING] else ""
        return f"{count[Standing.FAILED]} failed{waiting}"
    return f"{change.business_time.strftime(when(job.started[0].times))} {change.standing.value}"
