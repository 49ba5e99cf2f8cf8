"""What IPython prints when one of our errors ends a cell: somebody's own code and the sentence, not our ways inside."""

import importlib
from types import TracebackType
from typing import Any

from dms_backfill_sdk.errors import DmsError

__all__ = ["traceback_of"]

_OURS = __name__.partition(".")[0]


def traceback_of(error: DmsError) -> list[str]:
    """The lines of a traceback without the frames of this package, and in one line what caused it.

    In the mode Verbose (``%xmode Verbose``) nothing is left out.
    """
    printer: Any = importlib.import_module("IPython").get_ipython().InteractiveTB
    if printer.mode == "Verbose":
        return _lines(printer, error, error.__traceback__)
    alone = type(error).__new__(type(error), *error.args)
    alone.__dict__.update(error.__dict__)
    lines = _lines(printer, alone, _outside(error.__traceback__))
    cause = error.__cause__
    return lines if cause is None else [*lines, "", f"It was caused by {type(cause).__name__}: {cause}"]


def _lines(printer: Any, error: DmsError, traceback: TracebackType | None) -> list[str]:
    if traceback is None:
        only: list[str] = printer.get_exception_only(type(error), error)
        return only
    lines: list[str] = printer.structured_traceback(type(error), error, traceback)
    return lines


def _outside(traceback: TracebackType | None) -> TracebackType | None:
    """The same without the frames of this package."""
    if traceback is None:
        return None
    rest = _outside(traceback.tb_next)
    if traceback.tb_frame.f_globals.get("__name__", "").partition(".")[0] == _OURS:
        return rest
    return TracebackType(rest, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)
