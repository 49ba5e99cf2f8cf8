"""Write task flows: make them, give them nodes and edges, try them, publish them, take them offline."""

from dms_backfill_sdk.emulator.engine import Engine
from dms_backfill_sdk.emulator.handlers.table import Table
from dms_backfill_sdk.operations import catalogue
from dms_backfill_sdk.operations.author import (
    AddTaskFlowEdgesRequest,
    AddTaskFlowEdgesResponse,
    CreateTaskFlowRequest,
    CreateTaskFlowResponse,
    CreateTaskRequest,
    CreateTaskResponse,
    DeleteTaskFlowEdgesByConditionRequest,
    DeleteTaskFlowEdgesByConditionResponse,
    DeleteTaskFlowRequest,
    DeleteTaskFlowResponse,
    DeleteTaskRequest,
    DeleteTaskResponse,
    ListTaskFlowEdgesByConditionRequest,
    ListTaskFlowEdgesByConditionResponse,
    OfflineTaskFlowRequest,
    OfflineTaskFlowResponse,
    PublishAndDeployTaskFlowRequest,
    PublishAndDeployTaskFlowResponse,
    ReDeployLhDagVersionRequest,
    ReDeployLhDagVersionResponse,
    TryRunTaskFlowRequest,
    TryRunTaskFlowResponse,
    UpdateTaskContentRequest,
    UpdateTaskContentResponse,
    UpdateTaskContentV2Request,
    UpdateTaskContentV2Response,
    UpdateTaskFlowTimeVariablesRequest,
    UpdateTaskFlowTimeVariablesResponse,
)

__all__ = ["HANDLERS"]


def _create_flow(engine: Engine, request: CreateTaskFlowRequest) -> CreateTaskFlowResponse:
    flow = engine.world.create_flow(
        request.dag_name,
        tenant=request.tid,
        description=request.description or "",
        scenario_id=request.scenario_id,
    )
    return CreateTaskFlowResponse(dag_id=flow.id)


def _delete_flow(engine: Engine, request: DeleteTaskFlowRequest) -> DeleteTaskFlowResponse:
    engine.world.delete_flow(engine.world.flow(request.dag_id, request.tid))
    return DeleteTaskFlowResponse()


def _create_node(engine: Engine, request: CreateTaskRequest) -> CreateTaskResponse:
    node = engine.world.add_node(
        engine.world.flow(request.dag_id, request.tid),
        request.node_name,
        type=request.node_type,
        content=request.node_content or "",
        output=request.node_output or "",
        time_variables=request.time_variables or "",
        graph_param=request.graph_param or "",
    )
    return CreateTaskResponse(node_id=node.id)


def _delete_node(engine: Engine, request: DeleteTaskRequest) -> DeleteTaskResponse:
    engine.world.delete_node(*engine.world.node(request.node_id, request.tid))
    return DeleteTaskResponse()


def _write_content(engine: Engine, node_id: int, tid: int | None, content: str | None) -> None:
    flow, node = engine.world.node(node_id, tid)
    if content is not None:  # no content leaves the node as it is; our choice
        engine.world.write_content(flow, node, content)


def _update_content(engine: Engine, request: UpdateTaskContentRequest) -> UpdateTaskContentResponse:
    _write_content(engine, request.node_id, request.tid, request.node_content)
    return UpdateTaskContentResponse()


def _update_content_v2(engine: Engine, request: UpdateTaskContentV2Request) -> UpdateTaskContentV2Response:
    _write_content(engine, request.node_id, None, request.node_content)
    return UpdateTaskContentV2Response()


def _update_variables(
    engine: Engine, request: UpdateTaskFlowTimeVariablesRequest
) -> UpdateTaskFlowTimeVariablesResponse:
    engine.world.flow(request.dag_id, request.tid).time_variables = request.time_variables
    return UpdateTaskFlowTimeVariablesResponse()


def _add_edges(engine: Engine, request: AddTaskFlowEdgesRequest) -> AddTaskFlowEdgesResponse:
    flow = engine.world.flow(request.dag_id, request.tid)
    edges = engine.world.add_edges(flow, ((edge.node_from, edge.node_end) for edge in request.edges))
    return AddTaskFlowEdgesResponse(edge_ids=[edge.id for edge in edges])


def _delete_edges(
    engine: Engine, request: DeleteTaskFlowEdgesByConditionRequest
) -> DeleteTaskFlowEdgesByConditionResponse:
    flow = engine.world.flow(request.dag_id, request.tid)
    for edge in flow.edges_where(request.id, request.node_from, request.node_end):
        del flow.edges[edge.id]
    return DeleteTaskFlowEdgesByConditionResponse()


def _list_edges(engine: Engine, request: ListTaskFlowEdgesByConditionRequest) -> ListTaskFlowEdgesByConditionResponse:
    flow = engine.world.flow(request.dag_id, request.tid)
    return ListTaskFlowEdgesByConditionResponse(
        edges=[
            catalogue.Edge(id=edge.id, node_from=edge.start, node_end=edge.end)
            for edge in flow.edges_where(request.id, request.node_from, request.node_end)
        ]
    )


def _publish(engine: Engine, request: PublishAndDeployTaskFlowRequest) -> PublishAndDeployTaskFlowResponse:
    flow = engine.world.flow(request.dag_id, request.tid)
    engine.world.publish(flow, request.version_comments or "")
    return PublishAndDeployTaskFlowResponse(deploy_id=flow.deploy_id)


def _redeploy(engine: Engine, request: ReDeployLhDagVersionRequest) -> ReDeployLhDagVersionResponse:
    flow = engine.world.flow(request.dag_id, request.tid)
    engine.world.redeploy(flow, request.dag_version)
    return ReDeployLhDagVersionResponse(deploy_id=flow.deploy_id)


def _take_offline(engine: Engine, request: OfflineTaskFlowRequest) -> OfflineTaskFlowResponse:
    engine.world.take_offline(engine.world.flow(request.dag_id, request.tid))
    return OfflineTaskFlowResponse()


def _try_run(engine: Engine, request: TryRunTaskFlowRequest) -> TryRunTaskFlowResponse:
    return TryRunTaskFlowResponse(instance_id=engine.try_run(engine.world.flow(request.dag_id)).id)


HANDLERS: Table = {
    CreateTaskFlowRequest: _create_flow,
    DeleteTaskFlowRequest: _delete_flow,
    CreateTaskRequest: _create_node,
    DeleteTaskRequest: _delete_node,
    AddTaskFlowEdgesRequest: _add_edges,
    DeleteTaskFlowEdgesByConditionRequest: _delete_edges,
    ListTaskFlowEdgesByConditionRequest: _list_edges,
    UpdateTaskContentRequest: _update_content,
    UpdateTaskContentV2Request: _update_content_v2,
    UpdateTaskFlowTimeVariablesRequest: _update_variables,
    PublishAndDeployTaskFlowRequest: _publish,
    ReDeployLhDagVersionRequest: _redeploy,
    OfflineTaskFlowRequest: _take_offline,
    TryRunTaskFlowRequest: _try_run,
}
