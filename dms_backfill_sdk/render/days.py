"""A calendar of business dates as a picture: a column for each week, a cell for each day."""

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from attrs import frozen

from dms_backfill_sdk.render.drawing import cell, legend, mark, picture
from dms_backfill_sdk.render.looks import LOOKS
from dms_backfill_sdk.render.markup import Markup, tag

__all__ = ["Day", "days"]

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_WEEKDAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]

#: Weeks in a row up to which cells are large enough to hold the number of their day.
_FEW_WEEKS = 27
#: Days up to which each says when it is pointed at which it is. More would make a page heavy.
_TOLD = 1200
#: Days that are drawn; of more it is the latest.
_MOST = 3660

_LEFT = 26
_ABOVE = 18
_BELOW = 12


@frozen
class Day:
    """A day as it is drawn.

    Attributes:
        style: a style of :data:`~dms_backfill_sdk.render.looks.LOOKS`.
        mark: the style whose mark it carries, where that is not its own.
        words: what is said of it when it is pointed at, if that is more than its style.
    """

    style: str
    mark: str = ""
    words: str = ""

    @property
    def styles(self) -> str:
        """Its style, and behind a blank that of its mark."""
        return f"{self.style} {self.mark}".rstrip()


def days(marks: Mapping[date, Day], *, label: str, meanings: Mapping[str, str]) -> Markup:
    """Draw a calendar. Up to twelve months stand in one row, more of them in a row for each year.

    Args:
        marks: what is to be seen of each day. Others of the same months are faint.
        label: what it is the calendar of.
        meanings: what the legend says of those :attr:`Day.styles` that need other words than their style has.
    """
    told = sorted(marks)
    shown = told[-_MOST:]
    rows = _rows(shown)
    counts = Counter(marks[day].styles for day in told)
    order = [styles for style in LOOKS for styles in sorted(counts) if styles.split()[0] == style]
    means = {styles: meanings.get(styles) or LOOKS[styles.split()[0]].label for styles in order}
    parts: list[Markup] = []
    for row in rows:
        parts += row.drawn({day: marks[day] for day in shown if row.begin <= day <= row.end}, means)
    key, size = legend(
        [(styles, f"{means[styles]} ({counts[styles]:,})") for styles in order],
        top=rows[-1].bottom if rows else 0,
    )
    width = max([size.width, *(row.right for row in rows)])
    height = size.height
    if len(told) > len(shown):
        note = f"The latest {len(shown):,} days are drawn. {len(told) - len(shown):,} are before {shown[0]}."
        parts.append(tag("text", note, x=0, y=height + 18, class_="dms-quiet"))
        height += 24
    span = f", {told[0]} to {told[-1]}" if told else ""
    summary = ", ".join(f"{counts[styles]:,} {means[styles]}" for styles in order)
    return picture(width, height, *parts, key, label=f"{label}{span}: {summary or 'no days'}")


@frozen
class _Row:
    """Whole months, side by side.

    Attributes:
        begin: the first day.
        end: the last day.
        top: where it begins.
        pitch: from one cell to the next.
        telling: whether each day says which it is.
    """

    begin: date
    end: date
    top: float
    pitch: float
    telling: bool

    @property
    def large(self) -> bool:
        return self.pitch == _LARGE

    @property
    def right(self) -> float:
        return _LEFT + _week(self.end, self.begin) * self.pitch + self.pitch

    @property
    def bottom(self) -> float:
        return self.top + _ABOVE + 7 * self.pitch + _BELOW

    def corner(self, day: date) -> tuple[float, float]:
        return _LEFT + _week(day, self.begin) * self.pitch, self.top + _ABOVE + day.weekday() * self.pitch

    def drawn(self, marks: Mapping[date, Day], means: Mapping[str, str]) -> Iterator[Markup]:
        each = [self.begin + timedelta(days=number) for number in range((self.end - self.begin).days + 1)]
        yield tag("path", d="".join(self._cell(day) for day in each if day not in marks), class_="dms-ground")
        yield from self._names()
        alike: defaultdict[str, list[date]] = defaultdict(list)
        for day in marks:
            alike[marks[day].styles].append(day)
        for its_days in alike.values():
            yield from self._alike(its_days, marks, means)

    def _cell(self, day: date) -> str:
        x, y = self.corner(day)
        return cell(x + 1, y + 1, self.pitch - 3, self.pitch - 3)

    def _says(self, day: date, mark: Day, means: Mapping[str, str]) -> str:
        # Small cells come by the hundreds, and the legend knows as well what a style means.
        words = mark.words or (means[mark.styles] if self.large else "")
        return f"{day}: {words}" if words else str(day)

    def _names(self) -> Iterator[Markup]:
        top = self.top + _ABOVE
        bottom = top + 7 * self.pitch
        for weekday in range(0, 7, 1 if self.large else 2):
            yield tag("text", _WEEKDAYS[weekday], x=0, y=top + (weekday + 0.5) * self.pitch + 4, class_="dms-quiet")
        for month in _months(self.begin, self.end):
            x, y = self.corner(month)
            if month != self.begin:
                step = f"M{x + self.pitch:g} {top:g}V{y:g}H{x:g}" if month.weekday() else f"M{x:g} {top:g}"
                yield tag("path", d=f"{step}V{bottom:g}", class_="dms-faint")
                # The week that a month begins in is the last one's too, and so is the place above it.
                x += self.pitch if month.weekday() else 0
            name = _MONTHS[month.month - 1]
            named = f"{name} {month.year}" if month == self.begin or month.month == 1 else name
            yield tag("text", named, x=x + 1, y=top - 6, class_="dms-quiet")

    def _alike(self, its_days: Sequence[date], marks: Mapping[date, Day], means: Mapping[str, str]) -> Iterator[Markup]:
        """Days of the same style, in few elements: a page may hold years of them."""
        style = marks[its_days[0]].style
        marked = marks[its_days[0]].mark or style
        if self.telling:
            said = (tag("title", self._says(day, marks[day], means)) for day in its_days)
            cells = [tag("path", words, d=self._cell(day)) for words, day in zip(said, its_days, strict=True)]
        else:
            cells = [tag("path", d="".join(map(self._cell, its_days)))]
        parts = [tag("g", *cells, class_="dms-solid")]
        inset, reach = (self.pitch - 8, 3.2) if self.large else (6, 2.5)
        corners = [self.corner(day) for day in its_days]
        signs = "".join(mark(marked, x + inset, y + inset, reach) for x, y in corners)
        # In small cells what is as it should be carries no mark: the others are seen the better.
        if signs and (self.large or marked != style or style != "succeeded"):
            parts.append(tag("path", d=signs, class_="dms-mark"))
        if self.large:
            places = zip(its_days, corners, strict=True)
            numbers = (tag("text", str(day.day), x=x + 4, y=y + 11) for day, (x, y) in places)
            parts.append(tag("g", *numbers, class_="dms-number"))
        yield tag("g", *parts, class_=f"dms-{style}")


#: The pitch of cells without numbers.
_SMALL = 13
_LARGE = 24


def _rows(shown: Sequence[date]) -> list[_Row]:
    if not shown:
        return []
    begin, end = shown[0].replace(day=1), _end_of_month(shown[-1])
    telling = len(shown) <= _TOLD
    if (end.year - begin.year) * 12 + end.month - begin.month < 12:
        return [_Row(begin, end, 0, _LARGE if _week(end, begin) < _FEW_WEEKS else _SMALL, telling)]
    rows: list[_Row] = []
    for year in range(begin.year, end.year + 1):
        rows.append(_Row(date(year, 1, 1), date(year, 12, 31), rows[-1].bottom if rows else 0, _SMALL, telling))
    return rows


def _week(day: date, begin: date) -> int:
    """How many Mondays there are from the week of ``begin`` to that of ``day``."""
    return ((day - begin).days + begin.weekday()) // 7


def _months(begin: date, end: date) -> Iterator[date]:
    for number in range(begin.year * 12 + begin.month - 1, end.year * 12 + end.month):
        yield date(number // 12, number % 12 + 1, 1)


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
