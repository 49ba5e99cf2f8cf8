"""``dms-backfill serve``, in a process of its own, as the vendor's SDK meets it: only endpoint and protocol are set."""

import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from alibabacloud_dms_enterprise20181101 import models
from alibabacloud_dms_enterprise20181101.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config

DAYS = [f"2022-01-{day}" for day in range(14, 24)]
MECHANISMS = [pytest.param({}, id="default"), pytest.param({"signature_algorithm": "v2"}, id="v2")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    command = [sys.executable, "-m", "dms_backfill_sdk.cli", "serve", "--speed", "600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        yield served.stdout.readline().split("//")[1].strip()
        served.send_signal(signal.SIGINT)
        assert served.wait(60) == 0


def client(address: str, secret: str = "testsecret", **mechanism: str) -> Client:
    key = {"access_key_id": "testid", "access_key_secret": secret}
    return Client(Config(endpoint=address, protocol="http", **key, **mechanism))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_three_nodes_are_published_backfilled_for_ten_days_and_read(address, mechanism):
    sdk = client(address, **mechanism)
    flow = sdk.create_task_flow(models.CreateTaskFlowRequest(dag_name="daily_sales")).body.dag_id
    nodes = [
        sdk.create_task(models.CreateTaskRequest(dag_id=flow, node_name=name, node_type="1")).body.node_id
        for name in ("load", "sum", "mail")
    ]
    edges = [models.AddTaskFlowEdgesRequestEdges(node_from=a, node_end=b) for a, b in itertools.pairwise(nodes)]
    sdk.add_task_flow_edges(models.AddTaskFlowEdgesRequest(dag_id=flow, edges=edges))
    sdk.publish_and_deploy_task_flow(models.PublishAndDeployTaskFlowRequest(dag_id=flow))
    days = models.BackFillRequest(dag_id=flow, back_fill_date_begin=DAYS[0], back_fill_date_end=DAYS[-1])
    assert sdk.back_fill(days).body.success

    page = models.ListTaskFlowInstanceRequest(dag_id=flow, page_index=1, page_size=20)
    runs, end = [], time.monotonic() + 60
    while {run.status for run in runs} != {4}:
        assert time.monotonic() < end
        runs = sdk.list_task_flow_instance(page).body.daginstance_list.daginstance
    assert sorted(run.business_time[:10] for run in runs) == DAYS
    relation = models.GetTaskInstanceRelationRequest(dag_id=flow, dag_instance_id=runs[0].id)
    assert [node.status for node in sdk.get_task_instance_relation(relation).body.node_list.node] == [4, 4, 4]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_secret_is_refused(address, mechanism):
    with pytest.raises(ClientException) as refused:
        client(address, "guessed", **mechanism).list_user_tenants(models.ListUserTenantsRequest())
    assert (refused.value.code, refused.value.status_code) == ("SignatureDoesNotMatch", 400)
