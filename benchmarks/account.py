"""What one call costs, line by line: each step alone on the same request and answer, and what is left between them."""

import http.client
import socket
from collections.abc import Callable
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from benchmarks.contenders import BARE, KEY, OFFICIAL, OURS, ours, synchronous
from benchmarks.measure import cpu, server, side_by_side
from benchmarks.wire_server import ANSWER, BODY
from dms_backfill_sdk import BackFillResponse, Client
from dms_backfill_sdk.answer import read
from dms_backfill_sdk.exchange import call_of
from dms_backfill_sdk.http import HttpRequest, HttpResponse
from dms_backfill_sdk.signing import rpc
from dms_backfill_sdk.transport.requests import RequestsTransport
from dms_backfill_sdk.wire import decode_body

#: What the server's answer comes to when it has been read.
ANSWERED = HttpResponse(
    200, {"date": "Sat, 14 Jan 2023 08:00:00 GMT", "content-type": "application/json;charset=utf-8"}, BODY
)
REQUEST, VALUES, SIGN, READ = "the request object", "writing its values", "signing", "reading the answer"
HELD, SENT, SOCKET = "no transport", "transport alone", "a socket"
CONNECTION, HTTP = "urllib3's connection", "http.client's connection"
#: What the transport does without.
POOL, ADAPTER = "urllib3's pool", "requests' adapter and its pool"


class Held:
    """A transport that keeps what it is given, and answers without sending it."""

    sent: HttpRequest

    def send(self, request: HttpRequest) -> HttpResponse:
        self.sent = request
        return ANSWERED

    def close(self) -> None:
        pass


def _body(answer: Any) -> bytes:
    parts = []
    while part := answer.read1(65536):
        parts.append(part)
    return b"".join(parts)


def _steps(host: str) -> dict[str, Callable[[], object]]:
    held = Held()
    client = Client(credentials=KEY, endpoint=f"http://{host}", transport=held)
    client.back_fill(ours())
    request, signed = ours(), held.sent
    unsigned = HttpRequest("POST", "http", host, "/", call_of(request).query, signed.headers)
    headers, target = dict(signed.headers), signed.target
    transport = RequestsTransport(client.timeout)
    name, port = host.split(":")
    kept, standard = HTTPConnection(name, int(port), timeout=10), http.client.HTTPConnection(host, timeout=10)
    pool, adapter = urllib3.HTTPConnectionPool(name, int(port), timeout=10), HTTPAdapter()
    once: dict[str, Any] = {"retries": False, "redirect": False, "assert_same_host": False, "preload_content": False}
    bare = socket.create_connection((name, int(port)), timeout=10)
    lines = [f"POST {target} HTTP/1.1", f"Host: {host}", "Accept-Encoding: identity", "Content-Length: 0"]
    written = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()

    def by_connection() -> bytes:
        kept.request("POST", target, headers=headers, preload_content=False)
        return _body(kept.getresponse())

    def by_pool() -> bytes:
        return _body(pool.urlopen("POST", target, headers=headers, **once))

    def by_adapter() -> bytes:
        prepared = requests.Request("POST", f"http://{host}{target}", headers=headers).prepare()
        return _body(adapter.send(prepared, stream=True, timeout=client.timeout).raw)

    def by_http_client() -> bytes:
        standard.request("POST", target, headers=headers)
        return standard.getresponse().read()

    def by_hand() -> None:
        bare.sendall(written)
        missing = len(ANSWER)
        while missing:
            missing -= len(bare.recv(missing))

    return {
        REQUEST: ours,
        VALUES: lambda: call_of(request),
        SIGN: lambda: rpc.sign(unsigned, KEY, now=client.clock.now(), nonce="c50aafcd05e835d1996d715c2a59ef52"),
        READ: lambda: decode_body(BackFillResponse, read(ANSWERED)),
        HELD: lambda: client.back_fill(ours()),
        SENT: lambda: transport.send(signed),
        ADAPTER: by_adapter,
        POOL: by_pool,
        CONNECTION: by_connection,
        HTTP: by_http_client,
        SOCKET: by_hand,
    }


def main() -> None:
    with server("-m", "benchmarks.wire_server") as host:
        calls = synchronous(host)
        works = {**_steps(host), **{name: calls[name] for name in (OURS, OFFICIAL, BARE)}}
        contenders = {name: cpu(work, 25) for name, work in works.items()}
        found = side_by_side("A call and its steps, each alone", "µs", contenders, OFFICIAL, BARE, rounds=81)
    lines = {
        REQUEST: found[REQUEST],
        VALUES: found[VALUES],
        SIGN: found[SIGN],
        READ: found[READ],
        "the conversation and its driver": found[HELD] - found[REQUEST] - found[VALUES] - found[SIGN] - found[READ],
        "requests and the transport, above urllib3": found[SENT] - found[CONNECTION],
        "urllib3, above http.client": found[CONNECTION] - found[HTTP],
        "http.client, above a socket": found[HTTP] - found[SOCKET],
        "a socket: one send, one receive": found[SOCKET],
        "what the steps cost each other": found[OURS] - found[HELD] - found[SENT],
    }
    print("\nWhere the time of a call goes")
    for line, figure in lines.items():
        print(f"{line:44}{figure:8,.1f} µs   {figure / found[OFFICIAL]:.3f} of the official SDK's call")
    print(f"{'together':44}{sum(lines.values()):8,.1f} µs   {found[OURS] / found[OFFICIAL]:.3f}")
