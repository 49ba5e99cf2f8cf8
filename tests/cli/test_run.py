"""``dms-backfill run``: what is asked, what is started, and how it ends."""

import json
import re

import pytest

from dms_backfill_sdk import Fault

DAYS = ("2022-01-01", "2022-01-05")
AGAIN = "dms-backfill watch daily_sales 2022-01-01 2022-01-05\n"


def test_without_a_terminal_it_starts_nothing_unless_it_is_told_to(command, service):
    done = command("run", "daily_sales", *DAYS)
    assert (done.stdout, done.returncode) == ("", 2)
    assert done.stderr == "Without a terminal nobody can be asked; add --yes to start it without a question.\n"
    assert service.journal.acted("BackFill") == 0


def test_with_yes_it_shows_the_plan_and_a_line_for_each_change_and_how_it_ended(command, service):
    done = command("run", "daily_sales", *DAYS, "--yes")
    assert done.stdout.startswith("daily_sales (15001)\n  5 of 5 runs, in 1 request:\n")
    assert done.stdout.endswith("  All 5 runs have succeeded.\n")
    told = re.findall(r"^  2022-01-0(\d)  run (\d+)  succeeded$", done.stdout, re.MULTILINE)
    assert told == [(str(day), str(470000 + day)) for day in range(1, 6)]
    assert (done.stderr, done.returncode, service.journal.acted("BackFill")) == ("", 0, 1)


@pytest.mark.parametrize(("answer", "code", "started"), [("y", 0, 1), ("n", 130, 0), (" ", 130, 0)])
def test_on_a_terminal_it_asks_and_starts_what_it_is_told_to(terminal, service, answer, code, started):
    seen = terminal("run", "daily_sales", *DAYS, answer=answer)
    assert "Start these 5 runs? [y/N]: " in seen.text
    assert (seen.exit_code, service.journal.acted("BackFill")) == (code, started)
    assert ("Nothing was started.\n" in seen.text) is not bool(started)
    assert ("5/5" in seen.text) is bool(started)
    assert seen.raw.count("\x1b[?25l") == seen.raw.count("\x1b[?25h")  # the cursor is back


def test_for_a_program_it_is_a_line_for_each_change_and_one_that_sums_up(command, service):
    done = command("run", "daily_sales", *DAYS, "--yes", "--json")
    *changes, last = map(json.loads, done.stdout.splitlines())
    assert {change["standing"] for change in changes} >= {"succeeded"}
    assert last == {
        "dag_id": 15001,
        "name": "daily_sales",
        "total": 5,
        "standings": {"succeeded": 5},
        "failed": [],
    }
    assert (done.stderr, done.returncode) == ("", 0)
    assert command("run", "daily_sales", *DAYS, "--json").returncode == 2


def test_where_nothing_is_left_to_run_nothing_is_sent(command, service):
    command("run", "daily_sales", *DAYS, "--yes")
    done = command("run", "daily_sales", *DAYS, "--yes", "--only", "missing")
    assert (done.returncode, service.journal.acted("BackFill")) == (0, 1)
    assert "Nothing to run: 0 of 5 runs." in done.stdout


def test_a_failed_run_ends_it_with_1_and_the_nodes_words_and_the_way_on(command, service):
    done = command("run", "weekly_report", "2022-01-02", "2022-01-03", "--yes")
    assert done.returncode == 1
    assert re.search(r"business date +run +node +said\n +2022-01-02 +470001 +send +mailbox full\n", done.stdout)
    assert done.stderr == (
        "Not all runs have succeeded: 2 failed. To run the failed ones again:\n"
        "  dms-backfill rerun weekly_report 2022-01-02 2022-01-03\n"
    )


def test_interrupted_it_says_how_to_watch_again_and_the_runs_go_on(terminal, service):
    seen = terminal("run", "year_end", "2022-12-31", "--yes", interrupt_at="running")
    assert seen.exit_code == 130
    assert seen.text.endswith(
        "Nobody watches any more; the runs go on. To watch them again:\n  dms-backfill watch year_end 2022-12-31\n"
    )
    (run,) = service.world.runs.values()
    assert run.status.name == "RUNNING"


def test_what_stood_on_the_command_line_stands_on_the_next_one_too(terminal, service, surroundings):
    endpoint = surroundings.pop("DMS_BACKFILL_ENDPOINT")
    given = ("--endpoint", endpoint, "--tid", "3001", "--signature", "acs3", "--interval", "48")
    seen = terminal("run", "year_end", "2022-12-30", *given, "--yes", interrupt_at="running", columns=160)
    words = f"year_end 2022-12-30 --interval=48 --endpoint={endpoint} --tid=3001 --signature=acs3"
    assert seen.text.endswith(f"  dms-backfill watch {words}\n")


def test_a_refusal_is_one_sentence_and_code_3(command, service):
    done = command("run", "draft", "2022-01-01", "--yes")
    assert "! The flow was never published, so the service will refuse (documented).\n" in done.stdout
    assert done.stderr.startswith("BackFill: ")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)


def test_an_answer_that_was_lost_is_found_again_and_nothing_runs_twice(at_once, capsys):
    emulator, dms_backfill = at_once()
    emulator.plan_fault(Fault(action="BackFill", when="after", drop=True))
    assert dms_backfill("run", "daily_sales", *DAYS, "--yes") == 0
    assert emulator.journal.acted("BackFill") == 1
    assert "All 5 runs have succeeded." in capsys.readouterr().out


def test_an_outcome_that_stays_unknown_is_code_4_and_resubmit_is_named(at_once, capsys):
    emulator, dms_backfill = at_once()
    emulator.plan_fault(Fault(action="BackFill", when="before", drop=True))
    assert dms_backfill("run", "daily_sales", *DAYS, "--yes") == 4
    error = capsys.readouterr().err
    assert "--resubmit sends it again in that case." in error
    assert error.endswith(" To see what runs:\n  dms-backfill status daily_sales 2022-01-01 2022-01-05\n")


def test_with_resubmit_it_is_sent_again_when_no_run_has_appeared(at_once):
    emulator, dms_backfill = at_once()
    emulator.plan_fault(Fault(action="BackFill", when="before", drop=True))
    assert dms_backfill("run", "daily_sales", *DAYS, "--yes", "--resubmit") == 0
    assert emulator.journal.acted("BackFill") == 1


def test_of_several_requests_it_says_how_many_had_started(at_once, capsys):
    emulator, dms_backfill = at_once()
    assert dms_backfill("run", "daily_sales", "2022-01-03", "--yes") == 0
    emulator.plan_fault(Fault(action="BackFill", delay=0))  # the first of the two goes well
    emulator.plan_fault(Fault(action="BackFill", code="Forbidden.RAM"))
    assert dms_backfill("run", "daily_sales", *DAYS, "--yes", "--only", "missing") == 3
    error = capsys.readouterr().err
    assert "1 of 2 requests had been started before." in error
    assert error.endswith("  dms-backfill status daily_sales 2022-01-01 2022-01-05\n")
    assert {run.business_time.day for run in emulator.world.runs.values()} == {1, 2, 3}


def test_a_series_that_a_failure_holds_up_is_over_after_a_minute(at_once, capsys):
    _, dms_backfill = at_once()
    assert dms_backfill("run", "weekly_report", "2022-01-01", "2022-01-03", "--yes") == 1
    assert "Not all runs have succeeded: 1 failed, 2 waiting." in capsys.readouterr().err
