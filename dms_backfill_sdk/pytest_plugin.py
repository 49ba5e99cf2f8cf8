"""Fixtures for tests of code that uses DMS: ``dms`` in this process, ``dms_server`` over HTTP.

pytest loads this module at every start, in projects that never use it too; so it names what it needs of the package
only inside the fixtures, where it is resolved.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import dms_backfill_sdk as sdk

if TYPE_CHECKING:
    from dms_backfill_sdk import Client, Emulator, Fault, ManualClock

__all__ = ["Dms", "dms", "dms_server"]


class Dms:
    """An emulator, a client that talks to it, and the clock that both go by.

    The clock stands still until the test moves it, or something sleeps on it; so waiting for a run takes no time.

    Attributes:
        emulator: the local DMS; its ``journal`` says what it saw.
        client: a client with the key ``testid``.
        clock: ``clock.advance(timedelta(hours=1))`` lets an hour of work happen.
        url: where it is served; empty when it is not.
    """

    def __init__(self, emulator: "Emulator", client: "Client", clock: "ManualClock", url: str = "") -> None:
        self.emulator = emulator
        self.client = client
        self.clock = clock
        self.url = url

    def plan_fault(self, fault: "Fault") -> None:
        """Have something go wrong. A fault that is planned and never happens fails the test."""
        self.emulator.plan_fault(fault)

    def check(self) -> None:
        """Fail the test if a planned fault never happened, or a request was refused and nobody looked."""
        for fault in self.emulator.faults.unfired:
            pytest.fail(f"This fault was planned and never happened: {fault}", pytrace=False)
        for entry in self.emulator.journal.refused_unseen:
            pytest.fail(
                f"{entry.action or 'A request without an action'} was refused at the gate ({entry.code}) and the test "
                "did not look; read emulator.journal.refused() if that is meant.",
                pytrace=False,
            )


def _client(endpoint: str, clock: "ManualClock", **how: object) -> "Client":
    credentials = sdk.AccessKey("testid", "testsecret")
    return sdk.Client(credentials=credentials, endpoint=endpoint, clock=clock, **how)  # type: ignore[arg-type]


@pytest.fixture
def dms() -> Iterator[Dms]:
    """A local DMS in this process, new for each test; its clock stands at 2022-10-01."""
    clock = sdk.ManualClock()
    emulator = sdk.Emulator(clock=clock)
    with _client("http://127.0.0.1", clock, transport=emulator.transport()) as client:
        dms = Dms(emulator, client, clock)
        yield dms
    emulator.close()
    dms.check()


@pytest.fixture
def dms_server() -> Iterator[Dms]:
    """A local DMS over HTTP on a free loopback port, new for each test.

    Its clock stands at the time the test began, so that clients in other processes, which sign with their own time,
    are let in (for 15 minutes of either clock).
    """
    clock = sdk.ManualClock(datetime.now(UTC))
    emulator = sdk.Emulator(clock=clock)
    with emulator.serve() as server, _client(server.url, clock) as client:
        dms = Dms(emulator, client, clock, server.url)
        yield dms
    emulator.close()
    dms.check()
