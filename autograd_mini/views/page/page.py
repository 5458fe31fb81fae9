"""`explore`: a page that steps through a graph, forward and backward, and changes its numbers."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from os import PathLike

from autograd_mini.arguments import finite, requirement
from autograd_mini.engines import Value
from autograd_mini.files import write_atomically
from autograd_mini.table.names import name_as_text
from autograd_mini.views.drawing import Picture
from autograd_mini.views.explanation.chain import Derivation
from autograd_mini.views.naming import collect_names
from autograd_mini.views.page.script import as_literal, describe_nodes, write_rows
from autograd_mini.views.scene import Scene

__all__ = ["Page", "explore"]

_PARTS = resources.files(__package__)
_SCRIPTS = [
    "numbers.js", "steps.js", "drawing.js", "panels.js", "inputs.js", "descent.js", "page.js",
]  # fmt: skip
_RATE = 0.1
_HOW_TO_TRAIN = "parameters= names leaves that the result was computed from"
_ROOM = "-0.000000"
"""This text is as wide as the widest number on a page."""


def explore(
    root: Value,
    path: str | PathLike[str] | None = None,
    *,
    names: Mapping[str, object] | None = None,
    parameters: Iterable[Value] | None = None,
    groups: Mapping[str, Iterable[Value]] | None = None,
    lr: float | None = None,
    title: str | None = None,
    max_nodes: int = 300,
) -> Page:
    """Make a page that steps through a graph, forward and backward, node by node.

    The page is one file that needs no server and no network. docs/views.md says what it shows.

    Args:
        root: the result.
        path: where to write the page.
        names, parameters, groups: as in `draw`.
        lr: the first learning rate of gradient descent, above 0; None for 0.1.
        title: the heading; None for the name of the result.
        max_nodes: how many Values the page may have; it may have twice as many edges.

    Returns:
        A `Page`: ``.html`` is its text, ``.save(path)`` writes it, and a notebook shows it.

    Raises:
        TypeError: the root is not a Value, or an argument has the wrong type.
        ValueError: the learning rate is not a finite number above 0, or there is no leaf to train.
        GraphTooLargeError: there are more Values, or more edges, than that.
        RendererNotFoundError: there is no Graphviz to draw the graph.
        OSError: the file cannot be written.

    >>> explore(Value(0.15, name="w") * 0.1, title="A product").html.splitlines()[0]
    '<!DOCTYPE html>'
    """
    if not isinstance(root, Value):
        raise TypeError(requirement("explore: root", "a Value", root))
    if title is not None and not isinstance(title, str):
        raise TypeError(requirement("explore: title", "a string", title))
    if lr is not None:
        lr = finite(lr, argument="explore: lr")
        if lr <= 0:
            raise ValueError(requirement("explore: lr", "above 0", lr))
    scene = Scene(
        root,
        where="explore",
        names=names,
        parameters=parameters,
        groups=groups,
        max_nodes=max_nodes,
    )
    trained = _find_trained(scene)
    if lr is not None and not trained:
        rule = "None where no leaf can be trained"
        raise ValueError(requirement("explore: lr", rule, lr, _HOW_TO_TRAIN))
    own = collect_names(names)
    given = {value for value in scene.names if value in own or value.name}
    data = {
        "nodes": describe_nodes(
            Derivation(scene.graph, scene.names, given, cases=True), scene.role, trained
        ),
        "root": scene.number[root],
        "lr": _RATE if lr is None else lr,
    }
    text = _make_html(scene, data, title or f"{name_as_text(scene.names[root])}, step by step")
    page = Page(text, size=len(scene.graph.order))
    if path is not None:
        page.save(path)
    return page


_ON_LOAD = """\
this.previousElementSibling.hidden = true;
window.addEventListener("message", ({source, data}) => {
  if (source === this.contentWindow && data > 0) this.style.height = Math.ceil(data) + "px";
});
this.contentWindow.postMessage("height", "*");
"""
"""What a notebook does when it has the page: hide the line before it, and ask how high it is."""


class Page:
    """A page in HTML that needs no other file; a notebook shows it by itself.

    Attributes:
        html: the text of the page.
        size: how many Values it shows.
    """

    def __init__(self, html: str, *, size: int) -> None:
        self.html = html
        self.size = size

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page into a file, atomically; raise OSError if that fails."""
        write_atomically(path, self.html)

    def __repr__(self) -> str:
        values = "1 Value" if self.size == 1 else f"{self.size} Values"
        return f'<Page of {values}: .save("page.html") writes it, a notebook shows it>'

    def _repr_html_(self) -> str:
        """Return the page in a frame, which becomes as high as the page.

        Where a notebook is not trusted, no frame is shown, only the line before it.
        """
        return (
            f"<p>{html.escape(repr(self))} once it is trusted.</p>"
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts" '
            f'title="a computation graph, step by step" onload="{html.escape(_ON_LOAD)}" '
            'style="width: 100%; height: 860px; border: 0"></iframe>'
        )


class Stage(Picture):
    """The drawing of a scene without its numbers; it leaves room for the numbers of the page."""

    background = "transparent"

    def caption(self) -> str:
        return ""

    def write_number(self, number: float) -> str:  # noqa: ARG002
        return _ROOM

    def write_name(self, name: str) -> str:
        return name_as_text(name)

    def has_gradient(self, node: Value) -> bool:  # noqa: ARG002
        return True

    def tooltip(self, text: str) -> dict[str, str]:  # noqa: ARG002 - numbers would go stale
        return {}


def _find_trained(scene: Scene) -> set[Value]:
    """Return the leaves that the descent changes: the parameters, or all if none is known."""
    leaves = [leaf for leaf in scene.graph.leaves if leaf not in scene.graph.roots]
    known = {leaf for leaf in leaves if scene.role(leaf) == "parameter"}
    return known if known or scene._parameters is not None else set(leaves)


def _make_html(scene: Scene, data: Mapping[str, object], title: str) -> str:
    title = title.encode("utf-8", "backslashreplace").decode()  # as a lone surrogate is no text
    parts = {
        "title": html.escape(title),
        "heading": html.escape(title).replace("_", "_<wbr>"),
        "style": _read("page.css"),
        "graph": _draw_svg(scene),
        "data": as_literal(data),
        "rows": write_rows({node.op for node in scene.graph.order if node.op is not None}),
        "script": "\n".join(map(_read, _SCRIPTS)),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _read("page.html"))


def _read(name: str) -> str:
    """Return the text of a part of each page."""
    return (_PARTS / name).read_text(encoding="utf-8")


def _draw_svg(scene: Scene) -> str:
    """Return the drawing as an element of a page."""
    svg = Stage(scene).make_drawing().pipe(format="svg", encoding="utf-8")
    svg = svg[svg.index("<svg") :]
    return re.sub(r"<title>.*?</title>\n?|<!--.*?-->\n?", "", svg, flags=re.DOTALL)
