"""Points of the rows of the table, their edges, and rows made wrong on purpose."""

import math
import random

from hypothesis import Phase, given, settings

from autograd_mini import Value
from autograd_mini.errors import AutogradError
from autograd_mini.table.domains import Domain
from autograd_mini.table.primitives import PRIMITIVES, TABLE, Primitive
from autograd_mini.testing import check_gradients
from autograd_mini.testing.strategies import function, points_in_domain

ELEMENTARY = [row for row in TABLE if not row.nary]
INF, NAN = math.inf, math.nan


def same(one: float, other: float) -> bool:
    """Whether two floats are equal, zeros of either sign too, or both NaN."""
    return one == other or (one != one and other != other)


def at_kink(row: Primitive, numbers) -> bool:
    """Whether a row has a kink at the operands."""
    return row.distance_to_kink(numbers) == 0


def check_row(row: Primitive, apply) -> None:
    """Check the partial derivatives of a row for all operands, over its domain."""

    # There is no deadline, since a script that has no profile of the tests calls this too.
    @settings(
        max_examples=30, derandomize=True, database=None, deadline=None, phases=[Phase.generate]
    )
    @given(points_in_domain(row, min_value=-3.0, max_value=3.0, margin=0.1))
    def check(drawn):
        flat, shape = [], []
        for one in drawn:
            shape.append(len(one) if isinstance(one, list) else None)
            flat += one if isinstance(one, list) else [one]

        def f(*leaves):
            remaining = iter(leaves)
            out = apply(
                *(
                    next(remaining) if size is None else [next(remaining) for _ in range(size)]
                    for size in shape
                )
            )
            return out if isinstance(out, Value) else Value(out)  # a sum of nothing is a number

        if flat:
            check_gradients(f, *flat)

    check()


def points(row: Primitive, count: int) -> list[tuple[float, ...]]:
    """Return points all over the domain of a row: near and far, tiny and huge, near its bounds."""
    rng = random.Random(row.name)

    def one(domain: Domain) -> float:
        sign = rng.choice((-1, 1))
        while True:
            x = rng.choice(
                [
                    rng.uniform(-10, 10),
                    sign * 10 ** rng.uniform(-300, 300),
                    rng.uniform(max(domain.low, -750), min(domain.high, 750)),
                    (domain.low if math.isfinite(domain.low) else 0) + 10 ** rng.uniform(-15, 3),
                    (domain.high if math.isfinite(domain.high) else 0) - 10 ** rng.uniform(-15, 3),
                ]
            )
            if x in domain:
                return x

    return [tuple(map(one, row.domains.values())) for _ in range(count)]


# --- the edges (section 7 of the design) ---------------------------------------------------------

RAISES, IN_BACKWARD, FINE = "DomainError", "NonFiniteGradientError", ""

EDGES = [
    # row, operands, value, partials by IEEE 754, what strict mode does
    ("relu", (0.0,), 0.0, (0.0,), FINE),
    ("relu", (-0.0,), 0.0, (0.0,), FINE),
    ("leaky_relu", (0.0, 0.01), 0.0, (0.01, 0.0), FINE),
    ("leaky_relu", (-0.0, 0.01), 0.0, (0.01, 0.0), FINE),
    ("abs", (0.0,), 0.0, (0.0,), FINE),
    ("maximum", (1.0, 1.0), 1.0, (0.5, 0.5), FINE),
    ("minimum", (1.0, 1.0), 1.0, (0.5, 0.5), FINE),
    ("step", (0.0,), 1.0, (0.0,), FINE),
    ("step", (-0.0,), 1.0, (0.0,), FINE),
    ("step", (-5e-324,), 0.0, (0.0,), FINE),
    ("sqrt", (0.0,), 0.0, (INF,), IN_BACKWARD),
    ("cbrt", (0.0,), 0.0, (INF,), IN_BACKWARD),
    ("arcsin", (1.0,), math.pi / 2, (INF,), IN_BACKWARD),
    ("arccos", (-1.0,), math.pi, (-INF,), IN_BACKWARD),
    ("arccosh", (1.0,), 0.0, (INF,), IN_BACKWARD),
    ("log", (0.0,), -INF, (INF,), RAISES),
    ("log", (-1.0,), NAN, (NAN,), RAISES),
    ("sqrt", (-1.0,), NAN, (NAN,), RAISES),
    ("arctanh", (1.0,), INF, (INF,), RAISES),
    ("arcsin", (1.5,), NAN, (NAN,), RAISES),
    ("exp", (1000.0,), INF, (INF,), RAISES),
    ("div", (1.0, 0.0), INF, (INF, -INF), RAISES),
    ("div", (0.0, 0.0), NAN, (NAN, NAN), RAISES),
    ("pow", (0.0, 0.0), 1.0, (0.0, 0.0), FINE),
    ("pow", (0.0, 1.0), 0.0, (1.0, 0.0), FINE),
    ("pow", (0.0, 2.0), 0.0, (0.0, 0.0), FINE),
    ("pow", (0.0, 0.5), 0.0, (INF, 0.0), IN_BACKWARD),
    ("pow", (0.0, -1.0), INF, (-INF, -INF), RAISES),
    ("pow", (-2.0, 2.0), 4.0, (-4.0, NAN), IN_BACKWARD),
    ("pow", (-2.0, 0.5), NAN, (NAN, NAN), RAISES),
    ("sigmoid", (1000.0,), 1.0, (0.0,), FINE),
    ("sigmoid", (-1000.0,), 0.0, (0.0,), FINE),
    ("tanh", (1000.0,), 1.0, (0.0,), FINE),
    ("tanh", (-1000.0,), -1.0, (0.0,), FINE),
    ("arctan2", (0.0, 0.0), 0.0, (NAN, NAN), IN_BACKWARD),
    ("arctan2", (0.0, -0.0), math.pi, (NAN, NAN), IN_BACKWARD),
    ("arctan2", (0.0, -4.0), math.pi, (-0.25, 0.0), FINE),
    ("arctan2", (-0.0, -4.0), -math.pi, (-0.25, 0.0), FINE),
    ("arctan2", (INF, 1.0), math.pi / 2, (0.0, 0.0), FINE),
    ("arctan2", (1.0, INF), 0.0, (0.0, 0.0), FINE),
    ("hypot", (0.0, 0.0), 0.0, (0.0, 0.0), FINE),
    ("hypot", (-0.0, 3.0), 3.0, (0.0, 1.0), FINE),
    ("hypot", (-INF, 1.0), INF, (NAN, 0.0), IN_BACKWARD),
    ("hypot", (1.5e308, 1.5e308), INF, (0.0, 0.0), RAISES),
    ("exp2", (1024.0,), INF, (INF,), RAISES),
    ("exp2", (-1100.0,), 0.0, (0.0,), FINE),
    ("erfc", (1000.0,), 0.0, (0.0,), FINE),
    ("erfc", (-1000.0,), 2.0, (0.0,), FINE),
    ("elu", (0.0, 1.0), 0.0, (1.0, 0.0), FINE),
    ("elu", (-0.0, 0.5), 0.0, (0.5, 0.0), FINE),
    ("elu", (1000.0, 1.0), 1000.0, (1.0, 0.0), FINE),
    ("elu", (-1000.0, 2.0), -2.0, (0.0, -1.0), FINE),
    ("max", ([],), -INF, ([],), RAISES),
    ("max", ([1.0, 3.0, 2.0],), 3.0, ([0.0, 1.0, 0.0],), FINE),
    ("max", ([2.0, 1.0, 2.0, 2.0],), 2.0, ([1 / 3, 0.0, 1 / 3, 1 / 3],), FINE),
    ("max", ([-0.0, 0.0],), 0.0, ([0.5, 0.5],), FINE),
    ("max", ([1.0, INF],), INF, ([0.0, 1.0],), FINE),
    ("min", ([],), INF, ([],), RAISES),
    ("min", ([1.0, 3.0, 2.0],), 1.0, ([1.0, 0.0, 0.0],), FINE),
    ("min", ([2.0, 5.0, 2.0, 2.0],), 2.0, ([1 / 3, 0.0, 1 / 3, 1 / 3],), FINE),
    ("min", ([1.0, -INF],), -INF, ([0.0, 1.0],), FINE),
    ("norm", ([],), 0.0, ([],), FINE),
    ("norm", ([0.0, -0.0],), 0.0, ([0.0, 0.0],), FINE),
    ("norm", ([3 * 2.0**600, -4 * 2.0**600],), 5 * 2.0**600, ([0.6, -0.8],), FINE),
    ("norm", ([1.5e308, 1.5e308],), INF, ([0.0, 0.0],), RAISES),
    ("identity", (-0.0,), 0.0, (1.0,), FINE),
    ("identity", (-INF,), -INF, (1.0,), FINE),
    ("gauss", (0.0,), 1.0, (0.0,), FINE),
    ("gauss", (1000.0,), 0.0, (0.0,), FINE),
    ("erf", (1000.0,), 1.0, (0.0,), FINE),
    ("softplus", (1000.0,), 1000.0, (1.0,), FINE),
    ("softplus", (-1000.0,), 0.0, (0.0,), FINE),
    ("mul", (1e308, 10.0), INF, (10.0, 1e308), RAISES),
    ("sum", ([],), 0.0, ([],), FINE),
    ("sum", ([1e308, 1e308],), INF, ([1.0, 1.0],), RAISES),
    ("fsum", ([],), 0.0, ([],), FINE),
    ("fsum", ([1e16, 1.0, -1e16],), 1.0, ([1.0, 1.0, 1.0],), FINE),
    ("dot", ([], [], 2.0), 2.0, ([], [], 1.0), FINE),
    ("expectation", ([0.0, 1.0], [-INF, 2.0]), 2.0, ([-INF, 2.0], [0.0, 1.0]), IN_BACKWARD),
    ("logsumexp", ([],), -INF, ([],), RAISES),
    ("logsumexp", ([1000.0, 1000.0],), 1000.0 + math.log(2), ([0.5, 0.5],), FINE),
    ("logsumexp", ([-INF, 0.0],), 0.0, ([0.0, 1.0],), FINE),
    ("logsumexp", ([-INF, -INF],), -INF, ([0.5, 0.5],), FINE),
    ("logsumexp", ([INF, 1.0],), INF, ([1.0, 0.0],), FINE),
    ("softmax", ([], 3.0), 1.0, ([], 0.0), FINE),
    ("softmax", ([0.0], 1000.0), 1.0, ([0.0], 0.0), FINE),
    ("softmax", ([1e308], -1e308), 0.0, ([0.0], 0.0), FINE),
    ("softmax", ([-INF, 0.0], 0.0), 0.5, ([0.0, -0.25], 0.25), FINE),
    ("log_softmax", ([], 3.0), 0.0, ([], 0.0), FINE),
    ("log_softmax", ([-1e308], 1e308), 0.0, ([0.0], 0.0), FINE),
    ("log_softmax", ([1e308], -1e308), -INF, ([-1.0], 1.0), RAISES),
    ("log_softmax", ([0.0], -INF), -INF, ([-1.0], 1.0), FINE),
]


def check_edge(row, given, value, partials):
    out, computed = row.evaluate(*given)
    assert same(out, value)
    assert len(computed) == len(partials)
    for one, other in zip(computed, partials, strict=True):
        assert one == other if isinstance(other, list) else same(one, other), (given, computed)


def check_strict_edge(name, given, value, partials, strict):
    """Check what strict mode does at an edge."""
    leaves = [[Value(x) for x in one] if isinstance(one, list) else Value(one) for one in given]
    try:
        node = function(PRIMITIVES[name])(*leaves)
        raised = ""
        if isinstance(node, Value):
            node.backward()
    except AutogradError as error:
        raised = type(error).__name__
    assert raised == strict


# --- wrong rows ----------------------------------------------------------------------------------


def with_partial(row: Primitive, operand: str, text: str) -> Primitive:
    """Return a row with another rule for one partial derivative."""
    rules = {f"d{o}": rule.text for o, rule in row.partials.items()} | {f"d{operand}": text}
    domains = {o: domain for o, domain in row.domains.items() if o in ("x", "y")}
    kink = row.kink and row.kink.text
    return Primitive(row.name, row.value.text, **rules, **domains, kink=kink)


def perturbed(row: Primitive):
    """Yield the row with one derivative rule made wrong: sign, factor, nothing, the other's."""
    for operand, rule in row.partials.items():
        yield with_partial(row, operand, f"-({rule.text})")
        yield with_partial(row, operand, f"({rule.text}) * 1.00001")
        yield with_partial(row, operand, "0")
        for name, other in row.partials.items():
            alike = (name in row.value.sequences) == (operand in row.value.sequences)
            if alike and other.text != rule.text:
                yield with_partial(row, operand, other.text)
