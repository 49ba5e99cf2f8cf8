"""Campaigns: each day runs once, in order, as many windows at a time as were asked for, whatever comes between."""

import math
import sqlite3
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dms_backfill_sdk import (
    Campaign,
    Fault,
    InvalidRequestError,
    LedgerError,
    OutcomeUnknownError,
    PermissionDeniedError,
)
from dms_backfill_sdk.backfill.schedule import slots

WORK = {"load": {"simulate": {"seconds": 60}}}
TWO_YEARS = ("2020-01-01", "2021-12-31")


def days_between(begin: str, end: str) -> list[str]:
    first, last = date.fromisoformat(begin), date.fromisoformat(end)
    return [str(first + timedelta(days=number)) for number in range((last - first).days + 1)]


def begun_and_ended(lab, flow):
    return [(run.started, run.ended) for run in lab.runs(flow)]


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "campaign.db"


def campaign(lab, ledger, flow, **how):
    given = {"between": ("2022-01-01", "2022-01-10"), "window": "3d", "ledger": ledger}
    return lab.client.task_flow(flow.id).campaign(**given | how)


# -- what is run, and when ---------------------------------------------------------------------------------------------


def test_two_years_run_month_by_month_each_day_once_and_in_order(lab, ledger):
    flow = lab.flow(nodes=WORK)
    report = campaign(lab, ledger, flow, between=TWO_YEARS, window="1mo", poll=120).run()
    assert report.finished
    assert (report.done, report.total) == (731, 731)
    assert lab.days(flow) == days_between(*TWO_YEARS)
    assert lab.asked("BackFill") == 24


def test_eight_at_a_time_take_an_eighth_of_the_time(lab, new_lab, tmp_path):
    took = []
    for number, lab_ in enumerate((lab, new_lab())):
        flow = lab_.flow(nodes=WORK)
        began = lab_.clock.now()
        one = campaign(
            lab_, tmp_path / f"{number}.db", flow, between=TWO_YEARS, window="1mo", max_active=1 + 7 * number, poll=120
        )
        assert one.run().finished
        took.append(lab_.clock.now() - began)
    assert 0.9 / 8 < took[1] / took[0] < 1.1 / 8


def test_the_newest_days_come_first_if_asked(lab, ledger):
    flow = lab.flow(nodes=WORK)
    assert campaign(lab, ledger, flow, order="desc").run().finished
    assert lab.days(flow) == days_between("2022-01-01", "2022-01-10")[::-1]


def test_days_that_have_succeeded_are_left_out_if_asked(lab, ledger):
    flow = lab.flow(nodes=WORK)
    lab.ran(flow, "2022-01-02", "2022-01-04")
    report = campaign(lab, ledger, flow, only="missing").run()
    assert (report.done, report.total) == (7, 7)
    assert Counter(lab.days(flow)) == Counter(days_between("2022-01-01", "2022-01-10"))


@settings(max_examples=20)
@given(
    days=st.integers(1, 12),
    window=st.sampled_from(["1d", "2d", "5d"]),
    max_active=st.integers(1, 4),
    order=st.sampled_from(["asc", "desc"]),
    seconds=st.lists(st.integers(0, 200), min_size=3, max_size=3),
    edges=st.sets(st.sampled_from([("b", "a"), ("c", "a"), ("c", "b")])),
)
def test_windows_keep_their_order_their_number_and_their_dependencies(
    new_lab, tmp_path_factory, days, window, max_active, order, seconds, edges
):
    lab = new_lab()
    flows = {
        name: lab.flow(name, {"load": {"simulate": {"seconds": each}}})
        for name, each in zip("abc", seconds, strict=True)
    }
    begin, end = date(2022, 1, 1), date(2022, 1, 1) + timedelta(days=days - 1)
    after = {name: [other for one, other in edges if one == name] for name, _ in edges}
    report = Campaign.of(
        [lab.client.task_flow(flow.id) for flow in flows.values()],
        between=(begin, end),
        window=window,
        max_active=max_active,
        order=order,
        after=after,
        ledger=tmp_path_factory.mktemp("campaign") / "campaign.db",
    ).run()
    assert report.finished
    cut = list(slots(begin, end, window))[:: 1 if order == "asc" else -1]
    spans = {}
    for name, flow in flows.items():
        assert Counter(lab.days(flow)) == Counter(days_between(str(begin), str(end)))
        for number, (first, last) in enumerate(cut):
            runs = [run for run in lab.runs(flow) if first <= run.business_time.date() <= last]
            spans[name, number] = min(run.started for run in runs), max(run.ended for run in runs)
            in_turn = sorted(runs, key=lambda run: run.business_time, reverse=order == "desc")
            assert all(one.ended <= other.started for one, other in pairwise(in_turn))
        starts = [spans[name, number][0] for number in range(len(cut))]
        # What waits for another flow may be overtaken by what does not.
        assert after.get(name) or starts == sorted(starts)
    for name, other in edges:
        for number in range(len(cut)):
            assert spans[other, number][1] <= spans[name, number][0]
    for began, _ in spans.values():
        assert sum(start <= began < stop for start, stop in spans.values()) <= max_active
    lab.emulator.close()


def test_nothing_is_started_in_quiet_hours(lab, ledger):
    flow = lab.flow(nodes={"load": {"simulate": {"seconds": 3600 * 5}}})  # it is 08:00 in UTC+8 when it begins
    assert campaign(lab, ledger, flow, window="1d", not_during="08:30-20:00", poll=600).run().finished
    hours = {run.started.hour * 60 + run.started.minute for run in lab.runs(flow)}
    assert hours
    assert not any(8 * 60 + 30 <= hour < 20 * 60 for hour in hours)


def test_no_more_runs_are_begun_on_a_day_than_its_budget(lab, ledger):
    flow = lab.flow(nodes=WORK)
    assert campaign(lab, ledger, flow, window="2d", max_runs_per_day=5, max_active=3, poll=600).run().finished
    begun = Counter(run.started.date() for run in lab.runs(flow))
    assert sorted(begun.values()) == [2, 4, 4]


# -- failures ----------------------------------------------------------------------------------------------------------

FAILS_ONCE = {"load": {"simulate": {"seconds": 60, "fails_first": 1}}}
FAILS_ON_THE_FIFTH = {"load": {"simulate": {"seconds": 60, "fails_on": ["2022-01-05"]}}}


@pytest.mark.parametrize("after_failure", ["stop", "continue"])
@pytest.mark.parametrize("range_creates", ["runs", "parent"])
def test_what_failed_is_run_again_as_often_as_was_asked(new_lab, ledger, after_failure, range_creates):
    lab = new_lab(after_failure=after_failure, range_creates=range_creates)
    flow = lab.flow(nodes=FAILS_ONCE)
    assert campaign(lab, ledger, flow, on_failure="retry:1").run().finished
    assert (lab.asked("BackFill"), lab.asked("ReRunTaskFlowInstance")) == (4, 10)


def test_a_failure_stops_what_has_not_begun(lab, ledger):
    flow = lab.flow(nodes=FAILS_ON_THE_FIFTH)
    report = campaign(lab, ledger, flow).run()
    assert (report.windows, report.halted) == ({"done": 1, "failed": 1, "pending": 2}, True)
    assert "2022-01-04 to 2022-01-06: 1 of 3 succeeded, 1 failed" in str(report)
    assert lab.days(flow) == days_between("2022-01-01", "2022-01-05")


def test_a_failure_may_be_passed_over(lab, ledger):
    flow = lab.flow(nodes=FAILS_ON_THE_FIFTH)
    report = campaign(lab, ledger, flow, on_failure="continue").run()
    assert report.windows == {"done": 3, "failed": 1}
    assert not report.finished


def test_retries_come_to_an_end(lab, ledger):
    flow = lab.flow(nodes=FAILS_ON_THE_FIFTH)
    assert "failed" in campaign(lab, ledger, flow, on_failure="retry:2").run().windows
    assert lab.asked("ReRunTaskFlowInstance") == 2


def test_a_campaign_that_has_failed_is_taken_up_again(lab, ledger):
    flow = lab.flow(nodes=FAILS_ONCE)
    one = campaign(lab, ledger, flow, between=("2022-01-01", "2022-01-02"), window="1d")
    assert not one.run().finished
    assert not one.run().finished  # nobody has asked for more
    assert lab.asked("ReRunTaskFlowInstance") == 0
    one.resume()
    assert Campaign.open(lab.client, ledger).resume().finished
    assert lab.asked("BackFill") == 2


# -- pause, resume, cancel ---------------------------------------------------------------------------------------------


def test_a_pause_starts_nothing_until_somebody_asks_to_go_on(lab, ledger):
    flow = lab.flow(nodes=WORK)
    other = Campaign.open(lab.new_client(), ledger)
    said = []

    def listen(report):
        said.append(report)
        if report.windows.get("done") == 1 and len(said) < 20 and report.wish == "resume":
            other.pause()
        elif report.wish == "pause" and "running" not in report.windows:
            lab.pauses_at = lab.asked("BackFill")
            lab.wait(hours=5)
            other.go_on()

    assert campaign(lab, ledger, flow).run(listen).finished
    assert lab.pauses_at < 4
    begun = sorted(run.started for run in lab.runs(flow))
    assert max(b - a for a, b in pairwise(begun)) >= timedelta(hours=5)


def test_a_cancelled_campaign_stops_what_runs_and_can_be_taken_up_again(lab, ledger):
    flow = lab.flow(nodes=WORK)
    other = Campaign.open(lab.new_client(), ledger)
    report = campaign(lab, ledger, flow, max_active=2).run(lambda seen: seen.done == 4 and other.cancel())
    assert report.windows.get("stopped")
    assert lab.asked("StopTaskFlowInstance")
    lab.wait(days=1)
    assert not [run for run in lab.runs(flow) if run.status.name == "RUNNING"]
    assert other.resume().finished
    assert Counter(lab.days(flow)) == Counter(days_between("2022-01-01", "2022-01-10"))
    assert lab.asked("BackFill") == 4


# -- exactly once ------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The end of a process, as far as a test in this one can bring it about."""


def ending_at(number):
    def touch(*_):
        nonlocal number
        number -= 1
        if not number:
            raise Killed

    return touch


def killed_at_each_touch(lab, ledger, flow):
    """Run a campaign, ending it at the first touch of ledger or wire, then at the second, and so on to its end."""
    for number in range(1, 100_000):
        lab.wire.before = lab.touch = ending_at(number)
        try:
            report = campaign(
                lab, ledger, flow, between=("2022-01-01", "2022-01-04"), window="2d", on_failure="retry:1"
            ).run()
        except Killed:
            continue
        return number, report
    raise AssertionError


@pytest.mark.parametrize("nodes", [WORK, FAILS_ONCE])
def test_a_campaign_that_is_ended_at_every_touch_in_turn_runs_each_day_once(lab, ledger, monkeypatch, nodes):
    connect = sqlite3.connect

    class Connection(sqlite3.Connection):
        def execute(self, *arguments):
            lab.touch()
            answer = super().execute(*arguments)
            lab.touch()
            return answer

    monkeypatch.setattr(sqlite3, "connect", lambda *arguments, **how: connect(*arguments, factory=Connection, **how))
    lab.flow()
    flow = lab.flow("other", nodes)
    number, report = killed_at_each_touch(lab, ledger, flow)
    assert number > 60
    assert report.finished
    assert Counter(lab.days(flow)) == Counter(days_between("2022-01-01", "2022-01-04"))
    assert len(lab.runs(flow)) == 4
    succeeded = [entry for entry in lab.emulator.journal.of("ReRunTaskFlowInstance") if entry.acted]
    assert len(succeeded) == (4 if nodes is FAILS_ONCE else 0)


LOST = [
    {"drop": True, "when": "after"},
    {"drop": True},
    {"truncate": True, "when": "after"},
    {"code": "InternalError", "when": "after"},
    {"code": "InternalError"},
    {"code": "Throttling.User"},
    {"body": b"<h1>502</h1>", "status": 502, "when": "after"},
]


@pytest.mark.parametrize("how", LOST, ids=str)
@pytest.mark.parametrize("action", ["BackFill", "ReRunTaskFlowInstance", "ListTaskFlowInstance"])
def test_an_answer_that_is_lost_costs_no_day(lab, ledger, action, how):
    flow = lab.flow(nodes=FAILS_ONCE)
    lab.emulator.plan_fault(Fault(action=action, times=3, **how))
    assert campaign(lab, ledger, flow, on_failure="retry:1").run().finished
    assert Counter(lab.days(flow)) == Counter(days_between("2022-01-01", "2022-01-10"))
    assert sum(entry.acted for entry in lab.emulator.journal.of("BackFill")) == 4


def test_an_outage_of_an_hour_is_sat_out(lab, ledger):
    flow = lab.flow(nodes=WORK)
    back = lab.clock.now() + timedelta(hours=1, minutes=3)

    def out(action):
        if back - timedelta(hours=1) < lab.clock.now() < back:
            raise OutcomeUnknownError("The service is out.")

    one = campaign(lab, ledger, flow)
    lab.wire.before = out
    said = []
    assert one.run(said.append).finished
    assert any(report.out_of_sight for report in said)
    assert Counter(lab.days(flow)) == Counter(days_between("2022-01-01", "2022-01-10"))


def test_a_refusal_ends_it_and_it_goes_on_when_that_is_settled(lab, ledger):
    flow = lab.flow(nodes=WORK)
    lab.emulator.plan_fault(Fault(action="BackFill", code="Forbidden.RAM"))
    one = campaign(lab, ledger, flow)
    with pytest.raises(PermissionDeniedError):
        one.run()
    assert one.report().windows == {"pending": 4}
    assert one.run().finished


def test_runs_of_others_for_the_same_days_are_not_taken_for_its_own(lab, ledger):
    flow = lab.flow(nodes=WORK)
    lab.ran(flow, "2022-01-01", "2022-01-10")
    lab.emulator.plan_fault(Fault(action="BackFill", drop=True))
    assert campaign(lab, ledger, flow).run().finished
    assert Counter(lab.days(flow)) == Counter(2 * days_between("2022-01-01", "2022-01-10"))


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_wrong_by_an_hour_changes_nothing(lab, ledger, skewed, hours):
    flow = lab.flow(nodes=WORK)
    lab.emulator.plan_fault(Fault(action="BackFill", drop=True, when="after"))
    client = lab.new_client(clock=skewed(lab.clock, timedelta(hours=hours)))
    one = client.task_flow(flow.id).campaign(between=("2022-01-01", "2022-01-04"), window="2d", ledger=ledger)
    assert one.run().finished
    assert len(lab.runs(flow)) == 4


# -- how much is asked -------------------------------------------------------------------------------------------------


def test_it_sends_hardly_more_than_a_request_for_each_window_and_one_for_each_round(lab, ledger):
    flow = lab.flow(nodes=WORK)
    one = campaign(lab, ledger, flow, between=("2020-01-01", "2020-06-30"), window="1mo", max_active=2, poll=30.0)
    before, began = len(lab.emulator.journal.entries), lab.clock.now()
    assert one.run().finished
    sent = len(lab.emulator.journal.entries) - before
    rounds = math.ceil((lab.clock.now() - began) / timedelta(seconds=30))
    assert sent <= 1.1 * (6 + rounds)


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"interval": 36}, "does not divide a day"),
        ({"max_active": 0}, "max_active must be a whole number from 1 up"),
        ({"max_runs_per_day": True}, "max_runs_per_day must be a whole number"),
        ({"order": "up"}, 'write "asc" or "desc"'),
        ({"only": "some"}, "only='some' is unknown"),
        ({"poll": 0}, "poll must be a number of seconds"),
        ({"after": {"daily_sales": ["stock"]}}, "names 'stock', which is no flow of this campaign"),
        ({"after": {"daily_sales": ["daily_sales"]}}, "goes round in a ring"),
        ({"between": ("2022-01-02", "2022-01-01")}, "ends .* before it begins"),
        ({"window": "1y"}, "is no length of a window"),
    ],
)
def test_a_campaign_that_makes_no_sense_is_refused(lab, ledger, how, said):
    flow = lab.flow()
    with pytest.raises(InvalidRequestError, match=said):
        campaign(lab, ledger, flow, **how)
    assert not ledger.exists()


def test_a_window_larger_than_the_budget_of_a_day_is_refused(lab, ledger):
    flow = lab.flow()
    with pytest.raises(InvalidRequestError, match="A window of 3 runs is more than max_runs_per_day=2"):
        campaign(lab, ledger, flow, max_runs_per_day=2).run()
    assert lab.asked("BackFill") == 0


def test_the_plan_shows_all_of_it_and_starts_nothing(lab, ledger):
    flow = lab.flow(nodes=WORK)
    lab.ran(flow, "2021-01-01", "2021-01-03")
    plan = campaign(lab, ledger, flow, max_active=2).plan()
    assert len(plan) == 10
    assert [str(row.times[0].date()) for row in plan.windows] == [
        "2022-01-01",
        "2022-01-04",
        "2022-01-07",
        "2022-01-10",
    ]
    assert plan.estimate == timedelta(minutes=5)
    assert "4 windows, 10 runs, 2 windows side by side" in str(plan)
    assert lab.asked("BackFill") == 1
    assert not ledger.exists()


def test_automatic_windows_go_by_what_runs_took(lab, ledger):
    flow = lab.flow(nodes={"load": {"simulate": {"seconds": 3600 * 6}}})
    lab.ran(flow, "2021-01-01")
    assert [len(row.times) for row in campaign(lab, ledger, flow, window="auto").plan().windows] == [3, 3, 3, 1]


def test_a_ledger_of_another_campaign_is_left_alone(lab, ledger):
    flow = lab.flow(nodes=WORK)
    campaign(lab, ledger, flow).run()
    with pytest.raises(LedgerError, match="another campaign, or of this one with other settings"):
        campaign(lab, ledger, flow, window="2d").run()
    assert lab.asked("BackFill") == 4


def test_the_ledger_holds_no_secret(lab, ledger):
    flow = lab.flow(nodes=WORK)
    campaign(lab, ledger, flow).run()
    written = b"".join(path.read_bytes() for path in ledger.parent.iterdir())
    assert b"testsecret" not in written
    assert b"testid" not in written
