"""``dms-backfill watch`` and ``dms-backfill status``: where runs stand that somebody else started."""

import json

from dms_backfill_sdk import Fault


def test_watch_says_where_the_runs_stand_and_then_only_what_is_new(command, service):
    command("run", "daily_sales", "2022-01-01", "2022-01-03", "--yes")
    done = command("watch", "daily_sales", "2022-01-01", "2022-01-03")
    assert done.stdout == "daily_sales (15001): 3 of 3 succeeded\n  All 3 runs have succeeded.\n"
    assert done.returncode == 0


def test_watch_ends_with_1_where_a_date_has_no_run(at_once, capsys):
    _, dms_backfill = at_once()
    assert dms_backfill("watch", "daily_sales", "2022-01-01") == 1
    assert capsys.readouterr().err == (
        "Not all runs have succeeded: 1 missing. To see what a backfill of the missing ones would do:\n"
        "  dms-backfill plan daily_sales 2022-01-01 --only=missing\n"
    )


def test_watch_that_cannot_see_the_runs_any_more_says_how_to_come_back(at_once, capsys):
    emulator, dms_backfill = at_once()
    assert dms_backfill("call", "BackFill", "DagId=15003", "BackFillDate=2022-12-31", "--yes") == 0
    emulator.plan_fault(Fault(action="ListTaskFlowInstance", delay=0))  # the first look goes well
    emulator.plan_fault(Fault(action="ListTaskFlowInstance", code="Forbidden.RAM", times=None))
    capsys.readouterr()
    assert dms_backfill("watch", "year_end", "2022-12-31", "--json") == 3
    error = capsys.readouterr().err
    assert error.startswith("Forbidden.RAM ")
    assert error.endswith(" The runs go on; to watch them again:\n  dms-backfill watch year_end 2022-12-31\n")


def test_watch_for_a_program_tells_all_from_the_beginning(command, service):
    command("run", "weekly_report", "2022-01-02", "--yes")
    done = command("watch", "weekly_report", "2022-01-02", "--json")
    change, last = map(json.loads, done.stdout.splitlines())
    assert (change["was"], change["standing"], change["run"]) == ("missing", "failed", 470001)
    assert last["failed"] == [
        {"business_time": "2022-01-02T00:00:00+08:00", "run": 470001, "said": {"send": "mailbox full"}}
    ]
    assert done.returncode == 1


STATUS = """\
weekly_report (15002)
         2022-01
   Mo Tu We Th Fr Sa Su
                   1  2
    3  4  5  6  7. 8< 9>
  .10.11 12 13 14 15 16
   17 18 19 20 21 22 23
   24 25 26 27 28 29 30
   31

  <  >  failed: 1 day   .  .  missing: 2 days

  business dates  count  standing  run
  2022-01-08          1  missing
  2022-01-09          1  failed    470001  send: mailbox full
  2022-01-10          1  missing
"""


def test_status_shows_dates_and_what_failed_nodes_said(command, service):
    command("run", "weekly_report", "2022-01-09", "--yes")
    done = command("status", "weekly_report", "2022-01-08", "2022-01-10")
    assert (done.stdout, done.stderr, done.returncode) == (STATUS, "", 0)


def test_status_puts_dates_together_that_stand_alike(command, service):
    command("run", "daily_sales", "2022-01-03", "2022-01-12", "--yes")
    shown = command("status", "daily_sales", "2022-01-01", "2022-01-12").stdout
    assert "  2022-01-01 → 2022-01-02      2  missing\n" in shown
    assert "  2022-01-03 → 2022-01-12     10  succeeded  470001 → 470010\n" in shown


def test_status_for_a_program_has_every_date(command, service):
    command("run", "daily_sales", "2022-01-02", "--yes")
    runs = json.loads(command("status", "daily_sales", "2022-01-01", "2022-01-02", "--json").stdout)["runs"]
    assert [(run["standing"], run["run"]) for run in runs] == [("missing", None), ("succeeded", 470001)]
