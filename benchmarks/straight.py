"""Whether cost grows straight: CPU per call from 1 to 10,000 calls, and memory over 100,000.

An emulator remembers each nonce for as long as its time would be accepted, half an hour, and its last 10,000
requests. So it is measured twice: with all calls within half an hour, which is the most it can hold of so many, and
with ten hours of its clock to make them in, over which it must not grow once the first half hour has passed.
"""

import gc
import resource
import time
from collections.abc import Callable
from datetime import timedelta

from benchmarks.contenders import OURS, synchronous
from benchmarks.measure import server
from dms_backfill_sdk import AccessKey, Client, Emulator, GetUserActiveTenantRequest, ManualClock
from dms_backfill_sdk.http import Transport
from dms_backfill_sdk.transport.requests import RequestsTransport

MANY = 100_000


def _resident() -> float:
    # In MiB; what the process holds now, not what it held at most.
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123  no path to speak of
        return int(statm.read().split()[1]) * resource.getpagesize() / 2**20


def _growth(name: str, work: Callable[[], object], calls: int) -> None:
    for _ in range(calls // 10):
        work()
    gc.collect()
    before = _resident()
    for _ in range(calls):
        work()
    gc.collect()
    print(f"{name}: {_resident() - before:+.2f} MiB over {calls:,} calls", flush=True)


def main() -> None:
    print("\nCPU per call, by how many calls one client has made")
    with server("-m", "benchmarks.wire_server") as host:
        call = synchronous(host)[OURS]
        made = 0
        for until in (1, 10, 100, 1_000, 10_000):
            began = time.process_time()
            count = until - made
            for _ in range(count):
                call()
            made = until
            print(f"  up to {until:6,}: {(time.process_time() - began) / count * 1e6:9.1f} µs", flush=True)
        _growth("client over HTTP", call, MANY)
    _growth("client and emulator, all within half an hour", _reading(Emulator(), timedelta()), MANY)
    _growth(
        "client and emulator, over ten hours", _reading(Emulator(clock=ManualClock()), timedelta(hours=10) / MANY), MANY
    )
    intercepted = Emulator(clock=ManualClock())
    with intercepted.intercept():
        call = _reading(intercepted, timedelta(hours=10) / MANY, transport=RequestsTransport())
        _growth("the same through responses", call, MANY)


def _reading(emulator: Emulator, apart: timedelta, transport: Transport | None = None) -> Callable[[], object]:
    """A call that reads, after some time on the emulator's clock."""
    clock = emulator.clock
    client = Client(
        credentials=AccessKey("testid", "testsecret"), transport=transport or emulator.transport(), clock=clock
    )

    def call() -> object:
        clock.sleep(apart.total_seconds())
        return client.call(GetUserActiveTenantRequest())

    return call
