"""Writes a program as Python code: a line for each node."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Protocol, TypeAlias

from autograd_mini import functions
from autograd_mini.engines import Value
from autograd_mini.engines.choices import CHOICES, HELD, Choice
from autograd_mini.engines.extension import Function, name_apart
from autograd_mini.programs.code import Guard, Ref
from autograd_mini.table.primitives import Primitive
from autograd_mini.table.rules import ARITHMETIC

__all__ = [
    "Instruction",
    "OperandRef",
    "name_nodes",
    "write_lines",
    "write_literal",
    "write_program",
]

# An operand in an instruction: the number of a node, a constant, or a tuple of these for a sum.
OperandRef: TypeAlias = "int | float | tuple[int | float, ...]"

_SIGNS = {infix.row: infix.code for infix in ARITHMETIC.values()}
_CHOICES = {row: sign for sign, row in CHOICES.items()}
_TAKEN = frozenset({"ag", "abs", "float", "print", "Value"})  # the names that printed programs use


@dataclass(frozen=True)
class Instruction:
    """One computed node of a `Program`: a row of the table, and its operands."""

    primitive: Primitive
    operands: tuple[OperandRef, ...]

    def __repr__(self) -> str:
        return f"Instruction({self.primitive!r}, {write_literal(self.operands)})"


class Listing(Protocol):
    """What is printed: a `Program`."""

    @property
    def leaves(self) -> tuple[float, ...]: ...
    @property
    def instructions(self) -> tuple[Instruction, ...]: ...
    @property
    def names(self) -> tuple[str | None, ...]: ...
    @property
    def inputs(self) -> int | None: ...
    @property
    def outputs(self) -> tuple[Ref, ...] | None: ...
    @property
    def roots(self) -> tuple[Ref, ...]: ...
    @property
    def wrt(self) -> tuple[int, ...]: ...
    @property
    def guards(self) -> tuple[Guard, ...]: ...


def write_lines(program: Listing) -> list[str]:
    """Return a line of Python for each node."""
    names, own = name_nodes(program), _name_functions(program)
    made = [f"Value({_constant(number)})" for number in program.leaves]
    made += [_expression(instruction, names, own) for instruction in program.instructions]
    return [f"{name} = {text}" for name, text in zip(names, made, strict=True)]


def name_nodes(program: Listing) -> list[str]:
    """Return the names of the nodes; a leaf keeps its own name if it can be used."""
    given = [*program.names, *[None] * (len(program.leaves) - len(program.names))]
    names: list[str] = []
    taken = _TAKEN.union(_name_functions(program).values())
    for number, name in enumerate([*given, *[None] * len(program.instructions)]):
        usable = name and name.isidentifier() and not iskeyword(name) and name not in taken
        if usable and given.count(name) == 1 and not _is_numbered(str(name)):
            names.append(str(name))
        else:
            names.append(f"v{number}")
    return names


def _name_functions(program: Listing) -> dict[Primitive, str]:
    """Return the names in the lines of the functions that a user has added to the table."""
    rows = [i.primitive.origin for i in program.instructions if isinstance(i.primitive, Function)]
    if not rows:
        return {}
    numbered = (f"v{number}" for number in range(len(program.leaves) + len(program.instructions)))
    return name_apart(rows, _TAKEN.union(numbered))


def write_program(program: Listing) -> str:
    """Return Python that builds the graph and differentiates it, or a function that computes it."""
    definitions = [
        line
        for function, name in _name_functions(program).items()
        if isinstance(function, Function)
        for line in function.write_definition(name)
    ]
    write = _write_script if program.outputs is None else _write_function
    body = write(program, write_lines(program), name_nodes(program))
    is_used = any("ag." in line for line in [*definitions, *body])
    header = ["import autograd_mini as ag"] if is_used else []
    return "\n".join([*header, "from autograd_mini import Value", *definitions, "", *body])


def _write_script(program: Listing, lines: Sequence[str], names: Sequence[str]) -> list[str]:
    gradients = ", ".join(f"{name}.grad" for name in names[: len(program.leaves)])
    return [*lines, f"{names[-1]}.backward()", f"print({gradients})"]


def _write_function(program: Listing, lines: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the lines of a function of the inputs, of its parameters, and of a call of it."""
    assert program.outputs is not None
    inputs, leaves = program.inputs or 0, len(program.leaves)
    body = []
    guards = list(program.guards)[::-1]
    for place, line in enumerate([*lines[leaves:], ""]):
        while guards and guards[-1].place == place:
            guard = guards.pop()
            x, y = (_write_operand(one, names) for one in (guard.x, guard.y))
            body.append(f"if {'not ' if guard.outcome else ''}{x} {guard.comparison} {y}:")
            body.append('    raise ValueError("this point takes another path")')
        body.append(line)
    results = [_write_operand(one, names) for one in program.outputs]
    for root in program.roots:
        wrt = ", ".join(names[leaf] for leaf in program.wrt)
        if isinstance(root, float) or root in program.wrt:
            results.append(f"*({', '.join(str(float(root == leaf)) for leaf in program.wrt)},)")
        else:
            results.append(f"*ag.gradients({names[root]}, [{wrt}])")
    text = results[0] if len(results) == 1 and results[0][0] != "*" else f"[{', '.join(results)}]"
    body = [line for line in body if line] + [f"return {text}"]
    given = ", ".join(f"Value({_constant(number)})" for number in program.leaves[:inputs])
    return [
        *lines[inputs:leaves],
        "",
        f"def program({', '.join(names[:inputs])}):",
        *(f"    {line}" for line in body),
        "",
        f"print(program({given}))",
    ]


def _expression(
    instruction: Instruction, names: Sequence[str], own: Mapping[Primitive, str]
) -> str:
    row = instruction.primitive
    texts = [_write_operand(operand, names) for operand in instruction.operands]
    if row is HELD:
        return f"ag.stop_gradient({texts[0]})"
    if isinstance(row, Choice):
        a, b, x, y = texts
        sign = _CHOICES[row]
        condition = f"{a} {sign} {b}"
        if sign in ("==", "!="):  # a Value equals only itself
            condition = f"{'not ' * (sign == '!=')}{a} <= {b} <= {a}"
        return f"ag.where({condition}, {x}, {y})"
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


def write_literal(given: OperandRef | tuple[OperandRef, ...]) -> str:
    """Return Python for numbers, in tuples or not."""
    if isinstance(given, tuple):
        return f"({', '.join(map(write_literal, given))}{',' * (len(given) == 1)})"
    return repr(given) if isinstance(given, int) else _constant(given)


def _constant(number: float) -> str:
    return repr(number) if math.isfinite(number) else f'float("{number!r}")'


def _is_numbered(name: str) -> bool:
    return name[0] == "v" and name[1:].isdecimal()
