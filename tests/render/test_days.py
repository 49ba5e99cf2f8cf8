"""A calendar of business dates as a picture."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.render.days import Day, days
from dms_backfill_sdk.render.looks import LOOKS

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STANDINGS = ["succeeded", "failed", "running", "suspended", "waiting", "missing", "planned"]
THREE_YEARS = [date(2020, 1, 1) + timedelta(days=number) for number in range(1096)]


def drawn(marks, meanings=None):
    return days(marks, label="Plan", meanings=meanings or {})


def span(begin: str, count: int) -> list[date]:
    return [date.fromisoformat(begin) + timedelta(days=number) for number in range(count)]


def cells(picture):
    """The days of a picture that say which they are: title → corner."""
    return {
        path[0].text: tuple(picture.numbers(path.get("d"))[:2])
        for path in picture.every("path", "dms-solid")
        if len(path)
    }


@given(
    st.dictionaries(
        st.dates(date(2019, 1, 1), date(2021, 12, 31)),
        st.builds(Day, st.sampled_from(STANDINGS), st.sampled_from(["", "failed"]), st.text(max_size=5)),
        max_size=60,
    )
)
def test_each_day_is_there_once_and_has_a_place_of_its_own(read, marks):
    picture = read(drawn(marks))
    there = cells(picture)
    assert sorted(title[:10] for title in there) == sorted(map(str, marks))
    assert len(set(there.values())) == len(marks)
    width, height = float(picture.root.get("width")), float(picture.root.get("height"))
    assert all(0 <= x < width and 0 <= y < height for x, y in there.values())


@given(st.sets(st.dates(date(2019, 1, 1), date(2021, 12, 31)), min_size=1, max_size=40))
def test_a_week_is_a_column_and_a_weekday_a_row(read, marked):
    there = {
        date.fromisoformat(title[:10]): at
        for title, at in cells(read(drawn(dict.fromkeys(marked, Day("failed"))))).items()
    }
    for one in marked:
        for other in marked:
            (x, y), (other_x, other_y) = there[one], there[other]
            if (one.isocalendar().week, one.year, one.month) == (other.isocalendar().week, other.year, other.month):
                assert x == other_x
            if (one.weekday(), one.year) == (other.weekday(), other.year):
                assert y == other_y


def test_a_day_says_what_it_is_and_the_legend_counts(read):
    marks = dict.fromkeys(span("2022-01-10", 3), Day("succeeded")) | {
        date(2022, 1, 13): Day("planned"),
        date(2022, 1, 14): Day("planned", "failed", "1 failed; 3 missing, to run"),
        date(2022, 1, 15): Day("planned", "failed"),
    }
    picture = read(drawn(marks, {"planned": "will run", "planned failed": "will run again"}))
    assert set(picture.titles()) == {
        "2022-01-10: succeeded",
        "2022-01-11: succeeded",
        "2022-01-12: succeeded",
        "2022-01-13: will run",
        "2022-01-14: 1 failed; 3 missing, to run",
        "2022-01-15: will run again",
    }
    assert {"succeeded (3)", "will run (1)", "will run again (2)", "Jan 2022", "13", "We"} <= set(picture.texts())
    assert picture.label == "Plan, 2022-01-10 to 2022-01-15: 3 succeeded, 1 will run, 2 will run again"
    assert picture.root.get("role") == "img"


def test_words_are_text_whatever_they_are(read):
    picture = read(drawn({date(2022, 1, 10): Day("failed", words="<script>")}, {"failed": "<b>"}))
    assert picture.every("script") == []
    assert picture.titles() == ["2022-01-10: <script>"]
    assert "<b> (1)" in picture.texts()


def test_other_days_of_the_same_months_are_faint(read):
    picture = read(drawn(dict.fromkeys(span("2022-02-10", 8), Day("missing"))))
    (ground,) = picture.every("path", "dms-ground")
    assert ground.get("d").count("M") == 28 - 8


@pytest.mark.parametrize(
    ("begin", "count", "months", "rows"),
    [
        ("2021-12-20", 27, ["Dec 2021", "Jan 2022"], 1),
        ("2022-01-14", 1, ["Jan 2022"], 1),
        (
            "2021-08-15",
            330,
            ["Aug 2021", "Sep", "Oct", "Nov", "Dec", "Jan 2022", "Feb", "Mar", "Apr", "May", "Jun", "Jul"],
            1,
        ),
        ("2020-12-31", 366, None, 2),
    ],
)
def test_up_to_twelve_months_stand_in_a_row_and_more_in_a_row_a_year(read, begin, count, months, rows):
    picture = read(drawn(dict.fromkeys(span(begin, count), Day("failed"))))
    named = [text for text in picture.texts() if text[:3] in MONTHS]
    assert months is None or named == months
    assert picture.texts().count("Mo") == rows
    assert len([name for name in named if name.startswith("Jan")]) == (1 if months and "Jan 2022" in months else rows)


@pytest.mark.parametrize("style", [*STANDINGS, "planned succeeded", "planned failed"])
def test_three_years_are_a_small_picture_in_which_each_day_says_which_it_is(read, style):
    markup = drawn(dict.fromkeys(THREE_YEARS, Day(*style.split())))
    assert len(markup) < 100_000
    assert len(read(markup).titles()) == 1096


def test_ten_years_are_drawn_too(read):
    ten = span("2012-06-01", 3650)
    picture = read(drawn(dict.fromkeys(ten[:3000], Day("succeeded")) | dict.fromkeys(ten[3000:], Day("planned"))))
    solid = picture.every("path", "dms-solid")
    legend = 2
    assert sum(path.get("d").count("M") for path in solid) == 3650 + legend
    assert "succeeded (3,000)" in picture.texts()


def test_of_even_more_the_latest_are_drawn_and_the_rest_is_counted(read):
    picture = read(drawn(dict.fromkeys(span("2000-01-01", 4000), Day("failed"))))
    assert "failed (4,000)" in picture.texts()
    assert "The latest 3,660 days are drawn. 340 are before 2000-12-06." in picture.texts()
    assert sum(path.get("d").count("M") for path in picture.every("path", "dms-solid")) == 3660 + 1


@pytest.mark.parametrize("day", [date.min, date.max, date(2024, 2, 29)])
def test_there_is_no_day_that_cannot_be_drawn(read, day):
    assert read(drawn({day: Day("failed")})).titles() == [f"{day}: failed"]


def test_there_may_be_no_days(read):
    assert read(drawn({})).label == "Plan: no days"


def test_what_succeeded_is_plain_in_small_cells_and_everything_else_is_marked(read):
    for style in STANDINGS:
        marks = read(drawn(dict.fromkeys(THREE_YEARS, Day(style)))).every("path", "dms-mark")
        drawn_marks = [path for path in marks if path.get("d", "").count("M") + path.get("d", "").count("m") > 9]
        assert bool(drawn_marks) == (style != "succeeded" and bool(LOOKS[style].mark))
