"""Responses of the service, as a notebook shows them: whatever they hold, as facts and tables."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import attrs

from dms_backfill_sdk.operations.declaration import Page, Response
from dms_backfill_sdk.render.markup import Markup, join
from dms_backfill_sdk.render.page import facts, part, sheet, table

__all__ = ["page_sheet", "response_sheet", "said"]

_ENVELOPE = frozenset(attribute.name for attribute in attrs.fields(Response))


def page_sheet(page: Page[Any]) -> Markup:
    """The items of a page, as a table."""
    total = "" if page.total_count is None else f" of {page.total_count:,}"
    return sheet(_kind(page), _table(page.items), about=f"{len(page.items):,}{total} · {_envelope(page)}")


def response_sheet(response: Response) -> Markup:
    """All that a response holds."""
    return sheet(_kind(response), *_parts(response), about=_envelope(response))


def said(value: Any) -> str:
    """A value in short; nothing for None."""
    match value:
        case None:
            return ""
        case Enum():
            return value.name.lower()
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case list():
            return ", ".join(map(said, value))
        case _ if attrs.has(type(value)):
            return ", ".join(f"{name} {words}" for name, one in _fields(value) if (words := said(one)))
    return str(value)


def _kind(response: Response) -> str:
    return type(response).__name__.removesuffix("Response")


def _envelope(response: Response) -> str:
    return f"request {response.request_id}" if response.request_id else "response"


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    for attribute in attrs.fields(type(value)):
        if not (isinstance(value, Response) and attribute.name in _ENVELOPE):
            yield attribute.name, getattr(value, attribute.name)


def _parts(value: Any) -> Iterator[Markup]:
    """Its plain fields as facts, and below them whatever has fields itself."""
    each = dict(_fields(value))
    rich = {name: one for name, one in each.items() if attrs.has(type(one)) or (one and isinstance(one, list))}
    yield facts((name, said(one)) for name, one in each.items() if name not in rich)
    for name, one in rich.items():
        if not isinstance(one, list):
            yield part(name, join(*_parts(one)))
        elif attrs.has(type(one[0])):
            yield part(f"{name} ({len(one):,})", _table(one))
        else:
            yield part(f"{name} ({len(one):,})", said(one))


def _table(items: Sequence[Any]) -> Markup:
    """A row for each item, and a column for each field that any of them has."""
    rows = [dict(_fields(item)) for item in items]
    names = [name for name in (rows[0] if rows else {}) if any(said(row[name]) for row in rows)]
    numbers = [place for place, name in enumerate(names) if all(type(row[name]) in (int, type(None)) for row in rows)]
    return table(names, [[said(row[name]) for name in names] for row in rows], right=numbers)
