"""When a campaign may do what: how its range is cut, what follows a failure, when it keeps quiet. Pure."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from attrs import frozen

from dms_backfill_sdk.dates import in_china
from dms_backfill_sdk.errors import InvalidRequestError

__all__ = ["OnFailure", "QuietHours", "auto_window", "merged", "slots", "window_name"]

ONE_DAY = timedelta(days=1)
#: Hours that the runs of a window of the length ``"auto"`` take together at most. A run may take 18 (documented); that
#: a series may take longer is not known, so windows are cut as if it may not.
SERIES_HOURS = 18

_LENGTH = re.compile(r"([1-9][0-9]{0,3})(mo|w|d)")
_QUIET = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


def window_name(window: str | timedelta) -> str:
    """How the length of windows is written: ``"1mo"``, ``"10d"``, ``"2w"`` or ``"auto"``.

    Raises:
        InvalidRequestError: it is no such length.

    >>> window_name(timedelta(days=10))
    '10d'
    """
    if isinstance(window, timedelta) and window >= ONE_DAY and not window % ONE_DAY:
        return f"{window // ONE_DAY}d"
    if isinstance(window, str) and (window == "auto" or _LENGTH.fullmatch(window)):
        return window
    raise InvalidRequestError(
        f'{window!r} is no length of a window; write "1mo", "2w", "10d", a timedelta of whole days, or "auto".'
    )


def auto_window(seconds_per_run: float | None, interval: int) -> str:
    """A length of windows whose runs take :data:`SERIES_HOURS` together, and no longer than a calendar month.

    Args:
        seconds_per_run: what a run takes; None when nobody knows yet, and then it is a month.
        interval: hours from one run to the next.

    >>> auto_window(3600, 24), auto_window(60, 24), auto_window(None, 1)
    ('18d', '1mo', '1mo')
    """
    if not seconds_per_run:
        return "1mo"
    days = int(SERIES_HOURS * 3600 / (seconds_per_run * 24 / interval))
    return "1mo" if days >= 31 else f"{max(days, 1)}d"


def slots(begin: date, end: date, window: str) -> Iterator[tuple[date, date]]:
    """The first and the last day of each window, first to last. Months are those of the calendar.

    >>> [str(last) for _, last in slots(date(2022, 1, 14), date(2022, 3, 2), "1mo")]
    ['2022-01-31', '2022-02-28', '2022-03-02']
    """
    unit = window.lstrip("0123456789")
    count = int(window.removesuffix(unit))
    while begin <= end:
        last = _before_month(begin, count) if unit == "mo" else _after(begin, count * (7 if unit == "w" else 1))
        yield begin, min(last, end)
        if last >= end:
            return
        begin = last + ONE_DAY


def _before_month(day: date, count: int) -> date:
    """The last day before the month that begins ``count`` months later."""
    years, month = divmod(day.month - 1 + count, 12)
    return date.max if day.year + years > date.max.year else date(day.year + years, month + 1, 1) - ONE_DAY


def _after(day: date, days: int) -> date:
    return day + timedelta(days=min(days - 1, (date.max - day).days))


def merged(spans: Iterator[tuple[date, date]] | list[tuple[date, date]], gap: int) -> list[tuple[date, date]]:
    """The fewest spans of days that hold all of these: those with no more than ``gap`` days between them are one.

    >>> days = [date(2022, 1, day) for day in (1, 3, 5, 20)]
    >>> [(a.day, b.day) for a, b in merged([(days[2], days[2]), (days[0], days[1]), (days[3], days[3])], gap=3)]
    [(1, 5), (20, 20)]
    """
    found: list[tuple[date, date]] = []
    for begin, end in sorted(spans):
        if found and (begin - found[-1][1]).days - 1 <= gap:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


@frozen
class OnFailure:
    """What follows when runs of a window fail.

    Attributes:
        retries: how often a failed run is run again.
        goes_on: whether windows are started after one has failed for good.

    >>> OnFailure.parse("retry:2")
    OnFailure(retries=2, goes_on=False)
    """

    retries: int
    goes_on: bool

    @classmethod
    def parse(cls, written: str) -> "OnFailure":
        """Read ``"stop"``, ``"continue"`` or ``"retry:N"``; what has failed N retries too stops the campaign.

        Raises:
            InvalidRequestError: it is none of them.
        """
        if written in ("stop", "continue"):
            return cls(0, written == "continue")
        if isinstance(written, str) and (found := re.fullmatch("retry:([1-9][0-9]?)", written)):
            return cls(int(found[1]), goes_on=False)
        raise InvalidRequestError(f'on_failure={written!r} is unknown; write "stop", "continue" or "retry:2".')


@frozen
class QuietHours:
    """Hours of the day, in UTC+8, in which nothing new is started. They may go over midnight.

    >>> QuietHours.parse("22:00-06:30").hold(datetime(2022, 1, 14, 6, 29))
    True
    """

    begin: time
    end: time

    @classmethod
    def parse(cls, written: str) -> "QuietHours":
        """Read ``"08:00-20:00"``.

        Raises:
            InvalidRequestError: it is no such thing.
        """
        found = _QUIET.fullmatch(written) if isinstance(written, str) else None
        if found is None or found[0][:5] == found[0][6:]:
            raise InvalidRequestError(f'not_during={written!r} are no hours; write for instance "08:00-20:00" (UTC+8).')
        hour, minute, until_hour, until_minute = map(int, found.groups())
        return cls(time(hour, minute), time(until_hour, until_minute))

    def hold(self, moment: datetime) -> bool:
        """Whether it is to be quiet at this moment; the first minute is, the last one is not."""
        now = in_china(moment).time()
        inside = min(self.begin, self.end) <= now < max(self.begin, self.end)
        return inside == (self.begin < self.end)
