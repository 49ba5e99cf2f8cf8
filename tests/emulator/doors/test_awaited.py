"""The direct door for those who await."""

import asyncio
import threading

import pytest

from dms_backfill_sdk import (
    AccessKey,
    AsyncClient,
    Emulator,
    Fault,
    ListTaskFlowRequest,
    ManualClock,
    OutcomeUnknownError,
)


class Held(ManualClock):
    """A clock on which whoever sleeps is held until he is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeping, self.let_go = threading.Event(), threading.Event()

    def sleep(self, seconds: float) -> None:
        if seconds:
            self.sleeping.set()
            assert self.let_go.wait(10)
        super().sleep(seconds)


@pytest.fixture
def emulator():
    emulator = Emulator(clock=Held())
    yield emulator
    emulator.close()


@pytest.fixture
def client(emulator):
    key = AccessKey("testid", "testsecret")
    return AsyncClient(
        credentials=key, endpoint="http://127.0.0.1", transport=emulator.async_transport(), clock=emulator.clock
    )


def test_a_crowd_is_answered(client):
    async def crowd():
        return await asyncio.gather(*(client.list_task_flow(ListTaskFlowRequest()) for _ in range(20)))

    assert len({answer.request_id for answer in asyncio.run(crowd(), debug=True)}) == 20


def test_an_answer_that_never_comes_is_an_unknown_outcome(emulator, client):
    emulator.plan_fault(Fault(action="TryRunTaskFlow", drop=True))
    with pytest.raises(OutcomeUnknownError, match="It may have started"):
        asyncio.run(client.call_raw("TryRunTaskFlow", {"DagId": 1}), debug=True)


def test_the_loop_goes_on_while_an_answer_is_delayed_and_whoever_is_cancelled_is_told(emulator, client):
    emulator.plan_fault(Fault(action="TryRunTaskFlow", delay=1))

    async def cancel():
        call = asyncio.create_task(client.call_raw("TryRunTaskFlow", {"DagId": 1}))
        await asyncio.to_thread(emulator.clock.sleeping.wait, 10)
        call.cancel()
        (ended,) = await asyncio.gather(call, return_exceptions=True)
        emulator.clock.let_go.set()
        return ended

    ended = asyncio.run(cancel(), debug=True)
    assert isinstance(ended, OutcomeUnknownError)
    assert str(ended).startswith("TryRunTaskFlow: Cancelled when it may have reached 127.0.0.1.")
