"""A plan is submitted once: what the service refuses, and what is refused before anything is sent."""

import pickle
from datetime import timedelta

import pytest

from dms_backfill_sdk import (
    ConfigurationError,
    DmsError,
    Fault,
    InvalidRequestError,
    OutcomeUnknownError,
    PermissionDeniedError,
    Plan,
    ServiceError,
    ThrottledError,
)

DAYS = ("2022-01-01", "2022-01-03")
NEVER_ARRIVED = Fault(action="BackFill", when="before", drop=True)


def plan_of(lab, flow, client=None, **choice):
    choice = choice or {"between": DAYS}
    return (client or lab.client).task_flow(flow.id).plan(**choice)


def started(lab):
    return lab.emulator.journal.acted("BackFill")


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


def test_what_is_throttled_is_not_sent_again_unseen(lab):
    flow = lab.flow()
    plan = plan_of(lab, flow)
    lab.emulator.plan_fault(Fault(action="BackFill", code="Throttling.User"))

    def unreadable(action):
        if action == "ListTaskFlowInstance":
            raise OutcomeUnknownError("The connection broke.")

    lab.wire.before = lambda action: setattr(lab.wire, "before", unreadable) if action == "BackFill" else None
    with pytest.raises(ThrottledError):
        plan.submit(resubmit="if-absent")
    assert (started(lab), lab.asked("BackFill")) == (0, 1)


def test_a_refusal_does_not_undo_what_an_earlier_attempt_may_have_started(lab):
    flow = lab.flow()
    lab.emulator.plan_fault(NEVER_ARRIVED)
    lab.emulator.plan_fault(Fault(action="BackFill", code="NoPermission"))
    with pytest.raises(PermissionDeniedError) as told:
        plan_of(lab, flow).submit(resubmit="if-absent")
    assert told.value.may_have_started
    assert lab.asked("BackFill") == 2


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
