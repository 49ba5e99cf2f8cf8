"""What the demo shows, as lines: its pictures, without anything that moves."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from dms_backfill_sdk.cli.sales import DAYS, Range, Sales
from dms_backfill_sdk.render import MONTH_WIDTH, Line, calendar, table

__all__ = ["called", "few_rows", "months", "next_steps", "sent"]

BRACKETS = {"missing": "[]", "filled": "()"}
MEANINGS = {"missing": "never loaded", "filled": "loaded just now"}


def months(days: Collection[date], style: str, width: int) -> Iterator[Line]:
    """The calendar of the shop's months, in which some days stand out, and what they are.

    Args:
        style: ``"missing"`` or ``"filled"``.
        width: how many characters a line may have.
    """
    marks = dict.fromkeys(DAYS, "") | dict.fromkeys(days, style)
    # Lines stand two characters further in, and months three apart.
    yield from calendar(marks, BRACKETS, across=max(1, (width + 1) // (MONTH_WIDTH + 3)))
    yield ()
    yield (" ", ""), ("  ".join(BRACKETS[style]), style), (f"  {MEANINGS[style]}: {len(days)} of {len(DAYS)} days", "")


def few_rows(rows: Mapping[date, Sales], ranges: Sequence[Range]) -> Iterator[Line]:
    """A table of sales: of each range the first two days and the last."""
    cells = []
    for begin, end in ranges:
        first, second, *_, last = (
            (str(day), str(sale.orders), f"{sale.revenue:,.2f}") for day, sale in rows.items() if begin <= day <= end
        )
        cells += [first, second, ("…", "…", "…"), last]
    return table(("day", "orders", "revenue"), cells, right=(1, 2))


def called(dag_id: int, begin: date, end: date) -> Line:
    """The Python of a BackFill."""
    return ((f'client.back_fill(BackFillRequest.between({dag_id}, "{begin}", "{end}"))', "code"),)


def sent(endpoint: str, parameters: Mapping[str, str]) -> Iterator[Line]:
    """A BackFill as it arrived."""
    signed = f"{parameters['SignatureMethod']} by {parameters['AccessKeyId']} at {parameters['Timestamp']}"
    shown = {name: parameters[name] for name in ("Action", "DagId", "BackFillDateBegin", "BackFillDateEnd")}
    yield (("POST ", "quiet"), (endpoint, ""))
    for name, value in (shown | {"signed": signed}).items():
        yield ((f"  {name:17}  ", "quiet"), (value, ""))


def next_steps() -> Iterator[Line]:
    """What somebody may do who liked it."""
    steps = {
        "dms-backfill serve": "a local DMS like this one, for your programs and tests",
        "dms-backfill --help": "all commands",
        "docs/tutorial.md": "the same in Python, with a failure on the way",
    }
    width = max(map(len, steps))
    for step, meaning in steps.items():
        yield ((f"{step:{width}}", "code"), (f"  {meaning}", ""))
