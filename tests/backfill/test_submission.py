"""A plan is submitted once: when an answer is lost, the runs are looked for before anything is sent again."""

from datetime import timedelta

import pytest

from dms_backfill_sdk import (
    Fault,
    OutcomeUnknownError,
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
    lab.show_runs_after(seconds)
    lab.emulator.plan_fault(LOST)
    assert str(plan.submit(resubmit=resubmit).wait()) == "3 of 3 succeeded"
    assert started(lab) == 1


@both_ways
def test_one_record_is_enough_where_runs_are_written_down_one_after_another(lab, resubmit):
    flow = lab.flow()
    lab.show_runs(lambda run: run["Status"] != 0)
    lab.emulator.plan_fault(LOST)
    assert str(plan_of(lab, flow).submit(resubmit=resubmit).wait()) == "3 of 3 succeeded"
    assert started(lab) == 1


@both_ways
@pytest.mark.parametrize("hour", [0, 14])
def test_the_time_of_day_of_a_business_date_does_not_matter(lab, resubmit, hour):
    flow = lab.flow()
    lab.rewrite_runs(lambda run: run.update(BusinessTime=f"{run['BusinessTime'][:10]} {hour:02}:00:00"))
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
    lab.show_runs_after(45)
    lab.emulator.plan_fault(LOST)
    lab.emulator.plan_fault(NEVER_ARRIVED)
    assert str(plan.submit(resubmit="if-absent").wait()) == "3 of 3 succeeded"
    assert started(lab) == 1


def others_show_late(lab, flow):
    """Somebody else's run begins now; its record shows a while later."""
    lab.start(flow, "2022-01-02")
    lab.wait(10)
    lab.show_runs_after(3)


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


@both_ways
def test_a_run_that_others_began_before_and_that_shows_late_is_not_the_jobs(lab, resubmit):
    flow = lab.flow()
    lab.wait(milliseconds=300)
    others_show_late(lab, flow)
    lab.emulator.plan_fault(NEVER_ARRIVED)
    with pytest.raises(OutcomeUnknownError, match="that hardly are its own"):
        plan_of(lab, flow).submit(resubmit=resubmit)
    assert len(lab.runs(flow)) == 1


@both_ways
def test_runs_by_schedule_are_neither_adopted_nor_is_anything_sent_again_beside_them(lab, resubmit):
    """Whether a backfill's runs say that they are by hand is not documented; who cannot tell does not risk a second."""
    flow = lab.flow()
    plan = plan_of(lab, flow)

    def before(action):
        if action == "BackFill":
            lab.start(flow, "2022-01-02")

    lab.wire.before = before
    lab.rewrite_runs(lambda run: run.update(TriggerType=0))
    lab.emulator.plan_fault(Fault(action="BackFill", when="after", delay=1))  # the schedule's own
    lab.emulator.plan_fault(NEVER_ARRIVED)
    with pytest.raises(OutcomeUnknownError) as told:
        plan.submit(resubmit=resubmit)
    assert "Runs for these dates have come since that hardly are its own: by schedule or begun" in str(told.value)
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
    others_show_late(lab, flow)
    plan = plan_of(lab, flow, lab.new_client(clock=skewed(lab.clock, timedelta(hours=hours))))
    lab.emulator.plan_fault(NEVER_ARRIVED)
    with pytest.raises(OutcomeUnknownError, match="that hardly are its own"):
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
