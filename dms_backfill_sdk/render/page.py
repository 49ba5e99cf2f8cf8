"""The pieces of a page: what a notebook shows of one thing, its parts, facts and tables."""

from collections.abc import Collection, Iterable, Sequence

from dms_backfill_sdk.render.looks import STYLE_SHEET
from dms_backfill_sdk.render.markup import Markup, tag

__all__ = ["code", "facts", "part", "sentence", "sheet", "table", "warning"]

#: Rows of a table that are shown; the rest is counted.
MOST_ROWS = 50
#: Letters of a cell that are shown; all of them where it is pointed at.
MOST_LETTERS = 200
#: Letters that stand in one line.
_ONE_LINE = 40


def sheet(title: str, *pieces: str, about: str = "") -> Markup:
    """Everything that is shown of one thing, with the style sheet that it needs: a page may hold nothing else.

    Args:
        title: what it is; empty for what says so itself.
        pieces: its parts.
        about: a quiet word beside the title.
    """
    named = tag("div", tag("b", title), " ", tag("span", about, class_="dms-quiet"), class_="dms-title")
    return tag("div", tag("style", Markup(STYLE_SHEET)), *([named] if title else []), *pieces, class_="dms")


def part(heading: str, *pieces: str) -> Markup:
    """A part below its heading; wide ones are moved sideways."""
    return tag("div", tag("div", heading, class_="dms-head"), tag("div", *pieces, "", class_="dms-scroll"))


def sentence(text: str) -> Markup:
    return tag("div", text, class_="dms-says")


def warning(text: str) -> Markup:
    """A sentence that should not be overlooked."""
    return tag("div", tag("b", "!", aria_label="Warning"), " ", text, class_="dms-warning")


def code(text: str) -> Markup:
    return tag("code", text)


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Names and what they are. Those that are empty are left out."""
    rows = [tag("tr", tag("th", name), tag("td", value)) for name, value in pairs if value]
    return tag("table", tag("tbody", *rows, ""), class_="dms-facts")


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> Markup:
    """Rows below a header. Of many rows, and of long cells, the beginning is shown.

    Args:
        right: the columns that stand at the right, as numbers do; counted from 0.
    """

    def line(name: str, cells: Sequence[str]) -> Markup:
        return tag("tr", *(_cell(name, cell, right=place in right) for place, cell in enumerate(cells)))

    drawn = tag(
        "table",
        tag("thead", line("th", header)),
        tag("tbody", *(line("td", row) for row in rows[:MOST_ROWS]), ""),
        class_="dms-table",
    )
    left_out = len(rows) - MOST_ROWS
    more = [tag("div", f"… and {left_out:,} more", class_="dms-quiet")] if left_out > 0 else []
    return tag("div", drawn, *more, class_="dms-scroll")


def _cell(name: str, text: str, *, right: bool) -> Markup:
    style = "dms-right" if right else "dms-long" if len(text) > _ONE_LINE else None
    if isinstance(text, Markup) or len(text) <= MOST_LETTERS:
        return tag(name, text, class_=style)
    return tag(name, text[:MOST_LETTERS] + "…", class_=style, title=text)
