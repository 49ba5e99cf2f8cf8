"""How an operation is declared: what every request and every response has, and the checks that its types imply."""

import difflib
import functools
from collections.abc import Callable, Collection, Iterable
from enum import IntEnum
from types import NoneType
from typing import Any, ClassVar, Generic, TypeVar, get_args, get_origin

import attrs
from attrs import field, frozen

from dms_backfill_sdk.errors import InvalidRequestError
from dms_backfill_sdk.frames import frame
from dms_backfill_sdk.shown import Shown

__all__ = ["Page", "Request", "Response", "TenantRequest", "ids", "operation", "typed"]

T = TypeVar("T")
R_co = TypeVar("R_co", bound="Response", covariant=True)


@frozen(kw_only=True)
class Response(Shown):
    """What every answer of the service carries, whatever was asked (documented).

    Attributes:
        request_id: the id of the call, for the service's support.
        success: whether the service did what was asked. An answer that says False raises, so a response in your hand
            says True.
        error_code: the service's error code; real answers leave it out on success, the documents' samples do not.
        error_message: the words that go with it.
    """

    request_id: str | None = None
    success: bool | None = None
    error_code: str | None = field(default=None, repr=False)
    error_message: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Page(Response, Generic[T]):
    """One page of a list that comes in pages.

    Attributes:
        total_count: how many items there are on all pages.
    """

    total_count: int | None = None

    @property
    def items(self) -> list[T]:
        """The items of this page."""
        raise NotImplementedError

    def next_index(self, index: int, seen: int) -> int | None:
        """The page to ask for next; None when this was the last.

        Args:
            index: which page this is.
            seen: how many items were on it and on those before. The size of a page does not count: a service may
                send fewer than it was asked for.
        """
        if not self.items or (self.total_count is not None and seen >= self.total_count):
            return None
        return index + 1

    def to_pandas(self) -> Any:
        """The items of this page as a ``pandas.DataFrame``: a column for each field, statuses and types by their names.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        items: list[Any] = list(self.items)
        names = [attribute.name for attribute in attrs.fields(type(items[0]))] if items else []
        return frame(names, (attrs.asdict(item, recurse=False) for item in items))


def _sentence(name: str, wanted: str, value: object) -> InvalidRequestError:
    return InvalidRequestError(f"{name} must be {wanted}; {value!r} is not.")


def _check_number(attribute: "attrs.Attribute[Any]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise _sentence(attribute.name, "a positive integer", value)


def _check_numbers(attribute: "attrs.Attribute[Any]", value: Collection[object]) -> None:
    if not value:
        raise InvalidRequestError(f"{attribute.name} is empty; name at least one id, or leave it out.")
    for item in value:
        if isinstance(item, bool) or not isinstance(item, int) or not 0 < item < 2**63:
            raise _sentence(attribute.name, "a list of positive integers", item)


def _check_status(attribute: "attrs.Attribute[Any]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _sentence(attribute.name, "one of its enum's members or a number from 0 up", value)


def _check_flag(attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, bool):
        raise _sentence(attribute.name, "True or False", value)


def _check_text(attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, str):
        raise _sentence(attribute.name, "a string", value)
    if not value and attribute.default is attrs.NOTHING:
        raise InvalidRequestError(f"{attribute.name} is empty and the operation needs it.")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _sentence(attribute.name, "text that can be written as UTF-8", value)


_CHECKS: dict[type, Callable[["attrs.Attribute[Any]", Any], None]] = {
    int: _check_number,
    bool: _check_flag,
    str: _check_text,
}


def _check_of(kind: Any) -> Callable[["attrs.Attribute[Any]", Any], None] | None:
    members = [member for member in get_args(kind) if member is not NoneType]
    if members and get_origin(kind) is not tuple:
        kind = members[0]
    if get_origin(kind) is tuple:
        return _check_numbers if get_args(kind)[0] is int else None
    if issubclass(kind, IntEnum):
        return _check_status
    return _CHECKS.get(kind)


def typed(_cls: type, fields: list["attrs.Attribute[Any]"]) -> list["attrs.Attribute[Any]"]:
    """Give each field of a request the check that its type implies: an attrs ``field_transformer``."""

    def checked(attribute: "attrs.Attribute[Any]") -> "attrs.Attribute[Any]":
        check = _check_of(attribute.type)
        if check is None or attribute.validator is not None:
            return attribute

        def validator(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
            if value is not None or attribute.default is attrs.NOTHING:
                check(attribute, value)

        return attribute.evolve(validator=validator)

    return [checked(attribute) for attribute in fields]


def ids(value: Iterable[int] | None) -> tuple[int, ...] | None:
    """Any iterable of ids as a tuple, where None stays None: a converter for ``attrs.field``."""
    if value is None:
        return None
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise InvalidRequestError(f"Ids are given as a list of positive integers, such as [2, 3]; not {value!r}.")
    return tuple(value)


@frozen(kw_only=True)
class Request(Generic[R_co]):
    """What every request class has; the decorator :func:`operation` fills it in.

    Attributes:
        action: the operation's name on the wire.
        answers: the class of its response.
        repeatable: whether sending it a second time is harmless.
    """

    action: ClassVar[str]
    answers: ClassVar[type[Response]]
    repeatable: ClassVar[bool]


@frozen(kw_only=True, field_transformer=typed)
class TenantRequest(Request[R_co]):
    """A request that may say which tenant it is about, as nearly all may.

    Attributes:
        tid: the tenant, 1 or more. None asks for the tenant the key's user is in (documented); a client
            made with ``tid=`` fills it in.
    """

    tid: int | None = None


C = TypeVar("C", bound=type[Request[Any]])


def operation(answers: type[Response], *, repeatable: bool) -> Callable[[C], C]:
    """Declare the request class below as an operation of the service.

    Args:
        answers: the class of its response.
        repeatable: whether sending it a second time is harmless: it only reads, or it writes the same value again.
    """

    def declare(cls: C) -> C:
        cls.action = cls.__name__.removesuffix("Request")
        cls.answers = answers
        cls.repeatable = repeatable
        cls.__repr__ = _brief  # type: ignore[method-assign,assignment]  # attrs would show every None
        cls.__init__ = _naming_fields(cls)  # type: ignore[method-assign]  # same signature, clearer refusals
        return cls

    return declare


def _brief(request: Request[Any]) -> str:
    given = ((attribute.name, getattr(request, attribute.name)) for attribute in attrs.fields(type(request)))
    return f"{type(request).__name__}({', '.join(f'{name}={value!r}' for name, value in given if value is not None)})"


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _naming_fields(cls: type) -> Callable[..., None]:
    """The class's ``__init__``, refusing wrong field names with a sentence instead of a bare ``TypeError``."""
    generated: Callable[..., None] = cls.__init__  # type: ignore[misc]
    fields = attrs.fields(cls)
    names = {attribute.alias for attribute in fields}
    required = [attribute.alias for attribute in fields if attribute.default is attrs.NOTHING]
    example = (required or sorted(names))[0]
    # Compared without case and underscores, so that DagId and dagId are near dag_id.
    plain = {_plain(name): name for name in sorted(names)}

    @functools.wraps(generated)
    def init(self: object, *positional: object, **values: object) -> None:
        if positional:
            raise InvalidRequestError(f"Name each field: {cls.__name__}({example}=…).")
        for name in sorted(values.keys() - names):
            near = difflib.get_close_matches(_plain(name), plain, n=1)
            hint = f"did you mean {plain[near[0]]}?" if near else f"it has {', '.join(sorted(names))}."
            raise InvalidRequestError(f"{cls.__name__} has no field {name}; {hint}")
        if missing := [name for name in required if name not in values]:
            raise InvalidRequestError(f"{cls.__name__} needs {' and '.join(missing)}.")
        generated(self, **values)

    return init
