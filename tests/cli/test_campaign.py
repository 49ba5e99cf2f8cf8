"""``dms-backfill campaign``: a campaign from its plan to its export, and what is said when something is wrong."""

import csv
import json
import sqlite3
from contextlib import closing

import pytest

import dms_backfill_sdk as sdk

FLOW = """
[[flow]]
name = "daily_sales"
[[flow.node]]
name = "load"
simulate = { seconds = 30, fails_on = [2022-02-01] }
"""


@pytest.fixture
def service(tmp_path):
    """Where a local DMS listens, and the key that it knows; its runs go by a hundred times as fast."""
    (tmp_path / "flows.toml").write_text(FLOW)
    emulator = sdk.Emulator(clock=sdk.SystemClock(speed=100))
    emulator.load(tmp_path / "flows.toml")
    with emulator.serve() as server:
        yield {
            "DMS_BACKFILL_ENDPOINT": server.url,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "testid",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "testsecret",
        }
    emulator.close()


@pytest.fixture
def started(command, service, tmp_path):
    """Start a campaign of January's first days."""
    ledger = str(tmp_path / "campaign.db")

    def start(*options, between=("2022-01-01", "2022-01-04")):
        words = ("--flow", "daily_sales", "--between", *between, "--window", "2d", "--poll", "0.3", *options)
        return command("campaign", "start", ledger, *words, **service)

    start.ledger = ledger
    return start


def test_a_dry_run_shows_the_plan_and_leaves_no_ledger(started, tmp_path):
    ended = started("--dry-run")
    assert ended.returncode == 0, ended.stderr
    assert "2 windows, 4 runs, 1 windows side by side" in ended.stdout
    assert not (tmp_path / "campaign.db").exists()


def test_it_is_run_shown_listed_and_exported(started, command, tmp_path):
    ended = started()
    assert ended.returncode == 0, ended.stderr
    assert "4 of 4 runs succeeded; windows: 2 done." in ended.stdout
    assert ended.stdout.endswith("It is done.\n")
    status = command("campaign", "status", started.ledger).stdout
    assert "2022-01-01 → 2022-01-02" in status
    assert "( 1  2)" in status
    assert "daily_sales" in command("campaign", "list", str(tmp_path)).stdout
    assert "4 of 4" in command("campaign", "watch", started.ledger).stdout
    rows = list(csv.DictReader(command("campaign", "export", started.ledger).stdout.splitlines()))
    assert [row["standing"] for row in rows] == ["succeeded"] * 4
    everything = json.loads(command("campaign", "export", started.ledger, "--format", "json").stdout)
    assert [window["state"] for window in everything["windows"]] == ["done", "done"]
    assert everything["events"][0]["what"] == "begins"


def test_one_that_fails_ends_with_1_and_says_how_to_go_on(started, command):
    ended = started(between=("2022-01-31", "2022-02-03"))
    assert ended.returncode == 1
    assert f"campaign resume {started.ledger} goes on" in ended.stderr
    status = command("campaign", "status", started.ledger).stdout
    assert "failed" in status
    assert "[ 1]" in status


def test_others_ask_it_to_pause_and_to_cancel(started, command, service):
    started()
    for wish in ("pause", "cancel"):
        said = command("campaign", wish, started.ledger).stdout
        assert f"It was asked to {wish}; the process that runs it will take note of it" in said
    assert "cancelled" not in command("campaign", "status", started.ledger).stdout  # all of it is done
    assert command("campaign", "resume", started.ledger, **service).returncode == 0


def test_without_a_ledger_or_with_a_foreign_one_there_is_a_sentence(command, tmp_path):
    ended = command("campaign", "status", str(tmp_path / "none.db"))
    assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)
    assert "There is no ledger" in ended.stderr
    with closing(sqlite3.connect(tmp_path / "cats.db")) as connection:
        connection.execute("create table cats (name)")
    assert "is a database of something else" in command("campaign", "status", str(tmp_path / "cats.db")).stderr
    assert "There is no ledger in" in command("campaign", "list", str(tmp_path)).stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--after", "daily_sales"), "--after is written B=A"),
        (("--on-failure", "ignore"), 'write "stop", "continue" or "retry:2"'),
    ],
)
def test_what_makes_no_sense_is_refused(started, options, said):
    ended = started(*options)
    assert ended.returncode == 2
    assert said in ended.stderr


def test_on_a_terminal_it_draws_a_bar_for_each_window(terminal, service, tmp_path):
    words = ("--flow", "daily_sales", "--between", "2022-01-01", "2022-01-04", "--window", "2d", "--poll", "0.3")
    shown = terminal("campaign", "start", str(tmp_path / "campaign.db"), *words, columns=100, **service)
    assert shown.exit_code == 0, shown.text
    assert "█" in shown.text
    assert "It is done." in shown.text
