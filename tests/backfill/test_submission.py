"""A plan is submitted once: when an answer is lost, the runs are looked for before anything is sent again."""

import pickle
from datetime import timedelta

import pytest

from dms_backfill_sdk import (
    ConfigurationError,
    DmsError,
    Fault,
    InvalidRequestError,
    OutcomeUnknownError,
    Plan,
    ServiceError,
    ThrottledError,
)

DAYS = ("2022-01-01", "2022-01-03")
LOST = Fault(action="BackFill", when="after", drop=True)
NEVER_ARRIVED = Fault(action="BackFill", when="before", drop=True)
both_ways = pytest.mark.parametrize("resubmit", ["never", "if-absent"])


def plan_of(lab, flow, client=None, **choice):
    choice = choice or {"between": DAYS}
    return (client or lab.client).task_flow(flow.id).plan(**choice)


def started(lab):
    return lab.emulator.journal.acted("BackFill")


def listed(body):
    """The runs of an answer; whatever it answers."""
    return body.get("DAGInstanceList", {}).get("DAGInstance", [])


def show(body, keep):
    """Leave of the runs of an answer those that ``keep`` says."""
    if "DAGInstanceList" in body:
        body["DAGInstanceList"]["DAGInstance"] = [run for run in listed(body) if keep(run)]
        body["TotalCount"] = len(listed(body))


# -- found -----------------------------------------------------------------------------------------------------------


@both_ways
def test_runs_whose_answer_was_lost_are_the_jobs(lab, resubmit):
    flow = lab.flow()
    lab.emulator.plan_fault(LOST)
    job = plan_of(lab, flow).submit(resubmit=resubmit)
    assert str(job.wait()) == "3 of 3 succeeded"
    assert [run.id for run in job.runs()] == [run.id for run in lab.runs(flow)]
    assert job.started[0].run_id == lab.runs(flow)[0].id
    assert started(lab) == 1


@both_ways
@pytest.mark.parametrize("seconds", [2, 10, 29])
def test_records_that_appear_late_are_waited_for(lab, resubmit, seconds):
    flow = lab.flow()
    plan = plan_of(lab, flow)
    visible = lab.clock.now() + timedelta(seconds=seconds)
    lab.wire.change = lambda action, parameters, body: show(body, lambda run: lab.clock.now() >= visible)
    lab.emulator.plan_fault(LOST)
    assert str(plan.submit(resubmit=resubmit).wait()) == "3 of 3 succeeded"
    assert started(lab) == 1


@both_ways
def test_one_record_is_enough_where_runs_are_written_down_one_after_another(lab, resubmit):
    flow = lab.flow()
    lab.wire.change = lambda action, parameters, body: show(body, lambda run: run["Status"] != 0)
    lab.emulator.plan_fault(LOST)
    assert str(plan_of(lab, flow).submit(resubmit=resubmit).wait()) == "3 of 3 succeeded"
    assert started(lab) == 1


@both_ways
@pytest.mark.parametrize("change", [14, 0], ids=["in the afternoon", "at midnight"])
def test_the_time_of_day_of_a_business_date_does_not_matter(lab, resubmit, change):
    flow = lab.flow()

    def in_the_afternoon(action, parameters, body):
        for run in listed(body):
            run["BusinessTime"] = run["BusinessTime"][:10] + f" {change:02}:00:00"

    lab.wire.change = in_the_afternoon
    lab.emulator.plan_fault(LOST)
    assert str(plan_of(lab, flow).submit(resubmit=resubmit).wait()) == "3 of 3 succeeded"
    assert started(lab) == 1


def unreadable_after_the_start(lab, seconds):
    """The list of runs cannot be read for some time from the first BackFill on."""
    until = []

    def before(action):
        if action == "BackFill" and not until:
            until.append(lab.clock.now() + timedelta(seconds=seconds))
        if action == "ListTaskFlowInstance" and until and lab.clock.now() < until[0]:
            raise OutcomeUnknownError("The connection broke.")

    lab.wire.before = before


@both_ways
def test_a_list_that_cannot_be_read_for_a_while_is_read_later(lab, resubmit):
    flow = lab.flow()
    plan = plan_of(lab, flow)
    unreadable_after_the_start(lab, 12)
    lab.emulator.plan_fault(LOST)
    assert str(plan.submit(resubmit=resubmit).wait()) == "3 of 3 succeeded"
    assert started(lab) == 1


@both_ways
def test_while_the_list_cannot_be_read_nothing_is_sent_again(lab, resubmit):
    flow = lab.flow()
    plan = plan_of(lab, flow)
    unreadable_after_the_start(lab, 1000)
    lab.emulator.plan_fault(LOST)
    with pytest.raises(OutcomeUnknownError) as told:
        plan.submit(resubmit=resubmit)
    assert told.value.may_have_started
    assert "The runs could not be listed afterwards; see for yourself whether they are there." in str(told.value)
    assert started(lab) == lab.asked("BackFill") == 1


def test_a_start_that_shows_only_after_it_was_sent_again_is_found_all_the_same(lab):
    flow = lab.flow()
    plan = plan_of(lab, flow)
    visible = lab.clock.now() + timedelta(seconds=45)
    lab.wire.change = lambda action, parameters, body: show(body, lambda run: lab.clock.now() >= visible)
    lab.emulator.plan_fault(LOST)
    lab.emulator.plan_fault(NEVER_ARRIVED)
    assert str(plan.submit(resubmit="if-absent").wait()) == "3 of 3 succeeded"
    assert started(lab) == 1


# -- not found -------------------------------------------------------------------------------------------------------


def test_what_never_arrived_is_told(lab):
    flow = lab.flow()
    lab.emulator.plan_fault(NEVER_ARRIVED)
    with pytest.raises(OutcomeUnknownError) as told:
        plan_of(lab, flow).submit()
    assert told.value.may_have_started
    assert str(told.value).endswith(
        "It may have started. No run of it appeared within 30 s, so it was probably not started; "
        'resubmit="if-absent" sends it again in that case.'
    )
    assert told.value.job.started == ()
    assert (started(lab), lab.asked("BackFill")) == (0, 1)


def test_what_never_arrived_is_sent_again_if_that_is_wanted(lab):
    flow = lab.flow()
    lab.emulator.plan_fault(NEVER_ARRIVED)
    assert str(plan_of(lab, flow).submit(resubmit="if-absent").wait()) == "3 of 3 succeeded"
    assert (started(lab), lab.asked("BackFill")) == (1, 2)


def test_sending_again_has_an_end(lab):
    flow = lab.flow()
    lab.emulator.plan_fault(Fault(action="BackFill", when="before", drop=True, times=None))
    with pytest.raises(OutcomeUnknownError, match=r"so it was probably not started\.$"):
        plan_of(lab, flow).submit(resubmit="if-absent")
    assert (started(lab), lab.asked("BackFill")) == (0, 4)


@both_ways
def test_runs_that_were_there_before_are_not_the_jobs(lab, resubmit):
    flow = lab.flow()
    lab.ran(flow, *DAYS)
    lab.start(flow, *DAYS)
    others = {run.id for run in lab.runs(flow)}
    plan = plan_of(lab, flow)
    lab.emulator.plan_fault(NEVER_ARRIVED)
    if resubmit == "never":
        with pytest.raises(OutcomeUnknownError, match="probably not started"):
            plan.submit()
    else:
        job = plan.submit(resubmit=resubmit)
        job.wait()
        assert not others & {run.id for run in job.runs()}
    assert len(lab.runs(flow)) == len(others) + (0 if resubmit == "never" else 3)


def test_a_run_that_others_began_before_and_that_shows_late_is_not_the_jobs(lab):
    flow = lab.flow()
    lab.wait(milliseconds=300)
    lab.start(flow, "2022-01-02")
    lab.wait(10)
    plan = plan_of(lab, flow)
    visible = lab.clock.now() + timedelta(seconds=3)
    lab.wire.change = lambda action, parameters, body: show(body, lambda run: lab.clock.now() >= visible)
    lab.emulator.plan_fault(NEVER_ARRIVED)
    with pytest.raises(OutcomeUnknownError, match="probably not started"):
        plan.submit()


@both_ways
def test_runs_by_schedule_are_neither_adopted_nor_is_anything_sent_again_beside_them(lab, resubmit):
    """Whether a backfill's runs say that they are by hand is not documented; who cannot tell does not risk a second."""
    flow = lab.flow()
    plan = plan_of(lab, flow)

    def before(action):
        if action == "BackFill":
            lab.start(flow, "2022-01-02")

    def by_schedule(action, parameters, body):
        for run in listed(body):
            run["TriggerType"] = 0

    lab.wire.before, lab.wire.change = before, by_schedule
    lab.emulator.plan_fault(Fault(action="BackFill", when="after", delay=1))  # the schedule's own
    lab.emulator.plan_fault(NEVER_ARRIVED)
    with pytest.raises(OutcomeUnknownError) as told:
        plan.submit(resubmit=resubmit)
    assert "Runs for these dates have begun since, but by schedule, they say." in str(told.value)
    assert told.value.job.started == ()
    assert len(lab.runs(flow)) == 1


# -- clocks that differ ----------------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_off_is_allowed_for(lab, skewed, resubmit, hours):
    flow = lab.flow()
    client = lab.new_client(clock=skewed(lab.clock, timedelta(hours=hours)))
    plan = plan_of(lab, flow, client, on="2022-01-01")
    lab.emulator.plan_fault(LOST)
    assert str(plan.submit(resubmit=resubmit).wait()) == "1 of 1 succeeded"
    assert started(lab) == 1


@pytest.mark.parametrize("hours", [-1, 1])
def test_with_a_clock_that_is_an_hour_off_others_runs_are_still_others(lab, skewed, hours):
    flow = lab.flow()
    lab.start(flow, "2022-01-02")
    lab.wait(10)
    plan = plan_of(lab, flow, lab.new_client(clock=skewed(lab.clock, timedelta(hours=hours))))
    visible = lab.clock.now() + timedelta(seconds=3)
    lab.wire.change = lambda action, parameters, body: show(body, lambda run: lab.clock.now() >= visible)
    lab.emulator.plan_fault(NEVER_ARRIVED)
    with pytest.raises(OutcomeUnknownError, match="probably not started"):
        plan.submit()


@both_ways
@pytest.mark.parametrize("minutes", [-14, 14])
def test_without_a_date_in_the_answers_any_clock_that_is_let_in_is_allowed_for(lab, skewed, resubmit, minutes):
    flow = lab.flow()
    lab.wire.headers = lambda headers: headers.pop("date", None)
    client = lab.new_client(clock=skewed(lab.clock, timedelta(minutes=minutes)))
    plan = plan_of(lab, flow, client, on="2022-01-01")
    lab.emulator.plan_fault(LOST)
    assert str(plan.submit(resubmit=resubmit).wait()) == "1 of 1 succeeded"
    assert started(lab) == 1


# -- refused ---------------------------------------------------------------------------------------------------------


def test_what_is_throttled_waits_as_long_as_the_service_asks(lab):
    flow = lab.flow()
    plan = plan_of(lab, flow)
    lab.emulator.plan_fault(Fault(action="BackFill", code="Throttling.User", retry_after=20))
    before = lab.clock.now()
    plan.submit()
    assert lab.clock.now() - before >= timedelta(seconds=20)
    assert (started(lab), lab.asked("BackFill")) == (1, 2)


def test_what_stays_throttled_was_not_started(lab):
    flow = lab.flow()
    lab.emulator.plan_fault(Fault(action="BackFill", code="Throttling.User", times=None))
    with pytest.raises(ThrottledError) as told:
        plan_of(lab, flow).submit(resubmit="if-absent")
    assert not told.value.may_have_started
    assert (started(lab), lab.asked("BackFill")) == (0, 4)


def test_a_refusal_is_passed_on_at_once(lab):
    flow = lab.flow(publish=False)
    plan = plan_of(lab, flow)
    before = lab.clock.now()
    with pytest.raises(ServiceError, match="not published") as told:
        plan.submit(resubmit="if-absent")
    assert not told.value.may_have_started
    assert lab.clock.now() == before
    assert lab.asked("BackFill") == 1


@pytest.mark.parametrize("range_creates", ["runs", "parent"])
def test_when_the_second_of_three_is_refused_the_first_is_in_the_callers_hands(new_lab, range_creates):
    lab = new_lab(range_creates=range_creates)
    flow = lab.flow()
    for day in ("2022-01-03", "2022-01-06"):
        lab.ran(flow, day)
    plan = plan_of(lab, flow, between=("2022-01-01", "2022-01-08"), only="missing")
    assert len(plan.requests) == 3
    starts = []

    def before(action):
        starts.extend([action] * (action == "BackFill"))
        if len(starts) == 2:
            lab.emulator.plan_fault(Fault(action="BackFill", code="NoPermission"))
            lab.wire.before = lambda action: None

    lab.wire.before = before
    with pytest.raises(DmsError) as told:
        plan.submit()
    assert not told.value.may_have_started
    assert lab.asked("BackFill") == 2 + 2

    job = told.value.job
    assert str(job.wait()) == "2 of 2 succeeded"
    assert [f"{run.business_time:%m-%d}" for run in job.runs()] == ["01-01", "01-02"]
    # The rest is a plan away.
    rest = plan_of(lab, flow, between=("2022-01-01", "2022-01-08"), only="missing")
    assert [f"{time:%m-%d}" for time in rest] == ["01-04", "01-05", "01-07", "01-08"]

    # An error leaves its job behind when it travels, and keeps what the job is made of.
    travelled = pickle.loads(pickle.dumps(told.value))
    assert travelled.job is None
    assert travelled.started == job.started
    assert str(travelled) == str(told.value)


# -- before anything is sent -----------------------------------------------------------------------------------------


def test_a_plan_without_a_client_says_how_it_gets_one(lab):
    flow = lab.flow()
    plan = Plan.from_dict(plan_of(lab, flow).to_dict())
    with pytest.raises(ConfigurationError, match=r"This plan belongs to no client\..*plan\.by\(client\)"):
        plan.submit()
    assert str(plan.by(lab.new_client()).submit().wait()) == "3 of 3 succeeded"


@pytest.mark.parametrize("word", ["always", "", None, True])
def test_a_word_for_resubmit_that_there_is_not_is_refused(lab, word):
    flow = lab.flow()
    with pytest.raises(InvalidRequestError) as refused:
        plan_of(lab, flow).submit(resubmit=word)
    assert str(refused.value) == f'resubmit={word!r} is unknown; write "never" or "if-absent".'
    assert lab.asked("BackFill") == 0


def test_the_tenant_of_the_client_is_that_of_all_requests(lab):
    flow = lab.flow()
    plan = plan_of(lab, flow, lab.new_client(tid=3001))
    plan.submit().wait()
    assert {entry.parameters.get("Tid") for entry in lab.emulator.journal.entries} == {"3001"}
    # In the hands of a client that has a tenant, a plan that names none is that tenant's.
    lab.emulator.journal.clear()
    plan_of(lab, flow).by(lab.new_client(tid=3001)).submit()
    assert {entry.parameters["Tid"] for entry in lab.emulator.journal.of("BackFill")} == {"3001"}
