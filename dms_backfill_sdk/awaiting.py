"""How what is written for :class:`~dms_backfill_sdk.Client` is awaited with :class:`~dms_backfill_sdk.AsyncClient`."""

import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar, cast, overload

__all__ = ["awaited"]

A = TypeVar("A")
B = TypeVar("B")
P = ParamSpec("P")


@overload
def awaited(method: Callable[Concatenate[Any, P], A]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, A]]: ...


@overload
def awaited(
    method: Callable[Concatenate[Any, P], object], gives: type[B]
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, B]]: ...


def awaited(method: Callable[..., object], gives: type | None = None) -> Callable[..., Coroutine[Any, Any, Any]]:
    """A method whose body ends in handing a conversation to a client, for a class whose client is awaited.

    It is that very body: what it returns there, it returns an awaitable of here. ``gives`` is the class of what comes,
    where that is the awaited sister of the one that the method names.
    """

    @functools.wraps(method)
    async def ask(self: Any, /, *args: Any, **named: Any) -> Any:
        return await cast("Awaitable[Any]", method(self, *args, **named))

    if gives is not None:
        ask.__annotations__ = {**method.__annotations__, "return": gives}
    return ask
