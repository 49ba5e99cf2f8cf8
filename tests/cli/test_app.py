"""The command's frame: help, version, completion, wrong usage, and how it ends."""

import re
import subprocess
import sys
import time

import pytest

from dms_backfill_sdk import (
    AuthenticationError,
    ConfigurationError,
    InvalidRequestError,
    NotSentError,
    OutcomeUnknownError,
    ServerFaultError,
    ThrottledError,
    __version__,
)
from dms_backfill_sdk.cli import app
from dms_backfill_sdk.cli.exits import CommandError, exit_code_of


def test_help_lists_every_command_and_every_exit_code(command):
    done = command("--help")
    assert done.returncode == 0
    for listed in app.COMMANDS:
        assert re.search(rf"^  {listed.name} +{re.escape(listed.summary)}$", done.stdout, re.MULTILINE)
    assert "Exit codes: 0 done, 1 runs failed, 2 wrong usage" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_without_a_command_it_shows_its_help_and_says_that_this_was_no_command(command):
    assert (command().stdout, command().returncode) == (command("--help").stdout, 2)


@pytest.mark.parametrize("listed", app.COMMANDS, ids=lambda listed: listed.name)
def test_a_command_s_own_help_begins_as_the_list_does(command, listed):
    done = command(listed.name, "--help")
    assert done.returncode == 0
    assert done.stdout.splitlines()[2].strip() == listed.summary


def test_it_knows_its_version(command):
    assert command("--version").stdout == f"dms-backfill {__version__}\n"


def test_help_is_quick_and_loads_neither_http_nor_servers_nor_ciphers(surroundings):
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dms_backfill_sdk.cli", "--help"],
        env=surroundings,
        capture_output=True,
        text=True,
        check=True,
    )
    assert time.monotonic() - began < 4
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "typer.main" in loaded
    heavy = {"requests", "urllib3", "starlette", "uvicorn", "cryptography", "responses"}
    assert not loaded & (
        heavy | {"dms_backfill_sdk.client", "dms_backfill_sdk.emulator", "dms_backfill_sdk.operations"}
    )


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("dms-backfill se", "serve"), ("dms-backfill ", "demo"), ("dms-backfill serve --po", "--port")],
)
def test_the_shell_can_complete_it(command, typed, offered):
    place = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    done = command(_DMS_BACKFILL_COMPLETE="complete_bash", **place)
    assert offered in done.stdout.split()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serv"], r"No such command 'serv'\..* See dms-backfill --help\."),
        (["--nonsense"], r"No such option: --nonsense.* See dms-backfill --help\."),
        (["demo", "now"], r"Got unexpected extra argument.*\(now\)\. See dms-backfill demo --help\."),
        (["serve", "--prot", "1"], r"No such option: --prot.* See dms-backfill serve --help\."),
        (["serve", "--port", "x"], r"Invalid value for '--port': .+ See dms-backfill serve --help\."),
        (["serve", "--port", "65536"], r"Invalid value for '--port': .*65535.* See dms-backfill serve --help\."),
    ],
)
def test_wrong_usage_is_answered_with_a_line_and_code_2(command, arguments, sentence):
    done = command(*arguments)
    assert re.fullmatch(sentence + "\n", done.stderr)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("arguments", [["--debug", "serve"], ["serve", "--debug"]])
def test_debug_shows_where_an_error_comes_from_wherever_it_is_written(command, arguments):
    plain, debugged = command("serve", "--speed", "0"), command(*arguments, "--speed", "0")
    assert "Traceback" not in plain.stderr
    assert debugged.stderr.startswith("Traceback")
    assert debugged.stderr.endswith(plain.stderr)


@pytest.mark.parametrize(
    ("absent", "arguments"),
    [("typer", ["--help"]), ("rich", ["--help"]), ("uvicorn", ["serve"]), ("starlette", ["demo"])],
)
def test_what_is_not_installed_is_named_with_the_words_that_install_it(surroundings, absent, arguments):
    without = f"import sys; sys.modules[{absent!r}] = None; sys.argv[1:] = {arguments}; "
    done = subprocess.run(
        [sys.executable, "-c", without + "from dms_backfill_sdk.cli import main; main()"],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == (
        f'dms-backfill needs {absent}, which is not installed; run: python -m pip install "dms_backfill_sdk[cli]"\n'
    )
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError("Write it otherwise."), 2),
        (InvalidRequestError("Half a range."), 2),
        (ConfigurationError("No credentials."), 2),
        (NotSentError("Nobody listens."), 3),
        (AuthenticationError("Who are you?"), 3),
        (ThrottledError("Too many."), 3),
        (ServerFaultError("It broke.").about("BackFill", may_have_started=True), 4),
        (OutcomeUnknownError("It hung up.").about("BackFill", may_have_started=True), 4),
        (OutcomeUnknownError("It hung up.").about("ListTaskFlow", may_have_started=False), 3),
        (ZeroDivisionError("division by zero"), 70),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_error_has_its_exit_code(error, code):
    assert exit_code_of(error) == code


@pytest.fixture
def failing(monkeypatch):
    """A command that fails in a way of the test's choosing, in the place of the demo."""

    def fail_with(error: BaseException) -> None:
        def demo() -> None:
            raise error

        monkeypatch.setattr("dms_backfill_sdk.cli.demo.demo", demo)

    return fail_with


def test_a_refusal_of_the_service_is_told_in_its_own_words(failing, capsys):
    failing(
        ThrottledError("Too many.", code="Throttling.User", http_status=400).about("BackFill", may_have_started=False)
    )
    assert app.run(["demo"]) == 3
    assert capsys.readouterr().err == "BackFill: Throttling.User (HTTP 400): Too many. Nothing was started.\n"


def test_a_bug_is_admitted_and_says_how_to_look_at_it(failing, capsys):
    failing(KeyError("day"))
    assert app.run(["demo"]) == 70
    assert capsys.readouterr().err == "dms-backfill itself failed (KeyError: 'day'); --debug shows where.\n"


def test_an_interrupt_is_no_error(failing, capsys):
    failing(KeyboardInterrupt())
    assert app.run(["demo"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"
