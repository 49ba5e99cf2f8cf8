"""An emulated daily backfill of a flow of 100 nodes, on a clock that is moved by hand: three years of it."""

import itertools
import time
from datetime import date, timedelta

from benchmarks.measure import slope
from dms_backfill_sdk import AccessKey, BackFillRequest, Client, Emulator, ManualClock
from dms_backfill_sdk.operations.author import (
    AddTaskFlowEdgesRequest,
    CreateTaskFlowRequest,
    CreateTaskRequest,
    NewEdge,
    PublishAndDeployTaskFlowRequest,
)
from dms_backfill_sdk.operations.control import ListTaskFlowInstanceRequest

BEGIN = date(2020, 1, 1)
#: Seconds that three years of 100 nodes took, by the day they were measured on: our own earlier figures.
EARLIER: dict[str, float] = {"2026-11-22": 0.52}


def run(days: int, nodes: int) -> float:
    """Seconds of CPU time from the BackFill until the last run is done."""
    clock = ManualClock()
    emulator = Emulator(clock=clock)
    client = Client(credentials=AccessKey("testid", "testsecret"), transport=emulator.transport(), clock=clock)
    dag_id = client.create_task_flow(CreateTaskFlowRequest(dag_name="daily")).dag_id or 0
    ids = [
        client.create_task(CreateTaskRequest(dag_id=dag_id, node_type="1", node_name=f"node {number}")).node_id or 0
        for number in range(nodes)
    ]
    edges = [NewEdge(begin, end) for begin, end in itertools.pairwise(ids)]
    client.add_task_flow_edges(AddTaskFlowEdgesRequest(dag_id=dag_id, edges=edges))
    client.publish_and_deploy_task_flow(PublishAndDeployTaskFlowRequest(dag_id=dag_id))
    began = time.process_time()
    client.back_fill(BackFillRequest.between(dag_id, BEGIN, BEGIN + timedelta(days=days - 1)))
    clock.advance(timedelta(days=3650))
    emulator.catch_up()
    taken = time.process_time() - began
    asked = ListTaskFlowInstanceRequest(dag_id=dag_id, page_index=1, page_size=1, status=4)
    done = client.list_task_flow_instance(asked).total_count
    if done != days:
        raise SystemExit(f"{done} of {days} runs are done.")
    return taken


def main() -> None:
    seconds = sorted(run(1095, 100) for _ in range(3))[1]
    print(f"\nthree years of 100 nodes, 109,500 node runs: {seconds:.2f} s of CPU time")
    for day, earlier in EARLIER.items():
        print(f"  {earlier:.2f} s on {day}: {seconds / earlier:.2f} of it now")
    by_days = {days: run(days, 100) for days in (128, 256, 512, 1024)}
    by_nodes = {nodes: run(256, nodes) for nodes in (12, 25, 50, 100)}
    print(f"log-log slope over runs: {slope(by_days):.2f}; over nodes: {slope(by_nodes):.2f}")
