"""A BackFill over real sockets: whatever goes wrong, one that may have started reaches the service once."""

import json

import pytest

from dms_backfill_sdk import (
    AccessKey,
    BackFillRequest,
    Client,
    DmsError,
    InvalidParameterError,
    ManualClock,
    NotSentError,
    OutcomeUnknownError,
    RetryPolicy,
    ServerFaultError,
    ThrottledError,
)
from dms_backfill_sdk.transport.requests import RequestsTransport

START = BackFillRequest.between(15001, "2022-01-14", "2022-09-29")
ATTEMPTS = 4


def answer(status: str, body: object, *headers: str) -> bytes:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(written)}", *headers, "", ""))
    return head.encode() + written


def silence(_received, stopping):
    stopping.wait()
    yield b""


FAULTS = {
    "silence": (silence, OutcomeUnknownError),
    "hung up": (b"", OutcomeUnknownError),
    "hung up amid the headers": (b"HTTP/1.1 200 OK\r\nContent-Le", OutcomeUnknownError),
    "cut short": (b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"Success":true', OutcomeUnknownError),
    "cut short, and yet whole": (b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"Success":true}', OutcomeUnknownError),
    "no JSON": (answer("200 OK", b"{nonsense"), OutcomeUnknownError),
    "a login page": (answer("200 OK", b"<html>", "Content-Type: text/html"), OutcomeUnknownError),
    "a proxy's 403": (answer("403 Forbidden", b"<html>"), OutcomeUnknownError),
    "a proxy's 502": (answer("502 Bad Gateway", b"<html>"), ServerFaultError),
    "a proxy's 504": (answer("504 Gateway Timeout", b""), ServerFaultError),
    "a redirect": (answer("307 Temporary Redirect", b"", "Location: /?Action=BackFill"), OutcomeUnknownError),
    "an id that is none": (answer("200 OK", {"Success": True, "DagInstanceId": "?"}), OutcomeUnknownError),
    "a fault": (answer("500 Internal Server Error", {"Code": "InternalError", "Message": "m"}), ServerFaultError),
    "busy": (answer("503 Service Unavailable", {"Code": "ServiceUnavailable", "Message": "m"}), ServerFaultError),
    "a fault with 200": (answer("200 OK", {"Success": False, "ErrorCode": "UnknownError"}), ServerFaultError),
}


@pytest.fixture
def client_of():
    transport = RequestsTransport((10, 0.2))

    def make(host: str, scheme: str = "http", **changes) -> Client:
        return Client(
            credentials=AccessKey("testid", "testsecret"),
            endpoint=f"{scheme}://{host}",
            transport=transport,
            clock=ManualClock(),
            retry=RetryPolicy(attempts=ATTEMPTS),
            **changes,
        )

    yield make
    transport.close()


@pytest.mark.parametrize("signature", ["rpc", "acs3"])
@pytest.mark.parametrize(("told", "cls"), FAULTS.values(), ids=FAULTS)
def test_after_a_fault_that_leaves_it_open_the_service_has_seen_one(serve, client_of, told, cls, signature):
    server = serve(told)
    with pytest.raises(DmsError, match=r"^BackFill: .*It may have started\.") as raised:
        client_of(server.host, signature=signature).back_fill(START)
    assert type(raised.value) is cls
    assert len(server.received) == 1


def test_a_plain_no_is_not_asked_twice(serve, client_of):
    server = serve(answer("400 Bad Request", {"Code": "InvalidDagId", "Message": "m"}))
    with pytest.raises(InvalidParameterError, match="Nothing was started"):
        client_of(server.host).back_fill(START)
    assert len(server.received) == 1


def test_what_was_refused_before_processing_is_asked_again_until_it_is_let_in(serve, client_of):
    told = iter(
        [
            answer("400 Bad Request", {"Code": "Throttling.User", "Message": "m"}, "x-acs-retry-after: 1500"),
            answer("400 Bad Request", {"Code": "InvalidTimeStamp.Expired"}, "Date: Sat, 01 Oct 2022 03:00:00 GMT"),
            answer("200 OK", {"Success": True, "DagInstanceId": 470001, "NodeId": 470001, "RequestId": "4F"}),
        ]
    )
    server = serve(lambda _received, _stopping: iter([next(told)]), keep=True)
    assert client_of(server.host).back_fill(START).dag_instance_id == 470001
    assert (len(server.received), server.connections) == (3, 1)
    assert len({received.target for received in server.received}) == 3


def test_one_that_is_throttled_for_good_ends_with_its_attempts(serve, client_of):
    server = serve(answer("400 Bad Request", {"Code": "Throttling", "Message": "m"}), keep=True)
    with pytest.raises(ThrottledError, match="Nothing was started"):
        client_of(server.host).back_fill(START)
    assert len(server.received) == ATTEMPTS


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_one_that_never_got_through_says_that_nothing_was_started(client_of, nobody, scheme):
    with pytest.raises(NotSentError, match="Nothing was started"):
        client_of(nobody, scheme).back_fill(START)
