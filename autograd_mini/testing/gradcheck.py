"""A gradient check: `backward` against difference quotients, as closely as floats allow."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_mini.engines import Value
from autograd_mini.errors import DomainError, GradientCheckError
from autograd_mini.exceptional import numbers_of
from autograd_mini.graph import edges, topological_order
from autograd_mini.number import finite, number

__all__ = ["absolute_gradients", "check_gradients"]

_UNIT_ROUNDOFF = 2.0**-53

# A difference quotient is the sum of weight · f(x + offset · h), over h. All three are exact for
# parabolas; the one-sided ones serve at the edge of a domain.
_CENTRAL = ((1, 0.5), (-1, -0.5))
_FORWARD = ((0, -1.5), (1, 2.0), (2, -0.5))
_BACKWARD = tuple((-offset, -weight) for offset, weight in _FORWARD)


def absolute_gradients(root: Value, *, seed: float = 1.0) -> dict[Value, float]:
    """Return for each node what `backward` would, had every local partial its absolute value.

    It is what the terms of a gradient add up to when none of them cancel: the scale by which the
    error of the gradient is to be judged (as in running error analysis; Higham, *Accuracy and
    Stability of Numerical Algorithms*, 2002, section 3.3). No gradient is changed.

    >>> x = Value(3.0)
    >>> absolute_gradients(5.0 * x - 4.0 * x)[x]
    9.0
    """
    order = topological_order(root)
    absolute = dict.fromkeys(order, 0.0)
    absolute[root] = abs(seed)
    for node in reversed(order):
        for edge in edges(node):
            absolute[edge.operand] += absolute[node] * abs(edge.partial)
    return absolute


def check_gradients(
    f: Callable[..., Value], *args: float, seed: float = -0.75, tolerance: float = 1e-6
) -> None:
    """Check every ∂f/∂arg that ``backward()`` gives against a difference quotient.

    The quotient is central, with h = 6e-6 · max(|x|, 1e-3). The two may differ by

    - ``tolerance`` times the absolute gradient (see `absolute_gradients`). The scale is the
      gradient's own, so a derivative of 1e-12 is checked as closely as one of 1e12;
    - the rounding of f in the quotient, which no check by differences can see behind. The library
      computes each node v within 4 units in the last place, at most 8u|v| with u = 2⁻⁵³, and
      n operands add with at most n·u·Σ|terms|; each such error reaches f times the absolute
      derivative of f by v. Their sum, over h, bounds the rounding;
    - the truncation of the quotient, taken to be its change from step 8h to step h.

    While the last two are the greater part, and get less, the step is shortened by factors of 8,
    which lets the check come close to poles and kinks; within some 1e-9 of one it may report a
    right gradient as wrong. At the edge of a domain the quotient is one-sided. A kink of f at the
    very point is found to be a wrong gradient, unless the gradient is the mean of the slopes on
    both sides, as that of abs at 0 is. Values that f closes over get gradients, as from any
    backward pass.

    Args:
        f: takes as many Values as there are ``args``, and returns one.
        args: the numbers to differentiate at.
        seed: what ``backward`` starts from; not 1, so that an ignored seed is found too.
        tolerance: the difference that is allowed, relative to the absolute gradient.

    Raises:
        GradientCheckError: a gradient is wrong; says for which argument, and by how much.
        TypeError: f does not return a Value, or an argument is not a number.
        ValueError: there are no ``args``, ``seed`` is zero or not finite, or ``tolerance`` is
            negative or not finite.
        DomainError: f is not defined at ``args``, or not around them.

    >>> check_gradients(lambda x, y: x * y + y.exp(), 2.0, -0.5)
    """
    called = getattr(f, "__name__", None) or repr(f)
    if not args:
        raise ValueError(f"check_gradients: {called} got no arguments to differentiate by")
    seed = finite(seed, what="check_gradients: seed")
    if seed == 0:
        raise ValueError("check_gradients: seed must not be zero, or every gradient is right")
    tolerance = finite(tolerance, what="check_gradients: tolerance")
    if tolerance < 0:
        raise ValueError(f"check_gradients: tolerance must be at least 0, got {tolerance!r}")
    names = _names(f, len(args))
    point = [
        number(arg, what=f"check_gradients: {name}") for name, arg in zip(names, args, strict=True)
    ]
    leaves, out = _evaluate(f, point, called)
    absolute = absolute_gradients(out, seed=seed)
    out.backward(seed=seed)
    for position, (name, leaf) in enumerate(zip(names, leaves, strict=True)):
        if not math.isfinite(leaf.grad):
            raise GradientCheckError(
                f"{called}: the gradient for {name} = {leaf.data!r} is {leaf.grad!r}, "
                "which no difference quotient can confirm"
            )
        allowed = tolerance * absolute.get(leaf, 0.0)
        slope = _slope(f, point, position, enough=allowed / abs(seed), called=called)
        numeric = seed * slope.quotient
        bound = allowed + abs(seed) * slope.uncertainty
        difference = abs(leaf.grad - numeric)
        if not difference <= bound:
            raise GradientCheckError(
                f"{called}: the gradient for {name} = {leaf.data!r} is wrong, or f has a kink "
                f"there: backward(seed={seed!r}) gives {leaf.grad!r}, the difference quotient "
                f"{numeric!r}; they differ by {difference:.3g}, and {bound:.3g} is allowed"
            )


@dataclass(frozen=True)
class _Slope:
    """A difference quotient, and how far it may be from the derivative."""

    quotient: float
    uncertainty: float


def _slope(
    f: Callable[..., Value], point: list[float], position: int, *, enough: float, called: str
) -> _Slope:
    """Return the least uncertain of the difference quotients over ever shorter steps."""
    step = 6e-6 * max(abs(point[position]), 1e-3)
    best = _Slope(math.nan, math.inf)
    previous: float | None = None
    refused: DomainError | None = None
    for shortening in range(-1, 8):
        h = step / 8.0**shortening
        try:
            quotient, rounding = _quotient(f, point, position, h, called)
        except DomainError as error:
            refused = error
            continue
        if previous is not None:
            uncertainty = rounding + abs(quotient - previous)
            if uncertainty < best.uncertainty:
                best = _Slope(quotient, uncertainty)
        if best.uncertainty <= enough or rounding > best.uncertainty:
            break
        previous = quotient
    if best.quotient != best.quotient:
        raise DomainError(
            f"check_gradients: {called} has no finite difference quotient at {point!r}, not even a "
            "one-sided one" + (f": {refused}" if refused else "")
        ) from refused
    return best


def _quotient(
    f: Callable[..., Value], point: list[float], position: int, h: float, called: str
) -> tuple[float, float]:
    """Return the difference quotient over steps of h, and a bound for its rounding."""
    for stencil in (_CENTRAL, _FORWARD, _BACKWARD):
        try:
            return _applied(stencil, f, point, position, h, called)
        except DomainError as error:
            refused = error
    raise refused


def _applied(
    stencil: Sequence[tuple[int, float]],
    f: Callable[..., Value],
    point: list[float],
    position: int,
    h: float,
    called: str,
) -> tuple[float, float]:
    difference = rounding = 0.0
    for offset, weight in stencil:
        stepped = list(point)
        stepped[position] += offset * h
        _, out = _evaluate(f, stepped, called)
        difference += weight * out.data
        rounding += abs(weight) * _rounding(out)
    return difference / h, rounding / h


def _evaluate(
    f: Callable[..., Value], point: Sequence[float], called: str
) -> tuple[list[Value], Value]:
    leaves = [Value(x) for x in point]
    out: Any = f(*leaves)
    if not isinstance(out, Value):
        raise TypeError(
            f"check_gradients: {called} must return a Value, got {type(out).__name__} {out!r}"
        )
    return leaves, out


def _rounding(out: Value) -> float:
    """Return a bound for the error of a computed number; of its leaves too, which a step rounds."""
    bound = 0.0
    for node, absolute in absolute_gradients(out).items():
        if absolute:
            own = (
                _summing(node) if node.op and node.op.nary else 8 * _UNIT_ROUNDOFF * abs(node.data)
            )
            bound += absolute * own
    return bound if bound == bound else math.inf


def _summing(node: Value) -> float:
    """Return n · u · Σ|terms| for a node that adds n operands up."""
    assert node.op is not None
    absolute = list(map(abs, numbers_of(node.operands)))
    sequences = node.op.value.sequences
    single = len(node.op.operands) - len(sequences)
    length = (len(absolute) - single) // len(sequences)
    remaining = iter(absolute)
    operands = [
        [next(remaining) for _ in range(length)] if name in sequences else next(remaining)
        for name in node.op.operands
    ]
    magnitude, _ = node.op.evaluate(*operands)
    return (length + single) * _UNIT_ROUNDOFF * magnitude


def _names(f: Callable[..., Value], count: int) -> list[str]:
    """Return what errors call the arguments: their position, and their name if f tells it."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some built-in functions keep their signature to themselves
        parameters = []
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [
        f"argument {position}" + (f" ({named[position]!r})" if position < len(named) else "")
        for position in range(count)
    ]
