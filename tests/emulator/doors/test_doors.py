"""Whatever is true of one door is true of all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dms_backfill_sdk import (
    AccessKey,
    AddTaskFlowEdgesRequest,
    BackFillRequest,
    Client,
    CreateTaskFlowRequest,
    CreateTaskRequest,
    DmsError,
    Emulator,
    GetTaskInstanceRelationRequest,
    GetTaskRequest,
    Key,
    ListTaskFlowInstanceRequest,
    ListTaskFlowRequest,
    ListUserTenantsRequest,
    ManualClock,
    NodeType,
    NotFoundError,
    PublishAndDeployTaskFlowRequest,
    SignatureMismatchError,
    UpdateTaskContentV2Request,
)
from dms_backfill_sdk.http import FORM
from dms_backfill_sdk.signing import mechanism

AWKWARD = "select '+ &=%20~*/é日\U0001f600'\r\n"


def conversation(ask: Callable[..., Client], clock: ManualClock) -> list[Any]:
    """What is said to somebody who makes a flow, runs it, looks at it, and gets a few things wrong."""
    client = ask()
    said: list[Any] = []

    def say(of: Client, request: Any) -> Any:
        try:
            said.append(of.call(request))
        except DmsError as error:
            said.append((type(error), str(error)))
        return said[-1]

    flow = say(client, CreateTaskFlowRequest(dag_name=AWKWARD)).dag_id
    nodes = [
        say(client, CreateTaskRequest(dag_id=flow, node_name=name, node_type=NodeType.NORMAL_SQL)).node_id
        for name in ("load", "sum")
    ]
    say(client, AddTaskFlowEdgesRequest(dag_id=flow, edges=[tuple(nodes)]))
    say(client, AddTaskFlowEdgesRequest(dag_id=flow, edges=[tuple(reversed(nodes))]))
    say(client, UpdateTaskContentV2Request(node_id=nodes[0], node_content=AWKWARD * 5000))
    say(client, GetTaskRequest(node_id=nodes[0]))
    say(client, BackFillRequest.on(flow, "2022-01-01"))
    say(client, PublishAndDeployTaskFlowRequest(dag_id=flow, version_comments=AWKWARD * 300))
    run = say(client, BackFillRequest.between(flow, "2022-01-01", "2022-01-03", asc=False)).dag_instance_id
    clock.advance(timedelta(seconds=5))
    say(client, ListTaskFlowInstanceRequest(dag_id=flow, page_index=1, page_size=2))
    say(client, GetTaskInstanceRelationRequest(dag_id=flow, dag_instance_id=run))
    say(client, BackFillRequest.on(99, "2022-01-01"))
    say(client, GetTaskRequest(node_id=99, tid=99))
    say(ask(credentials=AccessKey("nobody", "testsecret")), ListTaskFlowRequest())
    say(ask(credentials=AccessKey("poor", "secret")), ListTaskFlowRequest())
    for how in ("rpc", "rpc-sha256", "acs3", "acs3-sm3"):
        say(ask(signature=how), ListTaskFlowRequest())
        say(ask(signature=how), UpdateTaskContentV2Request(node_id=nodes[0], node_content=AWKWARD))
        say(ask(signature=how, credentials=AccessKey("testid", "guessed")), ListUserTenantsRequest())
    return said


def test_the_same_conversation_gets_the_same_answers(door):
    expected_clock = ManualClock(door.clock.now())
    expected = Emulator(clock=expected_clock)
    for emulator in (expected, door.emulator):
        emulator.keyring.add(Key(id="poor", secret="secret", policies=()))

    def ask_directly(**how: Any) -> Client:
        how = {"credentials": AccessKey("testid", "testsecret"), "endpoint": door.address} | how
        return Client(transport=expected.transport(), clock=expected_clock, **how)

    said = conversation(door.client, door.clock)
    assert [type(one) for one in said[-3:]] == [*map(type, said[-3:-1]), tuple]
    assert said == conversation(ask_directly, expected_clock)
    assert [entry.as_dict() | {"parameters": {}} for entry in door.emulator.journal.entries] == [
        entry.as_dict() | {"parameters": {}} for entry in expected.journal.entries
    ]
    expected.close()


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"method": "GET"},
        {"method": "PUT", "body": b"x"},
        {"method": "OPTIONS"},
        {"path": "/else/where"},
        {"query": (("Action", "ListUserTenants"), ("Version", "2018-11-01"))},
        {"query": (("Action", "a\x00b"), ("Version", "\ud7ff é"), ("Format", "JSON"))},
        {"headers": {"x-acs-action": "GetTask", "x-acs-version": "2018-11-01", "authorization": "ACS3-x"}},
        {"headers": {"content-type": FORM}, "body": b"Action=%ff&Version=%zz&Format=JSON"},
        {"body": bytes(range(256))},
    ],
)
def test_a_request_of_any_kind_gets_the_same_bytes(door, parts: dict[str, Any]):
    request = door.request(**parts)
    response = door.transport.send(request)
    expected = Emulator(clock=door.clock).handle(request)
    assert (response.status, response.body) == (expected.status, expected.body)
    assert {name: response.headers[name] for name in expected.headers} == expected.headers


def test_one_state_stands_behind_all_of_them(direct, intercepted, served):
    doors = (direct, intercepted, served)
    for number, door in enumerate(doors, start=1):
        door.client().create_task_flow(CreateTaskFlowRequest(dag_name=door.name))
        seen = [len(each.client().list_task_flow(ListTaskFlowRequest()).task_flow_list) for each in doors]
        assert seen == [number] * 3
    assert direct.emulator.journal.acted("ListTaskFlow") == 9


def test_a_request_is_good_once_whichever_door_it_comes_through(direct, served):
    unsigned = served.request(headers={"x-acs-action": "ListUserTenants", "x-acs-version": "2018-11-01"})
    request = mechanism("rpc").sign(unsigned, AccessKey("testid", "testsecret"), now=served.clock.now(), nonce="one")
    assert served.transport.send(request).status == 200
    assert b"SignatureNonceUsed" in direct.transport.send(request).body


def test_a_client_whose_clock_is_wrong_learns_the_time_from_the_answer(door):
    for hours in (-5, 5):
        wrong = ManualClock(door.clock.now() + timedelta(hours=hours))
        with pytest.raises(DmsError, match=r"InvalidTimeStamp\.Expired"):
            door.client(clock=wrong).list_user_tenants(ListUserTenantsRequest())
        assert door.client(clock=wrong, attempts=2).list_user_tenants(ListUserTenantsRequest()).tenant_list


def test_a_mismatch_is_explained(door):
    for how in ("rpc", "acs3"):
        client = door.client(signature=how, credentials=AccessKey("testid", "guessed"))
        with pytest.raises(SignatureMismatchError) as caught:
            client.list_user_tenants(ListUserTenantsRequest())
        assert caught.value.server_string == caught.value.client_string != ""


def test_an_operation_it_does_not_have_is_not_found(door):
    with pytest.raises(NotFoundError, match=r"InvalidApi\.NotFound"):
        door.client().call_raw("ListUsers", {"PageSize": 50})
