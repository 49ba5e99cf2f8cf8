"""What plans and jobs cost, at the size of ten years."""

import time
import tracemalloc
from datetime import date, timedelta

import pytest

BEGIN = date(2012, 1, 1)
TEN_YEARS = (BEGIN, BEGIN + timedelta(days=3649))
#: As many nodes as a flow may have, each below the one before.
NODES = {f"node {place}": {"after": [f"node {place - 1}"] if place else []} for place in range(100)}


@pytest.mark.parametrize("only", ["all", "missing"])
def test_a_plan_of_87600_hours_and_100_nodes_is_made_at_once_and_holds_no_list_of_them(lab, only):
    task_flow = lab.client.task_flow(lab.flow(nodes=NODES).id)
    begun = time.perf_counter()
    plan = task_flow.plan(between=TEN_YEARS, interval=1, only=only)
    text = str(plan)
    took = time.perf_counter() - begun
    # Within 0.3 s on a quiet machine; ten times as much room for a busy one.
    assert took < 3
    assert (len(plan), len(plan.nodes()), len(plan.requests)) == (87_600, 100, 1)
    assert len(text.splitlines()) < 110

    tracemalloc.start()
    try:
        task_flow.plan(between=TEN_YEARS, interval=1, only=only)
        assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("asc", [True, False], ids=["upwards", "downwards"])
@pytest.mark.parametrize("range_creates", ["runs", "parent"])
def test_a_look_at_3650_runs_costs_37_requests_and_less_when_some_are_done(new_lab, range_creates, asc):
    lab = new_lab(range_creates=range_creates)
    flow = lab.flow(nodes={"load": {"seconds": 100}})
    job = lab.client.task_flow(flow.id).plan(between=TEN_YEARS, asc=asc).submit()

    def cost():
        lab.emulator.journal.clear()
        progress = job.progress()
        return progress.done, lab.asked("ListTaskFlowInstance"), lab.asked("GetTaskInstanceRelation")

    # A record that stands for the series is told from the run whose time it shares by their nodes, once.
    assert cost() == (0, 37, 0 if range_creates == "runs" else 2)
    assert cost() == (0, 37, 0)
    lab.wait(1_000 * 100 + 1)
    assert cost() == (1_000, 37, 0)
    # A day on each side of what is still open is asked for too; who knows whether the service counts both in.
    assert cost() == (1_000, 27, 0)
    lab.wait(2_000 * 100)
    assert cost() == (3_000, 27, 0)
    assert cost() == (3_000, 7, 0)
    lab.wait(650 * 100)
    assert cost() == (3_650, 7, 0)
    assert cost() == (3_650, 0, 0)
