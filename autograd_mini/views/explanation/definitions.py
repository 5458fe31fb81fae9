"""What the symbols of an explanation stand for: given numbers, definitions and abbreviations."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from autograd_mini.engines import Value
from autograd_mini.engines.graph import is_stale
from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.names import name_as_text
from autograd_mini.table.notation import Unicode
from autograd_mini.views.explanation import algebra
from autograd_mini.views.explanation.chain import Formulas
from autograd_mini.views.explanation.layout import Equation, Givens, Group, Sentence
from autograd_mini.views.explanation.rewriting import substitute

__all__ = ["Definitions"]

_LONGEST_NAME = 16
"""A name with more letters than this is abbreviated."""


class Definitions:
    """The symbols that formulas use, with those that their definitions use, and so on.

    Args:
        formulas: the formulas of the Values.
        names: the names of Values that are used outside of formulas.
        trees: the formulas.
        limit: how many symbols are defined by their formulas; those further away from the
            formulas have their numbers alone.
    """

    def __init__(
        self, formulas: Formulas, names: Iterable[str], trees: Iterable[ast.expr], limit: int
    ) -> None:
        self.formulas, self.trees = formulas, list(trees)
        nodes = {name: node for node, name in formulas.names.items()}
        used = dict.fromkeys([*names, *_find_names(self.trees)])
        unread = [name for name in used if name in nodes]
        found: dict[Value, ast.expr | None] = {}
        for name in unread:  # which grows, so that the nearest are defined first
            node = nodes[name]
            is_given = node.op is None or len(found) >= limit
            tree = found[node] = None if is_given else formulas.definition(node)
            for further in _find_names([tree] if tree else []):
                if further in nodes and further not in used:
                    used[further] = None
                    unread.append(further)
        self.found = {node: found[node] for node in formulas.names if node in found}
        """For each Value with a symbol its formula, in order; None if its number is given."""
        self.names = [formulas.names[node] for node in self.found]

    @cached_property
    def symbols(self) -> Mapping[str, str]:
        """The symbols of the names that are too long, or that a function has as well."""
        calls = {
            part.func.id
            for tree in [*self.trees, *filter(None, self.found.values())]
            for part in ast.walk(tree)
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
        }
        words = {ELEMENTARY[call].text.partition("(")[0] for call in calls if call in ELEMENTARY}
        texts = {name: name_as_text(name) for name in self.names}
        taken, symbols = {*texts.values()}, {}
        for name, text in texts.items():
            if len(text) <= _LONGEST_NAME and text not in calls | {w for w in words if len(w) > 1}:
                continue
            letter = text[0].lower() if text[0].isascii() and text[0].isalpha() else "n"
            free = (f"{letter}{i}" for i in range(1, len(texts) + 2))
            symbols[name] = next(symbol for symbol in free if name_as_text(symbol) not in taken)
            taken.add(name_as_text(symbols[name]))
        return symbols

    def write_givens(self, notation: Unicode) -> Iterator[Givens]:
        """Yield the symbols whose numbers are given, if there are any."""
        nodes = [node for node, tree in self.found.items() if tree is None]
        if nodes:
            yield Givens([self.define(node, notation) for node in nodes])

    def write_others(self, notation: Unicode) -> Iterator[Group]:
        """Yield the symbols that are computed from others, if there are any."""
        nodes = [node for node, tree in self.found.items() if tree is not None]
        if nodes:
            yield Group(Sentence(["where"]), [self.define(node, notation) for node in nodes])

    def define(self, node: Value, notation: Unicode) -> Equation:
        """Return a symbol, what it abbreviates, its formula and its number."""
        name, tree = self.formulas.names[node], self.found[node]
        right = [notation.whole_name(name)] if name in self.symbols else []
        if tree is not None:
            right.append(notation.formula(tree))
        return Equation(notation.name(name), [*right, notation.number(node.data)], in_a_line=True)

    def substitute_numbers(self, tree: ast.expr) -> ast.expr:
        """Return a formula with the numbers of its symbols."""
        numbers = {self.formulas.names[node]: algebra.number(node.data) for node in self.found}
        return substitute(tree, numbers, {})

    def tell_changes(self, notation: Unicode) -> Iterator[Sentence]:
        """Yield a sentence if a Value has another number than when the others were computed."""
        for node, tree in self.found.items():
            if tree is not None and self.is_stale(node):
                yield Sentence.of(
                    "A number was changed after {} was computed from it; "
                    "the derivatives are those of the numbers before.",
                    notation.name(self.formulas.names[node]),
                )
                return

    def is_stale(self, node: Value) -> bool:
        """Return whether a Value, or one that is written out in its formula, is stale."""
        inlined, unread = self.formulas.inlined, [node]
        while unread:
            at = unread.pop()
            if is_stale(at):
                return True
            unread += [o for o in at.operands if isinstance(o, Value) and o in inlined]
        return False


def _find_names(trees: Iterable[ast.expr]) -> Iterator[str]:
    """Yield the names in formulas, some more than once."""
    for tree in trees:
        for part in ast.walk(tree):
            if isinstance(part, ast.Name):
                yield part.id
