"""One call as a conversation: sign → send → read → try again, or raise. No I/O happens here.

:func:`converse` is a generator. It yields an :class:`HttpRequest` and is told the :class:`HttpResponse`, or is thrown
the transport's error; it yields a :class:`Sleep` and goes on when that time has passed; it asks for credentials by a
:class:`Do`, if somebody must be asked for them. What it returns is the answer.
"""

import logging
import re
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs
from attrs import frozen

from dms_backfill_sdk.answer import LOOK, read
from dms_backfill_sdk.errors import (
    AuthenticationError,
    DmsError,
    InvalidRequestError,
    OutcomeUnknownError,
)
from dms_backfill_sdk.http import FORM, HttpRequest, HttpResponse, Pairs, encode_pairs
from dms_backfill_sdk.line import Line
from dms_backfill_sdk.retry import is_unsure
from dms_backfill_sdk.wire import WireError, decode_body, encode_parameters, text

if TYPE_CHECKING:
    from dms_backfill_sdk.operations.declaration import Page, Request, Response

__all__ = [
    "Call",
    "Conversation",
    "Do",
    "GivenUp",
    "Over",
    "Sleep",
    "Told",
    "call_of",
    "converse",
    "going_on",
    "paging",
    "raw_call_of",
]

VERSION = "2018-11-01"

log = logging.getLogger("dms_backfill_sdk")

A = TypeVar("A")
T = TypeVar("T")
R = TypeVar("R", bound="Response")


@frozen
class Sleep:
    """A conversation's wish to go on in so many seconds."""

    seconds: float


@frozen
class Do:
    """A conversation's wish to have something done at the edge that takes time and is no call: a file written, say.
    It is sent what ``act`` returns, and thrown the :class:`DmsError` that it raises."""

    act: Callable[[], Any]


@frozen
class Told:
    """Something that a longer conversation tells whoever listens, before it is over."""

    value: Any


class GivenUp(BaseException):
    """Nobody goes on with a conversation, for a reason that is none of its own: its task was cancelled. What it wished
    last was not done. Thrown into it, so that it can say what it leaves behind: by the :class:`DmsError` that it raises
    instead, if something was, or may have been, started."""


#: A generator that asks for things and is sent what came of them. It may ask for an :class:`HttpRequest` to be sent, a
#: typed request to be called, a :class:`Sleep`, something to :class:`Do`, and for somebody to be :class:`Told`.
Conversation = Generator["HttpRequest | Request[Any] | Sleep | Do | Told", Any, A]


@frozen
class Over(Generic[A]):
    """A conversation's end, and what it returned."""

    value: A


def going_on(conversation: Conversation[A], answer: Any, error: DmsError | None) -> Any:
    """What a conversation wishes next, once it is sent the answer or thrown the error; :class:`Over` at its end."""
    try:
        return conversation.throw(error) if error else conversation.send(answer)
    except StopIteration as end:
        return Over(end.value)


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


#: Parameters that signing adds. A second one of that name would leave it to the service which of the two counts.
_OURS = frozenset(
    {
        *("Action", "Version", "Format", "Timestamp", "AccessKeyId", "SecurityToken", "BearerToken"),
        *("Signature", "SignatureMethod", "SignatureNonce", "SignatureType", "SignatureVersion"),
    }
)


def raw_call_of(
    action: str, query: Mapping[str, Any], form: Mapping[str, Any], *, tid: int | None = None
) -> Call[dict[str, Any]]:
    """The call of any operation, by its name and the wire names of its parameters.

    Raises:
        InvalidRequestError: the name is none, or a parameter cannot be written.
    """
    if not isinstance(action, str) or not re.fullmatch("[A-Za-z][A-Za-z0-9]*", action):
        raise InvalidRequestError(f'{action!r} is no operation; write its name, such as "ListUsers".')
    return Call(
        action=action,
        query=_written(query if tid is None else {"Tid": tid, **query}),
        form=_written(form),
        repeatable=action.startswith(("Get", "List")),
        decode=dict,
    )


def _written(parameters: Mapping[str, Any]) -> Pairs:
    pairs = []
    for name, value in parameters.items():
        if name in _OURS:
            raise InvalidRequestError(f"{name} is for the client to write; leave it out.")
        if value is not None:
            try:
                pairs.append((name, text(value)))
                encode_pairs(pairs[-1:])
            except (TypeError, ValueError, AttributeError, RecursionError):
                raise InvalidRequestError(
                    f"The parameter {name!r} cannot be written from a {type(value).__name__}; "
                    "give text, a number, True or False, a date, or lists and dicts of these."
                ) from None
    return tuple(pairs)


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
        credentials = line.credentials
        if callable(credentials):
            credentials = yield Do(credentials)
        request = line.mechanism.sign(unsigned, credentials, now=sent + skew, nonce=line.nonce())
        try:
            response = yield request
            line.service.read(_date(response), sent + (line.clock.now() - sent) / 2)
            answer = call.decode(read(response, partial(line.mechanism.string_to_sign, request)))
        except WireError as unreadable:
            error: DmsError = OutcomeUnknownError(f"The answer cannot be understood: {unreadable}.", advice=LOOK)
            error.__cause__ = unreadable
        except DmsError as caught:
            error = caught
        else:
            log.debug("%s: answered in %s, attempt %d", call.action, line.clock.now() - sent, attempt)
            return answer
        # A read starts nothing, whatever became of it.
        unsure = is_unsure(error) and not call.repeatable
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
        if isinstance(error, AuthenticationError):
            # Repeated at all, it was refused for its time or its nonce: sign the next one with the service's time.
            skew = line.service.ahead
        yield Sleep(wait)
        attempt += 1


def paging(first: "Request[Page[T]]") -> Conversation[None]:
    """Tell the items of a list that comes in pages, each page fetched when it is needed, from the one ``first`` asks
    for on."""
    paged: Any = first
    index: int | None = paged.page_index or 1
    seen = ((index or 1) - 1) * (paged.page_size or 0)
    while index is not None:
        page = yield attrs.evolve(paged, page_index=index)
        for item in page.items:
            yield Told(item)
        seen += len(page.items)
        index = page.next_index(index, seen)


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


def _date(response: HttpResponse) -> datetime | None:
    """When the service answered, by the ``Date`` header of its answer; None when it does not tell."""
    return _moment(response.headers.get("date", ""))


# A service that answers many calls a second says the same for all of them.
@lru_cache(maxsize=1)
def _moment(written: str) -> datetime | None:
    try:
        return parsedate_to_datetime(written)
    except (ValueError, TypeError, OverflowError):
        return None
