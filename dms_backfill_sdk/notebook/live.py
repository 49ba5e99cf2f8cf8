"""A progress bar that moves while a notebook's cell waits."""

import importlib
from typing import Any

from dms_backfill_sdk.backfill import Progress

__all__ = ["LiveView"]


class LiveView:
    """Shows progress in the place where it was shown first.

    When all is done it goes away: the progress that ``wait()`` returns is then shown by the cell, or by nobody.
    """

    def __init__(self) -> None:
        self._display: Any = importlib.import_module("IPython.display").display
        self._handle: Any = None

    def __call__(self, progress: Progress) -> None:
        done = progress.over and progress.done == progress.total
        if self._handle is not None:
            self._handle.update({"text/plain": "", "text/html": ""} if done else progress, raw=done)
        elif not done:
            self._handle = self._display(progress, display_id=True)
