"""What is made of the service's list of runs, held by hand: the conversations are asked, and answered by the test."""

from datetime import date, datetime, timedelta

import pytest

from dms_backfill_sdk import GetTaskInstanceRelationResponse, NodeRun, Run, Standing
from dms_backfill_sdk.backfill.history import SeriesRecords, by_time, standing_of
from dms_backfill_sdk.backfill.watch import Pace, Started, Watch
from dms_backfill_sdk.dates import CHINA, BusinessTimes
from dms_backfill_sdk.operations.control import GetTaskInstanceRelationRequest, ListTaskFlowInstanceResponse
from dms_backfill_sdk.operations.terms import RunStatus, TriggerType

DAY = date(2022, 1, 1)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def run(run_id, time="2022-01-01", status=RunStatus.RUNNING, trigger=TriggerType.MANUAL):
    return Run(id=run_id, business_time=at(time), status=status, trigger_type=trigger)


class Service:
    """Runs and their nodes, as the test says."""

    def __init__(self, *runs, with_nodes=()):
        self.runs = list(runs)
        self.with_nodes = set(with_nodes)
        self.asked = []

    def hold(self, talk):
        """Answer a conversation until it returns."""
        answer = None
        while True:
            try:
                request = talk.send(answer)
            except StopIteration as end:
                return end.value
            if isinstance(request, GetTaskInstanceRelationRequest):
                self.asked.append(request.dag_instance_id)
                nodes = [NodeRun(node_id=1)] if request.dag_instance_id in self.with_nodes else []
                answer = GetTaskInstanceRelationResponse(node_list=nodes)
            else:
                answer = ListTaskFlowInstanceResponse(daginstance_list=self.runs, total_count=len(self.runs))


# -- which time a run is about ---------------------------------------------------------------------------------------

ABOUT = [
    # interval, business time of the run, the time it is about
    (24, "2022-01-01 00:00", "2022-01-01 00:00"),
    (24, "2022-01-01 23:59:59", "2022-01-01 00:00"),
    (24, "2022-01-02 14:37:26", "2022-01-02 00:00"),
    (24, "2021-12-31 23:59:59", None),
    (24, "2022-01-04 00:00", None),
    (1, "2022-01-01 14:37:26", "2022-01-01 14:00"),
    (6, "2022-01-03 23:00", "2022-01-03 18:00"),
    (36, "2022-01-01 20:00", "2022-01-01 00:00"),
    (36, "2022-01-02 11:00", None),
    (36, "2022-01-02 13:00", "2022-01-02 12:00"),
    (36, "2022-01-03 01:00", None),
    (48, "2022-01-02 00:00", None),
    (48, "2022-01-03 08:00", "2022-01-03 00:00"),
]


@pytest.mark.parametrize("asc", [True, False])
@pytest.mark.parametrize(("interval", "time", "about"), ABOUT)
def test_a_run_is_about_the_latest_time_of_its_day_that_is_not_after_it(interval, time, about, asc):
    times = BusinessTimes(DAY, DAY + timedelta(days=2), interval, asc)
    assert list(by_time([run(1, time)], times)) == ([at(about)] if about else [])


def test_runs_about_one_time_come_oldest_first():
    times = BusinessTimes(DAY, DAY)
    assert by_time([run(3), run(1), run(2, "2022-01-01 10:00")], times) == {
        at("2022-01-01"): [run(1), run(2, "2022-01-01 10:00"), run(3)]
    }


def test_a_run_without_a_business_time_is_about_none():
    assert by_time([Run(id=1)], BusinessTimes(DAY, DAY)) == {}


@pytest.mark.parametrize(
    ("status", "standing"),
    [
        *((0, "waiting"), (1, "running"), (2, "suspended"), (3, "failed"), (4, "succeeded"), (5, "succeeded")),
        *((6, "running"), (None, "running")),
    ],
)
def test_each_status_has_a_standing_and_an_unknown_one_counts_as_running(status, standing):
    assert standing_of(Run(status=status)).value == standing
    assert Standing(standing).active == (standing in {"waiting", "running", "suspended"})


def test_no_run_is_a_missing_one():
    assert standing_of(None) is Standing.MISSING
    assert not Standing.MISSING.active


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_can_be_planned(lab, day):
    flow = lab.flow()
    assert len(lab.client.task_flow(flow.id).plan(on=day, only="missing")) == 1


# -- runs and the records of series ----------------------------------------------------------------------------------


def first_run(service, records, *sharing):
    return service.hold(records.first_run(sharing)).id


def test_a_record_that_is_alone_is_not_asked_for_its_nodes():
    service = Service()
    assert first_run(service, SeriesRecords(1, None), run(7)) == 7
    assert service.asked == []


def test_of_records_that_share_a_time_the_one_with_nodes_is_the_run_and_that_is_asked_once():
    service, records = Service(with_nodes=[8]), SeriesRecords(1, None)
    assert first_run(service, records, run(7), run(8)) == 8
    assert first_run(service, records, run(7), run(8)) == 8
    assert service.asked == [7, 8]


def test_while_none_has_nodes_they_are_asked_again():
    service, records = Service(), SeriesRecords(1, None)
    assert first_run(service, records, run(7), run(8)) == 7
    service.with_nodes = {8}
    assert first_run(service, records, run(7), run(8)) == 8
    assert first_run(service, records, run(7), run(8)) == 8
    assert service.asked == [7, 8, 7, 8]


# -- whose a run is --------------------------------------------------------------------------------------------------


def look(service, started):
    watch = Watch(1, None, (started,))
    service.hold(watch.look())
    return [found.id for found in watch.runs.values()]


def test_a_run_by_schedule_that_came_before_ours_is_not_taken_for_ours():
    """The schedule comes to a day before the series does, in a service that writes runs down one after another."""
    mine, scheduled, late = run(5), run(6, "2022-01-02", trigger=TriggerType.SCHEDULED), run(9, "2022-01-02")
    times = BusinessTimes(DAY, DAY + timedelta(days=1))
    service = Service(mine, scheduled, late, with_nodes=[5, 6, 9])
    assert look(service, Started(times, 5)) == [5, 9]
    # Where it is not known how ours was set off, the oldest is.
    assert look(service, Started(times, None)) == [5, 6]


def test_a_record_that_is_set_off_otherwise_than_its_runs_does_not_mislead():
    series = run(5, trigger=TriggerType.MANUAL)
    mine = run(6, trigger=TriggerType.SCHEDULED)
    assert look(Service(series, mine, with_nodes=[6]), Started(BusinessTimes(DAY, DAY), 5)) == [6]


# -- how often -------------------------------------------------------------------------------------------------------


def test_the_pace_slows_down_while_nothing_happens_and_quickens_when_something_did():
    pace = Pace(first=1, cap=10)
    changes = (True, *[False] * 7, True, True, False, *[True] * 4)
    waits = [pace.wait(changed=changed, random=lambda: 0.5).seconds for changed in changes]
    assert waits == [1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10, 10, 5, 2.5, 3.75, 1.875, 1, 1, 1]


@pytest.mark.parametrize(("random", "seconds"), [(0.0, 0.75), (0.5, 1.0), (1.0, 1.25)])
def test_the_pace_is_jittered_by_a_quarter(random, seconds):
    assert Pace().wait(changed=True, random=lambda: random).seconds == seconds


def test_nobody_sleeps_beyond_the_time_to_wait():
    assert Pace().wait(changed=True, random=lambda: 0.5, most=0.2).seconds == 0.2
