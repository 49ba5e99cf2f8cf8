"""Find task flows, their nodes, edges and versions, and the tenant they live in. Nothing here changes anything."""

from attrs import field, frozen

from dms_backfill_sdk.operations.catalogue import (
    Flow,
    FlowDetail,
    FlowGraph,
    LakehouseFlow,
    LakehouseSpace,
    Node,
    NodeDetail,
    ScenarioFlows,
    Tenant,
    Version,
)
from dms_backfill_sdk.operations.declaration import Page, Response, TenantRequest, ids, operation, typed
from dms_backfill_sdk.wire import wired

__all__ = [
    "GetLhSpaceByNameRequest",
    "GetLhSpaceByNameResponse",
    "GetTaskFlowGraphRequest",
    "GetTaskFlowGraphResponse",
    "GetTaskRequest",
    "GetTaskResponse",
    "GetUserActiveTenantRequest",
    "GetUserActiveTenantResponse",
    "ListDAGVersionsRequest",
    "ListDAGVersionsResponse",
    "ListLhTaskFlowAndScenarioRequest",
    "ListLhTaskFlowAndScenarioResponse",
    "ListTaskFlowRequest",
    "ListTaskFlowResponse",
    "ListTaskFlowsByPageRequest",
    "ListTaskFlowsByPageResponse",
    "ListTasksInTaskFlowRequest",
    "ListTasksInTaskFlowResponse",
    "ListUserTenantsRequest",
    "ListUserTenantsResponse",
]


@frozen(kw_only=True)
class ListTaskFlowResponse(Response):
    """The task flows that the caller may see.

    Attributes:
        task_flow_list: the task flows, without their names.
    """

    task_flow_list: list[Flow] = field(factory=list, metadata=wired("TaskFlowList.TaskFlow"))


@operation(ListTaskFlowResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class ListTaskFlowRequest(TenantRequest[ListTaskFlowResponse]):
    """List every task flow that the caller may see, all at once."""


@frozen(kw_only=True)
class ListTaskFlowsByPageResponse(Page[FlowDetail]):
    """One page of task flows.

    Attributes:
        task_flow_list: the task flows of this page.
    """

    task_flow_list: list[FlowDetail] = field(factory=list, metadata=wired("TaskFlowList.TaskFlow"))

    @property
    def items(self) -> list[FlowDetail]:
        """The same as ``task_flow_list``."""
        return self.task_flow_list


@operation(ListTaskFlowsByPageResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class ListTaskFlowsByPageRequest(TenantRequest[ListTaskFlowsByPageResponse]):
    """Search task flows, with names and schedules.

    Attributes:
        page_index: the page, from 1. Unlike in the other paged lists it may be left out; what then is not documented.
        page_size: how many on a page. A maximum is not documented.
        scenario_id: only those filed under this scenario.
        search_key: only those with this in their name.
        dag_id_list: only these.
    """

    page_index: int | None = None
    page_size: int | None = None
    scenario_id: int | None = None
    search_key: str | None = None
    dag_id_list: tuple[int, ...] | None = field(default=None, converter=ids)


@frozen(kw_only=True)
class ListLhTaskFlowAndScenarioResponse(Response):
    """The task flows of a workspace.

    Attributes:
        raw_daglist: those of the default scenario (documented).
        scenario_daglist: each other scenario, with its own.
    """

    raw_daglist: list[LakehouseFlow] = field(factory=list, metadata=wired("RawDAGList.Dag"))
    scenario_daglist: list[ScenarioFlows] = field(factory=list, metadata=wired("ScenarioDAGList.ScenarioDAG"))


@operation(ListLhTaskFlowAndScenarioResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class ListLhTaskFlowAndScenarioRequest(TenantRequest[ListLhTaskFlowAndScenarioResponse]):
    """List the task flows of a workspace, by scenario.

    Attributes:
        space_id: the workspace; GetLhSpaceByName knows it.
        user_id: a user of the tenant; what it narrows down to is not documented.
    """

    space_id: int
    user_id: int | None = None


@frozen(kw_only=True)
class GetLhSpaceByNameResponse(Response):
    """The workspace of that name.

    Attributes:
        lakehouse_space: the workspace.
    """

    lakehouse_space: LakehouseSpace | None = None


@operation(GetLhSpaceByNameResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class GetLhSpaceByNameRequest(TenantRequest[GetLhSpaceByNameResponse]):
    """Look a workspace up by its name.

    Attributes:
        space_name: its name.
    """

    space_name: str


@frozen(kw_only=True)
class GetTaskFlowGraphResponse(Response):
    """The graph of a task flow.

    Attributes:
        task_flow_graph: its nodes and edges.
    """

    task_flow_graph: FlowGraph | None = None


@operation(GetTaskFlowGraphResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class GetTaskFlowGraphRequest(TenantRequest[GetTaskFlowGraphResponse]):
    """Read the nodes and the edges of a task flow at once.

    Attributes:
        dag_id: the task flow.
    """

    dag_id: int


@frozen(kw_only=True)
class ListTasksInTaskFlowResponse(Response):
    """The nodes of a task flow.

    Attributes:
        tasks: the nodes.
    """

    tasks: list[Node] = field(factory=list, metadata=wired("Tasks.Task"))


@operation(ListTasksInTaskFlowResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class ListTasksInTaskFlowRequest(TenantRequest[ListTasksInTaskFlowResponse]):
    """List the nodes of a task flow, with all that they are set to do.

    Attributes:
        dag_id: the task flow.
    """

    dag_id: int


@frozen(kw_only=True)
class GetTaskResponse(Response):
    """The node that was asked for.

    Attributes:
        task: the node.
    """

    task: NodeDetail | None = None


@operation(GetTaskResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class GetTaskRequest(TenantRequest[GetTaskResponse]):
    """Read one node.

    Attributes:
        node_id: the node.
    """

    node_id: int


@frozen(kw_only=True)
class ListDAGVersionsResponse(Page[Version]):
    """One page of the published versions of a task flow.

    Attributes:
        dag_version_list: the versions of this page.
    """

    dag_version_list: list[Version] = field(factory=list, metadata=wired("DagVersionList.DagVersion"))

    @property
    def items(self) -> list[Version]:
        """The same as ``dag_version_list``."""
        return self.dag_version_list


@operation(ListDAGVersionsResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class ListDAGVersionsRequest(TenantRequest[ListDAGVersionsResponse]):
    """List the versions of a task flow that were published. In which order they come is not documented.

    Attributes:
        dag_id: the task flow.
        page_index: the page, from 1.
        page_size: how many on a page. A maximum is not documented.
    """

    dag_id: int
    page_index: int
    page_size: int


@frozen(kw_only=True)
class GetUserActiveTenantResponse(Response):
    """The tenant that the caller is in.

    Attributes:
        tenant: the tenant.
    """

    tenant: Tenant | None = None


@operation(GetUserActiveTenantResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class GetUserActiveTenantRequest(TenantRequest[GetUserActiveTenantResponse]):
    """Ask which tenant the caller is in: the one that requests without ``tid`` are about."""


@frozen(kw_only=True)
class ListUserTenantsResponse(Response):
    """The tenants that the caller belongs to.

    Attributes:
        tenant_list: the tenants.
    """

    tenant_list: list[Tenant] = field(factory=list)


@operation(ListUserTenantsResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class ListUserTenantsRequest(TenantRequest[ListUserTenantsResponse]):
    """List the tenants that the caller belongs to."""
