"""The README keeps its word."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def readme(page):
    return page("README.md")


@pytest.fixture(scope="module")
def setup():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    return parser


def test_its_python_backfills_january_lists_its_runs_and_then_runs_what_is_missing(readme, served):
    printed = readme.run()["printed"]
    assert served.journal.acted("BackFill") == 2
    assert "59 of 90 business times, 1 request" in printed
    assert printed.splitlines()[-1] == "59 of 59 succeeded"
    assert re.findall(r"^(\S+) <RunStatus.SUCCESS: 4>", printed, re.MULTILINE) == [
        f"2022-01-{day:02d}" for day in range(31, 0, -1)
    ]


def test_its_python_ends_with_a_sentence_when_the_service_says_no(readme, served):
    served.reset()  # the flow is gone
    with pytest.raises(SystemExit, match=r"^BackFill: .*The task flow does not exist.* Nothing was started\."):
        readme.run()


def test_its_pytest_example_passes(readme, run_as_tests):
    run_as_tests(readme.marked("pytest")).assert_outcomes(passed=1)


@pytest.mark.parametrize("mark", ["demo", "tests"])
def test_its_commands_set_everything_up_with_an_extra_that_exists(readme, setup, mark):
    [command] = readme.marked(mark).splitlines()
    make, install, run = command.split(" && ")
    assert make == "python3 -m venv .venv"
    [extra] = re.fullmatch(r'\.venv/bin/pip install --quiet "\.\[(\w+)\]"', install).groups()
    assert extra in setup["options.extras_require"]
    assert run in (".venv/bin/dms-backfill demo", ".venv/bin/pytest")


def test_the_tests_command_is_where_ci_looks_for_it(readme):
    # CI runs what stands between the mark and the closing fence.
    assert "<!-- tests -->\n```sh\n" in readme.source
    assert "<!-- tests -->" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_demo_ends_well(setup, tmp_path):
    name, target = setup["options.entry_points"]["console_scripts"].strip().split(" = ")
    assert name == "dms-backfill"
    module, function = target.split(":")
    ended = subprocess.run(
        [sys.executable, "-c", f"from {module} import {function}; {function}()", "demo"],
        capture_output=True,
        cwd=tmp_path,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
