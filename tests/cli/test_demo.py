"""The demo, as people see it: plain, on a terminal, interrupted; and on a day when it does not work out."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date

import pytest

from dms_backfill_sdk.cli import sales
from dms_backfill_sdk.cli.demo import walk
from dms_backfill_sdk.cli.exits import CommandError, ExitCode
from dms_backfill_sdk.cli.screen import screen
from dms_backfill_sdk.cli.storyboard import months

BEFORE = """\
         2022-01                  2022-02                  2022-03
   Mo Tu We Th Fr Sa Su     Mo Tu We Th Fr Sa Su     Mo Tu We Th Fr Sa Su
                   1  2         1  2  3  4  5  6         1  2  3  4  5  6
    3  4  5  6  7  8  9      7  8  9 10 11 12 13    [ 7  8  9 10 11 12 13]
   10 11 12 13 14 15 16     14 15 16 17 18 19 20     14 15 16 17 18 19 20
  [17 18 19 20 21 22 23]    21 22 23 24 25 26 27     21 22 23 24 25 26 27
  [24 25 26 27 28 29 30]    28                       28 29 30 31
   31

   [  ]  never loaded: 21 of 90 days
"""
AFTER = BEFORE.replace("[", "(").replace("]", ")").replace("never loaded", "loaded just now")

COLOURED = re.compile(r"\x1b\[(?:\d+;)*[349]\d[;m]")


def told_rows(text: str) -> Iterator[tuple[date, int, float]]:
    """The rows of the table of sales that the demo shows."""
    for day, orders, revenue in re.findall(r"^  (2022-\S+) +(\d+) +([\d,]+\.\d\d)$", text, re.MULTILINE):
        yield date.fromisoformat(day), int(orders), float(revenue.replace(",", ""))


def orders_of(day: date, tmp_path) -> tuple[date, int, float]:
    """What the row of a day must be, counted from the orders without any task flow."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop:
        (found,) = shop.execute("select count(*), round(sum(amount), 2) from orders where day = ?", [str(day)])
    return day, *found


@pytest.fixture(scope="module")
def told() -> str:
    """All that the demo says without a terminal."""
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLUMNS")}
    done = subprocess.run(
        [sys.executable, "-m", "dms_backfill_sdk.cli", "demo"],
        env=environment | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_it_ends_with_rows_that_were_not_there_before(told, tmp_path):
    sales.create(tmp_path / "shop.db")
    assert told.index(BEFORE) < told.index(AFTER)
    rows = list(told_rows(told))
    assert len(rows) == 6
    assert rows == [orders_of(day, tmp_path) for day, *_ in rows]
    assert {day for day, *_ in rows} <= sales.NEVER_LOADED


def test_it_shows_what_it_sends_and_one_line_for_each_run(told):
    for begin, end in sales.gaps(sales.NEVER_LOADED):
        assert f'client.back_fill(BackFillRequest.between(15001, "{begin}", "{end}"))' in told
        range_ = rf"BackFillDateBegin +{begin}\n +BackFillDateEnd +{end}\n"
        assert re.search(rf"Action +BackFill\n +DagId +15001\n +{range_}", told)
    runs = re.findall(r"^  (\S+)  run (\d+)  SUCCESS$", told, re.MULTILINE)
    assert [day for day, _ in runs] == [str(day) for day in sorted(sales.NEVER_LOADED)]
    assert re.findall(r"run (\d+) is the first", told) == [runs[0][1], runs[14][1]]


def test_without_a_terminal_it_is_plain_lines_that_fit_a_small_one(told):
    assert set(re.findall(r"[^\n\x20-\x7e]", told)) == {"→", "…"}
    assert max(map(len, told.splitlines())) <= 80
    assert not [line for line in told.splitlines() if line != line.rstrip()]


def test_on_a_terminal_it_has_colours_and_bars_that_fill_up(terminal):
    seen = terminal("demo")
    assert seen.exit_code == 0
    assert COLOURED.search(seen.raw)
    assert "1/14 runs  2022-01-17" in seen.text
    assert "14/14 runs  2022-01-30" in seen.text
    assert "7/7 runs  2022-03-13" in seen.text
    assert BEFORE in seen.text
    assert AFTER in seen.text
    assert seen.raw.count("\x1b[?25l") == seen.raw.count("\x1b[?25h")  # the cursor is back


def test_no_color_is_honoured(terminal):
    seen = terminal("demo", columns=120, interrupt_at="1/14 runs", NO_COLOR="1")
    assert not COLOURED.search(seen.raw)
    assert BEFORE in seen.text


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(terminal):
    seen = terminal("demo", interrupt_at="2022-01-18  run", TERM="dumb")
    assert "\x1b" not in seen.raw
    assert "  2022-01-17  run 470001  SUCCESS\n" in seen.text


def test_a_terminal_that_cannot_write_an_arrow_gets_a_question_mark(terminal):
    seen = terminal("demo", interrupt_at="What is missing", PYTHONIOENCODING="ascii")
    assert "clear ? load ? check ? mail\n" in seen.text


def test_interrupted_it_says_so_and_leaves_nothing_behind(start, tmp_path):
    demo = start("demo")
    demo.read_until("2022-01-18  run")
    assert demo.end() == (130, "Interrupted.\n")
    assert list(tmp_path.iterdir()) == []


def test_interrupted_on_a_terminal_it_gives_the_cursor_back(terminal, tmp_path):
    seen = terminal("demo", interrupt_at="2/14 runs")
    assert seen.exit_code == 130
    assert seen.text.endswith("Interrupted.\n")
    assert "Traceback" not in seen.text
    assert seen.raw.count("\x1b[?25l") == seen.raw.count("\x1b[?25h")
    assert list(tmp_path.iterdir()) == []


def test_a_day_without_orders_fails_its_check_and_the_demo_says_which_day_it_was(tmp_path, capsys):
    sales.create(tmp_path / "shop.db")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop, shop:
        shop.execute("delete from orders where day = '2022-01-18'")
    with pytest.raises(CommandError, match=r"^Run 470002 of 2022-01-18: failed: check\.$") as failed:
        walk(tmp_path / "shop.db", screen())
    assert failed.value.code is ExitCode.RUNS_FAILED
    assert "2022-01-17  run 470001  SUCCESS\n" in capsys.readouterr().out


@pytest.mark.parametrize(("width", "titles"), [(74, 3), (73, 2), (49, 2), (48, 1), (10, 1)])
def test_there_are_as_many_months_side_by_side_as_the_terminal_is_wide(width, titles):
    lines = ["".join(text for text, _ in line) for line in months(sales.NEVER_LOADED, "missing", width)]
    assert lines[0].count("2022-") == titles
    assert all(2 + len(line.rstrip()) <= max(width, 36) for line in lines)
