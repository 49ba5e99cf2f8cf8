"""What can go wrong, as a tree.

::

    DmsError
    ├── ConfigurationError          nothing sent: no credentials, plain http to a host that isn't loopback
    ├── InvalidRequestError         nothing sent: the request breaks the contract (also a ValueError)
    ├── LedgerError                 the ledger of a campaign cannot be used; nothing is sent without it
    ├── NotSentError                could not connect: the service never saw it
    ├── PlanOutdatedError           nothing sent: what the plan was made on has changed
    ├── RunFailedError              a run of a job failed, or never came
    ├── WaitTimeoutError            the time to wait is up; the job goes on (also a TimeoutError)
    ├── OutcomeUnknownError         sent, and no answer that can be trusted: it may have started
    └── ServiceError                the service answered: code, message, http_status, request_id, recommend
        ├── AuthenticationError
        │   └── SignatureMismatchError      where the two strings-to-sign first differ
        ├── PermissionDeniedError           the detail of the denied RAM policy
        ├── NotFoundError
        ├── InvalidParameterError
        ├── ThrottledError                  retry_after
        └── ServerFaultError                5xx

Every error says what happened, whether anything may have started, and what to do next. It pickles, keeps its cause,
and never holds a secret.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from dms_backfill_sdk.shown import ShownWhenRaised

__all__ = [
    "AuthenticationError",
    "ConfigurationError",
    "DmsError",
    "InvalidParameterError",
    "InvalidRequestError",
    "LedgerError",
    "NotFoundError",
    "NotSentError",
    "OutcomeUnknownError",
    "PermissionDeniedError",
    "PlanOutdatedError",
    "RunFailedError",
    "ServerFaultError",
    "ServiceError",
    "SignatureMismatchError",
    "ThrottledError",
    "WaitTimeoutError",
]


def _restore(cls: type["DmsError"], args: tuple[Any, ...], state: dict[str, Any], cause: BaseException | None) -> Any:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    error.__cause__ = cause
    return error


class DmsError(ShownWhenRaised, Exception):
    """The root of everything this package raises on purpose.

    Attributes:
        what: what happened, in one sentence.
        action: the operation that was called, such as ``"BackFill"``; empty when there was none yet.
        may_have_started: whether the service may have begun to act on the call.
        advice: what to do next.
        started: of a submission of several requests, what those before this one started.
        job: the same as a job; None where there was no submission.
    """

    started: tuple[Any, ...] = ()
    job: Any = None

    def __init__(self, what: str, *, action: str = "", may_have_started: bool = False, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.action = action
        self.may_have_started = may_have_started
        self.advice = advice

    def about(self, action: str, *, may_have_started: bool) -> Self:
        """Say which operation this was about; the one who made the error could not know it."""
        self.action = action
        self.may_have_started = may_have_started
        return self

    def __str__(self) -> str:
        started = "It may have started." if self.may_have_started else "Nothing was started."
        about = f"{self.action}: " if self.action else ""
        return " ".join(part for part in (about + self.what, started, self.advice) if part)

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call __init__ with args alone and lose every attribute (and the cause).
        # A job holds a client, with open connections and keys: it stays behind.
        state = {name: value for name, value in self.__dict__.items() if name != "job"}
        return _restore, (type(self), self.args, state, self.__cause__)


class ConfigurationError(DmsError):
    """Nothing was sent: the client cannot be used as it is set up."""


class InvalidRequestError(DmsError, ValueError):
    """Nothing was sent: the request breaks the contract of its operation."""

    def __str__(self) -> str:
        # Raised where the request is written, where nobody thinks that anything was started.
        return " ".join(part for part in (self.what, self.advice) if part)


class LedgerError(DmsError):
    """The ledger of a campaign cannot be used, and without it nothing is sent. What was sent before goes on."""

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.advice) if part)


class NotSentError(DmsError):
    """No connection came about: the service never saw the call. It is safe to call again."""


class OutcomeUnknownError(DmsError):
    """The call was sent and no answer came back that can be trusted. Look before calling again."""


class PlanOutdatedError(DmsError):
    """Nothing was sent: since the plan was made, runs have come or moved on, perhaps by this very plan.

    Attributes:
        changed: the business times that stand elsewhere now: where they stood, and where they stand.
    """

    def __init__(self, changed: Mapping[datetime, Any]) -> None:
        first = min(changed)
        was, standing = changed[first]
        others = f", and {len(changed) - 1} more" if len(changed) > 1 else ""
        super().__init__(
            f"Since this plan was made, {first:%Y-%m-%d} went from {was.value} to {standing.value}{others}.",
            advice="Make the plan again and look at it.",
        )
        self.changed = changed


class RunFailedError(DmsError):
    """Nothing more will happen to a job, and not all of its runs have succeeded.

    Attributes:
        progress: how far the job is.
        failures: for the business times that failed (the first few), what the failing nodes said, by their names.
    """

    def __init__(self, flow: str, progress: Any, failures: Mapping[datetime, Mapping[str, str]]) -> None:
        said = "".join(
            f" {time:%Y-%m-%d %H:%M}: " + ", ".join(f"{node} ({words})" for node, words in nodes.items()) + "."
            for time, nodes in failures.items()
        )
        super().__init__(f"{flow}: {progress}.{said}", advice="job.rerun_failed() runs the failed ones again.")
        self.progress = progress
        self.failures = failures

    def __str__(self) -> str:
        return f"{self.what} {self.advice}"


class WaitTimeoutError(DmsError, TimeoutError):
    """The time to wait is up; the job goes on without anybody watching."""

    def __str__(self) -> str:
        return f"{self.what} {self.advice}"


class ServiceError(DmsError):
    """The service answered, and the answer is no.

    Attributes:
        code: the service's error code, such as ``"Throttling.User"``; empty when it named none.
        message: the service's own words.
        http_status: the status of the answer; 200 for a body with ``Success: false``.
        request_id: what the service's support asks for; None when the answer had none.
        recommend: the service's link to a page about the error, if it gave one.
    """

    def __init__(  # noqa: PLR0913  as much as an answer tells
        self,
        message: str,
        *,
        code: str = "",
        http_status: int = 200,
        request_id: str | None = None,
        recommend: str | None = None,
        action: str = "",
        may_have_started: bool = False,
        advice: str = "",
    ) -> None:
        what = f"{code or 'refused'} (HTTP {http_status}): {message or 'no message'}"
        what = what if what.endswith((".", "!", "?")) else what + "."
        super().__init__(what, action=action, may_have_started=may_have_started, advice=advice)
        self.message = message
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.recommend = recommend

    def __str__(self) -> str:
        return super().__str__() + (f" [request id {self.request_id}]" if self.request_id else "")


class AuthenticationError(ServiceError):
    """The service does not believe who is calling: key, token, time, nonce or signature."""


class SignatureMismatchError(AuthenticationError):
    """The service computed another signature.

    Attributes:
        server_string: the string the service signed, as it reports it; empty when it reported none.
        client_string: the string this client signed.
        differs_at: index of the first character in which the two part; None when they are equal (then the secret is
            wrong) or the service reported none.
    """

    server_string: str = ""
    client_string: str = ""
    differs_at: int | None = None


class PermissionDeniedError(ServiceError):
    """The key is good and may not do this.

    Attributes:
        detail: the service's ``AccessDeniedDetail``: which action, which principal, which kind of policy; may be empty.
    """

    detail: Mapping[str, Any] = {}


class NotFoundError(ServiceError):
    """Something that was named does not exist, or may not be seen."""


class InvalidParameterError(ServiceError):
    """The service finds a parameter missing or wrong."""


class ThrottledError(ServiceError):
    """Too many calls; this one was refused before anything was done.

    Attributes:
        retry_after: seconds the service asks to wait; None when it gave no time.
    """

    retry_after: float | None = None


class ServerFaultError(ServiceError):
    """The service failed (5xx). Whether it acted before it failed is not known."""
