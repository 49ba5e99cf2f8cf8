"""The one server that every client is measured against: it answers any HTTP request with the same yes, at once.

Run as a process of its own, so that its work is nobody's CPU time but its own: ``python -m benchmarks.wire_server``
prints its port and serves until its standard input ends. It reads no more of a request than where it ends.
"""

import asyncio
import sys
import threading

BODY = b'{"RequestId":"7FAD400F-7A5C-4193-8F9A-39D86C4F0231","Success":true,"DagInstanceId":47,"NodeId":47}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nDate: Sat, 14 Jan 2023 08:00:00 GMT\r\nContent-Type: application/json;charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
)
END = b"\r\n\r\n"


class Yes(asyncio.Protocol):
    """Says yes to each request on a connection that is kept open."""

    def __init__(self) -> None:
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(END)) >= 0:
            end += len(END) + _body_length(self.held[:end])
            if len(self.held) < end:
                return
            self.held = self.held[end:]
            self.transport.write(ANSWER)  # type: ignore[attr-defined]  # a TCP connection's transport can


def _body_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Yes, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    over = asyncio.Event()

    def wait_for_the_parent() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait_for_the_parent, daemon=True).start()
    await over.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
