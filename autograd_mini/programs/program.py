"""`Program`: a computation over the table of primitives as data, which can be printed as Python."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any, TypeAlias

from autograd_mini import functions
from autograd_mini.arguments import requirement
from autograd_mini.engines import Value
from autograd_mini.engines.display import escape, write_count
from autograd_mini.engines.extension import Function, name_apart
from autograd_mini.engines.graph import Graph
from autograd_mini.table.primitives import Primitive
from autograd_mini.table.rules import ARITHMETIC

__all__ = ["Instruction", "OperandRef", "Program", "function", "look_up"]

# An operand in an instruction: the number of a node, a constant, or a tuple of these for a sum.
OperandRef: TypeAlias = "int | float | tuple[int | float, ...]"

_SIGNS = {infix.row: infix.code for infix in ARITHMETIC.values()}
_MANY = 60
"""A notebook shows at most this many lines of a program, and its `repr` as many instructions."""
_TAKEN = frozenset({"ag", "abs", "float", "print", "Value"})  # the names that printed programs use


def function(primitive: Primitive) -> Callable[..., Any]:
    """Return the function or operator of the library that applies a row to Values and numbers.

    >>> from autograd_mini.table.primitives import PRIMITIVES
    >>> function(PRIMITIVES["div"])(Value(6.0), 3.0).data
    2.0
    """
    if isinstance(primitive, Function):
        return primitive
    name = "truediv" if primitive.name == "div" else primitive.name
    found: Callable[..., Any] = getattr(Value, name, None) or getattr(operator, name)
    return found


@dataclass(frozen=True)
class Instruction:
    """One computed node of a `Program`: a row of the table, and its operands."""

    primitive: Primitive
    operands: tuple[OperandRef, ...]

    def __repr__(self) -> str:
        return f"Instruction({self.primitive!r}, {_write_literal(self.operands)})"


@dataclass(frozen=True)
class Program:
    """A computation over the table of primitives, for any type of number.

    Nodes are numbered from 0: first the leaves, then the results of the instructions. The last node
    is the output. A float in an instruction is a constant. A program is a function of its leaves,
    so ``check_gradients(program, *program.leaves)`` checks it. ``print(program)`` prints Python
    code that builds and differentiates the graph.

    Args:
        leaves: the numbers of the leaves when the program was made.
        instructions: the computed nodes, in order.
        names: the names of the leaves; None for a leaf without a name.

    >>> from autograd_mini.table.primitives import PRIMITIVES
    >>> program = Program((3.0,), (Instruction(PRIMITIVES["mul"], (0, 0)),))
    >>> program
    Program((3.0,), (Instruction(PRIMITIVES['mul'], (0, 0)),))
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
        names, own = self.node_names(), self._function_names()
        made = [f"Value({_constant(number)})" for number in self.leaves]
        made += [_expression(instruction, names, own) for instruction in self.instructions]
        return [f"{name} = {text}" for name, text in zip(names, made, strict=True)]

    def node_names(self) -> list[str]:
        """Return the names of the nodes in `lines`; a leaf keeps its own name if it can be used."""
        given = [*self.names, *[None] * (len(self.leaves) - len(self.names))]
        names: list[str] = []
        taken = _TAKEN.union(self._function_names().values())
        for number, name in enumerate([*given, *[None] * len(self.instructions)]):
            usable = name and name.isidentifier() and not iskeyword(name) and name not in taken
            if usable and given.count(name) == 1 and not _is_numbered(str(name)):
                names.append(str(name))
            else:
                names.append(f"v{number}")
        return names

    def _function_names(self) -> dict[Primitive, str]:
        """Return the names in `lines` of the functions that a user has added to the table."""
        rows = [i.primitive.origin for i in self.instructions if isinstance(i.primitive, Function)]
        if not rows:
            return {}
        numbered = (f"v{number}" for number in range(len(self.leaves) + len(self.instructions)))
        return name_apart(rows, _TAKEN.union(numbered))

    def _repr_html_(self) -> str:
        """Return the printed program, for a notebook; a long one without its middle."""
        lines = str(self).splitlines()
        if len(lines) > _MANY:
            half = _MANY // 2
            lines[half:-half] = [f"# … {len(lines) - 2 * half} lines more; print shows them"]
        text = "<br>".join(map(escape, lines))
        return f'<pre style="font-family: monospace">{text}</pre>'

    def __str__(self) -> str:
        lines = self.lines()
        names, own = self.node_names(), self._function_names()
        definitions = [
            line
            for function, name in own.items()
            if isinstance(function, Function)
            for line in function.write_definition(name)
        ]
        gradients = ", ".join(f"{name}.grad" for name in names[: len(self.leaves)])
        body = [*lines, f"{names[-1]}.backward()", f"print({gradients})"]
        is_used = any("ag." in line for line in [*definitions, *lines])
        header = ["import autograd_mini as ag"] if is_used else []
        return "\n".join([*header, "from autograd_mini import Value", *definitions, "", *body])

    def __repr__(self) -> str:
        """Return Python that makes the program, such as Hypothesis shows; a line if it is long.

        `str` is for readers.
        """
        if len(self.instructions) > _MANY:
            size = write_count(len(self.instructions), "instruction")
            return f"<Program of {size}; print shows them>"
        parts = [_write_literal(self.leaves), repr(self.instructions)]
        if any(self.names):
            parts.append(f"names={self.names!r}")
        return f"Program({', '.join(parts)})"


def look_up(reference: OperandRef, nodes: Sequence[Any]) -> Any:
    """Return the operand that a reference stands for; a list for a tuple."""
    if isinstance(reference, tuple):
        return [look_up(one, nodes) for one in reference]
    return nodes[reference] if isinstance(reference, int) else reference


def _expression(
    instruction: Instruction, names: Sequence[str], own: Mapping[Primitive, str]
) -> str:
    row = instruction.primitive
    texts = [_write_operand(operand, names) for operand in instruction.operands]
    if isinstance(row, Function):
        return f"{own[row.origin]}({', '.join(texts)})"
    if row.name in _SIGNS:
        # -2.0 ** x would mean -(2.0 ** x).
        left = f"({texts[0]})" if row.name == "pow" and texts[0].startswith("-") else texts[0]
        return f"{left} {_SIGNS[row.name]} {texts[1]}"
    if row.name == "neg":
        return f"-{texts[0]}"
    if row.name == "abs":
        return f"abs({texts[0]})"
    # Functions that are composed of rows bear the names of some of these.
    is_same = getattr(functions, row.name, None) is getattr(Value, row.name, None)
    is_public = is_same if row.nary else row.name in functions.__all__
    return f"{'ag' if is_public else 'Value'}.{row.name}({', '.join(texts)})"


def _write_operand(reference: OperandRef, names: Sequence[str]) -> str:
    if isinstance(reference, tuple):
        return f"[{', '.join(_write_operand(one, names) for one in reference)}]"
    return names[reference] if isinstance(reference, int) else _constant(reference)


def _write_literal(given: OperandRef | tuple[OperandRef, ...]) -> str:
    """Return Python for numbers, in tuples or not."""
    if isinstance(given, tuple):
        return f"({', '.join(map(_write_literal, given))}{',' * (len(given) == 1)})"
    return repr(given) if isinstance(given, int) else _constant(given)


def _constant(number: float) -> str:
    return repr(number) if math.isfinite(number) else f'float("{number!r}")'


def _is_numbered(name: str) -> bool:
    return name[0] == "v" and name[1:].isdecimal()
