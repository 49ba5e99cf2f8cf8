"""The client: its methods, what it can be made of, and what it refuses to be made of."""

import inspect
import json
import logging
from datetime import date
from types import SimpleNamespace

import pytest
from alibabacloud_dms_enterprise20181101.client import Client as OfficialClient
from attrs import NOTHING, define, field, fields
from attrs.exceptions import FrozenInstanceError

from dms_backfill_sdk import (
    AccessKey,
    BackFillRequest,
    Client,
    InvalidParameterError,
    InvalidRequestError,
    ListTaskFlowInstanceRequest,
    ListTaskFlowRequest,
    ManualClock,
    NotSentError,
    RetryPolicy,
)
from dms_backfill_sdk.exchange import Do
from dms_backfill_sdk.http import HttpRequest, HttpResponse
from dms_backfill_sdk.operations import FAMILIES, author, back_fill, control, find, request_class

KEY = AccessKey("testid", "hush")
ACTIONS = [action for actions in FAMILIES.values() for action in actions]
START = BackFillRequest(dag_id=15001, back_fill_date="2022-01-14")

#: The official client's name for each operation.
OFFICIAL = {
    function.__annotations__["request"].rpartition(".")[2].removesuffix("Request"): name
    for name, function in vars(OfficialClient).items()
    if not name.endswith(("_with_options", "_async")) and "request" in getattr(function, "__annotations__", {})
}

#: Where "any number" and "any text" make no request.
SAMPLES = {
    "BackFill": {"dag_id": 1, "back_fill_date": "2022-01-14"},
    "AddTaskFlowEdges": {"dag_id": 1, "edges": [(1, 2)]},
}


@define
class Recorder:
    """A transport that keeps what it is given to carry, and answers as it was told."""

    told: list = field(factory=list)
    sent: list[HttpRequest] = field(factory=list)
    closed: bool = False

    def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request)
        answer = self.told.pop(0) if self.told else {"RequestId": "4F", "Success": True}
        if isinstance(answer, Exception):
            raise answer
        return HttpResponse(200, body=json.dumps(answer).encode())

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def client(recorder):
    return Client(credentials=KEY, endpoint="https://dms.example", transport=recorder, clock=ManualClock(), tid=3001)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"):
        monkeypatch.delenv(f"ALIBABA_CLOUD_{name}", raising=False)
    monkeypatch.delenv("DMS_BACKFILL_ENDPOINT", raising=False)


def sample(action: str):
    cls = request_class(action)
    required = {each.name: each.type for each in fields(cls) if each.default is NOTHING}
    return cls(**(SAMPLES.get(action) or {name: 1 if kind is int else "1" for name, kind in required.items()}))


# ---------------------------------------------------------------------------------------------------------------
# One method per operation


def test_there_is_one_method_per_operation_named_and_typed_as_in_the_official_client():
    modules = vars(SimpleNamespace(author=author, back_fill=back_fill, control=control, find=find))
    found = {}
    for name, method in vars(Client).items():
        hints = getattr(method, "__annotations__", {})
        if str(hints.get("request", "")).endswith("Request") and method.__doc__:
            request, response = (eval(hints[part], modules) for part in ("request", "return"))
            assert request.answers is response
            assert list(inspect.signature(method).parameters) == ["self", "request"]
            found[request.action] = name
    assert found == {action: OFFICIAL[action] for action in ACTIONS}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_operation_goes_out_under_its_name_with_the_clients_tenant_and_comes_back_typed(client, recorder, action):
    request = sample(action)
    response = getattr(client, OFFICIAL[action])(request)
    assert type(response) is request.answers
    (sent,) = recorder.sent
    query = dict(sent.query)
    assert (sent.method, sent.host, query["Action"], query["Version"]) == ("POST", "dms.example", action, "2018-11-01")
    assert query.get("Tid") == ("3001" if hasattr(request, "tid") else None)


def test_a_request_that_names_its_tenant_keeps_it(client, recorder):
    client.call(ListTaskFlowRequest(tid=7))
    assert [pair for pair in recorder.sent[0].query if pair[0] == "Tid"] == [("Tid", "7")]


@pytest.mark.parametrize("wrong", [None, {"DagId": 1}, BackFillRequest, "BackFill"])
def test_what_is_no_request_is_refused_unsent(client, recorder, wrong):
    with pytest.raises(InvalidRequestError, match="is no request; write for instance BackFillRequest"):
        client.call(wrong)
    assert recorder.sent == []


def page(*runs: int) -> dict:
    return {"Success": True, "TotalCount": 5, "DAGInstanceList": {"DAGInstance": [{"Id": run} for run in runs]}}


def test_a_list_that_comes_in_pages_is_fetched_as_it_is_asked_for(client, recorder):
    recorder.told = [page(1, 2), page(3, 4), page(5)]
    runs = client.iterate(ListTaskFlowInstanceRequest(dag_id=15001, page_index=1, page_size=2))
    assert recorder.sent == []
    assert next(runs).id == 1
    assert len(recorder.sent) == 1
    assert [run.id for run in runs] == [2, 3, 4, 5]
    assert [dict(sent.query)["PageIndex"] for sent in recorder.sent] == ["1", "2", "3"]


def test_a_page_that_cannot_be_fetched_ends_the_list_with_its_error(client, recorder):
    recorder.told = [page(1, 2), {"Success": False, "ErrorCode": "InvalidParameterValid"}]
    runs = client.iterate(ListTaskFlowInstanceRequest(dag_id=15001, page_index=1, page_size=2))
    assert [next(runs).id, next(runs).id] == [1, 2]
    with pytest.raises(InvalidParameterError, match="ListTaskFlowInstance"):
        next(runs)


# ---------------------------------------------------------------------------------------------------------------
# Any other operation


def test_call_raw_writes_values_as_the_service_wants_them_and_gives_back_its_object(client, recorder):
    recorder.told = [{"RequestId": "4F", "UserList": [1]}]
    query = {"On": True, "Size": 50, "Ids": [1, 2], "Day": date(2022, 1, 14), "Name": "a+b 工", "Of": {"a": 1}}
    answer = client.call_raw("ListUsers", {**query, "No": None}, form={"Text": "x y"})
    assert answer == {"RequestId": "4F", "UserList": [1]}
    (sent,) = recorder.sent
    written = dict(sent.query)
    assert [written[name] for name in query] == ["true", "50", "[1,2]", "2022-01-14", "a+b 工", '{"a":1}']
    assert "No" not in written
    assert (sent.form, sent.headers["content-type"]) == ((("Text", "x y"),), "application/x-www-form-urlencoded")


def test_call_raw_leaves_the_tenant_to_whoever_names_it(client, recorder):
    client.call_raw("ListUsers", {"Tid": 7})
    client.call_raw("ListUsers", {"Tid": None})
    assert [dict(sent.query).get("Tid") for sent in recorder.sent] == ["7", None]


@pytest.mark.parametrize(("action", "times"), [("GetUser", 4), ("ListUsers", 4), ("RegisterUser", 1)])
def test_call_raw_repeats_only_what_reads(client, recorder, action, times):
    recorder.told = [{"status": "not the service"}] * 4
    with pytest.raises(Exception, match="Something other than the service answered"):
        client.call_raw(action)
    assert len(recorder.sent) == times


@pytest.mark.parametrize(
    ("action", "query", "said"),
    [
        ("", {}, "'' is no operation; write its name"),
        ("List Users", {}, "'List Users' is no operation"),
        ("GetUser\r\nHost: x", {}, "is no operation"),
        (None, {}, "None is no operation"),
        ("GetUser", {"Blob": b"x"}, "The parameter 'Blob' cannot be written from a bytes; give text, a number"),
        ("GetUser", {"Set": {1}}, "The parameter 'Set' cannot be written from a set"),
        ("GetUser", {"Name": "\ud800"}, "The parameter 'Name' cannot be written from a str"),
        ("GetUser", {7: "x"}, "The parameter 7 cannot be written"),
        ("GetUser", {"Action": "BackFill"}, "Action is for the client to write; leave it out"),
        ("GetUser", {"SignatureNonce": "1"}, "SignatureNonce is for the client to write"),
    ],
)
def test_call_raw_refuses_what_cannot_be_sent(client, recorder, action, query, said):
    with pytest.raises(InvalidRequestError) as raised:
        client.call_raw(action, query)
    assert said in str(raised.value)
    assert recorder.sent == []


# ---------------------------------------------------------------------------------------------------------------
# What it is made of


def test_the_environment_is_read_when_the_client_is_made(monkeypatch, recorder):
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "from-environment")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")
    monkeypatch.setenv("DMS_BACKFILL_ENDPOINT", "http://127.0.0.1:8080")
    client = Client(transport=recorder)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "later")
    monkeypatch.setenv("DMS_BACKFILL_ENDPOINT", "http://127.0.0.1:9090")
    client.call(START)
    (sent,) = recorder.sent
    assert (sent.host, dict(sent.query)["AccessKeyId"]) == ("127.0.0.1:8080", "from-environment")
    assert Client(transport=recorder, endpoint="https://dms.example").endpoint == "https://dms.example"


def test_it_is_keyword_only_immutable_and_shows_no_secret(client):
    with pytest.raises(TypeError):
        Client(KEY)
    with pytest.raises(TypeError, match="'retry' must be"):
        Client(credentials=KEY, retry=3)
    with pytest.raises(FrozenInstanceError):
        client.endpoint = "https://elsewhere"
    assert "hush" not in repr(client)
    assert "credentials=AccessKey(id='testid')" in repr(client)


def test_the_default_transport_keeps_to_the_clients_timeout():
    assert Client(credentials=KEY).transport.timeout == (5, 10)
    assert Client(credentials=KEY, timeout=(1, 2.5)).transport.timeout == (1, 2.5)


def test_leaving_it_closes_the_transport(client, recorder):
    with client as entered:
        assert entered is client
        assert not recorder.closed
    assert recorder.closed


@pytest.mark.parametrize("signature", ["rpc", "rpc-sha256", "acs3", "acs3-sm3"])
def test_every_attempt_has_a_nonce_of_its_own_and_waits_on_the_clients_clock(recorder, signature):
    clock = ManualClock()
    before = clock.now()
    stubborn = RetryPolicy(attempts=9, base=1, total=1000)
    client = Client(credentials=KEY, signature=signature, transport=recorder, clock=clock, retry=stubborn)
    recorder.told = [NotSentError("refused") for _ in range(8)]
    client.call(START)
    nonces = {dict(sent.query).get("SignatureNonce") or sent.headers["x-acs-signature-nonce"] for sent in recorder.sent}
    assert len(nonces) == len(recorder.sent) == 9
    assert all(len(nonce) == 32 for nonce in nonces)
    assert clock.now() > before


def test_the_user_agent_names_the_sdk_and_nothing_is_logged_above_debug(client, recorder, caplog):
    caplog.set_level(logging.DEBUG)
    client.call(START)
    assert recorder.sent[0].headers["user-agent"].startswith("dms-backfill-sdk/")
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}


def test_what_is_interrupted_lets_go_at_once_of_what_it_holds(client):
    held = ["a lock"]

    def interrupted():
        raise KeyboardInterrupt

    def talk():
        try:
            yield Do(interrupted)
        finally:
            held.clear()

    with pytest.raises(KeyboardInterrupt) as raised:
        client.run(talk())
    # Not only when the traceback, which keeps the conversation, is gone.
    assert raised.tb is not None
    assert held == []
