"""`draw`: a picture of a computation graph, with every value, gradient and local derivative."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from autograd_mini.engines import Value
from autograd_mini.views.rendering import Drawing, escape, replace_unprintable
from autograd_mini.views.scene import Scene

__all__ = ["Picture", "draw"]

_COLORS = {
    "input": ("#dbeafe", "#1d4ed8"),
    "parameter": ("#fef3c7", "#b45309"),
    "intermediate": ("#ffffff", "#6b7280"),
    "output": ("#dcfce7", "#15803d"),
}


def draw(
    root: Value | Iterable[Value],
    *,
    names: Mapping[str, object] | None = None,
    parameters: Iterable[Value] | None = None,
    groups: Mapping[str, Iterable[Value]] | None = None,
    max_nodes: int = 300,
) -> Drawing:
    """Draw the graph of a Value: boxes for Values, circles for operations.

    docs/views.md says how to read the drawing, and how Values without a name are called.

    Args:
        root: the result, or several of them.
        names: names for Values, such as ``locals()``; a list of Values gives ``name[0]`` and so on.
        parameters: the leaves that are parameters, such as ``model.parameters()``; None for the
            leaves of modules, and the leaves called w, b, weight or bias.
        groups: titles of frames, with the parameters and results inside; None for the neurons.
        max_nodes: how many Values a drawing may have.

    Returns:
        A `graphviz.Digraph`: ``.render("net", format="svg")`` writes ``net.svg``, ``.source`` is
        the text in DOT, and a notebook shows it by itself.

    Raises:
        TypeError: the root is not a Value, or an argument has the wrong type.
        GraphTooLargeError: there are more than ``max_nodes`` Values.

    >>> x, w = Value(0.1, name="x"), Value(0.15, name="w")
    >>> drawing = draw(w * x)
    >>> drawing.source.splitlines()[0]
    'digraph {'
    """
    scene = Scene(
        root, where="draw", names=names, parameters=parameters, groups=groups, max_nodes=max_nodes
    )
    return Picture(scene).make_drawing()


class Picture:
    """The drawing of a scene, with the numbers of its Values."""

    background = "white"

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.differentiated = any(root.has_grad for root in scene.graph.roots)

    def make_drawing(self) -> Drawing:
        """Return the drawing."""
        drawing = Drawing(
            graph_attr={
                "rankdir": "LR",
                "nodesep": "0.22",
                "ranksep": "0.2",
                "fontname": "Courier",
                "fontsize": "13",
                "bgcolor": self.background,
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
        drawing.attr(**self.caption())
        self.add_values(drawing, self.scene.members(None))
        self.add_frames(drawing)
        for node in self.scene.graph.order:
            self.add_edges(drawing, node)
        return drawing

    def caption(self) -> dict[str, str]:
        """Return the attributes of the text below the drawing."""
        if self.differentiated:
            return {}
        return {"label": "no backward pass yet", "labelloc": "b", "fontcolor": "#6b7280"}

    def write_number(self, number: float) -> str:
        """Return the text of a number."""
        return f"{number:.4g}"

    def name(self, node: Value) -> str:
        """Return the name of a Value in its box."""
        return self.scene.name_in_group(node)

    def has_gradient(self, node: Value) -> bool:
        """Return whether the box of a Value shows a gradient."""
        return self.differentiated and node.has_grad

    def tooltip(self, text: str) -> dict[str, str]:
        """Return the attribute that shows a text under the mouse."""
        return {"tooltip": escape(text)}

    def add_frames(self, drawing: Any) -> None:
        """Add the frames and their Values."""
        for title in self.scene.titles():
            with drawing.subgraph(name=escape(f"cluster {title}")) as frame:
                frame.attr(
                    label=escape(title),
                    # In the middle, as arrows come in at the left and go out at the right.
                    labeljust="c",
                    labelloc="t",
                    style="rounded,filled",
                    color="#d1d5db",
                    fillcolor="#f9fafb",
                    fontcolor="#374151",
                )
                self.add_values(frame, self.scene.members(title))

    def add_values(self, drawing: Any, members: Iterable[Value]) -> None:
        """Add Values, each with the operation that made it."""
        for node in members:
            self.add_box(drawing, node)
            if node.op is not None:
                self.add_circle(drawing, node)

    def add_box(self, drawing: Any, node: Value) -> None:
        """Add a Value."""
        box = f"value{self.scene.number[node]}"
        role = self.scene.role(node)
        fill, line = _COLORS[role]
        fields = [_escape_field(self.name(node)), self.write_number(node.data)]
        gradient = ""
        if self.has_gradient(node):
            fields.append(rf"grad\n{self.write_number(node.grad)}")
            gradient = f", gradient {node.grad!r}"
        drawing.node(
            box,
            id=box,
            label="|".join(fields),
            shape="record",
            margin="0.06,0.03",
            fillcolor=fill,
            color=line,
            **{"class": role},
            **self.tooltip(f"{self.name(node)} = {node.data!r}{gradient}"),
        )

    def add_circle(self, drawing: Any, node: Value) -> None:
        """Add the operation that made a Value: a circle for a sign, an ellipse for a word."""
        assert node.op is not None
        number = self.scene.number[node]
        text = _name_operation(node)
        if len(text) > 1:
            shape = {"shape": "ellipse", "margin": "0.04,0.02", "height": "0.36"}
        else:
            shape = {"shape": "circle", "fixedsize": "true", "width": "0.36"}
        drawing.node(
            f"op{number}",
            id=f"op{number}",
            label=escape(text),
            **shape,
            fillcolor="#ede9fe",
            color="#7c3aed",
            **{"class": "operation"},
            **self.tooltip(f"{node.op.name}: {node.op.value.text}"),
        )
        drawing.edge(f"op{number}", f"value{number}", id=f"edge{number}", weight="20")

    def add_edges(self, drawing: Any, node: Value) -> None:
        """Add an edge for each use of a Value as an operand, with the local derivative."""
        scene = self.scene
        for edge in scene.graph.edges[node]:
            drawing.edge(
                f"value{scene.number[edge.operand]}",
                f"op{scene.number[node]}",
                id=f"edge{scene.number[node]}.{edge.position}",
                label=f" {self.write_number(edge.partial)} ",
                weight="1" if scene.role(edge.operand) == "parameter" else "8",
                # Between frames there is a rank more, so that they stand side by side.
                minlen="1" if scene.groups.get(edge.operand) == scene.groups.get(node) else "2",
            )


def _name_operation(node: Value) -> str:
    """Return the text in the circle: the operation, and its constant if it has one."""
    assert node.op is not None
    label = node.op.label
    if node.op.nary or all(isinstance(operand, Value) for operand in node.operands):
        return label
    left, right = (
        "" if isinstance(operand, Value) else f"{operand:.4g}" for operand in node.operands
    )
    return f"{left} {label} {right}".strip()


def _escape_field(text: str) -> str:
    """Return text for a field of a record, where braces, bars and angles have a meaning."""
    return re.sub(r"([{}|<>\\ ])", r"\\\1", replace_unprintable(text))
