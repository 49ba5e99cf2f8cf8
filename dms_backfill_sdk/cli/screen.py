"""What the command's words look like: one set of styles, for standard output and standard error."""

import sys
from collections.abc import Iterable
from io import TextIOWrapper

from rich.console import Console
from rich.text import Text
from rich.theme import Theme

from dms_backfill_sdk.render import Line

__all__ = ["room", "screen", "show"]

_STYLES = Theme(
    {
        "heading": "bold",
        "quiet": "dim",
        "code": "cyan",
        "missing": "bold red",
        "filled": "bold green",
        "error": "red",
        "warning": "yellow",
        # what a day is, or a run
        "planned": "bold cyan",
        "succeeded": "green",
        "failed": "bold red",
        "active": "yellow",
        "absent": "dim",
        # rich's own names, so that its bars look like the rest
        "bar.complete": "green",
        "bar.finished": "green",
        "progress.download": "default",
    }
)

INDENT = 2


def screen(*, stderr: bool = False) -> Console:
    """Where a command writes. Without a terminal it is plain text; ``NO_COLOR`` is honoured.

    Nothing is highlighted by guessing, and nothing in square brackets is taken for markup.
    """
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")  # a terminal that cannot show an arrow shows a question mark
    console = Console(file=stream, theme=_STYLES, highlight=False, markup=False, emoji=False)
    # Whoever reads a pipe wants whole lines.
    console.soft_wrap = not console.is_terminal
    return console


def room(console: Console) -> int:
    """How many characters a line may have that :func:`show` writes."""
    return console.width - INDENT


def show(console: Console, lines: Iterable[Line], *, indent: int = INDENT) -> None:
    """Write lines.

    Args:
        indent: how much further in than a heading; so are the lines that a narrow terminal makes of one.
    """
    for line in lines:
        text = Text.assemble(*line)
        for part in text.wrap(console, console.width - indent) if console.is_terminal else [text]:
            part.rstrip()
            part.pad_left(indent if part else 0)
            console.print(part)
