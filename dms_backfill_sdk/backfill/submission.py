"""Submitting, once. A BackFill has no idempotency token, so its runs are looked for before it is sent again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from attrs import frozen

from dms_backfill_sdk.backfill.history import SeriesRecords, Standing, Talk, by_time, runs_about
from dms_backfill_sdk.backfill.watch import Started
from dms_backfill_sdk.backfill.windows import Window
from dms_backfill_sdk.errors import DmsError, OutcomeUnknownError, PlanOutdatedError, ThrottledError
from dms_backfill_sdk.exchange import GivenUp, Sleep, call_of, converse
from dms_backfill_sdk.line import Line
from dms_backfill_sdk.operations.back_fill import BackFillResponse
from dms_backfill_sdk.operations.control import Run
from dms_backfill_sdk.operations.terms import TriggerType
from dms_backfill_sdk.retry import RetryPolicy

__all__ = ["LOOKS", "UNMEASURED", "Resubmit", "is_ours", "looking", "sending", "submitting", "waits_after"]

Resubmit = Literal["never", "if-absent"]

#: Seconds between the looks for a run. One that has not appeared after all of them is taken not to have been started.
LOOKS = (1.0, 2.0, 4.0, 8.0, 15.0)
#: How often one window is sent at most, however often it turns out to be absent.
TRIES = 4
#: What clocks may differ by after the measured difference is taken off: the service writes whole seconds.
MARGIN = timedelta(seconds=5)
#: What they may differ by when nothing was measured, for want of a Date in the answers: the service refuses requests
#: whose time is further off (15 or 31 minutes, by which page one reads).
UNMEASURED = timedelta(minutes=31)


@frozen(kw_only=True)
class _LookingFirst(RetryPolicy):
    """The policy, but for a BackFill that was throttled: that comes back to the submission, which looks at the runs
    before it sends again, whatever the reason."""

    policy: RetryPolicy

    def wait(
        self, error: DmsError, *, attempt: int, elapsed: float, repeatable: bool, random: Callable[[], float]
    ) -> float | None:
        if isinstance(error, ThrottledError):
            return None
        return self.policy.wait(error, attempt=attempt, elapsed=elapsed, repeatable=repeatable, random=random)


def submitting(
    windows: Sequence[Window],
    existing: Mapping[datetime, Standing],
    line: Line,
    tid: int | None,
    resubmit: Resubmit,
) -> Talk[tuple[Started, ...]]:
    """Send the request of each window, once.

    Args:
        windows: what to start.
        existing: where their business times stood when somebody decided that; those that are not in it had no run.
        line: how to ask. A BackFill is not for a client to repeat, so its conversation is held here.
        tid: the tenant of requests that name none.
        resubmit: what to do when no run of a request appears whose outcome is not known.

    Raises:
        PlanOutdatedError: they stand elsewhere now, so what would be started is not what was seen.
        DmsError: a window could not be started, or it is not known whether it was. What was started before stands in
            the error's ``started``.
    """
    started: list[Started] = []
    for window in windows:
        try:
            listed = yield from _listed(window)
            yield from _comparing(window, listed, existing)
            started.append((yield from _submitting_one(window, listed, line, tid, resubmit)))
        except DmsError as error:
            error.started = tuple(started)
            raise
        except GivenUp:
            if not started:
                raise
            cancelled = OutcomeUnknownError(
                f"Cancelled when {len(started)} of {len(windows)} requests had been sent.",
                action="BackFill",
                may_have_started=True,
                advice='What they started is error.job; for the rest, plan again with only="missing".',
            )
            cancelled.started = tuple(started)
            raise cancelled from None
    return tuple(started)


def _comparing(window: Window, listed: Sequence[Run], existing: Mapping[datetime, Standing]) -> Talk[None]:
    """Refuse to start what was decided on other facts: a plan that was submitted before, or overtaken by somebody."""
    records = SeriesRecords(window.request.dag_id, window.request.tid)
    now = by_time(listed, window.times)
    changed: dict[datetime, tuple[Standing, Standing]] = {}
    for time in {*now, *(time for time in existing if time in window.times)}:
        was = existing.get(time, Standing.MISSING)
        standing = (yield from records.standing(now[time])) if time in now else Standing.MISSING
        if standing is not was:
            changed[time] = was, standing
    if changed:
        raise PlanOutdatedError(changed)


def _submitting_one(
    window: Window, listed: Sequence[Run], line: Line, tid: int | None, resubmit: Resubmit
) -> Talk[Started]:
    before = frozenset(run.id for run in listed if run.id is not None)
    began = line.clock.now()
    since = begun_since(line)
    unsure = False
    for attempt in range(1, TRIES + 1):
        try:
            response = yield from sending(window, line, tid)
            return Started(window.times, response.dag_instance_id, before)
        except DmsError as caught:
            error = caught
        waits = waits_after(error, line, attempt, (line.clock.now() - began).total_seconds())
        # What an earlier attempt may have started is not undone by the refusal of a later one.
        unsure = error.may_have_started = error.may_have_started or unsure
        if not waits:
            raise error
        try:
            come = yield from looking(window, before, since, waits)
        except GivenUp:
            if unsure:
                raise error from None
            raise
        if ours := [run for run in come or () if is_ours(run, since)]:
            return Started(window.times, ours[0].id, before)
        # Sent again only where nothing at all has come: whose a run is may be misread, and twice is worse than late.
        if come is None or come or (unsure and resubmit == "never"):
            break
    if unsure or come:
        error.advice = _advice(come, resubmit)
    raise error


def begun_since(line: Line) -> datetime:
    """The service's time before which no run has begun that a request sent now will start."""
    return line.service.now() - (MARGIN if line.service.measured else UNMEASURED)


def sending(window: Window, line: Line, tid: int | None) -> Talk[BackFillResponse]:
    """Send the request of a window. It is repeated only where the service cannot have begun it; see
    :func:`waits_after` for what to do with its error."""
    return converse(call_of(window.request, tid=tid), line._replace(retry=_LookingFirst(policy=line.retry)))


def waits_after(error: DmsError, line: Line, attempt: int, elapsed: float) -> tuple[float, ...]:
    """Seconds to wait before each look for its runs, once sending a window has failed; empty when it was refused, and
    there is nothing to look for."""
    if isinstance(error, ThrottledError):
        wait = line.retry.wait(error, attempt=attempt, elapsed=elapsed, repeatable=False, random=line.random)
        return () if wait is None else (wait,)
    return LOOKS if error.may_have_started else ()


def looking(window: Window, before: frozenset[int], since: datetime, waits: Iterable[float]) -> Talk[list[Run] | None]:
    """The runs that have come, oldest first; none if there are none; None if that could not be found out."""
    come: list[Run] | None = None
    for wait in waits:
        yield Sleep(wait)
        try:
            listed = yield from _listed(window)
        except DmsError:
            # Whoever cannot look now may be able to at the next try; only the last one counts.
            come = None
            continue
        sorted_out = by_time((run for run in listed if run.id not in before), window.times)
        come = [run for sharing in sorted_out.values() for run in sharing]
        if any(is_ours(run, since) for run in come):
            break
    return come


def is_ours(run: Run, since: datetime) -> bool:
    """Whether a run that has come was begun since the attempt, and by hand."""
    begun_since = run.start_time is None or run.start_time >= since
    return begun_since and run.trigger_type != TriggerType.SCHEDULED


def _advice(come: list[Run] | None, resubmit: Resubmit) -> str:
    if come is None:
        return "The runs could not be listed afterwards; see for yourself whether they are there."
    if come:
        return (
            "Runs for these dates have come since that hardly are its own: by schedule or begun before, they say. "
            "So it was not sent again; see for yourself whose they are."
        )
    absent = f"No run of it appeared within {sum(LOOKS):g} s, so it was probably not started"
    return absent + ("." if resubmit == "if-absent" else '; resubmit="if-absent" sends it again in that case.')


def _listed(window: Window) -> Talk[list[Run]]:
    request, times = window.request, window.times
    days = sorted((times[0].date(), times[-1].date()))
    return (yield from runs_about(request.dag_id, days[0], days[1], request.tid))
