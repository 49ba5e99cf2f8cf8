"""Holds every class of ``operations/`` against the service's own description of its operations.

``operations.json`` is that description as data, ``samples.json`` the answers that the documents show.
"""

import importlib
import inspect
import itertools
import json
import re
from datetime import date, datetime
from enum import IntEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import attrs
import pytest
from alibabacloud_dms_enterprise20181101 import models as official
from hypothesis import given, settings
from hypothesis import strategies as st

from dms_backfill_sdk.dates import CHINA
from dms_backfill_sdk.operations import FAMILIES, Request, request_class
from dms_backfill_sdk.operations.author import NewEdge
from dms_backfill_sdk.wire import decode_body, decode_parameters, encode_body, encode_parameters, slots

HERE = Path(__file__).parent
CONTRACT = json.loads((HERE / "operations.json").read_text("utf-8"))["operations"]
SAMPLES = json.loads((HERE / "samples.json").read_text("utf-8"))

ACTIONS = [action for family in FAMILIES.values() for action in family]
REQUESTS = [request_class(action) for action in ACTIONS]
MODULES = [importlib.import_module(f"dms_backfill_sdk.operations.{name}") for name in (*FAMILIES, "catalogue")]
CLASSES = [getattr(module, name) for module in MODULES for name in module.__all__]

every_request = pytest.mark.parametrize("request_cls", REQUESTS, ids=ACTIONS)

# The two ways to write a BackFill exclude each other, so no one request has every parameter.
WAYS = {"BackFill": ({"back_fill_date": None}, {"back_fill_date_begin": None, "back_fill_date_end": None})}

EXAMPLES: dict[type, Any] = {
    bool: lambda: True,
    int: itertools.count(15001).__next__,
    str: lambda: "20220414",
    date: lambda: date(2022, 1, 14),
    datetime: lambda: datetime(2021, 11, 10, 14, 37, 26, tzinfo=CHINA),
}


def kind_of(annotation: Any) -> Any:
    """What a field holds when it holds something."""
    if get_origin(annotation) is UnionType:
        return next(member for member in get_args(annotation) if member is not NoneType)
    return annotation


def example(annotation: Any) -> Any:
    kind = kind_of(annotation)
    if get_origin(kind) in (list, tuple):
        return [example(get_args(kind)[0])]
    if attrs.has(kind):
        return filled(kind)
    return next(iter(kind)) if issubclass(kind, IntEnum) else EXAMPLES[kind]()


def filled(cls: type, **given: Any) -> Any:
    """An instance that says something in every field, but for those given."""
    return cls(**{a.name: given[a.name] if a.name in given else example(a.type) for a in attrs.fields(cls)})


def shape(value: Any) -> Any:
    """A JSON value in the words of the description."""
    match value:
        case bool():
            return "Boolean"
        case int():
            return "Long|Integer"
        case str():
            return "String"
        case [int()]:
            return "[Long|Integer]"
        case [item]:
            return [shape(item)]
    return {name: shape(part) for name, part in value.items()}


def type_of(attribute: Any) -> str:
    """What a parameter is in the words of the description."""
    kind = kind_of(attribute.type)
    if get_origin(kind) is tuple:
        return "Json"
    if kind is bool:
        return "Boolean"
    number = issubclass(kind, int) and not attribute.metadata.get("wire", {}).get("as_text")
    return "Long|Integer" if number else "String"


def described(cls: type[Request[Any]]) -> dict[str, Any]:
    """A request's parameters as the description would list them, by what is really sent."""
    sent: dict[str, tuple[str, str]] = {}
    for way in WAYS.get(cls.action, ({},)):
        query, form = encode_parameters(filled(cls, **way))
        sent |= {name: ("Query", text) for name, text in query} | {name: ("Body", text) for name, text in form}
    parameters = {}
    for slot, attribute in zip(slots(cls), attrs.fields(cls), strict=True):
        place, text = sent.pop(slot.wire)
        parameters[slot.wire] = {"type": type_of(attribute), "required": slot.required, "in": place}
        if type_of(attribute) == "Json":
            parameters[slot.wire]["json"] = shape(json.loads(text))
    assert not sent
    return parameters


@every_request
def test_a_request_has_the_parameters_of_the_contract_and_no_others(request_cls):
    # A Python int is both a Long and an Integer.
    written = json.dumps(CONTRACT[request_cls.action]["parameters"])
    expected = re.sub(r'"type": "(Long|Integer)"', '"type": "Long|Integer"', written)
    assert described(request_cls) == json.loads(expected)


@every_request
def test_a_response_has_the_fields_of_the_contract_and_no_others(request_cls):
    assert shape(encode_body(filled(request_cls.answers))) == CONTRACT[request_cls.action]["response"]


@every_request
def test_a_response_comes_back_as_it_was(request_cls):
    response = filled(request_cls.answers)
    assert decode_body(request_cls.answers, encode_body(response)) == response


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample["action"] for sample in SAMPLES])
def test_a_documented_answer_is_read_and_written_again_to_the_letter(sample):
    answers = request_class(sample["action"]).answers
    assert encode_body(decode_body(answers, sample["body"])) == sample["body"]


def requests(cls: type[Request[Any]]) -> st.SearchStrategy[Any]:
    """Any valid request of a class whose fields do not depend on each other."""
    ids = st.integers(1, 2**63 - 1)
    scalars = {int: ids, bool: st.booleans(), str: st.text(min_size=1), date: st.dates()}

    def values(attribute: Any) -> st.SearchStrategy[Any]:
        kind = kind_of(attribute.type)
        if get_origin(kind) is tuple:
            item = st.builds(NewEdge, ids, ids) if get_args(kind)[0] is NewEdge else ids
            found: st.SearchStrategy[Any] = st.lists(item, min_size=1, max_size=5)
        else:
            found = st.integers(0, 99) if issubclass(kind, IntEnum) else scalars[kind]
        return found if attribute.default is attrs.NOTHING else st.none() | found

    return st.fixed_dictionaries({a.name: values(a) for a in attrs.fields(cls)}).map(lambda given: cls(**given))


@every_request
@settings(max_examples=20)
@given(data=st.data())
def test_a_request_comes_back_as_it_was(request_cls, data):
    if request_cls.action in WAYS:
        request = filled(request_cls, **data.draw(st.sampled_from(WAYS[request_cls.action])))
    else:
        request = data.draw(requests(request_cls))
    query, form = encode_parameters(request)
    assert decode_parameters(request_cls, query + form) == request


# ---------------------------------------------------------------------------------------------------------------
# The official SDK: moving over is changing an import.


@every_request
def test_a_request_has_the_official_sdks_attributes(request_cls):
    theirs = getattr(official, f"{request_cls.action}Request")()
    assert {a.name for a in attrs.fields(request_cls)} == set(vars(theirs))


@every_request
def test_a_response_has_the_official_sdks_attributes_down_to_the_last_item(request_cls):
    def compare(ours: Any, theirs: Any) -> None:
        assert {a.name for a in attrs.fields(type(ours))} == set(vars(theirs))
        for slot in slots(type(ours)):
            mine, other = getattr(ours, slot.name), getattr(theirs, slot.name)
            for _wrapper in slot.path[1:]:
                (other,) = vars(other).values()
            if isinstance(mine, list):
                (mine,), (other,) = mine, other
            if attrs.has(type(mine)):
                compare(mine, other)

    response = filled(request_cls.answers)
    compare(response, getattr(official, f"{request_cls.action}ResponseBody")().from_map(encode_body(response)))


@every_request
def test_the_official_sdk_reads_every_field_that_we_write(request_cls):
    body = encode_body(filled(request_cls.answers))
    assert getattr(official, f"{request_cls.action}ResponseBody")().from_map(body).to_map() == body


# ---------------------------------------------------------------------------------------------------------------
# The declarations among themselves


@pytest.mark.parametrize("family", FAMILIES)
def test_the_list_of_operations_names_each_that_is_declared(family):
    module = importlib.import_module(f"dms_backfill_sdk.operations.{family}")
    declared = [getattr(module, name) for name in module.__all__ if name.endswith("Request")]
    assert {cls.action for cls in declared} == set(FAMILIES[family])
    assert all(issubclass(cls, Request) and cls.__name__ == f"{cls.action}Request" for cls in declared)
    assert all(cls.answers is getattr(module, f"{cls.action}Response") for cls in declared)


def test_an_operation_without_a_class_has_none():
    assert request_class("ListUsers") is None


def test_only_reading_and_writing_the_same_value_may_be_repeated():
    same_value = {"UpdateTaskContent", "UpdateTaskContentV2", "UpdateTaskFlowTimeVariables"}
    expected = {action for action in ACTIONS if action.startswith(("List", "Get"))} | same_value
    assert {cls.action for cls in REQUESTS if cls.repeatable} == expected


@pytest.mark.parametrize("cls", CLASSES)
def test_every_field_is_explained_and_nothing_else_is(cls):
    explained = set()
    for level in cls.__mro__:
        _, _, attributes = (inspect.cleandoc(level.__doc__ or "")).partition("Attributes:\n")
        explained |= set(re.findall(r"^    (\w+): \S", attributes.partition("\n\n")[0], re.MULTILINE))
    about_the_class = {"action", "answers", "repeatable"}
    assert explained - about_the_class == {a.name for a in attrs.fields(cls)}
