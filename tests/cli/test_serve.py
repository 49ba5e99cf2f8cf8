"""A local DMS that is started from a shell."""

import re
import signal
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from dms_backfill_sdk import (
    AccessKey,
    AuthenticationError,
    BackFillRequest,
    Client,
    ListTaskFlowInstanceRequest,
    ListTaskFlowsByPageRequest,
    ListUserTenantsRequest,
    RunStatus,
)
from dms_backfill_sdk.cli.serve import goodbye, warnings, welcome
from dms_backfill_sdk.emulator import Key

FLOWS = """
[[flow]]
name = "daily_sales"

[[flow.node]]
name = "load"
seconds = 3600
sql = "create table if not exists loaded (day text); insert into loaded values ('${bizdate}')"

[[flow]]
name = "每日销售"
"""


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    path = tmp_path / "flows.toml"
    path.write_text(FLOWS, encoding="utf-8")
    return path


def address_of(served) -> str:
    line = served.read_until("")
    assert re.fullmatch(r"Listening on http://127\.0\.0\.1:[1-9][0-9]*\n", line)
    return line.split()[-1]


def client_of(address: str, key: str = "testid:testsecret") -> Client:
    return Client(credentials=AccessKey(*key.split(":")), endpoint=address)


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_signed_calls_until_it_is_interrupted_and_then_ends_cleanly(start, by):
    served = start("serve")
    address = address_of(served)
    with client_of(address) as client:
        assert client.list_user_tenants(ListUserTenantsRequest()).success
    assert served.end(by) == (0, "")
    assert served.written.endswith("Ended. It answered 1 request.\n")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])))


def test_it_refuses_a_wrong_secret(start):
    with client_of(address_of(start("serve")), "testid:wrong") as client, pytest.raises(AuthenticationError):
        client.list_user_tenants(ListUserTenantsRequest())


def test_the_variables_that_it_prints_are_all_that_a_client_needs(start, monkeypatch):
    served = start("serve")
    served.read_until("Point clients at it:")
    for _ in range(3):
        name, value = re.fullmatch(r" *export (\w+)=(\S+)\n", served.read_until("")).groups()
        monkeypatch.setenv(name, value)
    with Client() as client:
        assert client.list_user_tenants(ListUserTenantsRequest()).success


def test_two_at_once_know_nothing_of_each_other(start, flows):
    one, other = address_of(start("serve", "--flows", str(flows))), address_of(start("serve"))
    assert one != other
    with client_of(one) as client, client_of(other) as stranger:
        assert len(client.list_task_flows_by_page(ListTaskFlowsByPageRequest()).task_flow_list) == 2
        assert stranger.list_task_flows_by_page(ListTaskFlowsByPageRequest()).task_flow_list == []


def test_it_begins_with_the_flows_of_a_file_and_says_which(start, flows):
    served = start("serve", "--flows", str(flows))
    with client_of(address_of(served)) as client:
        listed = client.list_task_flows_by_page(ListTaskFlowsByPageRequest()).task_flow_list
    assert [flow.dag_name for flow in listed] == ["daily_sales", "每日销售"]
    served.end()
    for flow, nodes in zip(listed, (1, 0), strict=True):
        assert re.search(rf"^ +{flow.id} +{nodes}  {flow.dag_name}$", served.written, re.MULTILINE)


def test_only_the_keys_that_are_given_may_call(start):
    served = start("serve", "--access-key", "one:first", "--access-key", "two:second:with:colons")
    address = address_of(served)
    for key in (AccessKey("one", "first"), AccessKey("two", "second:with:colons")):
        with Client(credentials=key, endpoint=address) as client:
            assert client.list_user_tenants(ListUserTenantsRequest()).success
    with client_of(address) as client, pytest.raises(AuthenticationError):
        client.list_user_tenants(ListUserTenantsRequest())
    served.end()
    assert "It knows these keys: one, two" in served.written
    assert "first" not in served.written


def test_at_speed_an_hour_s_work_takes_a_second_and_real_signatures_are_let_in(start, flows, tmp_path):
    database = tmp_path / "sales.db"
    served = start("serve", "--flows", str(flows), "--database", str(database), "--speed", "3600")
    asked = ListTaskFlowInstanceRequest(dag_id=15001, page_index=1, page_size=10)
    with client_of(address_of(served)) as client:
        client.back_fill(BackFillRequest.on(15001, "2022-01-14"))
        end = time.monotonic() + 30
        # Each call is signed with the real time, which the runs have long left behind.
        while (status := client.list_task_flow_instance(asked).daginstance_list[0].status) == RunStatus.RUNNING:
            assert time.monotonic() < end
        assert status == RunStatus.SUCCESS
    served.end()
    with closing(sqlite3.connect(database)) as loaded:
        assert loaded.execute("select * from loaded").fetchall() == [("2022-01-14",)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--access-key", "secret"], r"A key is written ID:SECRET, such as testid:testsecret; an --access-key .*\."),
        (["--access-key", ":secret"], r"A key is written ID:SECRET.*"),
        (["--access-key", "id:"], r"A key is written ID:SECRET.*"),
        (["--speed", "0"], r"--speed must be above 0 and at most 86400; 0 is not\."),
        (["--speed", "nan"], r"--speed must be above 0 and at most 86400; nan is not\."),
        (["--host", ""], r"'' is no host; write an address, such as 127\.0\.0\.1\."),
        (["--host", "ä" * 64], r"'ä+' is no host; write an address, such as 127\.0\.0\.1\."),
        (["--host", "a..b"], r"Nothing can listen on port 0 of 'a\.\.b': .*\."),
        (["--host", "192.0.2.1"], r"Nothing can listen on port 0 of '192\.0\.2\.1': Cannot assign requested address\."),
        (["--flows", "/nowhere/flows.toml"], r"/nowhere/flows\.toml cannot be read: No such file or directory\."),
        (["--database", "/nowhere/sales.db"], r"/nowhere/sales\.db cannot be used as a SQLite database: unable .*\."),
        (["--database", __file__], r".* cannot be used as a SQLite database: file is not a database\."),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_sentence(command, arguments, sentence):
    done = command("serve", *arguments)
    assert re.fullmatch(sentence + "\n", done.stderr)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_flow_file_is_refused_with_the_place_where_it_is_wrong(command, flows):
    flows.write_text(FLOWS.replace("sql =", "sqll ="), encoding="utf-8")
    done = command("serve", "--flows", str(flows))
    assert done.stderr.startswith(f"{flows}, flow 'daily_sales', node 'load': ")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_a_port_in_use_is_named(command):
    with socket.create_server(("127.0.0.1", 0)) as owner:
        port = owner.getsockname()[1]
        done = command("serve", "--port", str(port))
    assert (done.returncode, done.stderr) == (2, f"Port {port} is in use; write another one, or 0 for a free one.\n")


def test_a_port_can_be_chosen(start):
    with socket.create_server(("127.0.0.1", 0)) as owner:
        port = owner.getsockname()[1]
    assert address_of(start("serve", "--port", str(port))) == f"http://127.0.0.1:{port}"


def plain(lines) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


@pytest.mark.parametrize(
    ("host", "warned"), [("0.0.0.0", True), ("::", True), ("127.0.0.2", False), ("::1", False), ("localhost", False)]
)
def test_an_address_that_others_reach_is_warned_of(host, warned):
    assert (f"on {host} others may use it" in plain(warnings(host))) is warned


@pytest.mark.parametrize(
    ("listens", "reached"),
    [
        ("http://0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://[::]:8080", "http://[::1]:8080"),
        ("http://192.0.2.1:8080", "http://192.0.2.1:8080"),
    ],
)
def test_clients_here_are_pointed_at_an_address_that_they_may_use(listens, reached):
    told = plain(welcome(listens, [Key(id="it's", secret="mine")], []))
    assert f"export DMS_BACKFILL_ENDPOINT={reached}\n" in told
    assert """export ALIBABA_CLOUD_ACCESS_KEY_ID='it'"'"'s'\n""" in told
    assert "mine" not in told


@pytest.mark.parametrize(
    ("answered", "words"),
    [(0, "0 requests"), (1, "1 request"), (12345, "12,345 requests")],
)
def test_it_says_how_many_requests_it_answered(answered, words):
    assert plain(goodbye(answered)) == f"\nEnded. It answered {words}."
