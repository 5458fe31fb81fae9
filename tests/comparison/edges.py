"""The edges, where conventions differ: zeros, ties, infinities and NaNs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from comparison.frameworks import Framework
from support.rows import EDGES, IN_BACKWARD, RAISES

INF, NAN = math.inf, math.nan

Numbers = tuple[float, tuple[float, ...]]

MORE_EDGES = [
    # row, operands, value, partials by IEEE 754, what strict mode does
    ("pow", (-2.0, 3.0), -8.0, (12.0, NAN), IN_BACKWARD),
    ("log", (-0.0,), -INF, (-INF,), RAISES),
    ("add", (NAN, 1.0), NAN, (NAN, NAN), IN_BACKWARD),
    ("neg", (NAN,), NAN, (NAN,), IN_BACKWARD),
    ("mul", (NAN, 0.0), NAN, (NAN, NAN), IN_BACKWARD),
    ("pow", (NAN, 0.0), NAN, (NAN, NAN), IN_BACKWARD),
    ("pow", (1.0, NAN), NAN, (NAN, NAN), IN_BACKWARD),
    ("abs", (NAN,), NAN, (NAN,), IN_BACKWARD),
    ("relu", (NAN,), NAN, (NAN,), IN_BACKWARD),
    ("leaky_relu", (1.0, NAN), NAN, (NAN, NAN), IN_BACKWARD),
    ("maximum", (NAN, 1.0), NAN, (NAN, NAN), IN_BACKWARD),
    ("step", (NAN,), NAN, (NAN,), IN_BACKWARD),
    ("sigmoid", (NAN,), NAN, (NAN,), IN_BACKWARD),
]
ALL_EDGES = EDGES + MORE_EDGES
"""Those of test_primitives, and more of which the frameworks make different things."""

ALL = ("PyTorch", "JAX", "autograd")

DIFFERENCES: dict[str, dict[str, Numbers]] = {
    "abs(0.0)": {"JAX": (0.0, (1.0,))},
    "leaky_relu(0.0, 0.01)": {"JAX": (0.0, (1.0, 0.0))},
    "leaky_relu(-0.0, 0.01)": {"JAX": (0.0, (1.0, 0.0))},
    "step(-5e-324)": {"JAX": (1.0, (0.0,))},
    "log(-1.0)": dict.fromkeys(ALL, (NAN, (-1.0,))),
    "div(0.0, 0.0)": dict.fromkeys(ALL, (NAN, (INF, NAN))),
    "pow(0.0, 0.0)": {"JAX": (1.0, (NAN, 0.0))},
    "pow(0.0, -1.0)": dict.fromkeys(("JAX", "autograd"), (INF, (-INF, NAN))),
    "add(nan, 1.0)": dict.fromkeys(ALL, (NAN, (1.0, 1.0))),
    "neg(nan)": dict.fromkeys(ALL, (NAN, (-1.0,))),
    "mul(nan, 0.0)": dict.fromkeys(ALL, (NAN, (0.0, NAN))),
    "pow(nan, 0.0)": {
        "PyTorch": (1.0, (0.0, NAN)),
        "JAX": (1.0, (NAN, NAN)),
        "autograd": (1.0, (NAN, NAN)),
    },
    "pow(1.0, nan)": dict.fromkeys(ALL, (1.0, (NAN, 0.0))),
    "abs(nan)": {"PyTorch": (NAN, (0.0,)), "JAX": (NAN, (-1.0,))},
    "relu(nan)": {"PyTorch": (NAN, (1.0,)), "JAX": (NAN, (0.0,))},
    "leaky_relu(1.0, nan)": {"PyTorch": (1.0, (1.0, 0.0)), "JAX": (1.0, (NAN, 0.0))},
    "maximum(nan, 1.0)": {
        "PyTorch": (NAN, (1.0, 1.0)),
        "JAX": (NAN, (0.0, 0.0)),
        "autograd": (NAN, (0.0, 0.0)),
    },
    "arctan2(0.0, 0.0)": {"PyTorch": (0.0, (0.0, 0.0))},
    "arctan2(0.0, -0.0)": {"PyTorch": (math.pi, (0.0, 0.0))},
    "arctan2(inf, 1.0)": dict.fromkeys(ALL, (math.pi / 2, (0.0, NAN))),
    "arctan2(1.0, inf)": dict.fromkeys(ALL, (0.0, (NAN, 0.0))),
    "hypot(0.0, 0.0)": {"PyTorch": (0.0, (NAN, NAN)), "JAX": (0.0, (0.5, 0.5))},
    "hypot(-inf, 1.0)": {"JAX": (INF, (NAN, NAN))},
    "hypot(1.5e+308, 1.5e+308)": {
        "JAX": (INF, (1.0606601717798214, 1.0606601717798214)),
    },
    "exp2(1024.0)": {"JAX": (1.7976931348622732e308, (1.2460659279417542e308,))},
    "step(nan)": {"JAX": (NAN, (1.0,))},
}
"""The value and the partials of each framework that gives something else than we do."""


def text(name: str, operands: Sequence[Any]) -> str:
    """Return what an edge is called, such as ``pow(0.0, 0.5)``."""
    return f"{name}({', '.join(map(repr, operands))})"


def at_edge(framework: Framework, name: str, operands: Sequence[Any]) -> Numbers:
    """Return the value and the partials of a framework's row, one after the other."""
    flat = [x for one in operands for x in (one if isinstance(one, list) else [one])]

    def f(*leaves: Any) -> Any:
        remaining = iter(leaves)
        return framework.rows[name](
            *(
                [next(remaining) for _ in one] if isinstance(one, list) else next(remaining)
                for one in operands
            )
        )

    value, partials = framework.differentiate(f, flat)
    return value, tuple(partials)
