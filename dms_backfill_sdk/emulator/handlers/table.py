"""What the tables of handlers have in common."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from dms_backfill_sdk.emulator.engine import Engine
from dms_backfill_sdk.operations import Request, Response

__all__ = ["Table", "page"]

T = TypeVar("T")

Table = dict[type[Request[Any]], Callable[[Engine, Any], Response]]
"""Whose request is answered by which function."""


def page(items: Sequence[T], index: int, size: int) -> Sequence[T]:
    """One page of a list; ``index`` is counted from 1. The service documents no largest size, so there is none."""
    return items[(index - 1) * size : index * size]
