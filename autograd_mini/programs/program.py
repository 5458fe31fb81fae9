"""`Program`: a computation over the table of primitives as data, which can be printed as Python."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from autograd_mini.arguments import requirement
from autograd_mini.engines import Value, choose, hold
from autograd_mini.engines.choices import CHOICES, Choice
from autograd_mini.engines.display import escape, write_count
from autograd_mini.engines.extension import Function
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import flat
from autograd_mini.programs.code import (
    Code,
    Guard,
    Packing,
    Ref,
    pack_guards,
    restore_row,
    save_row,
    unpack_guards,
)
from autograd_mini.programs.printing import (
    Instruction,
    OperandRef,
    name_nodes,
    write_lines,
    write_literal,
    write_program,
)
from autograd_mini.table.primitives import Primitive

__all__ = ["Instruction", "OperandRef", "Program", "function", "look_up", "unpack"]

_MANY = 60
"""A notebook shows at most this many lines of a program, and its `repr` as many instructions."""
_FORMAT = 1
"""The number of the format of pickles; another one is refused."""


def function(primitive: Primitive) -> Callable[..., Any]:
    """Return the function or operator of the library that applies a row to Values and numbers.

    >>> from autograd_mini.table.primitives import PRIMITIVES
    >>> function(PRIMITIVES["div"])(Value(6.0), 3.0).data
    2.0
    """
    if isinstance(primitive, Function):
        return primitive
    if isinstance(primitive, Choice):
        sign = next((sign for sign, row in CHOICES.items() if row is primitive), None)
        return hold if sign is None else partial(choose, sign)
    name = "truediv" if primitive.name == "div" else primitive.name
    found: Callable[..., Any] = getattr(Value, name, None) or getattr(operator, name)
    return found


@dataclass(frozen=True)
class Program:
    """A computation over the table of primitives, for any type of number.

    Nodes are numbered from 0: first the leaves, then the results of the instructions. A float in an
    instruction is a constant. A program is a function of its leaves, so
    ``check_gradients(program, *program.leaves)`` checks it. ``print(program)`` prints Python code.

    Args:
        leaves: the numbers of the leaves when the program was made, the inputs first.
        instructions: the computed nodes, in order.
        names: the names of the leaves; None for a leaf without a name.
        inputs: how many leaves are inputs; the others are parameters. None for all.
        outputs: its results, nodes or constants; None for the last node.
        roots, wrt: its other results: the derivatives of each root by each of these leaves.
        guards: the comparisons that its path depends on, as `Guard`.

    >>> from autograd_mini.table.primitives import PRIMITIVES
    >>> program = Program((3.0,), (Instruction(PRIMITIVES["mul"], (0, 0)),))
    >>> program.lines()
    ['v0 = Value(3.0)', 'v1 = v0 * v0']
    >>> program(Value(5.0)).data
    25.0
    >>> program.compute([7], lambda primitive, x, y: x * y)
    [7, 49]
    """

    leaves: tuple[float, ...]
    instructions: tuple[Instruction, ...]
    names: tuple[str | None, ...] = field(default=(), compare=False)
    inputs: int | None = None
    outputs: tuple[Ref, ...] | None = None
    roots: tuple[Ref, ...] = ()
    wrt: tuple[int, ...] = ()
    guards: tuple[Guard, ...] = ()

    @classmethod
    def of(cls, root: Value) -> Program:
        """Return the program that computed a Value, with the present numbers of its leaves.

        >>> x = Value(3.0, name="x")
        >>> Program.of(2 * x + x).lines()
        ['x = Value(3.0)', 'v1 = 2.0 * x', 'v2 = v1 + x']
        """
        return cls.record(root)[0]

    @classmethod
    def record(cls, root: Value) -> tuple[Program, list[Value]]:
        """Return the program that computed a Value, and the Value of each node, in order."""
        if not isinstance(root, Value):
            raise TypeError(requirement("Program: root", "a Value", root))
        graph = Graph(root)
        leaves = graph.leaves
        nodes = [*leaves, *(node for node in graph.order if node.op is not None)]
        place = {node: number for number, node in enumerate(nodes)}
        instructions = []
        for node in nodes[len(leaves) :]:
            assert node.op is not None
            found = [o if isinstance(o, float) else place[o] for o in node.operands]
            instructions.append(Instruction(node.op, node.op.arrange(found)))
        numbers, names = (tuple(getattr(leaf, a) for leaf in leaves) for a in ("data", "name"))
        return cls(numbers, tuple(instructions), names), nodes

    def __call__(self, *leaves: Value) -> Value:
        """Compute the output from leaves."""
        return self.nodes(*leaves)[-1]

    def nodes(self, *leaves: Value) -> list[Value]:
        """Compute every node from leaves; the leaves come first in the result."""
        return self.compute(leaves, lambda primitive, *given: function(primitive)(*given))

    def compute(self, leaves: Sequence[Any], apply: Callable[..., Any]) -> list[Any]:
        """Compute every node by ``apply(primitive, *operands)``.

        Args:
            leaves: one number of any type for each leaf.
            apply: called with a list for an operand inside a sum, and with a float for a constant.
        """
        nodes = list(leaves)
        if len(nodes) != len(self.leaves):
            rule = f"{len(self.leaves)}, as when the program was made"
            raise ValueError(requirement("Program: number of leaves", rule, len(nodes)))
        for instruction in self.instructions:
            given = [look_up(reference, nodes) for reference in instruction.operands]
            nodes.append(apply(instruction.primitive, *given))
        return nodes

    def lines(self) -> list[str]:
        """Return a line of Python for each node."""
        return write_lines(self)

    def node_names(self) -> list[str]:
        """Return the names of the nodes in `lines`; a leaf keeps its own name if it can be used."""
        return name_nodes(self)

    def pack(self) -> tuple[Code, bytes, list[int] | None, list[int]]:
        """Return flat arrays of instructions and guards, and references to results and roots."""
        packing = Packing()
        for instruction in self.instructions:
            packing.add(instruction.primitive, list(flat(instruction.operands)))
        guards = pack_guards(self.guards, packing)
        outputs = None if self.outputs is None else list(map(packing.refer, self.outputs))
        roots = list(map(packing.refer, self.roots))
        return packing.code(), guards, outputs, roots

    def __reduce__(self) -> tuple[Any, ...]:
        (rows, items, constants), guards, outputs, roots = self.pack()
        saved = tuple(map(save_row, rows)), items, constants, guards
        references = outputs, roots, self.wrt
        return _restore, (_FORMAT, saved, self.leaves, self.names, self.inputs, references)

    def _repr_html_(self) -> str:
        """Return the printed program, for a notebook; a long one without its middle."""
        lines = str(self).splitlines()
        if len(lines) > _MANY:
            half = _MANY // 2
            lines[half:-half] = [f"# … {len(lines) - 2 * half} lines more; print shows them"]
        text = "<br>".join(map(escape, lines))
        return f'<pre style="font-family: monospace">{text}</pre>'

    def __str__(self) -> str:
        return write_program(self)

    def __repr__(self) -> str:
        """Return Python that makes the program, such as Hypothesis shows; a line if it is long.

        `str` is for readers.
        """
        if len(self.instructions) > _MANY:
            size = write_count(len(self.instructions), "instruction")
            return f"<Program of {size}; print shows them>"
        parts = [write_literal(self.leaves), repr(self.instructions)]
        if any(self.names):
            parts.append(f"names={self.names!r}")
        if self.inputs is not None:
            parts.append(f"inputs={self.inputs}")
        for name in ("outputs", "roots", "wrt"):
            given = getattr(self, name)
            parts += [f"{name}={write_literal(given)}"] if given else []
        parts += [f"guards={self.guards!r}"] if self.guards else []
        return f"Program({', '.join(parts)})"


def unpack(
    code: Code,
    guards: bytes,
    leaves: Sequence[float],
    names: Sequence[str | None],
    inputs: int | None,
    outputs: Sequence[int] | None,
    roots: Sequence[int],
    wrt: Sequence[int],
) -> Program:
    """Return the program that flat arrays stand for; see `Program.pack`."""
    instructions = tuple(Instruction(row, row.arrange(refs)) for row, refs in code.instructions())
    given = None if outputs is None else tuple(code.look_up(outputs))
    starts = tuple(code.look_up(roots))
    signs = unpack_guards(guards, code)
    return Program(
        tuple(leaves), instructions, tuple(names), inputs, given, starts, tuple(wrt), signs
    )


def _restore(
    number: int,
    saved: tuple[Any, ...],
    leaves: Sequence[float],
    names: Sequence[str | None],
    inputs: int | None,
    references: tuple[Any, ...],
) -> Program:
    """Return the program of a pickle."""
    if number != _FORMAT:
        way_out = "record it again"
        raise ValueError(requirement("Program: format of a pickle", str(_FORMAT), number, way_out))
    rows, items, constants, guards = saved
    code = Code(tuple(map(restore_row, rows)), items, constants)
    return unpack(code, guards, leaves, names, inputs, *references)


def look_up(reference: OperandRef, nodes: Sequence[Any]) -> Any:
    """Return the operand that a reference stands for; a list for a tuple."""
    if isinstance(reference, tuple):
        return [look_up(one, nodes) for one in reference]
    return nodes[reference] if isinstance(reference, int) else reference
