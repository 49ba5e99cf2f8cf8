import pytest

from dms_backfill_sdk.operations import catalogue
from dms_backfill_sdk.operations.author import (
    AddTaskFlowEdgesRequest,
    CreateTaskFlowRequest,
    CreateTaskRequest,
    DeleteTaskFlowEdgesByConditionRequest,
    DeleteTaskFlowRequest,
    DeleteTaskRequest,
    ListTaskFlowEdgesByConditionRequest,
    OfflineTaskFlowRequest,
    PublishAndDeployTaskFlowRequest,
    ReDeployLhDagVersionRequest,
    TryRunTaskFlowRequest,
    UpdateTaskContentRequest,
    UpdateTaskContentV2Request,
    UpdateTaskFlowTimeVariablesRequest,
)
from dms_backfill_sdk.operations.back_fill import BackFillRequest
from dms_backfill_sdk.operations.control import (
    ListTaskFlowInstanceRequest,
)
from dms_backfill_sdk.operations.find import (
    GetTaskFlowGraphRequest,
    GetTaskRequest,
    ListDAGVersionsRequest,
    ListTaskFlowRequest,
    ListTasksInTaskFlowRequest,
)
from dms_backfill_sdk.operations.terms import RunStatus

VARIABLES = '{"variables":[{"name":"day","pattern":"dd|+1d"}]}'


def test_a_flow_that_was_written_is_found_as_it_was_written(lab):
    dag_id = lab.ask(CreateTaskFlowRequest(dag_name="daily", description="what was sold", scenario_id=7)).dag_id
    load, report = (
        lab.ask(
            CreateTaskRequest(
                dag_id=dag_id,
                node_name=name,
                node_type=kind,
                node_content='{"sql": "select 1"}',
                node_output="{}",
                time_variables=VARIABLES,
                graph_param='{"x": 1}',
            )
        ).node_id
        for name, kind in (("load", "36"), ("report", "DTS_FULL_SYNC"))
    )
    edges = lab.ask(AddTaskFlowEdgesRequest(dag_id=dag_id, edges=[(load, report)])).edge_ids

    graph = lab.ask(GetTaskFlowGraphRequest(dag_id=dag_id)).task_flow_graph
    written = {"node_content": '{"sql": "select 1"}', "time_variables": VARIABLES, "graph_param": '{"x": 1}'}
    assert (graph.dag_name, graph.status, graph.can_edit) == ("daily", 0, True)
    assert graph.nodes == [
        catalogue.GraphNode(dag_id=dag_id, node_id=load, node_name="load", node_type=36, **written),
        catalogue.GraphNode(dag_id=dag_id, node_id=report, node_name="report", node_type=None, **written),
    ]
    assert graph.edges == [catalogue.GraphEdge(dag_id=dag_id, id=edges[0], node_from=load, node_end=report)]

    tasks = lab.ask(ListTasksInTaskFlowRequest(dag_id=dag_id)).tasks
    assert tasks == [
        catalogue.Node(node_id=load, node_name="load", node_type="SPARK_SQL", node_output="{}", **written),
        catalogue.Node(node_id=report, node_name="report", node_type="DTS_FULL_SYNC", node_output="{}", **written),
    ]
    assert lab.ask(GetTaskRequest(node_id=load)).task == catalogue.NodeDetail(
        dag_id=dag_id, node_name="load", node_type="SPARK_SQL", node_output="{}", **written
    )


def test_edges_are_listed_and_deleted_by_condition(lab):
    flow = lab.flow(a={}, b={"after": ["a"]}, c={"after": ["a", "b"]})
    ids = lab.ids(flow)

    def listed(**condition) -> list[tuple[int, int]]:
        edges = lab.ask(ListTaskFlowEdgesByConditionRequest(dag_id=flow.id, **condition)).edges
        return [(edge.node_from, edge.node_end) for edge in edges]

    ab, ac, bc = (ids["a"], ids["b"]), (ids["a"], ids["c"]), (ids["b"], ids["c"])
    assert listed() == [ab, ac, bc]
    assert listed(node_from=ids["a"]) == [ab, ac]
    assert listed(node_from=ids["b"], node_end=ids["b"]) == []
    lab.ask(DeleteTaskFlowEdgesByConditionRequest(dag_id=flow.id, node_end=ids["c"]))
    assert listed() == [ab]
    lab.ask(DeleteTaskFlowEdgesByConditionRequest(dag_id=flow.id))
    assert listed() == []


@pytest.mark.parametrize("request_class", [UpdateTaskContentRequest, UpdateTaskContentV2Request])
def test_content_is_written_anew(lab, request_class):
    flow = lab.flow(load={})
    node = lab.ids(flow)["load"]
    lab.ask(request_class(node_id=node, node_content='{"sql": "select 2"}'))
    assert flow.nodes[node].content == '{"sql": "select 2"}'
    lab.ask(request_class(node_id=node))
    assert flow.nodes[node].content == '{"sql": "select 2"}'


def test_time_variables_of_a_flow_are_written_anew(lab):
    flow = lab.flow(load={})
    lab.ask(UpdateTaskFlowTimeVariablesRequest(dag_id=flow.id, time_variables=VARIABLES))
    assert flow.time_variables == VARIABLES


def test_what_was_deleted_is_gone(lab):
    flow = lab.flow(load={}, rest={})
    node = lab.ids(flow)["load"]
    lab.ask(DeleteTaskRequest(node_id=node))
    assert list(lab.ids(flow)) == ["rest"]
    lab.ask(DeleteTaskFlowRequest(dag_id=flow.id))
    assert lab.ask(ListTaskFlowRequest()).task_flow_list == []


def test_publishing_makes_versions_newest_first(lab):
    flow = lab.flow(publish=False, load={})
    for comment in ("first", None, "third"):
        assert lab.ask(PublishAndDeployTaskFlowRequest(dag_id=flow.id, version_comments=comment)).deploy_id
    answer = lab.ask(ListDAGVersionsRequest(dag_id=flow.id, page_index=1, page_size=2))
    assert answer.total_count == 3
    assert [(one.version_id, one.last_version_id, one.version_comments) for one in answer.dag_version_list] == [
        (16003, 16002, "third"),
        (16002, 16001, ""),
    ]
    assert {(one.dag_name, one.dag_owner_id) for one in answer.dag_version_list} == {("daily_sales", "510001")}


def test_deploying_again_answers_with_a_new_record(lab):
    flow = lab.flow(load={})
    lab.ask(OfflineTaskFlowRequest(dag_id=flow.id))
    assert lab.ask(ReDeployLhDagVersionRequest(dag_id=flow.id, dag_version=16001)).deploy_id == 65002
    assert lab.ask(BackFillRequest.on(flow.id, "2022-01-14")).dag_instance_id


def test_a_try_run_answers_with_its_run(lab):
    flow = lab.flow(publish=False, load={})
    run = lab.ask(TryRunTaskFlowRequest(dag_id=flow.id)).instance_id
    (listed,) = lab.ask(ListTaskFlowInstanceRequest(dag_id=flow.id, page_index=1, page_size=10)).daginstance_list
    assert (listed.id, listed.history_dag_id, listed.status) == (run, None, RunStatus.RUNNING)
