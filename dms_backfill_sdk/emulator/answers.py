"""What the emulator says, as bytes: answers and refusals, in JSON and in XML as ``Format`` asks."""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal
from xml.sax.saxutils import escape

from attrs import frozen

from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.http import HttpRequest, HttpResponse

__all__ = ["HOST", "Style", "answer", "business_refusal", "refusal", "style_of"]

HOST = "dms-enterprise.aliyuncs.com"

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_MEDIA = {"JSON": "application/json;charset=utf-8", "XML": "text/xml;charset=utf-8"}
# Not one of these may stand in an XML document, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@frozen
class Style:
    """In which form to answer one request.

    Attributes:
        format: the form of the body.
        action: the operation, which names the root of an XML answer.
        request_id: the id of the call.
    """

    format: Literal["JSON", "XML"]
    action: str
    request_id: str


def style_of(request: HttpRequest, request_id: str) -> Style:
    """The form a request asks for: XML if it names none (documented), but JSON with ACS3, as its clients expect."""
    parameters = dict((*request.query, *request.form))
    by_header = "x-acs-action" in request.headers and "Action" not in parameters
    asked = parameters.get("Format") or ("JSON" if by_header else "XML")
    action = parameters.get("Action") or request.headers.get("x-acs-action") or ""
    # Repeated in answers and in the journal, so it has to be a name at least.
    name = action if action.isascii() and action.isalnum() else ""
    return Style("XML" if asked.upper() == "XML" else "JSON", name, request_id)


def answer(style: Style, body: Mapping[str, Any]) -> HttpResponse:
    """A yes."""
    return _response(style, 200, {"RequestId": style.request_id, **body, "Success": True}, f"{style.action}Response")


def business_refusal(style: Style, refused: Refusal) -> HttpResponse:
    """A no in the body of an HTTP 200."""
    body = {
        "RequestId": style.request_id,
        "Success": False,
        "ErrorCode": refused.code,
        "ErrorMessage": refused.message,
    }
    return _response(style, 200, body, f"{style.action}Response")


def refusal(style: Style, refused: Refusal) -> HttpResponse:
    """A no by HTTP status, as the gateway says it."""
    body = {
        "RequestId": style.request_id,
        "HostId": HOST,
        "Code": refused.code,
        "Message": refused.message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={refused.code}&product=dms-enterprise"
        f"&requestId={style.request_id}",
        **refused.details,
    }
    return _response(style, refused.status, body, "Error")


def _response(style: Style, status: int, body: Mapping[str, Any], root: str) -> HttpResponse:
    if style.format == "XML":
        text = f'<?xml version="1.0" encoding="UTF-8"?><{root}>{_xml(body)}</{root}>'
    else:
        text = _json(body)
    return HttpResponse(
        status=status,
        headers={"content-type": _MEDIA[style.format], "x-acs-request-id": style.request_id},
        body=text.encode("utf-8", "replace"),
    )


def _xml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(
            f"<{name}>{_xml(item)}</{name}>"
            for name, items in value.items()
            # A list repeats its own name; in a wrapper such as Tasks.Task that is the inner one.
            for item in (items if isinstance(items, list) else [items])
        )
    if isinstance(value, bool):
        return "true" if value else "false"
    # A reader takes a bare carriage return for a line end.
    return escape(_NOT_XML.sub("\ufffd", str(value)), {"\r": "&#13;"})
