"""``only=``: which of the business dates are run, by where they stand."""

from datetime import date, timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dms_backfill_sdk import InvalidRequestError, Standing

FIRST = date(2022, 1, 1)
DAYS = 24
LAST = FIRST + timedelta(days=DAYS - 1)

RAN, BROKEN, MISSING = Standing.SUCCEEDED, Standing.FAILED, Standing.MISSING
WANTED = {"missing": {MISSING}, "failed": {BROKEN}, "missing-and-failed": {MISSING, BROKEN}}


def day(place):
    return FIRST + timedelta(days=place)


def stretches(stood, wanted):
    """The first and last day of each stretch of days that are wanted."""
    found = []
    for fits, group in groupby(enumerate(stood), key=lambda item: item[1] in wanted):
        places = [place for place, _ in group]
        if fits:
            found.append((day(places[0]), day(places[-1])))
    return found


def days_of(request):
    return (
        request.back_fill_date or request.back_fill_date_begin,
        request.back_fill_date or request.back_fill_date_end,
    )


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(
    stood=st.lists(st.sampled_from([RAN, BROKEN, MISSING]), min_size=DAYS, max_size=DAYS),
    only=st.sampled_from(list(WANTED)),
    asc=st.booleans(),
    end_inclusive=st.booleans(),
    range_creates=st.sampled_from(["runs", "parent"]),
)
def test_exactly_the_days_that_are_wanted_run_in_the_fewest_requests(
    new_lab, stood, only, asc, end_inclusive, range_creates
):
    lab = new_lab(end_inclusive=end_inclusive, range_creates=range_creates, after_failure="continue")
    broken = {day(place) for place, standing in enumerate(stood) if standing is BROKEN}

    def load(context):
        if context.business_time.date() in broken:
            raise OSError("disk full")

    lab.emulator.register("load", load)
    flow = lab.flow(nodes={"load": {"call": "load", "seconds": 0}})
    # Somebody else ran them in ranges of their own.
    for begin, end in stretches(stood, {RAN, BROKEN}):
        lab.ran(flow, begin, end + timedelta(days=not end_inclusive))
    broken.clear()

    task_flow = lab.client.task_flow(flow.id)
    plan = task_flow.plan(between=(FIRST, LAST), only=only, asc=asc)
    found = stretches(stood, WANTED[only])
    wanted = [day(place) for place, standing in enumerate(stood) if standing in WANTED[only]]

    assert [planned.standing for planned in plan.runs()] == (stood if asc else stood[::-1])
    assert sorted(time.date() for time in plan) == wanted
    # A BackFill has one day or one range, so each stretch needs one; no fewer can do it.
    written = [(begin, end + timedelta(days=begin != end and not end_inclusive)) for begin, end in found]
    single = {request.back_fill_date for request in plan.requests if request.back_fill_date}
    assert single == {begin for begin, end in found if begin == end}
    assert [days_of(request) for request in plan.requests] == (written if asc else written[::-1])
    assert list(plan) == sorted(plan, reverse=not asc)

    before = len(lab.runs(flow))
    assert str(plan.submit().wait()) == f"{len(wanted)} of {len(wanted)} succeeded"
    assert len(lab.runs(flow)) - before == len(wanted)
    assert not task_flow.plan(between=(FIRST, LAST), only=only).requests


def test_nothing_to_run_is_a_job_that_is_done(lab):
    flow = lab.flow()
    lab.ran(flow, "2022-01-01", "2022-01-03")
    plan = lab.client.task_flow(flow.id).plan(between=("2022-01-01", "2022-01-03"), only="missing")
    assert (len(plan), list(plan), plan.requests) == (0, [], ())
    job = plan.submit()
    assert str(job.wait()) == "0 of 0 succeeded"
    assert job.runs() == []
    assert lab.asked("BackFill") == 1


def test_days_whose_run_is_under_way_are_not_missing(lab):
    flow = lab.flow()
    lab.start(flow, "2022-01-02", "2022-01-04")
    lab.wait(1)
    plan = lab.client.task_flow(flow.id).plan(between=("2022-01-01", "2022-01-05"), only="missing-and-failed")
    assert [f"{time:%m-%d}" for time in plan] == ["01-01", "01-05"]
    assert [planned.standing.value for planned in plan.runs()] == [
        "missing",
        "running",
        "waiting",
        "waiting",
        "missing",
    ]


def test_the_newest_run_of_a_day_says_where_it_stands(lab):
    broken = set()

    def load(context):
        if context.business_time.date().isoformat() in broken:
            raise OSError("disk full")

    lab.emulator.register("load", load)
    flow = lab.flow(nodes={"load": {"call": "load"}})
    broken.add("2022-01-01")
    lab.ran(flow, "2022-01-01")
    broken.clear()
    lab.ran(flow, "2022-01-01")
    lab.ran(flow, "2022-01-02")
    broken.add("2022-01-02")
    lab.ran(flow, "2022-01-02")
    task_flow = lab.client.task_flow(flow.id)
    plan = task_flow.plan(between=("2022-01-01", "2022-01-02"), only="failed")
    assert [f"{time:%m-%d}" for time in plan] == ["01-02"]


def test_days_that_ran_twice_with_the_same_outcome_cost_no_further_question(lab):
    flow = lab.flow()
    for _ in range(2):
        lab.ran(flow, "2022-01-01", "2022-01-30")
    task_flow = lab.client.task_flow(flow.id)
    asked = lab.asked("GetTaskInstanceRelation")
    assert not task_flow.plan(between=("2022-01-01", "2022-01-30"), only="missing").requests
    # One, for the nodes of the latest run.
    assert lab.asked("GetTaskInstanceRelation") == asked + 1


HOURLY = [
    # interval, the hours that ran before (of two days), what the plan of both days then is
    (1, range(24), "01-02 00 → 01-02 23"),
    (1, range(24, 48), "01-01 00 → 01-01 23"),
    (6, range(24), "01-02 00 → 01-02 18"),
    (12, range(12, 13), "12 h, 2022-01-01 to 2022-01-01 cannot be run in part: a BackFill names whole days"),
    (1, range(30, 48), "1 h, 2022-01-01 to 2022-01-02 cannot be run in part: a BackFill names whole days"),
    (36, range(24), "36 h, 2022-01-02 to 2022-01-02 cannot be run in part: a BackFill names whole days"),
]


@pytest.mark.parametrize(("interval", "ran", "outcome"), HOURLY)
def test_hours_run_by_whole_days_or_are_refused(lab, interval, ran, outcome):
    flow = lab.flow(nodes={"load": {"seconds": 0}})
    lab.start(flow, "2022-01-01", "2022-01-02", interval=1)
    lab.wait(hours=1)
    # Of these, only the hours given ran.
    runs = lab.emulator.world.runs_of(flow)
    runs[:] = [run for place, run in enumerate(runs) if place in ran]
    task_flow = lab.client.task_flow(flow.id)
    if "refused" in outcome or "cannot" in outcome:
        with pytest.raises(InvalidRequestError) as refused:
            task_flow.plan(between=("2022-01-01", "2022-01-02"), interval=interval, only="missing")
        assert outcome in str(refused.value)
        assert str(refused.value).endswith('Plan those days with only="all".')
    else:
        plan = task_flow.plan(between=("2022-01-01", "2022-01-02"), interval=interval, only="missing")
        times = list(plan)
        assert f"{times[0]:%m-%d %H} → {times[-1]:%m-%d %H}" == outcome
        assert len(plan.requests) == 1


# -- what the service's answers may look like ------------------------------------------------------------------------


def test_a_run_at_another_time_of_the_day_is_still_about_that_day(lab):
    """The service's samples say ``2021-11-10 14:37:26`` for a business time."""
    flow = lab.flow()
    lab.ran(flow, "2022-01-01", "2022-01-03")

    lab.rewrite_runs(lambda run: run.update(BusinessTime=run["BusinessTime"][:10] + " 14:37:26"))
    task_flow = lab.client.task_flow(flow.id)
    assert not task_flow.plan(between=("2022-01-01", "2022-01-03"), only="missing").requests
    plan = task_flow.plan(between=("2022-01-01", "2022-01-05"), only="missing")
    assert [f"{time:%m-%d}" for time in plan] == ["01-04", "01-05"]
    assert str(plan.submit().wait()) == "2 of 2 succeeded"


def test_an_hourly_plan_takes_a_run_for_that_of_its_hour(lab):
    flow = lab.flow(nodes={"load": {"seconds": 0}})
    lab.ran(flow, "2022-01-01", "2022-01-01", interval=1)

    lab.rewrite_runs(lambda run: run.update(BusinessTime=run["BusinessTime"][:-5] + "02:11"))
    plan = lab.client.task_flow(flow.id).plan(between=("2022-01-01", "2022-01-02"), interval=1, only="missing")
    assert [f"{time:%m-%d %H:%M}" for time in plan][:: len(plan) - 1] == ["01-02 00:00", "01-02 23:00"]


@pytest.mark.parametrize("cap", [1, 7, 20])
@pytest.mark.parametrize("oldest_first", [True, False], ids=["oldest first", "newest first"])
def test_the_size_and_order_of_the_services_pages_do_not_matter(lab, paged, cap, oldest_first):
    flow = lab.flow()
    lab.ran(flow, "2022-01-05", "2022-01-30")
    lab.wire.change = paged(cap, oldest_first=oldest_first)
    plan = lab.client.task_flow(flow.id).plan(between=("2022-01-01", "2022-02-03"), only="missing")
    assert [f"{time:%m-%d}" for time in plan] == [
        *("01-01", "01-02", "01-03", "01-04"),
        *("01-31", "02-01", "02-02", "02-03"),
    ]


def test_a_list_that_moves_while_it_is_read_is_read_again(lab, paged):
    """A run begins between two pages and comes first in the list: one comes twice, and the new one not at all."""
    flow = lab.flow()
    lab.ran(flow, "2022-01-05", "2022-01-30")
    lab.start(flow, "2022-01-31")
    pages = paged(10, oldest_first=False)
    newest = lab.runs(flow)[-1].id
    answers = []

    def moving(action, parameters, body):
        if action == "ListTaskFlowInstance":
            answers.append(parameters)
            pages(action, parameters, body, hidden={newest} if len(answers) == 1 else set())

    lab.wire.change = moving
    plan = lab.client.task_flow(flow.id).plan(between=("2022-01-05", "2022-01-31"), only="missing")
    assert not plan.requests


@pytest.mark.parametrize("only", ["", "mising", "ALL", None])
def test_a_misspelt_only_is_refused_with_what_there_is(lab, only):
    flow = lab.flow()
    with pytest.raises(InvalidRequestError) as refused:
        lab.client.task_flow(flow.id).plan(on="2022-01-01", only=only)
    assert str(refused.value) == (
        f"only={only!r} is unknown; write one of 'all', 'missing', 'failed', 'missing-and-failed'."
    )
