"""One call as a conversation, held by hand: no socket, no waiting."""

import itertools
import json
import logging
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk import (
    AccessKey,
    AuthenticationError,
    BackFillRequest,
    DmsError,
    GetTaskFlowGraphRequest,
    InvalidParameterError,
    ListTaskFlowInstanceRequest,
    ManualClock,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    RetryPolicy,
    ServerFaultError,
    ServiceError,
    StsToken,
    ThrottledError,
)
from dms_backfill_sdk.clock import ServiceClock
from dms_backfill_sdk.exchange import Call, Do, Sleep, call_of, converse
from dms_backfill_sdk.http import HttpRequest, HttpResponse
from dms_backfill_sdk.line import Line
from dms_backfill_sdk.signing import mechanism

START = BackFillRequest(dag_id=15001, back_fill_date="2022-01-14")
READ = GetTaskFlowGraphRequest(dag_id=15001)
LIST = ListTaskFlowInstanceRequest(dag_id=15001, page_index=1, page_size=1)
KEY = AccessKey("testid", "testsecret")
ATTEMPTS = 3


@define
class Held:
    """A conversation that was held to its end: what it asked for, and how it ended."""

    requests: list[HttpRequest] = field(factory=list)
    sleeps: list[float] = field(factory=list)
    result: object = None
    error: DmsError | None = None


def hold(call: Call, told: Iterator, *, clock=None, takes=0.0, credentials=KEY, signature="rpc", retry=None) -> Held:
    """Hold a conversation in which each answer takes some seconds to come."""
    clock = clock or ManualClock()
    numbers = itertools.count(1)
    line = Line(
        scheme="https",
        host="dms.example",
        mechanism=mechanism(signature),
        credentials=credentials,
        retry=retry or RetryPolicy(attempts=ATTEMPTS),
        clock=clock,
        service=ServiceClock(clock),
        nonce=lambda: f"nonce-{next(numbers)}",
        random=lambda: 0.5,
        user_agent="test",
    )
    held, talk = Held(), converse(call, line)
    try:
        wish = next(talk)
        while True:
            if isinstance(wish, Sleep):
                held.sleeps.append(wish.seconds)
                clock.sleep(wish.seconds)
                wish = talk.send(None)
                continue
            if isinstance(wish, Do):
                wish = talk.send(wish.act())
                continue
            held.requests.append(wish)
            clock.advance(timedelta(seconds=takes))
            answer = next(told)
            wish = talk.throw(answer) if isinstance(answer, DmsError) else talk.send(answer)
    except StopIteration as end:
        held.result = end.value
    except DmsError as error:
        held.error = error
    return held


def answer(status: int, body: object, **headers: str) -> HttpResponse:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, written)


def refused(status: int, code: str, message: str = "Words.", **headers: str) -> HttpResponse:
    return answer(status, {"Code": code, "Message": message, "RequestId": "4F"}, **headers)


def failed(code: str | None) -> HttpResponse:
    return answer(200, {"Success": False, "ErrorCode": code, "RequestId": "4F"})


GOOD = {"RequestId": "4F", "Success": True, "DagInstanceId": 470001, "NodeId": 470001}
HTML = b"<html><body>Sign in to the network</body></html>"
XML = b"<Error><Code>Throttling</Code><Message>Slow down</Message></Error>"

# fmt: off
#: What comes back → our error · may a BackFill have started · how often a BackFill is sent, and a read.
ANSWERS = {
    "could not connect": (NotSentError("refused"), NotSentError, False, ATTEMPTS, ATTEMPTS),
    "no answer": (OutcomeUnknownError("timed out"), OutcomeUnknownError, True, 1, ATTEMPTS),
    "Success: false, with a code": (failed("InvalidParameterValid"), InvalidParameterError, False, 1, 1),
    "Success: false, without one": (failed(None), ServiceError, False, 1, 1),
    'Success: "false"': (answer(200, {"Success": "False", "ErrorMessage": "no"}), ServiceError, False, 1, 1),
    "Success: false, of no known cause": (failed("UnknownError"), ServerFaultError, True, 1, ATTEMPTS),
    "Success: false with HTTP 404": (answer(404, {"Success": False}), NotFoundError, False, 1, 1),
    "a gateway's no": (refused(400, "InvalidDagId"), InvalidParameterError, False, 1, 1),
    "a fault": (refused(500, "InternalError"), ServerFaultError, True, 1, ATTEMPTS),
    "busy": (refused(503, "ServiceUnavailable"), ServerFaultError, True, 1, ATTEMPTS),
    "throttled": (refused(400, "Throttling.User"), ThrottledError, False, ATTEMPTS, ATTEMPTS),
    "throttled by a proxy": (answer(429, HTML), ThrottledError, False, ATTEMPTS, ATTEMPTS),
    "nonce used": (refused(400, "SignatureNonceUsed"), AuthenticationError, True, 1, ATTEMPTS),
    "expired": (refused(400, "InvalidTimeStamp.Expired"), AuthenticationError, False, ATTEMPTS, ATTEMPTS),
    "HTML with 200": (answer(200, HTML, content_type="text/html"), OutcomeUnknownError, True, 1, ATTEMPTS),
    "HTML with 403": (answer(403, HTML, content_type="text/html"), OutcomeUnknownError, True, 1, ATTEMPTS),
    "HTML with 502": (answer(502, HTML, content_type="text/html"), ServerFaultError, True, 1, ATTEMPTS),
    "XML with 200": (answer(200, b"<R><Success>true</Success></R>"), OutcomeUnknownError, True, 1, ATTEMPTS),
    "XML with 400": (answer(400, XML, content_type="text/xml"), OutcomeUnknownError, True, 1, ATTEMPTS),
    "nothing": (answer(200, b""), OutcomeUnknownError, True, 1, ATTEMPTS),
    "half a body": (answer(200, b'{"Success":true,'), OutcomeUnknownError, True, 1, ATTEMPTS),
    "a list": (answer(200, [GOOD]), OutcomeUnknownError, True, 1, ATTEMPTS),
    "another object": (answer(200, {"status": "ok"}), OutcomeUnknownError, True, 1, ATTEMPTS),
    "a nest too deep": (answer(200, b"[" * 100_000), OutcomeUnknownError, True, 1, ATTEMPTS),
    "bytes that are no text": (answer(200, b'{"Success":\xff}'), OutcomeUnknownError, True, 1, ATTEMPTS),
    "a number too long": (answer(200, b'{"Success":%b}' % (b"9" * 5000)), OutcomeUnknownError, True, 1, ATTEMPTS),
    "a redirect": (answer(302, b"", location="https://elsewhere"), OutcomeUnknownError, True, 1, ATTEMPTS),
    "a redirect that looks like a yes": (answer(302, GOOD, location="/"), OutcomeUnknownError, True, 1, ATTEMPTS),
    "nothing new": (answer(304, b""), OutcomeUnknownError, True, 1, ATTEMPTS),
}
# fmt: on


@pytest.mark.parametrize("request_", [START, READ], ids=["BackFill", "a read"])
@pytest.mark.parametrize(("told", "cls", "started", "sent", "sent_if_read"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_becomes_its_error_and_a_backfill_that_may_have_started_is_sent_once(
    request_, told, cls, started, sent, sent_if_read
):
    held = hold(call_of(request_), itertools.repeat(told))
    assert type(held.error) is cls
    assert held.error.action == request_.action
    assert held.error.may_have_started is (started and request_ is START)
    assert len(held.requests) == (sent if request_ is START else sent_if_read)
    assert len(held.sleeps) == len(held.requests) - 1
    assert type(pickle.loads(pickle.dumps(held.error))) is cls


@pytest.mark.parametrize(
    ("body", "name"),
    [({**GOOD, "DagInstanceId": "no number"}, "DagInstanceId"), ({**GOOD, "Success": "perhaps"}, "Success")],
)
def test_a_yes_that_cannot_be_read_leaves_the_outcome_unknown_and_says_why(body, name):
    held = hold(call_of(START), iter([answer(200, body)]))
    assert isinstance(held.error, OutcomeUnknownError)
    assert f"{name} cannot be read" in str(held.error)
    assert "It may have started. Look at the flow's runs" in str(held.error)
    assert isinstance(held.error.__cause__, ValueError)


@pytest.mark.parametrize(
    "body", [GOOD, {"RequestId": "4F", "DagInstanceId": 470001}, {**GOOD, "ErrorCode": "UnknownError"}]
)
def test_a_yes_is_a_yes_also_without_success_and_with_the_placeholders_of_the_documents(body):
    held = hold(call_of(START), iter([answer(200, body)]))
    assert (held.result.dag_instance_id, held.result.request_id) == (470001, "4F")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
field_names = st.sampled_from(
    [
        *("Success", "RequestId", "Code", "Message", "ErrorCode", "ErrorMessage", "Recommend", "AccessDeniedDetail"),
        *("DagInstanceId", "NodeId", "DAGInstanceList", "TotalCount"),
    ]
)
a_run = st.dictionaries(st.sampled_from(["Id", "Status", "BusinessTime", "startTime", "DagId"]), json_values)
a_list = a_run.map(lambda run: {"DAGInstance": [run]})
bodies = st.dictionaries(field_names, json_values | a_list)
headers = st.dictionaries(
    st.sampled_from(["date", "x-acs-retry-after", "content-type", "location"]), st.text(max_size=20)
)


@given(st.integers(100, 599), headers, bodies, st.sampled_from([START, LIST]))
def test_whatever_comes_back_it_is_an_answer_or_one_of_our_errors(status, given_headers, body, request_):
    told = itertools.repeat(HttpResponse(status, given_headers, json.dumps(body).encode()))
    held = hold(call_of(request_), told)
    if held.error is None:
        assert 200 <= status < 300
    else:
        assert str(held.error).encode()
        assert isinstance(held.error, OutcomeUnknownError | ServiceError)


# ---------------------------------------------------------------------------------------------------------------
# Each attempt


def test_each_attempt_is_signed_anew_with_a_fresh_nonce_and_time():
    turns = iter([AccessKey("first", "secret"), StsToken("second", "secret", "token")])
    told = iter([refused(400, "Throttling"), answer(200, GOOD)])
    held = hold(call_of(START), told, credentials=lambda: next(turns), takes=2)
    first, second = (dict(request.query) for request in held.requests)
    assert (first["SignatureNonce"], second["SignatureNonce"]) == ("nonce-1", "nonce-2")
    assert (first["Timestamp"], second["Timestamp"]) == ("2022-10-01T00:00:00Z", "2022-10-01T00:00:02Z")
    assert (first["AccessKeyId"], second["AccessKeyId"], second["SecurityToken"]) == ("first", "second", "token")
    assert first["Signature"] != second["Signature"]
    assert held.result.dag_instance_id == 470001


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=-400)])
@pytest.mark.parametrize("signature", ["rpc", "acs3"])
def test_a_wrong_clock_is_set_right_by_the_services_own(ahead, signature):
    clock = ManualClock()
    late = refused(400, "InvalidTimeStamp.Expired", date=format_datetime(clock.now() + ahead, usegmt=True))
    held = hold(call_of(START), iter([late, answer(200, GOOD)]), clock=clock, signature=signature)
    second = held.requests[1]
    signed = dict(second.query).get("Timestamp") or second.headers["x-acs-date"]
    assert signed == f"{datetime(2022, 10, 1, tzinfo=UTC) + ahead:%Y-%m-%dT%H:%M:%SZ}"
    assert held.result.dag_instance_id == 470001


@pytest.mark.parametrize(
    "date",
    [
        "",
        "soon",
        f"Sat, 01 Oct 2022 {'9' * 30}:00:00 GMT",
        "Sat, 01 Oct 2022 00:00:00 -0000",
        "Fri, 31 Dec 9999 23:59:59 -2359",
    ],
)
def test_a_date_that_is_none_leaves_the_clock_alone(date):
    late = refused(400, "InvalidTimeStamp.Expired", date=date)
    held = hold(call_of(START), iter([late, answer(200, GOOD)]))
    assert dict(held.requests[1].query)["Timestamp"] == "2022-10-01T00:00:00Z"


@pytest.mark.parametrize("written", ["2500", "0", "", "soon", "-5", "9" * 400])
def test_the_service_is_given_the_time_it_asks_for_in_milliseconds(written):
    held = hold(call_of(START), iter([refused(400, "Throttling", x_acs_retry_after=written), answer(200, GOOD)]))
    assert held.sleeps == [2.6 if written == "2500" else 0.1]
    assert held.result.dag_instance_id == 470001


def test_no_attempt_begins_after_the_total_time():
    patient = RetryPolicy(attempts=99, total=60)
    held = hold(call_of(READ), itertools.repeat(OutcomeUnknownError("slow")), retry=patient, takes=25)
    assert len(held.requests) == 3


def test_only_what_is_on_the_list_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    told = iter([refused(400, "Throttling", "hush"), answer(200, GOOD)])
    hold(call_of(START), told, credentials=StsToken("id", "hush", "hush"))
    assert [record.getMessage() for record in caplog.records if record.name == "dms_backfill_sdk"] == [
        "BackFill: ThrottledError after 0:00:00, attempt 1",
        "BackFill: answered in 0:00:00, attempt 2",
    ]
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
