"""Tables and calendars as text."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.render import MONTH_WIDTH, calendar, table

BRACKETS = {"missing": "[]", "filled": "()"}


def plain(lines) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def days(begin: str, end: str) -> list[date]:
    first, last = date.fromisoformat(begin), date.fromisoformat(end)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def test_a_month_is_a_grid_of_weeks_and_a_range_stands_in_brackets_in_each_of_them():
    marks = dict.fromkeys(days("2022-01-20", "2022-01-25"), "missing")
    assert plain(calendar(marks, BRACKETS)) == [
        "       2022-01",
        " Mo Tu We Th Fr Sa Su",
        "                 1  2",
        "  3  4  5  6  7  8  9",
        " 10 11 12 13 14 15 16",
        " 17 18 19[20 21 22 23]",
        "[24 25]26 27 28 29 30",
        " 31",
    ]


def test_a_range_that_crosses_a_month_s_end_is_closed_there_and_opened_again():
    lines = plain(calendar(dict.fromkeys(days("2022-01-30", "2022-02-02"), "missing"), BRACKETS))
    assert lines[6:8] == [" 24 25 26 27 28 29[30]    28", "[31]"]
    assert lines[2] == "                 1  2       [ 1  2] 3  4  5  6"


def test_where_two_ranges_meet_the_second_one_begins():
    marks = dict.fromkeys(days("2022-01-03", "2022-01-05"), "missing")
    marks |= dict.fromkeys(days("2022-01-06", "2022-01-07"), "filled")
    assert plain(calendar(marks, BRACKETS))[3] == "[ 3  4  5( 6  7) 8  9"


def test_a_style_without_brackets_is_seen_by_its_name_alone():
    (line,) = [line for line in calendar({date(2022, 1, 4): "today"}, BRACKETS) if (" 4", "today") in line]
    assert "".join(text for text, _ in line) == "  3  4  5  6  7  8  9 "


@pytest.mark.parametrize(
    ("across", "titles"),
    [
        (1, [["2022-01"], ["2022-02"], ["2022-03"]]),
        (2, [["2022-01", "2022-02"], ["2022-03"]]),
        (9, [["2022-01", "2022-02", "2022-03"]]),
    ],
)
def test_so_many_months_stand_side_by_side_as_there_is_room_for(across, titles):
    lines = plain(calendar(dict.fromkeys(days("2022-01-01", "2022-03-31"), ""), BRACKETS, across=across))
    assert [line.split() for line in lines if "2022-" in line] == titles


@given(st.dictionaries(st.dates(date(1999, 11, 1), date(2000, 4, 30)), st.sampled_from(["", "missing"]), min_size=1))
def test_every_day_of_every_month_is_shown_once_and_marked_as_it_should_be(marks):
    lines = list(calendar(marks, BRACKETS, across=1))
    assert all(not line or sum(len(text) for text, _ in line) == MONTH_WIDTH for line in lines)
    shown: dict[date, str] = {}
    for line in lines:
        if line and "-" in line[0][0]:
            year, month = map(int, line[0][0].split("-"))
        for text, style in line:
            if text.strip().isdigit():
                assert date(year, month, int(text)) not in shown
                shown[date(year, month, int(text))] = style
    months = {(day.year, day.month) for day in marks}
    assert {(day.year, day.month) for day in shown} == months
    assert all((day + timedelta(days=1)) in shown or (day + timedelta(days=1)).day == 1 for day in shown)
    assert shown == {day: marks.get(day, "") for day in shown}


def test_columns_are_as_wide_as_their_widest_cell_and_numbers_stand_at_the_right():
    lines = table(("id", "nodes", "name"), [("15001", "4", "daily_sales"), ("7", "12", "x")], right=(0, 1))
    assert plain(lines) == [
        "   id  nodes  name",
        "15001      4  daily_sales",
        "    7     12  x",
    ]


def test_chinese_letters_take_two_places_each():
    assert plain(table(("name", "runs"), [("每日销售", "3"), ("daily", "14")], right=(1,))) == [
        "name      runs",
        "每日销售     3",
        "daily       14",
    ]
