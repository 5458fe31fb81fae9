"""Functions over numbers or Values: the primitives as functions, and those composed of them.

A function given plain numbers returns plain numbers; given at least one Value, it returns Values.
The overloads that say so to a type checker overlap in the empty list, which is an error or zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, overload

from autograd_mini.arguments import number, requirement
from autograd_mini.engines import Operand, Value
from autograd_mini.engines.node import numbers_of
from autograd_mini.engines.value import Number

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "cos", "cosh", "dot",
    "erf", "exp", "expm1", "leaky_relu", "linear", "log", "log1p", "log2", "log10", "log_softmax",
    "logsumexp", "maximum", "mean", "minimum", "relu", "sigmoid", "sin", "sinh", "softmax",
    "softplus", "sqrt", "square", "step", "sum", "tan", "tanh", "where",
]  # fmt: skip

if TYPE_CHECKING:
    square, sqrt, cbrt = Value.square, Value.sqrt, Value.cbrt
    exp, expm1, erf = Value.exp, Value.expm1, Value.erf
    log, log1p, log2, log10 = Value.log, Value.log1p, Value.log2, Value.log10
    sin, cos, tan = Value.sin, Value.cos, Value.tan
    arcsin, arccos, arctan = Value.arcsin, Value.arccos, Value.arctan
    sinh, cosh, tanh = Value.sinh, Value.cosh, Value.tanh
    arcsinh, arccosh, arctanh = Value.arcsinh, Value.arccosh, Value.arctanh
    sigmoid, softplus, step = Value.sigmoid, Value.softplus, Value.step
    relu, leaky_relu = Value.relu, Value.leaky_relu
    maximum, minimum = Value.maximum, Value.minimum
    sum, dot = Value.sum, Value.dot  # noqa: A001 - NumPy's name
else:

    def __getattr__(name):
        """Return a primitive as a function, which is written only when it is asked for."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        function = globals()[name] = getattr(Value, name)
        return function


def __dir__() -> list[str]:
    return __all__


def linear(x: Number, /) -> Number:
    """Return x itself: the activation of a neuron that has none.

    >>> linear(0.7)
    0.7
    """
    return as_operand(x, argument="linear: operand")  # type: ignore[return-value]  # it is what x is


@overload
def where(condition: bool, x: float, y: float, /) -> float: ...  # type: ignore[overload-overlap]
@overload
def where(condition: bool, x: Operand, y: Operand, /) -> Value: ...
def where(condition: bool, x: Operand, y: Operand, /) -> Operand:
    """Return x if the condition holds, otherwise y; the other one gets no gradient.

    Args:
        condition: a bool, such as a comparison of Values gives.
        x, y: Values or numbers; if either is a Value, a Value is returned.

    Raises:
        TypeError: the condition is not a bool.

    >>> x = Value(-2.0)
    >>> where(x > 0, x, 0.1 * x).data
    -0.2
    """
    if type(condition).__name__ not in ("bool", "bool_"):
        raise TypeError(requirement("where: condition", "a bool", condition))
    operands = [as_operand(one, argument="where: operand") for one in (x, y)]
    chosen = operands[0] if condition else operands[1]
    if isinstance(chosen, float) and any(isinstance(one, Value) for one in operands):
        return Value(chosen)
    return chosen


@overload
def mean(xs: Iterable[float], /) -> float: ...  # type: ignore[overload-overlap]
@overload
def mean(xs: Iterable[Operand], /) -> Value: ...
def mean(xs: Iterable[Operand], /) -> Any:
    """Return the arithmetic mean.

    Raises:
        ValueError: there is nothing to take the mean of.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    operands = _operands(xs, "mean")
    return Value.sum(operands) / len(operands)


@overload
def logsumexp(xs: Iterable[float], /) -> float: ...  # type: ignore[overload-overlap]
@overload
def logsumexp(xs: Iterable[Operand], /) -> Value: ...
def logsumexp(xs: Iterable[Operand], /) -> Any:
    """Return ln Σ eˣ, without the overflow of the exponentials.

    The largest x is taken out of the sum: m + ln(1 + Σ eˣ⁻ᵐ), the sum being over the others.

    Raises:
        ValueError: there are no operands.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    top, _, excess = _log_total(_operands(xs, "logsumexp"))
    return top + excess


@overload
def softmax(xs: Iterable[float], /) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def softmax(xs: Iterable[Operand], /) -> list[Value]: ...
def softmax(xs: Iterable[Operand], /) -> Any:
    """Return eˣ / Σ eˣ for each x: positive numbers that add up to 1.

    The largest x is subtracted first, which changes nothing but keeps eˣ from overflowing, and the
    derivatives from cancelling.

    Raises:
        ValueError: there are no operands.

    >>> softmax([1000.0, 0.0])
    [1.0, 0.0]
    """
    _, shifted, _ = _shift_by_largest(_operands(xs, "softmax"))
    powers = [Value.exp(x) for x in shifted]
    total = Value.sum(powers)
    return [power / total for power in powers]


@overload
def log_softmax(xs: Iterable[float], /) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def log_softmax(xs: Iterable[Operand], /) -> list[Value]: ...
def log_softmax(xs: Iterable[Operand], /) -> Any:
    """Return ln softmax for each x, right also where the softmax itself is rounded to 0 or 1.

    Raises:
        ValueError: there are no operands.

    >>> log_softmax([1000.0, 0.0])
    [0.0, -1000.0]
    """
    _, shifted, excess = _log_total(_operands(xs, "log_softmax"))
    return [x - excess for x in shifted]


def _operands(xs: Iterable[Operand], where: str) -> list[Any]:
    """Return the operands as a list of Values and floats."""
    if not isinstance(xs, Iterable):
        raise TypeError(requirement(f"{where}: operands", "a sequence of Values or numbers", xs))
    given = list(xs)
    if not given:
        raise ValueError(requirement(f"{where}: operands", "a sequence that is not empty", given))
    return [as_operand(x, argument=f"{where}: operand") for x in given]


def as_operand(given: object, *, argument: str) -> Operand:
    """Return a Value as it is, and a number as a float.

    Raises:
        TypeError, ValueError: it is neither; see `autograd_mini.arguments.number`.
    """
    return given if isinstance(given, Value) else number(given, argument=argument)


def _shift_by_largest(operands: list[Any]) -> tuple[Any, list[Any], int | None]:
    """Return the largest operand, the operands less that, and the place of it.

    It is less itself the constant 0: as a node, it would have the derivatives 1 and -1, beside
    which what else there is to its gradient would be rounded away. If not all are finite, the
    largest finite one is taken as a constant, without a place.
    """
    numbers = numbers_of(operands)
    if len(operands) == 1 or not all(map(math.isfinite, numbers)):
        top = max(filter(math.isfinite, numbers), default=0.0)
        return top, [x - top for x in operands], None
    at = numbers.index(max(numbers))
    top = operands[at]
    return top, [0.0 if i == at else x - top for i, x in enumerate(operands)], at


def _log_total(operands: list[Any]) -> tuple[Any, list[Any], Any]:
    """Return the largest operand, the operands less that, and ln Σ eˣ less that.

    The latter is by way of log1p, so that it keeps its digits where one operand outweighs all.
    """
    top, shifted, at = _shift_by_largest(operands)
    if at is None:
        return top, shifted, Value.log(Value.sum([Value.exp(x) for x in shifted]))
    others = [Value.exp(x) for i, x in enumerate(shifted) if i != at]
    return top, shifted, Value.log1p(Value.sum(others))
