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
