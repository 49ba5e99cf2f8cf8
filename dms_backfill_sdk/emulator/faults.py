"""Faults on request: what goes wrong, with which operation, when, and how often."""

import random as random_module
from typing import Literal

from attrs import define, evolve, field, frozen, validators

from dms_backfill_sdk.codes import code_of
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
        ValueError: it says nothing, or several things at once.
    """

    action: str = "*"
    when: When = field(default="before", validator=validators.in_(("before", "after")))
    code: str | None = None
    retry_after: float | None = None
    delay: float | None = None
    drop: bool = False
    truncate: bool = False
    body: bytes | None = None
    status: int | None = None
    times: int | None = 1
    probability: float = field(default=1.0, validator=[validators.gt(0), validators.le(1)])

    def __attrs_post_init__(self) -> None:
        kinds = (self.code is not None, self.delay is not None, self.drop, self.truncate, self.body is not None)
        if sum(kinds) != 1:
            raise ValueError("A fault is one of code=, delay=, drop=True, truncate=True and body=; give exactly one.")
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
        answered = refusal(style, Refusal(code, code_of(code, 400).message or "Planned by the test."))
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
