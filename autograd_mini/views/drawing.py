"""`draw`: a picture of a computation graph, with every value, gradient and local derivative."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from autograd_mini.engines import Value
from autograd_mini.engines.graph import Edge, Graph
from autograd_mini.table.names import shorten_name
from autograd_mini.views.rendering import Drawing, escape, find_format, replace_unprintable
from autograd_mini.views.scene import Scene

__all__ = ["Picture", "draw"]

_COLORS = {
    "input": ("#dbeafe", "#1d4ed8"),
    "parameter": ("#fef3c7", "#b45309"),
    "intermediate": ("#ffffff", "#6b7280"),
    "output": ("#dcfce7", "#15803d"),
}
_FAR = 4
"""In a plainer layout, the name of a Value stands at a use that is more operations away."""


def draw(
    root: Value | Iterable[Value],
    path: str | PathLike[str] | None = None,
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
        path: where to save the drawing; the end of its name says in which format, such as .svg.
        names: names for Values, such as ``locals()``; a list of Values gives ``name[0]`` and so on.
        parameters: the leaves that are parameters, such as ``model.parameters()``; None for the
            leaves of modules, and the leaves called w, b, weight or bias.
        groups: titles of frames, with the parameters and results inside; None for the neurons.
        max_nodes: how many Values a drawing may have; it may have twice as many edges.

    Returns:
        A `graphviz.Digraph`: ``.save("net.svg")`` writes it, ``.source`` is the text in DOT, and a
        notebook shows it by itself.

    Raises:
        TypeError: the root is not a Value, or an argument has the wrong type.
        GraphTooLargeError: there are more Values, or more edges, than that.
        ValueError, RendererNotFoundError, OSError: as for `Drawing.save`.

    >>> x, w = Value(0.1, name="x"), Value(0.15, name="w")
    >>> drawing = draw(w * x)
    >>> drawing.source.splitlines()[0]
    'digraph {'
    """
    scene = Scene(
        root, where="draw", names=names, parameters=parameters, groups=groups, max_nodes=max_nodes
    )
    if path is not None:
        find_format(path, argument="draw: path")
    drawing = Picture(scene).make_drawing()
    if path is not None:
        drawing.save(path)
    return drawing


class Picture:
    """The drawing of a scene, with the numbers of its Values."""

    background = "white"

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.differentiated = any(root.has_grad for root in scene.graph.roots)
        self.depths = _measure_depths(scene.graph)

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
        drawing.count = len(self.scene.graph.order)
        drawing.caption = self.caption()
        if drawing.caption:
            drawing.attr(label=drawing.caption, labelloc="b", fontcolor="#6b7280")
        self.add_values(drawing, self.scene.members(None))
        self.add_frames(drawing)
        for node in self.scene.graph.order:
            self.add_edges(drawing, node)
        return drawing

    def caption(self) -> str:
        """Return the text below the drawing."""
        return "" if self.differentiated else "no backward pass yet"

    def write_number(self, number: float) -> str:
        """Return the text of a number."""
        return f"{number:.4g}"

    def write_name(self, name: str) -> str:
        """Return the text of a name."""
        return shorten_name(name)

    def has_gradient(self, node: Value) -> bool:
        """Return whether the box of a Value shows a gradient."""
        return self.differentiated and node.has_grad

    def tooltip(self, text: str) -> dict[str, str]:
        """Return the attribute that shows a text under the mouse."""
        return {"tooltip": escape(text)}

    def add_frames(self, drawing: Any) -> None:
        """Add the frames and their Values."""
        for i, title in enumerate(self.scene.titles()):
            short = shorten_name(title)
            name = f"cluster {title if title == short else i}"
            with drawing.subgraph(name=escape(name)) as frame:
                frame.attr(
                    label=escape(short),
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
        name = self.write_name(self.scene.name_in_group(node))
        fields = [_escape_field(name), self.write_number(node.data)]
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
            **self.tooltip(f"{name} = {node.data!r}{gradient}"),
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
            to = f"op{scene.number[node]}"
            attributes = {
                "id": f"edge{scene.number[node]}.{edge.position}",
                "label": f" {self.write_number(edge.partial)} ",
                "weight": "1" if scene.role(edge.operand) == "parameter" else "8",
                # Between frames there is a rank more, so that they stand side by side.
                "minlen": "1" if scene.groups.get(edge.operand) == scene.groups.get(node) else "2",
            }
            drawing.edge(f"value{scene.number[edge.operand]}", to, **attributes)
            reach = self.depths[node] - self.depths[edge.operand]
            if reach > _FAR:
                drawing.reach += reach
                shortcut = Drawing()
                self.add_stand_in(shortcut, edge)
                attributes["weight"] = "1"  # so that it bends no chain
                shortcut.edge(f"far{scene.number[node]}.{edge.position}", to, **attributes)
                drawing.shortcuts[drawing.body[-1]] = "".join(shortcut.body)

    def add_stand_in(self, drawing: Any, edge: Edge) -> None:
        """Add a small box with the name of a Value, beside an operation far away from it."""
        box = f"far{self.scene.number[edge.node]}.{edge.position}"
        role = self.scene.role(edge.operand)
        fill, line = _COLORS[role]
        drawing.node(
            box,
            id=box,
            label=escape(self.write_name(self.scene.names[edge.operand])),
            shape="box",
            style="filled,dashed",
            margin="0.05,0.02",
            width="0.3",
            height="0.25",
            fillcolor=fill,
            color=line,
            **{"class": role},
            **self.tooltip(self.scene.names[edge.operand]),
        )


def _measure_depths(graph: Graph) -> dict[Value, int]:
    """Return how many operations stand before each Value; a leaf stands beside its first use."""
    depths: dict[Value, int] = {}
    for node in graph.order:
        depths[node] = 1 + max((depths[edge.operand] for edge in graph.edges[node]), default=-1)
    for leaf in graph.leaves:
        uses = graph.consumers[leaf]
        depths[leaf] = min((depths[edge.node] for edge in uses), default=1) - 1
    return depths


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
