import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.emulator.content import MAX_SECONDS, Call, Simulated, Sql, Unreadable, Work, read_content

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("content", "work"),
    [
        ('{"sql": "select 1"}', Sql(sql="select 1")),
        ('{"sql": "select 1", "dbId": 123, "dbType": "polardb"}', Sql(sql="select 1")),
        ('{"sql": "select 1", "seconds": 0.5}', Sql(sql="select 1", duration=SECOND / 2)),
        ('{"call": "load", "seconds": 0}', Call(name="load", duration=timedelta(0))),
        ('{"simulate": {}}', Simulated()),
        ('{"simulate": {"seconds": 30}}', Simulated(duration=30 * SECOND)),
        ('{"simulate": {}, "seconds": 30}', Simulated(duration=30 * SECOND)),
        ('{"simulate": {"seconds": 30}, "seconds": 40}', Simulated(duration=30 * SECOND)),
        ('{"simulate": {"fails_on": ["2022-01-14"]}}', Simulated(fails_on=frozenset({date(2022, 1, 14)}))),
        ('{"simulate": {"fails_on": "2022-01-14"}}', Simulated(fails_on=frozenset({date(2022, 1, 14)}))),
        (' {"simulate": {"fails_first": 2, "message": "full"}}', Simulated(fails_first=2, message="full")),
        ('{"seconds": 7}', Simulated(duration=7 * SECOND)),
        ('{"script": "echo hello"}', Simulated()),
        ("echo hello", Simulated()),
        ("[1, 2]", Simulated()),
        ("", Simulated()),
    ],
)
def test_what_content_means(content: str, work: Work):
    assert read_content(content) == work


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"sql": ', 'NodeContent is not valid JSON; write it like {"sql": "select 1"}.'),
        ('{"x":' * 100_000, 'NodeContent is not valid JSON; write it like {"sql": "select 1"}.'),
        ('{"sql": "a", "call": "b"}', "NodeContent has both sql and call; keep one of them."),
        ('{"sql": ["select 1"]}', "sql must be a string; ['select 1'] is not."),
        ('{"call": null}', "call must be a string; None is not."),
        ('{"simulate": 30}', 'simulate must be an object such as {"seconds": 30}; 30 is not.'),
        ('{"simulate": {"secnds": 3}}', "In simulate, there is no key 'secnds'; did you mean 'seconds'?"),
        (
            '{"simulate": {"x": 3}}',
            "In simulate, there is no key 'x'; there is 'fails_first', 'fails_on', 'message', 'seconds'.",
        ),
        ('{"simulate": {"seconds": "3"}}', "seconds must be a number from 0 to 1000000; '3' is not."),
        ('{"simulate": {"message": 3}}', "message must be a string; 3 is not."),
        ('{"simulate": {"fails_first": -1}}', "fails_first must be a whole number from 0 up; -1 is not."),
        ('{"simulate": {"fails_first": true}}', "fails_first must be a whole number from 0 up; True is not."),
        (
            '{"simulate": {"fails_on": ["14.1.2022"]}}',
            "fails_on must be a list of dates such as [\"2022-01-14\"]; ['14.1.2022'] is not.",
        ),
        ('{"simulate": {"fails_on": 3}}', 'fails_on must be a list of dates such as ["2022-01-14"]; 3 is not.'),
        ('{"seconds": -1}', "seconds must be a number from 0 to 1000000; -1 is not."),
        ('{"seconds": true}', "seconds must be a number from 0 to 1000000; True is not."),
        ('{"seconds": NaN}', "seconds must be a number from 0 to 1000000; nan is not."),
        ('{"seconds": 1e300}', "seconds must be a number from 0 to 1000000; 1e+300 is not."),
    ],
)
def test_content_that_makes_no_sense_keeps_a_sentence_about_it(content: str, problem: str):
    assert read_content(content) == Unreadable(problem=problem)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["sql", "call", "simulate", "seconds", "fails_on", "fails_first"]), inner)
    ),
    max_leaves=8,
)


@given(st.text() | JSON.map(json.dumps))
def test_any_content_at_all_means_something(content: str):
    work = read_content(content)
    assert timedelta(0) <= work.duration <= timedelta(seconds=MAX_SECONDS)
