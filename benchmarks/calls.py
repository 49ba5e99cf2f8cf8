"""CPU time of one BackFill call, one after another on a connection that is kept open."""

from benchmarks.contenders import BARE, OFFICIAL, synchronous
from benchmarks.measure import cpu, server, side_by_side


def main() -> None:
    with server("-m", "benchmarks.wire_server") as host:
        contenders = {name: cpu(work, 100) for name, work in synchronous(host).items()}
        side_by_side("CPU of a BackFill call", "µs", contenders, OFFICIAL, BARE, "urllib3, unsigned", rounds=21)
