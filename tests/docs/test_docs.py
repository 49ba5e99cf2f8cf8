"""Every page of the documentation does what it says."""

import configparser
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import dms_backfill_sdk as sdk
from dms_backfill_sdk.operations import FAMILIES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(str(path.relative_to(ROOT)) for path in DOCS.rglob("*.md") if "```python" in path.read_text("utf-8"))
ALL = ["README.md", "CONTRIBUTING.md", *sorted(str(path.relative_to(ROOT)) for path in DOCS.rglob("*.md"))]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_does_and_prints_what_it_says(page, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DMS_BACKFILL_ENDPOINT", raising=False)
    names = page(name).run()
    for opened in ("emulator", "shop"):
        if opened in names:
            names[opened].close()


@pytest.mark.parametrize(("name", "tests"), [("docs/emulator.md", 2)])
def test_the_pages_tests_pass(page, run_as_tests, name, tests):
    run_as_tests(page(name).marked("pytest")).assert_outcomes(passed=tests)


def commands(page, program):
    """What the pages tell the reader to type, from this program's name to the end of the command."""
    for name in ALL:
        for block in page(name).blocks:
            for line in block.text.splitlines() if block.language == "sh" else ():
                for command in line.partition("  #")[0].split(" && "):
                    words = shlex.split(command)
                    if Path(words[0]).name == program:
                        yield words


def test_every_command_of_ours_has_the_options_that_the_pages_name(page, tmp_path):
    found = list(commands(page, "dms-backfill"))
    assert found
    for _, command, *options in found:
        path = [command, *options[:1]] if command == "campaign" else [command]  # it has commands of its own
        shown = subprocess.run(
            [sys.executable, "-m", "dms_backfill_sdk.cli", *path, "--help"],
            capture_output=True,
            check=True,
            cwd=tmp_path,  # the package that is installed, not the one that lies here
            text=True,
        ).stdout
        assert {word for word in options if word.startswith("--")} <= set(re.findall(r"--[\w-]+", shown))


def test_every_extra_that_the_pages_name_exists(page):
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    named = {
        extra
        for words in commands(page, "pip")
        for word in words
        for extra in re.findall(r"\w+", "".join(re.findall(r"^\.\[(.+)\]$", word)))
    }
    assert named
    assert named <= set(setup["options.extras_require"])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_operations_has_its_page(family):
    source = (DOCS / "reference" / "operations" / f"{family}.md").read_text("utf-8")
    assert f".. operations:: {family}\n" in source
    assert f"\noperations/{family}\n" in (DOCS / "reference" / "operations.md").read_text("utf-8")


def test_every_public_name_is_in_the_reference():
    reference = "\n".join(path.read_text("utf-8") for path in (DOCS / "reference").rglob("*.md"))
    shown = {
        name for module in re.findall(r"^\.\. public:: (\S+)$", reference, re.MULTILINE) for name in sdk._NAMES[module]
    }
    shown |= {
        f"{action}{part}" for family in FAMILIES.values() for action in family for part in ("Request", "Response")
    }
    shown |= set(re.findall(r"^\.\. autoclass:: dms_backfill_sdk\.(\w+)$", reference, re.MULTILINE))
    assert shown == {*sdk.__all__} - {"__version__"}


@pytest.mark.parametrize("name", ALL)
def test_its_links_lead_somewhere(page, name):
    place = (ROOT / name).parent
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page(name).source):
        assert (place / target).exists(), target
