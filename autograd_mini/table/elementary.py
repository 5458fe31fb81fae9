"""The functions that a rule may call, one row each.

A row gives the function's name in C, which `math`, `cmath` and mpmath use too. Or it defines the
function by a rule in ``x``, which is then computed and printed as any other rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ELEMENTARY", "Elementary"]


@dataclass(frozen=True)
class Elementary:
    """A function that a rule may call, and how it is written.

    Args:
        name: its name in NumPy or, if NumPy lacks it, in PyTorch.
        latex, text, mathml: its templates; where ``text`` or ``mathml`` is empty, a sign, or the
            name, stands before parentheses. A function of two arguments is spelled out.
        c, definition: its name in C or, if C lacks it, the rule in ``x`` that defines it.
        javascript: its name in JavaScript, if that is not ``Math.`` and the name in C.
        arity: how many arguments it has; of a definition, 1.
        poles: the points at which it is infinite, and which infinity it has there.
    """

    name: str
    latex: str = ""
    c: str = ""
    definition: str = ""
    text: str = ""
    mathml: str = ""
    javascript: str = ""
    arity: int = 1
    poles: Mapping[float, float] = field(default_factory=dict)


_INF = math.inf

_ROWS = (
    Elementary("abs", r"\left|{}\right|", "fabs", text="|{}|", javascript="Math.abs",
               mathml="<mrow><mo>|</mo>{}<mo>|</mo></mrow>"),
    Elementary("arccos", r"\arccos {}", "acos"),
    Elementary("arccosh", r"\operatorname{{arcosh}} {}", "acosh"),
    Elementary("arcsin", r"\arcsin {}", "asin"),
    Elementary("arcsinh", r"\operatorname{{arsinh}} {}", "asinh"),
    Elementary("arctan", r"\arctan {}", "atan"),
    Elementary("arctan2", c="atan2", arity=2),
    Elementary("arctanh", r"\operatorname{{artanh}} {}", "atanh", poles={-1.0: -_INF, 1.0: _INF}),
    Elementary("cbrt", r"\sqrt[3]{{{}}}", "cbrt", text="∛({})",
               mathml="<mroot><mrow>{}</mrow><mn>3</mn></mroot>"),
    Elementary("cos", r"\cos {}", "cos"),
    Elementary("cosh", r"\cosh {}", "cosh"),
    Elementary("erf", r"\operatorname{{erf}} {}", "erf", javascript="ag_erf"),
    Elementary("erfc", r"\operatorname{{erfc}} {}", "erfc", javascript="ag_erfc"),
    Elementary("exp", r"e^{{{}}}", "exp",
               mathml="<msup><mi>e</mi><mrow>{}</mrow></msup>"),
    Elementary("expm1", r"\left(e^{{{}}} - 1\right)", "expm1"),
    Elementary("log", r"\ln {}", "log", text="ln({})", poles={0.0: -_INF}),
    Elementary("log10", r"\log_{{10}} {}", "log10", poles={0.0: -_INF},
               mathml="<msub><mi>log</mi><mn>10</mn></msub><mrow><mo>(</mo>{}<mo>)</mo></mrow>"),
    Elementary("log1p", r"\ln\left(1 + {}\right)", "log1p", poles={-1.0: -_INF}),
    Elementary("log2", r"\log_2 {}", "log2", poles={0.0: -_INF},
               mathml="<msub><mi>log</mi><mn>2</mn></msub><mrow><mo>(</mo>{}<mo>)</mo></mrow>"),
    Elementary("sin", r"\sin {}", "sin"),
    Elementary("sinh", r"\sinh {}", "sinh"),
    Elementary("sqrt", r"\sqrt{{{}}}", "sqrt", text="√({})", mathml="<msqrt>{}</msqrt>"),
    Elementary("tan", r"\tan {}", "tan"),
    Elementary("tanh", r"\tanh {}", "tanh"),
    # Both branches take exp of a number that is not positive, so neither overflows.
    Elementary("sigmoid", r"\sigma\left({}\right)", text="σ({})",
               definition="1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))"),
    # Some compilers turn x ** 2 into a product, which may round differently.
    Elementary("square", r"{}^2", definition="x * x", text="{}²",
               mathml="<msup><mrow>{}</mrow><mn>2</mn></msup>"),
    # This is the upper half of the bits of x (Veltkamp's splitting), whose square is exact.
    Elementary("upper", r"\operatorname{{upper}} {}",
               definition="134217729 * x - (134217729 * x - x)"),
    # This is exp(-x²) without rounding x², as the exponential would magnify that error x² times.
    Elementary("gauss", r"e^{{-{}^2}}", text="exp(−{}²)",
               definition="0 if abs(x) > 28 else"
               " exp(-upper(x) * upper(x)) * exp((upper(x) - x) * (upper(x) + x))"),
)  # fmt: skip

ELEMENTARY: Mapping[str, Elementary] = {row.name: row for row in _ROWS}
"""The functions by name; a definition calls only functions of the rows above it."""
