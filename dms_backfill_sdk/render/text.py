"""Tables and calendars as text that people read.

What is made here has no colours: each piece of a line carries the name of its style, and whoever shows it, on a
terminal or in a page, knows what that name looks like.
"""

from calendar import Calendar
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from unicodedata import east_asian_width

__all__ = ["MONTH_WIDTH", "Line", "calendar", "table"]

Line = Sequence[tuple[str, str]]
"""One line of text, as pieces: each a text and the name of its style, which may be empty."""


# ---------------------------------------------------------------------------------------------------------------
# Tables


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> Iterator[Line]:
    """Rows below a header, in columns as wide as they need to be.

    Args:
        right: the columns that stand at the right, as numbers do; counted from 0.

    >>> for line in table(("day", "orders"), [("2022-01-17", "44"), ("2022-01-18", "9")], right=[1]):
    ...     print("".join(text for text, _ in line))
    day         orders
    2022-01-17      44
    2022-01-18       9
    """
    widths = [max(map(_width, column)) for column in zip(header, *rows, strict=True)]
    for number, row in enumerate((header, *rows)):
        style = "" if number else "quiet"
        cells = [
            " " * (width - _width(cell)) + cell if place in right else cell + " " * (width - _width(cell))
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield (("  ".join(cells).rstrip(), style),)


def _width(text: str) -> int:
    """How many places of a terminal it takes: Chinese letters take two."""
    return len(text) + sum(east_asian_width(letter) in "WF" for letter in text)


# ---------------------------------------------------------------------------------------------------------------
# Calendars

_WEEKDAYS = " Mo Tu We Th Fr Sa Su "
MONTH_WIDTH = len(_WEEKDAYS)

_GAP = ("   ", "")
_BLANK: Line = ((" " * MONTH_WIDTH, ""),)


def calendar(marks: Mapping[date, str], brackets: Mapping[str, str], *, across: int = 3) -> Iterator[Line]:
    """The months of some business dates, as grids of weeks that begin on Monday.

    Args:
        marks: what is to be seen of each day: the name of a style. Days of the same months that are not in it are
            shown without one.
        brackets: for some of these names, two characters that stand around their days, so that they are seen without
            colour too. Where two such days meet, the second one's stand.
        across: how many months stand side by side.

    >>> week = [date(2021, 2, day) for day in range(8, 15)]
    >>> for line in calendar(dict.fromkeys(week[2:5], "missing"), {"missing": "[]"}):
    ...     print("".join(text for text, _ in line).rstrip())
           2021-02
     Mo Tu We Th Fr Sa Su
      1  2  3  4  5  6  7
      8  9[10 11 12]13 14
     15 16 17 18 19 20 21
     22 23 24 25 26 27 28
    """
    months = sorted({(day.year, day.month) for day in marks})
    for begin in range(0, len(months), across):
        if begin:
            yield ()
        grids = [list(_month(*month, marks, brackets)) for month in months[begin : begin + across]]
        for first, *others in zip_longest(*grids, fillvalue=_BLANK):
            yield (*first, *(piece for line in others for piece in (_GAP, *line)))


def _month(year: int, month: int, marks: Mapping[date, str], brackets: Mapping[str, str]) -> Iterator[Line]:
    yield ((f"{year:04}-{month:02}".center(MONTH_WIDTH), "heading"),)
    yield ((_WEEKDAYS, "quiet"),)
    for week in Calendar().monthdayscalendar(year, month):
        # 0 is a day of another month.
        styles = [marks.get(date(year, month, day), "") if day else "" for day in week]
        line = [_between("", styles[0], brackets)]
        for day, style, following in zip(week, styles, (*styles[1:], ""), strict=True):
            line += [(f"{day or '':>2}", style), _between(style, following, brackets)]
        yield line


def _between(before: str, after: str, brackets: Mapping[str, str]) -> tuple[str, str]:
    if before == after:
        return " ", after
    if after in brackets:
        return brackets[after][0], after
    if before in brackets:
        return brackets[before][1], before
    return " ", ""
