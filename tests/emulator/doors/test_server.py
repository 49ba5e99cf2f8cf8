"""The HTTP door: where it stands, how it ends, and that nothing that is sent to it makes it stumble."""

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from dms_backfill_sdk import AccessKey, Emulator, Fault, Key, ListUserTenantsRequest, OutcomeUnknownError
from dms_backfill_sdk.http import HttpRequest
from dms_backfill_sdk.signing import mechanism

#: Seconds: far more than anything here takes.
LONG = 15


@contextlib.contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=LONG) as connection:
        yield connection


def everything(connection: socket.socket) -> bytes:
    """What arrives until the other side hangs up."""
    arrived = b""
    # A server that hangs up on what it has not read yet resets the connection.
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            arrived += part
    return arrived


def answer_to(url: str, sent: bytes) -> bytes:
    with connected(url) as connection:
        with contextlib.suppress(OSError):  # it may have been hung up on in the middle
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        return everything(connection)


@pytest.fixture
def undisturbed(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing that happens in the test may leave an error or a traceback behind."""
    yield
    assert complaints(caplog) == []
    assert "Traceback" not in "".join(capfd.readouterr())


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]


#: What uvicorn says when it ends in spite of somebody who has not been answered.
CANCELLED = "Cancel 1 running task(s), timeout graceful shutdown exceeded"


# -- where it stands and how it ends -------------------------------------------------------------------------------


def test_it_stands_on_a_free_loopback_port_unless_told_otherwise(emulator: Emulator):
    with emulator.serve() as one, emulator.serve() as other:
        assert one.url != other.url
        for server in (one, other):
            assert server.url.startswith("http://127.0.0.1:")
            assert not server.url.endswith(":0")
            assert requests.get(server.url, timeout=LONG).status_code == 400
        assert repr(one) == f"Server({one.url!r})"


def test_it_stands_on_the_port_that_is_asked_for(emulator: Emulator):
    with emulator.serve() as server:
        port = urlsplit(server.url).port
        with pytest.raises(OSError, match="in use"):
            emulator.serve(port=port)
    with emulator.serve(port=port) as again:
        assert again.url == server.url
        assert requests.get(again.url, timeout=LONG).status_code == 400


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_it_can_stand_on_ipv6(emulator: Emulator):
    with emulator.serve(host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert requests.get(server.url, timeout=LONG).status_code == 400


def test_two_emulators_know_nothing_of_each_other():
    one, other = Emulator(), Emulator()
    with one.serve() as server, other.serve():
        requests.get(server.url, timeout=LONG)
    assert (len(one.journal.entries), len(other.journal.entries)) == (1, 0)
    for emulator in (one, other):
        emulator.close()


def test_it_ends_though_clients_hold_on_to_it(served, caplog: pytest.LogCaptureFixture):
    """An idle connection, half a head, half a body."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(served.emulator.serve())
        for sent in (b"", b"POST / HTT", b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"):
            connection = stack.enter_context(connected(server.url))
            connection.sendall(sent)
        with requests.Session() as idle:
            idle.get(server.url, timeout=LONG)
            began = time.monotonic()
            server.stop()
            assert time.monotonic() - began < LONG
    with pytest.raises(ConnectionRefusedError), connected(server.url):
        pass
    assert complaints(caplog) == [CANCELLED]


def test_it_ends_though_an_answer_is_delayed(emulator: Emulator, caplog: pytest.LogCaptureFixture):
    emulator.plan_fault(Fault(delay=3600))
    with emulator.serve() as server, connected(server.url) as connection:
        connection.sendall(raw(signed(emulator, server.url)))
        while not emulator.journal.acted("ListUserTenants"):
            time.sleep(0)  # let the server have its turn
        # Nobody else has to wait for it.
        assert requests.get(server.url, timeout=LONG).status_code == 400
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < LONG
        assert everything(connection) == b""
    assert complaints(caplog) == [CANCELLED]


def test_the_logging_of_the_process_is_left_alone(emulator: Emulator):
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")]
    before = [(logger.level, logger.handlers[:], logger.propagate) for logger in loggers]
    with emulator.serve() as server:
        requests.get(server.url, timeout=LONG)
    assert [(logger.level, logger.handlers[:], logger.propagate) for logger in loggers] == before


def test_no_address_that_was_asked_for_is_logged(served, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    answer_to(served.address, b"GET /?SecurityToken=hush HTTP/1.1\r\nHost: h\r\n\r\n")
    assert "hush" not in caplog.text


def test_an_answer_comes_in_one_go(served):
    """Head and body apart would take 40 ms, until the client's system has acknowledged the head."""
    client, times = served.client(), []
    for _ in range(20):
        began = time.monotonic()
        client.list_user_tenants(ListUserTenantsRequest())
        times.append(time.monotonic() - began)
    assert sorted(times)[10] < 0.03


@pytest.mark.parametrize("fault", [Fault(drop=True), Fault(truncate=True)])
def test_a_connection_that_is_broken_on_purpose_is_nothing_to_complain_of(served, undisturbed, fault: Fault):
    served.emulator.plan_fault(fault)
    with pytest.raises(OutcomeUnknownError):
        served.client().list_user_tenants(ListUserTenantsRequest())
    assert served.client().list_user_tenants(ListUserTenantsRequest()).tenant_list


# -- what is sent to it --------------------------------------------------------------------------------------------


def signed(emulator: Emulator, url: str, key: AccessKey | None = None, **parts) -> HttpRequest:
    headers = {"x-acs-action": "ListUserTenants", "x-acs-version": "2018-11-01", "host": urlsplit(url).netloc}
    unsigned = HttpRequest("POST", "http", headers["host"], headers=headers, **parts)
    credentials = key or AccessKey("testid", "testsecret")
    return mechanism("rpc").sign(unsigned, credentials, now=emulator.clock.now(), nonce=f"{time.monotonic_ns()}")


def raw(request: HttpRequest) -> bytes:
    lines = (f"{request.method} {request.target} HTTP/1.1", *(f"{k}: {v}" for k, v in request.headers.items()))
    return "\r\n".join((*lines, f"content-length: {len(request.body)}", "", "")).encode() + request.body


GARBAGE = {
    "no HTTP": b"\x00\xff garbage \r\n\r\n",
    "a TLS greeting": bytes.fromhex("16030100c8010000c40303") + bytes(200) + b"\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an invalid request line": b"GET / / HTTP/1.1\r\nHost: h\r\n\r\n",
    "an invalid method": b"G\x01T / HTTP/1.1\r\nHost: h\r\n\r\n",
    "a method that nobody knows": b"BREW /?Format=JSON HTTP/1.1\r\nHost: h\r\n\r\n",
    "a method for proxies": b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n",
    "a star for a target": b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    "a wish for HTTP/2": b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "a wish for a web socket": b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "bytes in the target": b"GET /?a=\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n",
    "NUL in the target": b"GET /\x00 HTTP/1.1\r\nHost: h\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: h\r\nA: \x00\r\n\r\n",
    "a nameless header": b"GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
    "a huge header": b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"a" * 3_000_000 + b"\r\n\r\n",
    "a head without end": b"GET / HTTP/1.1\r\nHost: h\r\n" + b"A: a\r\n" * 500_000,
    "an address without end": b"GET /" + b"a" * 3_000_000,
    "a length that is none": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
    "a negative length": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    "an unknown encoding": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x\r\n\r\n",
    "an invalid chunk": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "an invalid second chunk": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n",
    "half a head": b"GET / HTTP/1.1\r\nHos",
    "half a body": b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
    "a body too many": b"GET / HTTP/1.1\r\nHost: h\r\n\r\nabc\x00\r\n\r\n",
    "nothing": b"",
    "line ends": b"\r\n" * 20,
}


@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_gets_an_error_of_the_services_shape_or_is_hung_up_on(served, undisturbed, sent: bytes):
    arrived = answer_to(served.address, sent)
    # Whatever came first, the last answer is a refusal.
    if arrived:
        head, _, body = arrived.rpartition(b"\r\n\r\n")
        assert b"HTTP/1.1 400 Bad Request\r\n" in head
        if b"application/json" in head.rpartition(b"HTTP/1.1")[2]:
            refused = json.loads(body)
            assert refused["Code"] == "InvalidParameter"
            assert refused["Message"].startswith("This is no HTTP request: ")
            assert len(refused["RequestId"]) == 36
        else:
            assert b"<Error><RequestId>" in body
    assert served.client().list_user_tenants(ListUserTenantsRequest()).tenant_list


def test_a_request_that_broke_off_was_never_made(served, undisturbed):
    """A bearer token needs no signature, so half a body would look like a whole request."""
    emulator = served.emulator
    emulator.keyring.add(Key(id="role", token="token"))
    query = (
        "Action=CreateTaskFlow&Version=2018-11-01&SignatureType=BEARERTOKEN&BearerToken=token&SignatureNonce=once"
        f"&Timestamp={emulator.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    )
    head = f"POST /?{query} HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
    assert answer_to(served.address, f"{head}20\r\n\r\nDagName=daily".encode()) == b""
    assert not emulator.world.flows
    assert not emulator.journal.entries
    assert b"Success" in answer_to(served.address, f"{head}13\r\nConnection: close\r\n\r\nDagName=daily".encode())
    assert [flow.name for flow in emulator.world.flows.values()] == ["daily"]


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_other_methods_are_not_supported(served, undisturbed, method: str):
    response = requests.request(method, f"{served.address}/?Format=JSON", timeout=LONG)
    assert response.status_code == 400
    assert response.text == "" if method == "HEAD" else response.json()["Code"] == "UnsupportedHTTPMethod"


def test_a_long_query_is_read_though_it_comes_in_pieces(served, undisturbed):
    request = signed(served.emulator, served.address, query=(("Long", "x" * 900_000),))
    with connected(served.address) as connection:
        sent = raw(request)
        for piece in range(0, len(sent), 100_000):
            connection.sendall(sent[piece : piece + 100_000])
        assert connection.recv(15) == b"HTTP/1.1 200 OK"


def test_a_body_may_come_in_chunks(served):
    request = signed(served.emulator, served.address)
    head = raw(request).replace(b"content-length: 0", b"transfer-encoding: chunked\r\nconnection: close")
    assert answer_to(served.address, head + b"3\r\nabc\r\n0\r\n\r\n").startswith(b"HTTP/1.1 200 OK")


def test_requests_on_one_connection_are_answered_in_order(served):
    signed_ones = [raw(signed(served.emulator, served.address)) for _ in range(3)]
    unsigned = b"GET /?Format=JSON HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    arrived = answer_to(served.address, b"".join(signed_ones) + unsigned)
    assert [part[:3] for part in arrived.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"200", b"400"]


def test_many_clients_at_once_get_each_their_answer(served):
    seen: list[int] = []

    def call() -> None:
        with requests.Session() as session:
            for _ in range(10):
                response = session.post(signed(served.emulator, served.address).url, timeout=LONG)
                seen.append(response.status_code)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert seen == [200] * 80
