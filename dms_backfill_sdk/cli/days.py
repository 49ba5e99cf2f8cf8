"""The business dates that a command is about: the options that name them."""

from datetime import timedelta
from typing import Annotated, Any

import typer
from attrs import frozen

from dms_backfill_sdk.cli.exits import CommandError
from dms_backfill_sdk.dates import BusinessTimes

__all__ = ["Days", "days_words", "span", "when"]

#: Three ways to say the same, of which one is to be chosen.
WAYS = "Say which business dates: FLOW FIRST LAST, FLOW DAY, --on DAY, or --from DAY --to DAY."


@frozen(kw_only=True)
class Days:
    """One day, or a range whose last day belongs to it."""

    first: Annotated[
        str | None, typer.Argument(metavar="FIRST", help="The first business date, YYYY-MM-DD.", show_default=False)
    ] = None
    last: Annotated[
        str | None, typer.Argument(metavar="LAST", help="The last one; else just that day.", show_default=False)
    ] = None
    on: Annotated[str | None, typer.Option(metavar="DAY", help="The same, for one day.")] = None
    begin: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The same, for the first.")] = None
    end: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The same, for the last.")] = None
    interval: Annotated[int, typer.Option(metavar="HOURS", min=1, help="Hours from one run to the next.")] = 24

    def asked(self) -> dict[str, Any]:
        """As ``on=`` or ``between=``, with ``interval=``.

        Raises:
            CommandError: they are not said, or said twice.
        """
        match (self.first, self.last, self.on, self.begin, self.end):
            case (None, None, str(day), None, None) | (str(day), None, None, None, None):
                return {"on": day, "interval": self.interval}
            case (None, None, None, str(first), str(last)) | (str(first), str(last), None, None, None):
                return {"between": (first, last), "interval": self.interval}
        raise CommandError(WAYS)

    def words(self) -> list[str]:
        """As they are to be written for another command."""
        asked = self.asked()
        return _with_interval(list(asked.get("between") or (asked["on"],)), self.interval)


def days_words(times: BusinessTimes) -> list[str]:
    """Business times as they are to be written for a command."""
    first, last = (f"{time:%Y-%m-%d}" for time in sorted((times[0], times[-1])))
    return _with_interval([first] if first == last else [first, last], times.interval)


def _with_interval(days: list[str], interval: int) -> list[str]:
    return days if interval == 24 else [*days, f"--interval={interval}"]


def when(times: BusinessTimes) -> str:
    """How to write one of these times: its day, and the time of day where that may differ."""
    return "%Y-%m-%d" if timedelta(hours=times.interval) % timedelta(days=1) == timedelta(0) else "%Y-%m-%d %H:%M"


def span(times: BusinessTimes) -> str:
    """The days of these times, in the order they are run."""
    first, last = (f"{time:%Y-%m-%d}" for time in (times[0], times[-1]))
    return first if first == last else f"{first} → {last}"
