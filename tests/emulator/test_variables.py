import calendar
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.dates import CHINA
from dms_backfill_sdk.emulator.variables import (
    VariableError,
    Variables,
    fill,
    read_pattern,
    read_variables,
    write_variables,
)

WEDNESDAY = datetime(2021, 11, 10, 14, 37, 26, 57000, CHINA)
MIDNIGHT = datetime(2022, 1, 2, 0, 5, 9, tzinfo=CHINA)  # a Sunday


# ---------------------------------------------------------------------------------------------------------------
# Formats


@pytest.mark.parametrize(
    ("form", "afternoon", "night"),
    [
        ("yyyy-MM-dd", "2021-11-10", "2022-01-02"),
        ("yyyyMMdd HH:mm:ss", "20211110 14:37:26", "20220102 00:05:09"),
        ("yyyyMM01", "20211101", "20220101"),
        ("y yy yyy yyyy yyyyy", "2021 21 2021 2021 02021", "2022 22 2022 2022 02022"),
        ("M MM MMM MMMM", "11 11 Nov November", "1 01 Jan January"),
        ("d dd", "10 10", "2 02"),
        ("D DD DDD", "314 314 314", "2 02 002"),
        ("E EEE EEEE e ee", "Wed Wed Wednesday 3 03", "Sun Sun Sunday 7 07"),
        ("H HH h hh K KK k kk a", "14 14 2 02 2 02 14 14 PM", "0 00 12 12 0 00 24 24 AM"),
        ("m mm s ss S SSS", "37 37 26 26 57 057", "5 05 9 09 0 000"),
        ("Y-w ww W", "2021-45 45 2", "2021-52 52 1"),
        ("Gyyyy z", "AD2021 UTC+08:00", "AD2022 UTC+08:00"),
        ("yyyy'T'MM", "2021T11", "2022T01"),
        ("h 'o''clock'", "2 o'clock", "12 o'clock"),
        ("''yy''", "'21'", "'22'"),
        ("", "", ""),
        ("年yyyy.", "年2021.", "年2022."),
    ],
)
def test_letters_mean_what_they_mean_in_java(form: str, afternoon: str, night: str):
    assert read_pattern(form).at(WEDNESDAY) == afternoon
    assert read_pattern(form).at(MIDNIGHT) == night


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("yyyy-QQ", "The format 'yyyy-QQ' has 'QQ', which means nothing"),
        ("name", "The format 'name' has 'n', which means nothing"),
        ("y" * 33, "which means nothing"),
        ("yyyy'T", "opens a quote and does not close it"),
        ("yyyy|1", "The offset '1' cannot be read; write amounts of m, h, d, w, M and y, such as -1M+2d."),
        ("yyyy|+1D", "The offset '+1D' cannot be read"),
        ("yyyy|+1d 2h", "The offset '+1d 2h' cannot be read"),
        ("yyyy|--1d", "cannot be read"),
        ("yyyy|+d", "cannot be read"),
        ("yyyy|+1d|+1d", "cannot be read"),
        ("yyyy|+9999999999d", "cannot be read"),
        ("yyyy|+999999999w+999999999w", "is longer than time; use a smaller one"),
    ],
)
def test_a_pattern_that_means_nothing_is_refused(pattern: str, sentence: str):
    with pytest.raises(VariableError) as refusal:
        read_pattern(pattern)
    assert sentence in str(refusal.value)


# ---------------------------------------------------------------------------------------------------------------
# Offsets


@pytest.mark.parametrize(
    ("offset", "moved"),
    [
        ("", "2021-11-10 14:37"),
        ("|", "2021-11-10 14:37"),
        ("|+1d", "2021-11-11 14:37"),
        ("|2d", "2021-11-12 14:37"),
        ("|-2w", "2021-10-27 14:37"),
        ("|+30m-15h", "2021-11-10 00:07"),
        ("|+1y-11M", "2021-12-10 14:37"),
        ("|+0m+0h-2d+0w+0M+1y", "2022-11-08 14:37"),
        ("|+1y+0M+0w-2d+0h+0m", "2022-11-08 14:37"),
        ("|+1d+1d", "2021-11-12 14:37"),
    ],
)
def test_an_offset_moves_by_its_units_in_any_order(offset: str, moved: str):
    assert read_pattern("yyyy-MM-dd HH:mm" + offset).at(WEDNESDAY) == moved


@pytest.mark.parametrize(
    ("day", "offset", "moved"),
    [
        (date(2022, 3, 31), "-1M", "2022-02-28"),
        (date(2024, 3, 31), "-1M", "2024-02-29"),
        (date(2024, 2, 29), "+1y", "2025-02-28"),
        (date(2024, 2, 29), "-1y+48M", "2027-02-28"),
        (date(2022, 1, 31), "+1M+1d", "2022-03-01"),
        (date(2022, 1, 15), "-1M", "2021-12-15"),
    ],
)
def test_a_day_that_the_month_lacks_becomes_its_last(day: date, offset: str, moved: str):
    assert read_pattern(f"yyyy-MM-dd|{offset}").at(datetime.combine(day, time())) == moved


@given(st.dates(date(1000, 1, 1), date(3000, 1, 1)), st.integers(-9000, 9000), st.integers(-9000, 9000))
def test_months_go_by_the_calendar_and_days_after_them(day: date, months: int, days: int):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    by_calendar = date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    pattern = read_pattern(f"yyyy-MM-dd|{days:+d}d{months:+d}M")
    assert pattern.at(datetime.combine(day, time())) == (by_calendar + timedelta(days=days)).isoformat()


@pytest.mark.parametrize("offset", ["-2022y", "+8000y", "-999999999d", "+99999M", "+999999999y"])
def test_an_offset_out_of_the_calendar_is_refused_when_it_is_needed(offset: str):
    pattern = read_pattern(f"yyyy|{offset}")
    with pytest.raises(VariableError, match=r"from 2022-01-02 out of the years 1 to 9999; use a smaller one\."):
        pattern.at(MIDNIGHT)


# ---------------------------------------------------------------------------------------------------------------
# Variables of a flow and of a node


def test_bizdate_is_the_business_date():
    assert Variables(WEDNESDAY)["bizdate"] == "2021-11-10"


def test_the_documented_example_counts_from_the_business_date():
    """``6_month_ago``, run on 2021-08-12, says 2021-02-11."""
    flow = write_variables({"6_month_ago": "yyyy-MM-dd|-6M"})
    assert Variables(datetime(2021, 8, 11, 9, 30, tzinfo=CHINA), flow)["6_month_ago"] == "2021-02-11"


def test_a_flow_counts_from_the_business_time_and_a_node_from_the_beginning_of_its_day():
    hour_ago = write_variables({"hour_ago": "yyyy-MM-dd HH|-1h"})
    assert Variables(WEDNESDAY, flow=hour_ago)["hour_ago"] == "2021-11-10 13"
    assert Variables(WEDNESDAY, node=hour_ago)["hour_ago"] == "2021-11-09 23"


def test_the_nearest_definition_of_a_name_counts():
    flow = write_variables({"day": "'flow'", "bizdate": "'flow'"})
    node = write_variables({"day": "'node'"})
    variables = Variables(WEDNESDAY, flow, node)
    assert dict(variables) == {"bizdate": "flow", "day": "node"}
    assert len(variables) == 2


def test_a_variable_nobody_asks_for_does_no_harm():
    flow = write_variables({"far": "yyyy|-9999y", "near": "yyyy"})
    assert fill("${near}", Variables(WEDNESDAY, flow)) == "2021"


def test_a_reference_is_replaced_wherever_it_stands():
    text = "insert into sales_${yyyymmdd} values ('${bizdate}', '${ bizdate }', '$bizdate', '{bizdate}', '${')"
    flow = write_variables({"yyyymmdd": "yyyyMMdd"})
    assert fill(text, Variables(WEDNESDAY, flow)) == (
        "insert into sales_20211110 values ('2021-11-10', '2021-11-10', '$bizdate', '{bizdate}', '${')"
    )


def test_a_variable_that_there_is_not_is_refused_with_those_that_there_are():
    with pytest.raises(VariableError) as refusal:
        fill("${bizdata}", Variables(WEDNESDAY, write_variables({"day": "dd"})))
    assert str(refusal.value) == "There is no time variable ${bizdata}; there are ${bizdate}, ${day}."


# ---------------------------------------------------------------------------------------------------------------
# The wire's form


@pytest.mark.parametrize("nothing", ["", "  ", '{"variables":[]}'])
def test_there_may_be_no_variables(nothing: str):
    assert read_variables(nothing) == {}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        "{}",
        '{"variables":null}',
        '{"variables":{}, "x":1',
        '{"variables":["day"]}',
        '{"variables":[{"name":"day"}]}',
        '{"variables":[{"name":"day","pattern":1}]}',
        '{"variables":[{"name":["day"],"pattern":"dd"}]}',
        '{"variables":' + "[" * 100_000,
    ],
)
def test_what_is_no_list_of_variables_is_refused_with_an_example(text: str):
    with pytest.raises(VariableError, match=r'TimeVariables cannot be read; write \{"variables":\[\{"name":'):
        read_variables(text)


@pytest.mark.parametrize("name", ["", "${day}", "a}b", " day"])
def test_a_name_that_cannot_be_referred_to_is_refused(name: str):
    with pytest.raises(VariableError, match="is no name for a time variable"):
        read_variables(write_variables({name: "dd"}))


def test_a_pattern_that_means_nothing_is_refused_where_it_is_defined():
    with pytest.raises(VariableError, match="which means nothing"):
        read_variables(write_variables({"day": "QQ"}))
