"""What a campaign costs in requests and in time.

The fewest requests there can be are one for each window, and in each round, every poll interval, the fewest pages that
hold the runs of all open days, however these are divided into ranges. They are worked out from what the service did,
without looking at what the campaign asked.
"""

import math
import tempfile
from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

from dms_backfill_sdk import AccessKey, Client, Emulator, ManualClock
from dms_backfill_sdk.http import HttpRequest, HttpResponse, Transport

POLL = 30.0
PAGE = 100
SECONDS = 60


class Counting:
    """A transport that counts what it carries."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.sent: Counter[str] = Counter()

    def send(self, request: HttpRequest) -> HttpResponse:
        self.sent[request.headers["x-acs-action"]] += 1
        return self.inner.send(request)

    def close(self) -> None:
        self.inner.close()


def campaign(max_active: int, folder: Path) -> tuple[Counter[str], int, timedelta]:
    """Two years, month by month.

    Returns:
        what was sent, the least that could have been, and how long it took on the emulator's clock.
    """
    clock = ManualClock()
    emulator = Emulator(clock=clock)
    flow = emulator.world.create_flow("daily_sales")
    emulator.world.add_node(flow, "load", content=f'{{"simulate": {{"seconds": {SECONDS}}}}}')
    emulator.world.publish(flow)
    wire = Counting(emulator.transport())
    key = AccessKey("testid", "testsecret")
    with Client(credentials=key, endpoint="http://127.0.0.1", transport=wire, clock=clock) as client:
        made = client.task_flow("daily_sales").campaign(
            between=("2020-01-01", "2021-12-31"), max_active=max_active, poll=POLL, ledger=folder / f"{max_active}.db"
        )
        wire.sent.clear()
        began = clock.now()
        report = made.run()
        assert report.finished  # a figure of something else would be worth nothing
    took = clock.now() - began
    return wire.sent, least(emulator, began, took), took


def least(emulator: Emulator, began: datetime, took: timedelta) -> int:
    """One request for each BackFill, and in each round as many pages as the runs fill that are not done then."""
    series = list({id(run.series): run.series for run in emulator.world.runs.values()}.values())
    rounds = math.ceil(took / timedelta(seconds=POLL))
    pages = 0
    for number in range(1, rounds + 1):
        now = began + timedelta(seconds=POLL * number)
        begun = [one.runs for one in series if one.runs[0].started < now]
        spans = sorted(
            (days[0], days[-1])
            for runs in begun
            if (days := [run.business_time.date() for run in runs if run.ended >= now])
        )
        there = sorted(run.business_time.date() for runs in begun for run in runs)
        pages += fewest_pages(spans, there)
    return len(series) + pages


def fewest_pages(spans: list[tuple[date, date]], there: list[date]) -> int:
    """How few pages can hold all runs about these spans of days, in one range of days or in several.

    Args:
        spans: the spans, in order.
        there: the days of all runs that there are, in order.
    """
    fewest = [0]
    for end in range(1, len(spans) + 1):
        ways = []
        for begin in range(end):
            inside = bisect_right(there, spans[end - 1][1]) - bisect_left(there, spans[begin][0])
            ways.append(fewest[begin] + max(1, math.ceil(inside / PAGE)))
        fewest.append(min(ways))
    return max(1, fewest[-1])


def main() -> None:
    print("\nwindows side by side   requests  the least   ratio  time        of serial")
    serial = None
    with tempfile.TemporaryDirectory() as folder:
        for max_active in (1, 2, 4, 8):
            sent, fewest, took = campaign(max_active, Path(folder))
            serial = serial or took
            print(
                f"{max_active:>20}   {sent.total():>8}  {fewest:>9}   {sent.total() / fewest:>5.3f}"
                f"  {took!s:<15} 1/{serial / took:.2f}"
            )
