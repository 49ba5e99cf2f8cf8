"""Typed values ↔ the service's names and strings, in both directions.

A request or response class is written once, with attrs. From its annotations this module derives the names on the
wire (``dag_id`` ↔ ``DagId``) and how each value is written, so that the client encodes requests and decodes
responses, and the emulator decodes requests and encodes responses, with the same classes. What cannot be derived is
said in the field itself, with :func:`wired`.
"""

import json
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import IntEnum
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

import attrs

from dms_backfill_sdk.dates import business_date, in_china
from dms_backfill_sdk.http import Pairs

__all__ = ["WireError", "decode_body", "decode_parameters", "encode_body", "encode_parameters", "text", "wired"]

T = TypeVar("T")

LONG = range(-(2**63), 2**63)


class WireError(ValueError):
    """A value that cannot be read.

    Attributes:
        name: the name on the wire.
        missing: it was required and is not there; otherwise it is there and is wrong.
    """

    def __init__(self, name: str, missing: bool = False, found: object = None) -> None:
        # All of it goes to args, from which a pickled exception is made again.
        super().__init__(name, missing, reprlib.repr(found))
        self.name = name
        self.missing = missing

    def __str__(self) -> str:
        return f"{self.name} is missing" if self.missing else f"{self.name} cannot be read from {self.args[2]}"


def wired(name: str = "", *, as_text: bool = False, as_number: bool = False, in_body: bool = False) -> dict[str, Any]:
    """What a field cannot say by its name and type, as metadata for ``attrs.field``.

    Args:
        name: the name on the wire when it is not the field's name in CamelCase; a dot steps into a wrapper
            (``"Tasks.Task"`` is ``{"Tasks": {"Task": …}}``).
        as_text: the service writes this number, or this flag, as a string.
        as_number: the service writes this string as a number, where it is one.
        in_body: the parameter travels in a form body, not in the query.
    """
    return {"wire": {"name": name, "as_text": as_text, "as_number": as_number, "in_body": in_body}}


# ---------------------------------------------------------------------------------------------------------------
# One row per type: how it is written in a query, and read; how it is written in JSON, and read.


class Codec(NamedTuple):
    to_text: Callable[[Any], str]
    from_text: Callable[[str], Any]
    to_json: Callable[[Any], Any]
    from_json: Callable[[Any], Any]


_NUMBER = re.compile(r"-?[0-9]{1,19}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _same(value: Any) -> Any:
    return value


_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _read_number(value: str) -> int:
    if not _NUMBER.fullmatch(value) or int(value) not in LONG:
        raise ValueError
    return int(value)


def _number_from_json(value: Any) -> int:
    # Some ids are strings in one answer and numbers in the next; nothing else in JSON is written like a number.
    return _read_number(str(value))


def _read_boolean(value: str) -> bool:
    return _BOOLEANS[value.lower()]


def _boolean_from_json(value: Any) -> bool:
    return value if isinstance(value, bool) else _read_boolean(str(value))


def _text_from_json(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        raise TypeError
    return str(value)


def _number_where_it_is_one(value: str) -> int | str:
    return int(value) if _NUMBER.fullmatch(value) else value


def _read_time(value: str) -> datetime:
    if not _TIME.fullmatch(value):
        raise ValueError
    return in_china(datetime.fromisoformat(value))


def _write_time(value: datetime) -> str:
    return in_china(value).replace(tzinfo=None).isoformat(" ", "seconds")


SCALARS: dict[type, Codec] = {
    bool: Codec(lambda flag: "true" if flag else "false", _read_boolean, _same, _boolean_from_json),
    int: Codec(str, _read_number, _same, _number_from_json),
    str: Codec(_same, _same, _same, _text_from_json),
    date: Codec(date.isoformat, business_date, date.isoformat, business_date),
    datetime: Codec(_write_time, _read_time, _write_time, _read_time),
}


def _codec(kind: Any) -> Codec:
    if get_origin(kind) is UnionType:
        kinds = [member for member in get_args(kind) if member is not NoneType]
        # ``Status | int``: an enum that keeps a number it does not know.
        return _codec(kinds[0])
    if get_origin(kind) in (list, tuple):
        item = _codec(get_args(kind)[0])

        def many_from_json(values: Any) -> list[Any]:
            if not isinstance(values, list):
                raise TypeError
            return [item.from_json(value) for value in values]

        return Codec(
            to_text=lambda values: _compact([item.to_json(value) for value in values]),
            from_text=lambda written: many_from_json(json.loads(written)),
            to_json=lambda values: [item.to_json(value) for value in values],
            from_json=many_from_json,
        )
    if attrs.has(kind):
        return Codec(
            to_text=lambda value: _compact(encode_body(value)),
            from_text=lambda written: decode_body(kind, json.loads(written)),
            to_json=encode_body,
            from_json=lambda value: decode_body(kind, value),
        )
    if issubclass(kind, IntEnum):
        number = SCALARS[int]
        return Codec(
            to_text=lambda value: str(int(value)),
            from_text=lambda written: _known(kind, number.from_text(written)),
            to_json=int,
            from_json=lambda value: _known(kind, number.from_json(value)),
        )
    return SCALARS[kind]


def _known(kind: type[IntEnum], number: int) -> int:
    return kind(number) if number in kind._value2member_map_ else number


# ---------------------------------------------------------------------------------------------------------------
# One slot per field of a class: its two names, where it travels, and its codec.


class Slot(NamedTuple):
    name: str
    path: tuple[str, ...]
    codec: Codec
    required: bool
    in_body: bool

    @property
    def wire(self) -> str:
        return self.path[-1] if self.in_body else self.path[0]


_SLOTS: dict[type, tuple[Slot, ...]] = {}


def slots(cls: type[Any]) -> tuple[Slot, ...]:
    """The fields of an attrs class as they travel; derived once for each class."""
    if cls not in _SLOTS:
        _SLOTS[cls] = tuple(_slot(attribute) for attribute in attrs.fields(cls))
    return _SLOTS[cls]


def _slot(attribute: "attrs.Attribute[Any]") -> Slot:
    said = attribute.metadata.get("wire", {})
    camel = "".join(part.capitalize() for part in attribute.name.split("_"))
    codec = _codec(attribute.type)
    if said.get("as_text"):
        codec = codec._replace(to_json=codec.to_text)
    if said.get("as_number"):
        codec = codec._replace(to_json=_number_where_it_is_one)
    return Slot(
        name=attribute.name,
        path=tuple((said.get("name") or camel).split(".")),
        codec=codec,
        required=attribute.default is attrs.NOTHING,
        in_body=said.get("in_body", False),
    )


def text(value: Any) -> str:
    """Write a plain Python value as a query parameter: what untyped calls need.

    >>> text(True), text(3), text([1, 2]), text(date(2022, 1, 14))
    ('true', '3', '[1,2]', '2022-01-14')
    """
    # A subclass, such as an enum's member or a data frame's time, is written as what it is a kind of.
    scalar = next((SCALARS[kind] for kind in type(value).__mro__ if kind in SCALARS), None)
    return scalar.to_text(value) if scalar else _compact(value)


def encode_parameters(request: Any) -> tuple[Pairs, Pairs]:
    """The query pairs and the form pairs of a request; what is None stays away."""
    query: list[tuple[str, str]] = []
    form: list[tuple[str, str]] = []
    for slot in slots(type(request)):
        value = getattr(request, slot.name)
        if value is not None:
            (form if slot.in_body else query).append((slot.wire, slot.codec.to_text(value)))
    return tuple(query), tuple(form)


def decode_parameters(cls: type[T], pairs: Iterable[tuple[str, str]]) -> T:
    """The request that these pairs mean. Names it does not have are passed over; an empty value counts as absent.

    Raises:
        WireError: a parameter is missing or cannot be read.
        InvalidRequestError: each can be read and together they break the contract.
    """
    given = {name: value for name, value in pairs if value}
    values: dict[str, Any] = {}
    for slot in slots(cls):
        if slot.wire in given:
            try:
                values[slot.name] = _read(slot.codec.from_text, given[slot.wire], slot.wire)
            except WireError as wrong:
                # Something inside of it may be wrong; it is the parameter that was given.
                raise WireError(slot.wire, found=given[slot.wire]) from wrong
        elif slot.required:
            raise WireError(slot.wire, missing=True)
    return cls(**values)


def encode_body(value: Any) -> dict[str, Any]:
    """The JSON object of a response or of a part of one; what is None stays away."""
    body: dict[str, Any] = {}
    for slot in slots(type(value)):
        item = getattr(value, slot.name)
        if item is None:
            continue
        place = body
        for wrapper in slot.path[:-1]:
            place = place.setdefault(wrapper, {})
        place[slot.path[-1]] = slot.codec.to_json(item)
    return body


def decode_body(cls: type[T], body: Any) -> T:
    """The response that this JSON object means. Fields it does not have are passed over.

    Raises:
        WireError: a field cannot be read.
    """
    if not isinstance(body, Mapping):
        raise WireError(cls.__name__, found=body)
    values: dict[str, Any] = {}
    for slot in slots(cls):
        found: Any = body
        for step in slot.path:
            found = found.get(step) if isinstance(found, dict) else None
        if found is None:
            continue
        # A time or a number that is not there yet may come as an empty string.
        if found != "" or slot.codec is SCALARS[str]:
            values[slot.name] = _read(slot.codec.from_json, found, ".".join(slot.path))
    return cls(**values)


def _read(reader: Callable[[Any], Any], found: Any, name: str) -> Any:
    try:
        return reader(found)
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError):
        raise WireError(name, found=found) from None
