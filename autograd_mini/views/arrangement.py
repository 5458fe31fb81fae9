"""Where things stand in a drawing: hints that keep Graphviz's layout in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from autograd_mini.engines import Value
from autograd_mini.engines.graph import Edge
from autograd_mini.views.scene import Scene

__all__ = ["keep_in_order", "measure_depths", "measure_gap"]


def measure_depths(edges: Mapping[Value, Iterable[Edge]]) -> dict[Value, int]:
    """Return how many operations stand before each Value; a leaf stands beside its first use."""
    depths: dict[Value, int] = {}
    for node, to_node in edges.items():
        depths[node] = 1 + max((depths[edge.operand] for edge in to_node), default=-1)
    first: dict[Value, int] = {}
    for node, to_node in edges.items():
        for edge in to_node:
            if edge.operand.op is None:
                first[edge.operand] = min(first.get(edge.operand, depths[node]), depths[node])
    return depths | {leaf: depth - 1 for leaf, depth in first.items()}


def measure_gap(scene: Scene, operand: Value, node: Value) -> str:
    """Return how many ranks the arrow from an operand to a node passes at least.

    Between frames there is one rank more, so that they stand side by side. After an input of
    several frames there is one more too, so that no arrow from it passes through a frame.
    """
    frame, other = scene.groups.get(node), scene.groups.get(operand)
    if frame is None or frame == other:
        return "1"
    frames = {scene.groups.get(edge.node) for edge in scene.graph.consumers[operand]}
    return "2" if other is not None or len(frames) > 1 else "1"


def keep_in_order(drawing: Any, frames: Sequence[tuple[str, str]], prefix: str) -> None:
    """Keep frames in their order, from top to bottom, by points and edges that cannot be seen.

    Between two columns of points, whose order is certain, any other order has more crossings.

    Args:
        drawing: the drawing.
        frames: the first and the last node in each frame.
        prefix: begins the names of the points.
    """
    point = {"shape": "point", "style": "invis", "width": "0.01", "height": "0.01"}
    for side in ("before", "after"):
        names = [f"{prefix}_{side}{k}" for k in range(len(frames))]
        with drawing.subgraph() as column:
            column.attr(rank="same")
            for name in names:
                column.node(name, **point)
            for edge in pairwise(names):
                column.edge(*edge, style="invis")
    for k, (first, last) in enumerate(frames):
        drawing.edge(f"{prefix}_before{k}", first, style="invis", weight="0")
        for _ in range(3):  # this counts as much as three arrows that cross
            drawing.edge(last, f"{prefix}_after{k}", style="invis", weight="0")
