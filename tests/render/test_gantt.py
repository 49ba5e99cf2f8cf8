"""What ran when, as a picture."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.dates import CHINA
from dms_backfill_sdk.render.gantt import MOST, Span, gantt, lasting

NOW = datetime(2022, 10, 1, 12, 0, tzinfo=CHINA)


def minutes(number: float) -> datetime:
    return NOW - timedelta(hours=2) + timedelta(minutes=number)


def drawn(spans, note=""):
    return gantt(spans, now=NOW, label="Runs", note=note)


def bars(picture):
    """The bars, from top to bottom: title → where they begin and how long they are."""
    found = {}
    for group in picture.every("g"):
        if len(group) and group[0].tag.endswith("title"):
            x, _, width, *_ = picture.numbers(group[1].get("d"))
            found[group[0].text] = (x, width)
    return found


def test_a_bar_is_as_long_as_what_it_shows(read):
    spans = [
        Span("2022-01-01", minutes(0), minutes(10), "succeeded"),
        Span("2022-01-02", minutes(10), minutes(40), "failed"),
        Span("2022-01-03", minutes(40), None, "running"),
    ]
    picture = read(drawn(spans, "5 have not begun."))
    (first, second, third) = bars(picture).values()
    assert list(bars(picture)) == [
        "2022-01-01: succeeded, 2022-10-01 10:00:00 to 10:10:00, 10 min",
        "2022-01-02: failed, 2022-10-01 10:10:00 to 10:40:00, 30 min",
        "2022-01-03: running, 2022-10-01 10:40:00 to 12:00:00, 1 h 20 min",
    ]
    assert second[1] == pytest.approx(3 * first[1], abs=0.5)
    assert third[1] == pytest.approx(8 * first[1], abs=0.5)
    assert first[0] + first[1] == pytest.approx(second[0], abs=0.2)
    assert {"10 min", "30 min", "1 h 20 min …", "5 have not begun.", "2022-10-01 UTC+8", "11:00"} <= set(
        picture.texts()
    )
    assert picture.label == "Runs: 1 succeeded, 1 failed, 1 running"


def moments():
    return st.timedeltas(timedelta(days=-8000), timedelta(days=8000)).map(lambda away: NOW + away)


@given(
    st.lists(
        st.builds(
            lambda label, begin, seconds, style: Span(label, begin, begin + timedelta(seconds=seconds), style),
            st.text(max_size=30),
            moments(),
            st.floats(0, 1e8),
            st.sampled_from(["succeeded", "failed", "suspended"]),
        ),
        max_size=8,
    )
)
def test_whenever_it_was_all_bars_lie_within_the_picture_and_ticks_are_few(read, spans):
    picture = read(drawn(spans))
    found = [path for path in picture.every("path") if path.get("class") == "dms-solid"][: len(spans)]
    for path in found:
        x, y, width, *_ = picture.numbers(path.get("d"))
        assert 0 <= x <= x + width <= 720
        assert 0 <= y <= float(picture.root.get("height"))
    ticks = [picture.numbers(path.get("d"))[0] for path in picture.every("path") if path.get("class") == "dms-faint"]
    assert len(ticks) <= 8
    assert all(later - earlier >= 91 for earlier, later in pairwise(ticks))


def test_of_thousands_those_are_drawn_that_failed_or_go_on_and_the_last(read):
    spans = [
        Span(f"run {number}", minutes(number), minutes(number + 1), "failed" if number in (7, 1500) else "succeeded")
        for number in range(3650)
    ]
    spans[3] = Span("run 3", minutes(3), None, "running")
    markup = drawn(spans)
    labels = [title.partition(":")[0] for title in bars(read(markup))]
    assert labels == ["run 3", "run 7", "run 1500", *(f"run {number}" for number in range(3650 - MOST + 3, 3650))]
    assert "60 of 3,650 are drawn: those that failed or go on, and the last." in read(markup).texts()
    assert "succeeded (3,647)" in read(markup).texts()
    assert len(markup) < 100_000


def test_what_failed_is_marked_in_its_bar_or_behind_it(read):
    spans = [Span("long", minutes(0), minutes(100), "failed"), Span("short", minutes(0), minutes(0.1), "failed")]
    picture = read(drawn(spans))
    long, short = (group for group in picture.every("g") if len(group) and group[0].tag.endswith("title"))
    assert [part.get("class") for part in long] == [None, "dms-solid", "dms-mark"]
    assert [part.get("class") for part in short] == [None, "dms-solid", "dms-sign"]


def test_a_label_is_text_whatever_it_is(read):
    picture = read(drawn([Span("<script>", minutes(0), minutes(1), "succeeded")]))
    assert picture.every("script") == []
    assert "<script>" in picture.texts()


def test_times_of_other_zones_are_shown_in_that_of_now(read):
    utc = minutes(0).astimezone(tz=None)
    assert next(iter(bars(read(drawn([Span("a", utc, utc + timedelta(minutes=1), "failed")]))))) == (
        "a: failed, 2022-10-01 10:00:00 to 10:01:00, 1 min"
    )


def test_nothing_may_have_begun(read):
    assert read(drawn([])).label == "Runs: nothing has begun"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (0.25, "0.2 s"),
        (9.97, "10 s"),
        (59.7, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3661, "1 h 1 min"),
        (86_400 + 300, "1 d"),
        (10**7, "115 d 17 h"),
    ],
)
def test_a_time_is_said_in_two_units_at_most(seconds, said):
    assert lasting(timedelta(seconds=seconds)) == said
