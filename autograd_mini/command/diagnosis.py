"""Says why a text is no formula, and which formula is meant by another notation."""

from __future__ import annotations

import ast
import difflib
import re
import unicodedata
import warnings
from collections.abc import Callable, Sequence

from autograd_mini.arguments import requirement
from autograd_mini.table.names import as_identifier
from autograd_mini.table.rules import ARITHMETIC

__all__ = ["diagnose", "parse", "repair"]

_MEANT = {"ln": "log", "min": "minimum", "σ": "sigmoid", "average": "mean", "heaviside": "step"}
"""Other names of functions, from whose letters the right names cannot be guessed."""
_OTHERS = {
    "pow": "x**y",
    "dot": "w1*x1 + w2*x2",
    "softmax": "exp(x - logsumexp(x, y))",
    "log_softmax": "x - logsumexp(x, y)",
}
"""What to write for the functions that no formula has."""
_NUMBER = r"(?<![\w.])(?!0[xXoObB])(?>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
_REPAIRS: Sequence[tuple[str, str | Callable[[re.Match[str]], str]]] = (
    (r"^\s*\w+\s*(?:\([\w\s,]*\)\s*)?=(?!=)\s*", ""),  # y = …, f(x) = …
    (r"(?<![\w.])[^\W\d]\w*\.(?=\w+ *\()", ""),  # np.exp(x)
    (r"[⁰¹²³⁴-⁹]+", lambda found: "**" + unicodedata.normalize("NFKC", found[0])),
    (r"\^", "**"),
    (r"[·⋅∙×]", "*"),
    (r"÷", "/"),
    (r"[−–]", "-"),
    (rf"({_NUMBER}) *(?=[^\W\d_]|\()", r"\1*"),  # 2x, 2(x + 1)
    (r"\) *(?=[\w(])", ")*"),
    (r"(?<!\w)(\w[0-9₀-₉]*) +(?=\w)", r"\1*"),  # w x, not: sin x
)
_CALL = r"(?<!\w)[^\W\d]\w*+(?= *\()"


def diagnose(
    text: str, position: int, known: Sequence[str], is_formula: Callable[[str], bool]
) -> str:
    """Return the message of the error about a text that is no formula.

    It quotes Python's own parser, or the part that no formula may have, and suggests a formula.

    Args:
        text: what was typed.
        position: where the formula at its beginning ends.
        known: the functions that a formula may have.
        is_formula: says whether a suggestion is a formula.
    """
    meant = repair(text, known)
    way_out = f'did you mean "{_shorten_around(meant, text)}"?' if is_formula(meant) else ""
    plain = re.sub(r"\w+", lambda word: as_identifier(word[0]), text)
    nodes: list[ast.expr] = []
    try:
        nodes += [node for node in ast.walk(parse(plain)) if isinstance(node, ast.expr)]
    except SyntaxError as error:
        reason = error.msg.partition(";")[0]  # without advice to programs that read huge ints
        if "=" in text:
            reason = "write it before the numbers for its names"
        return requirement("formula", "a Python expression", text, way_out or reason)
    except ValueError:  # the text has half of a surrogate pair or, for older Pythons, a NUL
        return requirement("formula", "text", text)
    except (RecursionError, MemoryError):
        pass  # it has more parts than Python reads, but the position is known
    wrong = text[position:]
    part = next((node for node in nodes if not _is_part(node, known)), None)
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and not part.keywords:
        return _refuse_function(part.func.id, text, known, way_out)
    if part is not None:
        wrong = ast.get_source_segment(plain, part) or wrong
    rule = "a number, a name, one of + - * / **, or a function of the library"
    return requirement("each part of a formula", rule, wrong, way_out)


def parse(text: str) -> ast.expr:
    """Return a text as Python's parser reads it; refuse ``1or x`` too, of which Python warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return ast.parse(text, mode="eval").body


def _is_part(node: ast.expr, known: Sequence[str]) -> bool:
    """Return whether a formula may have a node, whatever is below it."""
    match node:
        case ast.Constant(value=value):
            return type(value) in (int, float)
        case ast.BinOp(op=op):
            return type(op) in ARITHMETIC
        case ast.UnaryOp(op=op):
            return isinstance(op, ast.UAdd | ast.USub)
        case ast.Call(func=function, keywords=keywords):
            return isinstance(function, ast.Name) and function.id in known and not keywords
    return isinstance(node, ast.Name)


def _refuse_function(name: str, text: str, known: Sequence[str], way_out: str) -> str:
    close = _find_close(name, known)
    if re.search(rf"(?<!\w){re.escape(name)}(?! *\(|\w)", text) or name in ("pi", "π", "e"):
        way_out = way_out or f"write {name}*(…) for a product"
    elif close:
        way_out = way_out or f"did you mean {close}?"
    rule = "one that a formula may have"
    return requirement("function", rule, name, way_out or f"there are {', '.join(known)}")


def repair(text: str, known: Sequence[str]) -> str:
    """Return a text in which the notation of a formula replaces other notations.

    >>> repair("2x² + ln(x)", ["log"])
    '2*x**2 + log(x)'
    """
    for pattern, replacement in _REPAIRS:
        text = re.sub(pattern, replacement, text)

    def rename(found: re.Match[str]) -> str:
        name = found[0]
        close = name if name in known else _find_close(name, known)
        return close if close in known else name

    return re.sub(_CALL, rename, text)


def _find_close(name: str, known: Sequence[str]) -> str:
    """Return the function that a name may mean, or what to write for it; or an empty text."""
    lower = name.lower()
    inverse = re.sub("^ar?", "arc", lower)  # of asin, arsinh
    meant = _MEANT.get(lower) or _OTHERS.get(lower) or (inverse if inverse in known else "")
    return meant or "".join(difflib.get_close_matches(lower, known, 1))


def _shorten_around(text: str, other: str, *, most: int = 80) -> str:
    """Return a text, or the part of a long one at which it begins to differ from another."""
    if len(text) <= most:
        return text
    same = next((i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), 0)
    start = max(same - most // 4, 0)
    return f"{'…' * (start > 0)}{text[start : start + most]}{'…' * (start + most < len(text))}"
