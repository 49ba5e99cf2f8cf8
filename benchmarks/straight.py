"""Whether cost grows straight: CPU per call from 1 to 10,000 calls, and memory over 100,000."""

import gc
import resource
import time
from collections.abc import Callable

from benchmarks.contenders import OURS, synchronous
from benchmarks.emulators import emulator_with_a_flow
from benchmarks.measure import server
from dms_backfill_sdk import AccessKey, Client, GetUserActiveTenantRequest

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
    emulator, _ = emulator_with_a_flow()
    client = Client(credentials=AccessKey("testid", "testsecret"), transport=emulator.transport())
    _growth("client and emulator, reading", lambda: client.call(GetUserActiveTenantRequest()), MANY)
