"""One call as a conversation: sign → send → read → try again, or raise. No I/O happens here.

:func:`converse` is a generator. It yields an :class:`HttpRequest` and is told the :class:`HttpResponse`, or is thrown
the transport's error; it yields a :class:`Sleep` and goes on when that time has passed. What it returns is the answer.
"""

import json
import logging
import re
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from attrs import frozen

from dms_backfill_sdk.codes import code_of
from dms_backfill_sdk.errors import (
    AuthenticationError,
    DmsError,
    InvalidRequestError,
    OutcomeUnknownError,
    PermissionDeniedError,
    ServerFaultError,
    SignatureMismatchError,
    ThrottledError,
)
from dms_backfill_sdk.http import FORM, HttpRequest, HttpResponse, Pairs, encode_pairs
from dms_backfill_sdk.line import Line
from dms_backfill_sdk.wire import WireError, decode_body, encode_parameters

if TYPE_CHECKING:
    from dms_backfill_sdk.operations.declaration import Request, Response

__all__ = ["Call", "Conversation", "Sleep", "call_of", "converse", "read"]

VERSION = "2018-11-01"

log = logging.getLogger("dms_backfill_sdk")

A = TypeVar("A")
R = TypeVar("R", bound="Response")


@frozen
class Sleep:
    """A conversation's wish to go on in so many seconds."""

    seconds: float


Conversation = Generator[HttpRequest | Sleep, Any, A]


@frozen
class Call(Generic[A]):
    """What is to be asked.

    Attributes:
        action: the operation's name.
        query: its parameters.
        form: those of its parameters that travel in a form body.
        repeatable: whether asking twice is harmless.
        decode: makes the answer of the service's JSON object.
    """

    action: str
    query: Pairs
    form: Pairs
    repeatable: bool
    decode: Callable[[Mapping[str, Any]], A]


def call_of(request: "Request[R]", *, tid: int | None = None) -> Call[R]:
    """The call that a typed request means; ``tid`` is the tenant if it takes one and names none.

    Raises:
        InvalidRequestError: it is no request.
    """
    if not hasattr(type(request), "answers"):
        raise InvalidRequestError(f"{request!r} is no request; write for instance BackFillRequest(dag_id=…).")
    query, form = encode_parameters(request)
    if tid is not None and getattr(request, "tid", tid) is None:
        query = (("Tid", str(tid)), *query)
    return Call(
        action=request.action,
        query=query,
        form=form,
        repeatable=request.repeatable,
        decode=cast("Callable[[Mapping[str, Any]], R]", partial(decode_body, request.answers)),
    )


def converse(call: Call[A], line: Line) -> Conversation[A]:
    """Hold the conversation of one call.

    Raises:
        DmsError: the error that ended the last attempt, saying which call it was about.
    """
    unsigned = _unsigned(call, line)
    began = line.clock.now()
    skew = timedelta(0)
    attempt = 1
    while True:
        sent = line.clock.now()
        request = line.mechanism.sign(unsigned, line.credentials(), now=sent + skew, nonce=line.nonce())
        response: HttpResponse | None = None
        try:
            response = yield request
            answer = call.decode(read(response, partial(line.mechanism.string_to_sign, request)))
        except WireError as unreadable:
            error: DmsError = OutcomeUnknownError(f"The answer cannot be understood: {unreadable}.", advice=LOOK)
        except DmsError as caught:
            error = caught
        else:
            log.debug("%s: answered in %s, attempt %d", call.action, line.clock.now() - sent, attempt)
            return answer
        # A read starts nothing, whatever became of it.
        unsure = isinstance(error, OutcomeUnknownError | ServerFaultError) and not call.repeatable
        error.about(call.action, may_have_started=unsure)
        now = line.clock.now()
        log.debug("%s: %s after %s, attempt %d", call.action, type(error).__name__, now - sent, attempt)
        wait = line.retry.wait(
            error,
            attempt=attempt,
            elapsed=(now - began).total_seconds(),
            repeatable=call.repeatable,
            random=line.random,
        )
        if wait is None:
            # Outside the except block, so that nothing but the chosen cause hangs on to it.
            raise error
        if response is not None and isinstance(error, AuthenticationError):
            # Repeated at all, it was refused for its time or its nonce: sign the next one with the service's time.
            skew = _skew(response, now - (now - sent) / 2)
        yield Sleep(wait)
        attempt += 1


def _unsigned(call: Call[Any], line: Line) -> HttpRequest:
    headers = {
        "accept": "application/json",
        "user-agent": line.user_agent,
        "x-acs-action": call.action,
        "x-acs-version": VERSION,
    }
    if call.form:
        headers["content-type"] = FORM
    return HttpRequest(
        method="POST",
        scheme=line.scheme,
        host=line.host,
        query=call.query,
        headers=headers,
        body=encode_pairs(call.form).encode(),
    )


def _skew(response: HttpResponse, halfway: datetime) -> timedelta:
    """How far the service's clock is ahead of ours, by the ``Date`` header of its answer."""
    try:
        return parsedate_to_datetime(response.headers["date"]) - halfway
    except (KeyError, ValueError, TypeError):
        return timedelta(0)


# ---------------------------------------------------------------------------------------------------------------
# Reading an answer

LOOK = "Look at the flow's runs before you call again."


def read(response: HttpResponse, signed: Callable[[], str] = str) -> Mapping[str, Any]:
    """The JSON object of an answer that says yes.

    Args:
        signed: gives the string that was signed; asked only when the service says that the signature is wrong.

    Raises:
        ServiceError: the answer says no. HTTP 200 with ``Success: false`` is a no (documented as a business error).
        OutcomeUnknownError: it is no answer of the service at all.
    """
    body = _json_object(response)
    if response.status >= 400 or (200 <= response.status < 300 and body.get("Success") in (False, "false")):
        raise _refusal(response, body, signed)
    # Every answer of the service has at least one of the two (documented); what has neither is somebody else's.
    if not 200 <= response.status < 300 or not ("Success" in body or "RequestId" in body):
        raise OutcomeUnknownError(
            f"Something other than the service answered: HTTP {response.status}, {_kind(response)}.", advice=LOOK
        )
    return body


def _json_object(response: HttpResponse) -> Mapping[str, Any]:
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _kind(response: HttpResponse) -> str:
    if "location" in response.headers and 300 <= response.status < 400:
        return "a redirect, which is never followed"
    return f"{len(response.body)} bytes of {response.headers.get('content-type') or 'no content type'}"


def _refusal(response: HttpResponse, body: Mapping[str, Any], signed: Callable[[], str]) -> DmsError:
    name = str(body.get("Code") or body.get("ErrorCode") or "")
    if not name and "Success" not in body and response.status < 500 and response.status != 429:
        return OutcomeUnknownError(
            f"Something other than the service answered: HTTP {response.status}, {_kind(response)}.",
            advice="Look for a proxy on the way to the service.",
        )
    code = code_of(name, response.status)
    said = str(body.get("Message") or body.get("ErrorMessage") or code.message or _kind(response))
    message, _, server_string = said.partition(SERVER_STRING)
    error = code.raises(
        message.strip(),
        code=name,
        http_status=response.status,
        request_id=body.get("RequestId"),
        recommend=body.get("Recommend"),
        advice=code.advice,
    )
    if isinstance(error, SignatureMismatchError):
        _explain_mismatch(error, _without_token(server_string), _without_token(signed()))
    if isinstance(error, PermissionDeniedError) and isinstance(body.get("AccessDeniedDetail"), dict):
        error.detail = body["AccessDeniedDetail"]
    if isinstance(error, ThrottledError):
        error.retry_after = _retry_after(response)
    return error


def _retry_after(response: HttpResponse) -> float | None:
    # Milliseconds (read in the official SDK).
    written = response.headers.get("x-acs-retry-after", "")
    return int(written) / 1000 if written.isascii() and written.isdigit() else None


#: What stands before the string that the service signed, in its message.
SERVER_STRING = "server string to sign is:"
_TOKEN = re.compile(r"((?:SecurityToken|BearerToken|x-acs-security-token|x-acs-bearer-token)(?:%3D|=|:))[^&\n]*?(?=%26|&|\n|$)")


def _without_token(text: str) -> str:
    """A string-to-sign carries the security token; errors never do."""
    return _TOKEN.sub(r"\1…", text)


def _explain_mismatch(error: SignatureMismatchError, theirs: str, ours: str) -> None:
    error.client_string, error.server_string = ours, theirs.strip()
    theirs = error.server_string
    if ours == theirs:
        error.advice = "Both sides signed the same string, so the access key secret is wrong."
    elif theirs:
        shared = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None)
        error.differs_at = at = min(len(ours), len(theirs)) if shared is None else shared
        around = slice(max(0, at - 20), at + 20)
        error.advice = (
            f"The strings that were signed part at character {at}: the service has …{theirs[around]}… "
            f"where this client has …{ours[around]}…; something on the way changes the request."
        )
