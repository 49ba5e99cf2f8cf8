"""Campaigns that are killed, stopped, starved, cut and slowed, each until it is through; then their days are counted.

    python tests/faults/harness.py --runs 500 --seed 1

runs the command ``dms-backfill campaign`` in processes of its own against an emulator in another one, over HTTP, and
prints a table: for each kind of fault, how many campaigns met it, and how many days were run twice or lost in them.
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from multiprocessing import Process
from pathlib import Path

from driver import Clock, command
from service import Service

from dms_backfill_sdk import Switches

FIRST = date(2021, 1, 1)
#: The clocks of a run are so much faster than the machine's.
SPEED = 40
#: Seconds after which a process that should have ended has hung.
PATIENCE = 90
WANTED = 3
#: Campaigns that a run may take until one meets so many faults.
TRIES = 5

#: Faults that the service plans, for calls that start work and for others.
SERVICE_FAULTS = (
    {"action": "BackFill", "drop": True, "when": "after"},
    {"action": "BackFill", "drop": True},
    {"action": "BackFill", "truncate": True, "when": "after"},
    {"action": "BackFill", "code": "InternalError", "when": "after"},
    {"action": "BackFill", "code": "InternalError"},
    {"action": "BackFill", "code": "Throttling.User", "retry_after": 2},
    {"action": "BackFill", "body": "<h1>Bad Gateway</h1>", "status": 502, "when": "after"},
    {"action": "BackFill", "delay": 0.4},
    {"action": "ReRunTaskFlowInstance", "drop": True, "when": "after"},
    {"action": "ReRunTaskFlowInstance", "code": "InternalError"},
    {"action": "ListTaskFlowInstance", "drop": True, "times": 6},
    {"action": "ListTaskFlowInstance", "code": "ServiceUnavailable", "times": 3},
    {"action": "ListTaskFlowInstance", "delay": 0.3},
)


class TroubleError(Exception):
    """A run did something that it must not."""


class Run:
    """One campaign, from the first process that begins it to the last one that ends it."""

    def __init__(self, seed: int, folder: Path, kinds: list[str]) -> None:
        self.seed, self.folder, self.kinds = seed, folder, kinds
        self.random = random.Random(seed)
        self.ledgers = folder / "ledgers"
        self.ledgers.mkdir()
        self.mounted = _mounted(self.ledgers)
        self.ledger = self.ledgers / "campaign.db"
        self.days = self.random.randint(10, 16)
        self.flows = ["sales", "stock"] if self.random.random() < 0.25 else ["sales"]
        self.began = time.time()
        switches = Switches(
            range_creates=self.random.choice(["runs", "runs", "parent"]),
            after_failure=self.random.choice(["stop", "continue"]),
            refusals=self.random.choice(["body", "http"]),
        )
        every = [str(FIRST + timedelta(days=number)) for number in range(self.days)]
        failing = {
            day: self.random.randint(1, 2) for day in self.random.sample(every, self.random.choice([0, 0, 1, 2]))
        }
        self.service = Service(
            folder, Clock(self.began, SPEED), switches, self.flows, self.random.randint(8, 20), failing
        )
        self.options = [
            *("--window", self.random.choice(["1d", "2d", "3d", "5d", "1w"])),
            *("--max-active", str(self.random.randint(1, 3))),
            *(("--desc",) if self.random.random() < 0.5 else ()),
            *("--poll", "4", "--on-failure", "retry:3"),
            *(option for name in self.flows for option in ("--flow", name)),
            *(("--after", "stock=sales") if len(self.flows) > 1 else ()),
            *("--between", str(FIRST), every[-1]),
        ]
        self.met: Counter[str] = Counter()
        self.processes = 0

    # -- processes -----------------------------------------------------------------------------------------------

    def process(self, **how) -> Process:
        """The command, at work on the ledger."""
        again = self.ledger.exists() and self.ledger.stat().st_size > 4096 and self.random.random() < 0.5
        words = ["resume", str(self.ledger)] if again else ["start", str(self.ledger), *self.options]
        environment = {
            "DMS_BACKFILL_ENDPOINT": f"http://127.0.0.1:{self.service.port}",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "testid",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "testsecret",
        }
        self.processes += 1
        return command(["campaign", *words], environment, self.folder / "said", self.service.clock, **how)

    def ended(self, process: Process, within: float = PATIENCE) -> int:
        process.join(within)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TroubleError("a process hung")
        return process.exitcode

    def leave(self, process: Process) -> None:
        """Let it work for a moment, then kill it, unless it has ended."""
        process.join(self.random.uniform(0.1, 0.8))
        process.kill()
        process.join()

    # -- kinds of faults: each says whether it has happened ------------------------------------------------------

    def killed_at_a_touch(self) -> bool:
        return self.ended(self.process(kill_at=self.random.randint(1, 300))) == -signal.SIGKILL

    def killed_around_a_send(self) -> bool:
        return self.ended(self.process(kill_at=self.random.randint(1, 8), around=True)) == -signal.SIGKILL

    def killed_at_random(self) -> bool:
        process = self.process()
        time.sleep(self.random.uniform(0.05, 1.2))
        process.kill()
        return self.ended(process) == -signal.SIGKILL

    def stopped(self) -> bool:
        process = self.process()
        time.sleep(self.random.uniform(0.1, 0.6))
        _signal(process, signal.SIGSTOP)
        time.sleep(self.random.uniform(0.1, 0.6))
        happened = process.is_alive()
        _signal(process, signal.SIGCONT)
        self.leave(process)
        return happened

    def answers_cut_or_slowed(self) -> bool:
        for fault in self.random.sample(SERVICE_FAULTS, 3):
            self._ask_service("faults", fault)
        unfired = self._ask_service("state")["unfired_faults"]
        process = self.process()
        happened = self._comes(lambda: self._ask_service("state")["unfired_faults"] < unfired, process)
        self.leave(process)
        return happened

    def service_stopped(self) -> bool:
        process = self.process()
        time.sleep(self.random.uniform(0.1, 0.6))
        os.kill(self.service.pid, signal.SIGSTOP)
        time.sleep(self.random.uniform(0.1, 0.6))
        happened = process.is_alive()
        if self.random.random() < 0.5:
            process.kill()
        os.kill(self.service.pid, signal.SIGCONT)
        self.leave(process)
        return happened

    def service_restarted(self) -> bool:
        process = self.process()
        time.sleep(self.random.uniform(0.1, 0.6))
        self.service.end()
        time.sleep(self.random.uniform(0.0, 0.5))
        happened = process.is_alive()
        self.service.start()
        self.leave(process)
        return happened

    def disk_full(self) -> bool:
        if not self.mounted:
            return self._file_size_limited()
        process = self.process()
        time.sleep(self.random.uniform(0.1, 0.6))
        filler = self.ledgers / "filler"
        try:
            with filler.open("wb", buffering=0) as file:
                while file.write(bytes(1024)):
                    pass
        except OSError:
            pass
        happened = process.is_alive()
        time.sleep(self.random.uniform(0.2, 0.5))
        self.leave(process)
        filler.unlink()
        return happened

    def _file_size_limited(self) -> bool:
        size = max((path.stat().st_size for path in self.ledgers.iterdir()), default=0)
        return self.ended(self.process(file_size=max(size, 4096))) == 3

    def ledger_read_only(self) -> bool:
        if not self.ledger.exists():
            return False
        before = self._acted()
        self._may_write(may=False)
        try:
            code = self.ended(self.process())
        finally:
            self._may_write(may=True)
        if code != 3 or self._acted() != before:
            raise TroubleError(f"with a read-only ledger it ended with {code}, and {self._acted() - before} sent")
        return True

    def _may_write(self, *, may: bool) -> None:
        if self.mounted:
            subprocess.run(["mount", "-o", f"remount,{'rw' if may else 'ro'}", str(self.ledgers)], check=True)
        else:
            for path in self.ledgers.iterdir():
                path.chmod(0o600 if may else 0o400)
            self.ledgers.chmod(0o700 if may else 0o500)

    def clock_wrong(self) -> bool:
        kill_at = self.random.randint(150, 500)
        self.ended(self.process(skew=self.random.choice([-3600, 3600]), kill_at=kill_at))
        return True

    def two_processes(self) -> bool:
        first, second = self.process(), self.process()
        happened = self._comes(lambda: 3 in (first.exitcode, second.exitcode), first, second)
        time.sleep(self.random.uniform(0.0, 0.5))
        for process in (first, second):
            process.kill()
            process.join()
        return happened

    KINDS = (
        killed_at_a_touch,
        killed_around_a_send,
        killed_at_random,
        stopped,
        answers_cut_or_slowed,
        service_stopped,
        service_restarted,
        disk_full,
        ledger_read_only,
        clock_wrong,
        two_processes,
    )

    def _comes(self, happened: Callable[[], bool], *processes: Process) -> bool:
        """Wait for something to happen while these processes live, a while at most."""
        for _ in range(100):
            if happened():
                return True
            if not any(process.is_alive() for process in processes):
                break
            time.sleep(0.05)
        return happened()

    # -- the run -------------------------------------------------------------------------------------------------

    def _ask_service(self, page: str, body: dict | None = None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.service.port}/_emulator/{page}", data) as answer:
            return json.load(answer)

    def _acted(self) -> int:
        journal = self._ask_service("journal?action=BackFill") + self._ask_service(
            "journal?action=ReRunTaskFlowInstance"
        )
        return sum(entry["acted"] for entry in journal)

    def carry_out(self) -> dict:
        self.service.start()
        try:
            kinds = [self.random.choice([kind for kind in self.KINDS if kind.__name__ in self.kinds]) for _ in range(9)]
            for kind in kinds:
                if kind(self):
                    self.met[kind.__name__] += 1
                if self.met.total() >= WANTED + self.seed % 2:
                    break
            self._ask_service("state")
            for _ in range(4):
                code = self.ended(self.process())
                if code == 0:
                    break
            else:
                raise TroubleError(f"at last it ended with {code}")
        finally:
            self.service.end()
        return self.count()

    def count(self) -> dict:
        """How many days were run twice, and how many were lost."""
        expected = self.days * len(self.flows)
        worked = Counter(self.service.successes())
        records = Counter(
            (flow.id, run.business_time.date())
            for flow in self.service.world().flows.values()
            for run in self.service.world().runs_of(flow)
            if not run.is_parent
        )
        twice = max(sum(count - 1 for count in worked.values()), sum(count - 1 for count in records.values()))
        return {"duplicates": twice, "losses": expected - len(worked)}

    def clean(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.ledgers)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it has ended by itself
        os.kill(process.pid, number)


def _mounted(folder: Path) -> bool:
    """A small disk of its own, where that is permitted."""
    how = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        return subprocess.run(how, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def carry_out(seed: int, *, keep: bool, kinds: list[str]) -> dict:
    """One run; what it met, and what came of it.

    A campaign that is through before it has met enough is counted only if it went wrong; another one is run instead.
    """
    for again in range(TRIES):
        outcome = attempt(seed + again * 1_000_000, keep=keep, kinds=kinds)
        if is_bad(outcome) or sum(outcome["met"].values()) >= WANTED:
            break
    return outcome


def is_bad(outcome: dict) -> bool:
    return bool(outcome["duplicates"] or outcome["losses"] or outcome["trouble"])


def attempt(seed: int, *, keep: bool, kinds: list[str]) -> dict:
    run = Run(seed, Path(tempfile.mkdtemp(prefix=f"campaign-{seed}-")), kinds)
    outcome = {"seed": seed, "duplicates": 0, "losses": 0, "trouble": ""}
    try:
        outcome |= run.carry_out()
    except Exception as wrong:  # noqa: BLE001  it is told, with its seed
        outcome["trouble"] = f"{type(wrong).__name__}: {wrong}"
    outcome |= {"met": dict(run.met), "processes": run.processes}
    if is_bad(outcome) and keep:
        outcome["folder"] = str(run.folder)
        if run.mounted:
            shutil.copytree(run.ledgers, run.folder / "kept")
            subprocess.run(["umount", "-l", str(run.ledgers)], check=False)
    else:
        run.clean()
    return outcome


def table(outcomes: list[dict]) -> str:
    lines = [f"{'fault':24}{'runs':>6}{'times':>7}{'duplicates':>12}{'losses':>8}"]
    for kind in (kind.__name__ for kind in Run.KINDS):
        having = [outcome for outcome in outcomes if kind in outcome["met"]]
        lines.append(_row(kind.replace("_", " "), having, sum(outcome["met"][kind] for outcome in having)))
    lines.append(_row("all", outcomes, sum(sum(outcome["met"].values()) for outcome in outcomes)))
    return "\n".join(lines)


def _row(name: str, outcomes: list[dict], times: int) -> str:
    duplicates, losses = (sum(outcome[what] for outcome in outcomes) for what in ("duplicates", "losses"))
    return f"{name:24}{len(outcomes):>6}{times:>7}{duplicates:>12}{losses:>8}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the others follow")
    parser.add_argument("--side-by-side", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--keep", action="store_true", help="keep the files of runs that went wrong")
    parser.add_argument("--kind", action="append", choices=[kind.__name__ for kind in Run.KINDS], help="only this kind")
    asked = parser.parse_args()
    asked.kind = asked.kind or [kind.__name__ for kind in Run.KINDS]
    began = time.monotonic()
    with ProcessPoolExecutor(asked.side_by_side, multiprocessing.get_context("spawn")) as pool:
        seeds = range(asked.seed, asked.seed + asked.runs)
        outcomes = []
        for future in [pool.submit(carry_out, seed, keep=asked.keep, kinds=asked.kind) for seed in seeds]:
            outcomes.append(future.result())
            if is_bad(outcomes[-1]):
                print(outcomes[-1], flush=True)
    print(table(outcomes))
    few = sum(sum(outcome["met"].values()) < WANTED for outcome in outcomes)
    troubled = sum(bool(outcome["trouble"]) for outcome in outcomes)
    processes = sum(outcome["processes"] for outcome in outcomes)
    print(
        f"{len(outcomes)} runs, {processes} processes, {time.monotonic() - began:.0f} s; "
        f"{few} runs met fewer than {WANTED} faults, {troubled} ended otherwise than well."
    )
    return int(any(map(is_bad, outcomes)) or few > 0)


if __name__ == "__main__":
    sys.exit(main())
