"""An emulator with one published flow, or moto, as a server in a process of its own; prints its port."""

import sys

from moto.server import ThreadedMotoServer

from benchmarks.emulators import emulator_with_a_flow


def main() -> None:
    if sys.argv[1] == "moto":
        moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        moto.start()
        print(moto.get_host_and_port()[1], flush=True)
        sys.stdin.read()
        moto.stop()
        return
    emulator, _ = emulator_with_a_flow()
    with emulator.serve() as server:
        print(server.url.rpartition(":")[2], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
