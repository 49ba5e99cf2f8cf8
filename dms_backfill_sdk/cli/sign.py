"""``dms-backfill sign``: what is signed of a call, and where it parts from what the service says that it signed."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import unquote

import typer
from attrs import frozen

from dms_backfill_sdk.cli.connection import Connection, spoken
from dms_backfill_sdk.cli.document import write_document
from dms_backfill_sdk.cli.exits import CommandError
from dms_backfill_sdk.cli.options import AsJson, grouped
from dms_backfill_sdk.cli.parameters import Action, Form, Parameters, pairs
from dms_backfill_sdk.cli.screen import screen
from dms_backfill_sdk.clock import ManualClock, ServiceClock
from dms_backfill_sdk.exchange import Call, converse, raw_call_of
from dms_backfill_sdk.http import HttpRequest
from dms_backfill_sdk.line import Line, address, source
from dms_backfill_sdk.retry import RetryPolicy
from dms_backfill_sdk.signing import mechanism
from dms_backfill_sdk.signing.acs3 import canonical_request
from dms_backfill_sdk.version import __version__

__all__ = ["sign"]

#: How the service introduces the string that it signed.
INTRODUCTION = "server string to sign is:"

#: Characters that are shown before and behind the place where two strings part.
AROUND = 28


@grouped
def sign(  # noqa: PLR0913, PLR0917  one for each option
    action: Action,
    connection: Connection,
    parameters: Parameters = None,
    form: Form = None,
    nonce: Annotated[str | None, typer.Option(metavar="TEXT", help="The nonce; else a new one.")] = None,
    timestamp: Annotated[
        str | None, typer.Option(metavar="TIME", help="The time, such as 2022-01-14T08:00:00Z; else now.")
    ] = None,
    server_string: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What the service says that it signed: shows where the two part."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is signed of a call, and the signature.

    Nothing is sent. The key comes from the environment; its secret is not shown, but the security token of a temporary
    key is part of what is signed. Nonce and time are read from an RPC string of the service, unless they are given.
    """
    theirs = _theirs(server_string)
    with spoken():
        call = raw_call_of(action, pairs(parameters), pairs(form), tid=connection.tid)
        now = _time(timestamp or _in_string("Timestamp", theirs))
        line = _line(connection, now, nonce or _in_string("SignatureNonce", theirs) or os.urandom(16).hex())
        signed = _signed(call, line)
    part = None if theirs is None else _part(signed, theirs)
    if as_json:
        write_document(
            {
                "canonical": signed.canonical,
                "string_to_sign": signed.string,
                "signature": signed.signature,
                **({"server_string": theirs, "differs_at": part and part.place} if theirs is not None else {}),
            }
        )
        return
    out = screen()
    for number, (title, text) in enumerate(signed.shown()):
        out.print("\n" * bool(number) + title, style="heading")
        for one in text.splitlines():
            out.print(f"  {one}".rstrip(), soft_wrap=True)
    if theirs is not None:
        out.print("\nThe service's string", style="heading")
        if part is None:
            out.print("  It is the same, so the two sides have different secrets.")
        else:
            for text, style in part.shown():
                out.print(f"  {text}", style=style, soft_wrap=True)


# ---------------------------------------------------------------------------------------------------------------
# What is signed


@frozen
class Signed:
    """A call, signed as the client signs it.

    Attributes:
        canonical: the one form of the request that both sides write down alike.
        string: what is signed.
        signature: the signature.
        acs3: whether it is of that mechanism.
    """

    canonical: str
    string: str
    signature: str
    acs3: bool

    def shown(self) -> Iterator[tuple[str, str]]:
        yield "Canonical request" if self.acs3 else "Canonical query string", self.canonical
        yield "String to sign", self.string
        yield "Signature", self.signature


def _line(connection: Connection, now: datetime, nonce: str) -> Line:
    scheme, _, host = address(connection.endpoint).partition("://")
    clock = ManualClock(now)
    found = source(None)
    return Line(
        scheme=scheme,
        host=host,
        mechanism=mechanism(connection.signature.value),
        credentials=found() if callable(found) else found,
        retry=RetryPolicy(),
        clock=clock,
        service=ServiceClock(clock),
        nonce=lambda: nonce,
        random=lambda: 0.0,
        user_agent=f"dms-backfill-sdk/{__version__}",
    )


def _signed(call: Call[dict[str, object]], line: Line) -> Signed:
    request = next(converse(call, line))  # the very request that a client would send
    if not isinstance(request, HttpRequest):
        raise TypeError(request)
    string = line.mechanism.string_to_sign(request)
    if authorization := request.headers.get("authorization"):
        names, signature = re.findall("SignedHeaders=(.*),Signature=(.*)", authorization)[0]
        canonical = canonical_request(request, names.split(";"), request.headers["x-acs-content-sha256"])
        return Signed(canonical, string, signature, acs3=True)
    return Signed(unquote(string.split("&")[2]), string, dict(request.query)["Signature"], acs3=False)


def _time(written: str | None) -> datetime:
    if written is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise CommandError(f"{written!r} is no time; write it like 2022-01-14T08:00:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# ---------------------------------------------------------------------------------------------------------------
# What the service signed


@frozen
class Part:
    """Where two strings part.

    Attributes:
        ours: what the client signs.
        theirs: what the service signed.
        place: the first character in which they differ, from 0.
    """

    ours: str
    theirs: str
    place: int

    def shown(self) -> Iterator[tuple[str, str]]:
        begin = max(0, self.place - AROUND)
        yield f"It parts from the string above at character {self.place + 1}:", ""
        for whose, text in (("above   ", self.ours), ("service ", self.theirs)):
            piece = text[begin : self.place + AROUND].replace("\n", "↵")
            before, after = "…" if begin else " ", "…" if len(text) > self.place + AROUND else ""
            yield f"{whose} {before}{piece}{after}", ""
        yield " " * (len("service ") + 2 + self.place - begin) + "^", "failed"


def _theirs(server_string: str | None) -> str | None:
    """The string, also if the whole message was given in which the service tells it."""
    return server_string and server_string.rpartition(INTRODUCTION)[2].strip()


def _in_string(name: str, theirs: str | None) -> str | None:
    """A parameter of a string of the RPC mechanism."""
    found = re.search(rf"(?:^|&){name}=([^&]*)", unquote((theirs or "").rpartition("&")[2]))
    return unquote(found[1]) if found else None


def _part(signed: Signed, theirs: str) -> Part | None:
    # The service may tell either of the two.
    ours = max((signed.string, signed.canonical), key=lambda one: _alike(one, theirs))
    return None if ours == theirs else Part(ours, theirs, _alike(ours, theirs))


def _alike(one: str, other: str) -> int:
    """How many characters two strings begin with alike."""
    pairs_of = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs_of) if a != b), min(len(one), len(other)))
