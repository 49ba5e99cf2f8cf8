"""Jobs and their progress, as a notebook shows them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dms_backfill_sdk.backfill import Job, Progress, Standing
from dms_backfill_sdk.backfill.history import standing_of
from dms_backfill_sdk.backfill.job import AnyJob
from dms_backfill_sdk.dates import in_china
from dms_backfill_sdk.notebook.flows import most_pressing
from dms_backfill_sdk.operations.control import NodeRun, Run
from dms_backfill_sdk.render.bar import bar
from dms_backfill_sdk.render.days import Day, days
from dms_backfill_sdk.render.gantt import Span, gantt
from dms_backfill_sdk.render.markup import Markup
from dms_backfill_sdk.render.page import facts, part, sentence, sheet

__all__ = ["job_sheet", "progress_bar", "progress_sheet", "seen_sheet"]


def progress_bar(progress: Progress) -> Markup:
    """How many of a job's business times stand where."""
    return _bar(progress.counts)


def _bar(counts: Mapping[Standing, int]) -> Markup:
    return bar({standing.value: count for standing, count in counts.items()}, label="Progress")


def progress_sheet(progress: Progress) -> Markup:
    return sheet("", progress_bar(progress))


def job_sheet(job: Job) -> Markup:
    """A job as it stands now: the service is asked what :meth:`Job.progress` asks, and for the nodes of one run."""
    job.progress()
    return _sheet(job, job.nodes)


def seen_sheet(job: AnyJob[Any]) -> Markup:
    """A job as it was last seen: to ask how it stands now takes an ``await``, and a picture waits for nobody."""
    return _sheet(job, None)


def _sheet(job: AnyJob[Any], nodes_of: Callable[[Run], list[NodeRun]] | None) -> Markup:
    seen = job.seen()
    now = in_china(job.now())
    standings = {time: standing_of(run) for time, run in seen.items()}
    begun = {time: (run, run.start_time) for time, run in seen.items() if run is not None and run.start_time}
    parts = [
        _bar(Counter(standings.values())),
        part("Business dates", days(_calendar(standings), label=f"Job of {job.flow_name}", meanings={})),
    ]
    if begun:
        spans = [_run(_named(time), run, start, now) for time, (run, start) in begun.items()]
        waiting = len(seen) - len(begun)
        note = f"{waiting:,} have not begun." if waiting else ""
        parts.append(part("Runs", gantt(spans, now=now, label="Runs", note=note)))
    if begun and nodes_of:
        telling = max(begun, key=lambda time: (_TELLING.get(standings[time], 0), begun[time][1]))
        nodes = _nodes(nodes_of(begun[telling][0]), now)
        parts.append(part(f"Nodes of {_named(telling)}: {standings[telling].value}", nodes))
    as_of = f"{now:%Y-%m-%d %H:%M:%S}" if nodes_of else "when it was last looked at; await job.progress() looks again"
    known = [("task flow", str(job.dag_id)), ("tenant", str(job.tid or "")), ("as of", as_of)]
    return sheet(job.flow_name, facts(known), *parts, about="job")


#: Whose nodes are worth a look: those of the latest failed run; of the one under way; of the latest.
_TELLING = {Standing.FAILED: 2, Standing.RUNNING: 1, Standing.SUSPENDED: 1}


def _calendar(standings: Mapping[datetime, Standing]) -> dict[date, Day]:
    each: dict[date, Counter[Standing]] = {}
    for time, standing in standings.items():
        each.setdefault(time.date(), Counter())[standing] += 1
    return {day: Day(most_pressing(counts).value, words=_count(counts)) for day, counts in each.items()}


def _count(standings: Counter[Standing]) -> str:
    """Of a day with several runs, how many stand where."""
    if standings.total() == 1:
        return ""
    return ", ".join(f"{count} {standing.value}" for standing, count in standings.items())


def _named(time: datetime) -> str:
    return f"{time:%Y-%m-%d}" if (time.hour, time.minute) == (0, 0) else f"{time:%Y-%m-%d %H:%M}"


def _run(label: str, run: Run, start: datetime, now: datetime) -> Span:
    standing = standing_of(run)
    # A run that goes on may still carry when it ended before it was begun again.
    return Span(label, start, None if standing.active else run.end_time or now, standing.value)


def _nodes(nodes: Sequence[NodeRun], now: datetime) -> Markup:
    spans, others = [], Counter[str]()
    for node in nodes:
        standing = standing_of(node)
        if node.end_time is None or node.execute_time is None:
            # When a node began is told by when it ended alone (documented).
            others[standing.value] += 1
        else:
            begin = node.end_time - timedelta(milliseconds=node.execute_time)
            spans.append(Span(node.node_name or str(node.node_id), begin, node.end_time, standing.value))
    spans.sort(key=lambda span: span.begin)
    counted = ", ".join(f"{count} {standing}" for standing, count in others.items())
    note = f"Not drawn, because only what has ended has times: {counted}." if counted else ""
    return gantt(spans, now=now, label="Nodes", note=note) if spans else sentence(note or "It has no nodes.")
