"""What the requests that write task flows accept besides plain values, and what they refuse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.operations.author import (
    AddTaskFlowEdgesRequest,
    CreateTaskRequest,
    NewEdge,
    UpdateTaskContentRequest,
    UpdateTaskContentV2Request,
    UpdateTaskContentV2Response,
)
from dms_backfill_sdk.operations.catalogue import Edge, GraphEdge
from dms_backfill_sdk.operations.terms import NodeType
from dms_backfill_sdk.wire import WireError, decode_body, decode_parameters, encode_parameters

ids = st.integers(1, 2**63 - 1)


@pytest.mark.parametrize(
    "edge",
    [
        (1, 2),
        [1, 2],
        NewEdge(1, 2),
        Edge(id=24001, node_from=1, node_end=2),
        GraphEdge(id=24001, dag_id=15001, node_from=1, node_end=2),
    ],
)
def test_an_edge_may_be_given_as_a_pair_or_as_one_that_was_listed(edge: Any):
    assert AddTaskFlowEdgesRequest(dag_id=15001, edges=[edge]).edges == (NewEdge(1, 2),)


def test_edges_are_written_as_compact_json_of_their_two_ends():
    query, _ = encode_parameters(AddTaskFlowEdgesRequest(dag_id=15001, edges=[(1, 2), (2, 3)]))
    assert dict(query)["Edges"] == '[{"NodeFrom":1,"NodeEnd":2},{"NodeFrom":2,"NodeEnd":3}]'


@given(st.lists(st.tuples(ids, ids), min_size=1))
def test_edges_may_come_from_any_iterable(pairs: list[tuple[int, int]]):
    assert AddTaskFlowEdgesRequest(dag_id=1, edges=iter(pairs)) == AddTaskFlowEdgesRequest(dag_id=1, edges=pairs)


NO_EDGES = {
    "none": ([], "edges is empty; give at least one, such as [(1, 2)]."),
    "not a list": (7, "Edges are given as a list of (from, end), such as [(1, 2)]; not 7."),
    "a text": ("1-2", "Edges are given as a list of (from, end), such as [(1, 2)]; not '1-2'."),
    "a single edge": ((1, 2), "An edge is given as (from, end), two node ids such as (1, 2); not 1."),
    "three ends": ([(1, 2, 3)], "An edge is given as (from, end), two node ids such as (1, 2); not (1, 2, 3)."),
    "an end by name": ([(1, "mail")], "node_end must be a positive integer; 'mail' is not."),
    "a listed edge without an end": ([Edge(id=7, node_end=2)], "node_from must be a positive integer; None is not."),
}


@pytest.mark.parametrize(("edges", "sentence"), NO_EDGES.values(), ids=NO_EDGES)
def test_what_is_no_list_of_edges_is_refused(edges: Any, sentence: str):
    with pytest.raises(InvalidRequestError) as refusal:
        AddTaskFlowEdgesRequest(dag_id=15001, edges=edges)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("written", ["{}", "[1]", '[{"NodeFrom":1}]', '[{"NodeFrom":0,"NodeEnd":1}]', "[["])
def test_edges_that_cannot_be_read_are_named(written: str):
    with pytest.raises(WireError) as error:
        decode_parameters(AddTaskFlowEdgesRequest, [("DagId", "15001"), ("Edges", written)])
    assert not error.value.missing


def test_a_node_type_may_be_a_term_or_its_text():
    by_term = CreateTaskRequest(dag_id=15001, node_name="load", node_type=NodeType.SPARK_SQL)
    assert by_term == CreateTaskRequest(dag_id=15001, node_name="load", node_type="36")


def test_a_node_type_that_is_neither_is_refused():
    with pytest.raises(InvalidRequestError, match="node_type must be a string; 36 is not"):
        CreateTaskRequest(dag_id=15001, node_name="load", node_type=36)


def test_content_travels_in_the_query_and_in_its_second_form_in_the_body():
    content = '{"sql":"select 1 + a*~"}'
    assert encode_parameters(UpdateTaskContentRequest(node_id=44001, node_content=content)) == (
        (("NodeId", "44001"), ("NodeContent", content)),
        (),
    )
    assert encode_parameters(UpdateTaskContentV2Request(node_id=44001, node_content=content)) == (
        (("NodeId", "44001"),),
        (("NodeContent", content),),
    )


@pytest.mark.parametrize("success", ["true", True])
def test_a_success_that_is_written_as_a_string_is_one(success: Any):
    assert decode_body(UpdateTaskContentV2Response, {"Success": success}).success is True
