"""`Subject`: a function to record, and `Recorded`, what was recorded of it for one example."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple

from autograd_mini.arguments import list_some, requirement
from autograd_mini.engines import (
    Operand,
    Recording,
    Value,
    begin_recording,
    data_of,
    end_recording,
    number_of,
    sweep_back,
)
from autograd_mini.engines.derivatives import count_graphs
from autograd_mini.engines.nonfinite import count_strict_blocks
from autograd_mini.functions import as_operand
from autograd_mini.programs.code import Code
from autograd_mini.programs.forms import Form, find_ints
from autograd_mini.programs.program import Program, unpack
from autograd_mini.programs.replay import STRICTEST
from autograd_mini.programs.results import ResultForm, describe_result
from autograd_mini.transforms.calls import Call
from autograd_mini.transforms.operators import Derivative, find_derivative
from autograd_mini.transforms.structures import build, build_matrix, flatten

__all__ = ["Recorded", "Subject", "depends"]


class _Plan(NamedTuple):
    """What a program has to compute: outputs, the derivatives of roots, and how they are returned.

    Args:
        outputs, roots: Values or numbers.
        wrt: the numbers of the inputs by which roots are differentiated.
        result: the form of the result.
        order: for each number of the result, its place among outputs and derivatives.
    """

    outputs: Sequence[Operand]
    roots: Sequence[Operand]
    wrt: Sequence[int]
    result: ResultForm
    order: Sequence[int]


class Recorded(NamedTuple):
    """The program of the path of an example.

    Args:
        recording: what the engine recorded.
        numbers: the numbers of the example.
        outputs, roots: references to results, and to what is differentiated, as in `code`.
        wrt, result, order: as in the plan.
        fixed: for each output the Value that f returned if that is a parameter; None otherwise.
        is_symmetric: whether the derivatives are a matrix that has to be made symmetric.
        strictness: how strict runs have to be, also inside a block of errstate.
    """

    recording: Recording
    numbers: Sequence[float]
    outputs: Sequence[int]
    roots: Sequence[int]
    wrt: Sequence[int]
    result: ResultForm
    order: Sequence[int]
    fixed: Sequence[Value | None]
    is_symmetric: bool
    strictness: int

    def program(self, numbers: Sequence[float], names: Sequence[str | None]) -> Program:
        """Return the program; the inputs get the numbers of a point, and names."""
        rows, items, constants, guards, _, parameters = self.recording
        return unpack(
            Code(rows, items, constants),
            guards,
            [*numbers, *data_of(parameters)],
            [*names, *(parameter.name for parameter in parameters)],
            len(numbers),
            self.outputs,
            self.roots,
            self.wrt,
        )

    @property
    def outcomes(self) -> bytes:
        """The outcome of each guard, a byte for each."""
        return self.recording.guards[16::20]


class Subject:
    """A function whose calls are recorded.

    If `grad`, `value_and_grad`, `jacobian` or `hessian` made it, what these differentiate can be
    recorded in its place, and the program differentiates that.

    Args:
        f: the function.
        name: what errors and drawings call it.
    """

    def __init__(self, f: Callable[..., Any], name: str) -> None:
        self.f, self.name = f, name
        self.derivative: Derivative | None = find_derivative(f)
        self.label = f"{self.derivative.where}_{name}" if self.derivative else name
        """What views call its results: those of a derivative are not those of the function."""

    def record(
        self,
        form: Form,
        numbers: Sequence[float],
        args: Sequence[Any],
        *,
        natively: bool,
        twice: bool,
    ) -> Recorded:
        """Record the call with an example.

        Args:
            form, numbers: the arguments.
            args: the arguments as they were given, for errors.
            natively: whether derivatives are left to the program.
            twice: whether a second recording has to be the same.
        """
        graphs, blocks = count_graphs(), count_strict_blocks()
        recording, plan = self._trace(form, numbers, args, natively=natively)
        if twice:
            again, _ = self._trace(form, numbers, args, natively=natively)
            if again != recording:
                difference = _find_difference(recording, again)
                raise self.refuse(f"two recordings that differ in {difference}")
        references, known = recording.outputs, set(recording.parameters)
        return Recorded(
            recording,
            tuple(numbers),
            references[: len(plan.outputs)],
            references[len(plan.outputs) :],
            plan.wrt,
            plan.result,
            plan.order,
            [x if isinstance(x, Value) and x in known else None for x in plan.outputs],
            natively and self.derivative is not None and self.derivative.where == "hessian",
            STRICTEST if count_graphs() > graphs else int(count_strict_blocks() > blocks),
        )

    def refuse(self, got: str) -> ValueError:
        """Return the error for a function of something else than its arguments and parameters."""
        rule = "a function of its arguments and parameters alone"
        way_out = "pass as arguments what else changes, such as random numbers"
        text = requirement(f"compile: {self.name}", rule, "", way_out)
        return ValueError(text.replace("got ''", f"got {got}"))

    def _trace(
        self, form: Form, numbers: Sequence[float], args: Sequence[Any], *, natively: bool
    ) -> tuple[Recording, _Plan]:
        """Call the function, and return what the engine recorded and what is to be computed."""
        inputs = [Value(x) for x in numbers]
        given, keywords = form.build(inputs)
        try:
            begin_recording(inputs)  # an interrupt comes no sooner than this returns
            if natively and self.derivative is not None:
                plan = self._differentiate(self.derivative, given, keywords, inputs)
            else:
                plan = self._apply(given, keywords)
            recording = end_recording([*plan.outputs, *plan.roots])
        except (TypeError, LookupError) as error:
            end_recording(None)
            ints = find_ints(args)
            if not ints or not self._takes_ints(form, inputs, args, ints):
                raise
            argument = f"{self.name}: argument {list_some([str(i) for i in ints])}"
            rule, got = "used as a real number", args[ints[0]]
            way_out = "pass an int that the function uses as an int by keyword, as that is fixed"
            raise TypeError(requirement(argument, rule, got, way_out)) from error
        finally:
            end_recording(None)
        assert recording is not None  # there are outputs
        return recording, plan

    def _takes_ints(
        self, form: Form, inputs: Sequence[Value], args: Sequence[Any], ints: Sequence[int]
    ) -> bool:
        """Return whether the function raises no error if some arguments are ints, not Values."""
        given, keywords = form.build(inputs)
        for i in ints:
            given[i] = args[i]
        try:
            self.f(*given, **keywords)
        except Exception:  # noqa: BLE001 - whatever the function of a user raises
            return False
        return True

    def _apply(self, args: Sequence[Any], kwargs: dict[str, Any]) -> _Plan:
        """Compute the results as the function does."""
        result, outputs = describe_result(self.name, self.f(*args, **kwargs))
        return _Plan(outputs, (), (), result, range(len(outputs)))

    def _differentiate(
        self,
        derivative: Derivative,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        inputs: list[Value],
    ) -> _Plan:
        """Compute what is to be differentiated, without a derivative that the program can find."""
        where, f, positions, is_single = derivative
        present = range(-len(args), len(args))
        if len({i % len(args) for i in positions if i in present}) < len(positions):
            return self._apply(args, kwargs)  # which raises an error
        chosen = [args[i] for i in positions]
        leaves = [
            leaf
            for i, one in zip(positions, chosen, strict=True)
            for leaf in flatten(one, as_operand, f"{where}: argument {i}")
        ]
        place = {leaf: number for number, leaf in enumerate(inputs)}
        wrt = [place[leaf] for leaf in leaves]
        pattern = chosen[0] if is_single else tuple(chosen)
        outputs: Sequence[Operand] = ()
        roots: Sequence[Operand]
        if where == "hessian":
            roots = Call.make(where, f, args, kwargs, positions).gradient_values()
            template = build_matrix(pattern, pattern, _number_rows(len(roots), len(wrt)))
        else:
            call = Call(where, chosen, leaves, 0, f(*args, **kwargs))
            roots = call.outputs() if where == "jacobian" else call.scalar()
            if where == "jacobian":
                rows = _number_rows(len(roots), len(wrt))
                template = build_matrix(call.result, pattern, rows)
            else:
                outputs = roots if where == "value_and_grad" else ()
                template = build(pattern, map(float, count(len(outputs))))
                template = (0.0, template) if outputs else template
        result, order = describe_result(where, template)
        return _Plan(outputs, roots, wrt, result, [int(number_of(x)) for x in order])


def depends(output: Operand, since: int) -> bool:
    """Return whether a result depends on a leaf older than the number that `count_leaves` gave."""
    return isinstance(output, Value) and sweep_back([output], [], [0.0], since, "") is None


def _number_rows(rows: int, columns: int) -> list[list[float]]:
    """Return a matrix that counts its entries from 0."""
    return [[float(i * columns + j) for j in range(columns)] for i in range(rows)]


def _find_difference(first: Recording, second: Recording) -> str:
    """Return the first operation that differs between two recordings."""
    steps = [[*Code(*one[:3]).instructions()] for one in (first, second)]
    for a, b in zip(*steps, strict=False):
        if repr(a) != repr(b):
            return f"{a[0].name}, then {b[0].name}" if a[0] is not b[0] else a[0].name
    counts = ", then ".join(str(len(one)) for one in steps)
    return f"their lengths, {counts}" if len(steps[0]) != len(steps[1]) else "a result"
