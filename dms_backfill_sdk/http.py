"""What travels: one request, one response, and whoever carries them. Data only; no socket is touched here."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Protocol, Self
from urllib.parse import quote, unquote_plus

from attrs import field, frozen

__all__ = [
    "AsyncTransport",
    "HttpRequest",
    "HttpResponse",
    "Pairs",
    "Transport",
    "Written",
    "decode_pairs",
    "encode_pairs",
    "is_loopback",
    "percent",
]

Pairs = tuple[tuple[str, str], ...]

FORM = "application/x-www-form-urlencoded"


def percent(text: str) -> str:
    """Percent-encode as RFC 3986 asks: only ``A-Z a-z 0-9 - _ . ~`` stay as they are."""
    # Of ASCII is nearly everything that is sent, most of it letters and digits; a table is twice as fast as to quote.
    if text.isascii():
        return text if text.isalnum() else text.translate(_ENCODED)
    return quote(text, safe="")


_ENCODED = {number: quote(chr(number), safe="") for number in range(128)}


def encode_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Write pairs as a query string or a form body, in the order given."""
    if isinstance(pairs, Written):
        return pairs.text
    return "&".join([f"{percent(name)}={percent(value)}" for name, value in pairs])


class Written(tuple[tuple[str, str], ...]):  # noqa: SLOT001  in a tuple there is no room for slots
    """Pairs that know how they are written, so that what was signed is not encoded again to be sent.

    Attributes:
        text: the pairs, percent-encoded.
    """

    text: str

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, str]]) -> Self:
        """These pairs, encoded now."""
        written = cls(pairs)
        written.text = encode_pairs(pairs)
        return written

    def plus(self, name: str, value: str) -> Self:
        """The same and one more behind them, which alone is encoded."""
        written = type(self)((*self, (name, value)))
        written.text = f"{self.text}&{percent(name)}={percent(value)}"
        return written


def decode_pairs(text: str) -> Pairs:
    """Read a query string or a form body: ``+`` is a space, bytes that are no UTF-8 become U+FFFD."""
    # As urllib.parse.parse_qsl does, which takes nearly twice as long.
    written = [pair.partition("=") for pair in text.split("&") if pair]
    return tuple([(_decoded(name), _decoded(value)) for name, _, value in written])


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="replace") if "%" in text or "+" in text else text


@frozen
class HttpRequest:
    """One HTTP request, before it is put on a socket or after it was taken off one.

    ``query`` holds names and values as they are meant, not as they are percent-encoded;
    ``host`` carries the port if there is one; names in ``headers`` are in lower case.
    """

    method: str
    scheme: str
    host: str
    path: str = "/"
    # Signatures, tokens and key ids travel here, so none of it is shown by accident.
    query: Pairs = field(default=(), repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def target(self) -> str:
        """Path and percent-encoded query: what stands in the request line."""
        return f"{self.path}?{encode_pairs(self.query)}" if self.query else self.path

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.target}"

    @property
    def form(self) -> Pairs:
        """The pairs of a form body; empty when the body is of another kind."""
        if not self.body or self.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            return ()
        return decode_pairs(self.body.decode("utf-8", "replace"))


@frozen
class HttpResponse:
    """One HTTP response, whole. Names in ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = field(default=b"", repr=False)


class Transport(Protocol):
    """Whoever carries a request to a service and brings the answer back.

    ``send`` raises :class:`~dms_backfill_sdk.NotSentError` when the service cannot have seen the request and
    :class:`~dms_backfill_sdk.OutcomeUnknownError` when it may have; it never repeats a request and never follows
    a redirect.
    """

    def send(self, request: HttpRequest) -> HttpResponse: ...

    def close(self) -> None: ...


class AsyncTransport(Protocol):
    """A :class:`Transport` that is awaited.

    When whoever awaits ``send`` is cancelled, it raises ``CancelledError`` when the service cannot have seen the
    request, and :class:`~dms_backfill_sdk.OutcomeUnknownError` from it when it may have.
    """

    async def send(self, request: HttpRequest) -> HttpResponse: ...

    async def close(self) -> None: ...


def is_loopback(host: str) -> bool:
    """Whether ``host``, with or without a port, is this very machine."""
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
