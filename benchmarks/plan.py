"""A plan of ten years of hours for a flow of 100 nodes, against Airflow's listing of the same hours."""

import subprocess
import time
from datetime import UTC, date, datetime

from benchmarks.__main__ import AIRFLOW, ROOT
from benchmarks.measure import side_by_side, slope
from dms_backfill_sdk.backfill.plan import Plan
from dms_backfill_sdk.backfill.windows import Choice
from dms_backfill_sdk.dates import requested_times
from dms_backfill_sdk.graph import TaskGraph

NODES = 100


def plan(years: int) -> tuple[int, float]:
    """Make a plan, list every run and every node's part in it; how many runs, and seconds of CPU time."""
    began = time.process_time()
    between = (date(2015, 1, 1), date(2014 + years, 12, 31))
    made = Plan(
        dag_id=15001,
        flow_name="hourly",
        times=requested_times(None, between, interval=1, asc=True, end_inclusive=True),
        choice=Choice(),
        graph=TaskGraph(tuple(range(1, NODES + 1)), [(node, node + 1) for node in range(1, NODES)]),
        node_names={node: f"node {node}" for node in range(1, NODES + 1)},
        made_at=datetime.now(UTC),
    )
    count = len(list(made.runs()))
    if (count, len(made.nodes())) != (len(made), NODES):
        raise SystemExit("The plan is not what was asked for.")
    return count, time.process_time() - began


def _airflow(years: int) -> float:
    program = ROOT / "benchmarks" / "airflow_listing.py"
    said = subprocess.run(
        [AIRFLOW / "bin" / "python", "-W", "ignore", program, str(years)], check=True, capture_output=True, text=True
    )
    count, seconds = said.stdout.split()[-2:]
    return float(seconds) / int(count) * 1e6


def main() -> None:
    def per_run(years: int) -> float:
        count, seconds = plan(years)
        return seconds / count * 1e6

    contenders = {"ours, ten years": lambda: per_run(10), "Airflow's timetable, one year": lambda: _airflow(1)}
    medians = side_by_side("Plan, CPU of one run of it", "µs", contenders, "Airflow's timetable, one year", rounds=5)
    ours, theirs = (figure * 87_672 / 1e6 for figure in medians.values())
    print(f"ten years, 87,672 hours: {ours:.3f} s and {theirs:.1f} s: {theirs / ours:.0f} times")
    print(f"log-log slope of a plan, 1 to 16 years: {slope({years: plan(years)[1] for years in (1, 2, 4, 8, 16)}):.2f}")
