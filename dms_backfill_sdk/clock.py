"""Time as an object, so that nothing below has to wait for it or guess it."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from attrs import define, field, validators

__all__ = ["SYSTEM_CLOCK", "Clock", "ManualClock", "ServiceClock", "SystemClock"]


class Clock(Protocol):
    """What time it is, and how to wait."""

    def now(self) -> datetime:
        """The current time, with a zone."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when ``seconds`` have passed on this clock."""
        ...


@define(eq=False)
class SystemClock:
    """The machine's own time, ``speed`` times as fast from the moment the clock is made."""

    speed: float = field(default=1.0, validator=validators.gt(0))
    _origin: datetime = field(factory=lambda: datetime.now(UTC), init=False, repr=False)
    _started: float = field(factory=time.monotonic, init=False, repr=False)

    def now(self) -> datetime:
        if self.speed == 1.0:
            return datetime.now(UTC)
        return self._origin + timedelta(seconds=(time.monotonic() - self._started) * self.speed)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0) / self.speed)


@define(eq=False)
class ManualClock:
    """A time that stands still until somebody moves it; ``sleep`` moves it and returns at once. Thread-safe."""

    _now: datetime = field(default=datetime(2022, 10, 1, tzinfo=UTC))
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        """Move the time forward. A negative ``by`` is a ``ValueError``: what has happened stays happened."""
        if by < timedelta(0):
            raise ValueError(f"The clock only moves forward; advance() was given {by}.")
        with self._lock:
            self._now += by


class ServiceClock:
    """The service's time, as far as the ``Date`` of its answers tells: this side's time and the difference between.

    Args:
        clock: this side's time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: How far the service's time is ahead of this side's.
        self.ahead = timedelta(0)
        #: Whether an answer has told the service's time.
        self.measured = False

    def now(self) -> datetime:
        """The service's time, to about a second; this side's, before the first answer came."""
        return self._clock.now() + self.ahead

    def read(self, date: datetime | None, halfway: datetime) -> None:
        """Take note that it was ``date`` there when it was ``halfway`` here. A date that can be no clock's is passed
        over, and one without a zone."""
        if date is not None and date.tzinfo is not None and abs(date - halfway) < NO_CLOCK:
            self.ahead = date - halfway
            self.measured = True


#: No clock is further off than this.
NO_CLOCK = timedelta(days=365_000)

SYSTEM_CLOCK = SystemClock()
