"""Derivatives of a graph that is there, as numbers or as a graph of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, overload

from autograd_mini.arguments import is_iterable, items, number, requirement
from autograd_mini.engines import Operand, Value, hold, sweep_back
from autograd_mini.engines.derivatives import differentiate
from autograd_mini.functions import as_operand
from autograd_mini.transforms.calls import as_values
from autograd_mini.transforms.structures import build, flatten

__all__ = ["gradient_graph", "gradients", "stop_gradient"]

Structure = TypeVar("Structure")


@overload
def gradients(outputs: Value | Sequence[Value], wrt: Value, *, seeds: Any = None) -> float: ...
@overload
def gradients(
    outputs: Value | Sequence[Value], wrt: list[Value], *, seeds: Any = None
) -> list[float]: ...
@overload
def gradients(outputs: Value | Sequence[Value], wrt: Any, *, seeds: Any = None) -> Any: ...
def gradients(outputs: Value | Sequence[Value], wrt: Any, *, seeds: Any = None) -> Any:
    """Return the derivatives of Σ seed · output, by the partials that the graph recorded.

    It changes nothing: no ``grad`` is read, set or added to.

    Args:
        outputs: a Value or a sequence of Values.
        wrt: a Value, also a computed one, or a structure of Values: lists, tuples, dicts, arrays.
        seeds: a number, or one for each output of a sequence; None for 1 each.

    Returns:
        A float for each Value of ``wrt``, in the same structure; 0.0 if no output depends on it.

    Raises:
        NonFiniteGradientError: a derivative is not finite, unless `errstate` allows that.
        TypeError: something else than a Value; the error has its path.

    >>> x, y = Value(3.0), Value(4.0)
    >>> gradients(x * y, {"x": x, "y": y}), x.has_grad
    ({'x': 4.0, 'y': 3.0}, False)
    """
    roots, weights = _read("gradients", outputs, seeds, number)
    inputs = flatten(wrt, _take_value, "gradients: wrt")
    found = sweep_back(roots, inputs, weights, 0, "gradients")
    assert found is not None  # no leaf is too old
    return build(wrt, iter(found))


@overload
def gradient_graph(outputs: Value | Sequence[Value], wrt: Value, *, seeds: Any = None) -> Value: ...
@overload
def gradient_graph(
    outputs: Value | Sequence[Value], wrt: list[Value], *, seeds: Any = None
) -> list[Value]: ...
@overload
def gradient_graph(outputs: Value | Sequence[Value], wrt: Any, *, seeds: Any = None) -> Any: ...
def gradient_graph(outputs: Value | Sequence[Value], wrt: Any, *, seeds: Any = None) -> Any:
    """Return the derivatives that `gradients` returns as Values, which can be differentiated again.

    The rules of the table are computed over the Values of the graph, so the numbers of now count.

    Args:
        outputs, wrt: as for `gradients`.
        seeds: a number or Value, or one for each output of a sequence; None for 1 each.

    Raises:
        NonFiniteGradientError: a derivative is not finite, unless `errstate` allows that.
        RuntimeError: a number was changed after the graph was made; the error names the Value.
        TypeError: something else than a Value; the error has its path.

    >>> x = Value(3.0)
    >>> first = gradient_graph(x**3, x)
    >>> first.data, gradients(first, x)
    (27.0, 18.0)
    """
    roots, weights = _read("gradient_graph", outputs, seeds, as_operand)
    inputs = flatten(wrt, _take_value, "gradient_graph: wrt")
    return build(wrt, iter(as_values(differentiate(roots, inputs, weights, "gradient_graph"))))


def _read(
    where: str, outputs: Any, seeds: Any, take: Callable[..., Any]
) -> tuple[list[Value], list[Any]]:
    """Return the outputs as a list, and a seed for each."""
    if isinstance(outputs, Value):
        outputs, seeds = [outputs], None if seeds is None else [seeds]
    argument, rule = f"{where}: outputs", "a Value or a sequence of Values"
    several = items(outputs, argument=argument, rule=rule)
    roots = [_take_value(x, argument=f"{argument}[{i}]") for i, x in enumerate(several)]
    if seeds is None:
        return roots, [1.0] * len(roots)
    argument, rule = f"{where}: seeds", f"a sequence of {len(roots)} numbers, one for each output"
    if not is_iterable(seeds):
        raise TypeError(requirement(argument, rule, seeds))
    several = items(seeds, argument=argument, rule=rule)
    if len(several) != len(roots):
        raise ValueError(requirement(argument, rule, several))
    return roots, [take(x, argument=f"{argument}[{i}]") for i, x in enumerate(several)]


def _take_value(x: Any, *, argument: str) -> Value:
    if not isinstance(x, Value):
        raise TypeError(requirement(argument, "a Value", x))
    return x


@overload
def stop_gradient(v: Value, /) -> Value: ...
@overload
def stop_gradient(v: float, /) -> float: ...
def stop_gradient(v: Operand, /) -> Operand:
    """Return a Value with the same number that depends on nothing; a number as a float.

    >>> x = Value(3.0)
    >>> gradients(x * stop_gradient(x), x)
    3.0
    """
    given = as_operand(v, argument="stop_gradient: operand")
    return hold(given) if isinstance(given, Value) else given
