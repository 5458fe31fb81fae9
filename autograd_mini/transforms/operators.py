"""Functions of functions: gradients, Jacobians, Hessians, products with these, in both modes.

A derivative is a float, or a Value where an argument was one or the function used a Value that the
call did not make; so derivatives nest to any order, and none is detached from what it depends on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import ref

from autograd_mini.arguments import requirement, whole
from autograd_mini.engines import Operand, Transform, Value, choose
from autograd_mini.functions import as_operand
from autograd_mini.transforms.calls import Call
from autograd_mini.transforms.structures import build, build_matrix, check_alike, flatten

__all__ = [
    "Derivative", "find_derivative", "grad", "hessian", "hvp", "jacobian", "jvp", "symmetrize",
    "value_and_grad", "vjp",
]  # fmt: skip

Function = Callable[..., Any]
_IN_C = ("grad", "value_and_grad", "jacobian")  # in the order in which C counts them


class Derivative(NamedTuple):
    """What a function of `grad`, `value_and_grad`, `jacobian` or `hessian` differentiates.

    Args:
        where: the name of the transform.
        function: the function.
        positions: the positions of the arguments to differentiate by.
        is_single: whether a single position was given, so that the result is no tuple.
    """

    where: str
    function: Function
    positions: tuple[int, ...]
    is_single: bool


def find_derivative(function: Function) -> Derivative | None:
    """Return what a function differentiates; None for a function that no transform has made.

    >>> find_derivative(grad(abs)).function
    <built-in function abs>
    """
    made, derivative = getattr(function, "_derivative", (None, None))
    # Another function has the attribute too if it was wrapped around this one.
    return derivative if made is not None and made() is function else None


def grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return a function that computes the gradient of f, a function with one number as result.

    It takes the arguments of f. An argument to differentiate by is a number, or a structure of
    numbers: lists, tuples, dicts, NumPy arrays. The others, and keyword arguments, pass untouched.

    Args:
        f: a function of Values that returns a Value, or a number if it is constant.
        argnums: the position of the argument to differentiate by, or a sequence of positions.

    Returns:
        A function whose result has the structure of the argument; for a sequence of positions,
        a tuple of such structures.

    Raises:
        NonFiniteGradientError: a derivative is not finite, unless `errstate` allows that.
        TypeError: a number is none (the error has its path), f returns something else than a
            number, or a number that it computed from an argument's ``.data``.

    >>> cube = lambda x: x**3
    >>> grad(cube)(2.0), grad(grad(cube))(2.0), grad(grad(grad(cube)))(2.0)
    (12.0, 12.0, 6.0)
    """
    return _make(f, argnums, "grad", lambda call, form: _value_and_gradient(call, form)[1])


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return a function that computes the value of f and its gradient, as a tuple of the two.

    The arguments, and the errors, are those of `grad`.

    >>> value_and_grad(lambda x, y: x * y)(3.0, 4.0)
    (12.0, 4.0)
    """
    return _make(f, argnums, "value_and_grad", _value_and_gradient)


def _value_and_gradient(call: Call, form: Any) -> tuple[Operand, Any]:
    outputs = call.scalar()
    gradient = call.pull_back(outputs, [1.0])
    return call.values(outputs)[0], build(form, iter(gradient))


def jacobian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return a function that computes every derivative of every result of f, in reverse mode.

    f may return a structure of numbers. The Jacobian has that structure outside, and inside, in
    the place of each number, the structure of the argument; of arrays, the axes of the result come
    before those of the argument. The arguments, and the errors, are those of `grad`.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([3.0, 4.0])
    [[4.0, 3.0], [1.0, 1.0]]
    """

    def differentiate(call: Call, form: Any) -> Any:
        rows = call.pull_back_each([([output], [1.0]) for output in call.outputs()])
        return build_matrix(call.result, form, rows)

    return _make(f, argnums, "jacobian", differentiate)


def hessian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return a function that computes every second derivative of f, which returns one number.

    The Hessian has the structure of the argument twice. The derivatives by x and y, and by y and x,
    are computed apart, and their mean is returned for both, so that the matrix is symmetric. The
    arguments, and the errors, are those of `grad`.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 4.0])
    [[8.0, 6.0], [6.0, 0.0]]
    """

    def differentiate(call: Call, form: Any) -> Any:
        gradient = call.gradient_values()
        rows = call.pull_back_each([([first], [1.0]) for first in gradient], order=1)
        return build_matrix(form, form, symmetrize(rows))

    return _make(f, argnums, "hessian", differentiate)


def symmetrize(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return a matrix in which the mean stands for the two entries across the diagonal."""

    def mean(a: Any, b: Any) -> Any:
        if isinstance(a, float) and isinstance(b, float):
            return a if a == b else a / 2 + b / 2
        return choose("==", a, b, a, a / 2 + b / 2)  # half of the least float is none

    size = range(len(rows))
    upper = {(i, j): mean(rows[i][j], rows[j][i]) for i in size for j in size[i + 1 :]}
    return [[rows[i][i] if i == j else upper[min(i, j), max(i, j)] for j in size] for i in size]


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Return the value of f, and its derivative along tangents, in forward mode.

    Args:
        f: a function that returns a number or a structure of numbers.
        primals: the arguments of f, a tuple.
        tangents: the direction, in the form of the primals.

    Raises:
        ValueError: the tangents have not the form of the primals.
        NonFiniteGradientError, TypeError: as for `grad`.

    >>> jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 10.0))
    (12.0, 34.0)
    """
    call, along = _start("jvp", f, primals, tangents)
    outputs = call.outputs()
    moved = call.push_forward(outputs, along)
    return (
        build(call.result, iter(call.values(outputs))),
        build(call.result, iter(moved)),
    )


def vjp(f: Function, *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Return the value of f, and a function that pulls cotangents back, in reverse mode.

    That function takes a structure in the form of the value, the weight of each result, and
    returns a tuple with a structure for each argument of f. The errors are those of `jvp`.

    >>> value, pull_back = vjp(lambda x, y: (x * y, x + y), 3.0, 4.0)
    >>> value, pull_back((1.0, 0.0)), pull_back((1.0, 10.0))
    ((12.0, 7.0), (4.0, 3.0), (14.0, 13.0))
    """
    call = _call("vjp", f, primals)
    outputs = call.outputs()
    call.look_for_values(outputs)

    def pull_back(cotangent: Any) -> tuple[Any, ...]:
        check_alike(cotangent, call.result, "vjp: cotangent", "the value")
        seeds = flatten(cotangent, as_operand, "vjp: cotangent")
        found: tuple[Any, ...] = build(tuple(call.given), iter(call.pull_back(outputs, seeds)))
        return found

    return build(call.result, iter(call.values(outputs))), pull_back


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
    """Return the product of the Hessian of f with tangents: forward mode over reverse mode.

    It costs as much as a few gradients, whatever the number of arguments is. The arguments, and
    the errors, are those of `jvp`; f returns one number. The result has the form of the primals.

    >>> hvp(lambda x, y: x**2 * y, (3.0, 4.0), (1.0, 10.0))
    (68.0, 6.0)
    """
    call, along = _start("hvp", f, primals, tangents)
    product = call.push_forward(call.gradient_values(), along, order=1)
    found: tuple[Any, ...] = build(tuple(call.given), iter(product))
    return found


def _start(where: str, f: Function, primals: Any, tangents: Any) -> tuple[Call, list[Operand]]:
    """Return a call at the primals, and the tangent of each input."""
    for argument, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            rule = "a tuple, with an item for each argument of the function"
            raise TypeError(requirement(f"{where}: {argument}", rule, given))
    check_alike(tangents, primals, f"{where}: tangents", "the primals")
    along = flatten(tangents, as_operand, f"{where}: tangents")
    return _call(where, f, primals), along


def _call(where: str, f: Function, primals: Sequence[Any]) -> Call:
    """Call a function, and differentiate by all its arguments."""
    _check_function(where, f)
    return Call.make(where, f, primals, {}, range(len(primals)))


def _check_function(where: str, f: object) -> None:
    if not callable(f):
        raise TypeError(requirement(f"{where}: f", "a function", f))


def _make(
    f: Function, argnums: int | Sequence[int], where: str, differentiate: Callable[[Call, Any], Any]
) -> Function:
    """Return a function of f's arguments, which calls f and differentiates the call."""
    _check_function(where, f)
    positions, is_single = _read_positions(where, argnums)

    @functools.wraps(f)
    def call_and_differentiate(*args: Any, **kwargs: Any) -> Any:
        count = len(args)
        chosen = [position % count for position in positions if -count <= position < count]
        if len(set(chosen)) < len(positions):
            rule = f"different positions among the {count} positional arguments"
            way_out = "an argument that is passed by keyword is not differentiated"
            raise TypeError(requirement(f"{where}: argnums", rule, argnums, way_out))
        return finish(Call.make(where, f, args, kwargs, chosen))

    def finish(call: Call) -> Any:
        return differentiate(call, call.given[0] if is_single else tuple(call.given))

    def finish_plain(args: Sequence[Any], inputs: list[Value], since: int, result: Any) -> Any:
        return finish(Call(where, [args[i] for i in positions], inputs, since, result))

    made: Any = call_and_differentiate
    if Transform is not None and where in _IN_C and min(positions) >= 0:
        kind = _IN_C.index(where)
        made = Transform(kind, f, tuple(positions), is_single, made, finish_plain)
        functools.update_wrapper(made, f)
    made._derivative = ref(made), Derivative(where, f, tuple(positions), is_single)
    return made  # type: ignore[no-any-return]


def _read_positions(where: str, argnums: Any) -> tuple[list[int], bool]:
    """Return the positions of arguments, and whether a single one was given."""
    single = whole(argnums)
    if single is not None:
        return [single], True
    found = list(map(whole, argnums)) if isinstance(argnums, tuple | list) else [None]
    positions = [position for position in found if position is not None]
    if not found or positions != found or len(set(positions)) < len(positions):
        rule = "an int, or a tuple of different ints"
        raise TypeError(requirement(f"{where}: argnums", rule, argnums))
    return positions, False
