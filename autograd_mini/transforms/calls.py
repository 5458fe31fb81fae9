"""`Call`: a call of a function, with fresh Values for the numbers to differentiate by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from autograd_mini.arguments import is_iterable, number, requirement
from autograd_mini.engines import (
    Operand,
    Value,
    count_leaves,
    errstate,
    make_arguments,
    number_of,
    sweep_back,
    sweep_forward,
    were_read,
)
from autograd_mini.engines.derivatives import differentiate, find_order, push_forward
from autograd_mini.errors import NonFiniteGradientError
from autograd_mini.functions import as_operand
from autograd_mini.transforms.structures import build, flatten, is_array, list_array

__all__ = ["Call", "as_values"]


class Call:
    """A call of a function, and the derivatives of its result.

    Derivatives are floats until the call meets a Value that it did not make: then all are Values,
    so that what they depend on can be differentiated too.

    Args:
        where: the public function, for errors.
        given: the arguments to differentiate by, as they were given.
        inputs: a Value for each of their numbers.
        since: the `count_leaves` before the call.
        result: what the function returned.
        meets_values: whether an argument is a Value.
    """

    def __init__(
        self,
        where: str,
        given: Sequence[Any],
        inputs: list[Value],
        since: int,
        result: Any,
        *,
        meets_values: bool = False,
    ) -> None:
        self.where, self.given, self.inputs = where, given, inputs
        self.since, self.result, self.meets_values = since, result, meets_values

    @classmethod
    def make(
        cls,
        where: str,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        positions: Sequence[int],
    ) -> Self:
        """Call a function, with fresh Values in some of its arguments."""
        given = [args[i] for i in positions]
        items = [
            x
            for i, one in zip(positions, given, strict=True)
            for x in flatten(one, as_operand, f"{where}: argument {i}")
        ]
        meets_values = Value in map(type, items) or Value in map(type, args)
        since = count_leaves()
        inputs = make_arguments(items)
        fresh, passed = iter(inputs), list(args)
        for i, one in zip(positions, given, strict=True):
            passed[i] = build(one, fresh)
        result = f(*passed, **kwargs)
        return cls(where, given, inputs, since, result, meets_values=meets_values)

    def scalar(self) -> list[Operand]:
        """Return the result in a list, as Value or float; raise an error for another type."""
        result, argument = self.result, f"{self.where}: result of the function"
        if is_array(result) and result.shape == ():  # such as numpy.asarray(v)
            (result,) = list_array(result, argument)
        if result is None or is_iterable(result):
            way_out = "does it return what it computes?" if result is None else "use jacobian"
            raise TypeError(requirement(argument, "a Value or a number", result, way_out))
        return [self._take(result, argument=argument)]

    def outputs(self) -> list[Operand]:
        """Return the numbers of the result, a structure, as Values or floats."""
        return flatten(self.result, self._take, f"{self.where}: result of the function")

    def _take(self, output: Any, *, argument: str) -> Operand:
        if isinstance(output, Value):
            return output
        found = number(output, argument=argument)
        if were_read(self.inputs):
            rule = "a Value, as its .data was read, which has no derivative"
            way_out = "compute with the Value itself, or use stop_gradient if 0 is meant"
            raise TypeError(requirement(argument, rule, output, way_out))
        return found

    def values(self, numbers: Sequence[Operand]) -> list[Operand]:
        """Return numbers as the results of this call are: all Values, or all floats."""
        return as_values(numbers) if self.meets_values else list(map(number_of, numbers))

    def pull_back(self, outputs: Sequence[Operand], seeds: Sequence[Operand]) -> list[Operand]:
        """Return the derivatives of Σ seed · output by each input, in reverse mode."""
        return self.pull_back_each([(outputs, seeds)])[0]

    def pull_back_each(
        self, sums: Sequence[tuple[Sequence[Operand], Sequence[Operand]]], order: int = 0
    ) -> list[list[Operand]]:
        """Return the derivatives of several sums; what they are derivatives of has an order."""
        chosen = [_choose_values(outputs, seeds) for outputs, seeds in sums]
        has_values = any(Value in map(type, seeds) for _, seeds in chosen)
        try:
            if not (self.meets_values or has_values):
                since, where = self.since, self.where
                found = [sweep_back(o, self.inputs, s, since, where) for o, s in chosen]
                if None not in found:
                    return found  # type: ignore[return-value]
                self.meets_values = True
            return [as_values(differentiate(o, self.inputs, s, self.where)) for o, s in chosen]
        except NonFiniteGradientError as error:
            raise self._with_order(error, [x for o, _ in chosen for x in o], order) from None

    def push_forward(
        self, outputs: Sequence[Operand], tangents: Sequence[Operand], order: int = 0
    ) -> list[Operand]:
        """Return the derivatives of the outputs along tangents of the inputs, in forward mode."""
        values = [output for output in outputs if isinstance(output, Value)]
        if Value in map(type, tangents):
            self.meets_values = True
        try:
            found: list[Any] | None = None
            if not self.meets_values:
                found = sweep_forward(values, self.inputs, list(tangents), self.since, self.where)
            if found is None:
                self.meets_values = True
                along = dict(zip(self.inputs, tangents, strict=True))
                found = push_forward(values, along, self.where)
        except NonFiniteGradientError as error:
            raise self._with_order(error, values, order) from None
        remaining = iter(found)
        return self.values([next(remaining) if isinstance(o, Value) else 0.0 for o in outputs])

    def gradient_values(self) -> list[Operand]:
        """Return the gradient of a scalar result as Values, or floats where it is constant."""
        outputs, seeds = _choose_values(self.scalar(), [1.0])
        try:
            return differentiate(outputs, self.inputs, seeds, self.where)
        except NonFiniteGradientError as error:
            raise self._with_order(error, outputs, 0) from None

    def look_for_values(self, outputs: Sequence[Operand]) -> None:
        """Find out whether the outputs depend on a Value that this call did not make."""
        values, seeds = _choose_values(outputs, [0.0] * len(outputs))
        if not self.meets_values:
            with errstate(nonfinite="ignore"):
                found = sweep_back(values, self.inputs, seeds, self.since, self.where)
            self.meets_values = found is None

    def _with_order(
        self, error: NonFiniteGradientError, outputs: list[Value], order: int
    ) -> NonFiniteGradientError:
        """Return an error with the order of the derivative, if that is not the first."""
        order += find_order(outputs, self.inputs)
        if order == 1:
            return error
        text = str(error).replace(self.where, f"{self.where}: derivative of order {order}", 1)
        return NonFiniteGradientError(text)


def _choose_values(
    outputs: Sequence[Operand], seeds: Sequence[Operand]
) -> tuple[list[Value], list[Operand]]:
    """Return the outputs that are Values, each with its seed; the others are constant."""
    pairs = [(o, s) for o, s in zip(outputs, seeds, strict=True) if isinstance(o, Value)]
    return [o for o, _ in pairs], [s for _, s in pairs]


def as_values(numbers: Sequence[Operand]) -> list[Operand]:
    """Return Values as they are, and each float as a leaf."""
    return [x if isinstance(x, Value) else Value(x) for x in numbers]
