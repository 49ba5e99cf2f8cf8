"""Real sockets: which of our errors each way of failing becomes, and what is never done."""

import contextlib
import gc
import gzip
import socket
import struct
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from dms_backfill_sdk import InvalidRequestError, NotSentError, OutcomeUnknownError
from dms_backfill_sdk.http import HttpRequest, HttpResponse
from dms_backfill_sdk.transport import kept
from dms_backfill_sdk.transport.requests import RequestsTransport


def answer(body: bytes = b'{"Success":true}', status: str = "200 OK", *headers: str) -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""))
    return head.encode() + body


def silence(_received, stopping):
    stopping.wait()
    yield b""


def dripping(_received, stopping):
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    while not stopping.wait(0.01):
        yield b" "


def dripping_chunks(_received, stopping):
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    while not stopping.wait(0.01):
        yield b"1\r\n \r\n"


def host_of(listener: socket.socket) -> str:
    return f"127.0.0.1:{listener.getsockname()[1]}"


# ---------------------------------------------------------------------------------------------------------------
# Never seen by the service


def test_a_refused_connection_was_not_sent(asking, transport, nobody):
    with pytest.raises(NotSentError, match=f"Could not connect to {nobody}: .*refused"):
        transport.send(asking(nobody))


def test_a_host_that_nobody_knows_was_not_sent(asking, transport):
    with pytest.raises(NotSentError, match=r"Could not connect to dms\.invalid"):
        transport.send(asking("dms.invalid", scheme="https"))


def test_a_connection_that_is_never_accepted_was_not_sent(asking, hasty):
    with contextlib.ExitStack() as stack:
        busy = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(2):  # one more than it has room for
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(busy.getsockname())
        with pytest.raises(NotSentError, match="timed out"):
            hasty.send(asking(host_of(busy)))


def test_a_certificate_that_nobody_vouches_for_stops_the_request(asking, transport, serve, tls):
    server = serve(answer(), tls=tls)
    with pytest.raises(NotSentError, match="No trusted connection"):
        transport.send(asking(server.host, scheme="https"))
    assert server.received == []


def test_tls_to_a_port_that_speaks_none_was_not_sent(asking, transport, serve):
    server = serve(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(NotSentError, match="No trusted connection"):
        transport.send(asking(server.host, scheme="https"))


def test_a_handshake_that_never_ends_was_not_sent(asking, hasty):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotSentError):
        hasty.send(asking(host_of(silent), scheme="https"))


@pytest.mark.parametrize("bundle", ["none.pem", "empty.pem"])
def test_a_bundle_of_certificates_that_is_none_stops_the_request(asking, transport, monkeypatch, tmp_path, bundle):
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / bundle))
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(NotSentError):
        transport.send(asking(host_of(server), scheme="https"))


def test_a_proxy_that_refuses_the_tunnel_stops_the_request(asking, transport, serve, monkeypatch):
    proxy = serve(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:hush-hush@{proxy.host}")
    with pytest.raises(NotSentError, match="403 Forbidden") as raised:
        transport.send(asking("dms.invalid", scheme="https"))
    assert [received.target for received in proxy.received] == ["dms.invalid:443"]
    assert "hush" not in "".join(traceback.format_exception(raised.value))


def test_headers_that_cannot_be_written_are_refused_unsent_and_unquoted(asking, transport, serve):
    server = serve(answer())
    broken = asking(server.host, headers={"x-acs-security-token": "hu" + "sh\n"})
    with pytest.raises(InvalidRequestError) as raised:
        transport.send(broken)
    assert server.connections == 0
    assert "hush" not in "".join(traceback.format_exception(raised.value))


# ---------------------------------------------------------------------------------------------------------------
# Sent, and who knows

BROKEN = {
    "hung up without a word": b"",
    "hung up amid the status": b"HTTP/1.",
    "something else than HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a body cut short": b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"Success":true}',
    "no chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a chunk cut short": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    "no last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "no gzip at all": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_no_whole_answer_leaves_the_outcome_unknown_and_is_never_sent_again(asking, transport, serve, broken):
    server = serve(broken)
    with pytest.raises(OutcomeUnknownError, match=f"The connection to {server.host} broke"):
        transport.send(asking(server.host))
    assert len(server.received) == 1


@pytest.mark.parametrize("slow", [silence, dripping, dripping_chunks])
def test_an_answer_that_takes_too_long_leaves_the_outcome_unknown_in_time(asking, hasty, serve, slow):
    server = serve(slow)
    began = time.monotonic()
    with pytest.raises(OutcomeUnknownError, match=rf"No whole answer from {server.host} within 0\.1 s"):
        hasty.send(asking(server.host))
    assert time.monotonic() - began < 2  # generous to a busy machine; the answer would never have ended
    assert len(server.received) == 1


def test_a_connection_that_is_reset_leaves_the_outcome_unknown(asking, transport):
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def reset():
            connection, _ = server.accept()
            connection.recv(65536)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        done = pool.submit(reset)
        with pytest.raises(OutcomeUnknownError) as raised:
            transport.send(asking(host_of(server)))
        done.result()
    assert isinstance(raised.value.__cause__, ConnectionResetError)


def test_a_connection_kept_open_that_the_service_drops_is_not_tried_again(asking, transport, serve):
    def told(_received, _stopping):
        # It hangs up over the second request itself: any sooner, and the client would notice before it sends.
        if len(server.received) == 2:
            server.keep = False
        else:
            yield answer()

    server = serve(told, keep=True)
    transport.send(asking(server.host))
    with pytest.raises(OutcomeUnknownError):
        transport.send(asking(server.host))
    assert len(server.received) == 2


def test_a_connection_kept_open_that_the_service_dropped_meanwhile_is_made_anew(asking, transport):
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def once():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer())

        for _ in range(3):
            done = pool.submit(once)
            assert transport.send(asking(host_of(server))).status == 200
            done.result()


def test_what_the_caller_was_just_dealing_with_says_nothing_about_this_request(asking, transport, serve, nobody):
    server = serve(b"")
    try:
        requests.get(f"http://{nobody}", timeout=10)
    except requests.ConnectionError:
        with pytest.raises(OutcomeUnknownError):
            transport.send(asking(server.host))


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(b"HTTP/1.1 200 OK\r\n".__add__)))
def test_whatever_bytes_come_back_there_is_an_answer_or_one_of_our_errors(told):
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def tell():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(told)

        done = pool.submit(tell)
        transport = RequestsTransport((10, 10))
        asked = HttpRequest(method="POST", scheme="http", host=host_of(server))
        try:
            assert isinstance(transport.send(asked), HttpResponse)
        except OutcomeUnknownError as unknown:
            assert unknown.what  # noqa: PT017  either will do
        finally:
            transport.close()
            done.result()


# ---------------------------------------------------------------------------------------------------------------
# Sent and answered


@pytest.mark.parametrize("awkward", ["a b+c&d=e%f*g~h", "工作流 😀", "line\nend\ttab", "", "'\"<>\\^`{|}"])
def test_what_is_meant_is_what_arrives(asking, transport, serve, awkward):
    server = serve(answer())
    sent = asking(server.host, query=(("Name", awkward),), body=awkward.encode())
    transport.send(sent)
    (received,) = server.received
    assert received.target == sent.target
    assert received.body == awkward.encode()


@pytest.mark.parametrize(
    ("told", "status", "body"),
    [
        (answer(b"<html>gateway</html>", "502 Bad Gateway", "Content-Type: text/html"), 502, b"<html>gateway</html>"),
        (answer(b"", "302 Found", "Location: http://127.0.0.1:1/elsewhere"), 302, b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200, b"{}"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", 200, b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Le", 200, b""),  # hung up amid the headers: whoever reads JSON will notice
        (answer(b"\xff\xfe"), 200, b"\xff\xfe"),
        (answer(gzip.compress(b"{}"), "200 OK", "Content-Encoding: gzip"), 200, b"{}"),
    ],
)
def test_any_answer_is_handed_over_as_it_is_and_no_redirect_is_followed(asking, transport, serve, told, status, body):
    server = serve(told)
    response = transport.send(asking(server.host))
    assert (response.status, response.body) == (status, body)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "told",
    [answer(), answer(b"", "500 Oh"), b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
)
def test_twenty_calls_take_one_connection(asking, transport, serve, told):
    server = serve(lambda _received, _stopping: iter([told]), keep=True)
    for _ in range(20):
        transport.send(asking(server.host))
    assert (len(server.received), server.connections) == (20, 1)


def test_32_threads_share_a_transport_and_each_gets_its_own_answer(asking, transport, serve):
    server = serve(lambda received, _stopping: iter([answer(received.target.encode())]), keep=True)

    def talk(thread: int) -> bool:
        asked = [asking(server.host, query=(("Call", f"{thread}-{call}"),)) for call in range(20)]
        return all(transport.send(each).body.decode() == each.target for each in asked)

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(talk, range(32)))
    assert len(server.received) == 640
    assert server.connections <= 32


def test_of_many_connections_no_more_are_kept_than_there_is_room_for(asking, transport, serve, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 1)
    together = threading.Barrier(2)

    def told(_received, _stopping):
        together.wait(10)
        yield answer()

    server = serve(told, keep=True)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            list(pool.map(transport.send, [asking(server.host)] * 2))
    assert server.connections == 3


def test_a_transport_that_nobody_closed_leaves_no_connection_open(asking):
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def until_the_end():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer())
                return connection.recv(65536)

        done = pool.submit(until_the_end)
        RequestsTransport((10, 10)).send(asking(host_of(server)))
        gc.collect()
        assert done.result(10) == b""


def test_an_authority_named_in_the_environment_is_trusted(asking, transport, serve, tls, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = serve(answer(), tls=tls)
    assert transport.send(asking(server.host, scheme="https")).body == b'{"Success":true}'


def test_no_cookie_no_netrc_and_no_proxy_for_loopback(asking, transport, serve, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server = serve(answer(b"{}", "200 OK", "Set-Cookie: session=1; Path=/"), keep=True)
    for _ in range(2):
        transport.send(asking(server.host, headers={"user-agent": "sdk", "x-acs-action": "BackFill"}))
    sent = ["accept-encoding", "content-length", "host", "user-agent", "x-acs-action"]
    assert [sorted(received.headers) for received in server.received] == [sent, sent]
    assert not transport._session.cookies
