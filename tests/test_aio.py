"""The client for asyncio: alike to the other one, gone on with while others wait, and nothing lost when cancelled."""

import asyncio
import inspect
import json
import logging
import threading

import attrs
import pytest
from attrs import define, field

from dms_backfill_sdk import (
    AccessKey,
    AsyncClient,
    BackFillRequest,
    Client,
    ConfigurationError,
    Emulator,
    InvalidParameterError,
    InvalidRequestError,
    ListTaskFlowInstanceRequest,
    ListTaskFlowRequest,
    ManualClock,
    NotSentError,
    OutcomeUnknownError,
    RetryPolicy,
    SystemClock,
)
from dms_backfill_sdk.exchange import Do, GivenUp, Sleep, Told
from dms_backfill_sdk.http import HttpRequest, HttpResponse

KEY = AccessKey("testid", "hush")
START = BackFillRequest(dag_id=15001, back_fill_date="2022-01-14")
READ = ListTaskFlowRequest()
YES = {"RequestId": "4F", "Success": True}


@define
class Recorder:
    """A transport that keeps what it is given to carry, and answers as it was told."""

    told: list = field(factory=list)
    sent: list[HttpRequest] = field(factory=list)
    closed: bool = False
    arrived: asyncio.Event = field(factory=asyncio.Event)

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request)
        self.arrived.set()
        answer = self.told.pop(0) if self.told else YES
        if isinstance(answer, Exception):
            raise answer
        if answer is never:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError as cancelled:
                raise OutcomeUnknownError("Cancelled while it may have been at it.") from cancelled
        return HttpResponse(200, body=json.dumps(answer).encode())

    async def close(self) -> None:
        self.closed = True


never = object()


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def client(recorder):
    return AsyncClient(credentials=KEY, endpoint="https://dms.example", transport=recorder, clock=ManualClock())


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"):
        monkeypatch.delenv(f"ALIBABA_CLOUD_{name}", raising=False)
    monkeypatch.delenv("DMS_BACKFILL_ENDPOINT", raising=False)


def run(coroutine):
    return asyncio.run(coroutine, debug=True)


# ---------------------------------------------------------------------------------------------------------------
# Both clients alike

#: What a name of one client is called in the other.
RENAMED = {"__enter__": "__aenter__", "__exit__": "__aexit__"}


def methods_of(cls):
    return {name: each for name, each in vars(cls).items() if inspect.isfunction(each) and not name.startswith("_")}


def test_both_clients_have_the_same_methods():
    assert set(methods_of(Client)) == set(methods_of(AsyncClient))


@pytest.mark.parametrize("name", sorted(methods_of(Client)))
def test_each_method_takes_the_same_and_says_the_same(name):
    ours, theirs = methods_of(AsyncClient)[name], methods_of(Client)[name]
    parameters = [
        [
            (each.name, each.kind, each.default, str(each.annotation))
            for each in inspect.signature(method).parameters.values()
        ]
        for method in (ours, theirs)
    ]
    assert parameters[0] == parameters[1]
    assert inspect.iscoroutinefunction(ours) != (name in ("iterate", "follow"))
    assert ours.__doc__


def test_both_are_made_of_the_same_settings():
    def settings(cls):
        return [(each.name, each.kw_only, each.init) for each in attrs.fields(cls) if each.init]

    assert settings(AsyncClient) == settings(Client)
    defaults = [
        {each.name: each.default for each in attrs.fields(cls) if each.init and each.name != "transport"}
        for cls in (AsyncClient, Client)
    ]
    assert defaults[0] == defaults[1]


# ---------------------------------------------------------------------------------------------------------------
# Asking


def test_a_call_goes_out_signed_and_comes_back_typed(client, recorder):
    recorder.told = [YES | {"DagInstanceId": 47}]
    assert run(client.back_fill(request=START)).dag_instance_id == 47
    (sent,) = recorder.sent
    assert {"Action": "BackFill", "DagId": "15001", "AccessKeyId": "testid"}.items() <= dict(sent.query).items()


def test_call_raw_reaches_any_operation(client, recorder):
    recorder.told = [YES | {"UserList": [1]}]
    assert run(client.call_raw("ListUsers", {"PageSize": 50}))["UserList"] == [1]


def test_what_is_no_request_is_refused_unsent(client, recorder):
    with pytest.raises(InvalidRequestError, match="is no request"):
        run(client.call("BackFill"))
    assert recorder.sent == []


def test_a_list_that_comes_in_pages_is_fetched_as_it_is_asked_for(client, recorder):
    def page(*runs):
        return {"Success": True, "TotalCount": 3, "DAGInstanceList": {"DAGInstance": [{"Id": run} for run in runs]}}

    recorder.told = [page(1, 2), page(3)]

    async def read():
        runs = client.iterate(ListTaskFlowInstanceRequest(dag_id=15001, page_index=1, page_size=2))
        assert recorder.sent == []
        first = await anext(runs)
        assert len(recorder.sent) == 1
        return [first.id, *[run.id async for run in runs]]

    assert run(read()) == [1, 2, 3]


def test_a_no_is_raised(client, recorder):
    recorder.told = [{"Success": False, "ErrorCode": "InvalidParameterValid"}]
    with pytest.raises(InvalidParameterError, match="BackFill"):
        run(client.back_fill(START))


@pytest.mark.parametrize("clock", [ManualClock(), SystemClock(speed=1000)])
def test_what_was_not_sent_is_tried_again_on_the_clients_clock(recorder, clock):
    before = clock.now()
    client = AsyncClient(
        credentials=KEY, endpoint="https://dms.example", transport=recorder, clock=clock, retry=RetryPolicy(base=1)
    )
    recorder.told = [NotSentError("refused"), NotSentError("refused")]
    assert run(client.back_fill(START)).success
    assert len({dict(sent.query)["SignatureNonce"] for sent in recorder.sent}) == 3
    assert clock.now() > before


def test_what_a_conversation_tells_is_passed_on_and_what_it_returns_is_given_back(client):
    def talk():
        yield Told(1)
        yield Sleep(1)
        response = yield READ
        yield Told(2)
        return response.request_id

    async def listen():
        return [told async for told in client.follow(talk())]

    assert run(listen()) == [1, 2]
    assert run(client.run(talk())) == "4F"


def test_leaving_it_closes_the_transport(client, recorder):
    async def enter():
        async with client as entered:
            assert entered is client
            assert not recorder.closed

    run(enter())
    assert recorder.closed


def test_256_tasks_talk_to_an_emulator_over_one_client():
    emulator = Emulator()
    with emulator.serve() as server:

        async def crowd():
            async with AsyncClient(
                credentials=AccessKey("testid", "testsecret"), endpoint=server.url, signature="acs3"
            ) as client:
                return await asyncio.gather(*(client.list_task_flow(READ) for _ in range(256)))

        assert len({response.request_id for response in run(crowd())}) == 256


# ---------------------------------------------------------------------------------------------------------------
# The loop goes on


def blocking(released: threading.Event):
    """A credential source that comes back only when the loop has gone on meanwhile."""

    def ask():
        assert released.wait(10), "the loop stood still"
        return KEY

    return ask


def test_who_is_asked_for_credentials_does_not_hold_up_the_loop(recorder, caplog):
    caplog.set_level(logging.WARNING, "asyncio")
    released = threading.Event()
    client = AsyncClient(credentials=blocking(released), endpoint="https://dms.example", transport=recorder)

    async def both():
        call = asyncio.create_task(client.back_fill(START))
        for _ in range(3):
            await asyncio.sleep(0)
        released.set()
        return await call

    assert run(both()).success
    # What asyncio's debug mode says of callbacks that took longer than a tenth of a second.
    assert not [record for record in caplog.records if "Executing" in record.getMessage()]


def test_the_credential_chain_is_loaded_and_asked_off_the_loop(recorder, monkeypatch):
    threads = []

    def chain(_given):
        threads.append(threading.current_thread())

        def ask():
            threads.append(threading.current_thread())
            return KEY

        return ask

    monkeypatch.setattr("dms_backfill_sdk.aio.source", chain)
    client = AsyncClient(endpoint="https://dms.example", transport=recorder)
    assert threads == []

    async def twice():
        return await client.back_fill(START), await client.back_fill(START)

    run(twice())
    assert len(threads) >= 3
    assert threading.main_thread() not in threads


def test_the_environments_key_is_read_when_the_client_is_made(recorder, monkeypatch):
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "from-environment")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")
    client = AsyncClient(transport=recorder)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "later")
    run(client.back_fill(START))
    assert dict(recorder.sent[0].query)["AccessKeyId"] == "from-environment"


def test_what_is_no_credential_is_refused_without_being_shown(recorder):
    with pytest.raises(ConfigurationError) as raised:
        AsyncClient(credentials="hush", transport=recorder)
    assert "hush" not in str(raised.value)


# ---------------------------------------------------------------------------------------------------------------
# Cancelled


async def cancelled(recorder, coroutine):
    """How a task ends that is cancelled as soon as its request is on its way."""
    task = asyncio.create_task(coroutine)
    await recorder.arrived.wait()
    task.cancel()
    (ended,) = await asyncio.gather(task, return_exceptions=True)
    return ended


def test_a_cancelled_call_that_starts_work_says_so_to_whoever_awaits_it(client, recorder):
    recorder.told = [never]
    ended = run(cancelled(recorder, client.back_fill(START)))
    assert isinstance(ended, OutcomeUnknownError)
    assert ended.may_have_started
    assert str(ended).startswith("BackFill: Cancelled")
    assert len(recorder.sent) == 1


def test_a_cancelled_call_that_reads_is_just_cancelled(client, recorder):
    recorder.told = [never]
    assert isinstance(run(cancelled(recorder, client.call(READ))), asyncio.CancelledError)
    assert len(recorder.sent) == 1


def test_a_timeout_around_a_backfill_does_not_hide_that_it_may_have_started(client, recorder):
    recorder.told = [never]

    async def impatient():
        async with asyncio.timeout(0.01):
            await client.back_fill(START)

    with pytest.raises(OutcomeUnknownError, match="It may have started"):
        run(impatient())


def test_a_task_group_that_fails_tells_what_may_have_started(client, recorder):
    recorder.told = [never]

    async def group():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(client.back_fill(START))
            await recorder.arrived.wait()
            raise KeyError

    with pytest.raises(BaseExceptionGroup) as raised:
        run(group())
    assert {type(each) for each in raised.value.exceptions} == {KeyError, OutcomeUnknownError}


def submission():
    """A conversation that looks into it when it is not known whether something has started."""
    try:
        yield START
    except OutcomeUnknownError as unknown:
        try:
            yield READ
        except GivenUp:
            raise unknown from None


def test_a_conversation_whose_request_was_cancelled_does_nothing_more(client, recorder):
    recorder.told = [never]
    ended = run(cancelled(recorder, client.run(submission())))
    assert isinstance(ended, OutcomeUnknownError)
    assert [dict(sent.query)["Action"] for sent in recorder.sent] == ["BackFill"]


def test_one_that_is_cancelled_while_it_looks_still_says_that_something_may_have_started(client, recorder):
    recorder.told = [OutcomeUnknownError("The connection broke."), never]

    async def cancel():
        task = asyncio.create_task(client.run(submission()))
        while len(recorder.sent) < 2:  # noqa: ASYNC110  it is the second arrival that is waited for
            await asyncio.sleep(0)
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        return ended

    ended = run(cancel())
    assert isinstance(ended, OutcomeUnknownError)
    assert str(ended).startswith("BackFill: The connection broke. It may have started.")


def test_what_is_done_in_a_thread_is_over_before_whoever_was_cancelled_goes_on(client):
    began, let_go, order = threading.Event(), threading.Event(), []

    def act():
        began.set()
        assert let_go.wait(10)
        order.append("done")

    def talk():
        try:
            yield Do(act)
        finally:
            order.append("given up")

    async def cancel():
        task = asyncio.create_task(client.run(talk()))
        await asyncio.to_thread(began.wait, 10)
        task.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        let_go.set()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        return ended

    assert isinstance(run(cancel()), asyncio.CancelledError)
    assert order == ["done", "given up"]
