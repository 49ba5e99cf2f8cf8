"""Task flows, plans, jobs and campaigns that are awaited: alike to the others, and nothing lost when cancelled."""

import asyncio
import inspect
import sys
import threading
from collections import Counter

import pytest
from attrs import define, field

import dms_backfill_sdk as sdk
from dms_backfill_sdk import AccessKey, AsyncClient, Client, Fault, OutcomeUnknownError, RunFailedError
from dms_backfill_sdk.http import HttpRequest, HttpResponse, Transport

KEY = AccessKey("testid", "testsecret")
DAYS = ("2022-01-01", "2022-01-03")
#: Two windows, because the day between them has run.
HOLES = {"between": ("2022-01-01", "2022-01-05"), "only": "missing"}
LOST = Fault(action="BackFill", when="after", drop=True)
SISTERS = ["TaskFlow", "Plan", "Job", "Campaign"]


@define
class AsyncWire:
    """The hand on the wire, awaited; and what went over it."""

    inner: Transport
    sent: list[HttpRequest] = field(factory=list)
    #: The number of the request that does not come back: it is left hanging, from before or after it was acted on.
    hangs: int = 0
    acted_on: bool = False
    hanging: asyncio.Event = field(factory=asyncio.Event)

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request)
        if len(self.sent) != self.hangs:
            return self.inner.send(request)
        if self.acted_on:
            self.inner.send(request)
        self.hanging.set()
        try:
            return await asyncio.Event().wait()
        except asyncio.CancelledError as cancelled:
            if self.acted_on:
                raise OutcomeUnknownError("Cancelled while it may have been at it.") from cancelled
            raise

    async def close(self) -> None:
        self.inner.close()


@define
class Recorded:
    """A transport, and what went over it."""

    inner: Transport
    sent: list[HttpRequest] = field(factory=list)

    def send(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request)
        return self.inner.send(request)


@pytest.fixture
def wire(lab):
    return AsyncWire(lab.wire)


@pytest.fixture
def client(lab, wire):
    return AsyncClient(credentials=KEY, endpoint="http://127.0.0.1", clock=lab.clock, transport=wire)


def run(coroutine):
    return asyncio.run(coroutine, debug=True)


# ---------------------------------------------------------------------------------------------------------------
# Alike


def promises(cls):
    """The methods of a class by name, its own and inherited ones."""
    return {
        name: inspect.unwrap(method)
        for name, method in inspect.getmembers(cls, callable)
        if not name.startswith("_") and name != "Shown"
    }


@pytest.mark.parametrize("name", SISTERS)
def test_both_sisters_have_the_same_methods_that_take_the_same(name):
    ours, theirs = promises(getattr(sdk, f"Async{name}")), promises(getattr(sdk, name))
    assert ours.keys() == theirs.keys()
    for method in ours:
        takes = [list(inspect.signature(each).parameters) for each in (ours[method], theirs[method])]
        assert takes[0] == takes[1], method
        assert ours[method].__doc__, method


def test_what_asks_the_service_in_one_is_awaited_in_the_other():
    def methods(cls):
        own = {name: getattr(each, "__func__", each) for name, each in vars(cls).items()}
        return {f"{cls.__name__}.{name}": each for name, each in own.items() if inspect.isfunction(each)}

    for name in SISTERS:
        ours, theirs = methods(getattr(sdk, f"Async{name}")), methods(getattr(sdk, name))
        awaited = {each.removeprefix("Async") for each, method in ours.items() if inspect.iscoroutinefunction(method)}
        asking = {
            each
            for each, method in theirs.items()
            if "client.run(" in inspect.getsource(method) or "self.ask(" in inspect.getsource(method)
        }
        assert awaited == asking


def spoken(requests):
    """What requests say, less what is different each time."""
    return [
        (
            request.method,
            [pair for pair in request.query if pair[0] not in ("SignatureNonce", "Signature", "Timestamp")],
        )
        for request in requests
    ]


def test_both_say_the_same_to_the_service_from_the_first_look_to_the_last(new_lab):
    def plainly(lab, flow):
        client = lab.new_client(transport=Recorded(lab.wire))
        found = client.task_flow(flow.name)
        plan = found.plan(between=DAYS, skip=["mail"])
        job = plan.submit()
        lab.wait(days=1)
        told = str(plan), str(job.progress()), [run.id for run in job.runs()], found.recent_runs(2)
        return told, spoken(client.transport.sent)

    async def awaiting(lab, flow):
        client = AsyncClient(
            credentials=KEY, endpoint="http://127.0.0.1", clock=lab.clock, transport=AsyncWire(lab.wire)
        )
        found = await client.task_flow(flow.name)
        plan = await found.plan(between=DAYS, skip=["mail"])
        job = await plan.submit()
        lab.wait(days=1)
        progress = str(await job.progress())
        told = str(plan), progress, [run.id for run in await job.runs()], await found.recent_runs(2)
        return told, spoken(client.transport.sent)

    first, second = new_lab(), new_lab()
    ours = plainly(first, first.flow())
    assert ours == run(awaiting(second, second.flow()))
    assert ours[0][1] == "3 of 3 succeeded"
    first.emulator.close()
    second.emulator.close()


# ---------------------------------------------------------------------------------------------------------------
# From seeing it to its end


def test_a_lost_answer_is_looked_for_and_the_job_tells_what_happens(lab, client):
    flow = lab.flow()
    lab.emulator.plan_fault(LOST)

    async def go():
        plan = await (await client.task_flow(flow.id)).plan(between=DAYS)
        job = await plan.submit()
        return [(change.business_time.day, change.standing.value) async for change in job.events()]

    changes = run(go())
    assert [(day, "succeeded") for day in (1, 2, 3)] == [change for change in changes if change[1] == "succeeded"]
    assert lab.asked("BackFill") == 1


def test_a_failure_is_explained_steered_and_written_down_for_another_process(lab, client):
    flow = lab.flow(nodes={"load": {"simulate": {"fails_first": 1}}})

    async def go():
        plan = await (await client.task_flow(flow.id)).plan(on="2022-01-01")
        job = await sdk.AsyncPlan.from_dict(plan.to_dict()).by(client).submit()
        with pytest.raises(RunFailedError, match="load"):
            await job.wait()
        again = sdk.AsyncJob.from_dict(client, job.to_dict())
        assert len(await again.rerun_failed()) == 1
        seen = []
        await again.wait(on_progress=lambda progress: seen.append(str(progress)))
        attached = await sdk.AsyncJob.attach(client, flow.name, on="2022-01-01")
        return (
            seen[-1],
            str(await attached.progress()),
            [node.node_name for node in await again.nodes((await again.runs())[0])],
        )

    assert run(go()) == ("1 of 1 succeeded", "1 of 1 succeeded", ["load"])


def test_a_plan_without_a_client_says_so_when_it_is_awaited(lab, client):
    flow = lab.flow()

    async def go():
        plan = await (await client.task_flow(flow.id)).plan(on="2022-01-01")
        await sdk.AsyncPlan.from_dict(plan.to_dict()).submit()

    with pytest.raises(sdk.ConfigurationError, match=r"plan\.by\(client\)"):
        run(go())


def test_a_picture_of_a_job_asks_nothing(lab, client, wire):
    flow = lab.flow()

    async def go():
        job = await (await (await client.task_flow(flow.id)).plan(between=DAYS)).submit()
        await job.wait()
        before = len(wire.sent)
        picture = job._repr_html_()
        assert len(wire.sent) == before
        return picture

    picture = run(go())
    assert "3 succeeded" in picture
    assert "when it was last looked at" in picture


def test_over_http_with_a_crowd_of_jobs(dms_server):
    world = dms_server.emulator.world
    flows = []
    for number in range(20):
        flow = world.create_flow(f"flow {number}")
        world.add_node(flow, "load", content='{"simulate": {"seconds": 60}}')
        world.publish(flow)
        flows.append(flow)

    async def one(client, flow):
        plan = await (await client.task_flow(flow.name)).plan(between=DAYS)
        return str(await (await plan.submit()).wait())

    async def crowd():
        async with AsyncClient(credentials=KEY, endpoint=dms_server.url, clock=dms_server.clock) as client:
            return await asyncio.gather(*(one(client, flow) for flow in flows))

    assert set(run(crowd())) == {"3 of 3 succeeded"}


# ---------------------------------------------------------------------------------------------------------------
# Cancelled


async def cancelled(wire, coroutine):
    """How a task ends that is cancelled as soon as a request hangs."""
    task = asyncio.create_task(coroutine)
    async with asyncio.timeout(30):
        await wire.hanging.wait()
    task.cancel()
    (ended,) = await asyncio.gather(task, return_exceptions=True)
    return ended


def two_windows(lab, client):
    """A plan of two windows, ready to be submitted."""
    flow = lab.flow()
    lab.ran(flow, "2022-01-03")

    async def plan():
        return await (await client.task_flow(flow.id)).plan(**HOLES)

    return flow, plan


@pytest.mark.parametrize("acted_on", [False, True], ids=["not sent", "perhaps sent"])
@pytest.mark.parametrize("number", range(1, 5))  # a list and a BackFill for each of two windows
def test_a_submission_that_is_cancelled_at_any_request_says_what_was_started(new_lab, number, acted_on):
    lab = new_lab()
    wire = AsyncWire(lab.wire, acted_on=acted_on)
    client = AsyncClient(credentials=KEY, endpoint="http://127.0.0.1", clock=lab.clock, transport=wire)
    flow, plan = two_windows(lab, client)

    async def go():
        made = await plan()
        wire.hangs = len(wire.sent) + number
        return await cancelled(wire, made.submit())

    ended = run(go())
    sent = [dict(request.query)["Action"] for request in wire.sent]
    lab.wait(days=1)
    ran = Counter(lab.days(flow)) - Counter(["2022-01-03"])
    assert set(ran.values()) <= {1}
    if isinstance(ended, asyncio.CancelledError):
        assert not ran
    else:
        assert ran
        assert isinstance(ended, OutcomeUnknownError)
        assert ended.may_have_started
        known = {f"{time:%Y-%m-%d}" for time in ended.job.seen()}
        # What is not in the job was under way when it was cancelled, and the error is about that call.
        assert known <= set(ran)
        assert known == set(ran) or (acted_on and sent[-1] == "BackFill")
    lab.emulator.close()


def test_one_that_is_cancelled_while_it_looks_for_a_lost_answer_says_that_it_may_have_started(lab, client, wire):
    flow = lab.flow()
    lab.emulator.plan_fault(LOST)

    async def go():
        plan = await (await client.task_flow(flow.id)).plan(between=DAYS)
        # The list before, the BackFill whose answer is lost, and the first look for its runs.
        wire.hangs = len(wire.sent) + 3
        return await cancelled(wire, plan.submit())

    ended = run(go())
    assert isinstance(ended, OutcomeUnknownError)
    assert str(ended).startswith("BackFill: ")
    assert "It may have started." in str(ended)
    assert lab.asked("BackFill") == 1


def test_a_job_is_let_go_of_and_waited_for_again(lab, client, wire):
    flow = lab.flow()

    async def go():
        job = await (await (await client.task_flow(flow.id)).plan(between=DAYS)).submit()
        wire.hangs = len(wire.sent) + 1
        assert isinstance(await cancelled(wire, job.wait()), asyncio.CancelledError)
        return str(await job.wait())

    assert run(go()) == "3 of 3 succeeded"


# ---------------------------------------------------------------------------------------------------------------
# Campaigns


CAMPAIGN = {"between": ("2022-01-01", "2022-01-10"), "window": "3d"}


def test_a_campaign_is_awaited_to_its_end(lab, client, tmp_path):
    flow = lab.flow()

    async def go():
        campaign = (await client.task_flow(flow.id)).campaign(ledger=tmp_path / "campaign.db", **CAMPAIGN)
        told = []
        assert len(await campaign.plan()) == 10
        report = await campaign.run(told.append)
        assert told[-1].done == report.done == 10
        assert not await campaign.is_running
        return report, await sdk.AsyncCampaign.open(client, tmp_path / "campaign.db").report()

    report, read = run(go())
    assert report.finished
    assert report == read
    assert lab.asked("BackFill") == 4


@pytest.mark.parametrize("acted_on", [False, True], ids=["not sent", "perhaps sent"])
@pytest.mark.parametrize("number", [1, 2, 3, 5, 7, 9, 12])
def test_a_campaign_that_is_cancelled_at_any_request_is_run_again_and_runs_each_day_once(
    lab, client, wire, tmp_path, number, acted_on
):
    flow = lab.flow()
    wire.acted_on = acted_on

    async def go():
        campaign = (await client.task_flow(flow.id)).campaign(ledger=tmp_path / "campaign.db", **CAMPAIGN)
        wire.hangs = len(wire.sent) + number
        ended = await cancelled(wire, campaign.run())
        assert isinstance(ended, asyncio.CancelledError | OutcomeUnknownError)
        return await campaign.run()

    assert run(go()).finished
    assert Counter(lab.days(flow)) == Counter([f"2022-01-{day:02}" for day in range(1, 11)])


# ---------------------------------------------------------------------------------------------------------------
# The loop goes on

#: What keeps a loop waiting, by the names under which Python tells whoever watches it.
BLOCKING = {"open", "sqlite3.connect", "time.sleep", "socket.getaddrinfo", "subprocess.Popen"}
watched = threading.local()
caught: list[str] = []


def watch(event, arguments):
    if event in BLOCKING and getattr(watched, "now", False) and "dms_backfill_sdk" in str(stack()):
        caught.append(f"{event} {arguments}")


def stack():
    frame, files = sys._getframe(2), []
    while frame is not None:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    return files


sys.addaudithook(watch)


def test_nothing_on_the_loop_opens_a_file_or_sleeps_from_the_first_look_to_the_end_of_a_campaign(dms_server, tmp_path):
    world = dms_server.emulator.world
    flow = world.create_flow("daily")
    world.add_node(flow, "load", content='{"simulate": {"seconds": 60}}')
    world.publish(flow)

    async def go():
        async with AsyncClient(credentials=KEY, endpoint=dms_server.url, clock=dms_server.clock) as client:
            watched.now = True
            try:
                found = await client.task_flow("daily")
                job = await (await found.plan(on="2021-12-31")).submit()
                await job.wait()
                campaign = found.campaign(ledger=tmp_path / "campaign.db", **CAMPAIGN)
                report = await campaign.run()
                await campaign.pause()
                assert await campaign.report() != report
                return await campaign.is_running
            finally:
                watched.now = False

    caught.clear()
    assert run(go()) is False
    assert caught == []


def test_the_watch_sees_what_a_client_for_threads_does_on_the_loop(lab, tmp_path):
    """That the test above can fail."""
    flow = lab.flow()
    client = Client(credentials=KEY, endpoint="http://127.0.0.1", clock=lab.clock, transport=lab.wire)
    caught.clear()
    watched.now = True
    try:
        client.task_flow(flow.id).campaign(ledger=tmp_path / "campaign.db", **CAMPAIGN).run()
    finally:
        watched.now = False
    assert any(event.startswith("sqlite3.connect") for event in caught)
