from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.dates import CHINA, BusinessTimes, business_date, in_china, optional_business_date
from dms_backfill_sdk.errors import InvalidRequestError

# ---------------------------------------------------------------------------------------------------------------
# One day


@given(st.dates())
def test_a_business_date_may_be_a_date_its_text_or_any_time_of_it(day: date):
    last_second = datetime.combine(day, time(23, 59, 59))
    assert business_date(day) == business_date(day.isoformat()) == business_date(last_second) == day


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2022, 1, 14, 15, 59, tzinfo=UTC), date(2022, 1, 14)),
        (datetime(2022, 1, 14, 16, 0, tzinfo=UTC), date(2022, 1, 15)),
        (datetime(2022, 1, 14, 23, 59, tzinfo=CHINA), date(2022, 1, 14)),
        (datetime(2022, 1, 14, 1, 0, tzinfo=timezone(timedelta(hours=14))), date(2022, 1, 13)),
    ],
)
def test_a_time_with_a_zone_means_its_day_in_china(moment: datetime, day: date):
    assert business_date(moment) == day


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2022-1-4",
        "20220114",
        "2022-W02-5",
        "2022-01-14T00:00",
        " 2022-01-14",
        "\u0662\u0660\u0662\u0662-\u0660\u0661-\u0661\u0664",
    ],
)
def test_a_day_in_another_notation_is_refused(value: str):
    with pytest.raises(InvalidRequestError) as refusal:
        business_date(value)
    assert str(refusal.value) == f'{value!r} is not a business date; write a date, a datetime or "YYYY-MM-DD".'


@pytest.mark.parametrize("value", [None, 20220114, 1.5, b"2022-01-14", ["2022-01-14"]])
def test_what_is_neither_a_date_nor_a_text_is_refused(value: object):
    with pytest.raises(InvalidRequestError, match="is not a business date"):
        business_date(value)


@pytest.mark.parametrize("value", ["2022-02-29", "2022-13-01", "2022-00-10", "0000-01-01"])
def test_a_day_that_the_calendar_lacks_is_refused(value: str):
    with pytest.raises(InvalidRequestError) as refusal:
        business_date(value)
    assert str(refusal.value) == f"There is no day {value!r} in the calendar."


def test_no_business_date_stays_none():
    assert optional_business_date(None) is None
    assert optional_business_date("2022-01-14") == date(2022, 1, 14)


@given(
    st.datetimes(
        min_value=datetime.fromisoformat("0002-01-01"),
        max_value=datetime.fromisoformat("9998-01-01"),
        timezones=st.timezones(),
    )
)
def test_in_china_it_is_the_same_moment(moment: datetime):
    # Compared in UTC: where a clock is turned back, an hour that comes twice equals nothing in another zone.
    assert in_china(moment).astimezone(UTC) == moment.astimezone(UTC)
    assert in_china(moment).utcoffset() == timedelta(hours=8)


@given(st.datetimes())
def test_a_time_without_a_zone_is_in_china_already(moment: datetime):
    assert in_china(moment).replace(tzinfo=None) == moment


# ---------------------------------------------------------------------------------------------------------------
# A range of days

days = st.dates(date(1970, 1, 1), date(2100, 1, 1))


@st.composite
def ranges(draw: st.DrawFn, **fixed: bool) -> BusinessTimes:
    begin = draw(days)
    return BusinessTimes(
        begin,
        begin + timedelta(days=draw(st.integers(0, 40))),
        interval=draw(st.integers(1, 24 * 50)),
        asc=fixed["asc"] if "asc" in fixed else draw(st.booleans()),
        end_inclusive=fixed["end_inclusive"] if "end_inclusive" in fixed else draw(st.booleans()),
    )


def mirrored(times: BusinessTimes) -> BusinessTimes:
    return BusinessTimes(times.begin, times.end, times.interval, not times.asc, times.end_inclusive)


def test_a_day_is_one_business_time_at_its_midnight_in_china():
    day = date(2022, 1, 14)
    assert list(BusinessTimes(day, day)) == [datetime(2022, 1, 13, 16, tzinfo=UTC)]
    assert BusinessTimes(day, day)[0].isoformat() == "2022-01-14T00:00:00+08:00"


def test_every_hour_of_the_last_day_belongs_to_it():
    times = BusinessTimes(date(2022, 1, 14), date(2022, 1, 15), interval=7)
    assert [str(moment)[5:13] for moment in times] == [
        "01-14 00",
        "01-14 07",
        "01-14 14",
        "01-14 21",
        "01-15 04",
        "01-15 11",
        "01-15 18",
    ]


def test_running_backwards_visits_the_same_times():
    times = BusinessTimes(date(2022, 1, 14), date(2022, 1, 20), interval=48, asc=False)
    assert [moment.day for moment in times] == [20, 18, 16, 14]


@given(ranges(asc=True))
def test_the_first_is_the_midnight_of_the_first_day_and_the_next_follow_at_the_interval(times: BusinessTimes):
    for earlier, later in pairwise(times):
        assert later - earlier == timedelta(hours=times.interval)
    if len(times):
        assert times[0] == datetime.combine(times.begin, time(), CHINA)


@given(ranges())
def test_there_are_as_many_as_fit(times: BusinessTimes):
    last_day = times.end + timedelta(days=times.end_inclusive)
    limit = datetime.combine(last_day, time(), CHINA)
    step = timedelta(hours=times.interval)
    assert len(times) == len(list(times))
    assert all(moment < limit for moment in times)
    if len(times):
        assert max(times) + step >= limit
    else:
        assert times.begin == times.end
        assert not times.end_inclusive


@given(ranges(end_inclusive=True), st.data())
def test_without_the_end_the_hours_of_the_last_day_are_missing_and_no_others(times: BusinessTimes, data: st.DataObject):
    exclusive = BusinessTimes(times.begin, times.end, times.interval, times.asc, end_inclusive=False)
    assert list(exclusive) == [moment for moment in times if moment.date() < times.end]


@given(ranges())
def test_one_direction_is_the_mirror_of_the_other(times: BusinessTimes):
    assert list(mirrored(times)) == list(times)[::-1] == list(reversed(times))


@given(ranges(), st.integers(-60, 60))
def test_an_index_means_what_it_means_in_a_list(times: BusinessTimes, index: int):
    whole = list(times)
    try:
        expected = whole[index]
    except IndexError:
        with pytest.raises(IndexError):
            times[index]
    else:
        assert times[index] == expected


@given(ranges(), st.slices(50))
def test_a_slice_means_what_it_means_in_a_list(times: BusinessTimes, part: slice):
    assert times[part] == list(times)[part]


@given(ranges(), st.integers(-5, 1500))
def test_a_moment_is_in_it_if_and_only_if_it_is_one_of_its_times(times: BusinessTimes, hours: int):
    moment = datetime.combine(times.begin, time(), CHINA) + timedelta(hours=hours)
    assert (moment in times) == (moment in list(times))
    # The same moment under another zone, and without any.
    assert (moment.astimezone(UTC) in times) == (moment.replace(tzinfo=None) in times) == (moment in times)
    assert moment + timedelta(minutes=1) not in times


def test_what_is_no_time_is_not_in_it():
    assert date(2022, 1, 14) not in BusinessTimes(date(2022, 1, 14), date(2022, 1, 14))


def test_a_million_cost_as_much_as_one():
    times = BusinessTimes(date(1900, 1, 1), date(2100, 1, 1), interval=1)
    assert len(times) > 1_000_000
    assert times[-1] in times
    assert times[1_000_000] - times[0] == timedelta(hours=1_000_000)


@given(ranges())
def test_two_that_are_made_alike_are_equal(times: BusinessTimes):
    assert mirrored(mirrored(times)) == times
    assert hash(mirrored(mirrored(times))) == hash(times)
    assert mirrored(times) != times
