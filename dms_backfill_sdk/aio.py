"""The client for asyncio: the operations, conversations and settings of :class:`Client`, awaited."""

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from attrs import Factory, field, frozen

from dms_backfill_sdk.awaiting import awaited
from dms_backfill_sdk.backfill.aio import AsyncTaskFlow
from dms_backfill_sdk.client import Client
from dms_backfill_sdk.clock import SystemClock
from dms_backfill_sdk.errors import DmsError
from dms_backfill_sdk.exchange import Conversation, Do, GivenUp, Over, Sleep, Told, call_of, converse, going_on, paging
from dms_backfill_sdk.http import AsyncTransport, HttpRequest
from dms_backfill_sdk.line import Line, Settings, line_of, source
from dms_backfill_sdk.signing.credentials import from_environment
from dms_backfill_sdk.transport.aiohttp import AiohttpTransport

if TYPE_CHECKING:
    from dms_backfill_sdk.operations.declaration import Page, Request, Response

__all__ = ["AsyncClient"]

A = TypeVar("A")
R = TypeVar("R", bound="Response")
T = TypeVar("T")


@frozen(kw_only=True, eq=False)
class AsyncClient(Settings):
    """A :class:`Client` whose calls are awaited. Immutable; one instance may be used by many tasks at once, and on
    several event loops::

        async with AsyncClient(credentials=AccessKey("id", "secret")) as client:
            await client.back_fill(BackFillRequest.on(15001, "2022-01-14"))

    **Cancelled calls.** A call that is cancelled before anything of it was sent, or that only reads, ends in
    ``CancelledError`` as usual. One that starts work and may have been sent ends in
    :class:`~dms_backfill_sdk.OutcomeUnknownError` instead, and so does a submission some of whose requests were sent:
    whoever awaits it next (a task group, ``asyncio.timeout``, ``asyncio.wait_for``) is told that something may have
    been started. A campaign that is cancelled has it all in its ledger.

    Attributes:
        credentials: as of :class:`Client`. A callable is asked in a thread, and so is Alibaba's credential chain, so
            that the loop goes on meanwhile.
        endpoint: as of :class:`Client`.
        signature: as of :class:`Client`.
        timeout: as of :class:`Client`. To wait for one of the transport's 100 connections is no part of it.
        retry: as of :class:`Client`.
        tid: as of :class:`Client`.
        transport: who carries the requests; by default one over ``aiohttp``, with one session for each event loop.
        clock: as of :class:`Client`. One that is no :class:`SystemClock` waits in a thread.
        end_inclusive: as of :class:`Client`.
        service_clock: as of :class:`Client`.

    Raises:
        ConfigurationError: it cannot be used like that.
    """

    transport: AsyncTransport = field(default=Factory(lambda self: AiohttpTransport(self.timeout), takes_self=True))
    line: Line = field(init=False, repr=False)

    @line.default
    def _(self) -> Line:
        if self.credentials is not None or from_environment(os.environ) is not None:
            return line_of(self, source(self.credentials))
        # To load the chain takes half a second, so that too is left to the thread of the first call.
        chain = functools.cache(functools.partial(source, None))
        return line_of(self, lambda: found() if callable(found := chain()) else found)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close what the transport keeps open on this event loop."""
        await self.transport.close()

    async def call(self, request: "Request[R]") -> R:
        """Send a typed request and return its response; see :meth:`Client.call`."""
        return await self.run(converse(call_of(request, tid=self.tid), self.line))

    call_raw = awaited(Client.call_raw)

    def iterate(self, request: "Request[Page[T]]") -> AsyncIterator[T]:
        """The items of a list that comes in pages, fetched as they are asked for; see :meth:`Client.iterate`.

        ``async for run in client.iterate(ListTaskFlowInstanceRequest(dag_id=15001, page_index=1, page_size=100)): …``
        """
        return self.follow(paging(request))

    async def task_flow(self, name_or_id: int | str) -> AsyncTaskFlow:
        """Look a task flow up by name or id; see :meth:`Client.task_flow`."""
        return await AsyncTaskFlow.find(self, name_or_id)

    async def run(self, conversation: Conversation[A], listen: Callable[[Any], object] | None = None) -> A:
        """Carry out what a conversation asks for, until it returns; ``listen`` is called with what it tells."""
        while isinstance(step := await self._until_told(conversation), Told):
            if listen is not None:
                listen(step.value)
        answer: A = step.value
        return answer

    async def follow(self, conversation: Conversation[Any]) -> AsyncIterator[Any]:
        """Carry out what a conversation asks for, and pass on what it tells."""
        while isinstance(step := await self._until_told(conversation), Told):
            yield step.value

    async def _until_told(self, conversation: Conversation[Any]) -> Told | Over[Any]:
        answer: Any = None
        error: DmsError | None = None
        while not isinstance(wish := going_on(conversation, answer, error), Told | Over):
            answer = error = None
            try:
                answer = await self._grant(wish)
            except asyncio.CancelledError as cancelled:
                _give_up(conversation, GivenUp(), cancelled)
            except DmsError as caught:
                if isinstance(caught.__cause__, asyncio.CancelledError):
                    _give_up(conversation, caught, caught.__cause__)
                error = caught
        return wish

    async def _grant(self, wish: "HttpRequest | Request[Any] | Sleep | Do") -> Any:
        match wish:
            case HttpRequest():
                return await self.transport.send(wish)
            case Sleep(seconds) if isinstance(self.clock, SystemClock):
                return await asyncio.sleep(max(seconds, 0) / self.clock.speed)
            case Sleep(seconds):
                return await asyncio.to_thread(self.clock.sleep, seconds)
            case Do(act):
                return await _done_in_a_thread(act)
            case _:
                return await self.call(wish)

    # One line for each operation: its name; signature and words are the other client's.
    back_fill = awaited(Client.back_fill)
    list_task_flow = awaited(Client.list_task_flow)
    list_task_flows_by_page = awaited(Client.list_task_flows_by_page)
    list_lh_task_flow_and_scenario = awaited(Client.list_lh_task_flow_and_scenario)
    get_lh_space_by_name = awaited(Client.get_lh_space_by_name)
    get_task_flow_graph = awaited(Client.get_task_flow_graph)
    list_tasks_in_task_flow = awaited(Client.list_tasks_in_task_flow)
    get_task = awaited(Client.get_task)
    list_dagversions = awaited(Client.list_dagversions)
    get_user_active_tenant = awaited(Client.get_user_active_tenant)
    list_user_tenants = awaited(Client.list_user_tenants)
    list_task_flow_instance = awaited(Client.list_task_flow_instance)
    get_task_instance_relation = awaited(Client.get_task_instance_relation)
    stop_task_flow_instance = awaited(Client.stop_task_flow_instance)
    suspend_task_flow_instance = awaited(Client.suspend_task_flow_instance)
    resume_task_flow_instance = awaited(Client.resume_task_flow_instance)
    re_run_task_flow_instance = awaited(Client.re_run_task_flow_instance)
    make_task_flow_instance_success = awaited(Client.make_task_flow_instance_success)
    create_task_flow = awaited(Client.create_task_flow)
    delete_task_flow = awaited(Client.delete_task_flow)
    create_task = awaited(Client.create_task)
    delete_task = awaited(Client.delete_task)
    add_task_flow_edges = awaited(Client.add_task_flow_edges)
    delete_task_flow_edges_by_condition = awaited(Client.delete_task_flow_edges_by_condition)
    list_task_flow_edges_by_condition = awaited(Client.list_task_flow_edges_by_condition)
    update_task_content = awaited(Client.update_task_content)
    update_task_content_v2 = awaited(Client.update_task_content_v2)
    update_task_flow_time_variables = awaited(Client.update_task_flow_time_variables)
    publish_and_deploy_task_flow = awaited(Client.publish_and_deploy_task_flow)
    re_deploy_lh_dag_version = awaited(Client.re_deploy_lh_dag_version)
    offline_task_flow = awaited(Client.offline_task_flow)
    try_run_task_flow = awaited(Client.try_run_task_flow)


async def _done_in_a_thread(act: Callable[[], A]) -> A:
    """What ``act`` returns. Whoever loses patience waits for its end all the same: half a deed helps nobody."""
    doing = asyncio.ensure_future(asyncio.to_thread(act))
    impatient: asyncio.CancelledError | None = None
    while not doing.done():
        try:
            await asyncio.wait([doing])
        except asyncio.CancelledError as cancelled:
            impatient = cancelled
    if impatient is not None:
        doing.exception()  # nobody is there to hear of it
        raise impatient
    return doing.result()


def _give_up(conversation: Conversation[Any], became: BaseException, cancelled: asyncio.CancelledError) -> NoReturn:
    """End a conversation that was cancelled: nothing more that it wishes is done.

    Args:
        conversation: the conversation.
        became: what became of its last wish.
        cancelled: the cancellation.

    Raises:
        DmsError: what it says of that, or what became of its wish, when something was, or may have been, started.
        CancelledError: otherwise; nothing is lost.
    """
    left: BaseException = became
    try:
        while True:
            conversation.throw(left)
            left = GivenUp()
    except (DmsError, StopIteration) as end:
        left = end
    except GivenUp:
        left = became
    if isinstance(left, DmsError) and left.may_have_started:
        raise left from cancelled
    raise cancelled
