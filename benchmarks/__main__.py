"""``python -m benchmarks [name …]``: make the environments once, then measure in them.

The environments stand in ``build/benchmarks`` and hold this checkout and its peers; nothing of it is installed
anywhere else. A name is one of the modules listed in :data:`NAMES`; none means all of them.
"""

import importlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "build" / "benchmarks"
PEERS = PLACE / "peers"
AIRFLOW = PLACE / "airflow"
NAMES = ("imports", "calls", "account", "crowd", "signing", "emulators", "plan", "engine", "campaign", "straight")


def environment(place: Path, *wanted: str) -> None:
    """Make a virtual environment and install this into it; one that is complete is left alone."""
    done = place / "complete"
    if done.exists():
        return
    print(f"installing into {place.relative_to(ROOT)} …", file=sys.stderr)
    venv.create(place, with_pip=True)
    subprocess.run([place / "bin" / "python", "-m", "pip", "install", "-q", *wanted], check=True)
    done.touch()


def main() -> int:
    names = sys.argv[1:] or list(NAMES)
    if unknown := set(names) - set(NAMES):
        print(f"There is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    if Path(sys.prefix) != PEERS:
        environment(PEERS, "-e", f"{ROOT}[async,emulator]", "-r", str(ROOT / "benchmarks" / "requirements.txt"))
        if "plan" in names:
            environment(AIRFLOW, "apache-airflow-core")
        return subprocess.run([PEERS / "bin" / "python", "-m", "benchmarks", *names], cwd=ROOT, check=False).returncode
    for name in names:
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
