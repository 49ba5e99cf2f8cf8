"""Faults on request: what goes wrong, with which operation, when, and how often."""

import random as random_module
from collections.abc import Callable
from typing import Any, Literal

from attrs import Attribute, define, evolve, field, frozen

from dms_backfill_sdk.emulator.answers import Style, refusal
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.http import HttpResponse

__all__ = ["Disturbed", "Fault", "Faults"]

When = Literal["before", "after"]


@frozen
class Disturbed(HttpResponse):
    """An answer that does not arrive as it should; the doors see to it.

    Attributes:
        delay: seconds until it begins.
        cut: how many bytes of the body arrive before the connection breaks; None is all of them.
        dropped: whether the connection breaks before anything of the answer arrives.
    """

    delay: float = 0.0
    cut: int | None = None
    dropped: bool = False


def _must(be: str, holds: Callable[[Any], bool]) -> Callable[[Any, "Attribute[Any]", Any], None]:
    """A validator; what is None because nothing was given is not looked at."""

    def validator(_: object, attribute: "Attribute[Any]", value: Any) -> None:
        if not (value is None and attribute.default is None) and not holds(value):
            raise ValueError(f"{attribute.name} must be {be}; {value!r} is not.")

    return validator


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_flag = _must("True or False", lambda value: isinstance(value, bool))
_seconds = _must("a number of seconds from 0 to 1000000", lambda value: _is_number(value) and 0 <= value <= 1_000_000)
_name = _must("the name of an operation, or '*'", lambda value: isinstance(value, str) and value != "")
_moment = _must("'before' or 'after'", lambda value: value in ("before", "after"))
_code = _must("an error code such as 'Throttling.User'", lambda value: isinstance(value, str) and value != "")
_bytes = _must("bytes", lambda value: isinstance(value, bytes))
_status = _must(
    "an HTTP status from 200 to 599 that has a body",
    lambda value: isinstance(value, int) and 200 <= value < 600 and value not in (204, 205, 304),
)
_times = _must(
    "a whole number from 1 up, or None for always",
    lambda value: value is None or (_is_number(value) and isinstance(value, int) and value >= 1),
)
_probability = _must("a number above 0 and up to 1", lambda value: _is_number(value) and 0 < value <= 1)


@frozen(kw_only=True)
class Fault:
    """One thing that goes wrong.

    Exactly one of ``code``, ``delay``, ``drop``, ``truncate`` and ``body`` says what.

    Attributes:
        action: with which operation; ``"*"`` with any.
        when: before the handler acts, which then does not act at all; or after it has acted.
        code: answer this error code, such as ``"Throttling.User"``, with its HTTP status.
        retry_after: seconds, sent with ``code`` as ``x-acs-retry-after``.
        delay: seconds to wait; the true answer follows.
        drop: break the connection without an answer.
        truncate: send half of the true answer, then break the connection.
        body: send these bytes as HTML, as a proxy might.
        status: the HTTP status of ``body``, or instead of the one that belongs to ``code``.
        times: how often it happens; None always.
        probability: how likely it is each time; the draws come from the emulator's seed.

    Raises:
        ValueError: it says nothing, several things at once, or something that cannot be.
    """

    action: str = field(default="*", validator=_name)
    when: When = field(default="before", validator=_moment)
    code: str | None = field(default=None, validator=_code)
    retry_after: float | None = field(default=None, validator=_seconds)
    delay: float | None = field(default=None, validator=_seconds)
    drop: bool = field(default=False, validator=_flag)
    truncate: bool = field(default=False, validator=_flag)
    body: bytes | None = field(default=None, validator=_bytes)
    status: int | None = field(default=None, validator=_status)
    times: int | None = field(default=1, validator=_times)
    probability: float = field(default=1.0, validator=_probability)

    def __attrs_post_init__(self) -> None:
        kinds = (self.code is not None, self.delay is not None, self.drop, self.truncate, self.body is not None)
        if sum(kinds) != 1:
            raise ValueError("A fault is one of code=, delay=, drop=True, truncate=True and body=; give exactly one.")
        if self.retry_after is not None and self.code is None:
            raise ValueError("retry_after is sent with an error; give code= too.")
        if self.status is not None and self.code is None and self.body is None:
            raise ValueError("status is that of an error or of a body; give code= or body= too.")
        if self.delay is not None and self.when == "before":
            # A late answer is the true answer: the handler acts.
            object.__setattr__(self, "when", "after")

    def disturb(self, style: Style, true: HttpResponse | None) -> HttpResponse:
        """What arrives instead of ``true``, the answer of the handler if it has acted."""
        if self.drop:
            return Disturbed(200, dropped=True)
        if self.code is not None:
            return self._refused(style, self.code)
        if self.body is not None:
            return HttpResponse(self.status or 200, {"content-type": "text/html"}, self.body)
        whole = true or HttpResponse(200, {"content-type": "application/json;charset=utf-8"}, b'{"RequestId":"')
        if self.truncate:
            return Disturbed(whole.status, whole.headers, whole.body, cut=len(whole.body) // 2)
        return Disturbed(whole.status, whole.headers, whole.body, delay=self.delay or 0.0)

    def _refused(self, style: Style, code: str) -> HttpResponse:
        answered = refusal(style, Refusal(code, Refusal(code).message or "Planned by the test."))
        headers = dict(answered.headers)
        if self.retry_after is not None:
            headers["x-acs-retry-after"] = str(round(self.retry_after * 1000))
        return evolve(answered, status=self.status or answered.status, headers=headers)


@define
class _Planned:
    fault: Fault
    fired: int = 0

    @property
    def spent(self) -> bool:
        return self.fault.times is not None and self.fired >= self.fault.times


@define
class Faults:
    """The faults that are planned, in the order in which they were."""

    _random: random_module.Random
    _planned: list[_Planned] = field(factory=list, init=False)

    def plan(self, fault: Fault) -> None:
        """Have this fault happen."""
        self._planned.append(_Planned(fault))

    def next(self, action: str) -> Fault | None:
        """The fault that befalls this call of ``action``, if one does; it then counts as having happened."""
        for planned in self._planned:
            fits = planned.fault.action in ("*", action) and not planned.spent
            if fits and (planned.fault.probability == 1 or self._random.random() < planned.fault.probability):
                planned.fired += 1
                return planned.fault
        return None

    @property
    def unfired(self) -> list[Fault]:
        """The faults that never happened."""
        return [planned.fault for planned in self._planned if not planned.fired]

    def clear(self) -> None:
        """Plan nothing any more."""
        self._planned.clear()
