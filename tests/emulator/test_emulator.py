"""The entrance: a signed request in, an answer of the service's shape out."""

import itertools
import json
import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dms_backfill_sdk import AccessKey, Emulator, Fault, Key, ManualClock, Switches
from dms_backfill_sdk.http import HttpRequest, HttpResponse
from dms_backfill_sdk.signing import mechanism

TESTID = AccessKey("testid", "testsecret")
NONCES = (f"nonce {number}" for number in itertools.count())


@pytest.fixture
def emulators() -> Iterator[Callable[..., Emulator]]:
    made: list[Emulator] = []

    def make(**how: Any) -> Emulator:
        made.append(Emulator(clock=ManualClock(), **how))
        return made[-1]

    yield make
    for emulator in made:
        emulator.close()


@pytest.fixture
def emulator(emulators) -> Emulator:
    return emulators()


def send(emulator: Emulator, action: str, how: str = "rpc", key: AccessKey = TESTID, **query: Any) -> HttpResponse:
    headers = {"x-acs-action": action, "x-acs-version": "2018-11-01"}
    pairs = tuple((name, str(value)) for name, value in query.items())
    unsigned = HttpRequest("POST", "http", "127.0.0.1", query=pairs, headers=headers)
    return emulator.handle(mechanism(how).sign(unsigned, key, now=emulator.clock.now(), nonce=next(NONCES)))


def ask(emulator: Emulator, action: str, **query: Any) -> dict[str, Any]:
    return json.loads(send(emulator, action, **query).body)


def published_flow(emulator: Emulator, *names: str) -> tuple[int, list[int]]:
    flow = ask(emulator, "CreateTaskFlow", DagName="daily_sales")["DagId"]
    nodes = [
        ask(emulator, "CreateTask", DagId=flow, NodeName=name, NodeType="NORMAL_SQL")["NodeId"]
        for name in names or ("load",)
    ]
    edges = [{"NodeFrom": start, "NodeEnd": end} for start, end in itertools.pairwise(nodes)]
    if edges:
        ask(emulator, "AddTaskFlowEdges", DagId=flow, Edges=json.dumps(edges))
    ask(emulator, "PublishAndDeployTaskFlow", DagId=flow)
    return flow, nodes


def test_a_yes(emulator: Emulator):
    response = send(emulator, "GetUserActiveTenant")
    assert (response.status, response.headers["content-type"]) == (200, "application/json;charset=utf-8")
    assert response.headers["date"] == "Sat, 01 Oct 2022 00:00:00 GMT"
    body = json.loads(response.body)
    assert body == {
        "RequestId": response.headers["x-acs-request-id"],
        "Success": True,
        "Tenant": {"Tid": 3001, "TenantName": "test_name", "Status": "ACTIVE"},
    }


def test_request_ids_are_upper_case_uuids_that_the_seed_decides(emulators):
    first, again, other = (ask(emulators(seed=seed), "ListUserTenants")["RequestId"] for seed in (1, 1, 2))
    assert first == again != other
    assert str(uuid.UUID(first)).upper() == first


@pytest.mark.parametrize("how", ["rpc", "acs3"])
@pytest.mark.parametrize("form", ["JSON", "XML"])
def test_answers_and_refusals_come_in_the_form_that_is_asked_for(emulator: Emulator, how: str, form: str):
    for action, root in (("GetUserActiveTenant", "GetUserActiveTenantResponse"), ("NoSuchOperation", "Error")):
        # Asked for by hand, since a signature in the RPC mechanism asks for JSON itself.
        response = send(emulator, action, how, Format=form) if how == "acs3" else in_rpc(emulator, action, Format=form)
        if form == "XML":
            assert response.headers["content-type"] == "text/xml;charset=utf-8"
            assert ET.fromstring(response.body).tag == root
        else:
            assert json.loads(response.body)["RequestId"]


def in_rpc(emulator: Emulator, action: str, **query: str) -> HttpResponse:
    """The token needs no signature, so the test can write what it likes."""
    emulator.keyring.add(Key(id="role", token="token"))
    common = {
        "Action": action,
        "Version": "2018-11-01",
        "SignatureType": "BEARERTOKEN",
        "BearerToken": "token",
        "SignatureNonce": next(NONCES),
        "Timestamp": "2022-10-01T00:00:00Z",
    }
    return emulator.handle(HttpRequest("GET", "http", "h", query=tuple((common | query).items())))


def test_without_a_format_rpc_is_answered_in_xml(emulator: Emulator):
    assert ET.fromstring(in_rpc(emulator, "ListUserTenants").body).findtext("TenantList/Tid") == "3001"
    assert ET.fromstring(in_rpc(emulator, "GetTask").body).findtext("Code") == "MissingNodeId"


NO_API = "Specified api is not found, please check your url and method."
NO_EDGES = "Specified parameter Edges is not valid."
NO_NODE = "The node does not exist or you have no permission."
NO_DAYS = "A BackFill needs its days; give back_fill_date, or back_fill_date_begin and back_fill_date_end."


@pytest.mark.parametrize(
    ("action", "query", "said"),
    [
        ("NoSuchOperation", {}, (404, "InvalidApi.NotFound", NO_API)),
        ("BackFill", {}, (400, "MissingDagId", "DagId is mandatory for this action.")),
        ("BackFill", {"DagId": ""}, (400, "MissingDagId", "DagId is mandatory for this action.")),
        ("BackFill", {"DagId": "x"}, (400, "InvalidDagId", "Specified parameter DagId is not valid.")),
        ("BackFill", {"DagId": 2**63}, (400, "InvalidDagId", "Specified parameter DagId is not valid.")),
        ("BackFill", {"DagId": 1, "Asc": "yes"}, (400, "InvalidAsc", "Specified parameter Asc is not valid.")),
        ("BackFill", {"DagId": 1}, (403, "InvalidParameterValid", NO_DAYS)),
        *(
            ("AddTaskFlowEdges", {"DagId": 1, "Edges": edges}, (400, "InvalidEdges", NO_EDGES))
            for edges in ("x", "[", "[1]", "[{}]", '[{"NodeFrom": "x", "NodeEnd": 1}]')
        ),
        ("GetTask", {"NodeId": 1}, (200, "InvalidParameterValid", NO_NODE)),
        ("GetUserActiveTenant", {"Tid": 1}, (200, "TenantNotExist", "The specified tenant does not exist.")),
    ],
)
def test_a_no(emulator: Emulator, action: str, query: dict[str, Any], said: tuple[int, str, str]):
    response = send(emulator, action, **query)
    body = json.loads(response.body)
    code, text = body.get("Code") or body["ErrorCode"], body.get("Message") or body["ErrorMessage"]
    assert (response.status, code, text) == said
    assert body["RequestId"]
    assert body.get("Success") is (False if response.status == 200 else None)
    assert emulator.journal.acted(action) == 0


def test_a_task_flow_operation_may_say_no_by_http_status(emulators):
    emulator = emulators(switches=Switches(refusals="http"))
    assert send(emulator, "GetUserActiveTenant", Tid=1).status == 404
    assert send(emulator, "GetTask", NodeId=1).status == 403


# -- spellings of the official clients ------------------------------------------------------------------------------


@pytest.mark.parametrize("false", ["false", "False", "FALSE", "0"])
@pytest.mark.parametrize("true", ["true", "True", "1"])
def test_a_flag_may_be_spelt_in_every_way_that_clients_do(emulator: Emulator, false: str, true: str):
    flow, nodes = published_flow(emulator, "load", "sum")
    days = {"BackFillDateBegin": "2022-01-01", "BackFillDateEnd": "2022-01-02"}
    run = ask(emulator, "BackFill", DagId=flow, Asc=false, IsTriggerSubTree=true, StartNodeIds=nodes[:1], **days)
    found = ask(emulator, "ListTaskFlowInstance", DagId=flow, PageIndex=1, PageSize=9)["DAGInstanceList"]
    assert [run["BusinessTime"][:10] for run in found["DAGInstance"]] == ["2022-01-01", "2022-01-02"]  # newest first
    found = ask(emulator, "GetTaskInstanceRelation", DagId=flow, DagInstanceId=run["DagInstanceId"])
    assert [node["NodeName"] for node in found["NodeList"]["Node"]] == ["load", "sum"]


@pytest.mark.parametrize("written", ["[{0},{1}]", "[{0}, {1}]", " [ {0} ,{1}]\n"])
def test_a_list_may_have_blanks(emulator: Emulator, written: str):
    flow, nodes = published_flow(emulator, "load", "sum", "mail")
    run = ask(emulator, "BackFill", DagId=flow, BackFillDate="2022-01-01", StartNodeIds=written.format(*nodes[1:]))
    found = ask(emulator, "GetTaskInstanceRelation", DagId=flow, DagInstanceId=run["DagInstanceId"])
    assert [node["NodeName"] for node in found["NodeList"]["Node"]] == ["sum", "mail"]


def test_what_an_operation_does_not_know_is_passed_over(emulator: Emulator):
    assert ask(emulator, "ListUserTenants", RegionId="cn-hangzhou", Nonsense="1")["Success"]


# -- whatever happens ----------------------------------------------------------------------------------------------


def test_a_failure_inside_is_an_internal_error_and_is_logged(emulator: Emulator, caplog: pytest.LogCaptureFixture):
    emulator.world.tenants.clear()  # a world that cannot be
    with caplog.at_level(logging.ERROR, "dms_backfill_sdk.emulator"):
        response = send(emulator, "GetUserActiveTenant")
    assert (response.status, json.loads(response.body)["Code"]) == (500, "InternalError")
    assert [record.message for record in caplog.records] == ["GetUserActiveTenant: the emulator failed"]
    assert emulator.journal.entries[-1].code == "InternalError"


def test_what_it_saw_stands_in_the_journal(emulator: Emulator):
    send(emulator, "CreateTaskFlow", DagName="a")
    send(emulator, "GetTask", NodeId=1)
    send(emulator, "GetTask", key=AccessKey("testid", "guessed"), NodeId=1)
    emulator.handle(HttpRequest("GET", "http", "h"))
    assert [(one.action, one.key, one.status, one.code, one.acted) for one in emulator.journal.entries] == [
        ("CreateTaskFlow", "testid", 200, "", True),
        ("GetTask", "testid", 200, "InvalidParameterValid", False),
        ("GetTask", "", 400, "SignatureDoesNotMatch", False),
        ("", "", 400, "MissingAction", False),
    ]
    assert emulator.journal.entries[0].parameters["DagName"] == "a"
    assert "Signature" not in emulator.journal.entries[0].parameters
    assert [one.code for one in emulator.journal.refused()] == ["SignatureDoesNotMatch", "MissingAction"]


def test_what_a_fault_did_stands_in_the_journal(emulator: Emulator):
    for fault in (
        Fault(code="Throttling.User"),
        Fault(code="InternalError", when="after"),
        Fault(drop=True),
        Fault(drop=True, when="after"),
        Fault(truncate=True, when="after"),
        Fault(body=b"<html>", status=502),
        Fault(delay=1),
    ):
        emulator.plan_fault(fault)
        send(emulator, "ListUserTenants")
    assert [(one.status, one.code, one.acted) for one in emulator.journal.entries] == [
        (400, "Throttling.User", False),
        (500, "InternalError", True),
        (None, "", False),
        (None, "", True),
        (None, "", True),
        (502, "", False),
        (200, "", True),
    ]


def test_many_threads_may_call_at_once(emulator: Emulator):
    barrier = threading.Barrier(8)

    def create(number: int) -> int:
        barrier.wait(10)
        return max(ask(emulator, "CreateTaskFlow", DagName=f"{number}")["DagId"] for _ in range(25))

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(create, range(8))) == 15001 + 8 * 25 - 1
    assert emulator.journal.acted("CreateTaskFlow") == 200


# -- what tests may do ---------------------------------------------------------------------------------------------


def test_the_state_is_plain_and_up_to_date(emulator: Emulator):
    flow, _ = published_flow(emulator)
    ask(emulator, "BackFill", DagId=flow, BackFillDateBegin="2022-01-01", BackFillDateEnd="2022-01-03")
    emulator.plan_fault(Fault(drop=True))
    emulator.clock.advance(timedelta(seconds=1))
    assert emulator.state() == {
        "now": "2022-10-01T08:00:01+08:00",
        "flows": [
            {
                "id": flow,
                "name": "daily_sales",
                "nodes": 1,
                "versions": [16001],
                "runs": {"SUCCESS": 1, "RUNNING": 1, "WAITING": 1},
            }
        ],
        "unfired_faults": 1,
    }
    assert repr(emulator) == "Emulator(1 task flows, 3 runs)"


def test_a_reset_forgets_everything_but_the_keys_the_callables_and_the_database(emulator: Emulator):
    flow, _ = published_flow(emulator)
    emulator.keyring.add(Key(id="second", secret="second"))
    emulator.plan_fault(Fault(drop=True))
    emulator.reset()
    assert emulator.state()["flows"] == []
    assert (len(emulator.journal.entries), emulator.journal.acted("CreateTask"), emulator.faults.unfired) == (0, 0, [])
    assert send(emulator, "ListUserTenants", key=AccessKey("second", "second")).status == 200
    assert published_flow(emulator)[0] == flow  # ids begin anew


def test_flows_from_a_file_are_run_with_its_database_and_the_functions_given(emulator: Emulator, tmp_path: Path):
    node = '[[flow.node]]\nname = "{0}"\n{1} = "{2}"\n'
    nodes = node.format("load", "call", "load") + node.format(
        "sum", "sql", "create table seen as select '${bizdate}' day"
    )
    (tmp_path / "flows.toml").write_text(f'database = "sales.db"\n[[flow]]\nname = "daily"\n{nodes}', "utf-8")
    seen: list[str] = []
    emulator.register("load", lambda context: seen.append(f"{context.business_time:%Y-%m-%d}"))
    emulator.load(tmp_path / "flows.toml")
    ask(emulator, "BackFill", DagId=emulator.state()["flows"][0]["id"], BackFillDate="2022-01-14")
    emulator.clock.advance(timedelta(minutes=1))
    emulator.catch_up()
    with closing(sqlite3.connect(tmp_path / "sales.db")) as database:
        assert database.execute("select day from seen").fetchall() == [("2022-01-14",)]
    assert seen == ["2022-01-14"]
