"""Derivatives of a graph that is there, as floats: sweeps that read its partials and store nothing.

``derivatives.h`` does the same in C.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd_mini.engines.graph import Graph
from autograd_mini.engines.nonfinite import nonfinite_gradient, nonfinite_tangent, strict
from autograd_mini.engines.tapes import find_tape, refusal, tapes
from autograd_mini.engines.value import Value, count_leaves

__all__ = [
    "count_leaves", "make_arguments", "number_of", "sweep_back", "sweep_forward", "were_read",
]  # fmt: skip


def make_arguments(items: list[Value | float], /) -> list[Value]:
    """Return a new Value for each item: an identity of a Value, or a leaf for a float."""
    return [Value.identity(x) if isinstance(x, Value) else Value(x) for x in items]


def number_of(x: Value | float, /) -> float:
    """Return the number of a Value or a float; this does not count as reading its ``.data``."""
    return x._number if type(x) is Value else x  # type: ignore[return-value]  # a float


def were_read(arguments: Iterable[Value], /) -> bool:
    """Return whether the ``.data`` of one of some arguments was read."""
    return any(hasattr(argument, "_dy") for argument in arguments)


def sweep_back(
    outputs: list[Value],
    inputs: list[Value],
    seeds: list[float],
    since: int,
    where: str,
    /,
) -> list[float] | None:
    """Return the derivatives of Σ seed · output by each input, in reverse mode.

    Args:
        outputs, inputs: Values; what the outputs do not depend on has the derivative 0.
        seeds: a number for each output.
        since: the `count_leaves` before the graph was made. If it has an older leaf, the result is
            None; with 0 it has none.
        where: the public function, for errors.

    Raises:
        NonFiniteGradientError: a derivative is not finite, unless `errstate` allows that.
    """
    if is_old(outputs, since):
        return None
    graph = Graph(*outputs)
    if has_older_leaf(graph, since):
        return None
    adjoints = graph.chain_rule(seeds=add_seeds(outputs, seeds))
    found = [adjoints.get(x, 0.0) for x in inputs]
    if not all(map(math.isfinite, found)) and strict():
        nodes = [node for node in graph.order if node.op is not None]
        raise nonfinite_gradient(nodes, [adjoints[n] for n in nodes], inputs, found, where)
    return found


def sweep_forward(
    outputs: list[Value],
    inputs: list[Value],
    tangents: list[float],
    since: int,
    where: str,
    /,
) -> list[float] | None:
    """Return the derivatives of the outputs along tangents of the inputs, in forward mode.

    The inputs are leaves. The other arguments, and the errors, are those of `sweep_back`.
    """
    if is_old(outputs, since):
        return None
    graph = Graph(*outputs)
    if has_older_leaf(graph, since):
        return None
    moved = graph.push_forward(add_seeds(inputs, tangents))
    found = [moved[output] for output in outputs]
    if not all(map(math.isfinite, found)) and strict():
        raise nonfinite_tangent(graph.order, moved, where)
    return found


def add_seeds(values: list[Value], seeds: list[float]) -> dict[Value, float]:
    """Return the number for each Value; the numbers of a Value that stands there twice add up."""
    found = dict.fromkeys(values, 0.0)
    for value, seed in zip(values, seeds, strict=True):
        found[value] += seed
    return found


def is_old(outputs: Iterable[Value], since: int) -> bool:
    """Return whether this thread records, and the outputs depend on inputs or parameters."""
    tape = find_tape() if tapes else None
    old = [] if tape is None else [output for output in outputs if tape.depends(output)]
    if old and since == 0:  # no leaf is too old
        raise refusal(old[0], "gradients")
    return old != []


def has_older_leaf(graph: Graph, since: int) -> bool:
    """Return whether a graph of this engine has a leaf that was made before the others."""
    return since > 0 and any(leaf._dx < since for leaf in graph.leaves)
