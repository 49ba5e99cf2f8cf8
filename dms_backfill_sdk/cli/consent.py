"""Asking before something is started."""

import sys

import typer

from dms_backfill_sdk.cli.exits import CommandError, ExitCode

__all__ = ["ask", "ask_nobody"]


def ask_nobody(*, as_json: bool) -> None:
    """Refuse, now and not when the question comes up, if there is nobody to be asked.

    Raises:
        CommandError: there is no terminal, or its output is for a program.
    """
    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        why = "With --json" if as_json else "Without a terminal"
        raise CommandError(f"{why} nobody can be asked; add --yes to start it without a question.")


def ask(question: str) -> None:
    """Ask whoever sits there. The answer is no, unless they say otherwise.

    Raises:
        CommandError: they say no.
    """
    if not typer.confirm(question, err=True):
        raise CommandError("Nothing was started.", ExitCode.INTERRUPTED)
