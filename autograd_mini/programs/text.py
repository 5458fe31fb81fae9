"""Writes the program of a path as the text of a Python function of one sample."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autograd_mini.engines.node import flat
from autograd_mini.engines.python_function import PythonFunction
from autograd_mini.programs.code import Ref
from autograd_mini.programs.paths import Path
from autograd_mini.table.arithmetic import FLOATS, compile_function
from autograd_mini.table.primitives import Primitive
from autograd_mini.table.rules import Rule

__all__ = ["MOST_LINES", "compile_path"]

MOST_LINES = 20_000
"""Python needs long to compile a longer text."""

_NAME = re.compile(r"\b(a|b|w|x|y|out)\b")


def compile_path(path: Path) -> Callable[..., Any]:
    """Return a function of the inputs, the uniform numbers, and the weight of a sample.

    It returns the number of a guard that does not hold, or the results and the terms of the sites.
    It raises ArithmeticError or ValueError where a number is not finite.
    """
    writer = _Writer(path)
    text = "\n".join(writer.write())
    return compile_function(text, name="program", namespace=writer.namespace)  # type: ignore[no-any-return]


class _Writer:
    """Writes the lines, and collects the functions that they call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.namespace: dict[str, Any] = {"inf": math.inf, "nan": math.nan, "flat": flat}
        self.names: dict[tuple[Primitive, str], str] = {}
        self.terms = 0  # of sites so far

    def write(self) -> Iterator[str]:
        path = self.path
        end = path.leaves + len(path.instructions)
        uniforms = [node for node in range(path.inputs, end) if not path.varies[node]]
        yield "def program(sample, uniforms, seed):"
        for nodes, source in ((range(path.inputs), "sample"), (uniforms, "uniforms")):
            if nodes:
                yield f"    {_list(f'v{node}' for node in nodes)} = {source}"
        guards = list(enumerate(path.guards))[::-1]
        for node in range(path.leaves, end + 1):
            while guards and guards[-1][1].place == node - path.leaves:
                k, guard = guards.pop()
                condition = f"{_atom(guard.x)} {guard.comparison} {_atom(guard.y)}"
                yield f"    if {'not ' if guard.outcome else ''}{condition}:"
                yield f"        return {k}"
            if node < end and path.varies[node]:
                yield f"    v{node} = {self.write_value(path.row(node), path.operands(node))}"
                yield f"    if v{node} - v{node}:"  # true for infinities and NaNs
                yield "        raise ArithmeticError"
        derivatives = []
        for i, (root, sweep) in enumerate(zip(path.roots, path.sweeps, strict=True)):
            for line in self.write_sweep(root, sweep):
                yield f"    {line}"
            for leaf in path.wrt:
                yield f"    d{i}_{leaf} = {f'a{leaf}' if leaf in self.known else '0.0'}"
                derivatives.append(f"d{i}_{leaf}")
        results = _list([*map(_atom, path.outputs), *derivatives])
        yield f"    return ({results}), ({_list(f's{i}' for i in range(self.terms))})"

    def write_value(self, row: Primitive, refs: Sequence[Ref]) -> str:
        """Return the expression for the value of an instruction."""
        if isinstance(row, PythonFunction):
            return self.call(row, "value", lambda: row.compute_value, refs)
        if row.nary:
            compile_value = FLOATS.compile
            return self.call(
                row, "value", lambda: compile_value(row.name, row.operands, row.value), refs
            )
        return self.write_rule(row.value, dict(zip(row.operands, refs, strict=True)))

    def write_sweep(self, root: Ref, sweep: Sequence[int]) -> Iterator[str]:
        """Yield the lines of a reverse sweep from a root."""
        path = self.path
        self.known: set[int] = {root} if isinstance(root, int) else set()
        if isinstance(root, int):
            yield f"a{root} = 0.0 + {'seed' if path.sums else '1.0'}"
        for node in sweep:
            if not path.varies[node]:
                continue
            row, refs = path.row(node), path.operands(node)
            line, partials = self.write_partials(node, row, refs)
            if line:
                yield line
            for i, ref in path.edges(node):
                term = f"a{node} * ({partials(i)})"
                if not path.varies[ref]:
                    yield f"s{self.terms} = {term}"
                    self.terms += 1
                elif ref in self.known:
                    yield f"a{ref} += {term}"
                else:
                    self.known.add(ref)
                    yield f"a{ref} = 0.0 + {term}"
        if path.is_site(root):
            yield f"s{self.terms} = seed"
            self.terms += 1

    def write_partials(
        self, node: int, row: Primitive, refs: Sequence[Ref]
    ) -> tuple[str, Callable[[int], str]]:
        """Return a line to run first, and a function that writes the partial for an operand."""
        if isinstance(row, PythonFunction):
            compute = row.compute_partials
            call = self.call(
                row, "partials", lambda: lambda *given: compute(given[:-1], given[-1]), refs, node
            )
            return f"p{node} = {call}", lambda i: f"p{node}[{i}]"
        if not row.is_separable:
            call = self.call(row, "partials", lambda: _compile_partials(row), refs, node)
            return f"p{node} = [*flat({call})]", lambda i: f"p{node}[{i}]"
        slots = row.slots(len(refs))

        def write(i: int) -> str:
            places = row.term(len(refs), i)
            atoms: dict[str, Ref] = {o: refs[place] for o, place in places.items()}
            return self.write_rule(row.partials[slots[i][0]], {**atoms, "out": node})

        return "", write

    def write_rule(self, rule: Rule, refs: Mapping[str, Ref]) -> str:
        """Return a rule over nodes and constants."""
        self.namespace.update(FLOATS.namespace(rule.tree))
        return _NAME.sub(lambda match: _atom(refs[match[0]]), FLOATS.text(rule))

    def call(
        self,
        row: Primitive,
        kind: str,
        make: Callable[[], Callable[..., Any]],
        refs: Sequence[Ref],
        node: int | None = None,
    ) -> str:
        """Return a call of a function that is made once for a row; perhaps with the value."""
        if (row, kind) not in self.names:
            name = self.names[row, kind] = f"{row.name}_{kind}_{len(self.names)}"
            self.namespace[name] = make()
        arguments = [
            f"[{_list(map(_atom, one))}]" if isinstance(one, list | tuple) else _atom(one)
            for one in row.arrange(refs)
        ]
        out = [] if node is None else [f"v{node}"]
        return f"{self.names[row, kind]}({', '.join([*arguments, *out])})"


def _compile_partials(row: Primitive) -> Callable[..., Any]:
    """Return a function of the operands and the value that returns all partial derivatives."""
    texts = [row.partial_text(o, FLOATS) for o in row.operands]
    return FLOATS.compile(  # type: ignore[no-any-return]
        row.name,
        (*row.operands, "out"),
        *row.partials.values(),
        result=f"({_list(texts)})",
        sequences=row.value.sequences,
    )


def _atom(ref: Ref) -> str:
    """Return the text of a node or a constant, which can stand as an operand."""
    return f"v{ref}" if isinstance(ref, int) else f"({ref!r})"


def _list(texts: Any) -> str:
    """Return texts with a comma after each, as Python writes a tuple."""
    return "".join(f"{text}, " for text in texts)
