"""A local DMS with a client, a hand on the wire between them, and the table of faults that is printed in the end."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import define, evolve, field

from dms_backfill_sdk import AccessKey, BackFillRequest, Client, Emulator, ManualClock, Switches
from dms_backfill_sdk.clock import Clock
from dms_backfill_sdk.emulator.flows import Flow
from dms_backfill_sdk.emulator.runs import Run
from dms_backfill_sdk.http import HttpRequest, HttpResponse, Transport

CHAIN = {"load": {}, "sum": {"after": ["load"]}, "mail": {"after": ["sum"]}}


@define
class Wire:
    """A transport with a hand on it: what a service might do that the emulator does not is done to its answers."""

    inner: Transport
    #: Called with the action before a request goes out. It may raise.
    before: Callable[[str], object] = lambda action: None
    #: Called with the action, the request's parameters and the answer's body, which it may change. It may raise.
    change: Callable[[str, dict[str, str], dict[str, Any]], object] | None = None
    #: Called with the answer's headers, which it may change.
    headers: Callable[[dict[str, str]], object] | None = None

    def send(self, request: HttpRequest) -> HttpResponse:
        action = request.headers["x-acs-action"]
        self.before(action)
        response = self.inner.send(request)
        if self.headers is not None:
            changed = dict(response.headers)
            self.headers(changed)
            response = evolve(response, headers=changed)
        if self.change is None:
            return response
        body = json.loads(response.body)
        self.change(action, dict(request.query), body)
        return evolve(response, body=json.dumps(body).encode())

    def close(self) -> None:
        self.inner.close()


class Paged:
    """What a service does to its list of runs whose pages hold fewer than were asked for, in an order of its own."""

    def __init__(self, size: int, *, oldest_first: bool) -> None:
        self.size = size
        self.oldest_first = oldest_first
        self.all: list[dict[str, Any]] = []

    def __call__(self, action: str, parameters: dict[str, str], body: dict[str, Any], hidden: set[int] = frozenset()):
        if action != "ListTaskFlowInstance":
            return
        index = int(parameters["PageIndex"])
        # The first page of the emulator has them all, newest first.
        self.all = body["DAGInstanceList"]["DAGInstance"] if index == 1 else self.all
        listed = [run for run in self.all if run["Id"] not in hidden]
        listed = listed[::-1] if self.oldest_first else listed
        body["DAGInstanceList"]["DAGInstance"] = listed[self.size * (index - 1) : self.size * index]
        body["TotalCount"] = len(listed)


@define
class Skewed:
    """A clock that is wrong by so much, and otherwise goes with another."""

    true: Clock
    ahead: timedelta

    def now(self):
        return self.true.now() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.true.sleep(seconds)


class Lab:
    """An emulator, a client that talks to it over a :class:`Wire`, and the clock of both."""

    def __init__(self, **switches: Any) -> None:
        self.clock = ManualClock()
        self.emulator = Emulator(clock=self.clock, switches=Switches(**switches))
        self.wire = Wire(self.emulator.transport())
        self.client = self.new_client()

    def new_client(self, **how: Any) -> Client:
        """A client of another process, so to speak."""
        given = {"clock": self.clock, "end_inclusive": self.emulator.switches.end_inclusive, "transport": self.wire}
        return Client(credentials=AccessKey("testid", "testsecret"), endpoint="http://127.0.0.1", **given | how)

    def flow(self, name: str = "daily_sales", nodes: dict[str, dict] | None = None, *, publish: bool = True) -> Flow:
        """A task flow with these nodes; each is its content and, under ``after``, whom it waits for."""
        world = self.emulator.world
        flow = world.create_flow(name)
        ids: dict[str, int] = {}
        for node, written in (CHAIN if nodes is None else nodes).items():
            content = {key: value for key, value in written.items() if key != "after"}
            ids[node] = world.add_node(flow, node, content=json.dumps(content)).id
            world.add_edges(flow, [(ids[start], ids[node]) for start in written.get("after", [])])
        if publish:
            world.publish(flow)
        return flow

    def start(self, flow: Flow, begin: str, end: str | None = None, **choice: Any) -> None:
        """What somebody else does: start a backfill, around the wire."""
        other = self.new_client(transport=self.emulator.transport())
        request = BackFillRequest.between(flow.id, begin, end, **choice) if end else BackFillRequest.on(flow.id, begin)
        other.back_fill(request)

    def ran(self, flow: Flow, begin: str, end: str | None = None, **choice: Any) -> None:
        """Somebody else's backfill, long over."""
        self.start(flow, begin, end, **choice)
        self.wait(days=1)

    def wait(self, seconds: float = 0, **more: float) -> None:
        self.clock.advance(timedelta(seconds=seconds, **more))
        self.emulator.catch_up()

    def runs(self, flow: Flow) -> list[Run]:
        """What really ran, oldest first, without the records that stand for a series."""
        self.emulator.catch_up()
        return [run for run in self.emulator.world.runs_of(flow) if not run.is_parent]

    def days(self, flow: Flow) -> list[str]:
        """The business dates of what really ran, in the order in which it began."""
        begun = sorted((run for run in self.runs(flow) if run.started), key=lambda run: (run.started, run.id))
        return [f"{run.business_time:%Y-%m-%d}" for run in begun]

    def rewrite_runs(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Have each run in the service's list of them changed on its way."""

        def on_the_way(action: str, parameters: dict[str, str], body: dict[str, Any]) -> None:
            for run in body["DAGInstanceList"]["DAGInstance"] if "DAGInstanceList" in body else ():
                change(run)

        self.wire.change = on_the_way

    def show_runs(self, keep: Callable[[dict[str, Any]], bool]) -> None:
        """Have the service list only some of its runs."""

        def on_the_way(action: str, parameters: dict[str, str], body: dict[str, Any]) -> None:
            if "DAGInstanceList" in body:
                kept = [run for run in body["DAGInstanceList"]["DAGInstance"] if keep(run)]
                body["DAGInstanceList"]["DAGInstance"] = kept
                body["TotalCount"] = len(kept)

        self.wire.change = on_the_way

    def show_runs_after(self, seconds: float) -> None:
        """Have the service list no runs for some time from now."""
        visible = self.clock.now() + timedelta(seconds=seconds)
        self.show_runs(lambda run: self.clock.now() >= visible)

    def asked(self, action: str) -> int:
        """How often the service was asked that, also in vain."""
        return len(self.emulator.journal.of(action))


@pytest.fixture(scope="session")
def new_lab() -> type[Lab]:
    return Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab()
    yield lab
    lab.emulator.close()


@pytest.fixture(scope="session")
def paged() -> type[Paged]:
    return Paged


@pytest.fixture(scope="session")
def skewed() -> type[Skewed]:
    return Skewed


# -- the table of faults -------------------------------------------------------------------------------------------


@define
class Tally:
    """What came of the faults that were placed.

    Attributes:
        placed: how many, by setting of the switches and by fault.
        duplicates: business dates that ran more than once.
        lost: business dates that did not run.
    """

    placed: Counter[tuple[str, str]] = field(factory=Counter)
    duplicates: Counter[str] = field(factory=Counter)
    lost: Counter[str] = field(factory=Counter)

    def count(self, setting: str, fault: str, placed: int, duplicates: int, lost: int) -> None:
        self.placed[setting, fault] += placed
        self.duplicates[setting] += duplicates
        self.lost[setting] += lost

    def lines(self) -> Iterator[str]:
        settings = list(dict.fromkeys(setting for setting, _ in self.placed))
        faults = list(dict.fromkeys(fault for _, fault in self.placed))
        width = max(map(len, settings))
        heads = [*faults, "duplicates", "lost"]
        yield " " * width + "".join(f"  {head}" for head in heads)
        for setting in settings:
            cells = [self.placed[setting, fault] for fault in faults] + [self.duplicates[setting], self.lost[setting]]
            yield f"{setting:{width}}" + "".join(
                f"  {cell:{len(head)}}" for head, cell in zip(heads, cells, strict=True)
            )
        yield (
            f"{self.placed.total()} faults, on each call of the way, before and after it was acted on: "
            f"duplicates {self.duplicates.total()}, lost {self.lost.total()}"
        )


TALLY = pytest.StashKey[Tally]()


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Tally:
    return request.config.stash.setdefault(TALLY, Tally())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tally = config.stash.get(TALLY, None)
    if tally is not None and tally.placed:
        terminalreporter.section("faults by switches")
        for line in tally.lines():
            terminalreporter.write_line(line)
