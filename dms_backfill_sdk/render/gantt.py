"""What ran when, as a picture: a bar for each run, or for each node of a run, along the time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from dms_backfill_sdk.render.drawing import WIDE, cell, legend, mark, measure, picture, shortened
from dms_backfill_sdk.render.looks import LOOKS
from dms_backfill_sdk.render.markup import Markup, number, tag

__all__ = ["MOST", "Span", "gantt"]

#: Bars that are drawn at most.
MOST = 60
#: Which ones are drawn first when there are more.
_URGENT = ("failed", "running", "suspended")

_ROW = 18
_BAR = 10
_ABOVE = 22
_LABEL = 190
#: Pixels from one tick of the time to the next, at least.
_APART = 92
#: Room behind the bars for how long the last one took.
_AFTER = 96


@frozen
class Span:
    """Something that took its time.

    Attributes:
        label: what it is called.
        begin: when it began.
        end: when it ended; None if it goes on.
        style: a style of :data:`~dms_backfill_sdk.render.looks.LOOKS`.
    """

    label: str
    begin: datetime
    end: datetime | None
    style: str


def gantt(spans: Sequence[Span], *, now: datetime, label: str, note: str = "") -> Markup:
    """Draw bars along the time, in the order given.

    More than :data:`MOST` are too many to be read: then those that failed or go on are drawn, and of the others the
    last, and the picture says so.

    Args:
        now: how far what goes on has come. It is shown in its own zone, and so is everything else.
        label: what it shows.
        note: what else is to be said below.
    """
    shown = _most_urgent(spans)
    zone = now.tzinfo
    moments = [moment.astimezone(zone) for span in shown for moment in (span.begin, span.end or now)]
    first = min(moments, default=now)
    corner = f"{first:%Y-%m-%d} {now.tzname() or ''}".rstrip()
    left = max(measure(corner), min(_LABEL, max((measure(span.label) for span in shown), default=0))) + 10
    scale = _Scale.over(first, max(moments, default=now), left, WIDE - _AFTER)
    bottom = _ABOVE + len(shown) * _ROW
    stripes = "".join(cell(0, _ABOVE + nth * _ROW, WIDE, _ROW) for nth in range(0, len(shown), 2))
    parts = [
        tag("path", d=stripes, class_="dms-ground"),
        tag("text", corner, x=0, y=_ABOVE - 9, class_="dms-quiet"),
    ]
    for moment in scale.ticks():
        parts += _tick(moment, scale, bottom)
    for nth, span in enumerate(shown):
        parts += _drawn(span, _ABOVE + nth * _ROW, scale, now)
    found = Counter(span.style for span in spans)
    counts = {style: found[style] for style in LOOKS if style in found}
    key, size = legend([(style, f"{LOOKS[style].label} ({counts[style]:,})") for style in counts], top=bottom + 12)
    height = size.height
    chosen = f"{len(shown)} of {len(spans):,} are drawn: those that failed or go on, and the last."
    for words in (chosen if len(shown) < len(spans) else "", note):
        if words:
            height += 18
            parts.append(tag("text", words, x=0, y=height - 4, class_="dms-quiet"))
    summary = ", ".join(f"{count:,} {LOOKS[style].label}" for style, count in counts.items())
    return picture(WIDE, height, *parts, key, label=f"{label}: {summary or 'nothing has begun'}")


def _most_urgent(spans: Sequence[Span]) -> list[Span]:
    """As many spans as are drawn, in their order."""
    places = sorted(range(len(spans)), key=lambda place: (spans[place].style in _URGENT, place))[-MOST:]
    return [spans[place] for place in sorted(places)]


def _drawn(span: Span, top: float, scale: "_Scale", now: datetime) -> Iterator[Markup]:
    begin, end = scale.x(span.begin), scale.x(span.end or now)
    width = max(end - begin, 2)
    middle = top + _ROW / 2
    took = lasting((span.end or now) - span.begin)
    since, until = span.begin.astimezone(now.tzinfo), (span.end or now).astimezone(now.tzinfo)
    said = f"{span.label}: {LOOKS[span.style].label}, {since:%Y-%m-%d %H:%M:%S} to {until:%H:%M:%S}, {took}"
    yield tag("text", shortened(span.label, _LABEL), x=0, y=middle + 4)
    bar = [
        tag("title", said),
        tag("path", d=cell(begin, middle - _BAR / 2, width, _BAR), class_="dms-solid"),
    ]
    # The mark of one that has no room for it stands before what is written behind it.
    inside = width > 16
    beyond = begin + width + 6
    if span.style != "succeeded":
        at = begin + 8 if inside else beyond + 3
        bar.append(tag("path", d=mark(span.style, at, middle, 3), class_="dms-mark" if inside else "dms-sign"))
        beyond += 0 if inside else 10
    yield tag("g", *bar, class_=f"dms-{span.style}")
    yield tag("text", took if span.end else f"{took} …", x=beyond, y=middle + 4, class_="dms-quiet")


def _tick(moment: datetime, scale: "_Scale", bottom: float) -> Iterator[Markup]:
    x, words = scale.x(moment), scale.says(moment)
    yield tag("path", d=f"M{number(x)} {_ABOVE - 4}V{bottom}", class_="dms-faint")
    at = max(x, scale.left + measure(words) / 2)
    yield tag("text", words, x=at, y=_ABOVE - 9, text_anchor="middle", class_="dms-quiet")


def lasting(time: timedelta) -> str:
    """How long something took, in two units at most.

    >>> lasting(timedelta(seconds=75)), lasting(timedelta(seconds=2.25)), lasting(timedelta(hours=26))
    ('1 min 15 s', '2.2 s', '1 d 2 h')
    """
    seconds = max(time.total_seconds(), 0)
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    rest = round(seconds)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        parts.append(f"{count} {unit}" if count else "")
    first = next(place for place, part in enumerate(parts) if part)
    return " ".join(filter(None, parts[first : first + 2]))


# ---------------------------------------------------------------------------------------------------------------
# The time


_DAY = 86400
#: Seconds from one tick to the next.
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, _DAY, 2 * _DAY, 7 * _DAY)


@frozen
class _Scale:
    """Where a moment stands.

    Attributes:
        begin: the moment at ``left``.
        left: where the time begins.
        second: how many pixels a second is wide.
        step: seconds from tick to tick.
        ticked: how many ticks there are.
    """

    begin: datetime
    end: datetime
    left: float
    second: float
    step: int

    @classmethod
    def over(cls, begin: datetime, end: datetime, left: float, right: float) -> "_Scale":
        seconds = max((end - begin).total_seconds(), 1)
        second = (right - left) / seconds
        step = next((step for step in _STEPS if step * second >= _APART), 0) or _many_days(_APART / second)
        return cls(begin, end, left, second, step)

    def x(self, moment: datetime) -> float:
        return self.left + (moment - self.begin).total_seconds() * self.second

    def ticks(self) -> Iterator[datetime]:
        """Even moments, as a clock or a calendar has them."""
        midnight = self.begin.replace(hour=0, minute=0, second=0, microsecond=0)
        first = -(-(self.begin - midnight).total_seconds() // self.step)
        count = int((self.end - midnight).total_seconds() // self.step)
        for nth in range(int(first), count + 1):
            yield midnight + timedelta(seconds=nth * self.step)

    def says(self, moment: datetime) -> str:
        if self.step >= _DAY:
            return f"{moment:%Y-%m-%d}"
        clock = f"{moment:%H:%M:%S}" if self.step < 60 else f"{moment:%H:%M}"
        return f"{moment:%m-%d} {clock}" if (moment.hour, moment.minute, moment.second) == (0, 0, 0) else clock


def _many_days(seconds: float) -> int:
    return _DAY * -(-int(seconds) // _DAY)
