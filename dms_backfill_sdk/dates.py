"""Business dates: one day, a range of them, a step and a direction.

A *business date* is the day a run is about. It is the day before the run in normal scheduling, and the very day that
is asked for in a backfill. The service writes times without a zone and means UTC+8.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import overload

from attrs import frozen

from dms_backfill_sdk.errors import InvalidRequestError

__all__ = ["CHINA", "BusinessTimes", "business_date", "in_china", "optional_business_date"]

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
        return map(self._at, range(len(self)))

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
