"""What a notebook shows of responses and errors."""

from datetime import date, datetime
from xml.etree import ElementTree as ET

import pytest

from dms_backfill_sdk import (
    AddTaskFlowEdgesResponse,
    AuthenticationError,
    BackFillResponse,
    ConfigurationError,
    FlowDetail,
    FlowGraph,
    GetTaskFlowGraphResponse,
    GetUserActiveTenantResponse,
    GraphEdge,
    GraphNode,
    InvalidRequestError,
    ListTaskFlowInstanceResponse,
    ListTaskFlowsByPageResponse,
    ListUserTenantsResponse,
    OutcomeUnknownError,
    Run,
    RunStatus,
    Tenant,
    TriggerType,
    WaitTimeoutError,
)
from dms_backfill_sdk.backfill.watch import Started
from dms_backfill_sdk.dates import CHINA, BusinessTimes
from dms_backfill_sdk.notebook.answers import said

RUNS = [
    Run(
        id=47001,
        dag_id=15001,
        business_time=datetime(2022, 1, 14, tzinfo=CHINA),
        status=RunStatus.SUCCESS,
        trigger_type=TriggerType.MANUAL,
        message="",
    ),
    Run(id=47002, dag_id=15001, business_time=datetime(2022, 1, 15, tzinfo=CHINA), status=9, message=""),
]


def shown(thing):
    """The rows of what is shown, and all its words."""
    root = ET.fromstring(thing._repr_html_())
    root[0].text = ""
    rows = [[cell.text or "" for cell in row] for row in root.iter("tr")]
    return rows, " ".join(text for text in root.itertext() if text.strip())


def test_a_page_is_a_table_of_its_items_without_columns_that_say_nothing():
    rows, words = shown(ListTaskFlowInstanceResponse(daginstance_list=RUNS, total_count=120, request_id="ABC"))
    assert rows == [
        ["id", "dag_id", "business_time", "status", "trigger_type"],
        ["47001", "15001", "2022-01-14 00:00:00", "success", "manual"],
        ["47002", "15001", "2022-01-15 00:00:00", "9", ""],
    ]
    assert words.startswith("ListTaskFlowInstance 2 of 120 · request ABC")


def test_a_page_may_be_empty():
    rows, words = shown(ListTaskFlowInstanceResponse())
    assert rows == [[]]
    assert words == "ListTaskFlowInstance 0 · response"


def test_a_response_is_its_facts():
    rows, words = shown(BackFillResponse(dag_instance_id=47001, node_id=47001, request_id="ABC", success=True))
    assert ["dag_instance_id", "47001"] in rows
    assert words.startswith("BackFill request ABC")


def test_what_a_response_holds_is_shown_below_it():
    graph = FlowGraph(
        dag_name="daily_sales",
        nodes=[GraphNode(node_id=1, node_name="<script>")],
        edges=[GraphEdge(node_from=1, node_end=2)],
    )
    rows, words = shown(GetTaskFlowGraphResponse(task_flow_graph=graph))
    assert ["dag_name", "daily_sales"] in rows
    assert ["1", "<script>"] in rows
    assert ["node_from", "node_end"] in rows
    assert "nodes (1)" in words


def test_a_list_that_does_not_come_in_pages_is_a_table_too():
    rows, _ = shown(ListUserTenantsResponse(tenant_list=[Tenant(tid=3001, tenant_name="a"), Tenant(tid=3002)]))
    assert rows == [["tid", "tenant_name"], ["3001", "a"], ["3002", ""]]
    rows, _ = shown(GetUserActiveTenantResponse(tenant=Tenant(tid=3001)))
    assert ["tid", "3001"] in rows


def test_a_list_of_plain_values_is_a_line():
    assert shown(AddTaskFlowEdgesResponse(edge_ids=[24001, 24002]))[1].endswith("edge_ids (2) 24001, 24002")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (0, "0"),
        (False, "False"),
        (RunStatus.FAILED, "failed"),
        (datetime(2022, 1, 14, 1, 2, 3, tzinfo=CHINA), "2022-01-14 01:02:03"),
        ([1, None, RunStatus.FAILED], "1, , failed"),
        (Tenant(tid=3001, tenant_name="a"), "tid 3001, tenant_name a"),
        ([], ""),
    ],
)
def test_values_are_said_in_short(value, words):
    assert said(value) == words


def test_a_page_becomes_a_data_frame():
    pytest.importorskip("pandas")
    frame = ListTaskFlowInstanceResponse(daginstance_list=RUNS).to_pandas()
    assert list(frame.id) == [47001, 47002]
    assert list(frame.status) == ["success", 9]
    assert str(frame.business_time.dtype).startswith("datetime64")
    assert list(ListTaskFlowsByPageResponse(task_flow_list=[FlowDetail(id=1, dag_name="a")]).to_pandas().dag_name) == [
        "a"
    ]
    assert ListTaskFlowsByPageResponse().to_pandas().empty


def test_an_error_says_what_happened_whether_anything_started_and_what_to_do():
    error = OutcomeUnknownError("<b>No answer.</b>", action="BackFill", may_have_started=True, advice="Look first.")
    rows, words = shown(error)
    assert words.startswith("OutcomeUnknownError <b>No answer.</b> It may have started. Look first.")
    assert rows == [["operation", "BackFill"]]


def test_an_error_of_the_service_shows_what_its_support_asks_for():
    error = AuthenticationError(
        "expired",
        code="InvalidTimeStamp.Expired",
        http_status=400,
        request_id="ABC",
        recommend="https://help",
        action="BackFill",
    )
    rows, words = shown(error)
    assert rows == [
        ["operation", "BackFill"],
        ["code", "InvalidTimeStamp.Expired"],
        ["HTTP status", "400"],
        ["request id", "ABC"],
        ["recommended", "https://help"],
    ]
    assert "Nothing was started." in words


def test_an_error_shows_what_was_started_before_it():
    error = OutcomeUnknownError("No answer.", action="BackFill", may_have_started=True)
    times = BusinessTimes(date(2022, 1, 1), date(2022, 1, 2))
    error.started = (Started(times, 47001), Started(times, None))
    assert ["started before", "47001, found"] in shown(error)[0]


@pytest.mark.parametrize("error", [InvalidRequestError("Half a range."), WaitTimeoutError("After the time to wait.")])
def test_an_error_where_nobody_thinks_of_a_start_does_not_speak_of_one(error):
    assert "started" not in shown(error)[1]


def test_an_error_shows_no_more_than_it_says():
    rows, words = shown(ConfigurationError("Plain http is for loopback.", advice="Write https."))
    assert words == "ConfigurationError Plain http is for loopback. Nothing was started. Write https."
    assert rows == []
