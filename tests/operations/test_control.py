"""What the service says of runs, and how one asks for them."""

from datetime import UTC, date, datetime

import pytest

from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.operations.control import (
    ListTaskFlowInstanceRequest,
    ListTaskFlowInstanceResponse,
    NodeRun,
    Run,
)
from dms_backfill_sdk.operations.terms import FINISHED, NodeType, RunStatus, TriggerType
from dms_backfill_sdk.wire import decode_body, encode_parameters


def test_runs_are_asked_for_by_page_by_days_and_by_status():
    request = ListTaskFlowInstanceRequest(
        dag_id=15001,
        page_index=1,
        page_size=10,
        start_time_begin=date(2022, 1, 14),
        start_time_end="2022-01-20",
        use_biz_date=True,
        status=RunStatus.WAITING,
        trigger_type=TriggerType.MANUAL,
    )
    assert dict(encode_parameters(request)[0]) == {
        "DagId": "15001",
        "PageIndex": "1",
        "PageSize": "10",
        "StartTimeBegin": "2022-01-14",
        "StartTimeEnd": "2022-01-20",
        "UseBizDate": "true",
        "Status": "0",
        "TriggerType": "1",
    }


@pytest.mark.parametrize("status", [-1, "SUCCESS", True])
def test_a_status_is_a_term_or_a_number_from_zero_up(status: object):
    with pytest.raises(InvalidRequestError, match="status must be one of its enum's members or a number from 0 up"):
        ListTaskFlowInstanceRequest(dag_id=1, page_index=1, page_size=10, status=status)


def test_a_run_is_read_with_its_id_as_a_number_and_its_times_in_china():
    item = {
        "Id": 9234,
        "DagId": "15001",
        "BusinessTime": "2021-11-10 14:37:26",
        "startTime": "2021-11-11 14:35:57",
        "EndTime": "",
        "Status": 1,
        "TriggerType": 0,
    }
    answer = decode_body(ListTaskFlowInstanceResponse, {"DAGInstanceList": {"DAGInstance": [item]}, "TotalCount": 1})
    assert answer.daginstance_list == [
        Run(
            id=9234,
            dag_id=15001,
            business_time=datetime(2021, 11, 10, 6, 37, 26, tzinfo=UTC),
            start_time=datetime(2021, 11, 11, 6, 35, 57, tzinfo=UTC),
            status=RunStatus.RUNNING,
            trigger_type=TriggerType.SCHEDULED,
        )
    ]


def test_a_status_or_a_type_without_a_name_stays_a_number():
    node = decode_body(NodeRun, {"Status": 9, "NodeType": 77})
    assert (node.status, node.node_type) == (9, 77)
    assert not isinstance(node.status, RunStatus)
    assert decode_body(NodeRun, {"Status": 4, "NodeType": 36}) == NodeRun(
        status=RunStatus.SUCCESS, node_type=NodeType.SPARK_SQL
    )


@pytest.mark.parametrize("number", range(10))
def test_a_run_has_finished_when_it_failed_succeeded_or_completed(number: int):
    assert (number in FINISHED) == (number in (3, 4, 5))
