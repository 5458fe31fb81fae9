"""`setting`, an attribute of an optimizer that is checked whenever it is set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

__all__ = ["setting"]

T = TypeVar("T")


class setting(Generic[T]):  # noqa: N801 - a decorator
    """Makes a setting of a method that checks a new number and returns what to store."""

    def __init__(self, check: Callable[[Any, T], T]) -> None:
        self._check, self._name, self.__doc__ = check, check.__name__, check.__doc__

    @overload
    def __get__(self, optimizer: None, owner: type) -> Self: ...
    @overload
    def __get__(self, optimizer: object, owner: type) -> T: ...
    def __get__(self, optimizer: object | None, owner: type) -> Self | T:
        if optimizer is None:
            return self
        setting: T = optimizer.__dict__[self._name]
        return setting

    def __set__(self, optimizer: object, value: T) -> None:
        vars(optimizer)[self._name] = self._check(optimizer, value)
