"""The HTTP door: a real server, on a loopback address unless told otherwise."""

import asyncio
import socket
import threading
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dms_backfill_sdk.emulator.answers import Style, refusal
from dms_backfill_sdk.emulator.faults import Disturbed
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.http import HttpRequest, HttpResponse, decode_pairs

__all__ = ["Server", "application"]

MAX_HEAD = 1 << 20  # bytes; a node's content may stand in a query


def application(handle: Callable[[HttpRequest], HttpResponse], admin: ASGIApp, prefix: str) -> ASGIApp:
    """The emulator as an ASGI application; below ``prefix`` stands ``admin``."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(f"{prefix}/"):
            await admin(scope, receive, send)
            return
        request = await _taken(scope, receive)
        if request is not None:
            # Not in a thread: the emulator answers one request at a time anyway, and so their order stays.
            await _reply(handle(request), send)

    return app


async def _taken(scope: Scope, receive: Receive) -> HttpRequest | None:
    """The whole request; None when the client has gone before it was whole."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message["body"]
        more = message["more_body"]
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return HttpRequest(
        method=scope["method"],
        scheme=scope["scheme"],
        host=headers.get("host", ""),
        path=scope["path"],
        query=decode_pairs(scope["query_string"].decode("latin-1")),
        headers=headers,
        body=bytes(body),
    )


async def _reply(response: HttpResponse, send: Send) -> None:
    sent = response.body
    if isinstance(response, Disturbed):
        await asyncio.sleep(response.delay)
        if response.dropped:
            raise ConnectionDropped
        sent = response.body[: response.cut]
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": sent, "more_body": len(sent) < len(response.body)})
    if len(sent) < len(response.body):
        raise ConnectionDropped


class ConnectionDropped(Exception):  # noqa: N818  a wish to the protocol below, not an error
    """The connection is to be broken here."""


class _Protocol(HttpToolsProtocol):
    """HTTP/1.1 in which a connection can be broken, and what is no HTTP gets an answer of the service's shape."""

    def __init__(self, config: uvicorn.Config, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self.access_log = False  # it would write whole URLs, and with them tokens, to a log
        self._head: int | None = None  # how many bytes came since a head began that is not whole yet
        inner = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await inner(scope, receive, send)
            except (ConnectionDropped, asyncio.CancelledError):  # cancelled: the server ends, and waits no longer
                self.transport.abort()
                # It will notice by itself, but only after complaining that there was no answer.
                self.cycle.disconnected = True

        self.app = app

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        # uvicorn writes head and body one after the other; without this, the body waits 40 ms for the head's receipt.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.send_400_response(f"Its head is longer than {MAX_HEAD} bytes.")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head = None
        # httptools reads no address that is longer than 64 KiB, and it is the query that may be.
        self.url, _, query = self.url.partition(b"?")
        super().on_headers_complete()
        self.scope["query_string"] = query

    def on_response_complete(self) -> None:
        more = bool(self.pipeline)
        super().on_response_complete()
        if more:
            # Read on, and the end of what the client sends would close the connection before the last answer.
            self.flow.pause_reading()

    def send_400_response(self, msg: str) -> None:
        style = Style("JSON", "", str(uuid.uuid4()).upper())
        response = refusal(style, Refusal("InvalidParameter", f"This is no HTTP request: {msg}"))
        head = f"HTTP/1.1 {response.status} Bad Request\r\ncontent-type: {response.headers['content-type']}\r\n"
        head += f"content-length: {len(response.body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + response.body)
        self.transport.close()


class Server:
    """An ASGI application served over HTTP, in a thread of its own or (:meth:`run`) in this one.

    Args:
        host: the address to bind.
        port: the port; 0 picks a free one, which ``url`` then names.

    Raises:
        OSError: the address cannot be bound.
    """

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=1024)
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            # The loggers belong to the whole process, in which there may be other servers.
            log_config=None,
            server_header=False,
            # Whether it came over https is not for the caller to say.
            proxy_headers=False,
            date_header=False,  # answers carry the emulator's
            # An answer that a fault delays must not keep the server from ending.
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.run, name=f"emulator at {self.url}", daemon=True)

    def __repr__(self) -> str:
        return f"Server({self.url!r})"

    def run(self) -> None:
        """Serve until :meth:`stop`, or in the main thread until an interrupt."""
        with self._socket:
            asyncio.run(self._uvicorn.serve(sockets=[self._socket]))

    def stop(self) -> None:
        """Finish what is under way, then end."""
        self._uvicorn.should_exit = True
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        # The socket listens already: whoever connects now waits in its queue, so nothing has to be waited for here.
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
