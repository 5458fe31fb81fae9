"""The errors of the library, and the setting that decides when a non-finite number is one."""

from __future__ import annotations

from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Literal

__all__ = [
    "AutogradError",
    "DivergenceError",
    "DomainError",
    "GradientMismatchError",
    "GraphTooLargeError",
    "NonFiniteGradientError",
    "RendererNotFoundError",
    "StateError",
    "errstate",
]

Nonfinite = Literal["raise", "ignore"]


class AutogradError(Exception):
    """Base of the errors that only this library raises."""


class DomainError(AutogradError, ArithmeticError):
    """An operation turned finite numbers into an infinity or a NaN.

    The message names the operation, its operands and its domain. Inside
    ``errstate(nonfinite="ignore")`` the operation gives the IEEE 754 result instead.
    """


class NonFiniteGradientError(AutogradError, ArithmeticError):
    """A backward pass would have stored an infinite or NaN gradient in a leaf.

    The message names the leaf and the node at which the number stopped being finite.
    No gradient has been changed.
    """


class DivergenceError(AutogradError, ArithmeticError):
    """Training left the finite numbers; the parameters hold the last good values."""


class GradientMismatchError(AutogradError, AssertionError):
    """A gradient is not what the numbers of the function say."""


class GraphTooLargeError(AutogradError, ValueError):
    """A graph has more nodes than a reader could take in."""


class RendererNotFoundError(AutogradError, RuntimeError):
    """Neither the ``dot`` program nor the in-process Graphviz is installed."""


class StateError(AutogradError, ValueError):
    """A saved state does not fit the model, or its file is damaged."""


# The settings of the blocks around, the innermost last.
_settings: ContextVar[tuple[Nonfinite, ...]] = ContextVar(
    "autograd_mini.nonfinite", default=("raise",)
)


class errstate(ContextDecorator):  # noqa: N801 - NumPy's name
    """Choose, for a ``with`` block or a decorated function, what a non-finite result does.

    ``"raise"`` (the default outside any block) raises `DomainError` or
    `NonFiniteGradientError`; ``"ignore"`` goes on with the infinities and NaNs of IEEE 754.
    The setting belongs to the current thread or task, as NumPy's does, and ends with the block.

    Raises:
        ValueError: ``nonfinite`` is neither ``"raise"`` nor ``"ignore"``.

    >>> import autograd_mini as ag
    >>> with ag.errstate(nonfinite="ignore"):
    ...     ag.log(0.0)
    -inf
    """

    def __init__(self, *, nonfinite: Nonfinite) -> None:
        if nonfinite not in ("raise", "ignore"):
            raise ValueError(f"errstate: nonfinite must be 'raise' or 'ignore', got {nonfinite!r}")
        self.nonfinite: Nonfinite = nonfinite

    def __enter__(self) -> None:
        _settings.set((*_settings.get(), self.nonfinite))

    def __exit__(self, *_: object) -> None:
        _settings.set(_settings.get()[:-1])


def strict() -> bool:
    """Return whether a non-finite result is an error here and now."""
    return _settings.get()[-1] == "raise"
