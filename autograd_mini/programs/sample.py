"""`Sample`: what a program computes from its own leaves, as a graph for a drawing."""

from __future__ import annotations

from typing import NamedTuple

from autograd_mini.engines import Operand, Value, errstate, number_of
from autograd_mini.engines.choices import CHOICES
from autograd_mini.programs.program import Program, look_up
from autograd_mini.table.primitives import Primitive

__all__ = ["Comparison", "Sample", "compute_sample"]


class Comparison(NamedTuple):
    """A comparison of two Values or numbers, and its outcome."""

    x: Operand
    sign: str
    y: Operand
    outcome: bool


class Sample(NamedTuple):
    """What a program computes from its own leaves.

    Args:
        results: its outputs, and what it differentiates, each once.
        parameters: its leaves that are no inputs.
        branches: the comparisons that decide its path.
        choices: those that choose a case of a derivative rule.
    """

    results: list[Value]
    parameters: list[Value]
    branches: list[Comparison]
    choices: list[Comparison]


def compute_sample(program: Program) -> Sample:
    """Return the graph of a program for its own leaves, with their names.

    If the program has the derivatives of one result, these are the gradients of the graph.
    """
    names = [*program.names, *[None] * (len(program.leaves) - len(program.names))]
    leaves = [Value(x, name=name) for x, name in zip(program.leaves, names, strict=True)]
    nodes = program.nodes(*leaves)
    outputs = (len(nodes) - 1,) if program.outputs is None else program.outputs
    roots = [look_up(root, nodes) for root in program.roots]
    found = dict.fromkeys([*(look_up(output, nodes) for output in outputs), *roots])
    if len(roots) == 1 and isinstance(roots[0], Value):
        with errstate(nonfinite="ignore"):
            roots[0].backward()

    def compare(x: Operand, sign: str, y: Operand) -> Comparison:
        return Comparison(x, sign, y, CHOICES[sign].holds(number_of(x), number_of(y)))

    signs: dict[Primitive, str] = {row: sign for sign, row in CHOICES.items()}
    return Sample(
        [x if isinstance(x, Value) else Value(x) for x in found],
        [] if program.inputs is None else leaves[program.inputs :],
        [compare(look_up(g.x, nodes), g.comparison, look_up(g.y, nodes)) for g in program.guards],
        [
            compare(look_up(i.operands[0], nodes), sign, look_up(i.operands[1], nodes))
            for i in program.instructions
            if (sign := signs.get(i.primitive)) is not None
        ],
    )
