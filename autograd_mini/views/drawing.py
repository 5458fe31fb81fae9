"""`draw`: a picture of a computation graph, with every value, gradient and local derivative."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

import graphviz

from autograd_mini.arguments import count
from autograd_mini.engines import Value
from autograd_mini.engines.graph import edges
from autograd_mini.errors import GraphTooLargeError
from autograd_mini.table.languages import name_as_text
from autograd_mini.views.naming import mapping, named
from autograd_mini.views.rendering import Drawing

__all__ = ["Picture", "draw"]

_COLOURS = {
    "input": ("#dbeafe", "#1d4ed8"),
    "parameter": ("#fef3c7", "#b45309"),
    "intermediate": ("#ffffff", "#6b7280"),
    "output": ("#dcfce7", "#15803d"),
}
_ROOM = "-0.000000"
"""What is as wide as the widest number on a page."""
_PARAMETER_NAME = re.compile(r"(w|b|weights?|bias)[\d_.₀-₉]*$")
_MODULE_PATH = re.compile(r"(?P<path>.+)\.(weights\.\d+|bias)$")


def draw(
    root: Value | Iterable[Value],
    *,
    names: Mapping[str, object] | None = None,
    parameters: Iterable[Value] | None = None,
    groups: Mapping[str, Iterable[Value]] | None = None,
    max_nodes: int = 300,
) -> Drawing:
    """Draw the graph that a Value was computed by.

    Every Value is a box with its name, value and gradient; every operation is a circle. Time runs
    from left to right. The number on an edge is the local derivative of the operation with respect
    to that operand, so a gradient is the sum, over the edges that leave a box, of that number
    times the gradient at the next box. Inputs are blue, parameters amber, results green. Before a
    backward pass, no gradients are shown.

    Args:
        root: the result, or several of them.
        names: names for Values, such as ``locals()``; a list of Values gives ``name[0]`` and so
            on. They go before the names that the Values have themselves. What has no name is
            called z1, a1, v1 and so on, as `explain` and `explore` call it.
        parameters: the leaves that are parameters, such as ``model.parameters()``; if not given,
            those called w, b, weight or bias with or without a number.
        groups: titles of frames, with Values that belong inside: parameters and results. What is
            computed from a group's parameters joins it. A Value in two groups stands in the last;
            one that is not in the graph is passed over. The parameters of a module are grouped by
            layer and neuron without being told.
        max_nodes: how many Values a drawing may have.

    Returns:
        A `graphviz.Digraph`: ``.render("net", format="svg")`` writes ``net.svg``, ``.source`` is
        the text in DOT, and a notebook shows it by itself.

    Raises:
        TypeError: the root is not a Value, or an argument not what is said above.
        GraphTooLargeError: there are more than ``max_nodes`` Values.

    >>> x, w = Value(0.1, name="x"), Value(0.15, name="w")
    >>> drawing = draw(w * x)
    >>> drawing.source.splitlines()[0]
    'digraph {'
    """
    return Picture(
        root,
        what="draw",
        names=names,
        parameters=parameters,
        groups=groups,
        max_nodes=max_nodes,
    ).drawing()


def _values(given: Any, *, what: str) -> list[Value]:
    values: list[Any] = list(given) if isinstance(given, Iterable) else [None]
    if not all(isinstance(one, Value) for one in values):
        raise TypeError(f"{what} must be a list of Values, got {reprlib.repr(given)}")
    return values


class Picture:
    """What a drawing of a graph shows; its arguments are those of `draw`.

    Args:
        what: the function whose arguments they are, for errors.
        moving: whether a page will put numbers in: they are left blank, with room for any.
    """

    def __init__(
        self,
        root: Value | Iterable[Value],
        *,
        what: str,
        names: Mapping[str, object] | None,
        parameters: Iterable[Value] | None,
        groups: Mapping[str, Iterable[Value]] | None,
        max_nodes: int,
        moving: bool = False,
    ) -> None:
        roots = [root] if isinstance(root, Value) else root
        self.roots = list(roots) if isinstance(roots, Iterable) else []
        if not self.roots or not all(isinstance(one, Value) for one in self.roots):
            raise TypeError(f"{what} takes a Value, or several, got {root!r}")
        max_nodes = count(max_nodes, what=f"{what}: max_nodes")
        self.names = named(self.roots, names, what=f"{what}: names")
        self.parameters = None
        if parameters is not None:
            self.parameters = set(_values(parameters, what=f"{what}: parameters"))
        members = {
            title: _values(values, what=f"{what}: groups[{title!r}]")
            for title, values in mapping(groups, what=f"{what}: groups").items()
        }
        self.order = list(self.names)
        if len(self.order) > max_nodes:
            raise GraphTooLargeError(
                f"{what}: the graph has {len(self.order)} Values, more than max_nodes={max_nodes}, "
                "which is more than one can read: take a part of it (one example, one neuron, an "
                f"intermediate Value), or ask for it with max_nodes={len(self.order)}"
            )
        self.number = {node: i for i, node in enumerate(self.order)}
        self.differentiated = any(one.has_grad for one in self.roots)
        self.moving = moving
        self.group = self.grouped(members)

    def role(self, node: Value) -> str:
        """Return ``output``, ``intermediate``, ``parameter`` or ``input``."""
        if node in self.roots:
            return "output"
        if node.op is not None:
            return "intermediate"
        if self.parameters is None:
            name = self.names[node]
            is_parameter = bool(_PARAMETER_NAME.match(name) or _MODULE_PATH.match(name))
        else:
            is_parameter = node in self.parameters
        return "parameter" if is_parameter else "input"

    def grouped(self, groups: Mapping[str, Iterable[Value]]) -> dict[Value, str]:
        """Return the title of its frame for each Value that has one.

        The frames of a module are those of its neurons, not of its layers around them: Graphviz
        leads arrows past a frame, and would bundle those of the inputs.
        """
        group: dict[Value, str] = {
            node: title
            for title, members in groups.items()
            for node in members
            if node in self.number
        }
        for node in self.order:
            if node in group:
                continue
            path = _MODULE_PATH.match(self.names[node])
            values = [operand for operand in node.operands if isinstance(operand, Value)]
            if node.op is None:
                if path:
                    group[node] = path["path"]
            elif len(values) == 1 and len(node.operands) == 1:
                # An activation belongs to the neuron whose z it is given.
                before = values[0]
                if before in group and before.op is not None and len(before.operands) > 1:
                    group[node] = group[before]
            else:
                # A neuron's own are what is computed from its parameters, or from its own alone.
                joined = [group[v] for v in values if v in group and self.role(v) == "parameter"]
                inside = {group.get(v) for v in values}
                if not joined and len(set(values)) > 1 and len(inside) == 1:
                    joined = [title for title in inside if title]
                if joined:  # with a shared weight, in the frame of the most; the bias comes last
                    group[node] = max(reversed(joined), key=joined.count)
        return group

    def drawing(self) -> Drawing:
        """Return the drawing."""
        drawing = Drawing(
            graph_attr={
                "rankdir": "LR",
                "nodesep": "0.22",
                "ranksep": "0.2",
                "fontname": "Courier",
                "fontsize": "13",
                "bgcolor": "transparent" if self.moving else "white",
            },
            node_attr={"fontname": "Courier", "fontsize": "12", "style": "filled"},
            edge_attr={
                "fontname": "Courier",
                "fontsize": "10",
                "arrowsize": "0.6",
                "color": "#6b7280",
                "fontcolor": "#7c3aed",
            },
        )
        if not self.differentiated and not self.moving:
            drawing.attr(label="no backward pass yet", labelloc="b", fontcolor="#6b7280")
        self.boxes(drawing, [node for node in self.order if node not in self.group])
        self.frames(drawing)
        for node in self.order:
            self.edges(drawing, node)
        return drawing

    def frames(self, drawing: Any) -> None:
        """Add the frames with what is in them."""
        # In the order in which they are computed; their parameters may come earlier.
        members = sorted(self.group, key=lambda node: (node.op is None, self.number[node]))
        for title in dict.fromkeys(map(self.group.__getitem__, members)):
            with drawing.subgraph(name=_escaped(f"cluster {title}")) as frame:
                frame.attr(
                    label=_escaped(title),
                    # In the middle: arrows come in at the left and go out at the right.
                    labeljust="c",
                    labelloc="t",
                    style="rounded,filled",
                    color="#d1d5db",
                    fillcolor="#f9fafb",
                    fontcolor="#374151",
                )
                self.boxes(frame, [node for node in self.order if self.group.get(node) == title])

    def boxes(self, drawing: Any, members: Iterable[Value]) -> None:
        """Add the Values, each with the operation that made it."""
        for node in members:
            self.box(drawing, node)
            if node.op is not None:
                self.circle(drawing, node)

    def box(self, drawing: Any, node: Value) -> None:
        """Add a Value."""
        role = self.role(node)
        fill, line = _COLOURS[role]
        name = self.names[node]
        if node in self.group:
            name = name.removeprefix(f"{self.group[node]}.")  # the frame says it
        fields = [_field(name_as_text(name) if self.moving else name), self.shown(node.data)]
        has_grad = self.differentiated and node.has_grad
        if has_grad or self.moving:
            fields.append(rf"grad\n{self.shown(node.grad)}")
        gradient = f", gradient {node.grad!r}" if has_grad else ""
        drawing.node(
            f"value{self.number[node]}",
            id=f"value{self.number[node]}",
            label="|".join(fields),
            shape="record",
            margin="0.06,0.03",
            fillcolor=fill,
            color=line,
            **{"class": role},
            **self.tooltip(f"{name} = {node.data!r}{gradient}"),
        )

    def shown(self, number: float) -> str:
        """Return the text of a number, or as much room as any takes."""
        return _ROOM if self.moving else f"{number:.4g}"

    def tooltip(self, text: str) -> dict[str, str]:
        """Return the attribute that shows a text under the mouse, where it stays true."""
        return {} if self.moving else {"tooltip": _escaped(text)}

    def circle(self, drawing: Any, node: Value) -> None:
        """Add the operation that made a Value."""
        assert node.op is not None
        number = self.number[node]
        drawing.node(
            f"op{number}",
            id=f"op{number}",
            label=_escaped(_operation(node)),
            **_shape(_operation(node)),
            fillcolor="#ede9fe",
            color="#7c3aed",
            **{"class": "operation"},
            **self.tooltip(f"{node.op.name}: {node.op.value.text}"),
        )
        drawing.edge(f"op{number}", f"value{number}", id=f"edge{number}", weight="20")

    def edges(self, drawing: Any, node: Value) -> None:
        """Add an edge for each use of a Value as an operand, with the local derivative."""
        for edge in edges(node):
            drawing.edge(
                f"value{self.number[edge.operand]}",
                f"op{self.number[node]}",
                id=f"edge{self.number[node]}.{edge.position}",
                label=f" {self.shown(edge.partial)} ",
                weight="1" if self.role(edge.operand) == "parameter" else "8",
                # One rank more between frames, so that they stand side by side.
                minlen="1" if self.group.get(edge.operand) == self.group.get(node) else "2",
            )


def _operation(node: Value) -> str:
    """Return the text in the circle: the operation, with its constant if it has one."""
    assert node.op is not None
    label = node.op.label
    if node.op.nary or all(isinstance(operand, Value) for operand in node.operands):
        return label
    left, right = (
        "" if isinstance(operand, Value) else f"{operand:.4g}" for operand in node.operands
    )
    return f"{left} {label} {right}".strip()


def _shape(text: str) -> dict[str, str]:
    """Return the attributes of a circle for a sign, of an ellipse for a word."""
    if len(text) > 1:
        return {"shape": "ellipse", "margin": "0.04,0.02", "height": "0.36"}
    return {"shape": "circle", "fixedsize": "true", "width": "0.36"}


def _field(text: str) -> str:
    """Return text for a field of a record, where braces, bars and angles have a meaning."""
    return re.sub(r"([{}|<>\\ ])", r"\\\1", _plain(text))


def _escaped(text: str) -> str:
    """Return text for any other attribute, where backslashes have a meaning."""
    escaped: str = graphviz.escape(_plain(text))  # of a class that also keeps <b> from being HTML
    return escaped


def _plain(text: str) -> str:
    """Return text without what no picture can show, and with ampersands that stay such."""
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return "".join(shown).replace("&", "&amp;")
