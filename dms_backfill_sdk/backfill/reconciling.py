"""What became of something that may have been sent: found out by looking, however long that takes."""

from collections.abc import Callable, Sequence
from functools import partial

from dms_backfill_sdk.backfill.history import Standing, Talk, runs_about, standing_of
from dms_backfill_sdk.backfill.ledgerrows import Intent
from dms_backfill_sdk.backfill.submission import is_ours, looking
from dms_backfill_sdk.backfill.watch import PASSING
from dms_backfill_sdk.errors import DmsError, OutcomeUnknownError
from dms_backfill_sdk.exchange import Sleep
from dms_backfill_sdk.operations.control import Run

__all__ = ["reconciling"]


def reconciling(intent: Intent, waits: Sequence[float], poll: float) -> Talk[int | None]:
    """Find out whether what was about to be sent was begun.

    Args:
        intent: what was about to be sent.
        waits: seconds before each look; if nothing has appeared at the last one, it was not begun.
        poll: seconds between attempts while the service is out of reach.

    Returns:
        the run that stands for it; None if it was not begun.

    Raises:
        DmsError: the runs may not be listed; or there are some that may be its or not.
    """
    row = intent.window
    find = _looking if intent.what == "backfill" else _looking_again
    look: Callable[[], Talk[list[Run] | None]] = partial(find, intent, waits)
    come = yield from look()
    while come is None:
        yield Sleep(poll)
        try:
            # Raises what does not pass.
            yield from runs_about(row.flow.dag_id, *row.days, row.flow.tid)
        except PASSING:
            continue
        come = yield from look()
    ours = [run for run in come if is_ours(run, intent.since)]
    if come and not ours:
        raise OutcomeUnknownError(
            f"Runs of {row.flow.name} about {row.days[0]} and later have begun since it was sent, but by schedule, "
            "they say; whether a backfill's runs may say so is not documented.",
            advice="See for yourself whose they are, and take the campaign up again when they are gone.",
        )
    return ours[0].id if ours else None


def _looking(intent: Intent, waits: Sequence[float]) -> Talk[list[Run] | None]:
    return looking(intent.window.window, intent.before, intent.since, waits)


def _looking_again(intent: Intent, waits: Sequence[float]) -> Talk[list[Run] | None]:
    """The run, if it was begun again; none if it stands as it stood; None if that could not be found out."""
    come: list[Run] | None = None
    flow = intent.window.flow
    for wait in waits:
        yield Sleep(wait)
        try:
            listed = yield from runs_about(flow.dag_id, *intent.window.days, flow.tid)
        except DmsError:
            come = None
            continue
        stood = (Standing.FAILED, intent.run_began)
        come = [run for run in listed if run.id == intent.run_id and (standing_of(run), run.start_time) != stood]
        if come:
            break
    return come
