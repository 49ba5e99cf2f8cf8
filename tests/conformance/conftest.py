"""An emulator that is served, as it is to clients that know nothing of this package; and a wire that can be tapped."""

import contextlib
import http.client
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from attrs import define, frozen
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from dms_backfill_sdk import Emulator, Key, ManualClock


@define
class Served:
    """An emulator and where it stands.

    Attributes:
        host: what official clients call an endpoint: host and port.
        private_key: that of the key ``pair``, as PEM.
    """

    emulator: Emulator
    host: str
    private_key: str

    def let_work_happen(self) -> None:
        # Official clients sign with the machine's time, so the emulator's must stay near it.
        self.emulator.clock.advance(timedelta(minutes=1))

    def codes(self) -> list[str]:
        """The code of each request that the gate refused; they count as seen."""
        return [entry.code for entry in self.emulator.journal.refused()]


@pytest.fixture(scope="session")
def standing() -> Iterator[Served]:
    private = generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    keys = (
        Key(id="testid", secret="testsecret"),
        Key(id="sts", secret="sts-secret", token="sts-token+/="),
        Key(id="role", token="bearer-token"),
        Key(id="pair", public_key=public),
        Key(id="poor", secret="poor-secret", policies=()),
        Key(id="off", secret="off-secret", active=False),
    )
    emulator = Emulator(keys=keys, clock=ManualClock())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with emulator.serve() as server:
        yield Served(emulator, urlsplit(server.url).netloc, pem)
    emulator.close()


@pytest.fixture
def served(standing: Served) -> Served:
    now = datetime.now(UTC)
    standing.emulator.clock = ManualClock(now)
    standing.emulator.reset()
    return standing


@frozen
class Said:
    """An answer, as it came off the wire: its status, and what its body says."""

    status: int
    body: dict[str, Any]


class Tap(socketserver.ThreadingTCPServer):
    """Passes everything on to a server, and keeps what clients sent.

    Attributes:
        host: where clients find it.
        heard: the bytes of each connection.
    """

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), Tapped)
        self.target = target
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.heard: list[bytearray] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def request(self) -> bytes:
        """What the client sent, when it sent one request."""
        [connection] = self.heard
        return bytes(connection)

    def send(self, request: bytes) -> Said:
        """Send these very bytes to the server."""
        name, _, port = self.target.rpartition(":")
        with socket.create_connection((name, int(port)), timeout=15) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            body = response.read()
        if response.headers["content-type"].startswith("application/json"):
            return Said(response.status, json.loads(body))
        return Said(response.status, {child.tag: child.text for child in ET.fromstring(body)})


class Tapped(socketserver.BaseRequestHandler):
    server: Tap

    def handle(self) -> None:
        heard = bytearray()
        self.server.heard.append(heard)
        name, _, port = self.server.target.rpartition(":")
        with socket.create_connection((name, int(port))) as onwards:
            back = threading.Thread(target=pass_on, args=(onwards, self.request, bytearray()))
            back.start()
            pass_on(self.request, onwards, heard)
            back.join()


def pass_on(source: socket.socket, target: socket.socket, heard: bytearray) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            heard += part
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def tap(served: Served) -> Iterator[Tap]:
    tap = Tap(served.host)
    yield tap
    tap.stop()
