"""Windows: which requests run exactly what is wanted. Pure, and the same for a plan and for a campaign."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any, Literal

from attrs import frozen

from dms_backfill_sdk.backfill.history import Standing
from dms_backfill_sdk.dates import BusinessTimes
from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.operations.back_fill import BackFillRequest

__all__ = ["WANTED", "Choice", "Only", "Window", "windows_of"]

Only = Literal["all", "missing", "failed", "missing-and-failed"]

#: What ``only=`` takes → the standings that it runs.
WANTED: dict[str, frozenset[Standing]] = {
    "all": frozenset(Standing),
    "missing": frozenset({Standing.MISSING}),
    "failed": frozenset({Standing.FAILED}),
    "missing-and-failed": frozenset({Standing.MISSING, Standing.FAILED}),
}


@frozen
class Window:
    """What one BackFill runs.

    Attributes:
        times: its business times, in the order they are run.
        request: the request that will be sent.
    """

    times: BusinessTimes
    request: BackFillRequest


@frozen(kw_only=True)
class Choice:
    """What of the flow is run: the same for every window.

    Attributes:
        start: ids of the nodes to start at; None is the whole flow.
        skip: ids of nodes that are left out.
        downstream: whether what is below the start nodes runs too.
        version: the published version to run; None is the newest.
    """

    start: tuple[int, ...] | None = None
    skip: tuple[int, ...] = ()
    downstream: bool = True
    version: int | None = None


def windows_of(  # noqa: PLR0913, PLR0917  all that a request says
    dag_id: int,
    tid: int | None,
    times: BusinessTimes,
    choice: Choice,
    only: Only,
    existing: Mapping[datetime, Standing],
) -> tuple[Window, ...]:
    """The fewest requests that run exactly what is wanted and keep the dates in order.

    Raises:
        InvalidRequestError: a BackFill cannot express it, because requests name days and a day is wanted in part.
    """
    return tuple(_window(dag_id, tid, times, span, choice) for span in _spans(times, only, existing))


def _spans(times: BusinessTimes, only: Only, existing: Mapping[datetime, Standing]) -> Iterator[range]:
    """The stretches of consecutive steps that are wanted, as ranges of places in ``times``.

    They are found by what exists and not by going through all times, of which there may be very many.
    """
    wanted = WANTED[only]
    wants_missing = Standing.MISSING in wanted
    first, step = min(times[0], times[-1]), timedelta(hours=times.interval)
    upwards = sorted(
        (time - first) // step
        for time, standing in existing.items()
        if time in times and (standing in wanted) is not wants_missing
    )
    places = upwards if times.asc else [len(times) - 1 - place for place in reversed(upwards)]
    if wants_missing:
        for before, after in pairwise((-1, *places, len(times))):
            if after - before > 1:
                yield range(before + 1, after)
    else:
        # Consecutive places are as far ahead of their own numbers as each other.
        for _, stretch in groupby(enumerate(places), key=lambda numbered: numbered[1] - numbered[0]):
            found = [place for _, place in stretch]
            yield range(found[0], found[-1] + 1)


def _window(dag_id: int, tid: int | None, times: BusinessTimes, span: range, choice: Choice) -> Window:
    first, last = sorted((times[span[0]], times[span[-1]]))
    begin, end = first.date(), last.date()
    exclusive_end = timedelta(days=0 if times.end_inclusive else 1)
    inside = BusinessTimes(begin, end + exclusive_end, times.interval, times.asc, times.end_inclusive)
    if (first.hour, len(inside)) != (0, len(span)):
        raise InvalidRequestError(
            f"With an interval of {times.interval} h, {begin} to {end} cannot be run in part: a BackFill names whole "
            f'days, and these hold {len(inside)} runs where {len(span)} are wanted. Plan those days with only="all".'
        )
    shared: dict[str, Any] = {
        "start_node_ids": choice.start,
        "filter_node_ids": choice.skip or None,
        "is_trigger_sub_tree": None if choice.downstream else False,
        "history_dag_id": choice.version,
        "tid": tid,
    }
    if len(span) == 1 and times.interval == 24:
        return Window(inside, BackFillRequest.on(dag_id, begin, **shared))
    interval = None if times.interval == 24 else times.interval
    asc = None if times.asc else False
    return Window(inside, BackFillRequest.between(dag_id, begin, inside.end, interval=interval, asc=asc, **shared))
