from datetime import datetime

import pytest

from dms_backfill_sdk.dates import CHINA
from dms_backfill_sdk.emulator.refusal import Refusal
from dms_backfill_sdk.emulator.switches import Switches
from dms_backfill_sdk.operations.back_fill import BackFillRequest


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def test_both_ids_of_the_answer_are_the_same(lab):
    answer = lab.ask(BackFillRequest.on(lab.flow(load={}).id, "2022-01-14"))
    assert answer.dag_instance_id == answer.node_id == 470001


@pytest.mark.parametrize(
    ("choice", "running"),
    [
        ({}, "abc"),
        ({"is_trigger_sub_tree": True}, "abc"),
        ({"start": "b"}, "bc"),
        ({"start": "b", "is_trigger_sub_tree": False}, "b"),
        ({"start": "ab", "is_trigger_sub_tree": False}, "ab"),
        ({"start": "b", "is_trigger_sub_tree": True}, "bc"),
        ({"skip": "b"}, "ac"),
        ({"start": "a", "skip": "c"}, "ab"),
    ],
)
def test_which_nodes_a_backfill_runs(new_lab, choice, running):
    lab = new_lab(Switches(filtered="absent"))
    flow = lab.flow(a={}, b={"after": ["a"]}, c={"after": ["b"]})
    ids = lab.ids(flow)
    choice = dict(choice)
    start, skip = choice.pop("start", None), choice.pop("skip", None)
    run = lab.run(
        flow,
        start_node_ids=start and [ids[name] for name in start],
        filter_node_ids=skip and [ids[name] for name in skip],
        **choice,
    )
    assert "".join(lab.statuses(run)) == running


@pytest.mark.parametrize(
    ("end_inclusive", "request_", "times"),
    [
        (True, {"back_fill_date": "2022-01-14"}, ["2022-01-14 00:00"]),
        (False, {"back_fill_date": "2022-01-14"}, ["2022-01-14 00:00"]),
        (True, {"back_fill_date": "2022-01-14", "interval": 1}, ["2022-01-14 00:00"]),
        (True, {"begin": "2022-01-14", "end": "2022-01-15"}, ["2022-01-14 00:00", "2022-01-15 00:00"]),
        (False, {"begin": "2022-01-14", "end": "2022-01-15"}, ["2022-01-14 00:00"]),
        (True, {"begin": "2022-01-14", "end": "2022-01-15", "asc": False}, ["2022-01-15 00:00", "2022-01-14 00:00"]),
        (
            True,
            {"begin": "2022-01-14", "end": "2022-01-15", "interval": 20},
            ["2022-01-14 00:00", "2022-01-14 20:00", "2022-01-15 16:00"],
        ),
    ],
)
def test_which_business_times_a_backfill_runs(new_lab, end_inclusive, request_, times):
    lab = new_lab(Switches(end_inclusive=end_inclusive))
    flow = lab.flow(load={})
    given = {f"back_fill_date_{key}" if key in ("begin", "end") else key: value for key, value in request_.items()}
    run = lab.ask(BackFillRequest(dag_id=flow.id, **given)).dag_instance_id
    series = lab.world.runs[run].series
    assert [run.business_time for run in series.runs] == [at(time) for time in times]


def test_a_backfill_runs_the_version_that_is_named(lab):
    flow = lab.flow(load={})
    lab.world.add_node(flow, "later")
    lab.world.publish(flow)
    assert list(lab.statuses(lab.run(flow))) == ["load", "later"]
    assert list(lab.statuses(lab.run(flow, history_dag_id=16001))) == ["load"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dag_id": 1}, "The task flow does not exist or you have no permission."),
        ({"tid": 3002}, "The specified tenant does not exist."),
        ({"history_dag_id": 1}, "The task flow has no version 1; ListDAGVersions lists those it has."),
        ({"start_node_ids": [1]}, "Node 1 is not in version 16001 of the task flow."),
        ({"filter_node_ids": [1]}, "Node 1 is not in version 16001 of the task flow."),
    ],
)
def test_a_backfill_of_what_there_is_not_starts_nothing(lab, change, sentence):
    flow = lab.flow(load={})
    with pytest.raises(Refusal) as refusal:
        lab.ask(BackFillRequest(**{"dag_id": flow.id, "back_fill_date": "2022-01-14", **change}))
    assert str(refusal.value) == sentence
    assert lab.world.runs == {}
