"""The vendor's own SDK talks to the emulator without noticing: nothing is set but endpoint, protocol and key."""

import asyncio
import itertools
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from alibabacloud_credentials.client import Client as Credentials
from alibabacloud_credentials.models import Config as CredentialConfig
from alibabacloud_dms_enterprise20181101 import models
from alibabacloud_dms_enterprise20181101.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

KEY = {"access_key_id": "testid", "access_key_secret": "testsecret"}
DAYS = [f"2022-01-{day}" for day in range(14, 24)]

#: The default (ACS3) and the older signature (RPC).
V2 = {"signature_algorithm": "v2"}
MECHANISMS = [pytest.param({}, id="default"), pytest.param(V2, id="v2")]


def client(host: str, **config: Any) -> Client:
    return Client(Config(endpoint=host, protocol="http", **(KEY | config)))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_flow_is_made_published_backfilled_and_watched(served, mechanism: dict[str, str]):
    sdk = client(served.host, **mechanism)
    flow = sdk.create_task_flow(models.CreateTaskFlowRequest(dag_name="每日销售 daily")).body.dag_id
    names = ["load orders", "sum & check", "mail +"]
    nodes = [
        sdk.create_task(models.CreateTaskRequest(dag_id=flow, node_name=name, node_type="1")).body.node_id
        for name in names
    ]
    edges = [models.AddTaskFlowEdgesRequestEdges(node_from=a, node_end=b) for a, b in itertools.pairwise(nodes)]
    added = sdk.add_task_flow_edges(models.AddTaskFlowEdgesRequest(dag_id=flow, edges=edges)).body
    assert len(added.edge_ids.edge_id) == 2
    content = json.dumps({"sql": "create table if not exists t (d); insert into t values ('${bizdate} +*~%&=')"})
    sdk.update_task_content_v2(models.UpdateTaskContentV2Request(node_id=nodes[0], node_content=content))
    assert sdk.get_task(models.GetTaskRequest(node_id=nodes[0])).body.task.node_content == content
    assert sdk.publish_and_deploy_task_flow(models.PublishAndDeployTaskFlowRequest(dag_id=flow)).body.deploy_id
    started = sdk.back_fill(
        models.BackFillRequest(
            dag_id=flow,
            back_fill_date_begin=DAYS[0],
            back_fill_date_end=DAYS[-1],
            interval=24,
            asc=False,
            is_trigger_sub_tree=True,
            start_node_ids=nodes[:1],
            filter_node_ids=nodes[2:],
        )
    ).body
    assert started.success
    assert started.dag_instance_id == started.node_id

    served.let_work_happen()
    page = models.ListTaskFlowInstanceRequest(dag_id=flow, page_index=1, page_size=20)
    found = sdk.list_task_flow_instance(page).body
    runs = found.daginstance_list.daginstance
    assert (found.total_count, {run.status for run in runs}) == (10, {4})
    assert [run.business_time[:10] for run in sorted(runs, key=lambda run: run.start_time)] == DAYS[::-1]
    relation = models.GetTaskInstanceRelationRequest(dag_id=flow, dag_instance_id=started.dag_instance_id)
    node_runs = sdk.get_task_instance_relation(relation).body.node_list.node
    assert [(run.node_name, run.status) for run in node_runs] == [(name, 4) for name in names]
    assert served.codes() == []
    assert served.emulator.journal.acted("BackFill") == 1


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_its_asynchronous_methods_are_understood_too(served, mechanism: dict[str, str]):
    async def conversation() -> tuple[int, list[int]]:
        sdk = client(served.host, **mechanism)
        flow = (await sdk.create_task_flow_async(models.CreateTaskFlowRequest(dag_name="daily"))).body.dag_id
        node = models.CreateTaskRequest(dag_id=flow, node_name="load", node_type="1")
        node_id = (await sdk.create_task_async(node)).body.node_id
        content = models.UpdateTaskContentV2Request(node_id=node_id, node_content='{"simulate": {}}')
        assert (await sdk.update_task_content_v2_async(content)).body.success
        await sdk.publish_and_deploy_task_flow_async(models.PublishAndDeployTaskFlowRequest(dag_id=flow))
        days = models.BackFillRequest(dag_id=flow, back_fill_date_begin=DAYS[0], back_fill_date_end=DAYS[-1])
        await sdk.back_fill_async(days)
        served.let_work_happen()
        page = models.ListTaskFlowInstanceRequest(dag_id=flow, page_index=1, page_size=20)
        found = (await sdk.list_task_flow_instance_async(page)).body
        return found.total_count, [run.status for run in found.daginstance_list.daginstance]

    assert asyncio.run(conversation()) == (10, [4] * 10)
    assert served.codes() == []


STS = {"access_key_id": "sts", "access_key_secret": "sts-secret", "security_token": "sts-token+/="}
BEARER = {"credential": Credentials(CredentialConfig(type="bearer", bearer_token="bearer-token"))}


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize(("credentials", "who"), [(STS, "sts"), (BEARER, "role")])
def test_tokens_are_let_in(served, mechanism: dict[str, str], credentials: dict[str, Any], who: str):
    sdk = Client(Config(endpoint=served.host, protocol="http", **(mechanism | credentials)))
    assert sdk.list_user_tenants(models.ListUserTenantsRequest()).body.tenant_list[0].tid == 3001
    assert served.emulator.journal.entries[-1].key == who


def test_its_other_algorithms_are_let_in(served):
    ask = models.ListUserTenantsRequest()
    assert client(served.host, signature_algorithm="ACS3-HMAC-SM3").list_user_tenants(ask).body.success
    pair = {"access_key_id": "pair", "access_key_secret": served.private_key}
    assert client(served.host, signature_algorithm="ACS3-RSA-SHA256", **pair).list_user_tenants(ask).body.success
    assert [entry.key for entry in served.emulator.journal.entries] == ["testid", "pair"]


# -- refused -------------------------------------------------------------------------------------------------------


MISMATCH = "Specified signature is not matched with our calculation. server string to sign is:"


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize(
    ("key", "code", "status", "text"),
    [
        ({"access_key_secret": "guessed"}, "SignatureDoesNotMatch", 400, MISMATCH),
        ({"access_key_id": "nobody"}, "InvalidAccessKeyId.NotFound", 404, "Specified access key is not found."),
        ({"access_key_id": "off"}, "InvalidAccessKeyId.Inactive", 400, "Specified access key is disabled."),
        ({"access_key_id": "sts", "access_key_secret": "sts-secret"}, "MissingSecurityToken", 400, "SecurityToken is"),
        ({"access_key_id": "poor", "access_key_secret": "poor-secret"}, "Forbidden.RAM", 403, "User not authorized"),
    ],
)
def test_who_may_not_gets_the_code_and_the_words_of_the_service(served, mechanism, key, code, status, text):
    back_fill = models.BackFillRequest(dag_id=1, back_fill_date="2022-01-14")
    with pytest.raises(ClientException, match=re.escape(text)) as caught:
        client(served.host, **(mechanism | key)).back_fill(back_fill)
    assert (caught.value.code, caught.value.status_code) == (code, status)
    assert caught.value.request_id == served.emulator.journal.entries[-1].request_id
    assert served.codes() == [code]
    assert served.emulator.journal.acted("BackFill") == 0
    if code == "Forbidden.RAM":
        assert caught.value.access_denied_detail["AuthAction"] == "dms:BackFill"


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_clock_that_is_wrong_is_refused(served, mechanism: dict[str, str]):
    served.emulator.clock.advance(timedelta(minutes=20))
    with pytest.raises(ClientException) as caught:
        client(served.host, **mechanism).list_user_tenants(models.ListUserTenantsRequest())
    assert caught.value.code == "InvalidTimeStamp.Expired"


def make_flow(host: str, mechanism: dict[str, str]) -> None:
    """A request with parameters in the query and in a form body, neither of which has happened yet."""
    sdk = client(host, **mechanism)
    sdk.update_task_content_v2(models.UpdateTaskContentV2Request(node_id=44001, node_content='{"sql": "select 1"}'))


ALTERED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("a parameter", lambda sent: sent.replace(b"NodeId=44001", b"NodeId=44002")),
    ("the body", lambda sent: sent.replace(b"select+1", b"select+2")),
    ("a parameter more", lambda sent: sent.replace(b"NodeId=44001", b"NodeId=44001&Tid=3001")),
    ("the method", lambda sent: sent.replace(b"POST /", b"GET /", 1)),
]
ALTERED_ACS3 = [
    ("the action", lambda sent: sent.replace(b"x-acs-action: UpdateTaskContentV2", b"x-acs-action: UpdateTaskContent")),
    ("the nonce", lambda sent: sent.replace(b"x-acs-signature-nonce: ", b"x-acs-signature-nonce: f")),
    ("the host", lambda sent: sent.replace(b"host: 127.0.0.1", b"host: 127.0.0.2")),
    ("the user agent", lambda sent: sent.replace(b"AlibabaCloud (", b"AlibabaCloud  (")),
]
ALTERED_RPC = [
    ("the action", lambda sent: sent.replace(b"Action=UpdateTaskContentV2", b"Action=UpdateTaskContent")),
    ("the nonce", lambda sent: sent.replace(b"SignatureNonce=", b"SignatureNonce=f")),
]


@pytest.mark.parametrize(
    ("mechanism", "alter"),
    [
        *(pytest.param({}, alter, id=f"default, {what}") for what, alter in ALTERED + ALTERED_ACS3),
        *(pytest.param(V2, alter, id=f"v2, {what}") for what, alter in ALTERED + ALTERED_RPC),
    ],
)
def test_what_was_altered_on_the_way_is_refused_and_so_is_what_was_sent_before(served, tap, mechanism, alter):
    make_flow(tap.host, mechanism)
    sent = tap.request()
    assert alter(sent) != sent
    served.emulator.reset()
    assert tap.send(alter(sent)).body["Code"] == "SignatureDoesNotMatch"
    first = tap.send(sent)  # as it was, it is good: once
    assert (first.status, first.body["ErrorCode"]) == (200, "InvalidParameterValid")
    again = tap.send(sent)
    assert (again.status, again.body["Code"]) == (400, "SignatureNonceUsed")
    assert served.codes() == ["SignatureDoesNotMatch", "SignatureNonceUsed"]


def test_what_the_service_says_no_to_is_returned_as_if_all_were_well(served):
    """Why this package exists."""
    answer = client(served.host).back_fill(models.BackFillRequest(dag_id=99, back_fill_date="2022-01-14")).body
    assert (answer.success, answer.dag_instance_id) == (False, None)
    assert answer.error_message == "The task flow does not exist or you have no permission."


def test_inside_of_an_intercept_not_even_the_endpoint_has_to_be_set(served):
    with served.emulator.intercept():
        sdk = Client(Config(**KEY))
        assert sdk.list_user_tenants(models.ListUserTenantsRequest()).body.success
