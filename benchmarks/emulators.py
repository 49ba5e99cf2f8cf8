"""Calls that change state: a BackFill here, a StartExecution of Step Functions in moto.

Each emulator is called as its users call it: ours by our own client, moto by boto3. So a figure holds the client's
work too, on both sides.

Over HTTP, eight threads of one process call at once. One caller alone would leave the server idle while it works
itself, and wait while the server does; more processes would have to share the cores with the server.

Moto looks through all executions of a state machine when one is started, and so takes longer the more there were. It
gets a new state machine in each round, which shows it at its best.
"""

import contextlib
import itertools
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from moto import mock_aws

from benchmarks.measure import cpu, server, side_by_side, wall
from dms_backfill_sdk import AccessKey, BackFillRequest, Client, Emulator
from dms_backfill_sdk.operations.author import CreateTaskFlowRequest, CreateTaskRequest, PublishAndDeployTaskFlowRequest

KEY = AccessKey("testid", "testsecret")
ADDRESS = "https://dms-enterprise.aliyuncs.com"
CALLS = 150
THREADS = 8
SECONDS = 2
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


def _moto(endpoint: str | None = None) -> Callable[[], Callable[[], object]]:
    """Makes a state machine each time, and gives what starts it."""
    client = boto3.client(
        "stepfunctions",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="testid",
        aws_secret_access_key="testsecret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    numbers = itertools.count()

    def new() -> Callable[[], object]:
        name = f"daily-{next(numbers)}"
        made = client.create_state_machine(name=name, definition=MACHINE, roleArn="arn:aws:iam::123456789012:role/r")
        return lambda: client.start_execution(stateMachineArn=made["stateMachineArn"])

    return new


def _rate(threads: ThreadPoolExecutor, work: Callable[[], object]) -> float:
    until = time.perf_counter() + SECONDS

    def caller(_: int) -> int:
        made = 0
        while time.perf_counter() < until:
            work()
            made += 1
        return made

    return wall(lambda: sum(threads.map(caller, range(THREADS))))()


def _in_this_process() -> None:
    emulator, dag_id = emulator_with_a_flow()
    intercepted, _ = emulator_with_a_flow()
    through_requests = cpu(_ours(Client(credentials=KEY, endpoint=ADDRESS), dag_id), CALLS)

    def behind_responses() -> float:
        with intercepted.intercept(ADDRESS):
            return through_requests()

    with mock_aws():
        new_machine = _moto()

        def in_moto() -> float:
            return cpu(new_machine(), CALLS)()

        contenders = {
            "ours, Transport": cpu(_ours(Client(credentials=KEY, transport=emulator.transport()), dag_id), CALLS),
            "ours, responses": behind_responses,
            "moto, in-process": in_moto,
        }
        side_by_side("Emulators, in this process: CPU of a call", "µs", contenders, "moto, in-process", rounds=21)


def _over_http() -> None:
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(server("-m", "benchmarks.emulator_server", "ours"))
        moto = stack.enter_context(server("-W", "ignore", "-m", "benchmarks.emulator_server", "moto"))
        threads = stack.enter_context(ThreadPoolExecutor(THREADS))
        _, dag_id = emulator_with_a_flow()
        call = _ours(Client(credentials=KEY, endpoint=f"http://{ours}"), dag_id)
        new_machine = _moto(f"http://{moto}")
        contenders = {
            "ours, HTTP": lambda: _rate(threads, call),
            "moto, HTTP": lambda: _rate(threads, new_machine()),
        }
        side_by_side(f"Emulators, over HTTP, {THREADS} clients", "calls/s", contenders, "moto, HTTP", rounds=11)


def main() -> None:
    logging.disable(logging.INFO)
    _in_this_process()
    _over_http()
