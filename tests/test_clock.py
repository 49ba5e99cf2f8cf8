"""Time as an object."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from dms_backfill_sdk import ManualClock, SystemClock
from dms_backfill_sdk.clock import ServiceClock

HOUR = timedelta(hours=1)


def test_a_manual_clock_moves_only_when_told():
    clock = ManualClock()
    assert clock.now() == clock.now() == datetime(2022, 10, 1, tzinfo=UTC)
    clock.advance(HOUR)
    clock.sleep(90)
    assert clock.now() == datetime(2022, 10, 1, 1, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("back", [lambda clock: clock.advance(-HOUR), lambda clock: clock.sleep(-1)])
def test_it_never_moves_back(back):
    clock = ManualClock()
    with pytest.raises(ValueError, match="only moves forward"):
        back(clock)
    assert clock.now() == ManualClock().now()


def test_it_loses_no_second_to_threads():
    clock = ManualClock()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(clock.sleep, [1] * 800))
    assert clock.now() - ManualClock().now() == timedelta(seconds=800)


def test_the_system_clock_is_the_machines_own():
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)
    SystemClock().sleep(-1)  # returns at once


def test_a_fast_clock_runs_ahead_and_sleeps_short():
    clock = SystemClock(speed=3600)
    before = datetime.now(UTC)
    clock.sleep(36)  # a hundredth of a second
    real = datetime.now(UTC) - before
    assert clock.now() - before >= timedelta(seconds=36)
    assert real < timedelta(seconds=36)


@pytest.mark.parametrize("speed", [0, -1])
def test_time_does_not_stand_still_or_run_backwards(speed):
    with pytest.raises(ValueError, match="speed"):
        SystemClock(speed=speed)


def test_the_services_time_is_ours_until_it_tells_its_own():
    here = ManualClock()
    there = ServiceClock(here)
    assert there.now() == here.now()
    there.read(here.now() + 3 * HOUR, here.now())
    assert there.now() == here.now() + 3 * HOUR
    here.advance(HOUR)
    assert there.now() == here.now() + 3 * HOUR


@pytest.mark.parametrize("date", [None, datetime(2022, 10, 1), datetime(9999, 12, 31, tzinfo=UTC)])  # noqa: DTZ001
def test_what_can_be_no_clocks_date_is_passed_over(date):
    here = ManualClock()
    there = ServiceClock(here)
    there.read(date, here.now())
    assert there.now() == here.now()
