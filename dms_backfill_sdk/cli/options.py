"""Options that several commands share: a group of them is an attrs class, and a command that takes one has them all."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import attrs
import typer

__all__ = ["AsJson", "FlowName", "Yes", "grouped"]

FlowName = Annotated[str, typer.Argument(metavar="FLOW", help="The task flow, by name or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, and nothing else, to standard output.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose groups of options are spread out, for Typer to see, and put together again when it is called.

    >>> @attrs.frozen
    ... class Place:
    ...     host: str = "here"
    ...     port: int = 0
    >>> @grouped
    ... def visit(name: str, place: Place) -> None:
    ...     print(f"{name} at {place.host}:{place.port}")
    >>> list(inspect.signature(visit).parameters)
    ['name', 'host', 'port']
    >>> visit(name="Ann", host="home", port=80)
    Ann at home:80
    """
    groups: dict[str, type] = {}
    spread: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        members = [parameter]
        if attrs.has(parameter.annotation):
            groups[parameter.name] = parameter.annotation
            members = list(inspect.signature(parameter.annotation).parameters.values())
        # By name only, so that options without a default may stand behind others.
        spread += [member.replace(kind=inspect.Parameter.KEYWORD_ONLY) for member in members]

    def called(**given: Any) -> None:
        made = {
            name: group(**{member.name: given.pop(member.name) for member in attrs.fields(group)})
            for name, group in groups.items()
        }
        command(**made, **given)

    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in spread}
    called.__signature__ = inspect.Signature(spread)  # type: ignore[attr-defined]
    return called
