"""What a user may mean by a text that is no formula, but mathematics or another program's code."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Sequence

__all__ = ["find_close", "repair", "shorten_around"]

_MEANT = {"ln": "log", "min": "minimum", "σ": "sigmoid", "average": "mean", "heaviside": "step"}
"""The names that are not alike, or are more like another function."""
_OTHERS = {
    "pow": "x**y",
    "dot": "w1*x1 + w2*x2",
    "softmax": "exp(x - logsumexp(x, y))",
    "log_softmax": "x - logsumexp(x, y)",
}
"""What stands for functions that no formula has."""
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


def find_close(name: str, known: Sequence[str]) -> str:
    """Return the function that a name may mean, or what to write for it; or an empty text.

    >>> find_close("ReLU", ["relu", "log"]), find_close("ln", ["relu", "log"])
    ('relu', 'log')
    """
    lower = name.lower()
    inverse = re.sub("^ar?", "arc", lower)  # of asin, arsinh
    meant = _MEANT.get(lower) or _OTHERS.get(lower) or (inverse if inverse in known else "")
    return meant or "".join(difflib.get_close_matches(lower, known, 1))


def repair(text: str, known: Sequence[str]) -> str:
    """Return a text with all that other notations write otherwise as a formula has it.

    >>> repair("2x² + ln(x)", ["log"])
    '2*x**2 + log(x)'
    """
    for pattern, replacement in _REPAIRS:
        text = re.sub(pattern, replacement, text)

    def rename(found: re.Match[str]) -> str:
        name = found[0]
        close = name if name in known else find_close(name, known)
        return close if close in known else name

    return re.sub(_CALL, rename, text)


def shorten_around(text: str, other: str, *, most: int = 80) -> str:
    """Return a text, or the part of a long one at which it begins to differ from another."""
    if len(text) <= most:
        return text
    same = next((i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), 0)
    start = max(same - most // 4, 0)
    return f"{'…' * (start > 0)}{text[start : start + most]}{'…' * (start + most < len(text))}"
