"""When to try again, and how long to wait before."""

from collections.abc import Callable
from typing import Any

import attrs
from attrs import field, frozen

from dms_backfill_sdk.codes import code_of
from dms_backfill_sdk.errors import (
    ConfigurationError,
    DmsError,
    NotSentError,
    OutcomeUnknownError,
    ServiceError,
    ThrottledError,
)

__all__ = ["RetryPolicy", "is_unsure", "may_repeat"]


def _number(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    kind, words, least = (int, "an integer", 1) if attribute.name == "attempts" else ((int, float), "a number", 0)
    if isinstance(value, bool) or not isinstance(value, kind) or not value >= least:
        name = f"{type(instance).__name__}.{attribute.name}"
        raise ConfigurationError(f"{name} must be {words} from {least} up; {value!r} is not.")


@frozen(kw_only=True)
class RetryPolicy:
    """How often and how long a call is tried.

    A call that only reads is repeated after anything that may pass. A call that starts work is repeated only when the
    service cannot have begun it: it was not sent, or it was refused before processing (throttled, clock wrong). Waits
    are random between zero and a limit that doubles from ``base`` up to ``cap`` (full jitter).

    Attributes:
        attempts: how often a call is sent at most, the first time included; 1 never repeats.
        total: seconds after which no further attempt is begun.
        base: seconds, the limit of the first wait.
        cap: seconds, the limit of any wait; a wait the service asks for is honoured even if it is longer.

    Raises:
        ConfigurationError: one of them is no such number.
    """

    attempts: int = field(default=4, validator=_number)
    total: float = field(default=60.0, validator=_number)
    base: float = field(default=0.2, validator=_number)
    cap: float = field(default=20.0, validator=_number)

    def wait(
        self, error: DmsError, *, attempt: int, elapsed: float, repeatable: bool, random: Callable[[], float]
    ) -> float | None:
        """Seconds to wait before the next attempt; None when there is none.

        Args:
            attempt: which attempt failed, from 1.
            elapsed: seconds since the first one began.
            repeatable: whether repeating the call is harmless.
            random: gives a number from 0 up to 1.
        """
        if attempt >= self.attempts or not may_repeat(error, repeatable=repeatable):
            return None
        # No wait doubles a thousand times, and beyond that a float cannot.
        wait = random() * min(self.cap, self.base * 2.0 ** min(attempt - 1, 1000))
        if isinstance(error, ThrottledError) and error.retry_after is not None:
            wait += error.retry_after
        return wait if elapsed + wait <= self.total else None


def may_repeat(error: DmsError, *, repeatable: bool) -> bool:
    """Whether a call that ended in ``error`` may be sent again.

    >>> may_repeat(OutcomeUnknownError("The read timed out."), repeatable=False)
    False
    """
    if isinstance(error, NotSentError):
        return True
    if isinstance(error, ServiceError) and code_of(error.code, error.http_status).early:
        return True
    return repeatable and is_unsure(error)


def is_unsure(error: DmsError) -> bool:
    """Whether a call that ended in ``error`` may have been acted on, if it starts anything."""
    if isinstance(error, ServiceError):
        return code_of(error.code, error.http_status).unsure
    return isinstance(error, OutcomeUnknownError)
