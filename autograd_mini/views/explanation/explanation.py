"""`explain`: the chain rule of a graph, in symbols and numbers, as a textbook writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import overload

from autograd_mini.arguments import count, list_some, requirement
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.table.names import name_as_text, shorten_name
from autograd_mini.views.explanation.backward import BackwardPass
from autograd_mini.views.explanation.base import Explanation
from autograd_mini.views.explanation.chain import Chain, Derivation
from autograd_mini.views.explanation.derivative import Derivative
from autograd_mini.views.naming import find_named, name_values
from autograd_mini.views.scene import check_size, explain_size

__all__ = ["Explanation", "explain"]

_AROUND = 200
"""The graph may have this many times the Values that an explanation goes through."""
_MOST_NAMES = 10
"""An error lists this many names."""


@overload
def explain(
    root: Value,
    *,
    wrt: Value | str,
    names: Mapping[str, object] | None = None,
    digits: int = 4,
    max_nodes: int = 300,
) -> Derivative: ...
@overload
def explain(
    root: Value,
    *,
    wrt: None = None,
    names: Mapping[str, object] | None = None,
    digits: int = 4,
    max_nodes: int = 300,
) -> BackwardPass: ...
def explain(
    root: Value,
    *,
    wrt: Value | str | None = None,
    names: Mapping[str, object] | None = None,
    digits: int = 4,
    max_nodes: int = 300,
) -> Explanation:
    """Explain a gradient by the chain rule; docs/views.md says how to read the explanation.

    Args:
        root: the result.
        wrt: the Value to differentiate by, or its name; None for the whole backward pass.
        names: names for Values, as in `draw`.
        digits, max_nodes: how many significant digits, and at most how many Values, it has.

    Raises:
        TypeError, ValueError: an argument is wrong; ``root`` was not computed from ``wrt``.
        GraphTooLargeError: there are more Values or edges than docs/views.md allows.

    >>> x, w = Value(0.5, name="x"), Value(2.0, name="w")
    >>> explain((w * x - 1.0).sigmoid(), wrt="w")
    with w = 2, x = 0.5
    <BLANKLINE>
    ∂out/∂w = ∂out/∂z₁ · ∂z₁/∂w
            = out(1 − out) · x
            = (0.25)(0.5)
            = 0.125
    <BLANKLINE>
    where
        z₁ = w·x − 1 = 0
        out = σ(z₁) = 0.5
    """
    if not isinstance(root, Value):
        raise TypeError(requirement("explain: root", "a Value", root))
    if not isinstance(wrt, Value | str | None):
        raise TypeError(requirement("explain: wrt", "a Value or its name", wrt))
    digits = count(digits, argument="explain: digits")
    max_nodes = count(max_nodes, argument="explain: max_nodes")
    part = "another root or wrt"
    times = 1 if wrt is None else _AROUND
    check_size([root], max_nodes, where="explain", part=part, times=times)
    graph = Graph(root)
    all_names = name_values(graph, names, argument="explain: names")
    if wrt is None:
        return BackwardPass(graph, all_names, digits=digits)
    derivation = Derivation(graph, all_names, find_named(graph, names), digits=digits)
    chain = Chain(derivation, _find_value(wrt, root, all_names))
    if len(chain.nodes) > max_nodes:
        limit, size = f"max_nodes={max_nodes}", f"{len(chain.nodes)}"
        raise explain_size(limit, size, f"max_nodes={size}", where="explain", part=part)
    return Derivative(chain, digits=digits, limit=max_nodes)


def _find_value(wrt: Value | str, root: Value, names: Mapping[Value, str]) -> Value:
    """Return a Value of the graph; its name may be as it was given, or as it is shown."""
    if isinstance(wrt, Value) and wrt in names:
        return wrt
    if isinstance(wrt, str):
        exact = (value for value, name in names.items() if wrt in (name, value.name))
        alike = (value for value, name in names.items() if name_as_text(name) == name_as_text(wrt))
        for value in (*exact, *alike):
            return value
    kind = "the name of a Value" if isinstance(wrt, str) else "a Value"
    rule = f"{kind} that {shorten_name(names[root])} was computed from"
    leaves = [shorten_name(name) for value, name in names.items() if value.op is None]
    way_out = f"its leaves are {list_some(leaves, most=_MOST_NAMES)}"
    raise ValueError(requirement("explain: wrt", rule, wrt, way_out))
