"""Business dates: one day, a range of them, a step and a direction.

A *business date* is the day a run is about. It is the day before the run in normal scheduling, and the very day that
is asked for in a backfill. The service writes times without a zone and means UTC+8.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from itertools import accumulate, repeat
from operator import add
from typing import Any, Self, overload

from attrs import frozen

from dms_backfill_sdk.errors import InvalidRequestError

__all__ = ["CHINA", "BusinessTimes", "business_date", "in_china", "optional_business_date", "requested_times"]

CHINA = timezone(timedelta(hours=8), "UTC+8")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def in_china(value: datetime) -> datetime:
    """``value`` in UTC+8. Without a zone it means UTC+8 already, as the service's times do."""
    return value.astimezone(CHINA) if value.tzinfo else value.replace(tzinfo=CHINA)


def business_date(value: date | str) -> date:
    """The business date that ``value`` names.

    Args:
        value: a ``date``; a ``datetime``, whose day is taken (a zone is converted to UTC+8 first, none means UTC+8);
            or a string ``"YYYY-MM-DD"``.

    Raises:
        InvalidRequestError: it names no day.
    """
    if isinstance(value, datetime):
        return in_china(value).date()
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise InvalidRequestError(f"There is no day {value!r} in the calendar.") from None
    raise InvalidRequestError(f'{value!r} is not a business date; write a date, a datetime or "YYYY-MM-DD".')


def optional_business_date(value: date | str | None) -> date | None:
    """:func:`business_date`, where None stays None."""
    return None if value is None else business_date(value)


@frozen
class BusinessTimes(Sequence[datetime]):
    """The business times a backfill runs through, in the order it runs them: datetimes in UTC+8.

    Lazy: a million cost as much as one.

    Attributes:
        begin: the first day.
        end: the last day.
        interval: hours from one to the next, 1 or more; 24 by default (documented).
        asc: from small to big (documented default), else from big to small.
        end_inclusive: whether the hours of ``end`` belong to it. The service does not say; our choice is that they do.

    >>> [str(time) for time in BusinessTimes(date(2022, 1, 14), date(2022, 1, 15))]
    ['2022-01-14 00:00:00+08:00', '2022-01-15 00:00:00+08:00']
    >>> len(BusinessTimes(date(2022, 1, 14), date(2022, 1, 15), interval=1))
    48
    """

    begin: date
    end: date
    interval: int = 24
    asc: bool = True
    end_inclusive: bool = True

    def __len__(self) -> int:
        hours = ((self.end - self.begin).days + self.end_inclusive) * 24
        return max(0, -(-hours // self.interval))

    @overload
    def __getitem__(self, index: int) -> datetime: ...
    @overload
    def __getitem__(self, index: slice) -> list[datetime]: ...
    def __getitem__(self, index: int | slice) -> datetime | list[datetime]:
        # range() knows all about negative indexes and slices.
        steps = range(len(self))[index]
        return self._at(steps) if isinstance(steps, int) else [self._at(step) for step in steps]

    def __iter__(self) -> Iterator[datetime]:
        if not self:
            return iter(())
        # Added up, which is several times as fast as to work out each: ten years have 87,600 hours.
        step = timedelta(hours=self.interval if self.asc else -self.interval)
        return accumulate(repeat(step, len(self) - 1), add, initial=self._at(0))

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, datetime):
            return False
        step, rest = divmod(in_china(value) - self._origin, timedelta(hours=self.interval))
        return not rest and 0 <= step < len(self)

    @property
    def _origin(self) -> datetime:
        return datetime.combine(self.begin, time(), CHINA)

    def _at(self, step: int) -> datetime:
        nth = step if self.asc else len(self) - 1 - step
        return self._origin + timedelta(hours=nth * self.interval)

    def to_dict(self) -> dict[str, Any]:
        """Its attributes in plain values, for :meth:`from_dict`."""
        return {
            "begin": self.begin.isoformat(),
            "end": self.end.isoformat(),
            "interval": self.interval,
            "asc": self.asc,
            "end_inclusive": self.end_inclusive,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """What :meth:`to_dict` wrote down; other keys are passed over."""
        begin, end = business_date(data["begin"]), business_date(data["end"])
        return cls(begin, end, data["interval"], data["asc"], data["end_inclusive"])


def requested_times(
    on: date | str | None,
    between: tuple[date | str, date | str] | None,
    *,
    interval: int,
    asc: bool,
    end_inclusive: bool,
) -> BusinessTimes:
    """The business times that somebody asks for: one day, or a range whose last day is meant to be run.

    ``end_inclusive`` says how they must be written for the service, not what is meant: where the service leaves the
    last day of a range out, the range ends a day later.

    Raises:
        InvalidRequestError: they are not said, or said twice, or make no sense.
    """
    if (on is None) == (between is None):
        raise InvalidRequestError('Say which days: either on="2022-01-14", or between=("2022-01-14", "2022-09-29").')
    if isinstance(interval, bool) or not isinstance(interval, int) or interval < 1:
        raise InvalidRequestError(f"interval must be a whole number of hours from 1 up; {interval!r} is not.")
    if between is not None and (isinstance(between, str) or len(between) != 2):
        raise InvalidRequestError(f"between= takes the first and the last day as a pair; {between!r} is none.")
    begin, end = map(business_date, between or (on, on))  # type: ignore[arg-type]  # one of them is given
    if end < begin:
        raise InvalidRequestError(
            f"The range ends ({end}) before it begins ({begin}); swap them, and use asc=False to run backwards."
        )
    return BusinessTimes(begin, end + timedelta(days=not end_inclusive), interval, asc, end_inclusive)
