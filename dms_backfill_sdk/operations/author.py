"""Write task flows: make them, give them nodes and edges, try them, publish them, take them offline."""

from collections.abc import Iterable

from attrs import field, frozen

from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.operations.catalogue import Edge
from dms_backfill_sdk.operations.declaration import Request, Response, TenantRequest, operation, typed
from dms_backfill_sdk.operations.terms import NodeType
from dms_backfill_sdk.wire import wired

__all__ = [
    "AddTaskFlowEdgesRequest",
    "AddTaskFlowEdgesResponse",
    "CreateTaskFlowRequest",
    "CreateTaskFlowResponse",
    "CreateTaskRequest",
    "CreateTaskResponse",
    "DeleteTaskFlowEdgesByConditionRequest",
    "DeleteTaskFlowEdgesByConditionResponse",
    "DeleteTaskFlowRequest",
    "DeleteTaskFlowResponse",
    "DeleteTaskRequest",
    "DeleteTaskResponse",
    "ListTaskFlowEdgesByConditionRequest",
    "ListTaskFlowEdgesByConditionResponse",
    "NewEdge",
    "OfflineTaskFlowRequest",
    "OfflineTaskFlowResponse",
    "PublishAndDeployTaskFlowRequest",
    "PublishAndDeployTaskFlowResponse",
    "ReDeployLhDagVersionRequest",
    "ReDeployLhDagVersionResponse",
    "TryRunTaskFlowRequest",
    "TryRunTaskFlowResponse",
    "UpdateTaskContentRequest",
    "UpdateTaskContentResponse",
    "UpdateTaskContentV2Request",
    "UpdateTaskContentV2Response",
    "UpdateTaskFlowTimeVariablesRequest",
    "UpdateTaskFlowTimeVariablesResponse",
]


@frozen(kw_only=True)
class CreateTaskFlowResponse(Response):
    """The task flow was made.

    Attributes:
        dag_id: its id.
    """

    dag_id: int | None = None


@operation(CreateTaskFlowResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class CreateTaskFlowRequest(TenantRequest[CreateTaskFlowResponse]):
    """Make an empty task flow. A tenant holds 5000 at most (documented).

    Attributes:
        dag_name: its name.
        description: what it is for.
        scenario_id: the scenario to file it under; what None means is not documented.
    """

    dag_name: str
    description: str | None = None
    scenario_id: int | None = None


@frozen(kw_only=True)
class DeleteTaskFlowResponse(Response):
    """The task flow is gone."""


@operation(DeleteTaskFlowResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class DeleteTaskFlowRequest(TenantRequest[DeleteTaskFlowResponse]):
    """Delete a task flow.

    Attributes:
        dag_id: the task flow.
    """

    dag_id: int


def _node_type(value: NodeType | str) -> str:
    return str(int(value)) if isinstance(value, NodeType) else value


@frozen(kw_only=True)
class CreateTaskResponse(Response):
    """The node was made.

    Attributes:
        node_id: its id.
    """

    node_id: int | None = None


@operation(CreateTaskResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class CreateTaskRequest(TenantRequest[CreateTaskResponse]):
    """Give a task flow a node. It holds 100 at most (documented).

    Attributes:
        dag_id: the task flow.
        node_name: the node's name.
        node_type: its type, as a :class:`NodeType` or as the text of its number, such as ``"36"`` (documented example).
        node_content: what it does, as JSON whose form depends on the type.
        node_output: the variables it hands on, as JSON.
        time_variables: its time variables, as JSON: ``{"variables":[{"name":"day","pattern":"yyyy-MM-dd|-1d"}]}``.
        graph_param: where it stands on the canvas, as JSON.

    >>> CreateTaskRequest(dag_id=15001, node_name="load", node_type=NodeType.SPARK_SQL).node_type
    '36'
    """

    dag_id: int
    node_name: str
    node_type: str = field(converter=_node_type)
    node_content: str | None = None
    node_output: str | None = None
    time_variables: str | None = None
    graph_param: str | None = None


@frozen(kw_only=True)
class DeleteTaskResponse(Response):
    """The node is gone."""


@operation(DeleteTaskResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class DeleteTaskRequest(TenantRequest[DeleteTaskResponse]):
    """Delete a node.

    Attributes:
        node_id: the node.
    """

    node_id: int = field(metadata=wired(as_text=True))


@frozen(field_transformer=typed)
class NewEdge:
    """An edge to be added to a task flow.

    Attributes:
        node_from: the node that runs first.
        node_end: the node that waits for it.
    """

    node_from: int
    node_end: int


def _new_edge(value: NewEdge | Edge | tuple[int, int]) -> NewEdge:
    if isinstance(value, NewEdge):
        return value
    try:
        node_from, node_end = (value.node_from, value.node_end) if isinstance(value, Edge) else value
    except (TypeError, ValueError):
        raise InvalidRequestError(
            f"An edge is given as (from, end), two node ids such as (1, 2); not {value!r}."
        ) from None
    return NewEdge(node_from, node_end)  # type: ignore[arg-type]  # it refuses an Edge that lacks an end


def _new_edges(values: Iterable[NewEdge | Edge | tuple[int, int]]) -> tuple[NewEdge, ...]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InvalidRequestError(f"Edges are given as a list of (from, end), such as [(1, 2)]; not {values!r}.")
    edges = tuple(_new_edge(value) for value in values)
    if not edges:
        raise InvalidRequestError("edges is empty; give at least one, such as [(1, 2)].")
    return edges


@frozen(kw_only=True)
class AddTaskFlowEdgesResponse(Response):
    """The edges were added.

    Attributes:
        edge_ids: their ids.
    """

    edge_ids: list[int] = field(factory=list, metadata=wired("EdgeIds.EdgeId"))


@operation(AddTaskFlowEdgesResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class AddTaskFlowEdgesRequest(TenantRequest[AddTaskFlowEdgesResponse]):
    """Give a task flow edges. Both ends must be nodes of it, and an edge that closes a ring fails (documented).

    Attributes:
        dag_id: the task flow.
        edges: the edges, each as :class:`NewEdge`, as an edge that was listed, or as a pair of node ids.

    >>> AddTaskFlowEdgesRequest(dag_id=15001, edges=[(1, 2)]).edges
    (NewEdge(node_from=1, node_end=2),)
    """

    dag_id: int
    edges: tuple[NewEdge, ...] = field(converter=_new_edges)


@frozen(kw_only=True)
class DeleteTaskFlowEdgesByConditionResponse(Response):
    """The edges are gone."""


@operation(DeleteTaskFlowEdgesByConditionResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class DeleteTaskFlowEdgesByConditionRequest(TenantRequest[DeleteTaskFlowEdgesByConditionResponse]):
    """Delete the edges of a task flow that meet every condition given. What none given means is not documented.

    Attributes:
        dag_id: the task flow.
        id: the edge.
        node_from: the node that runs first.
        node_end: the node that waits for it.
    """

    dag_id: int
    id: int | None = None
    node_from: int | None = None
    node_end: int | None = None


@frozen(kw_only=True)
class ListTaskFlowEdgesByConditionResponse(Response):
    """The edges that meet the conditions.

    Attributes:
        edges: the edges.
    """

    edges: list[Edge] = field(factory=list, metadata=wired("Edges.Edge"))


@operation(ListTaskFlowEdgesByConditionResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class ListTaskFlowEdgesByConditionRequest(TenantRequest[ListTaskFlowEdgesByConditionResponse]):
    """List the edges of a task flow that meet every condition given.

    Attributes:
        dag_id: the task flow.
        id: the edge.
        node_from: the node that runs first.
        node_end: the node that waits for it.
    """

    dag_id: int
    id: int | None = None
    node_from: int | None = None
    node_end: int | None = None


@frozen(kw_only=True)
class UpdateTaskContentResponse(Response):
    """The node does as it was told from now on."""


@operation(UpdateTaskContentResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class UpdateTaskContentRequest(TenantRequest[UpdateTaskContentResponse]):
    """Set what a node does. Sent twice it writes the same value again, so it may be repeated.

    Attributes:
        node_id: the node.
        node_content: what it does, as JSON whose form depends on the type. It travels in the query; for a long one
            take UpdateTaskContentV2.
    """

    node_id: int = field(metadata=wired(as_text=True))
    node_content: str | None = None


@frozen(kw_only=True)
class UpdateTaskContentV2Response(Response):
    """The node does as it was told from now on.

    Attributes:
        success: as in every response; here the service writes it as a string (documented).
    """

    success: bool | None = field(default=None, metadata=wired(as_text=True))


@operation(UpdateTaskContentV2Response, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class UpdateTaskContentV2Request(Request[UpdateTaskContentV2Response]):
    """Set what a node does, however long that is. HTTPS only, and it takes no tenant (documented).

    Sent twice it writes the same value again, so it may be repeated.

    Attributes:
        node_id: the node.
        node_content: what it does, as JSON whose form depends on the type. It travels in the body.
    """

    node_id: int = field(metadata=wired(as_text=True))
    node_content: str | None = field(default=None, metadata=wired(in_body=True))


@frozen(kw_only=True)
class UpdateTaskFlowTimeVariablesResponse(Response):
    """The task flow has these time variables from now on."""


@operation(UpdateTaskFlowTimeVariablesResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class UpdateTaskFlowTimeVariablesRequest(TenantRequest[UpdateTaskFlowTimeVariablesResponse]):
    """Set the time variables of a task flow. Sent twice it writes the same value again, so it may be repeated.

    Attributes:
        dag_id: the task flow.
        time_variables: the variables, as JSON: ``{"variables":[{"name":"day","pattern":"yyyy-MM-dd|-2d+1M"}]}``. A
            pattern is a date format and an offset from the business time, in m, h, d, w, M and y (documented).
    """

    dag_id: int
    time_variables: str


@frozen(kw_only=True)
class PublishAndDeployTaskFlowResponse(Response):
    """The task flow was published, and is being deployed.

    Attributes:
        deploy_id: the deployment record; not a version.
    """

    deploy_id: int | None = None


@operation(PublishAndDeployTaskFlowResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class PublishAndDeployTaskFlowRequest(TenantRequest[PublishAndDeployTaskFlowResponse]):
    """Publish a task flow as it stands, as a new version. Only a published one can be backfilled (documented).

    Attributes:
        dag_id: the task flow.
        version_comments: what to say about the version.
    """

    dag_id: int
    version_comments: str | None = None


@frozen(kw_only=True)
class ReDeployLhDagVersionResponse(Response):
    """The version is being deployed.

    Attributes:
        deploy_id: the deployment record; not a version.
    """

    deploy_id: int | None = None


@operation(ReDeployLhDagVersionResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class ReDeployLhDagVersionRequest(TenantRequest[ReDeployLhDagVersionResponse]):
    """Deploy a version again that was published before.

    Attributes:
        dag_id: the task flow.
        dag_version: the version; ListDAGVersions knows it (documented). What None means is not documented.
    """

    dag_id: int
    dag_version: int | None = None


@frozen(kw_only=True)
class OfflineTaskFlowResponse(Response):
    """The task flow is offline."""


@operation(OfflineTaskFlowResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class OfflineTaskFlowRequest(TenantRequest[OfflineTaskFlowResponse]):
    """Take a published task flow offline.

    Attributes:
        dag_id: the task flow.
    """

    dag_id: int


@frozen(kw_only=True)
class TryRunTaskFlowResponse(Response):
    """The try run was started.

    Attributes:
        instance_id: its run, as we read it; the documents call it the instance id of an order.
    """

    instance_id: int | None = field(default=None, metadata=wired(as_text=True))


@operation(TryRunTaskFlowResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class TryRunTaskFlowRequest(Request[TryRunTaskFlowResponse]):
    """Run a task flow once, now, as it is being edited. HTTPS only, and it takes no tenant (documented).

    Attributes:
        dag_id: the task flow.
    """

    dag_id: int
