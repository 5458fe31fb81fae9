"""The modes of modules, training or not: a recording holds while the modes that it read stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

__all__ = ["Modes", "collect_modes", "note_mode"]


class Modes:
    """The modes of some modules when they were read."""

    def __init__(self) -> None:
        self._modes: dict[int, tuple[Any, bool]] = {}

    def note(self, module: Any, mode: bool) -> None:
        """Note that a module was in a mode."""
        self._modes[id(module)] = module, mode

    def hold(self) -> bool:
        """Return whether all modules are in the same modes as then."""
        return all(module.training is mode for module, mode in self._modes.values())


class _Collection(local):
    modes: Modes | None = None


_collection = _Collection()


def note_mode(module: Any, mode: bool) -> None:
    """Note a mode that is read, if this thread collects modes."""
    if _collection.modes is not None:
        _collection.modes.note(module, mode)


@contextmanager
def collect_modes(modes: Modes) -> Iterator[None]:
    """Collect the modes that this thread reads; a collection around this one goes on afterwards."""
    outer, _collection.modes = _collection.modes, modes
    try:
        yield
    finally:
        _collection.modes = outer
