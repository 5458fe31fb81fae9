"""The gradient check finds what is wrong and nothing else; the strategies draw what they say."""

import math
import re
import subprocess
import sys

import pytest
from hypothesis import find, given, settings, target
from hypothesis import strategies as st
from references import bound

import autograd_mini as ag
from autograd_mini import Value, testing
from autograd_mini.errors import (
    DomainError,
    GradientCheckError,
    NonFiniteGradientError,
    errstate,
)
from autograd_mini.graph import leaves as leaves_of
from autograd_mini.graph import topological_order
from autograd_mini.primitives import PRIMITIVES, TABLE, Domain, Primitive
from autograd_mini.testing import absolute_gradients, check_gradients
from autograd_mini.testing.strategies import (
    Graph,
    Instruction,
    function,
    graphs,
    integer_graphs,
    numbers,
    operands,
)

# --- right gradients pass ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: x**3, (0.0,)),  # the gradient and its scale are zero
        (lambda x: x**1.5, (0.0,)),  # only steps to the right exist
        (ag.log, (1e-10,)),  # the first steps leave the domain
        (ag.log, (1e300,)),
        (ag.exp, (-700.0,)),
        (ag.exp, (709.7,)),
        (ag.arcsin, (0.9999999,)),
        (ag.sin, (1000.0,)),
        (lambda x: ag.sin(1e6 * x), (1.0,)),  # six waves in the first step
        (ag.sigmoid, (40.0,)),  # the rounding of f hides the slope
        (ag.relu, (1e-9,)),  # the kink is within the first step
        (ag.relu, (-1e-9,)),
        (abs, (0.0,)),
        (ag.tan, (1.5707,)),
        (lambda x, y: x / y, (1e-200, 1e100)),
        (lambda x: x * 1e-300, (1e10,)),
        (lambda x: x * 1e300, (1e-10,)),
        (lambda x: ag.sum([1e10, x, -1e10]), (1e-9,)),
        (lambda x: ag.dot([x, x, 2.0], [x * x, 3.0, x], x), (1.3,)),
        (lambda x, y: ag.exp(x - 200.0) * y, (1.0, -2.0)),
        (lambda x: x, (2.0,)),
        (lambda x: Value(3.0), (2.0,)),  # f may not depend on its argument
        (lambda x, y: y * 2.0, (1.0, 2.0)),
        (ag.maximum, (1.0, 1.0 + 1e-7)),
        (lambda *xs: ag.softmax(xs)[0], (1.0, 2.0, 3.0)),
    ],
)
def test_a_right_gradient_passes(f, args):
    check_gradients(f, *args)


def test_any_real_number_is_an_argument():
    check_gradients(ag.maximum, 3, 2)


@given(st.floats(-1e3, 1e3).filter(bool), st.floats(1e-3, 1e3))
def test_any_seed_will_do(seed, x):
    check_gradients(ag.log, x, seed=seed)


def test_what_f_closes_over_gets_a_gradient_as_from_any_pass():
    w = Value(3.0)
    check_gradients(lambda x: w * x, 2.0, seed=0.5)
    assert w.grad == 1.0


# --- wrong gradients fail ------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e-12, 1e-200, 1e100])
@pytest.mark.parametrize("wrong", ["-(y)", "0", "(y) * 1.00001", "(y) * 0.99999", "y + y"])
def test_a_wrong_gradient_is_found_at_any_scale(wrong, scale):
    """A tolerance that is not relative to the gradient lets 1e-6·x pass with a slope of zero."""
    row = Primitive("product", "x * y", dx=wrong, dy="x")
    with bound(row) as product, pytest.raises(GradientCheckError):
        check_gradients(lambda x: product(x, scale), 1.0)


def test_a_wrong_gradient_far_inside_is_found():
    row = Primitive("half", "x / 2", dx="0.5 * 1.00001")
    with bound(row) as half, pytest.raises(GradientCheckError):
        check_gradients(lambda x: ag.exp(half(x) - 200.0), 1.0)


def test_a_wrong_zero_of_the_gradient_is_found():
    row = Primitive("parabola", "x * x", dx="2 * x + 1e-9")
    with bound(row) as parabola, pytest.raises(GradientCheckError):
        check_gradients(parabola, 0.0)


def test_only_the_wrong_argument_is_named():
    row = Primitive("product", "x * y", dx="y", dy="-x")
    with bound(row) as product:

        def area(width, height):
            return product(width, height)

        with pytest.raises(GradientCheckError) as caught:
            check_gradients(area, 2.0, 3.0, seed=2.0)
    message = str(caught.value)
    number = r"(-?[\d.e+-]+)"
    match = re.fullmatch(
        r"area: the gradient for argument 1 \('height'\) = 3\.0 is wrong, or f has a kink there: "
        rf"backward\(seed=2\.0\) gives -4\.0, the difference quotient {number}; "
        rf"they differ by 8, and {number} is allowed",
        message,
    )
    assert match, message
    assert float(match[1]) == pytest.approx(4.0)
    assert 4e-6 <= float(match[2]) < 5e-6


def test_the_tolerance_is_a_choice():
    row = Primitive("product", "x * y", dx="y * 1.001", dy="x")
    with bound(row) as product:
        check_gradients(product, 2.0, 3.0, tolerance=1e-2)
        with pytest.raises(GradientCheckError):
            check_gradients(product, 2.0, 3.0, tolerance=1e-4)


def test_a_kink_at_the_very_point_is_reported():
    with pytest.raises(GradientCheckError, match=r"^relu: .* is wrong, or f has a kink there"):
        check_gradients(ag.relu, 0.0)


def test_a_nan_gradient_does_not_pass():
    row = Primitive("identity", "x + 0", dx="log(-1) if x > 0 else 1")
    with (
        bound(row) as identity,
        errstate(nonfinite="ignore"),
        pytest.raises(
            GradientCheckError, match=r"argument 0 .* = 1\.0 is nan, which no difference"
        ),
    ):
        check_gradients(identity, 1.0)


def test_an_argument_without_a_name_is_called_by_its_position():
    row = Primitive("identity", "x + 0", dx="2")
    with bound(row) as identity:
        with pytest.raises(GradientCheckError, match=r"for argument 1 = 5\.0 is wrong"):
            check_gradients(lambda *xs: identity(xs[1]), 4.0, 5.0)
        with pytest.raises(GradientCheckError, match=r"^<.*>: the gradient for argument 0 = 5\.0"):
            check_gradients(Unsigned(identity), 5.0)


class Unsigned:
    """A callable that does not tell its signature, as some built-in functions do not."""

    __signature__ = "secret"

    def __init__(self, f):
        self.f = f

    def __call__(self, x):
        return self.f(x)


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [3.0, None, [Value(1.0)]])
def test_f_must_return_a_value(bad):
    def constant(x):
        return bad

    message = re.escape(f"check_gradients: constant must return a Value, got {type(bad).__name__} ")
    with pytest.raises(TypeError, match=f"^{message}"):
        check_gradients(constant, 1.0)


def test_there_must_be_arguments():
    with pytest.raises(ValueError, match=r"^check_gradients: exp got no arguments"):
        check_gradients(ag.exp)


@pytest.mark.parametrize("bad", ["1", None, True, Value(1.0)])
def test_arguments_are_real_numbers(bad):
    with pytest.raises(TypeError, match=r"^check_gradients: argument 1 \('y'\) takes a real numb"):
        check_gradients(lambda x, y: x * y, 1.0, bad)


@pytest.mark.parametrize("tolerance", [-1e-9, math.inf, math.nan])
def test_a_tolerance_that_tells_nothing_is_refused(tolerance):
    with pytest.raises(ValueError, match="check_gradients: tolerance must "):
        check_gradients(lambda x: x * x, 1.0, tolerance=tolerance)


@pytest.mark.parametrize("tolerance", ["a", None])
def test_a_tolerance_is_a_number(tolerance):
    with pytest.raises(TypeError, match="check_gradients: tolerance takes a real number"):
        check_gradients(lambda x: x * x, 1.0, tolerance=tolerance)


def test_a_symmetric_kink_has_the_mean_slope_and_passes():
    """As the docstring admits; an asymmetric one is reported."""
    check_gradients(abs, 0.0)


@pytest.mark.parametrize("seed", [0.0, math.inf, math.nan])
def test_a_seed_that_tells_nothing_is_refused(seed):
    with pytest.raises(ValueError, match="check_gradients: seed must "):
        check_gradients(ag.exp, 1.0, seed=seed)


def test_a_point_outside_the_domain_is_a_domain_error():
    with pytest.raises(DomainError, match=r"^log\(x\) is nan at x = -1\.0"):
        check_gradients(ag.log, -1.0)


def test_a_point_without_neighbours_in_the_domain_is_a_domain_error():
    message = (
        r"^check_gradients: island has no finite difference quotient at \[0\.0\], "
        r"not even a one-sided one: sqrt\(x\) is nan at x = -"
    )

    def island(x):
        return ag.sqrt(-(x * x)) if x.data else x

    with pytest.raises(DomainError, match=message):
        check_gradients(island, 0.0)


def test_a_point_around_which_f_is_not_finite_is_a_domain_error():
    def spike(x):
        return x * (0.0 if x.data == 1.0 else math.inf)

    with (
        errstate(nonfinite="ignore"),
        pytest.raises(DomainError, match=r"no finite difference quotient .* one-sided one$"),
    ):
        check_gradients(spike, 1.0)


def test_an_infinite_gradient_is_the_error_that_it_is():
    with pytest.raises(NonFiniteGradientError, match="this arises at sqrt"):
        check_gradients(ag.sqrt, 0.0)


# --- absolute gradients --------------------------------------------------------------------------


def test_terms_of_an_absolute_gradient_do_not_cancel():
    x, y = Value(3.0), Value(-2.0)
    root = x * y - x * 5.0
    absolute = absolute_gradients(root)
    assert [absolute[node] for node in topological_order(root)] == [7.0, 3.0, 1.0, 1.0, 1.0]
    assert absolute_gradients(root, seed=-2.0)[x] == 14.0
    assert not x.has_grad


@given(graphs())
def test_an_absolute_gradient_is_at_least_the_gradient(graph):
    out = graph(*map(Value, graph.leaves))
    out.backward(seed=-0.5)
    for node, absolute in absolute_gradients(out, seed=-0.5).items():
        assert abs(node.grad) <= absolute * (1 + 1e-12)


# --- strategies ----------------------------------------------------------------------------------

DOMAINS = [
    Domain(),
    Domain(low=1),
    Domain(high=0.25),
    Domain(low=0, open=True),
    Domain(low=-1, high=1),
    Domain(low=-1, high=1, open=True),
    Domain(nonzero=True),
]


@given(st.sampled_from(DOMAINS), st.sampled_from([0.0, 0.1]), st.data())
def test_numbers_are_in_their_domain_under_the_limit_and_off_the_bounds(domain, margin, data):
    x = data.draw(numbers(domain, limit=5.0, margin=margin))
    assert x in domain
    assert abs(x) <= 5.0
    assert domain.low + margin <= x <= domain.high - margin
    assert not domain.nonzero or abs(x) >= margin


def test_numbers_without_a_limit_are_of_any_size():
    assert find(numbers(limit=math.inf), lambda x: abs(x) > 1e100) > 1e100
    assert find(numbers(Domain(low=0, open=True), limit=math.inf), lambda x: x < 1e-100) > 0


def test_a_closed_bound_is_drawn():
    assert find(numbers(Domain(low=1)), lambda x: x == 1) == 1
    assert find(numbers(Domain(low=-1, high=1)), lambda x: abs(x) == 1) in (-1.0, 1.0)


@given(st.sampled_from(TABLE), st.sampled_from([0.0, 0.1]), st.data())
def test_operands_are_in_the_domains_of_the_row_and_off_its_kink(row, margin, data):
    drawn = data.draw(operands(row, margin=margin))
    assert len(drawn) == len(row.operands)
    for name, one in zip(row.operands, drawn, strict=True):
        if name in row.value.sequences:
            assert isinstance(one, list)
        else:
            assert one in row.domains[name]
    if row.kink and margin:
        distance = drawn[0] if row.kink.text == "x" else drawn[0] - drawn[1]
        assert abs(distance) >= margin * (1 - 1e-9)


def test_sequences_are_equally_long_and_may_be_empty():
    strategy = operands(PRIMITIVES["dot"])
    assert find(strategy, lambda drawn: True)[:2] == ([], [])
    ws, xs, _ = find(strategy, lambda drawn: len(drawn[0]) == 5)
    assert len(ws) == len(xs)


@given(graphs())
def test_every_node_of_a_graph_counts(graph):
    values = list(map(Value, graph.leaves))
    nodes = graph.compute(values, lambda row, *given_: function(row)(*given_))
    assert set(topological_order(nodes[-1])) == set(nodes)
    assert leaves_of(nodes[-1]) != []
    assert all(math.isfinite(node.data) for node in nodes)


@settings(max_examples=300)
@given(integer_graphs())
def test_integer_graphs_hold_small_integers_only(graph):
    nodes = graph.compute(list(map(Value, graph.leaves)), lambda row, *g: function(row)(*g))
    largest = max(abs(node.data) for node in nodes)
    target(math.log2(1 + largest))
    assert largest < 2.0**36
    assert all(node.data.is_integer() for node in nodes)


def test_every_row_comes_up_in_graphs():
    seen = set()

    @settings(max_examples=300, derandomize=True, database=None)
    @given(graphs())
    def collect(graph):
        seen.update(instruction.primitive for instruction in graph.instructions)

    collect()
    assert seen == set(TABLE)


def test_a_graph_shrinks_to_what_matters():
    tanh = PRIMITIVES["tanh"]
    graph = find(graphs(), lambda graph: any(i.primitive is tanh for i in graph.instructions))
    assert graph == Graph((0.0,), (Instruction(tanh, (0,)),))


@pytest.mark.parametrize(
    "wanted",
    [
        lambda i: len(i.operands) == 2 and isinstance(i.operands[0], float),
        lambda i: len(i.operands) == 2 and isinstance(i.operands[1], float),
        lambda i: len(i.operands) == 2 and i.operands[0] == i.operands[1],
        lambda i: i.primitive.name == "dot" and len(i.operands[0]) == 4,
        lambda i: i.primitive.name == "sum" and any(isinstance(o, float) for o in i.operands[0]),
    ],
)
def test_graphs_have_constants_on_either_side_and_nodes_used_twice(wanted):
    assert find(graphs(), lambda graph: any(map(wanted, graph.instructions)))


def test_graphs_can_be_of_chosen_rows_and_size():
    @settings(max_examples=50)
    @given(graphs(table=[PRIMITIVES["mul"]], max_size=3))
    def check(graph):
        names = {instruction.primitive.name for instruction in graph.instructions}
        assert names <= {"mul", "sum"}  # products, scalings, and the sum of what is left
        assert len(graph.instructions) <= 2 * 3 + 1

    check()


def test_a_graph_is_a_function_that_shows_its_formula():
    graph = Graph(
        (2.0, 0.5),
        (
            Instruction(PRIMITIVES["pow"], (0, 3.0)),
            Instruction(PRIMITIVES["dot"], ((0, 1.5), (1, 2), -1.0)),
        ),
    )
    assert repr(graph) == (
        "Graph: v0 = 2.0; v1 = 0.5; v2 = pow(v0, 3.0); v3 = dot([v0, 1.5], [v1, v2], -1.0)"
    )
    assert graph(Value(2.0), Value(0.5)).data == 2.0 * 0.5 + 1.5 * 8.0 - 1.0
    assert graph.compute([1, 2], lambda row, *given_: (row.name, *given_)) == [
        1,
        2,
        ("pow", 1, 3.0),
        ("dot", [1, 1.5], [2, ("pow", 1, 3.0)], -1.0),
    ]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_function_of_a_row_makes_its_nodes(row):
    x = Value(1.5) if all(1.5 in domain for domain in row.domains.values()) else Value(0.5)
    node = function(row)(*([x] if o in row.value.sequences else x for o in row.operands))
    assert node.op is row


# --- without Hypothesis --------------------------------------------------------------------------


def test_only_the_strategies_need_hypothesis():
    program = """
import sys
sys.modules["hypothesis"] = None  # as if it were not installed
import autograd_mini as ag
from autograd_mini import testing
testing.check_gradients(ag.exp, 1.0)
try:
    testing.strategies
except ImportError as error:
    assert str(error) == (
        "autograd_mini.testing.strategies needs Hypothesis: pip install hypothesis"
    ), error
else:
    raise SystemExit("it was imported all the same")
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_strategies_are_there_when_asked_for():
    assert testing.strategies.graphs is graphs
    assert testing.__getattr__("strategies") is testing.strategies
    with pytest.raises(
        AttributeError, match=r"^module 'autograd_mini.testing' has no attribute 'st'"
    ):
        testing.st  # noqa: B018 - it raises
