"""The checks that every request has by the types of its fields."""

from typing import Any

import attrs
import pytest

from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.operations import FAMILIES, request_class
from dms_backfill_sdk.operations.author import CreateTaskFlowRequest, UpdateTaskContentV2Request
from dms_backfill_sdk.operations.declaration import Request, Response, TenantRequest, operation, typed
from dms_backfill_sdk.operations.find import ListTaskFlowRequest, ListTaskFlowsByPageRequest

REFUSALS = {
    "a name that is missing": ({}, "CreateTaskFlowRequest needs dag_name."),
    "a name that is empty": ({"dag_name": ""}, "dag_name is empty and the operation needs it."),
    "a name that is none": ({"dag_name": None}, "dag_name must be a string; None is not."),
    "a name that is a number": ({"dag_name": 7}, "dag_name must be a string; 7 is not."),
    "a text that has no UTF-8": (
        {"dag_name": "a\ud800"},
        "dag_name must be text that can be written as UTF-8; 'a\\ud800' is not.",
    ),
    "a scenario by name": (
        {"dag_name": "a", "scenario_id": "sales"},
        "scenario_id must be a positive integer; 'sales' is not.",
    ),
    "two misspelt fields, the first in the alphabet": (
        {"dag_nam": "a", "tide": 1},
        "CreateTaskFlowRequest has no field dag_nam; did you mean dag_name?",
    ),
}


@pytest.mark.parametrize(("given", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_a_field_that_breaks_its_type_is_refused_with_a_sentence(given: dict[str, Any], sentence: str):
    with pytest.raises(InvalidRequestError) as refusal:
        CreateTaskFlowRequest(**given)
    assert str(refusal.value) == sentence


def test_all_that_is_missing_is_named_in_the_order_of_the_class():
    with pytest.raises(InvalidRequestError) as refusal:
        request_class("ListDAGVersions")(page_size=10)
    assert str(refusal.value) == "ListDAGVersionsRequest needs dag_id and page_index."


def test_a_text_in_any_language_is_taken():
    assert CreateTaskFlowRequest(dag_name="每日销售 🛒", description="").dag_name == "每日销售 🛒"


def test_ids_may_come_from_any_iterable():
    assert ListTaskFlowsByPageRequest(dag_id_list=range(1, 4)).dag_id_list == (1, 2, 3)


def test_a_request_without_a_single_required_field_says_how_to_name_one():
    with pytest.raises(InvalidRequestError, match=r"Name each field: ListTaskFlowRequest\(tid=…\)\."):
        ListTaskFlowRequest(3001)


def test_every_request_may_name_its_tenant_but_two():
    classes = [request_class(action) for family in FAMILIES.values() for action in family]
    without = {cls.action for cls in classes if not issubclass(cls, TenantRequest)}
    assert without == {"UpdateTaskContentV2", "TryRunTaskFlow"}


def test_a_request_that_takes_no_tenant_refuses_one():
    with pytest.raises(InvalidRequestError, match="has no field tid"):
        UpdateTaskContentV2Request(node_id=1, tid=3001)


def test_an_operation_is_declared_by_its_classs_name():
    @operation(Response, repeatable=True)
    @attrs.frozen(kw_only=True, field_transformer=typed)
    class LookAroundRequest(Request[Response]):
        far: bool

    assert (LookAroundRequest.action, LookAroundRequest.answers, LookAroundRequest.repeatable) == (
        "LookAround",
        Response,
        True,
    )
    assert repr(LookAroundRequest(far=True)) == "LookAroundRequest(far=True)"
    with pytest.raises(InvalidRequestError, match="far must be True or False; 1 is not"):
        LookAroundRequest(far=1)
