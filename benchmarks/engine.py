"""An emulated daily backfill of a flow of 100 nodes, on a clock that is moved by hand: three years of it."""

import csv
import gc
import heapq
import itertools
import statistics
import time
from datetime import date, timedelta
from pathlib import Path

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
#: The stored series: what three years of 100 nodes took, in yardsticks, and by which commit. Absolute times of
#: different days cannot be compared, even on the same machine; yardsticks that were measured beside them can.
SERIES = Path(__file__).with_name("engine.csv")


def yardstick() -> float:
    """Seconds of CPU time for a fixed piece of plain Python, of the kind that an engine does: events in a heap."""
    gc.collect()
    began = time.process_time()
    heap: list[tuple[int, str]] = []
    stands: dict[str, int] = {}
    for number in range(100_000):
        heapq.heappush(heap, (number * 7919 % 100_003, f"node {number}"))
    while heap:
        at, name = heapq.heappop(heap)
        stands[name] = at
    return time.process_time() - began


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
    gc.collect()
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
    rounds = [(run(1095, 100), yardstick()) for _ in range(9)]
    seconds = statistics.median(taken for taken, _ in rounds)
    now = statistics.median(taken / measure for taken, measure in rounds)
    print(f"\nthree years of 100 nodes, 109,500 node runs: {seconds:.2f} s of CPU time, {now:.2f} yardsticks")
    with SERIES.open(encoding="ascii", newline="") as stored:
        for row in csv.DictReader(stored):
            earlier = float(row["yardsticks"])
            print(f"  {row['day']} {row['commit']}: {earlier:.2f} yardsticks; now {now / earlier:.2f} of it")
    by_days = {days: run(days, 100) for days in (128, 256, 512, 1024)}
    by_nodes = {nodes: run(256, nodes) for nodes in (12, 25, 50, 100)}
    print(f"log-log slope over runs: {slope(by_days):.2f}; over nodes: {slope(by_nodes):.2f}")
