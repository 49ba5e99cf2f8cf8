"""CPU time of one BackFill call, one after another on a connection that is kept open; with both signatures."""

from benchmarks.contenders import BARE, OFFICIAL, OFFICIAL_RPC, URLLIB3, synchronous
from benchmarks.measure import cpu, server, side_by_side


def main() -> None:
    with server("-m", "benchmarks.wire_server") as host:
        contenders = {name: cpu(work, 25) for name, work in synchronous(host).items()}
        against = OFFICIAL, OFFICIAL_RPC, BARE, URLLIB3
        side_by_side("CPU of a BackFill call", "µs", contenders, *against, rounds=81)
