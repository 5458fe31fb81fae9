"""`RecordedFunction`: the row of a result that a program computed, for the node that has it."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

from autograd_mini.arguments import requirement
from autograd_mini.engines.extension import is_taken
from autograd_mini.engines.python_function import Call, PythonFunction
from autograd_mini.errors import DomainError
from autograd_mini.table.domains import REAL
from autograd_mini.table.names import name_as_text
from autograd_mini.table.notation import shorten

__all__ = ["RecordedFunction"]


class RecordedFunction(PythonFunction):
    """The row of a result that a program computed, as a function of inputs and parameters.

    Formulas show it as users call it: with its inputs, without its parameters.

    Args:
        name: the name of the function.
        inputs: the names of its inputs, None for one without a name.
        parameters: the number of its parameters.
        compute: returns the result and its derivatives by the parameters for the numbers of inputs
            and parameters; None if the program has another path for these.
    """

    def __init__(
        self,
        name: str,
        inputs: Sequence[str | None],
        parameters: int,
        compute: Callable[[Sequence[float]], tuple[float, Sequence[float]] | None],
    ) -> None:
        if is_taken(name):
            name = f"my_{name}"  # a view would write sqrt as a root
        refuse = partial(_refuse, name)  # no bound method: the row would keep itself alive
        super().__init__(refuse, refuse, name=name, module=__name__)
        self._compute_row, self._inputs = compute, len(inputs)
        names = [
            one if one is not None and inputs.count(one) == 1 else f"argument {i}"
            for i, one in enumerate(inputs)
        ]
        self.operands = (*names, *(f"parameter {i}" for i in range(parameters)))
        shown = tuple(shorten(names, "…"))
        self.value = Call(name, shown)
        self.formula = self.value.tree
        slope = Call(f"{name}′", shown)
        self.partials = dict.fromkeys(self.operands, slope)
        self.domains = dict.fromkeys(self.operands, REAL)

    def write_partial(self, parameter: str) -> ast.expr:
        """Return the formula of the derivative by a parameter, which has a name in a view."""
        assert isinstance(self.formula, ast.Call)
        symbol = f"∂{self.name}/∂{name_as_text(parameter)}"
        return ast.Call(ast.Name(symbol, ast.Load()), self.formula.args, [])

    def evaluate(self, *operands: float) -> tuple[float, tuple[float, ...]]:
        """Return the value and the partial derivatives, NaN for those by inputs.

        Raises:
            DomainError: the program takes another path for these numbers.
        """
        found = self._compute_row(operands)
        if found is None:
            where, rule = f"{self.name}: the point", "one that takes the recorded path"
            way_out = f"call {self.name} again"
            raise DomainError(requirement(where, rule, operands, way_out))
        return found[0], (*[math.nan] * self._inputs, *found[1])

    def _with_count(self, count: int) -> RecordedFunction:
        if count != len(self.operands):
            self._refuse_count(f"{len(self.operands)}", count)
        return self

    def write_definition(self, name: str) -> list[str]:
        """Return a comment: the program is not a part of the graph."""
        return [f"# {name} is a compiled function: print(compiled.program(…)) shows it"]

    def __repr__(self) -> str:
        return f"<recorded function {ast.unparse(self.formula)}>"

    def __reduce_ex__(self, protocol: object) -> Any:
        way_out = "pickle numbers, or the program"
        raise TypeError(requirement(f"{self.name}: pickle", "of a leaf", "a recording", way_out))


def _refuse(name: str, *_: float) -> NoReturn:
    rule, got = "of a call of the function itself", "a result of its recording"
    way_out = "gradients gives numbers; compile(hessian(f)) and the like go higher"
    raise TypeError(requirement(f"{name}: derivative as a graph", rule, got, way_out))
