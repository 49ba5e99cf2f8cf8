"""The inside of the emulator, in the test's hand."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from dms_backfill_sdk.clock import ManualClock
from dms_backfill_sdk.dates import in_china
from dms_backfill_sdk.emulator.engine import Engine
from dms_backfill_sdk.emulator.flows import Flow
from dms_backfill_sdk.emulator.handlers import HANDLERS
from dms_backfill_sdk.emulator.nodes import Database, Workshop
from dms_backfill_sdk.emulator.runs import NodeRun, Run, Series
from dms_backfill_sdk.emulator.switches import Switches
from dms_backfill_sdk.emulator.world import World
from dms_backfill_sdk.operations import Request
from dms_backfill_sdk.operations.back_fill import BackFillRequest


class Lab:
    """A world, its engine and its clock, and short words for what tests do with them."""

    def __init__(self, switches: Switches | None = None, database: str = ":memory:") -> None:
        self.clock = ManualClock()
        self.world = World(in_china(self.clock.now()))
        self.workshop = Workshop(Database(database))
        self.engine = Engine(self.world, self.clock, switches or Switches(), self.workshop)

    def flow(self, name: str = "daily_sales", *, publish: bool = True, **nodes: dict[str, Any]) -> Flow:
        """A task flow with these nodes; each is its content and, under ``after``, whom it waits for."""
        flow = self.world.create_flow(name)
        ids: dict[str, int] = {}
        for node, written in nodes.items():
            content = {key: value for key, value in written.items() if key != "after"}
            ids[node] = self.world.add_node(flow, node, content=json.dumps(content)).id
            self.world.add_edges(flow, [(ids[start], ids[node]) for start in written.get("after", [])])
        if publish:
            self.world.publish(flow)
        return flow

    def ask(self, request: Request[Any]) -> Any:
        self.engine.catch_up()
        return HANDLERS[type(request)](self.engine, request)

    def back_fill(self, flow: Flow, begin: str, end: str | None = None, **choice: Any) -> Series:
        """The series that a BackFill starts."""
        if end is None:
            request = BackFillRequest.on(flow.id, begin, **choice)
        else:
            request = BackFillRequest.between(flow.id, begin, end, **choice)
        return self.world.runs[self.ask(request).dag_instance_id].series

    def run(self, flow: Flow, day: str = "2022-01-14", **choice: Any) -> Run:
        """The run that a BackFill of one day starts."""
        return self.back_fill(flow, day, **choice).runs[0]

    def wait(self, seconds: float = 0, **more: float) -> None:
        self.clock.advance(timedelta(seconds=seconds, **more))
        self.engine.catch_up()

    @staticmethod
    def ids(flow: Flow) -> dict[str, int]:
        return {node.name: node.id for node in flow.nodes.values()}

    @staticmethod
    def nodes(run: Run) -> dict[str, NodeRun]:
        return {node_run.node.name: node_run for node_run in run.node_runs()}

    @classmethod
    def statuses(cls, run: Run) -> dict[str, str]:
        return {name: node_run.status.name for name, node_run in cls.nodes(run).items()}


@pytest.fixture(scope="session")
def new_lab() -> type[Lab]:
    return Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab()
    yield lab
    lab.workshop.database.close()
