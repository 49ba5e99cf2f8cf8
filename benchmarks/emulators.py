"""Calls per second that change state: a BackFill here, a StartExecution of Step Functions in moto."""

import contextlib
import json
import logging
from collections.abc import Callable

import boto3
from botocore.config import Config
from moto import mock_aws

from benchmarks.measure import cpu, server, side_by_side, wall
from dms_backfill_sdk import AccessKey, BackFillRequest, Client, Emulator
from dms_backfill_sdk.operations.author import CreateTaskFlowRequest, CreateTaskRequest, PublishAndDeployTaskFlowRequest

KEY = AccessKey("testid", "testsecret")
ADDRESS = "https://dms-enterprise.aliyuncs.com"
CALLS = 150
MACHINE = json.dumps({"StartAt": "load", "States": {"load": {"Type": "Pass", "End": True}}})


def emulator_with_a_flow() -> tuple[Emulator, int]:
    """An emulator that holds one published flow of one node, and the flow's id."""
    emulator = Emulator()
    client = Client(credentials=KEY, transport=emulator.transport())
    dag_id = client.create_task_flow(CreateTaskFlowRequest(dag_name="daily")).dag_id or 0
    client.create_task(CreateTaskRequest(dag_id=dag_id, node_type="1", node_name="load"))
    client.publish_and_deploy_task_flow(PublishAndDeployTaskFlowRequest(dag_id=dag_id))
    return emulator, dag_id


def _ours(client: Client, dag_id: int) -> Callable[[], object]:
    return lambda: client.back_fill(BackFillRequest.on(dag_id, "2022-01-14"))


def _moto(endpoint: str | None = None) -> Callable[[], object]:
    client = boto3.client(
        "stepfunctions",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="testid",
        aws_secret_access_key="testsecret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    arn = client.create_state_machine(name="daily", definition=MACHINE, roleArn="arn:aws:iam::123456789012:role/r")

    return lambda: client.start_execution(stateMachineArn=arn["stateMachineArn"])


def _rate(work: Callable[[], object]) -> Callable[[], float]:
    def some() -> int:
        for _ in range(CALLS):
            work()
        return CALLS

    return wall(some)


def main() -> None:
    logging.disable(logging.INFO)
    emulator, dag_id = emulator_with_a_flow()
    intercepted, _ = emulator_with_a_flow()
    through_requests = cpu(_ours(Client(credentials=KEY, endpoint=ADDRESS), dag_id), CALLS)

    def behind_responses() -> float:
        with intercepted.intercept(ADDRESS):
            return through_requests()

    with mock_aws():
        contenders = {
            "ours, Transport": cpu(_ours(Client(credentials=KEY, transport=emulator.transport()), dag_id), CALLS),
            "ours, responses": behind_responses,
            "moto, in-process": cpu(_moto(), CALLS),
        }
        side_by_side("Emulators, in this process: CPU of a call", "µs", contenders, "moto, in-process", rounds=11)
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(server("-m", "benchmarks.emulator_server", "ours"))
        moto = stack.enter_context(server("-W", "ignore", "-m", "benchmarks.emulator_server", "moto"))
        contenders = {
            "ours, HTTP": _rate(_ours(Client(credentials=KEY, endpoint=f"http://{ours}"), dag_id)),
            "moto, HTTP": _rate(_moto(f"http://{moto}")),
        }
        side_by_side("Emulators, over HTTP", "calls/s", contenders, "moto, HTTP", rounds=11)
