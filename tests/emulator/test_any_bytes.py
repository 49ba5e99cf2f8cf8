"""Whatever comes in gets an answer of the service's shape: ten thousand requests that nobody would send."""

import itertools
import json
import logging
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dms_backfill_sdk import AccessKey, Emulator, ManualClock, RunStatus, Switches
from dms_backfill_sdk.http import FORM, HttpRequest, HttpResponse, encode_pairs
from dms_backfill_sdk.operations import FAMILIES, request_class
from dms_backfill_sdk.signing import mechanism
from dms_backfill_sdk.wire import slots

# The same requests each time, so that what fails once fails again; however slow the machine is.
repeatable = partial(
    settings, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

#: How many examples there are of each kind, and how many requests are in each.
HARDLY, SENSELESS, DISORDERLY = (500, 5), (700, 5), (250, 16)

ACTIONS = [action for family in FAMILIES.values() for action in family]
TESTID = AccessKey("testid", "testsecret")
NONCES = (f"nonce {number}" for number in itertools.count())


@pytest.fixture(scope="module", autouse=True)
def logged() -> Iterator[list[str]]:
    """Nothing may be logged as a failure of the emulator."""
    records: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: records.append(record.getMessage())
    log = logging.getLogger("dms_backfill_sdk")
    log.addHandler(handler)
    yield records
    log.removeHandler(handler)
    assert records == []


def populated(**switches: Any) -> Emulator:
    """An emulator with a flow (15001) of two nodes (44001, 44002), of which a run (470001) runs."""
    emulator = Emulator(clock=ManualClock(), switches=Switches(**switches))
    for action, query in (
        ("CreateTaskFlow", {"DagName": "daily"}),
        ("CreateTask", {"DagId": "15001", "NodeName": "load", "NodeType": "1"}),
        ("CreateTask", {"DagId": "15001", "NodeName": "sum", "NodeType": "NORMAL_SQL"}),
        ("AddTaskFlowEdges", {"DagId": "15001", "Edges": '[{"NodeFrom":44001,"NodeEnd":44002}]'}),
        ("PublishAndDeployTaskFlow", {"DagId": "15001"}),
        ("BackFill", {"DagId": "15001", "BackFillDate": "2022-01-14"}),
    ):
        assert b'"Success":true' in ask(emulator, action, query).body
    return emulator


def ask(
    emulator: Emulator, action: str, query: dict[str, str], form: dict[str, str] | None = None, how: str = "rpc"
) -> HttpResponse:
    headers = {"x-acs-action": action, "x-acs-version": "2018-11-01"} | ({"content-type": FORM} if form else {})
    body = encode_pairs((form or {}).items()).encode()
    unsigned = HttpRequest("POST", "http", "127.0.0.1", "/", tuple(query.items()), headers, body)
    return emulator.handle(mechanism(how).sign(unsigned, TESTID, now=emulator.clock.now(), nonce=next(NONCES)))


def check(response: HttpResponse) -> dict[str, Any]:
    """Whatever it says, it says it as the service would."""
    assert response.status in (200, 400, 403, 404), response.body
    if response.headers["content-type"] == "application/json;charset=utf-8":
        body = json.loads(response.body)
    else:
        assert response.headers["content-type"] == "text/xml;charset=utf-8"
        body = {child.tag: child.text for child in ET.fromstring(response.body)}
    assert body["RequestId"] == response.headers["x-acs-request-id"]
    assert len(body["RequestId"]) == 36
    if response.status >= 400:
        assert body["Code"]
        assert body["Message"]
    elif body["Success"] in (False, "false"):
        assert body["ErrorCode"]
        assert body["ErrorMessage"]
    return body


# -- bytes that are hardly a request -------------------------------------------------------------------------------

names = st.sampled_from([
    *("Action", "Version", "Format", "Timestamp", "SignatureNonce", "SignatureMethod", "SignatureVersion", "Signature"),
    *("SignatureType", "AccessKeyId", "SecurityToken", "BearerToken", "DagId", "Tid", "Edges"),
])  # fmt: skip
header_names = st.sampled_from([
    *("host", "authorization", "content-type", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce"),
    *("x-acs-bearer-token", "x-acs-security-token", "x-acs-accesskey-id", "x-acs-content-sha256", "x-acs-new"),
])  # fmt: skip
likely = st.sampled_from([
    *("2018-11-01", "BackFill", "ListUserTenants", "JSON", "XML", "2022-10-01T00:00:00Z", "1.0", "HMAC-SHA1", "testid"),
    *("SHA256withRSA", "BEARERTOKEN", FORM, "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host,Signature=0a"),
    *("ACS3-RSA-SHA256 Credential=testid,SignedHeaders=host;x-acs-date,Signature=abc", "ACS3-", "", "é", "\x00"),
])  # fmt: skip
texts = st.text(max_size=20) | likely
pairs = st.lists(st.tuples(names | st.text(max_size=8), texts), max_size=12).map(tuple)
requests = st.builds(
    HttpRequest,
    method=st.sampled_from(["GET", "POST"]) | st.text(max_size=8),
    scheme=st.sampled_from(["http", "https"]),
    host=st.text(max_size=8),
    path=st.just("/") | st.text(max_size=8),
    query=pairs,
    headers=st.dictionaries(header_names | st.text(max_size=8), texts, max_size=8),
    body=st.binary(max_size=50) | pairs.map(lambda form: encode_pairs(form).encode()),
)


@repeatable(max_examples=HARDLY[0])
@given(st.lists(requests, min_size=HARDLY[1], max_size=HARDLY[1]))
def test_bytes_that_are_hardly_a_request(many):
    emulator = Emulator(clock=ManualClock())
    for request in many:
        check(emulator.handle(request))
    assert len(emulator.journal.entries) == len(many)


# -- requests that are signed and make no sense --------------------------------------------------------------------

ids = st.sampled_from([15001, 16001, 24001, 44001, 44002, 470001, 3001, 1, 2, 0, -1, 2**63 - 1, 2**63, 10**30])
numbers = ids | st.integers() | st.floats()
days = st.sampled_from([
    *("2022-01-14", "2022-01-20", "0001-01-01", "9999-12-31", "2022-02-30", "2022-1-1", "20220114", "٢٠٢٢-01-14"),
    *("2022-01-14 00:00:00", "2022-01-14T00:00:00Z"),
])  # fmt: skip
keys = st.sampled_from(["NodeFrom", "NodeEnd", "variables", "name", "pattern", "sql"])
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8) | days,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=4,
)
contents = st.sampled_from([
    '{"sql": "select ${bizdate}"}',
    '{"sql": "select \'${nothing}\'; drop table x"}',
    '{"sql": "\\u0000"}',
    '{"call": "nothing"}',
    '{"simulate": {"seconds": 0}}',
    '{"simulate": {"seconds": 3, "fails_first": 1}}',
    '{"simulate": {"fails_on": ["2022-01-14"]}}',
    '{"simulate": {"seconds": -1}}',
    '{"variables":[{"name":"x","pattern":"yyyy-MM-dd|-3d"}]}',
    '{"variables":[{"name":"x","pattern":"yyyy|+999999999y"}]}',
    '{"variables":[{"name":"x","pattern":"\'"}]}',
    "[" * 5000,
    "{" * 5000,
    "9" * 5000,
])  # fmt: skip
values = (
    ids.map(str)
    | numbers.map(str)
    | days
    | contents
    | st.text(max_size=30)
    | json_values.map(json.dumps)
    | json_values.map(json.dumps).map(lambda text: text[:-1])
    | st.sampled_from(["true", "False", "1", "[44001, 44002]", '[{"NodeFrom":44002,"NodeEnd":44001}]', "x" * 9000])
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, str], dict[str, str], str]:
    action = draw(st.sampled_from(ACTIONS))
    parameters = slots(request_class(action))
    query = {slot.wire: draw(values) for slot in parameters if draw(st.integers(0, 3)) or slot.required}
    in_form = [name for name in query if draw(st.integers(0, 9)) == 0]
    form = {name: query.pop(name) for name in in_form}
    return action, query, form, draw(st.sampled_from(["rpc", "acs3"]))


@repeatable(max_examples=SENSELESS[0])
@given(st.lists(calls(), min_size=SENSELESS[1], max_size=SENSELESS[1]))
def test_signed_requests_that_make_no_sense(many):
    emulator = populated()
    for call in many:
        check(ask(emulator, *call))
    emulator.close()


# -- requests that make sense, in no sensible order ----------------------------------------------------------------


def near(first: int) -> st.SearchStrategy[str]:
    """Ids of which some exist by now."""
    return st.integers(first, first + 4).map(str)


def several(first: int) -> st.SearchStrategy[str]:
    return st.lists(st.integers(first, first + 4), min_size=1, max_size=3).map(json.dumps)


words = st.text(min_size=1, max_size=8)
flags = st.sampled_from(["true", "false"])
dates = st.dates(date(2022, 1, 1), date(2022, 1, 20)).map(str)
statuses = st.integers(0, 5).map(str)
ends = st.fixed_dictionaries({"NodeFrom": st.integers(44001, 44005), "NodeEnd": st.integers(44001, 44005)})
edges = st.lists(ends, min_size=1, max_size=3).map(json.dumps)

flow, node = {"DagId": near(15001)}, {"NodeId": near(44001)}
run = flow | {"DagInstanceId": near(470001)}
edge = {"Id": near(24001), "NodeFrom": near(44001), "NodeEnd": near(44001)}
page = {"PageIndex": near(1), "PageSize": near(1)}
period = {"StartTimeBegin": dates, "StartTimeEnd": dates, "UseBizDate": flags}
some_runs = period | {"Status": statuses, "TriggerType": near(0)}
part = {"StartNodeIds": several(44001), "FilterNodeIds": several(44001), "IsTriggerSubTree": flags}

written = {"NodeContent": contents, "TimeVariables": contents}
span = {"BackFillDateBegin": dates, "BackFillDateEnd": dates}

#: What each call needs, and what it may have besides.
SENSIBLE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("CreateTaskFlow", {"DagName": words}, {"ScenarioId": near(1), "Description": words}),
    ("CreateTask", flow | {"NodeName": words, "NodeType": near(1)}, written),
    ("AddTaskFlowEdges", flow | {"Edges": edges}, {}),
    ("DeleteTaskFlowEdgesByCondition", flow, edge),
    ("ListTaskFlowEdgesByCondition", flow, edge),
    ("UpdateTaskContent", node, {"NodeContent": contents}),
    ("UpdateTaskContentV2", node, {"NodeContent": contents}),
    ("UpdateTaskFlowTimeVariables", flow | {"TimeVariables": contents}, {}),
    ("PublishAndDeployTaskFlow", flow, {"VersionComments": words}),
    ("ReDeployLhDagVersion", flow, {"DagVersion": near(16001)}),
    ("OfflineTaskFlow", flow, {}),
    ("DeleteTask", node, {}),
    ("DeleteTaskFlow", flow, {}),
    ("TryRunTaskFlow", flow, {}),
    ("BackFill", flow | {"BackFillDate": dates}, part | {"HistoryDagId": near(16001)}),
    ("BackFill", flow | span, part | {"Interval": near(23), "Asc": flags}),
    ("ListTaskFlowInstance", flow | page, some_runs),
    *((action, run, {}) for action in FAMILIES["control"][1:]),
    ("ListTaskFlow", {}, {}),
    ("ListTaskFlowsByPage", {}, page | {"SearchKey": words, "ScenarioId": near(1), "DagIdList": several(15001)}),
    ("ListLhTaskFlowAndScenario", {"SpaceId": near(1)}, {"UserId": near(510001)}),
    ("GetLhSpaceByName", {"SpaceName": words | st.just("test_space")}, {}),
    ("GetTaskFlowGraph", flow, {}),
    ("ListTasksInTaskFlow", flow, {}),
    ("GetTask", node, {}),
    ("ListDAGVersions", flow | page, {}),
    ("GetUserActiveTenant", {}, {"Tid": near(3001)}),
    ("ListUserTenants", {}, {}),
]

steps = st.sampled_from(SENSIBLE).flatmap(
    lambda call: st.tuples(st.just(call[0]), st.fixed_dictionaries(call[1], optional=call[2]), st.integers(0, 5))
)
switches = st.fixed_dictionaries({
    "range_creates": st.sampled_from(["runs", "parent"]),
    "after_failure": st.sampled_from(["stop", "continue"]),
    "filtered": st.sampled_from(["succeed", "absent"]),
    "refusals": st.sampled_from(["body", "http"]),
})


def test_there_are_ten_thousand_requests_and_a_sensible_one_of_every_operation():
    assert sum(examples * requests for examples, requests in (HARDLY, SENSELESS, DISORDERLY)) == 10_000
    assert {action for action, _, _ in SENSIBLE} == {*ACTIONS}


@repeatable(max_examples=DISORDERLY[0])
@given(switches, st.lists(steps, min_size=DISORDERLY[1], max_size=40))
def test_requests_that_make_sense_in_no_sensible_order(chosen, sequence):
    emulator = populated(**chosen)
    for action, query, seconds in sequence:
        body = check(ask(emulator, action, query))
        # Made as the service would have it, so each is understood.
        assert not body.get("Code", "").startswith(("Missing", "InvalidApi"))
        emulator.clock.advance(timedelta(seconds=seconds))
    emulator.clock.advance(timedelta(days=2))
    assert all(flow["runs"].keys() <= {status.name for status in RunStatus} for flow in emulator.state()["flows"])
    emulator.close()
