"""Keys that are found or rented, by Alibaba's own library. It reads the environment when it is imported, so each case
here is a process of its own."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ASK = """
import attrs, json
from dms_backfill_sdk import ConfigurationError
from dms_backfill_sdk.line import source
try:
    ask = source(None)
    twice = (ask(), ask()) if callable(ask) else (ask, ask)
    told = [[type(found).__name__, *attrs.astuple(found)] for found in twice]
except ConfigurationError as error:
    told = [str(error), type(error.__cause__).__name__, type(error.__context__).__name__]
print(json.dumps(told))
"""

MISSING = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "alibabacloud_credentials":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""


KEPT = ("PATH", "PYTHONPATH", "SYSTEMROOT")


@pytest.fixture
def told(tmp_path: Path):
    """What a process with this environment, and a home of its own, is told about its credentials."""

    def run(script: str = ASK, **environ: str) -> list:
        kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("COVERAGE_")}
        ours = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**kept, **ours, **environ},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return json.loads(done.stdout)

    return run


class Handout(BaseHTTPRequestHandler):
    """Hands out one token after the other, each about to expire."""

    def do_GET(self) -> None:
        turn = next(self.server.turns)
        body = json.dumps(
            {
                "Code": "Success",
                "AccessKeyId": f"STS.{turn}",
                "AccessKeySecret": "secret",
                "SecurityToken": f"token-{turn}",
                "Expiration": (datetime.now(UTC) + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        ).encode()
        self.send_response(200 if turn <= self.server.good else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_anything: object) -> None:
        """Nothing to say."""


@pytest.fixture
def handout() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Handout) as server:
        server.turns, server.good = iter(range(1, 100)), 99
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def uri(server: HTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/credentials"


def test_the_credentials_file_is_found(told, tmp_path):
    file = tmp_path / "elsewhere.ini"
    file.write_text("[default]\nenable=true\ntype=access_key\naccess_key_id=from-file\naccess_key_secret=secret\n")
    assert told(ALIBABA_CLOUD_CREDENTIALS_FILE=str(file)) == [["AccessKey", "from-file", "secret"]] * 2


def test_the_profile_of_the_command_line_is_found(told, tmp_path):
    (tmp_path / ".aliyun").mkdir()
    profile = {"name": "p", "mode": "StsToken", "access_key_id": "id", "access_key_secret": "secret", "sts_token": "t"}
    (tmp_path / ".aliyun" / "config.json").write_text(json.dumps({"current": "p", "profiles": [profile]}))
    assert told() == [["StsToken", "id", "secret", "t"]] * 2


def test_what_expires_is_renewed_before_it_does(told, handout):
    assert told(ALIBABA_CLOUD_CREDENTIALS_URI=uri(handout)) == [
        ["StsToken", "STS.1", "secret", "token-1"],
        ["StsToken", "STS.2", "secret", "token-2"],
    ]


def test_what_cannot_be_renewed_is_one_error_of_ours_that_quotes_nothing(told, handout):
    handout.good = 1
    said, *hangs_on = told(ALIBABA_CLOUD_CREDENTIALS_URI=uri(handout))
    assert "could not be renewed" in said
    assert "token-" not in said
    assert hangs_on == ["NoneType", "NoneType"]


def test_nothing_found_is_one_error_that_lists_what_was_looked_for_in_order(told):
    said, *hangs_on = told()
    places = [
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
        "~/.aliyun/config.json",
        "ALIBABA_CLOUD_CREDENTIALS_FILE",
        "ECS",
        "ALIBABA_CLOUD_CREDENTIALS_URI",
    ]
    assert [said.index(place) for place in places] == sorted(said.index(place) for place in places)
    assert "pass credentials= to the client" in said
    assert hangs_on == ["NoneType", "NoneType"]


def test_without_the_library_the_error_names_the_extra(told):
    said, cause, _ = told(MISSING + ASK)
    assert "install dms_backfill_sdk[credentials]" in said
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in said
    assert cause == "ModuleNotFoundError"


def test_a_key_in_the_environment_needs_no_library(told):
    key = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}
    assert told(MISSING + ASK, **key) == [["AccessKey", "id", "secret"]] * 2
