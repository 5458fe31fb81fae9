"""The promises of the engine over whole graphs (P1, P3 to P5 and P7 to P13 of the design)."""

import gc
import math
import sys
import threading
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interrupts import interrupted_everywhere
from references import COMPLEX, EXACT, Exact, chain_rule

from autograd_mini import Value, engine
from autograd_mini.errors import AutogradError
from autograd_mini.functions import dot, exp, log, maximum, mean, sigmoid, softmax, tanh
from autograd_mini.functions import sum as total
from autograd_mini.graph import topological_order
from autograd_mini.primitives import TABLE
from autograd_mini.testing import absolute_gradients, check_gradients
from autograd_mini.testing.strategies import function, graphs, integer_graphs

U = Fraction(2) ** -53
SEEDS = st.sampled_from([1.0, -0.75, 0.1, -3.0, 1e-3])


def built(graph):
    leaves = [Value(x) for x in graph.leaves]
    return leaves, graph(*leaves)


def gradients(graph, seed=1.0, f=lambda out: out):
    """Return the gradients of f of a fresh graph by its leaves."""
    leaves, out = built(graph)
    f(out).backward(seed=seed)
    return [leaf.grad for leaf in leaves]


def same(one, other):
    """Whether lists of floats are equal, but for bits lost to subnormal numbers."""
    return all(a == b or abs(a - b) < 1e-300 for a, b in zip(one, other, strict=True))


# --- right --------------------------------------------------------------------------------------


@given(integer_graphs(), st.sampled_from([1.0, -3.0, 0.5]))
def test_p1_gradients_of_integer_graphs_equal_the_exact_ones(graph, seed):
    count = len(graph.leaves)
    identity = [tuple(Fraction(i == j) for j in range(count)) for i in range(count)]
    exact_leaves = [Exact(Fraction(x), row) for x, row in zip(graph.leaves, identity, strict=True)]

    def apply(primitive, *given_):
        return EXACT[primitive.name](*(_with_constants(one, count) for one in given_))

    nodes = graph.compute(exact_leaves, apply)
    leaves, out = built(graph)
    out.backward(seed=seed)
    assert Fraction(out.data) == nodes[-1].data
    for leaf, slope in zip(leaves, nodes[-1].slopes, strict=True):
        assert Fraction(leaf.grad) == Fraction(seed) * slope


def _with_constants(one, count):
    if isinstance(one, list):
        return [_with_constants(each, count) for each in one]
    return one if isinstance(one, Exact) else Exact(Fraction(one), (Fraction(0),) * count)


@given(graphs(), SEEDS)
def test_p3_rounding_stays_within_a_few_units_of_the_absolute_gradient(graph, seed):
    """Against the chain rule in exact arithmetic, at the partial derivatives recorded."""
    _, out = built(graph)
    exact = chain_rule(out, seed)
    absolute = absolute_gradients(out, seed=seed)
    out.backward(seed=seed)
    order = topological_order(out)
    for node in order:
        error = abs(Fraction(node.grad) - exact[node])
        assert error <= (4 + len(order)) * U * Fraction(absolute[node]) + Fraction(5e-324)


@settings(max_examples=200)
@given(graphs())
def test_p4_gradients_agree_with_central_differences(graph):
    check_gradients(graph, *graph.leaves)


@settings(max_examples=200)
@given(graphs(table=[row for row in TABLE if row.name in COMPLEX]))
def test_p4_gradients_agree_with_the_complex_step(graph):
    """Im f(x + ih) / h has no cancellation, so h can be 1e-200 (Squire and Trapp, 1998)."""
    leaves, out = built(graph)
    absolute = absolute_gradients(out)
    out.backward()
    for position, leaf in enumerate(leaves):
        stepped = [complex(x, 1e-200 * (i == position)) for i, x in enumerate(graph.leaves)]
        nodes = graph.compute(stepped, lambda row, *given_: COMPLEX[row.name](*given_))
        error = abs(leaf.grad - nodes[-1].imag / 1e-200)
        assert error <= 1e-12 * absolute[leaf] + 1e-100  # where h times the slope underflows


def test_the_complex_step_covers_most_of_the_table():
    assert {row.name for row in TABLE} - set(COMPLEX) == {"cbrt", "erf", "expm1"}


# --- relations (P5) -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "factor"),
    [
        (lambda f: -f, -1.0),
        (lambda f: 0.0 - f, -1.0),
        (lambda f: 8.0 * f, 8.0),
        (lambda f: f / 4.0, 0.25),
        (lambda f: f + f, 2.0),
        (lambda f: f * 1.0 + 0.0, 1.0),
        (lambda f: maximum(f, f), 1.0),
        (lambda f: total([f, f, f, f]), 4.0),
        (lambda f: dot([f], [2.0]), 2.0),
    ],
)
@settings(max_examples=30)
@given(graph=graphs())
def test_p5_relations_hold_bitwise(graph, relation, factor):
    plain = gradients(graph)
    assert same(gradients(graph, f=relation), [factor * gradient for gradient in plain])


@given(graphs())
def test_p5_a_power_of_two_as_seed_scales_the_gradients_exactly(graph):
    plain = gradients(graph)
    assert same(gradients(graph, seed=-0.25), [-0.25 * gradient for gradient in plain])


@given(graphs())
def test_p5_a_seed_of_zero_gives_zero(graph):
    leaves, out = built(graph)
    out.backward(seed=0.0)
    assert all(leaf.grad == 0.0 and leaf.has_grad for leaf in leaves)


@given(graphs())
def test_p5_two_passes_give_twice_the_gradient_in_leaves_and_once_in_nodes(graph):
    leaves, out = built(graph)
    out.backward()
    first = {node: node.grad for node in topological_order(out)}
    out.backward()
    for node, gradient in first.items():
        assert node.grad == (2 * gradient if node.op is None else gradient)
    assert set(leaves) <= set(first)


@given(graphs())
def test_the_same_graph_gives_the_same_bits(graph):
    assert gradients(graph) == gradients(graph)


# --- large graphs (P7, P8) ----------------------------------------------------------------------

MANY = 1_000_000


def a_deep_chain():
    x = out = Value(1.0)
    for _ in range(MANY):
        out = out + 1e-6
    out.backward(seed=2.0)
    assert x.grad == 2.0
    assert math.isclose(out.data, 2.0, rel_tol=1e-6)


def a_deep_chain_of_sums():
    x = out = Value(1.0)
    for _ in range(MANY // 10):
        out = total([out, 0.0])
    out.backward(seed=2.0)
    assert x.grad == 2.0


def a_wide_sum():
    xs = [Value(1.0) for _ in range(MANY)]
    out = total(xs)
    out.backward(seed=3.0)
    assert out.data == MANY
    assert all(x.grad == 3.0 for x in xs)


LARGE = [a_deep_chain, a_deep_chain_of_sums, a_wide_sum]


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("large", LARGE)
@pytest.mark.usefixtures("no_collector")
def test_p7_p8_large_graphs_build_differentiate_and_are_freed(large):
    """With a small stack, so without recursion; with no collector, so without cycles.

    CPython 3.13 itself frees nested objects by up to 10 000 calls, whatever the stack, and needs
    a megabyte for that; other versions know better.
    """
    before = len(gc.get_objects())
    finished = []
    small = 1024 if sys.version_info[:2] == (3, 13) else 512
    size = threading.stack_size(small * 1024)
    try:
        thread = threading.Thread(target=lambda: finished.append(large() is None))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    assert finished == [True]
    assert len(gc.get_objects()) - before < 1000  # nothing is left of a million nodes
    del thread
    assert gc.collect() == 0


@pytest.mark.usefixtures("no_collector")
def test_p8_errors_leave_no_cycles():
    def failing(compute):
        try:
            compute(Value(0.0) * 1.0)
        except AutogradError:
            return True
        return False

    assert failing(log)
    assert failing(lambda x: (x**0.5).backward())
    assert gc.collect() == 0


# --- repeated and shared (P9, P10) --------------------------------------------------------------


def test_p9_two_losses_that_share_a_node_are_both_right():
    x = Value(3.0)
    shared = x * x
    first, second = shared * 2.0, shared + x
    first.backward()
    assert (shared.grad, x.grad) == (2.0, 12.0)
    second.backward()
    assert (shared.grad, x.grad) == (1.0, 12.0 + 7.0)
    first.backward()
    assert (shared.grad, x.grad) == (2.0, 12.0 + 7.0 + 12.0)


@given(graphs())
def test_p9_the_gradients_of_two_losses_over_a_shared_graph_add_up(graph):
    plain = gradients(graph)
    leaves, shared = built(graph)
    (shared * 4.0).backward()
    shared.backward()
    assert same([leaf.grad for leaf in leaves], [4.0 * gradient + gradient for gradient in plain])
    assert shared.grad == 1.0


def test_p9_a_backward_pass_from_the_middle_leaves_the_rest_alone():
    x = Value(2.0)
    middle = x * x
    end = middle * 3.0
    middle.backward()
    assert not end.has_grad
    assert (middle.grad, x.grad) == (1.0, 4.0)


def test_p9_four_threads_over_a_shared_subgraph_are_exact():
    x = Value(0.5)
    shared = x
    for _ in range(300):
        shared = shared * 1.0 + 0.0
    passes, threads = 50, 4
    errors = []

    def work(factor):
        try:
            for _ in range(passes):
                (shared * factor).backward()
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            errors.append(error)

    workers = [threading.Thread(target=work, args=(2.0**n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert x.grad == passes * (1.0 + 2.0 + 4.0 + 8.0)


@given(graphs(), st.data())
def test_p10_a_later_change_of_data_bends_no_gradient(graph, data):
    expected = gradients(graph)
    leaves, out = built(graph)
    nodes = topological_order(out)
    for node in nodes:
        if data.draw(st.booleans()):
            node.data = 1e6
    out.backward()
    assert [leaf.grad for leaf in leaves] == expected


# --- interrupts (P11) ---------------------------------------------------------------------------


def a_network():
    x, w = Value(0.1, name="x"), Value(0.15, name="w")
    out = mean(softmax([sigmoid(w * x + 0.4), dot([w, x], [x, 2.0], w)])) * tanh(w - x)
    w.grad = 10.0
    return (x, w), out


def test_p11_an_interrupted_backward_pass_leaves_the_gradients_all_old_or_all_new():
    """And the next pass is right, whatever the interrupted one left in the nodes."""
    leaves, out = a_network()
    old = [leaf.grad for leaf in leaves]
    out.backward()
    new = [leaf.grad for leaf in leaves]
    assert old != new
    seen = set()

    def check(network):
        leaves, out = network
        found = [leaf.grad for leaf in leaves]
        assert found in (old, new)
        seen.add(found == new)
        for leaf, gradient in zip(leaves, old, strict=True):
            leaf.grad = gradient
        out.backward()
        assert [leaf.grad for leaf in leaves] == new

    instants = interrupted_everywhere(a_network, lambda network: network[1].backward(), check=check)
    assert instants > (100 if engine == "python" else 0)  # in C, none comes between two changes
    assert seen == {False, True}


# --- finite in, finite out (P13) ----------------------------------------------------------------

WILD = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1.0, -1.0])


def is_finite_or_fails(compute, leaves) -> str:
    """Check that all is finite, or that nothing has changed; return the text of the error."""
    try:
        out = compute()
        (out * 1.0).backward()
    except AutogradError as raised:
        error = str(raised)
    else:
        assert math.isfinite(out.data)
        assert all(math.isfinite(leaf.grad) for leaf in leaves)
        return ""
    assert not any(leaf.has_grad for leaf in leaves)
    return error


@settings(max_examples=300)
@given(row=st.sampled_from([row for row in TABLE if not row.nary]), data=st.data())
def test_p13_finite_in_finite_out_or_an_error_that_names_the_place(row, data):
    leaves = [Value(data.draw(WILD), name=f"leaf {o}") for o in row.operands]
    error = is_finite_or_fails(lambda: function(row)(*leaves), leaves)
    assert not error or (row.name in error and "'leaf " in error)


@given(st.lists(WILD, min_size=1, max_size=5))
def test_p13_sums_too(numbers):
    leaves = [Value(x) for x in numbers]
    error = is_finite_or_fails(lambda: dot(leaves, leaves, total(leaves)), leaves)
    assert not error or "sum" in error or "dot" in error


def test_p13_an_error_deep_inside_names_its_place():
    x = Value(800.0, name="x")
    with pytest.raises(AutogradError, match=r"^exp\(x\) .* x = 800\.0"):
        exp(x * 1.0 + 0.0)
