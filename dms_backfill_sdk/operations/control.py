"""Watch the runs of a task flow, and steer them: stop, suspend, resume, run again, call it a success."""

from datetime import date, datetime

from attrs import field, frozen

from dms_backfill_sdk.dates import optional_business_date
from dms_backfill_sdk.operations.declaration import Page, Response, TenantRequest, operation, typed
from dms_backfill_sdk.operations.terms import NodeType, RunStatus, TriggerType
from dms_backfill_sdk.wire import wired

__all__ = [
    "GetTaskInstanceRelationRequest",
    "GetTaskInstanceRelationResponse",
    "ListTaskFlowInstanceRequest",
    "ListTaskFlowInstanceResponse",
    "MakeTaskFlowInstanceSuccessRequest",
    "MakeTaskFlowInstanceSuccessResponse",
    "NodeRun",
    "ReRunTaskFlowInstanceRequest",
    "ReRunTaskFlowInstanceResponse",
    "ResumeTaskFlowInstanceRequest",
    "ResumeTaskFlowInstanceResponse",
    "Run",
    "StopTaskFlowInstanceRequest",
    "StopTaskFlowInstanceResponse",
    "SuspendTaskFlowInstanceRequest",
    "SuspendTaskFlowInstanceResponse",
]


@frozen(kw_only=True)
class Run:
    """A run: one execution record of a task flow. Times are in UTC+8, to the second.

    Attributes:
        id: the run; ``dag_instance_id`` in requests.
        dag_id: the task flow.
        dag_name: the task flow's name.
        dag_version: a text whose meaning is not documented; ``"[]"`` in the example.
        history_dag_id: the published version that ran.
        business_time: the time the run is about; a day before ``start_time`` in normal scheduling (documented).
        start_time: when it began; None while it waits.
        end_time: when it ended; None before.
        status: where it stands.
        trigger_type: by schedule or by hand. Which one a backfill's runs carry is not documented.
        owner_name: the owner of the task flow.
        message: the service's words about it.
    """

    id: int | None = None
    dag_id: int | None = field(default=None, metadata=wired(as_text=True))
    dag_name: str | None = None
    dag_version: str | None = None
    history_dag_id: int | None = None
    business_time: datetime | None = None
    # The service writes this one name, of all, with a small letter.
    start_time: datetime | None = field(default=None, metadata=wired("startTime"))
    end_time: datetime | None = None
    status: RunStatus | int | None = None
    trigger_type: TriggerType | int | None = None
    owner_name: str | None = None
    message: str | None = None


@frozen(kw_only=True)
class NodeRun:
    """One node's part in a run. Times are in UTC+8, to the second; when it began is not told.

    Attributes:
        id: this record.
        node_id: the node.
        node_name: the node's name.
        node_type: the node's type, as a number.
        business_time: the time the run is about.
        end_time: when the node ended; None before.
        execute_time: how long it took, in milliseconds (documented).
        status: where it stands.
        message: the service's words about it.
    """

    id: int | None = None
    node_id: int | None = None
    node_name: str | None = None
    node_type: NodeType | int | None = None
    business_time: datetime | None = None
    end_time: datetime | None = None
    execute_time: int | None = None
    status: RunStatus | int | None = None
    message: str | None = None


@frozen(kw_only=True)
class ListTaskFlowInstanceResponse(Page[Run]):
    """One page of the runs of a task flow.

    Attributes:
        daginstance_list: the runs of this page.
    """

    daginstance_list: list[Run] = field(factory=list, metadata=wired("DAGInstanceList.DAGInstance"))

    @property
    def items(self) -> list[Run]:
        """The same as ``daginstance_list``."""
        return self.daginstance_list


@operation(ListTaskFlowInstanceResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class ListTaskFlowInstanceRequest(TenantRequest[ListTaskFlowInstanceResponse]):
    """List the runs of a task flow. In which order they come is not documented.

    Dates are a ``date``, a ``datetime`` (its day, in UTC+8) or ``"YYYY-MM-DD"``.

    Attributes:
        dag_id: the task flow.
        page_index: the page, from 1.
        page_size: how many on a page. A maximum is not documented.
        start_time_begin: only runs from this day on.
        start_time_end: only runs up to this day. Whether runs of the day itself belong is not documented.
        use_biz_date: True takes the two days above for business dates, False for the days on which the runs began
            (documented); what None means to the service is not documented.
        status: only runs that stand there.
        trigger_type: only runs that were set off that way.
    """

    dag_id: int
    page_index: int
    page_size: int
    start_time_begin: date | None = field(default=None, converter=optional_business_date)
    start_time_end: date | None = field(default=None, converter=optional_business_date)
    use_biz_date: bool | None = None
    status: RunStatus | int | None = None
    trigger_type: TriggerType | int | None = None


@frozen(kw_only=True)
class GetTaskInstanceRelationResponse(Response):
    """The nodes of a run.

    Attributes:
        node_list: each node's part in it.
    """

    node_list: list[NodeRun] = field(factory=list, metadata=wired("NodeList.Node"))


@operation(GetTaskInstanceRelationResponse, repeatable=True)
@frozen(kw_only=True, field_transformer=typed)
class GetTaskInstanceRelationRequest(TenantRequest[GetTaskInstanceRelationResponse]):
    """Look at a run node by node.

    Attributes:
        dag_id: the task flow.
        dag_instance_id: the run.
    """

    dag_id: int
    dag_instance_id: int


@frozen(kw_only=True)
class StopTaskFlowInstanceResponse(Response):
    """The service stops the run. Which status it ends in is not documented."""


@operation(StopTaskFlowInstanceResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class StopTaskFlowInstanceRequest(TenantRequest[StopTaskFlowInstanceResponse]):
    """Stop a run that is running (documented). What becomes of the rest of its series is not documented.

    Attributes:
        dag_id: the task flow.
        dag_instance_id: the run.
    """

    dag_id: int
    dag_instance_id: int


@frozen(kw_only=True)
class SuspendTaskFlowInstanceResponse(Response):
    """The service suspends the run."""


@operation(SuspendTaskFlowInstanceResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class SuspendTaskFlowInstanceRequest(TenantRequest[SuspendTaskFlowInstanceResponse]):
    """Hold a run that is running (documented), until it is resumed.

    Attributes:
        dag_id: the task flow.
        dag_instance_id: the run.
    """

    dag_id: int
    dag_instance_id: int


@frozen(kw_only=True)
class ResumeTaskFlowInstanceResponse(Response):
    """The service lets the run go on."""


@operation(ResumeTaskFlowInstanceResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class ResumeTaskFlowInstanceRequest(TenantRequest[ResumeTaskFlowInstanceResponse]):
    """Let a suspended run go on; no other run can be resumed (documented).

    Attributes:
        dag_id: the task flow.
        dag_instance_id: the run.
        dag_version: the version of the task flow, as text; optional since 2023-06-30 (documented).
    """

    dag_id: int
    dag_instance_id: int
    dag_version: str | None = None


@frozen(kw_only=True)
class ReRunTaskFlowInstanceResponse(Response):
    """The service runs it again."""


@operation(ReRunTaskFlowInstanceResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class ReRunTaskFlowInstanceRequest(TenantRequest[ReRunTaskFlowInstanceResponse]):
    """Run a run again: all its nodes, on the version it first ran on (documented for the console).

    Attributes:
        dag_id: the task flow.
        dag_instance_id: the run. Failed and succeeded ones can be run again (documented for the console).
        dag_version: the version of the task flow, as text; optional since 2023-06-30 (documented).
    """

    dag_id: int
    dag_instance_id: int
    dag_version: str | None = None


@frozen(kw_only=True)
class MakeTaskFlowInstanceSuccessResponse(Response):
    """The run now counts as a success."""


@operation(MakeTaskFlowInstanceSuccessResponse, repeatable=False)
@frozen(kw_only=True, field_transformer=typed)
class MakeTaskFlowInstanceSuccessRequest(TenantRequest[MakeTaskFlowInstanceSuccessResponse]):
    """Set a run's status to success without running anything. From which statuses this goes is not documented.

    Attributes:
        dag_id: the task flow.
        dag_instance_id: the run.
    """

    dag_id: int
    dag_instance_id: int
