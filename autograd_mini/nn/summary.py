"""The summary of a model: a row for each layer or other part, and the parameters in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from autograd_mini.engines import Value
from autograd_mini.engines.display import Table
from autograd_mini.nn.activations import Activation
from autograd_mini.nn.search import Place

__all__ = ["summarize"]

_LAYER = re.compile(r"(?:(.+)\.)?layers\.(\d+)")


@dataclass
class _Row:
    name: str
    shape: str = ""
    activation: str = ""
    parameters: int = 0


def summarize(places: Iterable[Place], *, title: str) -> Table:
    """Return a table of the parts of a model.

    A part that has a shape, such as a layer, has one row for all that is in it. Another module has
    a row for its own parameters; the model itself has one for each attribute with parameters.

    Args:
        places: the modules and the parameters, as `find_parts` yields them.
        title: the line above the table.
    """
    rows: list[_Row] = []
    row_of: dict[str, _Row] = {}  # by the path of a module, or of an attribute of the model
    for place in places:
        row = row_of.get(place.owner)
        if isinstance(place.thing, Value):
            path = place.owner or place.attribute
            if row is None and (row := row_of.get(path)) is None:
                rows.append(row := row_of.setdefault(path, _Row(_name(path))))
            row.parameters += 1
        elif row is not None and row.shape:
            row_of[place.path] = row
        elif shape := place.thing._shape():
            name = _name(place.path) or type(place.thing).__name__
            activation = getattr(place.thing, "activation", None)
            kind = activation.name if isinstance(activation, Activation) else ""
            rows.append(row_of.setdefault(place.path, _Row(name, shape, kind)))
    first = "layer" if rows and all(row.name.isdecimal() for row in rows) else "part"
    columns = [name for name in ("shape", "activation") if any(getattr(row, name) for row in rows)]
    return Table(
        [first, *columns, "parameters"],
        [[row.name, *(getattr(row, name) for name in columns), row.parameters] for row in rows],
        footer=["total", *[""] * len(columns), sum(row.parameters for row in rows)],
        title=title,
    )


def _name(path: str) -> str:
    """Return what a part is called: layers are counted from 1."""
    if not (found := _LAYER.fullmatch(path)):
        return path
    owner, index = found.groups()
    number = str(int(index) + 1)
    return f"{owner}, layer {number}" if owner else number
