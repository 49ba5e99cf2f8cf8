"""Tokens, keys and signatures stay out of all that may be shown: one secret is put everywhere, then searched for."""

import logging
import pickle
import socket
import threading
import traceback

import pytest
import requests

from dms_backfill_sdk import DmsError

HUSH = "hush/+=%25 hush"  # looks different wherever it is percent-encoded
WRITTEN = ("hush/", "hush%2F", "hush%252F", "%2520hush")


TALES = {
    "all well": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "hung up without a word": b"",
    "hung up amid the headers": b"HTTP/1.1 200 OK\r\nContent-Le",
    "headers that make no sense": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nno header at all\r\n\r\n{}",
    "something else than HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a body cut short": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    "a chunk cut short": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
}


def shown_of(error: DmsError) -> list[str]:
    """Everything that an error and what hangs on to it may show."""
    shown = [*traceback.format_exception(error), pickle.dumps(error).decode("latin-1")]
    link: BaseException | None = error
    while link:
        shown += [repr(link), str(link), repr(link.args), repr(vars(link))]
        link = link.__cause__ or link.__context__
    return shown


def is_clean(shown: list[str], caplog) -> bool:
    shown += [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    assert caplog.records  # there is a story told
    return not [text for text in shown if any(secret in text for secret in WRITTEN)]


@pytest.fixture
def loud(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture
def secretive(asking):
    """A request with the secret in its query and in its headers."""

    def ask(host, **changes):
        return asking(
            host,
            query=(("DagId", "1"), ("SecurityToken", HUSH), ("BearerToken", HUSH), ("Signature", HUSH)),
            headers={"x-acs-security-token": HUSH, "authorization": f"ACS3-HMAC-SHA256 Signature={HUSH}"},
            **changes,
        )

    return ask


@pytest.mark.parametrize("tale", TALES.values(), ids=TALES)
def test_no_error_and_no_log_record_holds_a_secret(secretive, transport, serve, loud, tale):
    asked = secretive(serve(tale).host)
    shown = [repr(asked), repr(transport)]
    try:
        shown.append(repr(transport.send(asked)))
    except DmsError as error:
        shown += shown_of(error)
    assert is_clean(shown, loud)


def test_neither_does_one_about_an_answer_that_never_came(secretive, hasty, loud):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DmsError) as raised:
        hasty.send(secretive(f"127.0.0.1:{silent.getsockname()[1]}"))
    assert is_clean(shown_of(raised.value), loud)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_neither_does_one_about_a_connection_that_did_not_come_about(secretive, transport, nobody, loud, scheme):
    with pytest.raises(DmsError) as raised:
        transport.send(secretive(nobody, scheme=scheme))
    assert is_clean(shown_of(raised.value), loud)


def test_the_log_of_other_requests_is_left_alone(transport, serve, loud):
    server = serve(TALES["all well"])
    other = threading.Thread(target=lambda: requests.get(f"http://{server.host}/?Signature=theirs", timeout=10))
    other.start()
    other.join()
    assert any("Signature=theirs" in record.getMessage() for record in loud.records)
