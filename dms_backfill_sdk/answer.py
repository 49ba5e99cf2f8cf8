"""What an answer means: the service says yes, or it is one of our errors."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from dms_backfill_sdk.codes import code_of
from dms_backfill_sdk.errors import (
    DmsError,
    OutcomeUnknownError,
    PermissionDeniedError,
    SignatureMismatchError,
    ThrottledError,
)
from dms_backfill_sdk.http import HttpResponse

__all__ = ["LOOK", "read"]

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
    if response.status >= 400 or (200 <= response.status < 300 and str(body.get("Success")).lower() == "false"):
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
    name = _text(body, "Code", "ErrorCode")
    if not name and "Success" not in body and response.status < 500 and response.status != 429:
        return OutcomeUnknownError(
            f"Something other than the service answered: HTTP {response.status}, {_kind(response)}.",
            advice="Look for a proxy on the way to the service.",
        )
    code = code_of(name, response.status)
    message, _, server_string = _text(body, "Message", "ErrorMessage").partition(SERVER_STRING)
    error = code.raises(
        _without_token(message.strip()) or code.message or _kind(response),
        code=name,
        http_status=response.status,
        request_id=_text(body, "RequestId") or None,
        recommend=_text(body, "Recommend") or None,
        advice=code.advice,
    )
    if isinstance(error, SignatureMismatchError):
        _explain_mismatch(error, server_string.strip(), signed())
    if isinstance(error, PermissionDeniedError) and isinstance(body.get("AccessDeniedDetail"), dict):
        error.detail = body["AccessDeniedDetail"]
    if isinstance(error, ThrottledError):
        error.retry_after = _retry_after(response)
    return error


def _text(body: Mapping[str, Any], *names: str) -> str:
    """The first of these that the body has, as a text that can be printed; empty when it has none."""
    found = next((body[name] for name in names if body.get(name)), "")
    return str(found).encode("utf-8", "replace").decode()


def _retry_after(response: HttpResponse) -> float | None:
    # Milliseconds (read in the official SDK).
    written = response.headers.get("x-acs-retry-after", "")
    return int(written) / 1000 if re.fullmatch("[0-9]{1,12}", written) else None


#: What stands before the string that the service signed, in its message.
SERVER_STRING = "server string to sign is:"
#: Compiled when there is something to search: most programs never see such an answer.
_HIDDEN = (
    r"((?:Signature|SecurityToken|BearerToken|x-acs-(?:security|bearer)-token)(?:%3D|[\"']?[=:] ?[\"']?))"
    r"[^&\"'\s]+?(?=%26|[&\"'\s]|$)"
)


def _without_token(text: str) -> str:
    """A string-to-sign carries the security token, and a whole URL the signature too; errors never do."""
    return re.sub(_HIDDEN, r"\1…", text)


def _explain_mismatch(error: SignatureMismatchError, server_string: str, client_string: str) -> None:
    error.server_string = theirs = _without_token(server_string)
    error.client_string = ours = _without_token(client_string)
    if client_string == server_string:
        error.advice = "Both sides signed the same string, so the access key secret is wrong."
    elif ours == theirs:
        error.differs_at = ours.find("…")
        error.advice = "The strings that were signed part within the token; something on the way changes it."
    elif theirs:
        shared = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None)
        error.differs_at = at = min(len(ours), len(theirs)) if shared is None else shared
        around = slice(max(0, at - 20), at + 20)
        error.advice = (
            f"The strings that were signed part at character {at}: the service has …{theirs[around]}… "
            f"where this client has …{ours[around]}…; something on the way changes the request."
        )
