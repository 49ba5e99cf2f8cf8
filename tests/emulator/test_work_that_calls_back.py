from datetime import timedelta

import pytest

from dms_backfill_sdk.operations.terms import RunStatus

RUNNING, SUSPENDED, FAILED, SUCCESS = RunStatus.RUNNING, RunStatus.SUSPENDED, RunStatus.FAILED, RunStatus.SUCCESS


def test_to_a_nodes_work_time_stands_still(lab):
    seen = []

    def look(context) -> None:
        lab.wait(1000)
        seen.append((lab.world.now, lab.nodes(lab.world.runs[context.run_id])["load"].status))

    lab.workshop.callables["look"] = look
    run = lab.run(lab.flow(load={"call": "look"}, other={"seconds": 5}))
    lab.wait(1)
    assert seen == [(run.started + timedelta(seconds=1), RUNNING)]
    lab.wait(0)
    assert run.status is SUCCESS
    assert run.ended == run.started + timedelta(seconds=5)


def test_a_nodes_work_may_start_a_series(lab):
    child = lab.flow("child", load={"seconds": 10})
    lab.workshop.callables["start"] = lambda context: lab.run(child, context.variables["bizdate"]).id
    parent = lab.run(lab.flow(start={"call": "start"}))
    lab.wait(hours=1)
    message = lab.nodes(parent)["start"].message
    run = lab.world.runs[int(message)]
    assert run.status is SUCCESS
    assert run.started == parent.started + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("operation", "outcome", "act", "rest"),
    [
        ("stop", FAILED, "FAILED", "WAITING"),
        ("suspend", SUSPENDED, "SUCCESS", "WAITING"),
        ("make_success", SUCCESS, "SUCCESS", "SUCCESS"),
    ],
)
def test_a_nodes_work_may_steer_its_own_run(lab, operation, outcome, act, rest):
    lab.workshop.callables["act"] = lambda context: getattr(lab.engine, operation)(lab.world.runs[context.run_id])
    run = lab.run(lab.flow(act={"call": "act"}, rest={"after": ["act"]}))
    lab.wait(10)
    assert run.status is outcome
    assert lab.statuses(run) == {"act": act, "rest": rest}


def test_a_nodes_work_may_delete_its_own_flow(lab):
    flow = lab.flow(act={"call": "delete"}, rest={"after": ["act"]})
    lab.workshop.callables["delete"] = lambda context: lab.world.delete_flow(flow)
    lab.run(flow)
    lab.wait(days=1)
    assert lab.world.runs == {}


def test_a_run_suspended_at_the_moment_its_last_node_ends_stays_suspended(lab):
    runs = []
    lab.workshop.callables["suspend"] = lambda context: lab.engine.suspend(runs[0])
    runs.append(lab.run(lab.flow(load={})))
    lab.run(lab.flow(act={"call": "suspend"}))
    lab.wait(10)
    assert runs[0].status is SUSPENDED
    lab.engine.resume(runs[0])
    lab.wait(0)
    assert runs[0].status is SUCCESS


def test_what_is_left_of_a_deleted_flow_does_not_happen(lab):
    done = []
    lab.workshop.callables["note"] = lambda context: done.append(1)
    flow = lab.flow(load={"call": "note"})
    lab.back_fill(flow, "2022-01-14", "2022-01-20")
    lab.wait(2.5)
    lab.world.delete_flow(flow)
    lab.wait(days=1)
    assert len(done) == 2
