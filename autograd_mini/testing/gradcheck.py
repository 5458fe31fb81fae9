"""A check of gradients against the function itself, as closely as floats allow."""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd_mini.arguments import as_rng, count, finite, requirement
from autograd_mini.engines import Value
from autograd_mini.errors import AutogradError, DomainError, GradientMismatchError
from autograd_mini.programs.program import Program
from autograd_mini.testing.diagnosis import LONGEST, isolate
from autograd_mini.testing.differences import Line, Slope, measure_slope
from autograd_mini.testing.report import Comparison, GradientReport
from autograd_mini.testing.subjects import Gradients, OfNumbers, OfValues, as_lists

__all__ = ["check_gradients"]

_CENTRAL = 1e-6
_CENTRAL_ALONE = 1e-9
_SOME_TIMES = 3  # a function by chance is then hardly ever taken for another
_MANY_TIMES = 20  # before a gradient is called wrong
_FAINT = 1e-300  # underflow may make differences up to this


def check_gradients(
    f: Callable[..., Any] | Value,
    *args: Any,
    gradient: Callable[..., Any] | None = None,
    order: int = 1,
    seed: float | None = None,
    tolerance: float | None = None,
    rng: random.Random | int | None = None,
) -> GradientReport:
    """Check every ∂f/∂arg by differences and a complex step, and report how well they agree.

    docs/gradient-checks.md says how close is close enough, and why. Forward mode has to agree too.

    Args:
        f: a function of Values, whose ``backward()`` is checked; with ``gradient``, any function of
            numbers; or a Value, whose graph is checked and keeps its gradients.
        args: the numbers to differentiate at, or sequences of them, which f gets as lists; none
            for a Value.
        gradient: a function that returns the derivative, or a sequence of them for several numbers.
        order: up to which order derivatives are checked; 2 or more for those of `gradient_graph`.
        seed: the gradient that ``backward`` starts with; None for two random numbers, neither 1.
        tolerance: the error that each method allows, relative to the absolute gradient.
        rng: the generator of the random seeds, or an int that seeds it; None for the same seeds
            each time.

    Raises:
        GradientMismatchError: a gradient is wrong; the error says which, by how much, and where.
        TypeError: f does not return a Value (or a number), or an argument is not a number.
        ValueError: an argument or an option is out of range, a graph changed, or f gives another
            number for the same arguments.
        DomainError: f is not defined at ``args``, or not around them.

    >>> check_gradients(lambda x, y: x * y + y.exp(), 2.0, -0.5).worst.error < 1e-15
    True
    """
    __tracebackhide__ = True
    if tolerance is not None:
        tolerance = finite(tolerance, argument="check_gradients: tolerance")
        if tolerance < 0:
            raise ValueError(requirement("check_gradients: tolerance", "at least 0", tolerance))
    order = count(order, argument="check_gradients: order")
    if gradient is not None and order > 1:
        rule, way_out = "1 with gradient=", "for more, give a function of Values"
        raise ValueError(requirement("check_gradients: order", rule, order, way_out))
    if isinstance(f, Value):
        if args or gradient is not None:
            name, given = ("args", args) if args else ("gradient", gradient)
            rule = "left out, as a Value is checked at the numbers in its leaves"
            raise ValueError(requirement(f"check_gradients: {name}", rule, given))
        f, args, names = _rebuild(f)
        called = "the graph"
    else:
        if not callable(f):
            raise TypeError(requirement("check_gradients: f", "a function or a Value", f))
        if gradient is not None and not callable(gradient):
            raise TypeError(requirement("check_gradients: gradient", "a function", gradient))
        called = getattr(f, "__name__", None) or repr(f)
        rule = "numbers or lists of numbers"
        args = tuple(as_lists(args, argument="check_gradients: args", rule=rule))
        names = _name_arguments(f, args)
    if not names:
        rule = f"one number or more, to differentiate {called}"
        raise ValueError(requirement("check_gradients: args", rule, args))
    rng = 0 if rng is None else rng
    source: Any = rng if hasattr(rng, "uniform") else as_rng(rng, argument="check_gradients: rng")
    seeds = _choose_seeds(seed, source)
    if gradient is not None:
        told = OfNumbers(f, args, called, names, gradient)
        return GradientReport(called, tuple(_check(told, [1.0], tolerance)))
    comparisons: list[Comparison] = []
    for subject in _differentiate(f, args, called, names, order, source):
        comparisons += _check(subject, seeds, tolerance)
        _check_forward_mode(subject, source)
    return GradientReport(called, tuple(comparisons))


def _differentiate(
    f: Callable[..., Any],
    args: Sequence[Any],
    called: str,
    names: list[str],
    order: int,
    rng: random.Random,
) -> Iterator[OfValues]:
    """Yield f, then the sum of its derivatives times random weights, and so on."""
    weights: list[list[float]] = []
    for _ in range(order):
        yield OfValues(f, args, called, names, weights)
        weights = [*weights, _choose_direction(len(names), rng)]


def _check(
    subject: OfValues | OfNumbers, seeds: list[float], tolerance: float | None
) -> list[Comparison]:
    """Return the comparisons for the derivatives of a subject, which must agree."""
    __tracebackhide__ = True
    subject.check_numbers_repeat(_SOME_TIMES)
    comparisons = []
    for comparison in _compare(subject, seeds, tolerance):
        if not comparison.agrees:
            subject.check_numbers_repeat(_MANY_TIMES)
            subject.check_gradients_repeat(subject.gradients(comparison.seed), _MANY_TIMES)
            why = _find_wrong_row(subject) if isinstance(subject, OfValues) else ""
            why = why or subject.explain(comparison.seed, kink=comparison.kink)
            supplied = isinstance(subject, OfNumbers)
            raise GradientMismatchError(
                _write_message(subject.called, comparison, why, supplied=supplied)
            )
        comparisons.append(comparison)
    return comparisons


def _check_forward_mode(subject: OfValues, rng: random.Random) -> None:
    """Check that the derivative along a random direction is the same in both modes."""
    __tracebackhide__ = True
    direction = _choose_direction(len(subject.names), rng)
    compared = subject.compare_modes(direction)
    if compared is None:
        return
    forward, reverse, allowed = compared
    if not abs(forward - reverse) <= allowed:
        raise GradientMismatchError(
            f"{subject.called}: the derivative of order {subject.order} along {direction} is "
            f"{forward!r} in forward mode and {reverse!r} in reverse mode; they differ by "
            f"{abs(forward - reverse):.3g}, and {allowed:.3g} is allowed"
        )


def _find_wrong_row(subject: OfValues) -> str:
    """Return a sentence about the operation whose derivatives of higher order are wrong alone."""
    if subject.order == 1:
        return ""
    program, nodes = subject.record()
    if len(program.instructions) > LONGEST:
        return ""
    lines = program.lines()[len(program.leaves) :]
    for instruction, line in zip(program.instructions, lines, strict=True):
        if not _is_right(isolate(instruction, [node.data for node in nodes]), subject.order):
            return f"It arises at {line}, whose partial derivative has itself a wrong derivative."
    return ""


def _is_right(program: Program, order: int) -> bool:
    """Return whether the derivatives of a program are right; those at an edge are taken to be."""
    names, rng = [""] * len(program.leaves), random.Random(0)  # noqa: S311 - no secret
    try:
        return all(
            comparison.agrees
            for subject in _differentiate(program, program.leaves, "", names, order, rng)
            for comparison in _compare(subject, [1.0], None)
        )
    except AutogradError:
        return True


def _compare(
    subject: OfValues | OfNumbers, seeds: list[float], tolerance: float | None
) -> Iterator[Comparison]:
    """Yield each gradient beside the right number, in the order of the arguments."""
    gradients = [subject.gradients(seed) for seed in seeds]
    complex_steps = subject.complex_steps()
    for position, (name, at) in enumerate(zip(subject.names, subject.point, strict=True)):
        for found in gradients:
            if not math.isfinite(found.numbers[position]):
                derivative = _name_derivative(subject.order)
                raise GradientMismatchError(
                    f"{subject.called}: the {derivative} for {name} = {at!r} is "
                    f"{found.numbers[position]!r}, which no other number can confirm"
                )
        sharp = complex_steps[position]
        methods = list(_measure(subject, position, gradients[0], sharp, tolerance))
        if not methods:
            rule = f"a point where {subject.called} shows its derivative for {name}"
            reason = "there f changes by as much as it can from one float to the next"
            raise DomainError(requirement("check_gradients: args", rule, subject.point, reason))
        for slope, relative in methods:
            for found in gradients:
                seed, analytic = found.seed, found.numbers[position]
                numeric = seed * slope.nearest(analytic / seed)
                absolute = found.scale(position, numeric)
                allowed = relative * absolute + abs(seed) * slope.uncertainty + _FAINT
                yield Comparison(
                    name, at, seed, slope.method, analytic, numeric, absolute, allowed,
                    slope.kink, subject.order,
                )  # fmt: skip


def _measure(
    subject: OfValues | OfNumbers,
    position: int,
    found: Gradients,
    sharp: Slope | None,
    tolerance: float | None,
) -> Iterator[tuple[Slope, float]]:
    """Yield the derivative by each method that can show it, and its relative tolerance."""
    expected = found.numbers[position] / found.seed
    scale = abs(found.scale(position, expected) / found.seed)
    relative = tolerance
    if relative is None:
        relative = _CENTRAL if sharp else _CENTRAL_ALONE
    line = Line(subject.evaluate, subject.point, position)
    try:
        slope = measure_slope(line, expected=expected, scale=scale, tolerance=relative)
    except DomainError as error:
        rule = f"a point where {subject.called} has a difference quotient, at least one-sided"
        message = requirement("check_gradients: args", rule, subject.point, str(error))
        raise DomainError(message) from error
    if slope:
        yield slope, relative
    if sharp and slope:
        # If the quotients are sure of another slope, f was not made for complex numbers.
        difference = abs(sharp.low - slope.nearest(sharp.low))
        if difference > scale * relative + sharp.uncertainty + slope.uncertainty:
            return
    if sharp:
        yield sharp, subject.sharp if tolerance is None else tolerance


def _write_message(called: str, wrong: Comparison, why: str, *, supplied: bool) -> str:
    """Return the message of a mismatch."""
    gives = "gradient" if supplied else f"backward(seed={wrong.seed!r})"
    kink = " There is a kink, and the slopes on both sides are the limits." if wrong.kink else ""
    if wrong.order > 1:
        gives += f" of the derivatives of order {wrong.order - 1}, times random weights,"
    text = (
        f"{called}: the {_name_derivative(wrong.order)} for {wrong.argument} = {wrong.at!r} is "
        f"wrong: {gives} gives {wrong.analytic!r}, the {wrong.method} {wrong.numeric!r}; "
        f"they differ by {wrong.difference:.3g}, which is {wrong.error:.2g} of the absolute "
        f"gradient, and {wrong.allowed:.3g} is allowed.{kink}"
    )
    return f"{text}\n{why}" if why else text


def _name_derivative(order: int) -> str:
    return "gradient" if order == 1 else f"derivative of order {order}"


def _choose_direction(size: int, rng: random.Random) -> list[float]:
    return [math.copysign(rng.uniform(0.5, 1.0), rng.uniform(-1.0, 1.0)) for _ in range(size)]


def _choose_seeds(seed: float | None, rng: random.Random) -> list[float]:
    if seed is None:
        return [-rng.uniform(0.5, 0.9), rng.uniform(0.1, 0.4)]  # small: no gradient overflows
    seed = finite(seed, argument="check_gradients: seed")
    if seed == 0:
        rule = "other than 0, which makes every gradient right"
        raise ValueError(requirement("check_gradients: seed", rule, seed))
    return [seed]


def _rebuild(root: Value) -> tuple[Program, tuple[float, ...], list[str]]:
    """Return the graph of a Value as a function, the numbers in its leaves, and their names."""
    program, nodes = Program.record(root)
    again, fresh = Program.record(program(*map(Value, program.leaves)))
    if again != program or any(_bits(a) != _bits(b) for a, b in zip(nodes, fresh, strict=True)):
        rule = (
            "a graph computed from the numbers that its leaves hold now, with its nodes unchanged"
        )
        raise ValueError(requirement("check_gradients: f", rule, root, "build it again"))
    names = [
        f"leaf {position}" + (f" ({name!r})" if name else "")
        for position, name in enumerate(program.names)
    ]
    return program, program.leaves, names


def _bits(node: Value) -> tuple[str, ...]:
    """Return the numbers of a node as text, so that a NaN is equal to itself."""
    return repr(node.data), *map(repr, node.partials)


def _name_arguments(f: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """Return a name for each number: the position of its argument, and the name if f has one."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some built-in functions have no signature
        parameters = []
    known = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = []
    for position, arg in enumerate(args):
        name = f"argument {position}"
        if position < len(known):
            name += f" ({known[position]!r})"
        if isinstance(arg, list):
            names += [f"{name}[{index}]" for index in range(len(arg))]
        else:
            names.append(name)
    return names
