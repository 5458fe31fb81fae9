"""Mutants: the source of a module with one small change, which some test should notice.

The changes to expressions are those of mutmut. It makes them in functions without decorators only;
here they are made everywhere: in properties, class bodies and tables too, which are most of this
library, and in the lines of code that it keeps in strings. A few kinds of change are added.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper
from mutmut.mutation import mutators


@dataclass(frozen=True)
class Mutant:
    """One change. All but the source tells it from others, so it outlives a shift of lines."""

    module: str
    where: str
    before: str
    after: str
    occurrence: int = 1
    source: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        again = "" if self.occurrence == 1 else f", place {self.occurrence}"
        return f"{self.module}.py: {self.where}{again}\n  - {self.before}\n  + {self.after}"


def mutants(module: str, source: str) -> list[Mutant]:
    """Return the mutants of a module, in the order of its lines; some may not compile."""
    finder = _Finder(module)
    MetadataWrapper(cst.parse_module(source)).visit(finder)
    text = source.encode()
    found: dict[str, Mutant] = {}
    counts = Counter[tuple[str, ...]]()
    for start, end, new, where in sorted(finder.changes):
        first, last = text.rfind(b"\n", 0, start) + 1, text.find(b"\n", end)
        line = text[first:start] + new.encode() + text[end:last]
        mutated = (text[:first] + line + text[last:]).decode()
        if mutated in found or mutated == source:
            continue
        change = _changed_lines(text[first:last].decode(), line.decode())
        if _STRICT.sub("", change[0]) == _STRICT.sub("", change[1]):
            continue
        counts[where, *change] += 1
        found[mutated] = Mutant(module, where, *change, counts[where, *change], mutated)
    return list(found.values())


# That of a zip: it states what holds, where a caller's lengths have been looked at before.
_STRICT = re.compile(r",? *\bstrict=\w+ *|, (?=\))")


def _changed_lines(before: str, after: str) -> tuple[str, str]:
    """Return the lines of each that the other has not, as one line without indentation."""
    old, new = ([line.strip() for line in text.splitlines()] for text in (before, after))
    for end in (0, -1):
        while old and new and old[end] == new[end]:
            del old[end], new[end]
    return " ".join(old), " ".join(new)


# --- kinds of change: each yields a node, and what to put in its place ---------------------------

Change = tuple[cst.CSTNode, cst.CSTNode]

# Where strings hold code, each of these words and signs is exchanged for another, one at a time.
CODE_IN_STRINGS = (
    "engines/templates",
    "table/code",
    "table/elementary",
    "table/primitives",
    "table/updates",
)
EXCHANGED = {
    "is not": "is", "is": "is not", "==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=",
    ">=": ">", "+": "-", "-": "+", "*": "/", "/": "*", "**": "*", "and": "or", "or": "and",
    "not": "", "None": "0.0", "if": "if not", "other": "self", "self": "other", "x": "y", "y": "x",
    "dx": "dy", "dy": "dx", "out": "x",
}  # fmt: skip
_WORD = re.compile(r"is not\b|[a-zA-Z_][\w.]*|[=!<>*+/-]+")


def _texts(text: str, code: bool) -> list[str]:
    """Return other texts: for code, with one sign or name exchanged, if there is any."""
    end = len(text.partition("#")[0]) if code else 0  # not in a comment
    places = [match for match in _WORD.finditer(text, 0, end) if match.group() in EXCHANGED]
    return [
        text[: place.start()] + EXCHANGED[place.group()] + text[place.end() :] for place in places
    ] or [f"XX{text}XX"]


def _string(node: cst.SimpleString | cst.FormattedStringText, *, code: bool) -> Iterator[Change]:
    if isinstance(node, cst.FormattedStringText):
        yield from ((node, node.with_changes(value=text)) for text in _texts(node.value, code))
    elif node.quote in ("'", '"'):
        for text in _texts(node.raw_value, code):
            yield node, node.with_changes(value=f"{node.prefix}{node.quote}{text}{node.quote}")


def _argument(node: cst.Call) -> Iterator[Change]:
    """Make an argument None, or leave it out if it is passed by name."""
    for i, argument in enumerate(node.args):
        before, after = node.args[:i], node.args[i + 1 :]
        if argument.keyword is not None:
            yield node, node.with_changes(args=[*before, *after])
        elif not argument.star and not m.matches(argument.value, m.Name("None")):
            nothing = argument.with_changes(value=cst.Name("None"))
            yield node, node.with_changes(args=[*before, nothing, *after])


def _condition(node: cst.If | cst.While | cst.CompIf) -> Iterator[Change]:
    """Negate a condition that has no operator which could be changed."""
    if isinstance(node.test, cst.Name | cst.Attribute | cst.Call):
        yield node.test, cst.UnaryOperation(cst.Not(), node.test)


def _statement(node: cst.Expr | cst.Raise) -> Iterator[Change]:
    """Leave out a statement that is done for its effect."""
    yield node, cst.Pass()


def _returned(node: cst.Return) -> Iterator[Change]:
    if node.value is not None:
        yield node, node.with_changes(value=cst.Name("None"))


def _element(node: cst.List | cst.Tuple | cst.Set | cst.Dict) -> Iterator[Change]:
    """Leave out an element: a row of a table, a line of code in a list of lines."""
    if len(node.elements) > 2 or (len(node.elements) > 1 and not isinstance(node, cst.Tuple)):
        for i in range(len(node.elements)):
            rest = [*node.elements[:i], *node.elements[i + 1 :]]
            yield node, node.with_changes(elements=rest)


def _handler(node: cst.ExceptHandler) -> Iterator[Change]:
    """Let an exception through."""
    if node.type is not None:
        yield node.type, cst.parse_expression("()")


def _mutmuts(
    operator: Callable[[Any], Iterable[cst.CSTNode]], node: cst.CSTNode
) -> Iterator[Change]:
    yield from ((node, new) for new in operator(node))


OPERATORS = [
    *(
        (kind, partial(_mutmuts, operator))
        for kind, operator in mutators.mutation_operators
        if operator not in (mutators.operator_string, mutators.operator_arg_removal)
    ),
    (cst.Call, _argument),
    (cst.If | cst.While | cst.CompIf, _condition),
    (cst.Expr | cst.Raise, _statement),
    (cst.Return, _returned),
    (cst.List | cst.Tuple | cst.Set | cst.Dict, _element),
    (cst.ExceptHandler, _handler),
]

# What only a type checker or a reader sees is not changed: annotations, docstrings, overloads,
# imports, and __all__, which ruff checks.
UNCHANGED = (
    m.Annotation()
    | m.Subscript(value=m.Name(m.MatchRegex(r"[A-Z][a-z]\w*$")))  # the parameters of a type
    | m.Import()
    | m.ImportFrom()
    | m.If(test=m.Name("TYPE_CHECKING"))
    | m.Expr(value=m.SimpleString())
    | m.FunctionDef(decorators=[m.ZeroOrMore(), m.Decorator(m.Name("overload")), m.ZeroOrMore()])
    | m.ClassDef(bases=[m.Arg(m.Name("Protocol"))])
    | m.Assign(targets=[m.AssignTarget(m.Name("__all__"))])
    | m.Assign(value=m.Call(func=m.Name("TypeVar")))
    | m.Assign(value=m.Subscript(value=m.Name("Literal")))
    | m.AnnAssign(annotation=m.Annotation(m.Name("TypeAlias")))
)


class _Finder(cst.CSTVisitor):
    """Collects (start, end, new text, name of the place) for each change to a module."""

    METADATA_DEPENDENCIES = (ByteSpanPositionProvider,)

    def __init__(self, module: str) -> None:
        super().__init__()
        string = partial(_string, code=module in CODE_IN_STRINGS)
        self.operators = [*OPERATORS, (cst.SimpleString | cst.FormattedStringText, string)]
        self.changes: list[tuple[int, int, str, str]] = []
        self.place: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if m.matches(node, UNCHANGED):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self.place.append(node.name.value)
        for kind, operator in self.operators:
            if isinstance(node, kind):
                for old, new in operator(node):
                    self.add(old, new)
        return True

    def on_leave(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.FunctionDef | cst.ClassDef) and not m.matches(node, UNCHANGED):
            self.place.pop()

    def add(self, old: cst.CSTNode, new: cst.CSTNode) -> None:
        span = self.get_metadata(ByteSpanPositionProvider, old)
        text = cst.Module([]).code_for_node(new)
        place = ".".join(self.place) or "top level"
        self.changes.append((span.start, span.start + span.length, text, place))
