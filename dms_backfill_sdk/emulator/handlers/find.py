"""Find task flows, their nodes, edges and versions, and the tenant they live in."""

from typing import Any

from dms_backfill_sdk.emulator.engine import Engine
from dms_backfill_sdk.emulator.flows import Flow, Node
from dms_backfill_sdk.emulator.handlers.table import Table, page
from dms_backfill_sdk.emulator.world import OWNER, Space, Tenant, World
from dms_backfill_sdk.operations import catalogue
from dms_backfill_sdk.operations.find import (
    GetLhSpaceByNameRequest,
    GetLhSpaceByNameResponse,
    GetTaskFlowGraphRequest,
    GetTaskFlowGraphResponse,
    GetTaskRequest,
    GetTaskResponse,
    GetUserActiveTenantRequest,
    GetUserActiveTenantResponse,
    ListDAGVersionsRequest,
    ListDAGVersionsResponse,
    ListLhTaskFlowAndScenarioRequest,
    ListLhTaskFlowAndScenarioResponse,
    ListTaskFlowRequest,
    ListTaskFlowResponse,
    ListTaskFlowsByPageRequest,
    ListTaskFlowsByPageResponse,
    ListTasksInTaskFlowRequest,
    ListTasksInTaskFlowResponse,
    ListUserTenantsRequest,
    ListUserTenantsResponse,
)

__all__ = ["HANDLERS"]

PAGE_SIZE = 10  # when ListTaskFlowsByPage is not told one; our choice


# -- task flows --------------------------------------------------------------------------------------------------


def _flow(world: World, flow: Flow) -> dict[str, Any]:
    """What every list says of a task flow."""
    # The newest run that has begun; a long series leaves many that wait after it.
    latest = next((run for run in reversed(world.runs_of(flow)) if run.started), None)
    return {
        "id": flow.id,
        "creator_id": OWNER.id,
        "creator_nick_name": OWNER.name,
        "dag_owner_nick_name": OWNER.name,
        "deploy_id": flow.deploy_id,
        "status": flow.status,
        # Documented with the words of a flow's status. We take it for a run's: those are what an instance has.
        "latest_instance_status": latest and int(latest.status),
        "latest_instance_time": latest and latest.started and latest.started.date().isoformat(),
    }


def _list_flows(engine: Engine, request: ListTaskFlowRequest) -> ListTaskFlowResponse:
    flows = engine.world.flows_of(request.tid)
    return ListTaskFlowResponse(task_flow_list=[catalogue.Flow(**_flow(engine.world, flow)) for flow in flows])


def _list_flows_by_page(engine: Engine, request: ListTaskFlowsByPageRequest) -> ListTaskFlowsByPageResponse:
    wanted = (request.search_key or "").casefold()
    flows = [
        flow
        for flow in engine.world.flows_of(request.tid)
        if wanted in flow.name.casefold()
        and request.scenario_id in (None, flow.scenario_id)
        and (request.dag_id_list is None or flow.id in request.dag_id_list)
    ]
    return ListTaskFlowsByPageResponse(
        task_flow_list=[
            catalogue.FlowDetail(
                **_flow(engine.world, flow),
                dag_name=flow.name,
                description=flow.description,
                dag_owner_id=OWNER.id,
                scenario_id=flow.scenario_id,
                cron_switch=False,
            )
            for flow in page(flows, request.page_index or 1, request.page_size or PAGE_SIZE)
        ],
        total_count=len(flows),
    )


def _list_flows_by_scenario(
    engine: Engine, request: ListLhTaskFlowAndScenarioRequest
) -> ListLhTaskFlowAndScenarioResponse:
    space = engine.world.space(request.space_id, request.tid)
    by_scenario: dict[int | None, list[catalogue.LakehouseFlow]] = {}
    for flow in engine.world.flows_of(request.tid):
        # We take UserId for whose flows are wanted; the emulator knows one user.
        if request.user_id is None or str(request.user_id) == OWNER.id:
            by_scenario.setdefault(flow.scenario_id, []).append(_lakehouse_flow(engine.world, flow, space))
    return ListLhTaskFlowAndScenarioResponse(
        raw_daglist=by_scenario.pop(None, []),
        scenario_daglist=[
            catalogue.ScenarioFlows(
                # Scenarios are not emulated; a flow may name any, and that is what it is called.
                scenario=catalogue.Scenario(scenario_name=str(scenario), creator_id=OWNER.id, description=""),
                dag_list=flows,
            )
            for scenario, flows in by_scenario.items()
        ],
    )


def _lakehouse_flow(world: World, flow: Flow, space: Space) -> catalogue.LakehouseFlow:
    return catalogue.LakehouseFlow(
        **_flow(world, flow),
        dag_name=flow.name,
        can_edit=True,
        dag_owner_id=OWNER.id,
        is_deleted=False,
        scenario_id=flow.scenario_id,
        space_id=space.id,
    )


def _get_space(engine: Engine, request: GetLhSpaceByNameRequest) -> GetLhSpaceByNameResponse:
    space = engine.world.space(request.space_name, request.tid)
    return GetLhSpaceByNameResponse(
        lakehouse_space=catalogue.LakehouseSpace(
            id=space.id,
            space_name=space.name,
            creator_id=OWNER.id,
            tenant_id=space.tenant,
            description="",
            mode=1,
            dw_db_type="14",
            space_config='{"skipManualRunCheck":true,"skipPublishApprove":true}',
            is_deleted=False,
        )
    )


# -- nodes, edges, versions --------------------------------------------------------------------------------------


def _node(node: Node) -> dict[str, Any]:
    """What every answer says of a node."""
    return {
        "node_name": node.name,
        "node_content": node.content,
        "time_variables": node.time_variables,
        "graph_param": node.graph_param,
    }


def _get_graph(engine: Engine, request: GetTaskFlowGraphRequest) -> GetTaskFlowGraphResponse:
    flow = engine.world.flow(request.dag_id, request.tid)
    return GetTaskFlowGraphResponse(
        task_flow_graph=catalogue.FlowGraph(
            dag_name=flow.name,
            status=flow.status,
            can_edit=True,
            nodes=[
                catalogue.GraphNode(dag_id=flow.id, node_id=node.id, node_type=node.type_number, **_node(node))
                for node in flow.nodes.values()
            ],
            edges=[
                catalogue.GraphEdge(dag_id=flow.id, id=edge.id, node_from=edge.start, node_end=edge.end)
                for edge in flow.edges.values()
            ],
        )
    )


def _list_nodes(engine: Engine, request: ListTasksInTaskFlowRequest) -> ListTasksInTaskFlowResponse:
    flow = engine.world.flow(request.dag_id, request.tid)
    return ListTasksInTaskFlowResponse(
        tasks=[
            catalogue.Node(node_id=node.id, node_type=node.type, node_output=node.output, **_node(node))
            for node in flow.nodes.values()
        ]
    )


def _get_node(engine: Engine, request: GetTaskRequest) -> GetTaskResponse:
    flow, node = engine.world.node(request.node_id, request.tid)
    return GetTaskResponse(
        task=catalogue.NodeDetail(dag_id=flow.id, node_type=node.type, node_output=node.output, **_node(node))
    )


def _list_versions(engine: Engine, request: ListDAGVersionsRequest) -> ListDAGVersionsResponse:
    """Newest first (our choice)."""
    flow = engine.world.flow(request.dag_id, request.tid)
    return ListDAGVersionsResponse(
        dag_version_list=[
            catalogue.Version(
                version_id=version.id,
                last_version_id=version.last_id,
                version_comments=version.comments,
                dag_name=flow.name,
                dag_owner_id=OWNER.id,
                dag_owner_nick_name=OWNER.name,
            )
            for version in page(flow.versions[::-1], request.page_index, request.page_size)
        ],
        total_count=len(flow.versions),
    )


# -- tenants -----------------------------------------------------------------------------------------------------


def _tenant(tenant: Tenant, *, active: bool) -> catalogue.Tenant:
    return catalogue.Tenant(tid=tenant.id, tenant_name=tenant.name, status="ACTIVE" if active else "IN_ACTIVE")


def _get_active_tenant(engine: Engine, request: GetUserActiveTenantRequest) -> GetUserActiveTenantResponse:
    engine.world.tenant(request.tid)
    return GetUserActiveTenantResponse(tenant=_tenant(engine.world.tenant(), active=True))


def _list_tenants(engine: Engine, request: ListUserTenantsRequest) -> ListUserTenantsResponse:
    engine.world.tenant(request.tid)
    active = engine.world.tenant()
    return ListUserTenantsResponse(
        tenant_list=[_tenant(tenant, active=tenant is active) for tenant in engine.world.tenants.values()]
    )


HANDLERS: Table = {
    ListTaskFlowRequest: _list_flows,
    ListTaskFlowsByPageRequest: _list_flows_by_page,
    ListLhTaskFlowAndScenarioRequest: _list_flows_by_scenario,
    GetLhSpaceByNameRequest: _get_space,
    GetTaskFlowGraphRequest: _get_graph,
    ListTasksInTaskFlowRequest: _list_nodes,
    GetTaskRequest: _get_node,
    ListDAGVersionsRequest: _list_versions,
    GetUserActiveTenantRequest: _get_active_tenant,
    ListUserTenantsRequest: _list_tenants,
}
