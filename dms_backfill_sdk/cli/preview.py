"""A plan as people read it before they say yes: dates, nodes, warnings, and how long it may take."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from dms_backfill_sdk.backfill import Plan, Standing
from dms_backfill_sdk.cli.days import span
from dms_backfill_sdk.cli.drawn import drawn
from dms_backfill_sdk.cli.wording import in_words
from dms_backfill_sdk.graph import Part
from dms_backfill_sdk.render import MONTH_WIDTH, Line, calendar, table
from dms_backfill_sdk.wire import encode_parameters

__all__ = ["counted", "duration", "marks", "months", "preview", "requests"]

#: Months that are shown as calendars; of more there is a line for each year.
MONTHS = 12
#: Requests that are listed, and nodes that are drawn; of more there are sums.
WINDOWS = 10
NODES = 24

ESTIMATE = "(An estimate: each run as long as the median of past ones.)"

BRACKETS = {"planned": "[]", "succeeded": "()", "failed": "<>", "active": "{}", "absent": ".."}
MEANINGS = {
    "planned": "planned",
    "succeeded": "succeeded",
    "failed": "failed",
    "active": "under way",
    "absent": "missing",
}
_MARKS = {Standing.SUCCEEDED: "succeeded", Standing.FAILED: "failed", Standing.MISSING: "absent"}


def preview(plan: Plan, width: int, *, whole: bool = False) -> Iterator[Line]:
    """What the plan would do.

    Args:
        width: how many characters a line may have.
        whole: whether the lines that say what a node waits for may have more.
    """
    if len(plan):
        yield ((f"{_dates(plan)}, in {counted(len(plan.windows), 'request')}:", ""),)
        yield ()
        rows = [(span(window.times), f"{len(window.times):,}") for window in plan.windows[:WINDOWS]]
        yield from table(("business dates", "runs"), rows, right=[1])
        if more := plan.windows[WINDOWS:]:
            rest = sum(len(window.times) for window in more)
            yield ((f"and {counted(len(more), 'more request')} of {_runs(rest)}", "quiet"),)
    else:
        yield ((f"Nothing to run: {_dates(plan)}.", ""),)
    yield ()
    yield from months(marks((run.business_time, None if run.runs else run.standing) for run in plan.runs()), width)
    yield ()
    yield from _nodes(plan, None if whole else width)
    yield ()
    if plan.estimate and len(plan):
        yield ((f"It may take {duration(plan.estimate.total_seconds())}. {ESTIMATE}", ""),)
        yield ()
    for warning in plan.warnings:
        yield ((f"! {in_words(warning)}", "warning"),)


def requests(plan: Plan) -> Iterator[Line]:
    """The exact requests, as ``dms-backfill call`` takes them."""
    for request in plan.requests:
        parameters, _ = encode_parameters(request)
        yield ((" ".join([request.action, *(f"{name}={value}" for name, value in parameters)]), "code"),)


def _dates(plan: Plan) -> str:
    order = "" if plan.times.asc else ", latest date first"
    every = "" if plan.times.interval == 24 else f", one every {counted(plan.times.interval, 'hour')}"
    return f"{len(plan):,} of {_runs(len(plan.times))}{every}{order}"


def _runs(count: int) -> str:
    return counted(count, "run")


def counted(count: int, word: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as people say them, in the two largest units.

    >>> duration(4), duration(75), duration(93_784)
    ('4 s', '1 min 15 s', '1 d 2 h')
    """
    left = round(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or parts or unit == "s":
            parts.append(f"{count} {unit}" if count or not parts else "")
    return " ".join(filter(None, parts[:2]))


# ---------------------------------------------------------------------------------------------------------------
# Dates


def marks(times: Iterable[tuple[datetime, Standing | None]]) -> dict[date, str]:
    """For each day what is to be seen of it; of a day with several runs, what is most worth seeing.

    Args:
        times: business times and where they stand; None is one that will be run.
    """
    found: dict[date, str] = {}
    for time, standing in times:
        mark = "planned" if standing is None else _MARKS.get(standing, "active")
        day = time.date()
        found[day] = min(mark, found.get(day, mark), key=_WORTH.index)
    return found


_WORTH = ["planned", "failed", "active", "absent", "succeeded"]


def months(days: Mapping[date, str], width: int) -> Iterator[Line]:
    """The days as calendars with a legend; of many months a line for each year."""
    if len({(day.year, day.month) for day in days}) > MONTHS:
        yield from _years(days)
        return
    # Lines stand two characters further in, and months three apart.
    yield from calendar(days, BRACKETS, across=max(1, (width + 3) // (MONTH_WIDTH + 3)))
    yield ()
    count = Counter(days.values())
    legend: list[tuple[str, str]] = []
    for mark, meaning in MEANINGS.items():
        if mark in count:
            legend += [("   ", "")] * bool(legend)
            legend += [("  ".join(BRACKETS[mark]), mark), (f"  {meaning}: {counted(count[mark], 'day')}", "")]
    yield legend


def _years(days: Mapping[date, str]) -> Iterator[Line]:
    by_year: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for day, mark in days.items():
        by_year[day.year][mark] += 1
    seen = [mark for mark in MEANINGS if any(mark in count for count in by_year.values())]
    rows = [(str(year), *(f"{count[mark]:,}" for mark in seen)) for year, count in sorted(by_year.items())]
    yield from table(("year", *(MEANINGS[mark] for mark in seen)), rows, right=range(1, len(seen) + 1))


# ---------------------------------------------------------------------------------------------------------------
# Nodes


def _nodes(plan: Plan, width: int | None) -> Iterator[Line]:
    selection = plan.selection
    if len(selection.parts) <= NODES:
        yield from drawn(plan.graph, plan.node_names, selection, width)
        return
    yield ((f"{len(selection.running):,} of {counted(len(selection.parts), 'node')} run.", ""),)
    for part in (Part.FILTERED, Part.OUTSIDE):
        if names := [plan.node_names[node] for node, its_part in selection.parts.items() if its_part is part]:
            more = f" and {len(names) - NODES:,} more" if len(names) > NODES else ""
            yield ((f"{part.value.capitalize()}: {', '.join(names[:NODES])}{more}.", ""),)
