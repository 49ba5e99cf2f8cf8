"""BackFillRequest says yes to what the contract allows, and no, with a sentence, where the request is made."""

import pickle
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dms_backfill_sdk.dates import CHINA
from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.operations.back_fill import BackFillRequest, BackFillResponse
from dms_backfill_sdk.wire import decode_body, decode_parameters, encode_parameters

DAY = {"dag_id": 15001, "back_fill_date": "2022-01-14"}
RANGE = {"dag_id": 15001, "back_fill_date_begin": "2022-01-14", "back_fill_date_end": "2022-09-29"}

NOT_BOTH = (
    "A BackFill is for one day or for a range, not both; "
    "give back_fill_date, or back_fill_date_begin and back_fill_date_end."
)

REFUSALS = {
    "no task flow": (
        {"back_fill_date": "2022-01-14"},
        "BackFillRequest needs dag_id.",
    ),
    "neither a day nor a range": (
        {"dag_id": 15001},
        "A BackFill needs its days; give back_fill_date, or back_fill_date_begin and back_fill_date_end.",
    ),
    "a day and a range": (
        DAY | RANGE,
        NOT_BOTH,
    ),
    "a day and half a range": (
        DAY | {"back_fill_date_end": "2022-01-15"},
        NOT_BOTH,
    ),
    "a range without its end": (
        {"dag_id": 15001, "back_fill_date_begin": "2022-01-14"},
        "Half a range: give back_fill_date_end too, or back_fill_date for a single day.",
    ),
    "a range without its begin": (
        {"dag_id": 15001, "back_fill_date_end": "2022-01-14"},
        "Half a range: give back_fill_date_begin too, or back_fill_date for a single day.",
    ),
    "an end before the begin": (
        RANGE | {"back_fill_date_end": "2022-01-13"},
        "The range ends (2022-01-13) before it begins (2022-01-14); swap them, and use asc=False to run backwards.",
    ),
    "an interval below one hour": (
        RANGE | {"interval": 0},
        "interval must be a positive integer; 0 is not.",
    ),
    "an interval that is no whole number": (
        RANGE | {"interval": 1.5},
        "interval must be a positive integer; 1.5 is not.",
    ),
    "a day that the calendar lacks": (
        DAY | {"back_fill_date": "2022-02-29"},
        "There is no day '2022-02-29' in the calendar.",
    ),
    "a day in another notation": (
        DAY | {"back_fill_date": "14.1.2022"},
        "'14.1.2022' is not a business date; write a date, a datetime or \"YYYY-MM-DD\".",
    ),
    "a day with an hour": (
        DAY | {"back_fill_date": "2022-01-14 00:00"},
        "'2022-01-14 00:00' is not a business date; write a date, a datetime or \"YYYY-MM-DD\".",
    ),
    "a day as a number": (
        DAY | {"back_fill_date": 20220114},
        '20220114 is not a business date; write a date, a datetime or "YYYY-MM-DD".',
    ),
    "an empty day": (
        DAY | {"back_fill_date": ""},
        "'' is not a business date; write a date, a datetime or \"YYYY-MM-DD\".",
    ),
    "a task flow by name": (
        DAY | {"dag_id": "daily_sales"},
        "dag_id must be a positive integer; 'daily_sales' is not.",
    ),
    "a task flow that is none": (
        DAY | {"dag_id": None},
        "dag_id must be a positive integer; None is not.",
    ),
    "task flow zero": (
        DAY | {"dag_id": 0},
        "dag_id must be a positive integer; 0 is not.",
    ),
    "a task flow beyond 64 bits": (
        DAY | {"dag_id": 2**63},
        "dag_id must be a positive integer; 9223372036854775808 is not.",
    ),
    "a yes for a task flow": (
        DAY | {"dag_id": True},
        "dag_id must be a positive integer; True is not.",
    ),
    "tenant zero": (
        DAY | {"tid": 0},
        "tid must be a positive integer; 0 is not.",
    ),
    "a negative version": (
        DAY | {"history_dag_id": -1},
        "history_dag_id must be a positive integer; -1 is not.",
    ),
    "a start node that is none": (
        DAY | {"start_node_ids": [2, 0]},
        "start_node_ids must be a list of positive integers; 0 is not.",
    ),
    "a filtered node by name": (
        DAY | {"filter_node_ids": ["mail"]},
        "filter_node_ids must be a list of positive integers; 'mail' is not.",
    ),
    "one start node without its list": (
        DAY | {"start_node_ids": 2},
        "Ids are given as a list of positive integers, such as [2, 3]; not 2.",
    ),
    "start nodes in a string": (
        DAY | {"start_node_ids": "2,3"},
        "Ids are given as a list of positive integers, such as [2, 3]; not '2,3'.",
    ),
    "an empty list of start nodes": (
        DAY | {"start_node_ids": []},
        "start_node_ids is empty; name at least one id, or leave it out.",
    ),
    "a node both started and filtered": (
        DAY | {"start_node_ids": [4, 3, 2], "filter_node_ids": [9, 3, 4]},
        "Node 3 is both a start node and filtered out; keep it in one list.",
    ),
    "a direction in words": (
        RANGE | {"asc": "desc"},
        "asc must be True or False; 'desc' is not.",
    ),
    "a misspelt field": (
        RANGE | {"back_fill_date_ends": "2022-09-29"},
        "BackFillRequest has no field back_fill_date_ends; did you mean back_fill_date_end?",
    ),
    "the name on the wire": (
        {"DagId": 15001, "back_fill_date": "2022-01-14"},
        "BackFillRequest has no field DagId; did you mean dag_id?",
    ),
    "a field from somewhere else": (
        DAY | {"zzz": 1},
        (
            "BackFillRequest has no field zzz; it has asc, back_fill_date, back_fill_date_begin, back_fill_date_end, "
            "dag_id, filter_node_ids, history_dag_id, interval, is_trigger_sub_tree, start_node_ids, tid."
        ),
    ),
}


@pytest.mark.parametrize(("given", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_a_request_that_breaks_the_contract_is_refused_with_a_sentence(given: dict[str, Any], sentence: str):
    with pytest.raises(InvalidRequestError) as refusal:
        BackFillRequest(**given)
    assert str(refusal.value) == sentence


def test_fields_are_given_by_name():
    with pytest.raises(InvalidRequestError, match=r"Name each field: BackFillRequest\(dag_id=…\)\."):
        BackFillRequest(15001, "2022-01-14")


def test_a_refusal_is_a_value_error_too():
    with pytest.raises(ValueError, match="needs its days"):
        BackFillRequest(dag_id=15001)


@pytest.mark.parametrize(
    "day",
    [
        "2022-01-14",
        date(2022, 1, 14),
        datetime.fromisoformat("2022-01-14 23:59"),
        datetime(2022, 1, 13, 16, 0, tzinfo=UTC),
    ],
)
def test_a_day_may_be_written_as_text_as_a_date_and_as_a_time_in_any_zone(day: date | str):
    assert BackFillRequest(dag_id=15001, back_fill_date=day).back_fill_date == date(2022, 1, 14)


def test_a_range_may_be_a_single_day():
    request = BackFillRequest.between(15001, "2022-01-14", "2022-01-14")
    assert request.back_fill_date_begin == request.back_fill_date_end == date(2022, 1, 14)


def test_what_is_left_out_is_left_to_the_service():
    assert encode_parameters(BackFillRequest.on(15001, "2022-01-14")) == (
        (("DagId", "15001"), ("BackFillDate", "2022-01-14")),
        (),
    )


def test_everything_is_written_as_documented():
    request = BackFillRequest.between(
        15001,
        "2022-01-14",
        "2022-09-29",
        interval=24,
        asc=False,
        start_node_ids=[2, 3],
        filter_node_ids=iter([12]),
        is_trigger_sub_tree=True,
        history_dag_id=16001,
        tid=3001,
    )
    query, form = encode_parameters(request)
    assert dict(query) == {
        "Tid": "3001",
        "DagId": "15001",
        "StartNodeIds": "[2,3]",
        "FilterNodeIds": "[12]",
        "IsTriggerSubTree": "true",
        "BackFillDateBegin": "2022-01-14",
        "BackFillDateEnd": "2022-09-29",
        "Interval": "24",
        "Asc": "false",
        "HistoryDagId": "16001",
    }
    assert form == ()


# ---------------------------------------------------------------------------------------------------------------
# Any valid request

ids = st.integers(1, 2**63 - 1)


@st.composite
def choices(draw: st.DrawFn) -> dict[str, Any]:
    """What of the flow is run."""
    start = draw(st.none() | st.lists(ids, min_size=1, max_size=5))
    skip = draw(st.none() | st.lists(ids, min_size=1, max_size=5))
    assume(not set(start or ()) & set(skip or ()))
    return {
        "start_node_ids": start,
        "filter_node_ids": skip,
        "is_trigger_sub_tree": draw(st.none() | st.booleans()),
        "history_dag_id": draw(st.none() | ids),
        "tid": draw(st.none() | ids),
    }


steps = st.fixed_dictionaries({"interval": st.none() | ids, "asc": st.none() | st.booleans()})
ranges = st.lists(st.dates(), min_size=2, max_size=2).map(sorted)
requests = st.builds(
    lambda dag_id, day, choice: BackFillRequest.on(dag_id, day, **choice), ids, st.dates(), choices()
) | st.builds(
    lambda dag_id, days, step, choice: BackFillRequest.between(dag_id, *days, **step, **choice),
    ids,
    ranges,
    steps,
    choices(),
)


@given(requests)
def test_a_request_comes_back_from_the_wire_as_it_was(request_: BackFillRequest):
    query, _ = encode_parameters(request_)
    assert decode_parameters(BackFillRequest, query) == request_


@given(ids, st.dates(), choices())
def test_on_says_the_same_as_the_long_form(dag_id: int, day: date, choice: dict[str, Any]):
    assert BackFillRequest.on(dag_id, day, **choice) == BackFillRequest(dag_id=dag_id, back_fill_date=day, **choice)


@given(ids, ranges, steps, choices())
def test_between_says_the_same_as_the_long_form(
    dag_id: int, days: list[date], step: dict[str, Any], choice: dict[str, Any]
):
    begin, end = days
    long = BackFillRequest(dag_id=dag_id, back_fill_date_begin=begin, back_fill_date_end=end, **step, **choice)
    assert BackFillRequest.between(dag_id, begin, end, **step, **choice) == long


@given(requests)
def test_a_request_pickles_hashes_and_cannot_be_changed(request_: BackFillRequest):
    copy = pickle.loads(pickle.dumps(request_))
    assert copy == request_
    assert hash(copy) == hash(request_)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        copy.dag_id = 1
    assert attrs.evolve(request_, tid=7).tid == 7


@given(ranges.filter(lambda days: days[0] < days[1]))
def test_a_range_the_wrong_way_round_is_refused(days: list[date]):
    begin, end = days
    with pytest.raises(InvalidRequestError, match="swap them"):
        BackFillRequest.between(15001, end, begin)


@given(st.integers(max_value=0) | st.integers(2**63) | st.floats() | st.booleans() | st.text())
def test_whatever_is_no_positive_number_is_no_task_flow(value: Any):
    with pytest.raises(InvalidRequestError, match="dag_id must be a positive integer"):
        BackFillRequest.on(value, "2022-01-14")


@given(st.timedeltas(timedelta(hours=-12), timedelta(hours=12)))
def test_a_time_means_its_day_in_china(offset: timedelta):
    noon = datetime(2022, 1, 14, 4, tzinfo=UTC)  # which is twelve o'clock in UTC+8
    expected = (datetime(2022, 1, 14, 12, tzinfo=CHINA) + offset).date()
    assert BackFillRequest.on(15001, noon + offset).back_fill_date == expected


def test_a_request_shows_only_what_was_said():
    assert repr(BackFillRequest.on(15001, "2022-01-14")) == (
        "BackFillRequest(dag_id=15001, back_fill_date=datetime.date(2022, 1, 14))"
    )


def test_a_response_shows_no_empty_error():
    body = {"RequestId": "7FAD400F", "Success": True, "DagInstanceId": 470001, "NodeId": 470001}
    assert repr(decode_body(BackFillResponse, body)) == (
        "BackFillResponse(request_id='7FAD400F', success=True, dag_instance_id=470001, node_id=470001)"
    )
