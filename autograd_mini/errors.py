"""The errors that only this library raises."""

__all__ = [
    "AutogradError",
    "DivergenceError",
    "DomainError",
    "GradientMismatchError",
    "GraphTooLargeError",
    "NonFiniteGradientError",
    "RendererNotFoundError",
    "StateError",
]


class AutogradError(Exception):
    """The base class of this library's errors."""


class DomainError(AutogradError, ArithmeticError):
    """An operation turned finite numbers into an infinity or a NaN.

    The message names the operation, its operands and its domain. Inside
    ``errstate(nonfinite="ignore")`` the operation returns the IEEE 754 result instead.
    """


class NonFiniteGradientError(AutogradError, ArithmeticError):
    """A backward pass would have stored an infinite or NaN gradient in a leaf.

    The message names the leaf and the node that is the cause. No gradient has changed.
    """


class DivergenceError(AutogradError, ArithmeticError):
    """A training diverged; the parameters hold the last good values."""


class GradientMismatchError(AutogradError, AssertionError):
    """A gradient differs from the derivative that the function's values show."""


class GraphTooLargeError(AutogradError, ValueError):
    """A graph has more nodes than a reader could follow."""


class RendererNotFoundError(AutogradError, RuntimeError):
    """Neither the ``dot`` program nor the in-process Graphviz is installed."""


class StateError(AutogradError, ValueError):
    """A saved state does not fit the model, or its file is damaged."""
