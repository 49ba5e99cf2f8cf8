"""``dms-backfill stop``, ``suspend``, ``resume`` and ``rerun``."""

import json

import pytest

DAY = ("year_end", "2022-12-31")


@pytest.fixture
def started(command, service):
    """A run that takes an hour."""
    assert command("call", "BackFill", "DagId=15003", "BackFillDate=2022-12-31", "--yes").returncode == 0
    return service.world.runs


@pytest.mark.parametrize(
    ("steps", "sentence", "status"),
    [
        (["suspend"], "Suspended 1 run:", "SUSPENDED"),
        (["suspend", "resume"], "Resumed 1 run:", "RUNNING"),
        (["stop"], "Stopped 1 run:", "FAILED"),
        (["stop", "rerun"], "Running 1 run again:", "RUNNING"),
    ],
)
def test_each_does_what_it_says_and_says_how_to_watch(command, started, steps, sentence, status):
    for step in steps:
        done = command(step, *DAY)
    assert done.stdout == (
        f"{sentence}\n  business date  run\n  2022-12-31     470001\n\n"
        "To watch:\n  dms-backfill watch year_end 2022-12-31\n"
    )
    (run,) = started.values()
    assert (done.returncode, run.status.name) == (0, status)


@pytest.mark.parametrize(("step", "wanted"), [("resume", "is suspended"), ("rerun", "has failed")])
def test_where_there_is_nothing_to_do_it_says_so_and_does_nothing(command, started, step, wanted):
    done = command(step, *DAY)
    assert done.stdout == f"Nothing was done: of these dates, no newest run {wanted}.\n"
    assert done.returncode == 0


def test_for_a_program_it_tells_which_runs_and_where_they_stood(command, started):
    document = json.loads(command("suspend", *DAY, "--json").stdout)
    assert document["runs"] == [{"business_time": "2022-12-31T00:00:00+08:00", "run": 470001, "was": "running"}]


def test_what_was_run_again_succeeds_in_the_end(command, service):
    assert command("run", "weekly_report", "2022-01-09", "--yes").returncode == 1
    assert command("rerun", "weekly_report", "2022-01-09").returncode == 0
    assert command("watch", "weekly_report", "2022-01-09").returncode == 0
