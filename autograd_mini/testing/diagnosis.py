"""The place in a graph where a wrong gradient arises."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from fractions import Fraction

from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import flat, numbers_of
from autograd_mini.engines.python_function import PythonFunction
from autograd_mini.errors import DomainError
from autograd_mini.programs.program import Instruction, Program
from autograd_mini.testing.differences import Evaluation, Line, measure_slope
from autograd_mini.testing.local import slopes
from autograd_mini.testing.rounding import UNIT_ROUNDOFF, absolute_gradients, bound_rounding

__all__ = ["LONGEST", "explain_mismatch", "isolate"]

LONGEST = 60
"""A reader would not follow a longer program."""
_ROUGH = 1e-6
_FAINT = 1e-300


def explain_mismatch(root: Value, *, seed: float, kink: bool) -> str:
    """Return where a wrong gradient of ``root.backward(seed=seed)`` arises, and the graph.

    The leaves had no gradients before ``backward``; ``kink`` says whether they are on a kink.
    """
    program, nodes = Program.record(root)
    names = dict(zip(nodes, program.node_names(), strict=True))
    lines = dict(zip(nodes, program.lines(), strict=True))
    where = _find_wrong_partial(nodes, names, lines) or _find_wrong_sum(root, names, seed)
    if not where and kink:
        where = (
            "Each operation has one of its subgradients; where several have a kink at once, their "
            "product need not be one of the whole. Check beside the kink."
        )
    elif not where:
        where = (
            "Each local derivative is right, and so is their product: does f use a number that "
            "the graph does not record, such as x.data?"
        )
    if len(lines) > LONGEST:
        return f"{where}\n(The graph has {len(lines)} nodes, too many to print.)"
    return f"{where}\nThe graph as a program:\n{textwrap.indent(str(program), '    ')}"


def _find_wrong_partial(
    nodes: list[Value], names: dict[Value, str], lines: dict[Value, str]
) -> str:
    """Return a sentence about the first recorded derivative that is wrong, if there is one."""
    for node in nodes:
        if isinstance(node.op, PythonFunction):
            if text := _find_wrong_derivative(node, node.op, names, lines):
                return text
            continue
        if node.op is None or (found := slopes(node)) is None:
            continue
        recorded = zip(node.operands, node.partials, found, strict=True)
        for operand, partial, slope in recorded:
            if partial is None or slope is None:
                continue
            if not abs(partial - slope) <= 1e-9 * max(abs(partial), abs(slope)) + 1e-300:
                assert isinstance(operand, Value)
                name = names[operand]
                return (
                    f"It arises at {lines[node]}, with {name} = {operand.data!r}: the derivative "
                    f"for {name} was recorded as {partial!r}, and is {slope!r}."
                )
    return ""


def _find_wrong_derivative(
    node: Value, row: PythonFunction, names: dict[Value, str], lines: dict[Value, str]
) -> str:
    """Return a sentence about the first derivative of a custom function that is wrong."""
    point = list(numbers_of(node.operands))

    def evaluate(at: list[float]) -> Evaluation:
        out, _ = row.evaluate(*at)
        return Evaluation(out, bound_rounding(out))

    for position, partial in enumerate(node.partials):
        if partial is None:
            continue
        try:
            line = Line(evaluate, point, position)
            slope = measure_slope(line, expected=partial, scale=abs(partial), tolerance=_ROUGH)
        except DomainError:
            continue
        allowed = _ROUGH * abs(partial) + (slope.uncertainty if slope else 0.0) + _FAINT
        if slope and not abs(partial - slope.nearest(partial)) <= allowed:
            operand = node.operands[position]
            assert isinstance(operand, Value)
            return (
                f"It arises at {lines[node]}, with {names[operand]} = {operand.data!r}: the "
                f"partials of {row.name} gave {partial!r} as the derivative for {names[operand]}, "
                f"and the {slope.method} {slope.nearest(partial)!r}."
            )
    return ""


def _find_wrong_sum(root: Value, names: dict[Value, str], seed: float) -> str:
    """Return a sentence about the node where the backward pass went wrong, if it did."""
    graph = Graph(root)

    def convert_partials(node: Value) -> list[Fraction | None]:
        return [None if p is None else Fraction(p) for p in node.partials]

    gradients = graph.chain_rule(Fraction(seed), Fraction(0), convert_partials)
    absolute = absolute_gradients(graph, seed=seed)
    for node in reversed(graph.order):
        allowed = (4 + len(graph.order)) * (UNIT_ROUNDOFF * absolute[node] + 5e-324)
        if not abs(node.grad - gradients[node]) <= allowed:
            return (
                f"It arises in the backward pass at {names[node]}: it holds the gradient "
                f"{node.grad!r}, and those of its consumers times their recorded derivatives add "
                f"up to {float(gradients[node])!r}."
            )
    return ""


def isolate(instruction: Instruction, numbers: Sequence[float]) -> Program:
    """Return an instruction as a program, with leaves in the place of the nodes that it uses.

    Args:
        instruction: one of another program.
        numbers: the number of each node of that.

    >>> from autograd_mini.table.primitives import PRIMITIVES
    >>> isolate(Instruction(PRIMITIVES["mul"], (1, 1)), [3.0, 5.0]).lines()
    ['v0 = Value(5.0)', 'v1 = v0 * v0']
    """
    used = [o for o in flat(instruction.operands) if isinstance(o, int)]
    place = {node: number for number, node in enumerate(dict.fromkeys(used))}

    def rename(reference: float) -> float:
        return place[reference] if isinstance(reference, int) else reference

    operands = tuple(
        tuple(map(rename, o)) if isinstance(o, tuple) else rename(o) for o in instruction.operands
    )
    return Program(
        tuple(numbers[node] for node in place), (Instruction(instruction.primitive, operands),)
    )
