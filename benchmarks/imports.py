"""Import: processor time and memory of a fresh process, to the first name and to a client that is ready."""

import os
import subprocess
import sys
from collections.abc import Callable

from benchmarks.measure import side_by_side

PROGRAMS = {
    "ours: BackFillRequest": "from dms_backfill_sdk import BackFillRequest",
    "ours: ready client": "from dms_backfill_sdk import AccessKey, BackFillRequest, Client\n"
    "Client(credentials=AccessKey('a', 'b'))",
    "ours: ready async client": "from dms_backfill_sdk import AccessKey, AsyncClient, BackFillRequest\n"
    "AsyncClient(credentials=AccessKey('a', 'b'))",
    "official 3.0.0: BackFillRequest": "from alibabacloud_dms_enterprise20181101.models import BackFillRequest",
    "official 3.0.0: ready client": "from alibabacloud_dms_enterprise20181101.client import Client\n"
    "from alibabacloud_dms_enterprise20181101.models import BackFillRequest\n"
    "from alibabacloud_tea_openapi.models import Config\n"
    "Client(Config(access_key_id='a', access_key_secret='b', endpoint='c'))",
    "classic 1.53.12: ready client": "from aliyunsdkcore.client import AcsClient\n"
    "from aliyunsdkdms_enterprise.request.v20181101.BackFillRequest import BackFillRequest\n"
    "AcsClient('a', 'b', 'cn-hangzhou')",
    "import requests": "import requests",
}
#: Above that of the bare interpreter, both: the program runs in the same process after the first look.
TIMED = """
import time
def look():
    # Not getrusage: that counts in what the parent held when it forked.
    most = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return time.process_time() * 1000, int(most.split()[1]) / 1024
before = look()
exec({program!r})
after = look()
print(after[0] - before[0], after[1] - before[1])
"""


def _figures(program: str) -> tuple[float, float]:
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TIMED.format(program=program)],
        check=True,
        capture_output=True,
        # The round that does not count compiles what is not compiled yet, as an installation does.
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        text=True,
    )
    milliseconds, mebibytes = map(float, said.stdout.split())
    return max(milliseconds, 0.01), max(mebibytes, 0.01)


def main() -> None:
    for place, (title, unit) in enumerate((("Import, CPU", "ms"), ("Import, memory", "MiB"))):

        def figure(program: str, place: int = place) -> Callable[[], float]:
            return lambda: _figures(program)[place]

        contenders = {name: figure(program) for name, program in PROGRAMS.items()}
        side_by_side(
            title, unit, contenders, "official 3.0.0: ready client", "official 3.0.0: BackFillRequest", rounds=15
        )
