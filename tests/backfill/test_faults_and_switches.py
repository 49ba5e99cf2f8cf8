"""Whatever goes wrong, wherever on the way, and whatever the service's unknowns turn out to be: each planned business
date runs once, and whoever waits is told the truth."""

import itertools
from collections import Counter

import pytest

from dms_backfill_sdk import DmsError, Fault, RunFailedError

CHOICES = {
    "range_creates": ("runs", "parent"),
    "end_inclusive": (True, False),
    "after_failure": ("stop", "continue"),
    "refusals": ("body", "http"),
    "filtered": ("succeed", "absent"),
}
SETTINGS = [dict(zip(CHOICES, values, strict=True)) for values in itertools.product(*CHOICES.values())]


def named(setting):
    words = {True: "inclusive", False: "exclusive"}
    return "-".join(words.get(value, value) for value in setting.values())


every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=named)

WHEN = ("before", "after")
#: What goes wrong, before the service has acted and after.
FAULTS = {
    "dropped": [Fault(when=when, drop=True) for when in WHEN],
    "cut": [Fault(when=when, truncate=True) for when in WHEN],
    "html 200": [Fault(when=when, body=b"<html>") for when in WHEN],
    "html 502": [Fault(when=when, body=b"<html>", status=502) for when in WHEN],
    "5xx": [Fault(when="before", code="ServiceUnavailable"), Fault(when="after", code="InternalError")],
    "throttled": [Fault(when=when, code="Throttling.User", retry_after=2) for when in WHEN],
    "nonce used": [Fault(when=when, code="SignatureNonceUsed") for when in WHEN],
    # A late answer is the true one: there is no before.
    "late": [Fault(delay=11)],
}
EACH_FAULT = [(name, fault) for name, faults in FAULTS.items() for fault in faults]

DONE, PLANNED = "2022-01-02", ["2022-01-01", "2022-01-03", "2022-01-04"]
#: Nodes that take no time, so that nobody polls for long.
NODES = {"load": {"seconds": 0}, "sum": {"seconds": 0, "after": ["load"]}}


class Way:
    """From a flow's name to a job that is done: a plan of two requests, around a day that has run already.

    Args:
        lab: where.
        resubmit: how it is submitted.
        fault: what goes wrong.
        places: with which calls, by their number; each goes wrong once.
    """

    def __init__(self, lab, resubmit, fault=None, places=()):
        self.lab = lab
        self.resubmit = resubmit
        self.fault = fault
        self.places = set(places)
        self.calls = []
        self.flow = lab.flow(nodes=NODES)
        lab.ran(self.flow, DONE)
        lab.wire.before = self._before

    def _before(self, action):
        if len(self.calls) in self.places:
            self.places.remove(len(self.calls))
            self.lab.emulator.plan_fault(self.fault)
        else:
            self.calls.append(action)

    def go(self):
        flow = self.lab.client.task_flow("daily_sales")
        plan = flow.plan(between=("2022-01-01", "2022-01-04"), skip=["sum"], only="missing")
        return plan.submit(resubmit=self.resubmit).wait()

    def outcome(self):
        """How many business dates ran too often, and how many did not run."""
        ran = Counter(run.business_time.date().isoformat() for run in self.lab.runs(self.flow))
        assert {run.status.name for run in self.lab.runs(self.flow)} == {"SUCCESS"}
        planned = Counter([DONE, *PLANNED])
        return (ran - planned).total(), (planned - ran).total()

    def acted(self):
        """How many of the planned requests the service acted on."""
        return self.lab.emulator.journal.acted("BackFill") - 1


READS = {
    *("ListTaskFlowsByPage", "GetTaskFlowGraph", "ListDAGVersions"),
    *("ListTaskFlowInstance", "GetTaskInstanceRelation"),
}


def undisturbed(new_lab, setting):
    """The calls of the way, when nothing goes wrong."""
    way = Way(new_lab(**setting), "never")
    assert str(way.go()) == "3 of 3 succeeded"
    assert way.outcome() == (0, 0)
    return way.calls


def ways_that_end_wrong(new_lab, setting, tally, groups):
    """Go all ways with a fault on each call of one of these groups."""
    wrong = []
    for (name, fault), places in itertools.product(EACH_FAULT, groups):
        way = Way(new_lab(**setting), "if-absent", fault, places)
        progress = way.go()
        duplicates, lost = way.outcome()
        tally.count(named(setting), name, len(places), duplicates, lost)
        if (duplicates, lost, way.acted(), str(progress), way.places) != (0, 0, 2, "3 of 3 succeeded", set()):
            wrong.append((name, fault.when, places, duplicates, lost, way.acted(), str(progress)))
    return wrong


@every_setting
def test_faults_on_every_call_neither_double_nor_lose_a_day(new_lab, setting, tally):
    calls = undisturbed(new_lab, setting)
    starts = [place for place, action in enumerate(calls) if action == "BackFill"]
    # All that is read goes wrong on one way; each start on a way of its own.
    reads = [place for place in range(len(calls)) if place not in starts]
    assert {calls[place] for place in reads} == READS
    assert ways_that_end_wrong(new_lab, setting, tally, [reads, *([start] for start in starts)]) == []


@pytest.mark.parametrize("setting", [SETTINGS[0], SETTINGS[-1]], ids=named)
def test_a_fault_on_a_single_call_neither_doubles_nor_loses_a_day(new_lab, setting, tally):
    groups = [[place] for place in range(len(undisturbed(new_lab, setting)))]
    assert ways_that_end_wrong(new_lab, setting, tally, groups) == []


@every_setting
def test_who_never_sends_again_succeeds_or_is_told_and_nothing_runs_twice(new_lab, setting):
    calls = undisturbed(new_lab, setting)
    places = [place for place, action in enumerate(calls) if action == "BackFill"]
    for (name, fault), place in itertools.product(EACH_FAULT, places):
        way = Way(new_lab(**setting), "never", fault, [place])
        told = None
        try:
            way.go()
        except DmsError as error:
            told = error
        duplicates, lost = way.outcome()
        assert duplicates == 0, (name, fault.when)
        assert bool(lost) == (told is not None), (name, fault.when)
        if told:
            # What was started before the fault is in the caller's hands, and nothing else was started.
            assert told.may_have_started
            assert len(told.job.started) == way.acted() == places.index(place)


@every_setting
@pytest.mark.parametrize("asc", [True, False], ids=["upwards", "downwards"])
def test_a_node_that_fails_is_named_and_its_run_can_be_run_again(new_lab, setting, asc):
    lab = new_lab(**setting)
    full = {"2022-01-02", "2022-01-03"}

    def sums(context):
        if context.business_time.date().isoformat() in full:
            raise OSError("disk full")

    lab.emulator.register("sums", sums)
    flow = lab.flow(nodes={"load": {}, "sum": {"call": "sums", "after": ["load"]}, "mail": {"after": ["sum"]}})
    plan = lab.client.task_flow(flow.id).plan(between=("2022-01-01", "2022-01-04"), asc=asc, skip=["mail"])
    job = plan.submit()

    with pytest.raises(RunFailedError) as failed:
        job.wait()
    days = ["2022-01-02", "2022-01-03"] if asc else ["2022-01-03", "2022-01-02"]
    days = days if setting["after_failure"] == "continue" else days[:1]
    failures = {time.date().isoformat(): nodes for time, nodes in failed.value.failures.items()}
    assert failures == {day: {"sum": "OSError: disk full"} for day in days}
    assert list(failures) == days
    assert "sum (OSError: disk full)" in str(failed.value)
    assert failed.value.progress.over

    full.clear()
    assert [run.business_time.date().isoformat() for run in job.rerun_failed()] == days
    assert str(job.wait()) == "4 of 4 succeeded"
    assert sorted(lab.days(flow)) == ["2022-01-01", "2022-01-02", "2022-01-03", "2022-01-04"]
    assert lab.emulator.journal.acted("BackFill") == 1
