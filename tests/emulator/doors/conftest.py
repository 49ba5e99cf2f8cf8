"""The doors of an emulator, one after another: whatever a test says of a door it says of all of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import define

from dms_backfill_sdk import AccessKey, Client, Emulator, ManualClock, RetryPolicy
from dms_backfill_sdk.emulator.doors.server import Server
from dms_backfill_sdk.http import HttpRequest, Transport
from dms_backfill_sdk.transport.requests import RequestsTransport

#: Seconds after which a client here no longer waits for an answer.
PATIENCE = 0.4


@define
class Door:
    """One way into an emulator, and short words for those who use it.

    Attributes:
        address: scheme and host of the emulator behind this door.
        transport: carries a client's requests there.
    """

    name: str
    emulator: Emulator
    clock: ManualClock
    address: str
    transport: Transport

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


@pytest.fixture
def direct(emulator: Emulator) -> Door:
    return Door("direct", emulator, emulator.clock, "http://127.0.0.1", emulator.transport(timeout=PATIENCE))


@pytest.fixture
def intercepted(emulator: Emulator) -> Iterator[Door]:
    transport = RequestsTransport((5.0, PATIENCE))
    with emulator.intercept():
        yield Door("intercept", emulator, emulator.clock, "https://dms-enterprise.aliyuncs.com", transport)
    transport.close()


@pytest.fixture
def served(emulator: Emulator, server: tuple[Emulator, Server]) -> Iterator[Door]:
    transport = RequestsTransport((5.0, PATIENCE))
    yield Door("http", emulator, emulator.clock, server[1].url, transport)
    transport.close()


@pytest.fixture(params=["direct", "intercepted", "served"])
def door(request: pytest.FixtureRequest) -> Door:
    return request.getfixturevalue(request.param)
