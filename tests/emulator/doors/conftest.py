"""The doors of an emulator, one after another: whatever a test says of a door it says of all of them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import define, field

from dms_backfill_sdk import AccessKey, Client, Emulator, ManualClock, RetryPolicy
from dms_backfill_sdk.emulator.doors.server import Server
from dms_backfill_sdk.http import HttpRequest, Transport
from dms_backfill_sdk.transport.requests import RequestsTransport

#: Seconds for which a client waits for an answer: far longer than any takes.
PATIENCE = 15.0


@define
class Door:
    """One way into an emulator, and short words for those who use it.

    Attributes:
        address: scheme and host of the emulator behind this door.
        carrier: makes a transport that carries a client's requests there, and waits so many seconds for each answer.
        transport: a patient one.
    """

    name: str
    emulator: Emulator
    clock: ManualClock
    address: str
    carrier: Callable[[float], Transport]
    transport: Transport = field(init=False)

    @transport.default
    def _(self) -> Transport:
        return self.carrier(PATIENCE)

    def client(self, *, attempts: int = 1, **how: Any) -> Client:
        how = {
            "credentials": AccessKey("testid", "testsecret"),
            "clock": self.clock,
            "retry": RetryPolicy(attempts=attempts),
            "endpoint": self.address,
            "transport": self.transport,
        } | how
        return Client(**how)

    def request(self, method: str = "POST", path: str = "/", **parts: Any) -> HttpRequest:
        scheme, _, host = self.address.partition("://")
        return HttpRequest(method, scheme, host, path, **parts)


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Emulator, Server]]:
    """One for all tests, since a server takes its time to end; each test finds it as new."""
    emulator = Emulator(clock=ManualClock())
    with emulator.serve() as server:
        yield emulator, server
    emulator.close()


@pytest.fixture
def emulator(server: tuple[Emulator, Server]) -> Emulator:
    server[0].reset()
    return server[0]


def by_requests(patience: float) -> Transport:
    return RequestsTransport((PATIENCE, patience))


@pytest.fixture
def direct(emulator: Emulator) -> Door:
    def carrier(patience: float) -> Transport:
        return emulator.transport(timeout=patience)

    return Door("direct", emulator, emulator.clock, "http://127.0.0.1", carrier)


@pytest.fixture
def intercepted(emulator: Emulator) -> Iterator[Door]:
    with emulator.intercept():
        door = Door("intercept", emulator, emulator.clock, "https://dms-enterprise.aliyuncs.com", by_requests)
        yield door
        door.transport.close()


@pytest.fixture
def served(emulator: Emulator, server: tuple[Emulator, Server]) -> Iterator[Door]:
    door = Door("http", emulator, emulator.clock, server[1].url, by_requests)
    yield door
    door.transport.close()


@pytest.fixture(params=["direct", "intercepted", "served"])
def door(request: pytest.FixtureRequest) -> Door:
    return request.getfixturevalue(request.param)
