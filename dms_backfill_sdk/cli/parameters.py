"""Parameters of any operation, written as NAME=VALUE."""

from collections.abc import Sequence
from typing import Annotated

import typer

from dms_backfill_sdk.cli.exits import CommandError

__all__ = ["Action", "Form", "Parameters", "pairs"]

Action = Annotated[str, typer.Argument(metavar="ACTION", help="The operation, such as ListUsers.")]
Parameters = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME=VALUE]...", help="Its parameters, by their wire names.", show_default=False),
]
Form = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="A parameter that travels in the body; repeat for more.")
]


def pairs(written: Sequence[str] | None) -> dict[str, str]:
    """Names and values.

    >>> pairs(["DagId=15001", "BackFillDate=2022-01-14"])
    {'DagId': '15001', 'BackFillDate': '2022-01-14'}

    Raises:
        CommandError: one has no name or no value, or there are two of a name.
    """
    found: dict[str, str] = {}
    for one in written or ():
        name, sign, value = one.partition("=")
        if not (name and sign):
            raise CommandError(f"{one!r} is no parameter; write NAME=VALUE, such as DagId=15001.")
        if name in found:
            raise CommandError(f"{name} is given twice; several values of one are written as a list, such as [1,2].")
        found[name] = value
    return found
