"""``dms-backfill plan``."""

import json
import re

import pytest

from dms_backfill_sdk import Plan

WHOLE = """\
daily_sales (15001)
  10 of 10 runs, latest date first, in 1 request:

  business dates           runs
  2022-01-10 → 2022-01-01    10

         2022-01
   Mo Tu We Th Fr Sa Su
                 [ 1  2]
  [ 3  4  5  6  7  8  9]
  [10]11 12 13 14 15 16
   17 18 19 20 21 22 23
   24 25 26 27 28 29 30
   31

  [  ]  planned: 10 days

  ○    load   left out
  ├─╮
  ● │  sum    runs      after load
  │ ●  check  runs      after load
  ├─╯
  ●    mail   runs      after sum, check

  BackFill DagId=15001 BackFillDateBegin=2022-01-01 BackFillDateEnd=2022-01-10 Asc=false FilterNodeIds=[{load}]
"""


def plain(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


def test_it_shows_dates_nodes_and_the_exact_request_and_starts_nothing(command, service):
    done = command("plan", "daily_sales", "2022-01-01", "2022-01-10", "--desc", "--skip", "load", "--requests")
    (load, *_) = service.world.flows[15001].nodes
    shown = plain(done.stdout)
    first, last = WHOLE.rstrip().rpartition("\n")[::2]
    assert shown.startswith(first)
    assert {*shown.splitlines()[-1].split()} == {*last.replace("{load}", str(load)).split()}
    assert (done.stderr, done.returncode) == ("", 0)
    assert service.journal.acted("BackFill") == 0


@pytest.mark.parametrize(
    "days",
    [
        ["2022-01-01", "2022-01-10"],
        ["--from", "2022-01-01", "--to", "2022-01-10"],
        ["2022-01-01", "2022-01-10", "--interval", "24"],
    ],
)
def test_dates_can_be_said_in_more_than_one_way(command, service, days):
    document = json.loads(command("plan", "daily_sales", *days, "--json").stdout)
    assert document["requests"] == [
        {"DagId": "15001", "BackFillDateBegin": "2022-01-01", "BackFillDateEnd": "2022-01-10"}
    ]
    assert (document["runs"], document["standings"]) == (10, {"missing": 10})


@pytest.mark.parametrize("day", [["2022-01-01"], ["--on", "2022-01-01"]])
def test_one_day_is_a_request_for_a_day(command, service, day):
    document = json.loads(command("plan", "daily_sales", *day, "--json").stdout)
    assert document["requests"] == [{"DagId": "15001", "BackFillDate": "2022-01-01"}]
    assert len(Plan.from_dict(document)) == 1


def test_where_the_last_day_is_left_out_the_range_is_written_a_day_longer(command, service):
    done = command("plan", "daily_sales", "2022-01-01", "2022-01-10", "--end-exclusive", "--requests")
    assert "BackFillDateEnd=2022-01-11" in done.stdout
    assert "10 of 10 runs" in done.stdout


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ([], "Say which business dates: FLOW FIRST LAST, FLOW DAY, --on DAY, or --from DAY --to DAY."),
        (["2022-01-01", "--on", "2022-01-01"], "Say which business dates: .*"),
        (["--from", "2022-01-01"], "Say which business dates: .*"),
        (["2022-1-1"], "'2022-1-1' is not a business date; write it as YYYY-MM-DD."),
        (["2022-02-30"], "There is no day '2022-02-30' in the calendar."),
        (["2022-01-02", "2022-01-01"], r"The range ends .* before it begins .*; swap them, and use --desc .*"),
        (["2022-01-02", "--interval", "0"], "Invalid value for '--interval': .*"),
        (["2022-01-02", "--only", "some"], "Invalid value for '--only': .*"),
    ],
)
def test_dates_that_make_no_sense_are_refused_in_the_words_of_a_shell(command, service, days, sentence):
    done = command("plan", "daily_sales", *days)
    assert re.match(sentence, done.stderr)
    assert (done.stdout, done.returncode, done.stderr.count("\n")) == ("", 2, 1)


def test_what_there_is_already_is_marked_and_can_be_left_out(command, service):
    command("run", "daily_sales", "2022-01-03", "2022-01-05", "--yes")
    shown = command("plan", "daily_sales", "2022-01-01", "2022-01-07", "--only", "missing").stdout
    assert "4 of 7 runs, in 2 requests" in shown
    assert "  ( 3  4  5[ 6  7] 8  9\n" in shown
    assert "[  ]  planned: 4 days   (  )  succeeded: 3 days\n" in shown
    again = command("plan", "daily_sales", "2022-01-01", "2022-01-07").stdout
    assert "! 3 of the runs planned have succeeded already" in again
    assert "--only missing leaves them out" in again


def test_with_nothing_left_to_run_it_says_so(command, service):
    command("run", "daily_sales", "2022-01-03", "--yes")
    assert "  Nothing to run: 0 of 1 run.\n" in command("plan", "daily_sales", "2022-01-03", "--only", "missing").stdout


def test_of_many_years_there_is_a_line_for_each(command, service):
    shown = command("plan", "daily_sales", "2021-12-31", "2024-01-01").stdout
    years = [line.split() for line in shown.splitlines() if line.startswith("  202") and "→" not in line]
    assert years == [["2021", "1"], ["2022", "365"], ["2023", "365"], ["2024", "1"]]


@pytest.mark.parametrize(("columns", "months"), [(80, 3), (120, 4), (40, 1)])
def test_there_are_as_many_months_side_by_side_as_a_terminal_is_wide(terminal, service, columns, months):
    seen = terminal("plan", "daily_sales", "2022-01-01", "2022-06-30", columns=columns)
    titles = next(line for line in seen.text.splitlines() if line.strip().startswith("2022-01") and "→" not in line)
    assert titles.count("2022-") == months
    assert max(map(len, seen.text.splitlines())) <= columns
