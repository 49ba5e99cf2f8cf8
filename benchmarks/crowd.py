"""Calls per second: one thread, 32 threads, 256 coroutines; and what a process of 256 coroutines weighs."""

import asyncio
import resource
import subprocess
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from benchmarks.contenders import BARE, OFFICIAL, OURS, asynchronous, synchronous
from benchmarks.measure import cpu, server, side_by_side, wall

CALLS = 640
COROUTINES = 256


async def _crowd(work: Callable[[], Awaitable[object]], calls: int) -> int:
    left = iter(range(calls))

    async def one() -> None:
        for _ in left:
            await work()

    await asyncio.gather(*(one() for _ in range(COROUTINES)))
    return calls


def _coroutines(host: str, calls: int = 4 * CALLS) -> None:
    with asyncio.Runner() as runner:

        async def ready() -> tuple[dict[str, Callable[[], Awaitable[object]]], Callable[[], Awaitable[None]]]:
            return asynchronous(host)

        contenders, close = runner.get_loop().run_until_complete(ready())
        rates = {
            name: wall(lambda work=work: runner.run(_crowd(work, calls)))  # type: ignore[misc]
            for name, work in contenders.items()
        }
        side_by_side("256 coroutines", "calls/s", rates, OFFICIAL, "aiohttp, unsigned", rounds=9)
        costs = {
            name: cpu(lambda work=work: runner.run(_crowd(work, COROUTINES)), 4)  # type: ignore[misc]
            for name, work in contenders.items()
        }
        title = f"{COROUTINES} coroutines: CPU of {COROUTINES} calls"
        side_by_side(title, "µs", costs, OFFICIAL, "aiohttp, unsigned", rounds=9)
        runner.get_loop().run_until_complete(close())


def _threads(host: str) -> None:
    contenders = synchronous(host)
    # A connection of http.client is for one thread.
    del contenders["http.client, unsigned"]

    def alone(work: Callable[[], object]) -> int:
        for _ in range(CALLS // 4):
            work()
        return CALLS // 4

    side_by_side("1 thread", "calls/s", {n: wall(lambda w=w: alone(w)) for n, w in contenders.items()}, OFFICIAL, BARE)  # type: ignore[misc]
    with ThreadPoolExecutor(32) as pool:

        def together(work: Callable[[], object]) -> int:
            return len(list(pool.map(lambda _: work(), range(CALLS))))

        rates = {n: wall(lambda w=w: together(w)) for n, w in contenders.items()}  # type: ignore[misc]
        side_by_side("32 threads", "calls/s", rates, OFFICIAL, BARE, rounds=9)


#: A process that has nothing but one client, sends 256 calls at once ten times, and says what it took at most.
WEIGHT = """
import asyncio, sys
host = sys.argv[1]
{make}
async def main():
    {prepare}
    for _ in range(10):
        await asyncio.gather(*({call} for _ in range(256)))
    {close}
asyncio.run(main())
# Not getrusage: that counts in what the parent held when it forked.
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024)
"""
OURS_ALONE = WEIGHT.format(
    make="from dms_backfill_sdk import AccessKey, AsyncClient, BackFillRequest",
    prepare="client = AsyncClient(credentials=AccessKey('testid', 'testsecret'), endpoint='http://' + host)",
    call="client.back_fill(BackFillRequest(dag_id=15001, back_fill_date='2022-01-14'))",
    close="await client.close()",
)
OFFICIAL_ALONE = WEIGHT.format(
    make="from alibabacloud_dms_enterprise20181101 import models\n"
    "from alibabacloud_dms_enterprise20181101.client import Client\n"
    "from alibabacloud_tea_openapi.models import Config",
    prepare="client = Client(Config(access_key_id='testid', access_key_secret='testsecret', endpoint=host, "
    "protocol='http'))",
    call="client.back_fill_async(models.BackFillRequest(dag_id=15001, back_fill_date='2022-01-14'))",
    close="",
)


def _weight(program: str, host: str) -> float:
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, host], check=True, capture_output=True, text=True
    )
    return float(said.stdout)


def main() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard) if soft < 4096 else soft, hard))
    with server("-m", "benchmarks.wire_server") as host:
        _threads(host)
        _coroutines(host)
        side_by_side(
            "256 coroutines, the whole process",
            "MiB at most",
            {OURS: lambda: _weight(OURS_ALONE, host), OFFICIAL: lambda: _weight(OFFICIAL_ALONE, host)},
            OFFICIAL,
            rounds=5,
        )
