"""What there is to find in the service: task flows, their graphs and nodes, versions, workspaces and tenants.

The service describes the same thing differently from answer to answer; each shape has its class here. Ids are numbers
throughout, also where the service writes them as strings. Everything may be None: no answer promises a field.
"""

from attrs import field, frozen

from dms_backfill_sdk.operations.terms import CronType, FlowStatus, NodeType, TriggerType
from dms_backfill_sdk.wire import wired

__all__ = [
    "Edge",
    "Flow",
    "FlowDetail",
    "FlowGraph",
    "GraphEdge",
    "GraphNode",
    "LakehouseFlow",
    "LakehouseSpace",
    "Node",
    "NodeDetail",
    "Scenario",
    "ScenarioFlows",
    "Tenant",
    "Version",
]


@frozen(kw_only=True)
class Flow:
    """A task flow, as every list has it. ListTaskFlow does not name it: look the name up by page.

    Attributes:
        id: the task flow; ``dag_id`` in requests.
        creator_id: the user who made it.
        creator_nick_name: that user's nickname.
        dag_owner_nick_name: the nickname of its owner, whose permissions its runs use (documented).
        deploy_id: its latest deployment record; not a version.
        status: whether it is scheduled.
        latest_instance_status: how its latest run stands. Documented with the words of ``status``, which hardly fit a
            run; so it stays a number.
        latest_instance_time: when that was, such as ``"2022-04-13"`` (documented example; no format is promised).
    """

    id: int | None = None
    creator_id: str | None = None
    creator_nick_name: str | None = None
    dag_owner_nick_name: str | None = None
    deploy_id: int | None = None
    status: FlowStatus | int | None = None
    latest_instance_status: int | None = None
    latest_instance_time: str | None = None


@frozen(kw_only=True)
class FlowDetail(Flow):
    """A task flow with its name and its schedule, as ListTaskFlowsByPage has it. It adds to :class:`Flow`:

    Attributes:
        dag_name: its name.
        description: what its author says about it.
        dag_owner_id: the user who owns it.
        scenario_id: the scenario it is filed under.
        cron_switch: whether its schedule is on.
        cron_str: the schedule as a cron expression, such as ``"0 0 1 * * ? *"`` (documented example).
        cron_type: how often it is scheduled.
        cron_begin_date: the first day of the schedule, such as ``"1970-01-01"`` (documented default).
        cron_end_date: the last day of the schedule, such as ``"9999-01-01"`` (documented default).
        schedule_param: more of the schedule, as JSON.
        trigger_type: by schedule or by hand.
        time_zone_id: the schedule's zone, such as ``"Asia/Shanghai"`` (documented example).
    """

    dag_name: str | None = None
    description: str | None = None
    dag_owner_id: str | None = None
    scenario_id: int | None = field(default=None, metadata=wired(as_text=True))
    cron_switch: bool | None = None
    cron_str: str | None = None
    cron_type: CronType | int | None = None
    cron_begin_date: str | None = None
    cron_end_date: str | None = None
    schedule_param: str | None = None
    trigger_type: TriggerType | int | None = None
    time_zone_id: str | None = None


@frozen(kw_only=True)
class LakehouseFlow(Flow):
    """A task flow of a workspace, as ListLhTaskFlowAndScenario has it. It adds to :class:`Flow`:

    Attributes:
        latest_instance_time: as in :class:`Flow`; documented here as a number, with a date for an example.
        dag_name: its name.
        can_edit: whether the caller may change it.
        dag_owner_id: the user who owns it.
        data_flow_id: an extension without meaning (documented).
        demo_id: an extension without meaning (documented).
        is_deleted: whether it was deleted.
        scenario_id: the scenario it is filed under.
        space_id: the workspace it belongs to.
    """

    latest_instance_time: str | None = field(default=None, metadata=wired(as_number=True))
    dag_name: str | None = None
    can_edit: bool | None = None
    dag_owner_id: str | None = None
    data_flow_id: int | None = None
    demo_id: str | None = None
    is_deleted: bool | None = None
    scenario_id: int | None = None
    space_id: int | None = None


@frozen(kw_only=True)
class Scenario:
    """A scenario: a folder that task flows are filed under.

    Attributes:
        scenario_name: its name.
        creator_id: the user who made it.
        description: what that user says about it.
    """

    scenario_name: str | None = None
    creator_id: str | None = None
    description: str | None = None


@frozen(kw_only=True)
class ScenarioFlows:
    """A scenario and what is filed under it.

    Attributes:
        scenario: the scenario.
        dag_list: its task flows.
    """

    scenario: Scenario | None = None
    dag_list: list[LakehouseFlow] = field(factory=list, metadata=wired("DagList.Dag"))


@frozen(kw_only=True)
class LakehouseSpace:
    """A workspace for data warehouse development.

    Attributes:
        id: the workspace; ``space_id`` in requests.
        space_name: its name.
        creator_id: the user who made it.
        tenant_id: the tenant it belongs to.
        description: what that user says about it.
        mode: 0 basic, 1 standard (documented).
        dw_db_type: ``"14"`` AnalyticDB for MySQL, ``"18"`` AnalyticDB for PostgreSQL (documented).
        space_config: settings as JSON: ``skipManualRunCheck`` leaves out the check of security rules before a try
            run, ``skipPublishApprove`` the approval before publishing (documented).
        dev_db_id: its development database.
        prod_db_id: its production database.
        is_deleted: whether it was deleted.
    """

    id: int | None = None
    space_name: str | None = None
    creator_id: str | None = None
    tenant_id: int | None = field(default=None, metadata=wired(as_text=True))
    description: str | None = None
    mode: int | None = None
    dw_db_type: str | None = None
    space_config: str | None = None
    dev_db_id: int | None = None
    prod_db_id: int | None = None
    is_deleted: bool | None = None


@frozen(kw_only=True)
class Edge:
    """An edge between two nodes of a task flow.

    Attributes:
        id: the edge.
        node_from: the node that runs first.
        node_end: the node that waits for it.
    """

    id: int | None = None
    node_from: int | None = None
    node_end: int | None = None


@frozen(kw_only=True)
class GraphEdge(Edge):
    """An edge as GetTaskFlowGraph has it. It adds to :class:`Edge`:

    Attributes:
        dag_id: the task flow.
    """

    dag_id: int | None = None


@frozen(kw_only=True)
class GraphNode:
    """A node as GetTaskFlowGraph has it.

    Attributes:
        dag_id: the task flow.
        node_id: the node.
        node_name: its name.
        node_type: its type, as a number.
        node_content: what it does, as JSON whose form depends on the type.
        node_config: its advanced settings, as JSON.
        time_variables: its time variables, as JSON.
        graph_param: where it stands on the canvas, as JSON.
    """

    dag_id: int | None = None
    node_id: int | None = None
    node_name: str | None = None
    node_type: NodeType | int | None = None
    node_content: str | None = None
    node_config: str | None = None
    time_variables: str | None = None
    graph_param: str | None = None


@frozen(kw_only=True)
class FlowGraph:
    """A task flow with its nodes and edges.

    Attributes:
        dag_name: its name.
        status: whether it is scheduled.
        can_edit: whether the caller may change it.
        nodes: its nodes.
        edges: the edges between them.
    """

    dag_name: str | None = None
    status: FlowStatus | int | None = None
    can_edit: bool | None = None
    nodes: list[GraphNode] = field(factory=list, metadata=wired("Nodes.Node"))
    edges: list[GraphEdge] = field(factory=list, metadata=wired("Edges.Edge"))


@frozen(kw_only=True)
class Node:
    """A node as ListTasksInTaskFlow has it.

    Attributes:
        node_id: the node.
        node_name: its name.
        node_type: its type by name, such as ``"SPARK_SQL"``.
        node_content: what it does, as JSON whose form depends on the type.
        node_config: its advanced settings, as JSON, such as how often it is tried again.
        node_output: the variables it hands on, as JSON; some types only (documented).
        time_variables: its time variables, as JSON.
        graph_param: where it stands on the canvas, as JSON.
    """

    node_id: int | None = field(default=None, metadata=wired(as_text=True))
    node_name: str | None = None
    node_type: str | None = None
    node_content: str | None = None
    node_config: str | None = None
    node_output: str | None = None
    time_variables: str | None = None
    graph_param: str | None = None


@frozen(kw_only=True)
class NodeDetail:
    """A node as GetTask has it: without its own id, with its task flow's.

    Attributes:
        dag_id: the task flow.
        node_name: its name.
        node_type: its type by name, such as ``"SPARK_SQL"``.
        node_content: what it does, as JSON whose form depends on the type.
        node_config: its advanced settings, as JSON, such as how often it is tried again.
        node_output: the variables it hands on, as JSON; some types only (documented).
        time_variables: its time variables, as JSON.
        graph_param: where it stands on the canvas, as JSON.
    """

    dag_id: int | None = None
    node_name: str | None = None
    node_type: str | None = None
    node_content: str | None = None
    node_config: str | None = None
    node_output: str | None = None
    time_variables: str | None = None
    graph_param: str | None = None


@frozen(kw_only=True)
class Version:
    """A published version of a task flow.

    Attributes:
        version_id: the version. That it is the ``history_dag_id`` of a BackFill is our reading; the service does not
            say.
        last_version_id: the version before it.
        version_comments: what was said when it was published.
        dag_name: the task flow's name.
        dag_owner_id: the user who owns the task flow.
        dag_owner_nick_name: that user's nickname.
    """

    version_id: int | None = None
    last_version_id: int | None = None
    version_comments: str | None = None
    dag_name: str | None = None
    dag_owner_id: str | None = None
    dag_owner_nick_name: str | None = None


@frozen(kw_only=True)
class Tenant:
    """A tenant.

    Attributes:
        tid: the tenant; ``tid`` in requests.
        tenant_name: its name.
        status: ``"ACTIVE"`` for the one the user is in, ``"IN_ACTIVE"`` for the others (documented).
    """

    tid: int | None = None
    tenant_name: str | None = None
    status: str | None = None
