"""Submitting, once. A BackFill has no idempotency token; so when its outcome is not known, look before sending again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from dms_backfill_sdk.backfill.history import SeriesRecords, Talk, runs_about
from dms_backfill_sdk.backfill.watch import Started
from dms_backfill_sdk.backfill.windows import Window
from dms_backfill_sdk.clock import ServiceClock
from dms_backfill_sdk.errors import DmsError
from dms_backfill_sdk.exchange import Sleep
from dms_backfill_sdk.operations.control import Run
from dms_backfill_sdk.operations.terms import TriggerType

__all__ = ["Resubmit", "submitting"]

Resubmit = Literal["never", "if-absent"]

#: Seconds after which a run that has not appeared is taken not to have been started.
SETTLE = 30.0
#: Seconds between looks for it.
LOOK_EVERY = 3.0
#: How often one window is sent at most, however often it turns out to be absent.
TRIES = 3
#: What clocks may differ by after the measured difference is taken off: the service writes whole seconds.
MARGIN = timedelta(seconds=5)


def submitting(windows: Sequence[Window], service_clock: ServiceClock, resubmit: Resubmit) -> Talk[tuple[Started, ...]]:
    """Send the request of each window, once.

    Raises:
        DmsError: a window could not be started, or it is not known whether it was. What was started before stands in
            the error's ``started``.
    """
    started: list[Started] = []
    for window in windows:
        try:
            started.append((yield from _submitting_one(window, service_clock, resubmit)))
        except DmsError as error:
            error.started = tuple(started)
            raise
    return tuple(started)


def _submitting_one(window: Window, service_clock: ServiceClock, resubmit: Resubmit) -> Talk[Started]:
    before = frozenset(run.id for run in (yield from _listed(window)) if run.id is not None)
    for _ in range(TRIES):
        sent_at = service_clock.now()
        try:
            response = yield window.request
            return Started(window.times, response.dag_instance_id, before)
        except DmsError as caught:
            if not caught.may_have_started:
                raise
            error = caught
        found = yield from _looking(window, before, sent_at - MARGIN)
        if found:
            return Started(window.times, None, before)
        if found is None or resubmit == "never":
            break
    error.advice = (
        "The runs could not be listed afterwards; see for yourself whether they are there."
        if found is None
        else f"No run of it appeared within {SETTLE:g} s, so it was probably not started; "
        'resubmit="if-absent" sends it again in that case.'
    )
    raise error


def _looking(window: Window, before: frozenset[int], since: datetime) -> Talk[list[Run] | None]:
    """The runs that the lost request has started; none if there are none; None if that could not be found out."""
    found: list[Run] | None = None
    for _ in range(int(SETTLE / LOOK_EVERY)):
        yield Sleep(LOOK_EVERY)
        try:
            listed = yield from _listed(window)
        except DmsError:
            # Whoever cannot look now may be able to at the next try; only the last one counts.
            found = None
            continue
        found = [run for run in listed if run.id not in before and _may_be_ours(run, since)]
        if found:
            break
    return found


def _may_be_ours(run: Run, since: datetime) -> bool:
    begun = run.start_time is None or run.start_time >= since
    return begun and run.trigger_type != TriggerType.SCHEDULED


def _listed(window: Window) -> Talk[list[Run]]:
    request, times = window.request, window.times
    days = sorted((times[0].date(), times[-1].date()))
    runs = yield from runs_about(request.dag_id, days[0], days[1], request.tid)
    return [run for run in runs if run.business_time in times]
