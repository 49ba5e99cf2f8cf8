"""The pure rules of a campaign: how a range is cut, what follows a failure, when nothing is started."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk import InvalidRequestError
from dms_backfill_sdk.backfill.schedule import OnFailure, QuietHours, auto_window, merged, slots, window_name
from dms_backfill_sdk.dates import CHINA

DAYS = st.dates(date(1999, 1, 1), date(2031, 12, 31))
LENGTHS = st.sampled_from(["1mo", "2mo", "13mo", "1w", "2w", "1d", "10d", "400d"])


@given(DAYS, st.integers(0, 900), LENGTHS)
def test_the_windows_of_a_range_hold_each_of_its_days_once_and_in_order(begin, more, length):
    end = begin + timedelta(days=more)
    days = [
        first + timedelta(days=number)
        for first, last in slots(begin, end, length)
        for number in range((last - first).days + 1)
    ]
    assert days == [begin + timedelta(days=number) for number in range(more + 1)]


@given(DAYS, st.integers(0, 900))
def test_every_window_of_a_month_but_the_first_begins_with_the_month(begin, more):
    first, *others = slots(begin, begin + timedelta(days=more), "1mo")
    assert first[0] == begin
    assert all(one[0].day == 1 for one in others)
    assert all((first.year, first.month) == (last.year, last.month) for first, last in others)


def test_a_range_may_reach_to_the_end_of_the_calendar():
    assert list(slots(date(9999, 12, 1), date.max, "2mo")) == [(date(9999, 12, 1), date.max)]
    assert list(slots(date(9999, 12, 30), date.max, "9d")) == [(date(9999, 12, 30), date.max)]


@pytest.mark.parametrize(
    ("window", "name"),
    [
        ("1mo", "1mo"),
        ("2w", "2w"),
        ("10d", "10d"),
        ("auto", "auto"),
        (timedelta(days=10), "10d"),
        (timedelta(weeks=1), "7d"),
    ],
)
def test_a_length_of_windows_may_be_written_as(window, name):
    assert window_name(window) == name


@pytest.mark.parametrize("wrong", ["", "month", "0d", "1m", "1 mo", "-1d", timedelta(0), timedelta(hours=36), 30, None])
def test_what_is_no_length_of_a_window_is_refused(wrong):
    with pytest.raises(InvalidRequestError, match='write "1mo", "2w", "10d"'):
        window_name(wrong)


@given(st.floats(1, 10**6), st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24]))
def test_an_automatic_window_takes_eighteen_hours_at_most_unless_one_day_takes_longer(seconds, interval):
    length = auto_window(seconds, interval)
    days = 31 if length == "1mo" else int(length[:-1])
    assert days == 1 or days * 24 / interval * seconds <= 18 * 3600


@given(st.lists(st.tuples(DAYS, st.integers(0, 40)), max_size=8), st.integers(0, 60))
def test_merged_spans_hold_all_days_and_stand_further_apart_than_the_gap(spans, gap):
    spans = [(begin, begin + timedelta(days=more)) for begin, more in spans]
    found = merged(spans, gap)
    assert all(any(a <= begin and end <= b for a, b in found) for begin, end in spans)
    assert all((b[0] - a[1]).days - 1 > gap for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("written", "retries", "goes_on"),
    [("stop", 0, False), ("continue", 0, True), ("retry:1", 1, False), ("retry:12", 12, False)],
)
def test_what_follows_a_failure(written, retries, goes_on):
    assert OnFailure.parse(written) == OnFailure(retries, goes_on)


@pytest.mark.parametrize("wrong", ["", "retry", "retry:0", "retry:x", "retry:-1", "ignore", None, 2])
def test_what_is_no_rule_for_failures_is_refused(wrong):
    with pytest.raises(InvalidRequestError, match='write "stop", "continue" or "retry:2"'):
        OnFailure.parse(wrong)


@given(st.times(), st.times(), st.datetimes(timezones=st.just(CHINA)))
def test_quiet_hours_and_their_opposite_share_no_moment_and_leave_none_out(begin, end, moment):
    begin, end = (time.replace(second=0, microsecond=0) for time in (begin, end))
    if begin != end:
        assert QuietHours(begin, end).hold(moment) != QuietHours(end, begin).hold(moment)


@pytest.mark.parametrize(
    ("written", "quiet", "loud"),
    [
        ("08:00-20:00", ["08:00", "19:59"], ["07:59", "20:00"]),
        ("22:00-06:30", ["22:00", "00:00", "06:29"], ["06:30", "21:59"]),
    ],
)
def test_quiet_hours_are_those_of_utc_8(written, quiet, loud):
    hours = QuietHours.parse(written)
    for said, held in [*((one, True) for one in quiet), *((one, False) for one in loud)]:
        moment = datetime.fromisoformat(f"2022-01-14 {said}+08:00")
        assert hours.hold(moment.astimezone()) is held


@pytest.mark.parametrize("wrong", ["", "8-20", "08:00", "08:00-24:00", "08:60-09:00", "08:00-08:00", None])
def test_what_are_no_hours_is_refused(wrong):
    with pytest.raises(InvalidRequestError, match='write for instance "08:00-20:00"'):
        QuietHours.parse(wrong)
