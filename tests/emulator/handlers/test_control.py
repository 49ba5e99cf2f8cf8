from datetime import date, datetime
from time import perf_counter

import pytest

from dms_backfill_sdk.dates import CHINA
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.emulator.switches import Switches
from dms_backfill_sdk.operations.control import (
    GetTaskInstanceRelationRequest,
    ListTaskFlowInstanceRequest,
    MakeTaskFlowInstanceSuccessRequest,
    ReRunTaskFlowInstanceRequest,
    ResumeTaskFlowInstanceRequest,
    StopTaskFlowInstanceRequest,
    SuspendTaskFlowInstanceRequest,
)
from dms_backfill_sdk.operations.terms import RunStatus, TriggerType
from dms_backfill_sdk.wire import encode_body


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def listed(lab, flow, **search):
    request = ListTaskFlowInstanceRequest(**{"dag_id": flow.id, "page_index": 1, "page_size": 1000, **search})
    return lab.ask(request)


def test_a_run_is_listed_with_all_that_is_known_of_it(lab):
    flow = lab.flow(load={"seconds": 10})
    lab.back_fill(flow, "2022-01-14", "2022-01-15")
    lab.wait(15)
    answer = listed(lab, flow)
    waiting, done = answer.daginstance_list
    assert answer.total_count == 2
    assert encode_body(done) == {
        "Id": 470001,
        "DagId": "15001",
        "DagName": "daily_sales",
        "DagVersion": "[]",
        "HistoryDagId": 16001,
        "BusinessTime": "2022-01-14 00:00:00",
        "startTime": "2022-10-01 08:00:00",
        "EndTime": "2022-10-01 08:00:10",
        "Status": 4,
        "TriggerType": 1,
        "OwnerName": "Owner_NickName",
        "Message": "",
    }
    assert (waiting.business_time, waiting.status) == (at("2022-01-15"), RunStatus.RUNNING)


def test_a_run_that_waits_has_no_times(lab):
    flow = lab.flow(load={})
    lab.back_fill(flow, "2022-01-14", "2022-01-15")
    waiting = listed(lab, flow).daginstance_list[0]
    assert (waiting.status, waiting.start_time, waiting.end_time) == (RunStatus.WAITING, None, None)


@pytest.mark.parametrize(
    ("search", "days"),
    [
        ({}, [18, 17, 16, 15, 14]),
        ({"page_size": 2}, [18, 17]),
        ({"page_index": 3, "page_size": 2}, [14]),
        ({"page_index": 4, "page_size": 2}, []),
        ({"status": RunStatus.WAITING}, [18]),
        ({"status": RunStatus.RUNNING}, [17]),
        ({"status": RunStatus.SUCCESS}, [16, 15, 14]),
        ({"status": RunStatus.SUCCESS, "page_index": 2, "page_size": 2}, [14]),
        ({"status": RunStatus.COMPLETED}, []),
        ({"status": 99}, []),
        ({"trigger_type": TriggerType.MANUAL}, [18, 17, 16, 15, 14]),
        ({"trigger_type": TriggerType.SCHEDULED}, []),
        # The runs of the 14th and the 15th began on the 1st of October, the next two on the 2nd.
        ({"start_time_begin": "2022-10-02"}, [17, 16]),
        ({"start_time_end": "2022-10-01"}, [15, 14]),
        ({"start_time_end": "2022-10-01", "use_biz_date": False}, [15, 14]),
        ({"start_time_begin": "2022-10-01", "start_time_end": "2022-10-02"}, [17, 16, 15, 14]),
        ({"start_time_begin": "2022-10-03"}, []),
        ({"start_time_begin": "2022-01-15", "start_time_end": "2022-01-16", "use_biz_date": True}, [16, 15]),
        ({"start_time_begin": "2022-01-17", "use_biz_date": True}, [18, 17]),
        ({"start_time_begin": "2022-01-17", "use_biz_date": True, "status": RunStatus.WAITING}, [18]),
        ({"use_biz_date": True}, [18, 17, 16, 15, 14]),
        ({"start_time_begin": date.min, "start_time_end": date.max}, [17, 16, 15, 14]),
    ],
)
def test_runs_are_listed_newest_first_by_what_is_asked(lab, search, days):
    flow = lab.flow(load={"seconds": 8 * 3600})
    lab.back_fill(flow, "2022-01-14", "2022-01-18")
    lab.wait(hours=25)
    answer = listed(lab, flow, **search)
    assert [run.business_time.day for run in answer.daginstance_list] == days
    if "page_size" not in search:
        assert answer.total_count == len(days)
    elif "status" in search:
        assert answer.total_count == 3
    else:
        assert answer.total_count == 5


def test_runs_of_another_flow_are_not_listed(lab):
    one, other = lab.flow("one", load={}), lab.flow("other", load={})
    run = lab.run(one)
    assert listed(lab, other).total_count == 0
    for request in (GetTaskInstanceRelationRequest, StopTaskFlowInstanceRequest):
        with pytest.raises(Refusal, match=f"The task flow has no run {run.id}"):
            lab.ask(request(dag_id=other.id, dag_instance_id=run.id))


def test_the_nodes_of_a_run_are_listed_with_all_that_is_known_of_them(lab):
    flow = lab.flow(a={"seconds": 170.655}, b={"simulate": {"fails_first": 1}, "after": ["a"]}, c={"after": ["b"]})
    run = lab.run(flow)
    lab.wait(180)
    a, b, c = lab.ask(GetTaskInstanceRelationRequest(dag_id=flow.id, dag_instance_id=run.id)).node_list
    assert encode_body(a) == {
        "Id": 1400001,
        "NodeId": 44001,
        "NodeName": "a",
        "NodeType": 1,
        "BusinessTime": "2022-01-14 00:00:00",
        "EndTime": "2022-10-01 08:02:50",
        "ExecuteTime": 170655,
        "Status": 4,
        "Message": "",
    }
    assert (b.status, b.message, b.execute_time) == (RunStatus.FAILED, "simulated failure", 1000)
    assert (c.status, c.end_time, c.execute_time) == (RunStatus.WAITING, None, None)


def test_a_waiting_run_lists_its_nodes_waiting(lab):
    flow = lab.flow(a={}, b={"after": ["a"]})
    series = lab.back_fill(flow, "2022-01-14", "2022-01-15")
    request = GetTaskInstanceRelationRequest(dag_id=flow.id, dag_instance_id=series.runs[1].id)
    before = lab.ask(request).node_list
    assert [node.status for node in before] == [RunStatus.WAITING] * 2
    lab.wait(10)
    assert [node.id for node in lab.ask(request).node_list] == [node.id for node in before]


def test_a_parent_is_listed_without_nodes(new_lab):
    lab = new_lab(Switches(range_creates="parent"))
    flow = lab.flow(load={})
    parent = lab.back_fill(flow, "2022-01-14", "2022-01-16").parent
    assert [run.id for run in listed(lab, flow).daginstance_list] == [470004, 470003, 470002, 470001]
    assert lab.ask(GetTaskInstanceRelationRequest(dag_id=flow.id, dag_instance_id=parent.id)).node_list == []


def test_ten_years_of_runs_are_paged_through_in_no_time(lab):
    flow = lab.flow(load={})
    lab.back_fill(flow, "2012-01-01", "2021-12-28")
    lab.wait(2000)
    begin = perf_counter()
    found = []
    for index in range(1, 38):
        answer = listed(lab, flow, page_index=index, page_size=100, use_biz_date=True, start_time_begin="2012-01-01")
        found.extend(run.id for run in answer.daginstance_list)
    assert len(found) == len(set(found)) == answer.total_count == 3650
    # A twentieth of a second where it was written.
    assert perf_counter() - begin < 5


# ---------------------------------------------------------------------------------------------------------------
# Steer


def test_a_run_is_steered_through_its_life(lab):
    flow = lab.flow(load={"seconds": 10}, rest={"seconds": 10, "after": ["load"]})
    run = lab.run(flow)
    steps = [
        (SuspendTaskFlowInstanceRequest, RunStatus.SUSPENDED),
        (ResumeTaskFlowInstanceRequest, RunStatus.RUNNING),
        (StopTaskFlowInstanceRequest, RunStatus.FAILED),
        (ReRunTaskFlowInstanceRequest, RunStatus.RUNNING),
        (MakeTaskFlowInstanceSuccessRequest, RunStatus.SUCCESS),
    ]
    for request, status in steps:
        lab.ask(request(dag_id=flow.id, dag_instance_id=run.id))
        assert listed(lab, flow).daginstance_list[0].status == status


@pytest.mark.parametrize("request_class", [ReRunTaskFlowInstanceRequest, ResumeTaskFlowInstanceRequest])
def test_a_version_named_while_steering_has_no_effect(lab, request_class):
    flow = lab.flow(load={})
    run = lab.run(flow)
    if request_class is ReRunTaskFlowInstanceRequest:
        lab.wait(10)
    else:
        lab.engine.suspend(run)
    lab.ask(request_class(dag_id=flow.id, dag_instance_id=run.id, dag_version="[99]"))
    assert run.status is RunStatus.RUNNING
    assert run.series.shape.version.id == 16001


def test_before_anything_is_done_everything_has_happened_that_was_to_happen(lab):
    flow = lab.flow(load={"seconds": 10})
    run = lab.run(flow)
    lab.clock.sleep(10)
    with pytest.raises(Refusal, match="The run is SUCCESS; only one that is RUNNING can be stopped"):
        lab.ask(StopTaskFlowInstanceRequest(dag_id=flow.id, dag_instance_id=run.id))
