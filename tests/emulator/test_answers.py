"""What the emulator says, in JSON and in XML."""

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.emulator.answers import Style, answer, business_refusal, refusal, style_of
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.http import FORM, HttpRequest, HttpResponse

ID = "7FAD400F-7A5C-4193-8F9A-39D86C4F0231"
JSON, XML = Style("JSON", "GetTask", ID), Style("XML", "GetTask", ID)


def plain(element: ET.Element) -> Any:
    """What an XML element says: a dict of its children, a list where a name comes more than once, else its text."""
    if not len(element):
        return element.text or ""
    said: dict[str, Any] = {}
    for child in element:
        said.setdefault(child.tag, []).append(plain(child))
    return {name: values[0] if len(values) == 1 else values for name, values in said.items()}


def as_xml(response: HttpResponse) -> tuple[str, Any]:
    root = ET.fromstring(response.body)
    return root.tag, plain(root)


def request(*query: tuple[str, str], form: bytes = b"", **headers: str) -> HttpRequest:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest("POST", "http", "h", "/", query, {"content-type": FORM, **headers}, form)


BY_HEADER = {"x_acs_action": "GetTask"}


@pytest.mark.parametrize(
    ("asked", "format_"),
    [
        (request(("Action", "GetTask")), "XML"),
        (request(("Action", "GetTask"), ("Format", "JSON")), "JSON"),
        (request(("Action", "GetTask"), ("Format", "json")), "JSON"),
        (request(("Action", "GetTask"), ("Format", "XML")), "XML"),
        (request(("Action", "GetTask"), ("Format", "xml")), "XML"),
        (request(("Action", "GetTask"), ("Format", "")), "XML"),
        (request(("Action", "GetTask"), ("Format", "YAML")), "JSON"),
        (request(form=b"Action=GetTask&Format=JSON"), "JSON"),
        (request(form=b"Action=GetTask"), "XML"),
        (request(("Action", "GetTask"), **BY_HEADER), "XML"),
        (request(**BY_HEADER), "JSON"),
        (request(("Format", ""), **BY_HEADER), "JSON"),
        (request(("Format", "XML"), **BY_HEADER), "XML"),
        (request(), "XML"),
    ],
)
def test_the_form_is_what_format_asks_for_else_xml_but_json_for_operations_named_by_header(asked, format_):
    assert style_of(asked, ID).format == format_


@pytest.mark.parametrize("action", ["", "a b", "<x>", "é", "a\n", "Get-Task"])
def test_what_is_no_name_of_an_operation_is_not_repeated(action: str):
    assert style_of(request(("Action", action)), ID).action == ""


def test_a_yes():
    response = answer(JSON, {"Task": {"NodeName": "load é"}})
    assert response.status == 200
    assert response.headers == {"content-type": "application/json;charset=utf-8", "x-acs-request-id": ID}
    assert json.loads(response.body) == {"RequestId": ID, "Task": {"NodeName": "load é"}, "Success": True}


def test_a_yes_in_xml():
    tasks = {"Task": [{"NodeId": 1}, {"NodeId": 2}]}
    response = answer(XML, {"Tasks": tasks, "TenantList": [{"Tid": 3001}], "A": False})
    assert response.headers["content-type"] == "text/xml;charset=utf-8"
    assert response.body.decode() == (
        f'<?xml version="1.0" encoding="UTF-8"?><GetTaskResponse><RequestId>{ID}</RequestId>'
        "<Tasks><Task><NodeId>1</NodeId></Task><Task><NodeId>2</NodeId></Task></Tasks>"
        "<TenantList><Tid>3001</Tid></TenantList><A>false</A><Success>true</Success></GetTaskResponse>"
    )


REFUSAL = Refusal("Forbidden.RAM", AccessDeniedDetail={"AuthAction": "dms:GetTask"})
REFUSED = {
    "RequestId": ID,
    "HostId": "dms-enterprise.aliyuncs.com",
    "Code": "Forbidden.RAM",
    "Message": "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    "Recommend": "https://api.aliyun.com/troubleshoot?q=Forbidden.RAM&product=dms-enterprise&requestId=" + ID,
    "AccessDeniedDetail": {"AuthAction": "dms:GetTask"},
}


def test_a_no_of_the_gateway():
    response = refusal(JSON, REFUSAL)
    assert (response.status, json.loads(response.body)) == (403, REFUSED)
    response = refusal(XML, REFUSAL)
    assert (response.status, as_xml(response)) == (403, ("Error", REFUSED))


def test_a_no_in_the_body():
    refused = Refusal("TenantNotExist")
    said = {"RequestId": ID, "ErrorCode": "TenantNotExist", "ErrorMessage": "The specified tenant does not exist."}
    response = business_refusal(JSON, refused)
    assert (response.status, json.loads(response.body)) == (200, said | {"Success": False})
    response = business_refusal(XML, refused)
    assert (response.status, as_xml(response)) == (200, ("GetTaskResponse", said | {"Success": "false"}))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("MissingDagId", "DagId is mandatory for this action."),
        ("InvalidDagId", "Specified parameter DagId is not valid."),
        ("InvalidParameterValid", "Specified parameter is not valid."),
        ("InvalidParameter", "Specified parameter is not valid."),
        ("MissingParameter", "The input parameter that is mandatory for processing this request is not supplied."),
        ("Throttling.Whatever", "Request was denied due to request throttling."),
        ("NoSuchCode", ""),
    ],
)
def test_without_words_of_its_own_a_code_has_the_documented_ones(code: str, text: str):
    assert str(Refusal(code)) == text


texts = st.text()  # every character that can be sent, and that XML has no way to write
trees = st.recursive(
    texts | st.booleans() | st.integers(),
    lambda inner: st.dictionaries(st.text("ABCdef", min_size=1), inner | st.lists(inner, min_size=2), max_size=3),
)


def legible(value: Any) -> Any:
    """What is left of a value when only XML's characters are."""
    if isinstance(value, dict):
        return {name: legible(item) for name, item in value.items()} or ""
    if isinstance(value, list):
        return [legible(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return "".join(letter if is_xml(letter) else "\ufffd" for letter in str(value))


def is_xml(letter: str) -> bool:
    return letter in "\t\n\r" or "\x20" <= letter <= "\ud7ff" or "\ue000" <= letter <= "\ufffd" or letter > "\uffff"


@given(st.dictionaries(st.text("XYZ", min_size=1), trees, max_size=3))
def test_both_forms_say_the_same(body: dict[str, Any]):
    assert json.loads(answer(JSON, body).body) == {"RequestId": ID, **body, "Success": True}
    in_xml = {"RequestId": ID, **(legible(body) or {}), "Success": "true"}
    assert as_xml(answer(XML, body)) == ("GetTaskResponse", in_xml)


def test_half_a_character_is_no_reason_to_fail():
    for style in (JSON, XML):
        assert b"?" in answer(style, {"A": "\ud800"}).body or "\ufffd".encode() in answer(style, {"A": "\ud800"}).body
