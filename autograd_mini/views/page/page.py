"""`explore`: a page that steps through a graph, forward and backward, and changes its numbers."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from os import PathLike
from pathlib import Path

from autograd_mini.arguments import finite, requirement
from autograd_mini.engines import Value
from autograd_mini.engines.display import write_count
from autograd_mini.files import write_atomically
from autograd_mini.table.names import name_as_text
from autograd_mini.views.drawing import Picture
from autograd_mini.views.page.script import (
    as_literal,
    describe_nodes,
    find_fixed,
    rows_of,
    write_rows,
)
from autograd_mini.views.scene import Parameters, Scene

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
    parameters: Parameters | None = None,
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
        ValueError: the learning rate is not a finite number above 0, or there is no leaf to train;
            or the path is not that of a page.
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
    is_any_known = any(scene.role(leaf) == "parameter" for leaf in scene.parameters)
    trained = set(scene.parameters) - {root} if parameters is None or is_any_known else set()
    fixed = find_fixed(scene)
    trained -= fixed
    if lr is not None and not trained:
        rule = "None where no leaf can be trained"
        raise ValueError(requirement("explore: lr", rule, lr, _HOW_TO_TRAIN))
    data = {
        "nodes": describe_nodes(scene, trained, fixed),
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
        """Write the page into a file, atomically.

        Raises:
            ValueError: the name has an ending that is not that of a page.
            OSError: the file cannot be written.
        """
        if Path(os.fsdecode(path)).suffix.lower() not in ("", ".html", ".htm"):
            rule, way_out = "a name that ends in .html", "a picture is made by draw"
            raise ValueError(requirement("save: path", rule, os.fsdecode(path), way_out))
        write_atomically(path, self.html)

    def __repr__(self) -> str:
        return f'<Page of {write_count(self.size, "Value")}; .save("page.html") writes it>'

    def _repr_html_(self) -> str:
        """Return the page in a frame, which becomes as high as the page.

        Where a notebook is not trusted, no frame is shown, only the line before it.
        """
        values = write_count(self.size, "Value")
        return (
            f"<p>A page of {values}. The notebook shows it once it is trusted; "
            '.save("page.html") writes it.</p>'
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts" '
            f'title="a computation graph, step by step" onload="{html.escape(_ON_LOAD)}" '
            'style="width: 100%; height: 860px; border: 0"></iframe>'
        )


class BlankPicture(Picture):
    """The drawing of a scene without its numbers; it leaves room for the numbers of the page."""

    background = "transparent"
    differentiates_constants = True

    def caption(self) -> str:
        return ""

    def write_number(self, number: float) -> str:  # noqa: ARG002
        return _ROOM

    def has_gradient(self, node: Value) -> bool:  # noqa: ARG002
        return True

    def tooltip(self, text: str) -> dict[str, str]:  # noqa: ARG002 - numbers would go stale
        return {}


def _make_html(scene: Scene, data: Mapping[str, object], title: str) -> str:
    title = title.encode("utf-8", "backslashreplace").decode()  # as a lone surrogate is no text
    parts = {
        "title": html.escape(title),
        "heading": html.escape(title).replace("_", "_<wbr>"),
        "style": _read("page.css"),
        "graph": _draw_svg(scene),
        "data": as_literal(data),
        "rows": write_rows(rows_of(scene)),
        "script": "\n".join(map(_read, _SCRIPTS)),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _read("page.html"))


def _read(name: str) -> str:
    """Return the text of a part of each page."""
    return (_PARTS / name).read_text(encoding="utf-8")


def _draw_svg(scene: Scene) -> str:
    """Return the drawing as an element of a page."""
    svg = BlankPicture(scene).make_drawing().pipe(format="svg", encoding="utf-8")
    svg = svg[svg.index("<svg") :]
    return re.sub(r"<title>.*?</title>\n?|<!--.*?-->\n?", "", svg, flags=re.DOTALL)
