"""Functions of numbers or Values: the primitives, and functions that are composed of them.

With plain numbers a function returns plain numbers; with at least one Value it returns Values. The
overloads for type checkers overlap in the empty list, which is an error or gives zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, overload

from autograd_mini.arguments import is_iterable, items, number, requirement
from autograd_mini.engines import Operand, Value, choose, errstate, hold, is_frozen
from autograd_mini.engines.node import numbers_of
from autograd_mini.engines.nonfinite import exceptional
from autograd_mini.engines.value import Number
from autograd_mini.table.primitives import PRIMITIVES

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "clip",
    "cos", "cosh", "dot", "elu", "erf", "erfc", "exp", "exp2", "expm1", "gelu", "hypot",
    "leaky_relu", "linear", "log", "log1p", "log2", "log10", "log_softmax", "logaddexp",
    "logsumexp", "maximum", "mean", "minimum", "norm", "norm_cdf", "norm_pdf", "prod", "relu",
    "sigmoid", "silu", "sin", "sinh", "softmax", "softplus", "sqrt", "square", "step", "sum",
    "tan", "tanh", "where",
]  # fmt: skip

if TYPE_CHECKING:
    square, sqrt, cbrt = Value.square, Value.sqrt, Value.cbrt
    exp, exp2, expm1 = Value.exp, Value.exp2, Value.expm1
    erf, erfc = Value.erf, Value.erfc
    log, log1p, log2, log10 = Value.log, Value.log1p, Value.log2, Value.log10
    sin, cos, tan = Value.sin, Value.cos, Value.tan
    arcsin, arccos, arctan = Value.arcsin, Value.arccos, Value.arctan
    arctan2, hypot = Value.arctan2, Value.hypot
    sinh, cosh, tanh = Value.sinh, Value.cosh, Value.tanh
    arcsinh, arccosh, arctanh = Value.arcsinh, Value.arccosh, Value.arctanh
    sigmoid, softplus, step = Value.sigmoid, Value.softplus, Value.step
    relu, leaky_relu, elu = Value.relu, Value.leaky_relu, Value.elu
    sum, dot, norm = Value.sum, Value.dot, Value.norm  # noqa: A001 - NumPy's name
else:

    def __getattr__(name):
        """Return a primitive as a function, which is written when it is first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        function = globals()[name] = getattr(Value, name)
        return function


def __dir__() -> list[str]:
    return __all__


_ROOT_HALF = math.sqrt(0.5)
_DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)
_MANY = 32
"""Of more operands, softmax takes the others together in blocks: n nodes need n² operands."""


def linear(x: Number, /) -> Number:
    """Return x itself: the activation function of a linear neuron.

    >>> linear(0.7)
    0.7
    """
    return as_operand(x, argument="linear: operand")  # type: ignore[return-value]  # as x


def norm_pdf(x: Number, /) -> Number:
    """Return the density of the standard normal distribution, exp(−x²/2) / √(2π).

    >>> norm_pdf(0.0)
    0.3989422804014327
    """
    operand: Any = as_operand(x, argument="norm_pdf: operand")
    return Value.gauss(operand * _ROOT_HALF) * _DENSITY_AT_0  # type: ignore[no-any-return]


def norm_cdf(x: Number, /) -> Number:
    """Return the probability that a standard normal number is below x, erfc(−x/√2) / 2.

    >>> norm_cdf(0.0)
    0.5
    """
    operand: Any = as_operand(x, argument="norm_cdf: operand")
    return Value.erfc(operand * -_ROOT_HALF) * 0.5  # type: ignore[no-any-return]


def silu(x: Number, /) -> Number:
    """Return x · sigmoid(x), an activation function (also called swish).

    >>> silu(0.0)
    0.0
    """
    operand: Any = as_operand(x, argument="silu: operand")
    return operand * Value.sigmoid(operand)  # type: ignore[no-any-return]


def gelu(x: Number, /) -> Number:
    """Return x · norm_cdf(x), an activation function, in its exact form (not that of tanh).

    Hendrycks and Gimpel, *Gaussian error linear units*, 2016.

    >>> gelu(1.0)
    0.841344746068543
    """
    operand: Any = as_operand(x, argument="gelu: operand")
    return operand * norm_cdf(operand)  # type: ignore[no-any-return]


@overload
def where(condition: bool, x: float, y: float, /) -> float: ...  # type: ignore[overload-overlap]
@overload
def where(condition: bool, x: Operand, y: Operand, /) -> Value: ...
def where(condition: bool, x: Operand, y: Operand, /) -> Operand:
    """Return x if the condition is true, otherwise y; only the chosen operand gets a gradient.

    Args:
        condition: a bool, such as the result of comparing Values.
        x, y: Values or numbers; if either is a Value, so is the result.

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
def maximum(*xs: float) -> float: ...  # type: ignore[overload-overlap]
@overload
def maximum(*xs: Operand) -> Value: ...
def maximum(*xs: Operand) -> Operand:
    """Return the largest operand; n operands that tie for it get 1/n of the gradient each.

    Raises:
        TypeError: an operand is neither a Value nor a real number, such as a list of them.
        ValueError: there are no operands.

    >>> x, y, z = Value(2.0), Value(5.0), Value(5.0)
    >>> maximum(x, y, z).backward()
    >>> x.grad, y.grad, z.grad
    (0.0, 0.5, 0.5)
    """
    if len(xs) == 2:
        return Value.maximum(xs[0], xs[1])
    return Value.max(_extremes(xs, "maximum"))


@overload
def minimum(*xs: float) -> float: ...  # type: ignore[overload-overlap]
@overload
def minimum(*xs: Operand) -> Value: ...
def minimum(*xs: Operand) -> Operand:
    """Return the least operand; n operands that tie for it get 1/n of the gradient each.

    Raises:
        TypeError: an operand is neither a Value nor a real number, such as a list of them.
        ValueError: there are no operands.

    >>> minimum(4.0, 2.0, 3.0)
    2.0
    """
    if len(xs) == 2:
        return Value.minimum(xs[0], xs[1])
    return Value.min(_extremes(xs, "minimum"))


def _extremes(xs: tuple[Operand, ...], where: str) -> tuple[Operand, ...]:
    if not xs:
        raise ValueError(requirement(f"{where}: operands", "one or more", xs))
    if len(xs) == 1 and is_iterable(xs[0]):
        way_out = f"of the items of a sequence, call {where}(*xs)"
        raise TypeError(requirement(f"{where}: operand", "a Value or a number", xs[0], way_out))
    return tuple(as_operand(x, argument=f"{where}: operand") for x in xs)


@overload
def clip(x: Value, low: Operand | None, high: Operand | None, /) -> Value: ...
@overload
def clip(x: float, low: float | None, high: float | None, /) -> float: ...
@overload
def clip(x: Operand, low: Operand | None, high: Operand | None, /) -> Operand: ...
def clip(x: Operand, low: Operand | None, high: Operand | None, /) -> Operand:
    """Return x, or the bound if x is beyond it: ``minimum(maximum(x, low), high)``.

    At a bound, x gets half of the gradient, and the bound the other half if it is a Value.

    Args:
        x: a Value or a number.
        low, high: Values or numbers; None stands for no bound.

    >>> clip(Value(3.0), 0.0, 2.5).data
    2.5
    """
    out = as_operand(x, argument="clip: operand")
    if low is not None:
        out = Value.maximum(out, low)
    return out if high is None else Value.minimum(out, high)


@overload
def logaddexp(x: float, y: float, /) -> float: ...  # type: ignore[overload-overlap]
@overload
def logaddexp(x: Operand, y: Operand, /) -> Value: ...
def logaddexp(x: Operand, y: Operand, /) -> Operand:
    """Return ln(eˣ + eʸ); the exponentials cannot overflow.

    >>> logaddexp(1000.0, 1000.0)
    1000.6931471805599
    """
    # It has no row of its own: exp(x - y) of a rounded difference is off by that many units.
    return Value.logsumexp([as_operand(one, argument="logaddexp: operand") for one in (x, y)])


@overload
def prod(xs: Iterable[float], /) -> float: ...  # type: ignore[overload-overlap]
@overload
def prod(xs: Iterable[Operand], /) -> Value: ...
def prod(xs: Iterable[Operand], /) -> Any:
    """Return the product, multiplied from left to right; that of no operands is 1.

    No derivative divides by an operand, so each is right where operands are 0.

    >>> x, y = Value(0.0), Value(3.0)
    >>> prod([x, y, 2.0]).backward()
    >>> x.grad, y.grad
    (6.0, 0.0)
    """
    given = items(xs, argument="prod: operands", rule="a sequence of Values or numbers")
    out, *others = (as_operand(x, argument="prod: operand") for x in given or [1.0])
    for x in others:
        both = isinstance(out, float) and isinstance(x, float)
        out = exceptional(PRIMITIVES["mul"], out, x)[0] if both else out * x
    return out


@overload
def mean(xs: Iterable[float], /) -> float: ...  # type: ignore[overload-overlap]
@overload
def mean(xs: Iterable[Operand], /) -> Value: ...
def mean(xs: Iterable[Operand], /) -> Any:
    """Return the arithmetic mean.

    Raises:
        ValueError: there are no operands.

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
    """Return ln Σ eˣ; the exponentials cannot overflow.

    It is computed as m + ln(1 + Σ eˣ⁻ᵐ), where m is the largest x and the sum is over the others.

    Raises:
        ValueError: there are no operands.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return Value.logsumexp(_operands(xs, "logsumexp"))


@overload
def softmax(xs: Iterable[float], /) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def softmax(xs: Iterable[Operand], /) -> list[Value]: ...
def softmax(xs: Iterable[Operand], /) -> Any:
    """Return eˣ / Σ eˣ for each x: positive numbers that add up to 1.

    The exponentials cannot overflow, and no derivative cancels.

    Raises:
        ValueError: there are no operands.

    >>> softmax([1000.0, 0.0])
    [1.0, 0.0]
    """
    return [Value.softmax(others, x) for others, x in among(_operands(xs, "softmax"))]


@overload
def log_softmax(xs: Iterable[float], /) -> list[float]: ...  # type: ignore[overload-overlap]
@overload
def log_softmax(xs: Iterable[Operand], /) -> list[Value]: ...
def log_softmax(xs: Iterable[Operand], /) -> Any:
    """Return ln softmax for each x, accurate even if the softmax itself rounds to 0 or 1.

    It is -inf if it is below the range of floats, as for two operands that differ by 2e308.

    Raises:
        ValueError: there are no operands.

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, -0.0]
    """
    operands = _operands(xs, "log_softmax")
    with errstate(nonfinite="ignore"):
        return [Value.log_softmax(others, x) for others, x in among(operands)]


def _operands(xs: Iterable[Operand], where: str) -> list[Any]:
    given = items(xs, argument=f"{where}: operands", rule="a sequence of Values or numbers")
    if not given:
        raise ValueError(requirement(f"{where}: operands", "a sequence that is not empty", given))
    return [as_operand(x, argument=f"{where}: operand") for x in given]


def as_operand(given: object, *, argument: str) -> Operand:
    """Return a Value as it is, and a number as a float; `arguments.number` lists the errors."""
    return given if isinstance(given, Value) else number(given, argument=argument)


def _find_shift(operands: list[Any]) -> Operand:
    """Return the largest of the finite numbers; the Value that this is while it is recorded."""
    if not any(map(is_frozen, operands)):
        return max(filter(math.isfinite, numbers_of(operands)), default=0.0)
    # A recording need not tell apart what is not finite: such numbers are computed without it.
    finite = [x for x in operands if isinstance(x, Value) or math.isfinite(x)]
    largest = finite[0]
    for x in finite[1:]:
        largest = choose(">", x, largest, x, largest)
    return hold(largest)


def among(operands: list[Any]) -> Iterator[tuple[list[Any], Any]]:
    """Yield the others beside each operand, for functions of the differences between operands.

    For many operands, these would be too many numbers. So the others outside a block of operands
    are replaced by the logarithm of the sum of their exponentials, a number for each block.
    """
    size = len(operands)
    if size > _MANY:
        # This keeps the digits of the logarithms. The differences depend on no constant.
        shift = _find_shift(operands)
        with errstate(nonfinite="ignore"):  # what is far below the largest operand becomes -inf
            operands = [x - shift for x in operands]
        size = math.isqrt(size)
    blocks = [operands[start : start + size] for start in range(0, len(operands), size)]
    totals = [Value.logsumexp(block) for block in blocks] if len(blocks) > 1 else [0.0]
    for i, block in enumerate(blocks):
        outside = totals[:i] + totals[i + 1 :]
        for k, x in enumerate(block):
            yield block[:k] + block[k + 1 :] + outside, x
