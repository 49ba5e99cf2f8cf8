"""How things are measured: interleaved, in batches, as ratios with their spread."""

import contextlib
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["cpu", "server", "side_by_side", "slope", "wall"]


def cpu(work: Callable[[], object], times: int) -> Callable[[], float]:
    """Microseconds of this process's CPU time, user and system, for one piece of work; over a batch of them."""

    def batch() -> float:
        began = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - began) / times * 1e6

    return batch


def wall(batch: Callable[[], int]) -> Callable[[], float]:
    """Pieces of work a second, by the clock on the wall; ``batch`` does some and says how many."""

    def rate() -> float:
        began = time.perf_counter()
        return batch() / (time.perf_counter() - began)

    return rate


def side_by_side(
    title: str, unit: str, contenders: Mapping[str, Callable[[], float]], *against: str, rounds: int = 15
) -> dict[str, float]:
    """Measure in rounds, each contender once a round, after a round that does not count; print and return medians.

    Every other round goes backwards, so that nobody always follows the same one. A ratio is taken within each round,
    so that what slows the machine down slows down both of its sides; printed is the median of these, and the middle
    half of them.
    """
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name in list(contenders)[:: -1 if number % 2 else 1]:
            figure = contenders[name]()
            if number:
                found[name].append(figure)
    print(f"\n{title} ({rounds} rounds)\n{'':32}{unit:>12}" + "".join(f"   {'÷ ' + name:>24}" for name in against))
    for name, figures in found.items():
        ratios = "".join(f"   {_ratio(figures, found[other]):>24}" for other in against)
        print(f"{name:32}{statistics.median(figures):12,.1f}{ratios}", flush=True)
    return {name: statistics.median(figures) for name, figures in found.items()}


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"{middle:.3f} [{low:.3f} to {high:.3f}]"


def slope(costs: Mapping[int, float]) -> float:
    """The slope of cost over size when both are logarithms: 1 is straight."""
    return statistics.linear_regression([math.log(size) for size in costs], [math.log(c) for c in costs.values()]).slope


@contextlib.contextmanager
def server(*command: str) -> Iterator[str]:
    """A server in a process of its own that prints its port first; gives ``host:port``."""
    process = subprocess.Popen(
        [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        yield f"127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait()
