"""The command's frame: which commands there are, what all of them have in common, and how they end."""

import importlib
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from attrs import Factory, define, field, frozen
from rich.text import Text
from typer.core import TyperGroup

from dms_backfill_sdk.cli.exits import ExitCode, exit_code_of
from dms_backfill_sdk.cli.screen import screen
from dms_backfill_sdk.version import __version__

__all__ = ["COMMANDS", "Command", "run"]

PROGRAM = "dms-backfill"


@frozen
class Command:
    """A command, as the list of all of them shows it.

    A module of this package holds a function of its name, or a Typer application where it has commands of its own; by
    default the module of that name. It is imported when this very command is called: the list must not wait for servers
    and HTTP.
    """

    name: str
    summary: str
    module: str = field(default=Factory(lambda self: self.name, takes_self=True))


COMMANDS = (
    Command("demo", "Backfill the missing weeks of a small table, here and now."),
    Command("serve", "Run a local DMS until interrupted."),
    Command("flows", "List the task flows."),
    Command("graph", "Draw a task flow: its nodes, and what waits for what."),
    Command("plan", "Show what a backfill would do."),
    Command("run", "Show the plan, ask, start it once, and follow its runs."),
    Command("status", "Show where the newest runs of some business dates stand, now."),
    Command("watch", "Follow the newest runs of some business dates to their end."),
    Command("stop", "Stop what runs.", "steer"),
    Command("suspend", "Suspend what runs, until it is resumed.", "steer"),
    Command("resume", "Let go on what is suspended.", "steer"),
    Command("rerun", "Run again, with all nodes, what has failed.", "steer"),
    Command("campaign", "Backfill years, window by window, and survive whatever happens."),
    Command("call", "Call any operation by its name."),
    Command("sign", "Show what is signed of a call, and the signature."),
)

ENDING = (
    "Exit codes: 0 done, 1 runs failed, 2 wrong usage, 3 refused or not reached, 4 may have started, "
    "70 an error in this program, 130 interrupted."
)


@define
class Session:
    """What holds for one call of the command, whichever command it is.

    Attributes:
        debug: whether an error shows where it comes from.
    """

    debug: bool = False


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line.

    Returns:
        the exit code; what went wrong is on standard error.

    Raises:
        ModuleNotFoundError: something that the command needs is not installed.
    """
    session = Session()
    try:
        command = typer.main.get_command(_app())
        code = command.main(list(arguments), prog_name=PROGRAM, standalone_mode=False, obj=session)
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    except ModuleNotFoundError:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, people get a sentence
        if session.debug:
            traceback.print_exception(error)
        return _complain(error)
    if code == ExitCode.INTERRUPTED:
        _say("Interrupted.")
    return code or ExitCode.DONE


def _complain(error: Exception) -> ExitCode:
    if usage := getattr(error, "format_message", None):  # typer's, which has had more than one class in its time
        path = context.command_path if (context := getattr(error, "ctx", None)) else PROGRAM
        _say(f"{_sentence(usage())} See {path} --help.")
        return ExitCode.USAGE
    code = exit_code_of(error)
    if code is ExitCode.BUG:
        _say(f"{PROGRAM} itself failed ({type(error).__name__}: {error}); --debug shows where.")
    else:
        _say(str(error), style="" if code is ExitCode.INTERRUPTED else "error")
        if then := getattr(error, "then", ""):
            # Whole, for whoever copies it.
            screen(stderr=True).print(f"  {then}", style="code", soft_wrap=True)
    return code


def _sentence(words: str) -> str:
    words = " ".join(words.split())
    return words if words.endswith((".", "?")) else words + "."


def _say(sentence: str, style: str = "error") -> None:
    screen(stderr=True).print(Text(sentence, style=style))


class Commands(TyperGroup):
    """A group that lists commands by name and summary, and loads the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and self._loaded(listed.name), rest

    def _loaded(self, name: str | None) -> Any:
        (home,) = (command.module for command in COMMANDS if command.name == name)
        found = getattr(importlib.import_module(f"dms_backfill_sdk.cli.{home}"), str(name))
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(rich_markup_mode=None, add_completion=False)
            alone.command(name, context_settings=_SETTINGS)(found)
            found = alone
        command = typer.main.get_command(found)
        # People write it behind the command as often as before it.
        command.params += [option for option in self.params if option.name == "debug"]
        return command


_SETTINGS = {"help_option_names": ["-h", "--help"]}


def _app() -> typer.Typer:
    # Docstrings are plain text: what stands in square brackets is no markup.
    app = typer.Typer(cls=Commands, rich_markup_mode=None, context_settings=_SETTINGS)
    app.callback(invoke_without_command=True, epilog=ENDING)(_top)
    for command in COMMANDS:
        app.command(command.name, help=command.summary)(_listed)
    return app


def _listed() -> None:
    """Stands in the list in place of the command itself."""


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _note_debug(context: typer.Context, wanted: bool) -> None:
    context.obj.debug = context.obj.debug or wanted


def _top(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001  its callback acts on it
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
    debug: Annotated[  # noqa: ARG001  likewise
        bool, typer.Option("--debug", help="Show where an error comes from.", callback=_note_debug, expose_value=False)
    ] = False,
) -> None:
    """Backfill Alibaba Cloud DMS task flows without running a day twice or losing one."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(ExitCode.USAGE)
