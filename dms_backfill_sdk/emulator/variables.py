"""Time variables: ``${bizdate}``, and those that a task flow or a node defines, filled in for one business time.

A variable is a time format, and optionally an offset: ``yyyy-MM-dd|+0m+0h-2d+0w+0M+1y``. The letters are Java's
(documented). Weeks begin on Monday and are counted as in ISO 8601; names of days and months are English (our choice:
the service does not say).
"""

import calendar
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from attrs import frozen

__all__ = ["Pattern", "VariableError", "Variables", "fill", "read_pattern", "read_variables", "write_variables"]


class VariableError(ValueError):
    """A time variable cannot be understood, is not there, or leaves the calendar."""


# ---------------------------------------------------------------------------------------------------------------
# The format: one row per letter; a row is given the time and how often the letter stands there.


def _year(year: int, width: int) -> str:
    return f"{year % 100:02d}" if width == 2 else f"{year:0{width}d}"


# The calendar module has these too, in the language of the process.
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _named(name: str, width: int) -> str:
    return name if width > 3 else name[:3]


def _month(moment: datetime, width: int) -> str:
    return _named(_MONTHS[moment.month - 1], width) if width > 2 else f"{moment.month:0{width}d}"


def _week_of_month(moment: datetime) -> int:
    return (moment.day - 1 + moment.replace(day=1).weekday()) // 7 + 1


_LETTERS: dict[str, Callable[[datetime, int], str]] = {
    "G": lambda _t, _width: "AD",
    "y": lambda t, width: _year(t.year, width),
    "Y": lambda t, width: _year(t.isocalendar().year, width),
    "M": _month,
    "w": lambda t, width: f"{t.isocalendar().week:0{width}d}",
    "W": lambda t, width: f"{_week_of_month(t):0{width}d}",
    "D": lambda t, width: f"{t.timetuple().tm_yday:0{width}d}",
    "d": lambda t, width: f"{t.day:0{width}d}",
    "E": lambda t, width: _named(_DAYS[t.weekday()], width),
    "e": lambda t, width: f"{t.isoweekday():0{width}d}",
    "a": lambda t, _width: "AM" if t.hour < 12 else "PM",
    "H": lambda t, width: f"{t.hour:0{width}d}",
    "h": lambda t, width: f"{t.hour % 12 or 12:0{width}d}",
    "K": lambda t, width: f"{t.hour % 12:0{width}d}",
    "k": lambda t, width: f"{t.hour or 24:0{width}d}",
    "m": lambda t, width: f"{t.minute:0{width}d}",
    "s": lambda t, width: f"{t.second:0{width}d}",
    "S": lambda t, width: f"{t.microsecond // 1000:0{width}d}",
    "z": lambda _t, _width: "UTC+08:00",
}

_PIECE = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letter>[A-Za-z])(?P=letter)*|(?P<plain>[^A-Za-z']+)")
_OFFSET = re.compile(r"([+-]?[0-9]{1,9})([mhdwMy])")
_MAX_LETTERS = 32


@frozen
class Pattern:
    """A time format and an offset.

    Attributes:
        pieces: each a letter and how often it stands there, or a text and 0.
        months: how far to move by the calendar. A day that the month does not have becomes its last, as in Java.
        span: how far to move by the clock, afterwards.
    """

    pieces: tuple[tuple[str, int], ...]
    months: int
    span: timedelta

    def at(self, base: datetime) -> str:
        """What the variable says when it is counted from ``base``.

        Raises:
            VariableError: the offset leads out of the years 1 to 9999.
        """
        try:
            moment = _plus_months(base, self.months) + self.span
        except (OverflowError, ValueError):
            raise VariableError(
                f"A time variable's offset leads from {base.date()} out of the years 1 to 9999; use a smaller one."
            ) from None
        return "".join(_LETTERS[text](moment, width) if width else text for text, width in self.pieces)


def _plus_months(moment: datetime, months: int) -> datetime:
    if not months:
        return moment
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


@lru_cache(maxsize=1024)
def read_pattern(pattern: str) -> Pattern:
    """Understand a variable's pattern.

    >>> read_pattern("yyyy-MM-dd|-1M").at(datetime(2022, 3, 31))
    '2022-02-28'

    Raises:
        VariableError: it cannot be understood.
    """
    form, _, offset = pattern.partition("|")
    if _OFFSET.sub("", offset):
        raise VariableError(
            f"The offset {offset!r} cannot be read; write amounts of m, h, d, w, M and y, such as -1M+2d."
        )
    amounts = dict.fromkeys("mhdwMy", 0)
    for amount, unit in _OFFSET.findall(offset):
        amounts[unit] += int(amount)
    try:
        span = timedelta(minutes=amounts["m"], hours=amounts["h"], days=amounts["d"], weeks=amounts["w"])
    except OverflowError:
        raise VariableError(f"The offset {offset!r} is longer than time; use a smaller one.") from None
    return Pattern(tuple(_pieces(form)), amounts["y"] * 12 + amounts["M"], span)


def _pieces(form: str) -> Iterator[tuple[str, int]]:
    place = 0
    while place < len(form):
        found = _PIECE.match(form, place)
        if found is None:
            raise VariableError(f"The format {form!r} opens a quote and does not close it; write '' for a quote.")
        if letter := found["letter"]:
            width = len(found[0])
            if letter not in _LETTERS or width > _MAX_LETTERS:
                raise VariableError(
                    f"The format {form!r} has {found[0][:8]!r}, which means nothing; letters are {''.join(_LETTERS)}, "
                    "and text stands in single quotes."
                )
            yield letter, width
        else:
            quoted = found["quoted"]
            yield (found["plain"] if quoted is None else quoted.replace("''", "'") or "'"), 0
        place = found.end()


# ---------------------------------------------------------------------------------------------------------------
# The variables of a flow and of a node, as the wire has them: a string of JSON.

_NAME = re.compile(r"[^${}\s][^${}]*")
_BIZDATE = read_pattern("yyyy-MM-dd")


@lru_cache(maxsize=1024)
def read_variables(text: str) -> Mapping[str, Pattern]:
    """Understand a ``TimeVariables`` string; the empty string defines none.

    >>> list(read_variables('{"variables":[{"name":"day","pattern":"dd|+1d"}]}'))
    ['day']

    Raises:
        VariableError: it cannot be understood.
    """
    if not text.strip():
        return {}
    try:
        variables = json.loads(text)["variables"]
        pairs = [(variable["name"], variable["pattern"]) for variable in variables]
        understood = all(isinstance(part, str) for pair in pairs for part in pair)
    except (ValueError, TypeError, KeyError, RecursionError):
        understood = False
    if not understood:
        raise VariableError(
            'TimeVariables cannot be read; write {"variables":[{"name":"yesterday","pattern":"yyyy-MM-dd|-1d"}]}.'
        )
    for name, _ in pairs:
        if not _NAME.fullmatch(name):
            raise VariableError(f"{name!r} is no name for a time variable; leave out $, {{ and }}.")
    return {name: read_pattern(pattern) for name, pattern in pairs}


def write_variables(patterns: Mapping[str, str]) -> str:
    """The ``TimeVariables`` string that defines these; :func:`read_variables` backwards."""
    return json.dumps(
        {"variables": [{"name": name, "pattern": pattern} for name, pattern in patterns.items()]},
        separators=(",", ":"),
        ensure_ascii=False,
    )


@frozen
class Variables(Mapping[str, str]):
    """What each variable says in one run of one node. Each is worked out when it is asked for.

    A node's own variable hides its flow's of the same name, and either hides ``bizdate`` (our choice).

    Attributes:
        business_time: the run's business time. The flow's variables are counted from it; ``bizdate`` is its day, and
            the node's variables are counted from that day's beginning (documented).
        flow: the flow's ``TimeVariables``.
        node: the node's ``TimeVariables``.
    """

    business_time: datetime
    flow: str = ""
    node: str = ""

    def __getitem__(self, name: str) -> str:
        day = self.business_time.replace(hour=0, minute=0, second=0, microsecond=0)
        for text, base in ((self.node, day), (self.flow, self.business_time)):
            if pattern := read_variables(text).get(name):
                return pattern.at(base)
        if name == "bizdate":
            return _BIZDATE.at(self.business_time)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter({"bizdate": None, **read_variables(self.flow), **read_variables(self.node)})

    def __len__(self) -> int:
        return sum(1 for _ in self)


_REFERENCE = re.compile(r"\$\{([^{}]*)\}")


def fill(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with every ``${name}`` replaced by what the variable says.

    >>> fill("day = '${bizdate}'", Variables(datetime(2022, 1, 14)))
    "day = '2022-01-14'"

    Raises:
        VariableError: there is no such variable, or its offset leaves the calendar.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1].strip()
        try:
            return variables[name]
        except KeyError:
            known = ", ".join(f"${{{name}}}" for name in variables)
            raise VariableError(f"There is no time variable ${{{name}}}; there are {known}.") from None

    return _REFERENCE.sub(value, text)
