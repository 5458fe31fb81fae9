"""`draw`: a picture of a computation graph, with every value, gradient and local derivative."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, get_args

from autograd_mini.arguments import count, list_some, requirement
from autograd_mini.engines import Value
from autograd_mini.engines.graph import Edge, is_stale
from autograd_mini.programs.program import Program
from autograd_mini.programs.sample import Comparison, compute_sample
from autograd_mini.table.names import name_as_text, shorten_name
from autograd_mini.views.arrangement import keep_in_order, measure_depths, measure_gap
from autograd_mini.views.constants import Constant
from autograd_mini.views.folding import find_folded, merge_edges
from autograd_mini.views.labels import Labels
from autograd_mini.views.naming import make_sort_key
from autograd_mini.views.rendering import Drawing, escape, find_format, replace_unprintable
from autograd_mini.views.scene import Parameters, Scene

__all__ = ["Picture", "draw"]

Direction = Literal["LR", "TB", "RL", "BT"]

_COLORS = {
    "input": ("#dbeafe", "#1d4ed8"),
    "parameter": ("#fef3c7", "#b45309"),
    "intermediate": ("#ffffff", "#6b7280"),
    "output": ("#dcfce7", "#15803d"),
}
_LEGEND = {"input": "blue: input", "parameter": "amber: parameter", "output": "green: result"}
_QUIET = "#6b7280"
_SLOPE = "#7c3aed"
_FAR = 4
"""In a plainer layout, the name of a Value stands at a use that is more operations away."""


def draw(
    root: Value | Iterable[Value] | Program,
    path: str | PathLike[str] | None = None,
    *,
    names: Mapping[str, object] | None = None,
    parameters: Parameters | None = None,
    groups: Mapping[str, Iterable[Value]] | None = None,
    fold: bool = False,
    digits: int = 4,
    rankdir: Direction = "LR",
    max_nodes: int = 300,
) -> Drawing:
    """Draw the graph of a Value: boxes for Values, circles for operations.

    docs/views.md says how to read the drawing, and how Values without a name are called.

    Args:
        root: the result, or several of them, or the `Program` of a compiled function.
        path: where to save the drawing, such as net.svg, .png, .pdf or .gv.
        names: names for Values, such as ``locals()``; a list of Values gives ``name[0]`` and so on.
        parameters: a module, an optimizer or a list of leaves; None for the leaves of modules.
        groups: titles of frames, with the parameters and results inside; None for the neurons.
        fold: write nameless results of arithmetic as part of a formula, as `explain` does.
        digits: how many significant digits the numbers have.
        rankdir: where the arrows lead: LR is from left to right, TB from top to bottom.
        max_nodes: how many Values a drawing may have; it may have twice as many edges.

    Raises:
        TypeError, ValueError: an argument is wrong.
        GraphTooLargeError: there are more Values, or more edges, than that.
        RendererNotFoundError, OSError: as for `Drawing.save`.

    >>> x, w = Value(0.1, name="x"), Value(0.15, name="w")
    >>> draw(w * x)
    <Drawing of 3 Values; .save("net.svg") writes it>
    """
    if path is not None:
        find_format(path, argument="draw: path")
    digits = count(digits, argument="draw: digits")
    if rankdir not in get_args(Direction):
        rule = f"one of {', '.join(get_args(Direction))}"
        raise ValueError(requirement("draw: rankdir", rule, rankdir))
    branches: Sequence[Comparison] = ()
    choices: Sequence[Comparison] = ()
    if isinstance(root, Program):
        root, leaves, branches, choices = compute_sample(root)
        parameters = parameters or leaves or None
    scene = Scene(
        root, where="draw", names=names, parameters=parameters, groups=groups, max_nodes=max_nodes
    )
    picture = Picture(scene, fold=fold, digits=digits, rankdir=rankdir)
    picture.branches, picture.choices = branches, choices
    drawing = picture.make_drawing()
    if path is not None:
        drawing.save(path)
    return drawing


class Picture:
    """The drawing of a scene, with the numbers of its Values."""

    background = "white"
    differentiates_constants = False
    """Whether plain numbers with a box have a gradient and local derivatives, as leaves have."""

    branches: Sequence[Comparison] = ()
    """What decides the path of a program."""
    choices: Sequence[Comparison] = ()
    """What chooses the cases of derivative rules in a program."""

    def __init__(
        self, scene: Scene, *, fold: bool = False, digits: int = 4, rankdir: Direction = "LR"
    ) -> None:
        self.scene = scene
        self.rankdir = rankdir
        self.is_flat = rankdir in ("LR", "RL")
        self.labels = Labels(scene.names, scene.boxes, digits=digits)
        self.folded = find_folded(scene) if fold else set()
        self.edges = merge_edges(scene.graph, self.folded)
        self.differentiated = any(root.has_grad for root in scene.graph.roots)
        self.depths = measure_depths(self.edges)

    def make_drawing(self) -> Drawing:
        """Return the drawing."""
        drawing = Drawing(
            graph_attr={
                "rankdir": self.rankdir,
                "nodesep": "0.16",
                "ranksep": "0.08",
                # A second search for few crossings would mix up what stands in a frame.
                "remincross": "false",
                "fontname": "Courier",
                "fontsize": "13",
                "bgcolor": self.background,
            },
            node_attr={"fontname": "Courier", "fontsize": "12", "style": "filled"},
            edge_attr={
                "fontname": "Courier",
                "fontsize": "11",
                "arrowsize": "0.6",
                "color": _QUIET,
                "fontcolor": _SLOPE,
            },
        )
        drawing.count = len(self.edges)
        drawing.caption = self.caption()
        drawing.add_caption()
        for number, constant in enumerate(self.scene.constants):
            self.add_constant(drawing, constant, number)
        self.add_values(drawing, self.members(None))
        self.add_frames(drawing)
        for number, titles in enumerate(self.scene.layers()):
            keep_in_order(drawing, [self.find_ends(title) for title in titles], f"layer{number}")
        for node in self.edges:
            self.add_edges(drawing, node)
        return drawing

    def caption(self) -> str:
        """Return the text below the drawing: what its colors and numbers mean."""
        roles = {self.scene.role(node) for node in self.edges}
        if self.scene.constants:
            roles.add("input")
        lines = [", ".join(words for role, words in _LEGEND.items() if role in roles)]
        lines.append("in a box: name, value" + ", gradient (grad)" * self.differentiated)
        if any(self.edges.values()):
            lines.append("on an arrow: the local derivative")
        if not self.differentiated:
            lines.append("no backward pass yet")
        for words, found in (("on this path", self.branches), ("at this point", self.choices)):
            if texts := [self.labels.write_comparison(one, self.folded) for one in found]:
                lines.append(f"{words}: {list_some([*dict.fromkeys(texts)])}")
        if stale := list(filter(is_stale, self.scene.graph.order)):
            names = list_some([*map(self.write_name, stale)])
            lines.append(f"computed before a number here was changed: {names}")
        return "\n".join(lines)

    def write_number(self, number: float) -> str:
        """Return the text of a number of a Value or an edge."""
        return self.labels.notation.number(number)

    def write_name(self, node: Value) -> str:
        """Return the text of the name of a Value."""
        return name_as_text(self.scene.names[node])

    def has_gradient(self, node: Value) -> bool:
        """Return whether the box of a Value shows a gradient."""
        return self.differentiated and node.has_grad

    def tooltip(self, text: str) -> dict[str, str]:
        """Return the attribute that shows a text under the mouse."""
        return {"tooltip": escape(text)}

    def members(self, title: str | None) -> list[Value]:
        """Return the Values with a box in a frame."""
        return [node for node in self.scene.members(title) if node in self.edges]

    def find_ends(self, title: str) -> tuple[str, str]:
        """Return the first operation in a frame, and the last result."""
        computed = [self.scene.number[node] for node in self.members(title) if node.op is not None]
        return f"op{computed[0]}", f"value{computed[-1]}"

    def add_frames(self, drawing: Any) -> None:
        """Add the frames and their Values."""
        for i, title in enumerate(self.scene.titles()):
            short = shorten_name(title)
            name = f"cluster {title if title == short else i}"
            start = len(drawing.body)
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
                    fontsize="13",
                )
                self.add_values(frame, self.members(title))
            boxes = tuple(
                f"\t\tvalue{self.scene.number[node]} ["
                for node in self.members(title)
                if self.scene.role(node) == "parameter"
            )
            lines = [line for line in drawing.body[start:] if line.startswith(boxes)]
            drawing.opposites.update(zip(lines, reversed(lines), strict=True))

    def add_values(self, drawing: Any, members: Iterable[Value]) -> None:
        """Add Values, each with the operation that made it."""
        for node in members:
            self.add_box(drawing, node)
            if node.op is not None:
                self.add_circle(drawing, node)

    def add_box(self, drawing: Any, node: Value) -> None:
        """Add a Value."""
        box = f"value{self.scene.number[node]}"
        name = self.write_name(node)
        fields = [name, self.write_number(node.data)]
        gradient = ""
        if self.has_gradient(node):
            fields.append(f"grad\n{self.write_number(node.grad)}")
            gradient = f", gradient {node.grad!r}"
        text = f"{name} = {node.data!r}{gradient}"
        self.add_record(drawing, box, fields, self.scene.role(node), text)

    def add_constant(self, drawing: Any, constant: Constant, number: int) -> None:
        """Add a plain number that was given to a model, with an arrow to each of its uses."""
        box = f"constant{number}"
        fields = [name_as_text(constant.name), self.write_number(constant.number)]
        text = f"{constant.role} {fields[0]} = {constant.number!r}"
        label = {}
        if self.differentiates_constants:
            fields.append(f"grad\n{self.write_number(0.0)}")
            label = {"label": self.write_number(1.0)}
        self.add_record(drawing, box, fields, "input", text)
        gap = "2" if len({self.scene.groups.get(node) for node, _ in constant.uses}) > 1 else "1"
        for node, position in constant.uses:
            to = f"{self.scene.number[node]}"
            attributes = {"id": f"edge{to}.{position}", "weight": "8", "minlen": gap, **label}
            drawing.edge(box, f"op{to}", **attributes)

    def add_record(
        self, drawing: Any, box: str, fields: list[str], role: str, tooltip: str
    ) -> None:
        """Add a box with several fields, one below the other."""
        fill, line = _COLORS[role]
        label = "|".join(map(_escape_field, fields))
        drawing.node(
            box,
            id=box,
            # Fields stand across the direction of the arrows.
            label=label if self.is_flat else f"{{{label}}}",
            shape="record",
            margin="0.06,0.03",
            fillcolor=fill,
            color=line,
            **{"class": role},
            **self.tooltip(tooltip),
        )

    def add_circle(self, drawing: Any, node: Value) -> None:
        """Add the operation that made a Value: a circle for a sign, a rounded box for words."""
        assert node.op is not None
        number = self.scene.number[node]
        is_formula = any(operand in self.folded for operand in node.operands)
        if is_formula:
            lines, text = self.labels.write_formula(node, self.folded)
        else:
            lines, text = self.labels.write(node), self.labels.write_exactly(node)
        if len(lines) == 1 and len(lines[0]) == 1:
            shape = {"shape": "circle", "fixedsize": "true", "width": "0.3"}
        else:
            shape = {"shape": "box", "style": "rounded,filled", "margin": "0.06,0.03"}
        if node.op.nary and node not in self.scene.groups:
            shape["ordering"] = "in"  # which Graphviz does not do in a frame
        drawing.node(
            f"op{number}",
            id=f"op{number}",
            label="\\n".join(map(escape, lines)),
            height="0.3",
            **shape,
            fillcolor="#ede9fe",
            color=_SLOPE,
            **{"class": "operation"},
            **self.tooltip(text),
        )
        drawing.edge(f"op{number}", f"value{number}", id=f"edge{number}", weight="20")

    def add_edges(self, drawing: Any, node: Value) -> None:
        """Add an edge for each use of a Value as an operand, with the local derivative."""
        scene = self.scene

        def sort_key(edge: Edge) -> tuple[bool, Any]:
            is_parameter = scene.role(edge.operand) == "parameter"
            return not is_parameter, make_sort_key(self.write_name(edge.operand))

        for edge in sorted(self.edges[node], key=sort_key):
            to = f"op{scene.number[node]}"
            names = self.write_name(node), self.write_name(edge.operand)
            attributes = {
                "id": f"edge{scene.number[node]}.{edge.position}",
                "label": ("" if self.is_flat else " ") + self.write_number(edge.partial),
                "weight": "1" if scene.role(edge.operand) == "parameter" else "8",
                "minlen": measure_gap(scene, edge.operand, node),
                **self.tooltip("∂{}/∂{} = ".format(*names) + repr(edge.partial)),
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
            label=escape(self.write_name(edge.operand)),
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


def _escape_field(text: str) -> str:
    """Return text for a field of a record, where braces, bars and angles have a meaning."""
    lines = text.split("\n")
    return r"\n".join(re.sub(r"([{}|<>\\ ])", r"\\\1", replace_unprintable(x)) for x in lines)
