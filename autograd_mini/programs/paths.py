"""`Path`: the program of a path of a function, with what a run of it needs to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from autograd_mini.engines.choices import Choice
from autograd_mini.programs.code import Code, Guard, Ref
from autograd_mini.table.primitives import Primitive

__all__ = ["Path", "is_edge", "walk"]


class Path:
    """The program of a path, with what its runs need.

    A node is *uniform* if it depends on parameters only; it is computed once a run. An operand that
    is uniform, in an instruction that is not, is a *site*, if the sums need its derivative.

    Args:
        code, guards: the program.
        inputs, leaves, places: as for `PythonReplay.add`.
        outputs, roots: nodes, or constants.
        wrt: the inputs by which roots are differentiated.
        sums: whether derivatives by the parameters are summed.
    """

    def __init__(
        self,
        code: Code,
        guards: Sequence[Guard],
        inputs: int,
        leaves: int,
        places: Sequence[int],
        outputs: Sequence[Ref],
        roots: Sequence[Ref],
        wrt: Sequence[int],
        sums: bool,
    ) -> None:
        self.instructions = list(code.instructions())
        self.guards, self.inputs, self.leaves, self.places = guards, inputs, leaves, places
        self.outputs, self.roots, self.wrt, self.sums = outputs, roots, wrt, sums
        self.bytes = len(code.items) + len(code.constants)
        self.varies = _find_dependent(self.instructions, range(inputs), leaves)
        targets = range(inputs, leaves) if sums else wrt
        self.needed = _find_dependent(self.instructions, targets, leaves, edges=True)
        self.sweeps = [
            [n for n in reversed(walk(self.instructions, leaves, root)) if self.needed[n]]
            for root in roots
        ]
        self.sites: list[int] = []
        """The uniform operand of each site, in the order in which a sweep meets them."""
        if sums:
            (root,) = roots
            for node in self.sweeps[0]:
                if self.varies[node]:
                    self.sites += [ref for _, ref in self.edges(node) if not self.varies[ref]]
            if isinstance(root, int) and self.is_site(root):
                self.sites.append(root)

    def row(self, node: int) -> Primitive:
        """Return the row of a computed node."""
        return self.instructions[node - self.leaves][0]

    def operands(self, node: int) -> list[Ref]:
        """Return the operands of a computed node."""
        return self.instructions[node - self.leaves][1]

    def edges(self, node: int) -> Iterator[tuple[int, int]]:
        """Yield the position of each operand whose derivative is needed, and its node."""
        row, operands = self.instructions[node - self.leaves]
        for i, ref in enumerate(operands):
            if isinstance(ref, int) and self.needed[ref] and is_edge(row, i):
                yield i, ref

    def is_site(self, ref: Ref) -> bool:
        """Return whether an operand is uniform, and its derivative is needed."""
        return self.sums and isinstance(ref, int) and self.needed[ref] and not self.varies[ref]


def _find_dependent(
    instructions: Sequence[tuple[Primitive, Sequence[Ref]]],
    sources: Iterable[int],
    leaves: int,
    *,
    edges: bool = False,
) -> list[bool]:
    """Return for each node whether it depends on a source, perhaps only by its edges."""
    found = [False] * leaves
    for source in sources:
        found[source] = True
    for row, operands in instructions:
        found.append(
            any(
                isinstance(ref, int) and found[ref] and (not edges or is_edge(row, i))
                for i, ref in enumerate(operands)
            )
        )
    return found


def is_edge(row: Primitive, position: int) -> bool:
    """Return whether an operand has a partial derivative; what stands aside has none."""
    return not isinstance(row, Choice) or position >= row.aside


def walk(
    instructions: Sequence[tuple[Primitive, Sequence[Ref]]], leaves: int, root: Ref
) -> list[int]:
    """Return the computed nodes behind a root in the order in which the engines visit them."""
    if not isinstance(root, int) or root < leaves:
        return []

    def operands_of(node: int) -> Iterator[int]:
        row, operands = instructions[node - leaves]
        for i, ref in enumerate(operands):
            if isinstance(ref, int) and ref >= leaves and is_edge(row, i):
                yield ref

    order, seen, stack = [], {root}, [(root, operands_of(root))]
    while stack:
        node, remaining = stack[-1]
        found = next((ref for ref in remaining if ref not in seen), None)
        if found is None:
            order.append(node)
            stack.pop()
        else:
            seen.add(found)
            stack.append((found, operands_of(found)))
    return order
