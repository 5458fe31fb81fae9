"""The graph of a page as data, and the rules of its operations as JavaScript."""

from __future__ import annotations

import ast
import itertools
import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from autograd_mini.engines import Value
from autograd_mini.engines.extension import name_apart
from autograd_mini.engines.graph import Edge
from autograd_mini.engines.python_function import PythonFunction
from autograd_mini.table.code import as_javascript, prelude, reduce_in_javascript
from autograd_mini.table.primitives import Primitive
from autograd_mini.table.rules import Rule, split_cases
from autograd_mini.views.constants import Constant
from autograd_mini.views.explanation import algebra
from autograd_mini.views.explanation.chain import Derivation, Factor, Formulas, find_uses
from autograd_mini.views.explanation.rewriting import substitute
from autograd_mini.views.scene import Scene

__all__ = ["as_literal", "describe_nodes", "find_fixed", "rows_of", "write_rows"]

_MOST_CASES = 27
"""A factor with more combinations of cases than this shows all cases, whatever the numbers are."""


def rows_of(scene: Scene) -> list[Primitive]:
    """Return the rows of the operations, each once, in the order of the computation."""
    return [*dict.fromkeys(node.op for node in scene.graph.order if node.op is not None)]


def find_fixed(scene: Scene) -> set[Value | Constant]:
    """Return what custom functions are computed from: a page cannot call these functions anew."""
    below: set[Value | Constant] = set()

    def is_below(node: Value) -> bool:
        return node in below or isinstance(node.op, PythonFunction)

    for node in reversed(scene.graph.order):
        if is_below(node):
            below.update(edge.operand for edge in scene.graph.edges[node])
    below.update(c for c in scene.constants if any(is_below(node) for node, _ in c.uses))
    return below


def describe_nodes(
    scene: Scene, trained: Collection[Value], fixed: Collection[Value | Constant] = ()
) -> list[dict[str, Any]]:
    """Return the facts about each box that the page needs.

    These are the Values in the order of the computation, then the plain numbers with a box, which
    are leaves too.

    Args:
        scene: the graph, with its names.
        trained: the leaves that the descent changes.
        fixed: what the page must not change.
    """
    rows = name_apart(rows_of(scene))
    order, constants = scene.graph.order, scene.constants
    derivation = Derivation(scene.graph, scene.names, scene.named, constants=constants, cases=True)
    boxes: list[Value | Constant] = [*order, *constants]
    ids = [f"value{i}" for i in range(len(order))] + [f"constant{i}" for i in range(len(constants))]
    number = {box: i for i, box in enumerate(boxes)}
    edges = {node: list(scene.graph.edges[node]) for node in order}
    for edge in itertools.chain.from_iterable(map(find_uses, constants)):
        edges[edge.node].append(edge)
    nodes = []
    for box, name in zip(boxes, ids, strict=True):
        entry: dict[str, Any] = {
            "box": name,
            "name": derivation.notation.name(derivation.names[box]),
            "factors": [
                _describe_factor(derivation, box, consumer, factor, number)
                for consumer, factor in derivation.consumers(box)
            ],
        }
        if isinstance(box, Constant):
            entry |= {"role": "input", "data": box.number, "isFixed": box in fixed}
        elif box.op is None:
            entry |= {"role": scene.role(box), "data": box.data}
            entry |= {"isTrained": box in trained, "isFixed": box in fixed}
        else:
            entry["role"] = scene.role(box)
            entry |= _describe_operation(derivation, box, box.op, edges[box], number)
            entry["op"] = rows[box.op]
        nodes.append(entry)
    return nodes


def _describe_operation(
    derivation: Derivation,
    node: Value,
    op: Primitive,
    edges: Sequence[Edge],
    number: Mapping[Any, int],
) -> dict[str, Any]:
    """Return the facts about the operation that made a Value."""
    formulas = Formulas(derivation.names, boxes=derivation.boxes)
    write = derivation.notation.formula
    partials = {edge.position: formulas.partial(edge, cases=True) for edge in edges}
    operands = [derivation.boxes.get((node, i), o) for i, o in enumerate(node.operands)]
    recorded = None
    if isinstance(op, PythonFunction):
        slopes = {edge.position: edge.partial for edge in edges}
        recorded = [node.data, [slopes.get(i, 0.0) for i in range(len(operands))]]
    return {
        "recorded": recorded,
        "operands": [[o] if isinstance(o, float) else number[o] for o in operands],
        "slots": [[op.operands.index(name), place] for name, place in op.slots(len(operands))],
        "formula": write(formulas.definition(node)),
        "partials": {place: write(tree) for place, tree in partials.items()},
        "terms": {place: write(tree, factor=True) for place, tree in partials.items()},
    }


def _describe_factor(
    derivation: Derivation,
    wrt: Value | Constant,
    consumer: Value,
    factor: Factor,
    number: Mapping[Any, int],
) -> dict[str, Any]:
    """Return the paths of a factor, its texts, and what chooses among these.

    There are texts for each combination of cases of the partial derivatives on the paths: the
    derivative alone and as a factor; that by an operand of the result also with places for numbers.
    """
    places = {}
    if consumer in derivation.graph.roots:
        places = {n: algebra.name(f"⟨{number[box]}⟩") for box, n in derivation.names.items()}
    formulas, write = derivation.formulas_of(wrt), derivation.notation.formula
    slopes = {e: formulas.partial(e, cases=True) for path in factor.paths for e in path}
    choices = {
        edge: [algebra.simplify(case) for _, case in split_cases(tree)]
        for edge, tree in slopes.items()
    }
    switches = [edge for edge, cases in choices.items() if len(cases) > 1]
    trees = [factor.tree]
    if switches and math.prod(len(choices[edge]) for edge in switches) <= _MOST_CASES:
        chosen = (
            dict(zip(choices, each, strict=True)) for each in itertools.product(*choices.values())
        )
        trees = [_write_factor(factor.paths, cases) for cases in chosen]
    else:
        switches = []
    return {
        "of": number[consumer],
        "paths": [[[number[e.node], e.position] for e in path] for path in factor.paths],
        "switches": [[number[edge.node], edge.position, len(choices[edge])] for edge in switches],
        "texts": [
            [write(tree), write(tree, factor=True), write(substitute(tree, places, {}))]
            if places
            else [write(tree), write(tree, factor=True)]
            for tree in trees
        ],
    }


def _write_factor(paths: Sequence[Sequence[Edge]], cases: dict[Edge, ast.expr]) -> ast.expr:
    """Return the sum over the paths of the products of their partial derivatives."""
    return algebra.total(algebra.product(cases[edge] for edge in path) for path in paths)


def write_rows(rows: Iterable[Primitive]) -> str:
    """Return the rules of some rows as JavaScript."""
    lines = [prelude("javascript"), "const ROWS = {\n"]
    for row, key in sorted(name_apart(rows).items(), key=itemgetter(1)):
        # A page does not call a function in Python, whose names may be keywords of JavaScript.
        operands = () if isinstance(row, PythonFunction) else row.operands
        names, given = ", ".join(operands), ", ".join([*operands, "out"])
        sequences = as_literal([name in row.value.sequences for name in row.operands])
        call = f"{row.name}({', '.join(row.operands)}), {row.domain}"
        cases = ", ".join(f"({names}) => {_number_cases(row, name)}" for name in row.operands)
        lines.append(
            f"{as_literal(key)}: {{compute: ({names}) => {{{_write_computation(row)}}}, "
            f"sequences: {sequences}, inside: ({given}) => {_write_domain(row)}, "
            f"domain: {as_literal(call)}, cases: [{cases}]}},\n"
        )
    return "".join([*lines, "};\n"])


def _write_computation(row: Primitive) -> str:
    """Return the JavaScript that computes the value and the partials, arrays for the sequences."""
    if isinstance(row, PythonFunction):
        return ""  # the page has what Python recorded
    sequences = row.value.sequences
    lines = [line for reduction in row.reductions for line in reduce_in_javascript(reduction)]
    partials = [
        f"{name}.map((_, i) => {as_javascript(rule, sequences=sequences)})"
        if name in sequences
        else as_javascript(rule)
        for name, rule in row.partials.items()
    ]
    lines += [f"const out = {as_javascript(row.value)};", f"return [out, [{', '.join(partials)}]];"]
    return "\n".join(lines)


def _number_cases(row: Primitive, operand: str) -> str:
    """Return the JavaScript for the number of the case that a partial derivative has."""
    *tests, _ = [test for test, _ in split_cases(row.textbook[operand].tree)]
    cases = (f"{i} if {ast.unparse(test)} else " for i, test in enumerate(tests) if test)
    return as_javascript(Rule(f"{''.join(cases)}{len(tests)}"))


def _write_domain(row: Primitive) -> str:
    """Return the condition in JavaScript that the domains admit the operands."""
    conditions = []
    for name, domain in row.domains.items():
        less = "<" if domain.open else "<="
        if domain.stated:  # below its bound, the value decides
            low = repr(domain.low)
            conditions.append(f"({low} {less} {name} || {name} < {low} && !Number.isNaN(out))")
            continue
        if domain.nonzero:
            conditions.append(f"{name} !== 0")
        if math.isfinite(domain.low):
            conditions.append(f"{domain.low!r} {less} {name}")
        if math.isfinite(domain.high):
            conditions.append(f"{name} {less} {domain.high!r}")
    return " && ".join(conditions) or "true"


def as_literal(thing: Any) -> str:
    """Return data as JavaScript text that cannot end the script element."""
    return json.dumps(thing, separators=(",", ":")).replace("<", r"\u003c").replace(">", r"\u003e")
