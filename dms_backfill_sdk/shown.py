"""How things show themselves in a notebook. It costs nothing until a notebook asks."""

import importlib
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["Shown", "ShownWhenRaised", "live_view"]

_ROOM = "dms_backfill_sdk.notebook"


class Shown:
    """What has a picture in the room ``notebook``.

    That room knows everything that it shows and so stands above it; it is opened when a picture is asked for.
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        picture: str = importlib.import_module(_ROOM).html(self)
        return picture


class ShownWhenRaised(Shown):
    """An error with a picture, and with a short traceback where IPython prints it."""

    __slots__ = ()

    def _render_traceback_(self) -> list[str]:
        lines: list[str] = importlib.import_module(f"{_ROOM}.tracebacks").traceback_of(self)
        return lines


def live_view() -> Callable[[Any], None] | None:
    """Who shows how far something is while it is waited for, where that is a notebook; None elsewhere."""
    # Where nobody imported IPython, nobody is in it.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    # IPython on a terminal has a shell too, but nothing that a picture could be sent to.
    if getattr(shell, "kernel", None) is None:
        return None
    view: Callable[[Any], None] = importlib.import_module(f"{_ROOM}.live").LiveView()
    return view
