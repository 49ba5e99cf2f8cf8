"""What a client is told when something goes wrong on purpose, and whether the handler had acted."""

from datetime import timedelta
from typing import Any

import pytest

from dms_backfill_sdk import (
    AuthenticationError,
    BackFillRequest,
    CreateTaskFlowRequest,
    CreateTaskRequest,
    DmsError,
    Fault,
    InvalidParameterError,
    ListUserTenantsRequest,
    NodeType,
    OutcomeUnknownError,
    PublishAndDeployTaskFlowRequest,
    ServerFaultError,
    ThrottledError,
)


@pytest.fixture
def back_fill(door) -> BackFillRequest:
    """A BackFill that would start something."""
    client = door.client()
    flow = client.create_task_flow(CreateTaskFlowRequest(dag_name="daily")).dag_id
    client.create_task(CreateTaskRequest(dag_id=flow, node_name="load", node_type=NodeType.NORMAL_SQL))
    client.publish_and_deploy_task_flow(PublishAndDeployTaskFlowRequest(dag_id=flow))
    return BackFillRequest.on(flow, "2022-01-14")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("fault", "error", "may_have_started"),
    [
        ({"code": "Throttling.User"}, ThrottledError, False),
        ({"code": "SignatureDoesNotMatch"}, AuthenticationError, False),
        ({"code": "SignatureNonceUsed"}, AuthenticationError, True),  # by whoever used it
        ({"code": "InvalidParameterValid"}, InvalidParameterError, False),
        ({"code": "InternalError"}, ServerFaultError, True),
        ({"code": "ServiceUnavailable"}, ServerFaultError, True),
        ({"body": b"<html>Bad gateway", "status": 502}, ServerFaultError, True),
        ({"body": b"<html>Welcome"}, OutcomeUnknownError, True),
        ({"body": b""}, OutcomeUnknownError, True),
        ({"body": b'{"RequestId": "7FAD'}, OutcomeUnknownError, True),
        ({"drop": True}, OutcomeUnknownError, True),
        ({"truncate": True}, OutcomeUnknownError, True),
    ],
    ids=str,
)
def test_each_kind_of_fault(door, back_fill, fault: dict[str, Any], error: type[DmsError], may_have_started, when: str):
    door.emulator.plan_fault(Fault(action="BackFill", when=when, **fault))
    with pytest.raises(error) as caught:
        door.client().back_fill(back_fill)
    assert caught.value.action == "BackFill"
    assert caught.value.may_have_started is may_have_started
    acted = when == "after"
    assert door.emulator.journal.acted("BackFill") == acted
    assert len(door.emulator.world.runs) == acted
    assert door.emulator.faults.unfired == []
    assert door.client().back_fill(back_fill).dag_instance_id  # it happened once


def test_an_answer_that_comes_too_late_is_an_unknown_outcome(door, back_fill):
    door.emulator.plan_fault(Fault(action="BackFill", delay=3600))
    sentence = r"No whole answer from .* within 1 s\. It may have started\."
    with door.client(transport=door.carrier(1)) as client, pytest.raises(OutcomeUnknownError, match=sentence):
        client.back_fill(back_fill)
    assert door.emulator.journal.acted("BackFill") == 1


def test_an_answer_that_is_late_but_in_time_is_taken(door, back_fill):
    door.emulator.plan_fault(Fault(action="BackFill", delay=0.05))
    assert door.client().back_fill(back_fill).dag_instance_id


def test_a_delay_takes_its_time_on_the_clock_of_those_who_do_not_really_wait(direct, intercepted):
    for door in (direct, intercepted):
        began = door.clock.now()
        door.emulator.plan_fault(Fault(delay=2.5))
        door.client().list_user_tenants(ListUserTenantsRequest())
        door.emulator.plan_fault(Fault(delay=3600))
        with door.client(transport=door.carrier(10)) as client, pytest.raises(OutcomeUnknownError):
            client.list_user_tenants(ListUserTenantsRequest())
        assert door.clock.now() - began == timedelta(seconds=2.5 + 10)


@pytest.mark.parametrize("fault", [{"code": "InternalError"}, {"drop": True}, {"body": b"<html>"}, {"truncate": True}])
def test_what_only_reads_is_tried_again_until_the_fault_is_over(door, fault: dict[str, Any]):
    door.emulator.plan_fault(Fault(times=3, **fault))
    assert door.client(attempts=4).list_user_tenants(ListUserTenantsRequest()).tenant_list
    assert len(door.emulator.journal.of("ListUserTenants")) == 4
    door.emulator.plan_fault(Fault(times=None, **fault))
    with pytest.raises(DmsError):
        door.client(attempts=4).list_user_tenants(ListUserTenantsRequest())
    assert len(door.emulator.journal.of("ListUserTenants")) == 8


def test_what_starts_work_is_not_sent_again_when_it_may_have_started(door, back_fill):
    for when in ("before", "after"):
        for fault in ({"code": "InternalError"}, {"drop": True}, {"truncate": True}, {"body": b"<html>"}):
            door.emulator.plan_fault(Fault(action="BackFill", when=when, **fault))
            with pytest.raises(DmsError):
                door.client(attempts=5).back_fill(back_fill)
    assert len(door.emulator.journal.of("BackFill")) == 8
    assert door.emulator.journal.acted("BackFill") == 4


def test_throttling_is_waited_out_for_as_long_as_it_asks(door, back_fill):
    door.emulator.plan_fault(Fault(action="BackFill", code="Throttling.User", retry_after=7.5, times=2))
    began = door.clock.now()
    door.client(attempts=3).back_fill(back_fill)
    waited = (door.clock.now() - began).total_seconds()
    # Besides what is asked for, a client waits up to 0.2 s and then up to 0.4 s of its own.
    assert 15 <= waited <= 15.6
    assert door.emulator.journal.acted("BackFill") == 1


def test_how_long_to_wait_is_told(door):
    door.emulator.plan_fault(Fault(code="Throttling", retry_after=1.5))
    with pytest.raises(ThrottledError) as caught:
        door.client().list_user_tenants(ListUserTenantsRequest())
    assert caught.value.retry_after == 1.5


def test_chance_falls_alike_for_the_same_seed(door):
    door.emulator.plan_fault(Fault(code="Throttling", times=None, probability=0.5))

    def throttled() -> list[str]:
        for _ in range(20):
            try:
                door.client().list_user_tenants(ListUserTenantsRequest())
            except ThrottledError:
                continue
        return [entry.code for entry in door.emulator.journal.entries]

    first = throttled()
    assert set(first) == {"", "Throttling"}
    door.emulator.reset()
    door.emulator.plan_fault(Fault(code="Throttling", times=None, probability=0.5))
    assert throttled() == first
