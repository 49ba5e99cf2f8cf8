"""When to try again, and how long to wait before."""

from collections.abc import Callable

from attrs import field, frozen, validators

from dms_backfill_sdk.codes import code_of
from dms_backfill_sdk.errors import (
    DmsError,
    NotSentError,
    OutcomeUnknownError,
    ServerFaultError,
    ServiceError,
    ThrottledError,
)

__all__ = ["RetryPolicy"]


@frozen(kw_only=True)
class RetryPolicy:
    """How often and how long a call is tried.

    A call that only reads is repeated after anything that may pass. A call that starts work is repeated only when the
    service cannot have begun it: it was not sent, or it was refused before processing (throttled, nonce used, clock
    wrong). Waits are random between zero and a limit that doubles from ``base`` up to ``cap`` (full jitter).

    Attributes:
        attempts: how often a call is sent at most, the first time included; 1 never repeats.
        total: seconds after which no further attempt is begun.
        base: seconds, the limit of the first wait.
        cap: seconds, the limit of any wait; a wait the service asks for is honoured even if it is longer.
    """

    attempts: int = field(default=4, validator=[validators.instance_of(int), validators.ge(1)])
    total: float = field(default=60.0, validator=validators.ge(0))
    base: float = field(default=0.2, validator=validators.gt(0))
    cap: float = field(default=20.0, validator=validators.gt(0))

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
        wait = random() * min(self.cap, self.base * 2 ** (attempt - 1))
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
    return repeatable and isinstance(error, OutcomeUnknownError | ServerFaultError)
