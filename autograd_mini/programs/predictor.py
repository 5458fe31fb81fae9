"""Functions of an example that are recorded, for many examples: their results and derivatives."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from autograd_mini.arguments import items, requirement
from autograd_mini.engines import Operand, Value, are_floats, number_of
from autograd_mini.functions import dot
from autograd_mini.programs.columns import read_columns
from autograd_mini.programs.entries import Entry
from autograd_mini.programs.forms import Form, read_call
from autograd_mini.programs.results import describe_result
from autograd_mini.programs.shards import Run, record_first
from autograd_mini.programs.sources import Columns, RowSource, Source
from autograd_mini.programs.subjects import Subject
from autograd_mini.transforms.structures import is_array, make_array

__all__ = ["Examples", "Predictor", "Total", "predict"]

MOST_PATHS = 256
"""The largest number of ways through the branches of a model."""


class Examples:
    """The numbers of examples of one form, so that any choice of them becomes columns quickly.

    Args:
        where: the name of the examples, for errors.
        given: for each example the arguments of a function of it.

    Raises:
        TypeError, ValueError: an example has a Value or another form than the first, or one of its
            numbers is not exact as a float.
    """

    def __init__(self, where: str, given: Sequence[tuple[Any, ...]]) -> None:
        self._rows: list[bytes] = []
        self._recent: tuple[Sequence[int], array[float], Columns] | None = None
        form: Form | None = None
        for i, args in enumerate(given):
            found, numbers = read_call(f"{where}[{i}]", args, {})
            if found is None:
                way_out = "a Value is no constant: use it in the model"
                raise TypeError(requirement(f"{where}[{i}]", "numbers", args, way_out))
            if form is None:
                form, self._width = found, len(numbers)
            elif found != form:
                rule = f"of the form of {where}[0], {form}"
                way_out = "examples of several forms are trained without compiled=True"
                raise ValueError(requirement(f"{where}[{i}]", rule, found, way_out))
            self._rows.append(array("d", numbers).tobytes())
        assert form is not None  # there is an example
        self.form: Form = form

    def rows(self, chosen: Sequence[int]) -> array[float]:
        """Return the numbers of some examples, one after the other."""
        return self._choose(chosen)[1]

    def columns(self, chosen: Sequence[int]) -> Columns:
        """Return some examples as columns."""
        return self._choose(chosen)[2]

    def _choose(self, chosen: Sequence[int]) -> tuple[Sequence[int], array[float], Columns]:
        """Put the numbers of some examples together, or take those of the last choice."""
        if self._recent is None or self._recent[0] is not chosen:
            rows = array("d", b"".join([self._rows[i] for i in chosen]))
            sources: list[float | Source] = [RowSource(rows, self._width)] if self._width else []
            columns = Columns(len(chosen), self.form, sources, has_arrays=False)
            self._recent = chosen, rows, columns
        return self._recent


class Total:
    """A recorded function of an example that returns a number, and the derivatives of its sum.

    Args:
        f: the function.
        name: what errors call it.
        form: the form of its arguments.
    """

    def __init__(self, f: Callable[..., Any], name: str, form: Form) -> None:
        self._entry = _make_entry(f, name, form)

    def compute(
        self, columns: Columns, seed: float, executor: Executor | None
    ) -> tuple[array[float], array[float]]:
        """Return the result for each example, and the derivatives of seed · sum by the parameters.

        Args:
            columns: one example or more.
            seed: the weight of each result in the sum.
            executor: shares the examples out; None computes them here.
        """
        entry = self._entry
        with entry.lock:
            record_first(entry, columns, ())
            entry.check_single()
            results = array("d", bytes(8 * columns.count))

            def store(sample: int, numbers: Sequence[float]) -> None:
                (results[sample],) = numbers

            run = Run(entry, columns, (), [memoryview(results)], store, sums=True)
            return results, run.compute(seed, executor)

    def add_gradients(self, sums: array[float], other: Value | None = None) -> None:
        """Add the derivatives that `compute` has returned to the gradients, all of them or none.

        Args:
            sums: the derivatives.
            other: a Value whose gradients are added too.

        Raises:
            NonFiniteGradientError: a gradient is not finite.
        """
        parameters = self._entry.parameters
        if other is None:
            self._entry.add_gradients(parameters, sums)
        else:
            self._entry.add_gradients((*parameters, other), array("d", [*sums, 1.0]))


class Predictor:
    """A recorded model: its results, and derivatives of a weighted sum of them.

    Args:
        model: a function of an example that returns a number, or a structure of numbers.
        name: what errors call it.
        form: the form of its argument.
    """

    def __init__(self, model: Callable[[Any], Any], name: str, form: Form) -> None:
        self._model, self._name, self._form = model, name, form
        self._entry = _make_entry(self._compute, name, form)
        self._weighted: Total | None = None
        self._weighted_form = form

    def predict(self, columns: Columns, executor: Executor | None = None) -> array[float]:
        """Return the numbers of the results, example by example.

        Args:
            columns: one example or more.
            executor: shares the examples out; None computes them here.
        """
        entry = self._entry
        with entry.lock:
            record_first(entry, columns, ())
            width = len(entry.paths[0].outputs)
            found = array("d", bytes(8 * columns.count * width))
            shape = columns.count, width
            buffers = [memoryview(found).cast("B").cast("d", shape)] if width else []

            def store(sample: int, numbers: Sequence[float]) -> None:
                found[sample * width : (sample + 1) * width] = array("d", numbers)

            Run(entry, columns, (), buffers, store, sums=False).compute(executor=executor)
        return found

    def build(self, numbers: Sequence[Any], count: int) -> list[Any]:
        """Return results as the model returns them.

        Args:
            numbers: what `predict` has returned, or Values in their place.
            count: the number of results.
        """
        result, remaining = self._entry.paths[0].result, iter(numbers)
        return [result.build(remaining) for _ in range(count)]

    def differentiate(
        self, columns: Columns, weights: array[float], executor: Executor | None = None
    ) -> array[float]:
        """Return the derivative of Σ weight · result by each parameter, for `add_gradients`.

        Args:
            columns: the examples of the last prediction.
            weights: a number for each number of the results, example by example.
            executor: as for `predict`.
        """
        width = len(weights) // columns.count
        if self._weighted is None:
            (example,), _ = self._form.build(columns.sample(0))
            form, _ = read_call(self._name, (example, [0.0] * width), {})
            assert form is not None  # there are no Values
            self._weighted, self._weighted_form = Total(self._weigh, self._name, form), form
        sources = [*columns.sources, RowSource(weights, width)]
        weighted = Columns(columns.count, self._weighted_form, sources, has_arrays=False)
        _, sums = self._weighted.compute(weighted, 1.0, executor)
        return sums

    def add_gradients(self, sums: array[float], other: Value | None) -> None:
        """Add what `differentiate` has returned to the gradients; see `Total.add_gradients`."""
        assert self._weighted is not None  # it has been differentiated
        self._weighted.add_gradients(sums, other)

    def _compute(self, example: Any) -> Any:
        return self._model(example)

    def _weigh(self, example: Any, weights: Sequence[Operand]) -> Operand:
        _, results = describe_result(self._name, self._model(example))
        if len(results) == 1:
            return results[0] * weights[0]
        return dot(results, weights, 0.0)


def predict(model: Any, where: str, given: Any) -> Any:
    """Return the predictions of a model for examples, as numbers; see `Module.predict`.

    Args:
        model: a function of an example.
        where: the public name of the examples, for errors.
        given: the examples.
    """
    inputs = items(given, argument=where, rule="a list of examples, an array or a frame")
    if not inputs:
        return make_array([], (0,)) if is_array(given) else []
    with suppress(Exception):  # what is due is raised by the model itself, below
        return _predict_natively(model, where, given, inputs)
    results = []
    for example in inputs:
        form, numbers = describe_result(where, model(example))
        results.append(form.build([number_of(x) for x in numbers]))
    if not is_array(given) or not all(map(_is_row, results)):
        return results
    rows = [x if isinstance(x, list) else [x] for x in results]
    shape = (len(rows), len(rows[0])) if isinstance(results[0], list) else (len(rows),)
    return make_array([x for row in rows for x in row], shape)


def _is_row(result: Any) -> bool:
    """Return whether a result is a number, or a list of numbers alone."""
    return type(result) is float or (isinstance(result, list) and are_floats(result))


def _predict_natively(model: Any, where: str, given: Any, inputs: Sequence[Any]) -> Any:
    """Return the predictions for one example or more by a recording."""
    count = len(inputs)
    if is_array(given):
        columns = read_columns(where, (given,), {})
    else:
        columns = Examples(where, [(x,) for x in inputs]).columns(range(count))
    predictor = Predictor(model, where, columns.form)
    numbers = predictor.predict(columns)
    (first,) = predictor.build(numbers, 1)
    if is_array(given) and _is_row(first):
        return make_array(numbers, (count, len(first)) if isinstance(first, list) else (count,))
    return predictor.build(numbers.tolist(), count)


def _make_entry(f: Callable[..., Any], name: str, form: Form) -> Entry:
    return Entry(Subject(f, name), form, natively=True, max_paths=MOST_PATHS)
