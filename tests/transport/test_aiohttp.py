"""Real sockets under asyncio: which of our errors each way of failing becomes, and what is never done."""

import asyncio
import contextlib
import socket
import traceback

import pytest
from attrs import evolve

from dms_backfill_sdk import InvalidRequestError, NotSentError, OutcomeUnknownError
from dms_backfill_sdk.transport.aiohttp import CONNECTIONS, AiohttpTransport

HUSH = "hush/+=%25 hush"


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


def sending(*requests, timeout=(10, 10)):
    """Send these one after another on a loop of their own and close; the answers, or the first error."""

    async def send():
        transport = AiohttpTransport(timeout)
        try:
            return [await transport.send(request) for request in requests]
        finally:
            await transport.close()

    return asyncio.run(send(), debug=True)


def test_a_refused_connection_was_not_sent(asking, nobody):
    with pytest.raises(NotSentError, match=f"Could not connect to {nobody}: .*Connect call failed"):
        sending(asking(nobody))


def test_a_host_that_nobody_knows_was_not_sent(asking):
    with pytest.raises(NotSentError, match=r"Could not connect to dms\.invalid"):
        sending(asking("dms.invalid", scheme="https"))


def test_a_certificate_that_nobody_vouches_for_stops_the_request(asking, serve, tls):
    server = serve(answer(), tls=tls)
    with pytest.raises(NotSentError, match="No trusted connection"):
        sending(asking(server.host, scheme="https"))
    assert server.received == []


def test_an_authority_named_in_the_environment_is_trusted(asking, serve, tls, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = serve(answer(), tls=tls)
    (response,) = sending(asking(server.host, scheme="https"))
    assert response.body == b'{"Success":true}'


def test_a_bundle_of_certificates_that_is_none_stops_the_request(asking, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(NotSentError):
        sending(asking(f"127.0.0.1:{server.getsockname()[1]}", scheme="https"))


def test_a_handshake_that_never_ends_was_not_sent(asking):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotSentError):
        sending(asking(f"127.0.0.1:{silent.getsockname()[1]}", scheme="https"), timeout=(0.1, 0.1))


def test_a_proxy_that_refuses_the_tunnel_stops_the_request(asking, serve, monkeypatch):
    proxy = serve(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    monkeypatch.setenv("https_proxy", f"http://user:hush-hush@{proxy.host}")
    with pytest.raises(NotSentError, match="403 Forbidden") as raised:
        sending(asking("dms.invalid", scheme="https"))
    assert [received.target for received in proxy.received] == ["dms.invalid:443"]
    assert "hush" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("headers", [{"x-acs-security-token": "hush\n"}, {"a b": "hush"}, {"": "hush"}])
def test_headers_that_cannot_be_written_are_refused_unsent_and_unquoted(asking, serve, headers):
    server = serve(answer())
    with pytest.raises(InvalidRequestError) as raised:
        sending(asking(server.host, headers=headers))
    assert server.connections == 0
    assert "hush" not in "".join(traceback.format_exception(raised.value))


BROKEN = {
    "hung up without a word": b"",
    "hung up amid the status": b"HTTP/1.",
    "something else than HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a body cut short": b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"Success":true}',
    "a chunk cut short": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    "no last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "no gzip at all": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_no_whole_answer_leaves_the_outcome_unknown_and_shows_no_secret(asking, serve, broken):
    server = serve(broken)
    asked = asking(
        server.host, query=(("Signature", HUSH), ("SecurityToken", HUSH)), headers={"x-acs-security-token": HUSH}
    )
    with pytest.raises(OutcomeUnknownError, match=f"The connection to {server.host} broke") as raised:
        sending(asked)
    assert len(server.received) == 1
    assert "hush" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("slow", [silence, dripping])
def test_an_answer_that_takes_too_long_leaves_the_outcome_unknown_in_time(asking, serve, slow):
    server = serve(slow)
    with pytest.raises(OutcomeUnknownError, match=rf"No whole answer from {server.host} within 0\.1 s"):
        sending(asking(server.host), timeout=(10, 0.1))
    assert len(server.received) == 1


def test_a_connection_kept_open_that_the_service_drops_is_not_tried_again(asking, serve):
    calls = iter([answer(), b""])
    server = serve(lambda _received, _stopping: iter([next(calls)]), keep=True)

    async def twice():
        transport = AiohttpTransport()
        await transport.send(asking(server.host))
        server.keep = False
        with pytest.raises(OutcomeUnknownError):
            await transport.send(asking(server.host))
        await transport.close()

    asyncio.run(twice(), debug=True)
    assert len(server.received) == 2


@pytest.mark.parametrize("awkward", ["a b+c&d=e%f*g~h", "工作流 😀", "line\nend\ttab", "", "'\"<>\\^`{|}"])
def test_what_is_meant_is_what_arrives(asking, serve, awkward):
    server = serve(answer())
    sent = asking(server.host, query=(("Name", awkward),), body=awkward.encode())
    sending(sent)
    (received,) = server.received
    assert received.target == sent.target
    assert received.body == awkward.encode()


def test_no_redirect_no_cookie_no_netrc_and_no_proxy_for_loopback(asking, serve, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server = serve(answer(b"{}", "302 Found", "Set-Cookie: session=1; Path=/", "Location: /elsewhere"), keep=True)
    asked = asking(server.host, headers={"user-agent": "sdk", "x-acs-action": "BackFill"})
    assert [response.status for response in sending(asked, asked)] == [302, 302]
    sent = ["accept-encoding", "content-length", "host", "user-agent", "x-acs-action"]
    assert [sorted(received.headers) for received in server.received] == [sent, sent]
    assert {received.target for received in server.received} == {asked.target}


def test_more_calls_than_connections_wait_their_turn_however_short_the_timeout_to_connect(asking, serve):
    server = serve(lambda received, _stopping: iter([answer(received.target.encode())]), keep=True)

    async def crowd():
        transport = AiohttpTransport((5, 10))
        asked = [asking(server.host, query=(("Call", str(call)),)) for call in range(3 * CONNECTIONS)]
        answers = await asyncio.gather(*map(transport.send, asked))
        await transport.close()
        return [each.body.decode() for each in answers] == [each.target for each in asked]

    assert asyncio.run(crowd())
    assert server.connections <= CONNECTIONS


def test_each_loop_has_a_session_of_its_own(asking, serve):
    server = serve(answer(), keep=True)
    transport = AiohttpTransport()

    async def once():
        try:
            return await transport.send(asking(server.host))
        finally:
            await transport.close()

    assert {asyncio.run(once()).status for _ in range(3)} == {200}
    assert server.connections == 3


async def cancelled_while(server, transport, request):
    """Cancel a request as soon as the server has it; how it ended."""
    sent = asyncio.create_task(transport.send(request))
    while not server.received:  # noqa: ASYNC110  the server is a thread, and knows no event
        await asyncio.sleep(0)
    sent.cancel()
    (ended,) = await asyncio.gather(sent, return_exceptions=True)
    await transport.close()
    return ended


def test_a_request_that_is_cancelled_after_it_was_sent_leaves_the_outcome_unknown(asking, serve):
    server = serve(silence)
    ended = asyncio.run(cancelled_while(server, AiohttpTransport(), asking(server.host)))
    assert isinstance(ended, OutcomeUnknownError)
    assert isinstance(ended.__cause__, asyncio.CancelledError)


def test_a_request_that_is_cancelled_before_there_was_a_connection_is_cancelled_and_no_more(asking):
    async def cancel():
        transport = AiohttpTransport()
        with contextlib.ExitStack() as stack:
            busy = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            for _ in range(2):  # one more than it has room for
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(busy.getsockname())
            sent = asyncio.create_task(transport.send(asking(f"127.0.0.1:{busy.getsockname()[1]}")))
            await asyncio.sleep(0)
            sent.cancel()
            (ended,) = await asyncio.gather(sent, return_exceptions=True)
        await transport.close()
        return ended

    assert isinstance(asyncio.run(cancel()), asyncio.CancelledError)


def test_a_request_is_shown_without_what_it_carries(asking):
    assert repr(AiohttpTransport((1, 2))) == "AiohttpTransport(timeout=(1.0, 2.0))"
    assert HUSH not in repr(evolve(asking("dms.example"), query=(("Signature", HUSH),)))
