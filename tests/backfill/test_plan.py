"""A plan: printable, frozen, the same after a journey, and frank about what somebody should know before."""

import json
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dms_backfill_sdk import InvalidRequestError, Plan, Standing
from dms_backfill_sdk.backfill.windows import Choice
from dms_backfill_sdk.dates import CHINA, BusinessTimes
from dms_backfill_sdk.graph import Part, TaskGraph

DAYS = ("2022-01-01", "2022-01-10")


def plan_of(lab, flow, **choice):
    return lab.client.task_flow(flow.id).plan(**({"between": DAYS} | choice))


# -- as text ---------------------------------------------------------------------------------------------------------


def test_a_plan_reads_like_this(lab):
    flow = lab.flow(nodes={"load": {"seconds": 90}, "sum": {"after": ["load"]}, "mail": {"after": ["sum"]}})
    lab.ran(flow, "2022-01-04", "2022-01-05")
    plan = plan_of(lab, flow, start=["sum"], skip=["mail"], only="missing")
    assert str(plan) == (
        f"daily_sales ({flow.id}): 8 of 10 business times, 2 requests\n"
        "  2022-01-01 → 2022-01-03  3 runs\n"
        "  2022-01-06 → 2022-01-10  5 runs\n"
        "  node load: neither a start node nor below one\n"
        "  node sum: runs\n"
        "  node mail: filtered out by the request\n"
        "  about 0:07:40 if each takes as long as the median of past runs (an estimate)\n"
        "  ! 2 requests run side by side; only within each do the dates keep their order."
    )


def test_a_plan_of_one_run_reads_like_this(lab):
    flow = lab.flow(nodes={"load": {}})
    assert str(plan_of(lab, flow, between=None, on="2022-01-04")) == (
        f"daily_sales ({flow.id}): 1 of 1 business times, 1 request\n  2022-01-04  1 run\n  node load: runs"
    )


def test_of_many_requests_the_first_are_printed(lab):
    flow = lab.flow(nodes={"load": {"seconds": 0}})
    for day in range(2, 31, 2):
        lab.ran(flow, f"2022-01-{day:02}")
    lines = str(plan_of(lab, flow, between=("2022-01-01", "2022-01-31"), only="missing")).splitlines()
    assert lines[0].endswith("16 of 31 business times, 16 requests")
    assert lines[10:12] == ["  2022-01-19  1 run", "  … and 6 more"]


# -- what it says ----------------------------------------------------------------------------------------------------


def test_a_plan_is_long_as_its_runs_and_gives_their_times_in_order(lab):
    plan = plan_of(lab, lab.flow(), interval=12, asc=False)
    assert len(plan) == len(list(plan)) == 20
    assert [f"{time:%m-%d %H}" for time in plan][:3] == ["01-10 12", "01-10 00", "01-09 12"]
    assert [planned.runs for planned in plan.runs()] == [True] * 20


def test_a_plan_counts_where_its_days_stand(lab):
    flow = lab.flow(nodes={"load": {"simulate": {"seconds": 60, "fails_on": ["2022-01-02"]}}})
    lab.ran(flow, "2022-01-01", "2022-01-03")
    lab.start(flow, "2022-01-05", "2022-01-06")
    lab.wait(1)
    assert plan_of(lab, flow).standings() == {
        Standing.SUCCEEDED: 1,
        Standing.FAILED: 1,
        Standing.WAITING: 2,
        Standing.RUNNING: 1,
        Standing.MISSING: 5,
    }


REQUESTS = [
    ({"on": "2022-01-04"}, "back_fill_date=datetime.date(2022, 1, 4)"),
    (
        {
            "between": ("2022-01-04", date(2022, 1, 5)),
            "asc": False,
            "interval": 6,
            "downstream": False,
            "version": 16001,
        },
        (
            "is_trigger_sub_tree=False, back_fill_date_begin=datetime.date(2022, 1, 4), "
            "back_fill_date_end=datetime.date(2022, 1, 5), interval=6, asc=False, history_dag_id=16001"
        ),
    ),
    (
        {"on": datetime(2022, 1, 4, 20, tzinfo=UTC), "interval": 12, "start": ["sum"], "skip": ["mail"]},
        (
            "start_node_ids=(44002,), filter_node_ids=(44003,), back_fill_date_begin=datetime.date(2022, 1, 5), "
            "back_fill_date_end=datetime.date(2022, 1, 5), interval=12"
        ),
    ),
]


@pytest.mark.parametrize(("choice", "request_"), REQUESTS)
def test_a_plan_shows_the_requests_and_sends_just_these(lab, choice, request_):
    flow = lab.flow()
    plan = lab.client.task_flow(flow.id).plan(**choice)
    assert [str(request) for request in plan.requests] == [f"BackFillRequest(dag_id={flow.id}, {request_})"]
    plan.submit().wait()
    sent = [entry.parameters for entry in lab.emulator.journal.of("BackFill")]
    for planned, written in zip(plan.to_dict()["requests"], sent, strict=True):
        assert planned.items() <= written.items()


def test_where_the_service_leaves_out_the_last_day_a_range_ends_a_day_later(new_lab):
    lab = new_lab(end_inclusive=False)
    plan = plan_of(lab, lab.flow())
    assert (len(plan), str(plan.requests[0].back_fill_date_end)) == (10, "2022-01-11")
    assert plan_of(lab, lab.flow("other"), between=None, on="2022-01-04").requests[0].back_fill_date


REFUSED = [
    ({}, 'Say which days: either on="2022-01-14", or between=("2022-01-14", "2022-09-29").'),
    ({"on": "2022-01-01", "between": DAYS}, "Say which days: either on="),
    ({"on": "yesterday"}, "'yesterday' is not a business date; write a date, a datetime or \"YYYY-MM-DD\"."),
    ({"on": "2022-02-30"}, "There is no day '2022-02-30' in the calendar."),
    ({"between": DAYS[::-1]}, "The range ends (2022-01-01) before it begins (2022-01-10); swap them"),
    ({"between": "2022-01-01"}, "between= takes the first and the last day as a pair"),
    ({"between": DAYS, "interval": 0}, "interval must be a whole number of hours from 1 up; 0 is not."),
    ({"on": "2022-01-01", "start": ["sum"], "skip": ["sum"]}, "is both a start node and filtered out"),
    ({"on": "2022-01-01", "start": []}, "start_node_ids is empty; name at least one id, or leave it out."),
]


@pytest.mark.parametrize(("choice", "sentence"), REFUSED)
def test_what_cannot_be_planned_is_refused_with_what_to_write_instead(lab, choice, sentence):
    flow = lab.client.task_flow(lab.flow().id)
    with pytest.raises(InvalidRequestError) as refused:
        flow.plan(**choice)
    assert sentence in str(refused.value)


# -- how long --------------------------------------------------------------------------------------------------------


def test_the_estimate_is_the_median_of_past_runs_for_each_run(lab):
    flow = lab.flow(nodes={"load": {"call": "load", "seconds": 10}})
    lab.emulator.register("load", lambda context: None)
    plan = plan_of(lab, flow)
    assert (plan.seconds_per_run, plan.estimate) == (None, None)
    lab.ran(flow, "2021-12-29", "2021-12-31")
    plan = plan_of(lab, flow)
    assert (plan.seconds_per_run, plan.estimate) == (10, timedelta(seconds=100))


def test_failed_runs_say_nothing_about_how_long_it_takes(lab):
    flow = lab.flow(nodes={"load": {"simulate": {"seconds": 10, "fails_on": ["2021-12-31"]}}})
    lab.ran(flow, "2021-12-31")
    assert plan_of(lab, flow).estimate is None


# -- as a value ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["only", "times", "windows", "warnings", "dag_id"])
def test_a_plan_does_not_change(lab, name):
    plan = plan_of(lab, lab.flow())
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(plan, name, None)


def test_the_same_plan_in_other_hands_is_equal(lab):
    plan = plan_of(lab, lab.flow())
    assert plan.by(lab.new_client()) == plan
    assert plan.warning(("Mind the gap.",)) != plan


def test_a_plan_on_paper_says_what_it_would_send(lab):
    flow = lab.flow()
    plan = plan_of(lab, flow, skip=["mail"])
    written = plan.to_dict()
    assert written["requests"] == [
        {
            "DagId": str(flow.id),
            "FilterNodeIds": "[44003]",
            "BackFillDateBegin": "2022-01-01",
            "BackFillDateEnd": "2022-01-10",
        }
    ]
    assert written["runs"] == 10


moments = st.datetimes(timezones=st.sampled_from([UTC, CHINA]))


@st.composite
def plans(draw):
    begin = draw(st.dates(date(2000, 1, 1), date(2030, 1, 1)))
    end = begin + timedelta(days=draw(st.integers(1, 8)))
    times = BusinessTimes(begin, end, draw(st.sampled_from([1, 6, 24, 36])), draw(st.booleans()), draw(st.booleans()))
    names = draw(st.dictionaries(st.integers(1, 99), st.text(max_size=5), min_size=1, max_size=6))
    nodes = list(names)
    pairs = [(start, end) for place, end in enumerate(nodes) for start in nodes[:place]]
    start = draw(st.none() | st.lists(st.sampled_from(nodes), min_size=1, unique=True).map(tuple))
    skip = draw(st.sets(st.sampled_from(nodes))) - set(start or ())
    daily = times.interval == 24
    return Plan(
        dag_id=draw(st.integers(1, 10**9)),
        flow_name=draw(st.text(max_size=9)),
        tid=draw(st.none() | st.integers(1, 9999)),
        times=times,
        choice=Choice(
            start=start,
            skip=tuple(sorted(skip)),
            downstream=draw(st.booleans()),
            version=draw(st.none() | st.integers(1, 99)),
        ),
        only=draw(st.sampled_from(["all", "missing", "failed", "missing-and-failed"]) if daily else st.just("all")),
        graph=TaskGraph(nodes, draw(st.sets(st.sampled_from(pairs))) if pairs else []),
        node_names=names,
        existing=draw(st.dictionaries(st.sampled_from(list(times)), st.sampled_from(list(Standing)))),
        seconds_per_run=draw(st.none() | st.floats(0, 10**6)),
        warnings=tuple(draw(st.lists(st.text()))),
        made_at=draw(moments),
    )


@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(plan=plans())
def test_a_plan_that_was_written_down_and_read_is_the_same(plan):
    read = Plan.from_dict(json.loads(json.dumps(plan.to_dict())))
    assert read == plan
    assert (read.requests, list(read), read.nodes()) == (plan.requests, list(plan), plan.nodes())
    assert str(read) == str(plan)


@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(plan=plans())
def test_a_plan_runs_what_its_rows_say(plan):
    assert [row.business_time for row in plan.runs() if row.runs] == list(plan)
    assert plan.standings().total() == len(plan.times)
    assert len(plan) == len(set(plan))
    assert set(plan.nodes().values()) <= set(Part)
    for window in plan.windows:
        assert list(window.times) == sorted(window.times, reverse=not plan.times.asc)
