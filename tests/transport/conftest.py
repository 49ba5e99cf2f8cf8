"""A TCP server on loopback that answers as badly as it is told to."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dms_backfill_sdk.http import HttpRequest
from dms_backfill_sdk.transport.requests import RequestsTransport


@frozen
class Received:
    """A request as it came off the socket."""

    target: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Received, threading.Event], Iterator[bytes]]


class Server(socketserver.ThreadingTCPServer):
    """Reads requests; sends what ``answer`` yields for each; keeps the connection open if told so."""

    request_queue_size = 64
    daemon_threads = True

    def __init__(self, answer: Answer, *, keep: bool, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.answer, self.keep, self.tls = answer, keep, tls
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.connections = 0
        self.received: list[Received] = []
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    def process_request(self, request, client_address) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class Connection(socketserver.StreamRequestHandler):
    timeout = 10
    server: Server

    def setup(self) -> None:
        if self.server.tls:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
        super().setup()

    def handle(self) -> None:
        # What a client does that has been told nonsense, or distrusts the certificate, is its own affair.
        with contextlib.suppress(OSError):
            while (received := self.read()) and self.reply(received):
                pass

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.request.close()

    def read(self) -> Received | None:
        if self.rfile.peek(1)[:1] == b"\x16":
            return Received("a TLS handshake", {}, b"")
        first = self.rfile.readline()
        if not first.endswith(b"\n"):
            return None
        headers = {}
        while line := self.rfile.readline().strip().decode("latin-1"):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        received = Received(first.split()[1].decode(), headers, self.rfile.read(int(headers.get("content-length", 0))))
        self.server.received.append(received)
        return received

    def reply(self, received: Received) -> bool:
        for part in self.server.answer(received, self.server.stopping):
            self.wfile.write(part)
        return self.server.keep


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start a server: of some bytes, after which it hangs up, or of a generator that is given each request."""
    with contextlib.ExitStack() as stack:

        def start(answer: Answer | bytes, *, keep: bool = False, tls: ssl.SSLContext | None = None) -> Server:
            as_told = (lambda _received, _stopping: iter([answer])) if isinstance(answer, bytes) else answer
            server = Server(as_told, keep=keep, tls=tls)
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens, and at which nobody else will."""
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{owner.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def transport() -> Iterator[RequestsTransport]:
    transport = RequestsTransport((10, 10))
    yield transport
    transport.close()


@pytest.fixture
def hasty() -> Iterator[RequestsTransport]:
    """A transport that waits for no more than a tenth of a second."""
    transport = RequestsTransport((0.1, 0.1))
    yield transport
    transport.close()


@pytest.fixture
def asking() -> Callable[..., HttpRequest]:
    """Make a request to a host."""

    def ask(host: str, *, scheme: str = "http", **changes: Any) -> HttpRequest:
        return HttpRequest(**{"method": "POST", "scheme": scheme, "host": host, "query": (("DagId", "1"),), **changes})

    return ask


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody has signed, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "loopback.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """What a server needs to speak TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
