"""A plan is submitted as it was seen, or not at all: what has moved on since then is refused."""

from datetime import timedelta

import pytest

from dms_backfill_sdk import BackFillRequest, PlanOutdatedError, Standing

DAYS = ("2022-01-01", "2022-01-03")


def plan_of(lab, flow, **choice):
    return lab.client.task_flow(flow.id).plan(**(choice or {"between": DAYS}))


def started(lab):
    return lab.emulator.journal.acted("BackFill")


def test_the_same_plan_is_not_started_twice(lab):
    plan = plan_of(lab, lab.flow())
    plan.submit()
    with pytest.raises(PlanOutdatedError, match=r"2022-01-01 went from missing to running, and 2 more\.") as refused:
        plan.submit()
    assert "Nothing was started. Make the plan again" in str(refused.value)
    assert refused.value.job.started == ()
    assert started(lab) == 1


def test_nor_is_it_when_all_of_it_has_run_meanwhile(lab):
    plan = plan_of(lab, lab.flow())
    plan.submit().wait()
    with pytest.raises(PlanOutdatedError) as refused:
        plan.submit()
    assert {standings[1] for standings in refused.value.changed.values()} == {Standing.SUCCEEDED}
    assert started(lab) == 1


def test_a_day_that_somebody_else_started_since_is_not_started_again(lab):
    flow = lab.flow()
    plan = plan_of(lab, flow)
    lab.client.back_fill(BackFillRequest.on(flow.id, "2022-01-02"))
    with pytest.raises(PlanOutdatedError, match="2022-01-02 went from missing"):
        plan.submit()
    assert started(lab) == 1


def test_a_failed_day_that_somebody_reran_since_is_not_run_again(lab):
    flow = lab.flow(nodes={"load": {"simulate": {"fails_first": 1}}})
    job = plan_of(lab, flow, on="2022-01-01").submit()
    lab.clock.advance(timedelta(minutes=1))
    plan = plan_of(lab, flow, on="2022-01-01", only="failed")
    assert len(plan) == 1
    job.rerun_failed()
    lab.clock.advance(timedelta(minutes=1))
    with pytest.raises(PlanOutdatedError, match="2022-01-01 went from failed to succeeded"):
        plan.submit()


def test_what_happens_on_other_days_does_not_matter(lab):
    flow = lab.flow()
    plan = plan_of(lab, flow)
    lab.client.back_fill(BackFillRequest.on(flow.id, "2022-02-01"))
    assert str(plan.submit().wait()) == "3 of 3 succeeded"


def test_a_plan_made_of_what_there_is_runs_it_again(lab):
    flow = lab.flow()
    lab.ran(flow, *DAYS)
    assert str(plan_of(lab, flow).submit().wait()) == "3 of 3 succeeded"


def test_a_plan_that_was_written_down_knows_what_it_saw(lab):
    plan = plan_of(lab, lab.flow())
    paper = plan.to_dict()
    plan.submit()
    with pytest.raises(PlanOutdatedError):
        type(plan).from_dict(paper, lab.client).submit()
