"""The client: one method per operation, no logic of their own."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import Factory, field, frozen

from dms_backfill_sdk.errors import DmsError
from dms_backfill_sdk.exchange import (
    Conversation,
    Do,
    Over,
    Sleep,
    Told,
    call_of,
    converse,
    going_on,
    paging,
    raw_call_of,
)
from dms_backfill_sdk.http import HttpRequest, Transport
from dms_backfill_sdk.line import Line, Settings, line_of, source
from dms_backfill_sdk.transport.requests import RequestsTransport

if TYPE_CHECKING:
    from dms_backfill_sdk.backfill import TaskFlow
    from dms_backfill_sdk.operations import author, back_fill, control, find
    from dms_backfill_sdk.operations.declaration import Page, Request, Response

__all__ = ["Client"]

A = TypeVar("A")
T = TypeVar("T")
R = TypeVar("R", bound="Response")


@frozen(kw_only=True, eq=False)
class Client(Settings):
    """A client of DMS. Immutable; one instance may be used by many threads at once.

    >>> with Client(credentials=AccessKey("id", "secret"), endpoint="http://127.0.0.1:8080") as client:
    ...     client.endpoint
    'http://127.0.0.1:8080'

    Attributes:
        credentials: a value such as :class:`AccessKey`, or a callable that gives one and is asked before each attempt.
            None takes the environment's (``ALIBABA_CLOUD_ACCESS_KEY_ID``, ``…_SECRET`` and
            ``ALIBABA_CLOUD_SECURITY_TOKEN``, read now), or else Alibaba's credential chain (extra ``credentials``).
        endpoint: host or address of the service. None takes ``DMS_BACKFILL_ENDPOINT`` from the environment, or else
            ``dms-enterprise.aliyuncs.com``, which serves every region. Plain http is for loopback addresses only.
        signature: ``"rpc"`` (default), ``"rpc-sha256"``, ``"acs3"`` or ``"acs3-sm3"``.
        timeout: seconds to connect and seconds to read; 5 and 10 by default. A transport that is given has its own.
        retry: how often and how long calls are tried.
        tid: the tenant of requests that name none.
        transport: who carries the requests; by default one over ``requests``.
        clock: the time that is signed, and how to wait.
        end_inclusive: whether the service runs the last day of a range. It does not say; True is our reading, and a
            job finds out when it is wrong. Plans are written accordingly.
        service_clock: the service's time, as its answers tell it.
        line: all that is the same for its calls: what conversations need that hold a call themselves.

    Raises:
        ConfigurationError: it cannot be used like that.
    """

    transport: Transport = field(default=Factory(lambda self: RequestsTransport(self.timeout), takes_self=True))
    line: Line = field(init=False, repr=False)

    @line.default
    def _(self) -> Line:
        return line_of(self, source(self.credentials))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the transport. The client is of no use afterwards."""
        self.transport.close()

    def call(self, request: "Request[R]") -> R:
        """Send a typed request and return its response.

        Raises:
            DmsError: see :mod:`dms_backfill_sdk.errors`. An answer with ``Success: false`` raises too.
        """
        return self.run(converse(call_of(request, tid=self.tid), self.line))

    def iterate(self, request: "Request[Page[T]]") -> Iterator[T]:
        """The items of a list that comes in pages, fetched as they are asked for, from the request's page on.

        A list that changes meanwhile may show an item twice or not at all; the service gives no snapshot.

        >>> runs = client.iterate(ListTaskFlowInstanceRequest(dag_id=15001, page_index=1, page_size=100))

        Raises:
            DmsError: as :meth:`call`, at the page that could not be fetched.
        """
        return self.follow(paging(request))

    def task_flow(self, name_or_id: int | str) -> "TaskFlow":
        """Look a task flow up by name or id: the way to plans and jobs.

        Raises:
            InvalidRequestError: there is none of that name, or several; the sentence lists near names, or the ids.
            DmsError: as :meth:`call`.
        """
        # Here and not at the top: the room costs half of what requests costs, and many a client only calls back_fill.
        room = importlib.import_module("dms_backfill_sdk.backfill")
        found: TaskFlow = room.TaskFlow.find(self, name_or_id)
        return found

    def call_raw(
        self, action: str, query: Mapping[str, Any] | None = None, *, form: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call any operation of the product by its name; the answer is the service's JSON object.

        Args:
            action: the operation, such as ``"ListUsers"``. One whose name begins with Get or List only reads and may
                be repeated; any other is treated as one that starts work.
            query: its parameters, by their wire names; numbers, booleans, dates, lists and dicts are written as the
                service wants them, None is left out.
            form: parameters that travel in the body.

        Raises:
            DmsError: as :meth:`call`.
        """
        return self.run(converse(raw_call_of(action, query or {}, form or {}, tid=self.tid), self.line))

    def run(self, conversation: Conversation[A], listen: Callable[[Any], object] | None = None) -> A:
        """Carry out what a conversation asks for, until it returns; ``listen`` is called with what it tells."""
        while isinstance(step := self._until_told(conversation), Told):
            if listen is not None:
                listen(step.value)
        answer: A = step.value
        return answer

    def follow(self, conversation: Conversation[Any]) -> Iterator[Any]:
        """Carry out what a conversation asks for, and pass on what it tells."""
        while isinstance(step := self._until_told(conversation), Told):
            yield step.value

    def _until_told(self, conversation: Conversation[Any]) -> Told | Over[Any]:
        answer: Any = None
        error: DmsError | None = None
        while not isinstance(wish := going_on(conversation, answer, error), Told | Over):
            answer = error = None
            try:
                answer = self._grant(wish)
            except DmsError as caught:
                error = caught
            except BaseException:
                # Interrupted: what it holds, such as a campaign's lock, is let go of now.
                conversation.close()
                raise
        return wish

    def _grant(self, wish: "HttpRequest | Request[Any] | Sleep | Do") -> Any:
        match wish:
            case HttpRequest():
                return self.transport.send(wish)
            case Sleep(seconds):
                return self.clock.sleep(seconds)
            case Do(act):
                return act()
            case _:
                return self.call(wish)

    def back_fill(self, request: "back_fill.BackFillRequest") -> "back_fill.BackFillResponse":
        """Run a task flow again for a business date or a range of them."""
        return self.call(request)

    def list_task_flow(self, request: "find.ListTaskFlowRequest") -> "find.ListTaskFlowResponse":
        """The task flows the caller may see."""
        return self.call(request)

    def list_task_flows_by_page(self, request: "find.ListTaskFlowsByPageRequest") -> "find.ListTaskFlowsByPageResponse":
        """The task flows the caller may see, one page of them."""
        return self.call(request)

    def list_lh_task_flow_and_scenario(
        self, request: "find.ListLhTaskFlowAndScenarioRequest"
    ) -> "find.ListLhTaskFlowAndScenarioResponse":
        """The task flows of a workspace, by business scenario."""
        return self.call(request)

    def get_lh_space_by_name(self, request: "find.GetLhSpaceByNameRequest") -> "find.GetLhSpaceByNameResponse":
        """A workspace, by its name."""
        return self.call(request)

    def get_task_flow_graph(self, request: "find.GetTaskFlowGraphRequest") -> "find.GetTaskFlowGraphResponse":
        """The nodes and edges of a task flow."""
        return self.call(request)

    def list_tasks_in_task_flow(self, request: "find.ListTasksInTaskFlowRequest") -> "find.ListTasksInTaskFlowResponse":
        """The nodes of a task flow, with what they do."""
        return self.call(request)

    def get_task(self, request: "find.GetTaskRequest") -> "find.GetTaskResponse":
        """One node, with what it does."""
        return self.call(request)

    def list_dagversions(self, request: "find.ListDAGVersionsRequest") -> "find.ListDAGVersionsResponse":
        """The published versions of a task flow, one page of them."""
        return self.call(request)

    def get_user_active_tenant(self, request: "find.GetUserActiveTenantRequest") -> "find.GetUserActiveTenantResponse":
        """The tenant the caller is in."""
        return self.call(request)

    def list_user_tenants(self, request: "find.ListUserTenantsRequest") -> "find.ListUserTenantsResponse":
        """The tenants the caller may use."""
        return self.call(request)

    def list_task_flow_instance(
        self, request: "control.ListTaskFlowInstanceRequest"
    ) -> "control.ListTaskFlowInstanceResponse":
        """The runs of a task flow, one page of them."""
        return self.call(request)

    def get_task_instance_relation(
        self, request: "control.GetTaskInstanceRelationRequest"
    ) -> "control.GetTaskInstanceRelationResponse":
        """The nodes of one run and where each stands."""
        return self.call(request)

    def stop_task_flow_instance(
        self, request: "control.StopTaskFlowInstanceRequest"
    ) -> "control.StopTaskFlowInstanceResponse":
        """Stop a run that is running."""
        return self.call(request)

    def suspend_task_flow_instance(
        self, request: "control.SuspendTaskFlowInstanceRequest"
    ) -> "control.SuspendTaskFlowInstanceResponse":
        """Suspend a run that is running."""
        return self.call(request)

    def resume_task_flow_instance(
        self, request: "control.ResumeTaskFlowInstanceRequest"
    ) -> "control.ResumeTaskFlowInstanceResponse":
        """Let a suspended run go on."""
        return self.call(request)

    def re_run_task_flow_instance(
        self, request: "control.ReRunTaskFlowInstanceRequest"
    ) -> "control.ReRunTaskFlowInstanceResponse":
        """Run all nodes of a finished run again."""
        return self.call(request)

    def make_task_flow_instance_success(
        self, request: "control.MakeTaskFlowInstanceSuccessRequest"
    ) -> "control.MakeTaskFlowInstanceSuccessResponse":
        """Declare a run successful."""
        return self.call(request)

    def create_task_flow(self, request: "author.CreateTaskFlowRequest") -> "author.CreateTaskFlowResponse":
        """Create a task flow."""
        return self.call(request)

    def delete_task_flow(self, request: "author.DeleteTaskFlowRequest") -> "author.DeleteTaskFlowResponse":
        """Delete a task flow."""
        return self.call(request)

    def create_task(self, request: "author.CreateTaskRequest") -> "author.CreateTaskResponse":
        """Create a node in a task flow."""
        return self.call(request)

    def delete_task(self, request: "author.DeleteTaskRequest") -> "author.DeleteTaskResponse":
        """Delete a node."""
        return self.call(request)

    def add_task_flow_edges(self, request: "author.AddTaskFlowEdgesRequest") -> "author.AddTaskFlowEdgesResponse":
        """Add edges between nodes of a task flow."""
        return self.call(request)

    def delete_task_flow_edges_by_condition(
        self, request: "author.DeleteTaskFlowEdgesByConditionRequest"
    ) -> "author.DeleteTaskFlowEdgesByConditionResponse":
        """Delete the edges that fit."""
        return self.call(request)

    def list_task_flow_edges_by_condition(
        self, request: "author.ListTaskFlowEdgesByConditionRequest"
    ) -> "author.ListTaskFlowEdgesByConditionResponse":
        """The edges that fit."""
        return self.call(request)

    def update_task_content(self, request: "author.UpdateTaskContentRequest") -> "author.UpdateTaskContentResponse":
        """Change what a node does."""
        return self.call(request)

    def update_task_content_v2(
        self, request: "author.UpdateTaskContentV2Request"
    ) -> "author.UpdateTaskContentV2Response":
        """Change what a node does; for content too long for a query."""
        return self.call(request)

    def update_task_flow_time_variables(
        self, request: "author.UpdateTaskFlowTimeVariablesRequest"
    ) -> "author.UpdateTaskFlowTimeVariablesResponse":
        """Set the time variables of a task flow."""
        return self.call(request)

    def publish_and_deploy_task_flow(
        self, request: "author.PublishAndDeployTaskFlowRequest"
    ) -> "author.PublishAndDeployTaskFlowResponse":
        """Publish a task flow as a new version."""
        return self.call(request)

    def re_deploy_lh_dag_version(
        self, request: "author.ReDeployLhDagVersionRequest"
    ) -> "author.ReDeployLhDagVersionResponse":
        """Deploy an older version again."""
        return self.call(request)

    def offline_task_flow(self, request: "author.OfflineTaskFlowRequest") -> "author.OfflineTaskFlowResponse":
        """Take a task flow offline."""
        return self.call(request)

    def try_run_task_flow(self, request: "author.TryRunTaskFlowRequest") -> "author.TryRunTaskFlowResponse":
        """Run a task flow once, now, as it is being edited."""
        return self.call(request)
