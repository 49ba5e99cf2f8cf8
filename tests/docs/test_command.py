"""The page on the command: what it shows of a terminal is what a terminal shows."""

import re

import pytest

ROOM = 80


@pytest.mark.parametrize("name", ["docs/command.md"])
def test_a_terminal_shows_what_the_page_shows(page, shell, name):
    shown = page(name)
    for block in shown.blocks:
        if "." in block.mark:
            (shell.place / block.mark).write_text(block.text, "utf-8")
        elif block.language == "console":
            shell.carry_out(block.text, f"{shown}:{block.line}", interrupt="running" if block.mark == "Ctrl-C" else "")
    assert shell.serving


def test_what_it_shows_fits_a_small_terminal(page):
    for block in page("docs/command.md").blocks:
        if block.language == "console":
            assert max(map(len, re.sub(r"^\$ .*$|^\{.*$", "", block.text, flags=re.MULTILINE).splitlines())) <= ROOM


def test_it_names_every_command_and_every_exit_code(page):
    from dms_backfill_sdk.cli.app import COMMANDS  # noqa: PLC0415  it needs the extra
    from dms_backfill_sdk.cli.exits import ExitCode  # noqa: PLC0415  likewise

    text = page("docs/command.md").source
    typed = set(re.findall(r"^\$ dms-backfill (\w+)", text, re.MULTILINE))
    # The demo explains itself, and campaigns have a page of their own.
    assert {command.name for command in COMMANDS} - {"demo", "campaign"} == typed
    assert "(campaigns.md)" in text
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)} == set(ExitCode)
