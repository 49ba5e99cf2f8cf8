"""What a node's content says that it does.

A node's content (``NodeContent``) is JSON, and says one of three things:

``{"sql": "insert into …"}``
    statements for the emulator's SQLite database, all of them in one transaction.
``{"call": "name"}``
    a Python callable that was registered under that name.
``{"simulate": {"seconds": 30, "fails_on": ["2022-01-14"], "fails_first": 2, "message": "disk full"}}``
    nothing, for some time, and with the outcome that it says.

Each may say how many ``"seconds"`` the node takes, 1 by default. Other content, as real nodes have it, is simulated.
``${name}`` in SQL is a time variable. Content that cannot be understood fails the node, with a sentence.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from attrs import frozen

from dms_backfill_sdk.dates import business_date
from dms_backfill_sdk.emulator.spelling import unknown
from dms_backfill_sdk.errors import InvalidRequestError

__all__ = ["Call", "Simulated", "Sql", "Unreadable", "Work", "read_content"]


@frozen(kw_only=True)
class Work:
    """What a node does. It does it at the moment it finishes; a node that is stopped before has done nothing.

    Attributes:
        duration: how long it takes.
    """

    duration: timedelta = timedelta(seconds=1)


@frozen(kw_only=True)
class Simulated(Work):
    """Nothing but an outcome.

    Attributes:
        fails_on: the business dates it fails on.
        fails_first: how often it fails for each business time before it succeeds.
        message: what a failure says.
    """

    fails_on: frozenset[date] = frozenset()
    fails_first: int = 0
    message: str = "simulated failure"


@frozen(kw_only=True)
class Sql(Work):
    """Statements for the database."""

    sql: str


@frozen(kw_only=True)
class Call(Work):
    """A registered callable, by its name."""

    name: str


@frozen(kw_only=True)
class Unreadable(Work):
    """Content that cannot be understood, and why."""

    problem: str


class _MisreadError(ValueError):
    """Content that is JSON and makes no sense."""


MAX_SECONDS = 1_000_000  # eleven days; a run is cut off much earlier


@lru_cache(maxsize=1024)
def read_content(content: str) -> Work:
    """Understand a node's content. It never raises: what cannot be understood becomes :class:`Unreadable`.

    >>> read_content('{"sql": "delete from sales", "seconds": 5}')
    Sql(duration=datetime.timedelta(seconds=5), sql='delete from sales')
    """
    if not content.lstrip().startswith("{"):
        return Simulated()
    try:
        return _work(json.loads(content))
    except _MisreadError as problem:
        return Unreadable(problem=str(problem))
    except (ValueError, RecursionError):
        return Unreadable(problem='NodeContent is not valid JSON; write it like {"sql": "select 1"}.')


def _work(found: Mapping[str, Any]) -> Work:
    kinds = [kind for kind in _KINDS if kind in found]
    if len(kinds) > 1:
        raise _MisreadError(f"NodeContent has both {kinds[0]} and {kinds[1]}; keep one of them.")
    return _KINDS[kinds[0]](found) if kinds else Simulated(duration=_duration(found))


def _duration(found: Mapping[str, Any]) -> timedelta:
    seconds = found.get("seconds", 1)
    # A bool is an int to Python and no duration to anybody.
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_SECONDS:
        raise _MisreadError(f"seconds must be a number from 0 to {MAX_SECONDS}; {seconds!r} is not.")
    return timedelta(seconds=seconds)


def _text(found: Mapping[str, Any], key: str) -> str:
    if not isinstance(found[key], str):
        raise _MisreadError(f"{key} must be a string; {found[key]!r} is not.")
    return str(found[key])


def _simulated(content: Mapping[str, Any]) -> Simulated:
    found = content["simulate"]
    if not isinstance(found, dict):
        raise _MisreadError(f'simulate must be an object such as {{"seconds": 30}}; {found!r} is not.')
    for key in found.keys() - {"seconds", "fails_on", "fails_first", "message"}:
        raise _MisreadError(f"In simulate, {unknown('key', key, ['seconds', 'fails_on', 'fails_first', 'message'])}")
    found = {"message": Simulated().message, **content, **found}
    return Simulated(
        duration=_duration(found),
        fails_on=_days(found.get("fails_on", [])),
        fails_first=_count(found.get("fails_first", 0)),
        message=_text(found, "message"),
    )


def _days(found: Any) -> frozenset[date]:
    try:
        return frozenset(business_date(day) for day in (found if isinstance(found, list) else [found]))
    except InvalidRequestError:
        raise _MisreadError(f'fails_on must be a list of dates such as ["2022-01-14"]; {found!r} is not.') from None


def _count(found: Any) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise _MisreadError(f"fails_first must be a whole number from 0 up; {found!r} is not.")
    return int(found)


_KINDS: dict[str, Callable[[Mapping[str, Any]], Work]] = {
    "simulate": _simulated,
    "sql": lambda found: Sql(duration=_duration(found), sql=_text(found, "sql")),
    "call": lambda found: Call(duration=_duration(found), name=_text(found, "call")),
}
