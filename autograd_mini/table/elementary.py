"""The functions that a rule may call, one row each.

A row names the function as C's library does, whose names are `math`'s, `cmath`'s and mpmath's too.
Or it defines the function, by a rule in ``x``, from which every reading of the table gets its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ELEMENTARY", "Elementary"]


@dataclass(frozen=True)
class Elementary:
    """A function of one argument that a rule may call, and how it is written.

    Args:
        name: NumPy's, or PyTorch's.
        latex, text: the templates; without a ``text``, it is the name before parentheses.
        c, definition: the name in C, or a rule in ``x``.
        javascript: what JavaScript calls it, if not C's name in its ``Math``.
        poles: where it is infinite, and the infinity there.
    """

    name: str
    latex: str
    c: str = ""
    definition: str = ""
    text: str = ""
    javascript: str = ""
    poles: Mapping[float, float] = field(default_factory=dict)


_INF = math.inf

_ROWS = (
    Elementary("abs", r"\left|{}\right|", "fabs", text="|{}|", javascript="Math.abs"),
    Elementary("arccos", r"\arccos {}", "acos"),
    Elementary("arccosh", r"\operatorname{{arcosh}} {}", "acosh"),
    Elementary("arcsin", r"\arcsin {}", "asin"),
    Elementary("arcsinh", r"\operatorname{{arsinh}} {}", "asinh"),
    Elementary("arctan", r"\arctan {}", "atan"),
    Elementary("arctanh", r"\operatorname{{artanh}} {}", "atanh", poles={-1.0: -_INF, 1.0: _INF}),
    Elementary("cbrt", r"\sqrt[3]{{{}}}", "cbrt", text="∛({})"),
    Elementary("cos", r"\cos {}", "cos"),
    Elementary("cosh", r"\cosh {}", "cosh"),
    Elementary("erf", r"\operatorname{{erf}} {}", "erf", javascript="ag_erf"),
    Elementary("exp", r"e^{{{}}}", "exp"),
    Elementary("expm1", r"\left(e^{{{}}} - 1\right)", "expm1"),
    Elementary("log", r"\ln {}", "log", text="ln({})", poles={0.0: -_INF}),
    Elementary("log10", r"\log_{{10}} {}", "log10", poles={0.0: -_INF}),
    Elementary("log1p", r"\ln\left(1 + {}\right)", "log1p", poles={-1.0: -_INF}),
    Elementary("log2", r"\log_2 {}", "log2", poles={0.0: -_INF}),
    Elementary("sin", r"\sin {}", "sin"),
    Elementary("sinh", r"\sinh {}", "sinh"),
    Elementary("sqrt", r"\sqrt{{{}}}", "sqrt", text="√({})"),
    Elementary("tan", r"\tan {}", "tan"),
    Elementary("tanh", r"\tanh {}", "tanh"),
    # Both branches take exp of a number that is not positive, so neither overflows.
    Elementary("sigmoid", r"\sigma\left({}\right)", text="σ({})",
               definition="1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))"),
    # Not ** 2: some compilers make a product of that, which may round otherwise.
    Elementary("square", r"{}^2", definition="x * x", text="{}²"),
    # The upper half of the bits of x (Veltkamp's splitting): its square is exact.
    Elementary("upper", r"\operatorname{{upper}} {}",
               definition="134217729 * x - (134217729 * x - x)"),
    # exp(-x²) without the rounding of x², which the exponential would magnify x² times.
    Elementary("gauss", r"e^{{-{}^2}}", text="exp(−{}²)",
               definition="0 if abs(x) > 28 else"
               " exp(-upper(x) * upper(x)) * exp((upper(x) - x) * (upper(x) + x))"),
)  # fmt: skip

ELEMENTARY: Mapping[str, Elementary] = {row.name: row for row in _ROWS}
"""The functions by name; a definition calls only what stands above it."""
