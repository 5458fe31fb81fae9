"""The strategies draw what they say, and shrink to what matters."""

import math
import re
import subprocess
import sys

import pytest
from hypothesis import Phase, find, given, settings, target
from hypothesis import strategies as st
from support.generation import integer_graphs

from autograd_mini import Value, testing
from autograd_mini.arguments import requirement
from autograd_mini.engines import number_of
from autograd_mini.engines.graph import Graph
from autograd_mini.engines.node import flat
from autograd_mini.table.domains import Domain
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.testing import strategies
from autograd_mini.testing.generation import find_steepest, shift_off_kink
from autograd_mini.testing.strategies import (
    Instruction,
    Program,
    graphs,
    numbers,
    points_in_domain,
    values,
)

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
    x = data.draw(numbers(domain, min_value=-5.0, max_value=3.0, margin=margin))
    assert x in domain
    assert -5.0 <= x <= 3.0
    assert domain.low + margin <= x <= domain.high - margin
    assert not domain.nonzero or abs(x) >= margin


def test_numbers_without_a_limit_are_of_any_size():
    assert find(numbers(min_value=-math.inf, max_value=math.inf), lambda x: abs(x) > 1e100) > 1e100
    positive = numbers(Domain(low=0, open=True), max_value=math.inf)
    assert find(positive, lambda x: 0 < x < 1e-100)
    assert find(positive, lambda x: x > 1e100)
    assert find(numbers(), lambda x: x > 9.5) <= 10.0


def test_values_are_new_leaves_with_such_numbers():
    drawn = []

    @settings(max_examples=50, derandomize=True, database=None)
    @given(values(Domain(low=1), max_value=5.0, name="x"), values())
    def collect(x, y):
        assert 1.0 <= x.data <= 5.0
        assert (x.name, y.name, x.op, x.has_grad) == ("x", None, None, False)
        drawn.append(x)

    collect()
    assert len(set(drawn)) == len(drawn) == 50


def test_a_closed_bound_is_drawn():
    assert find(numbers(Domain(low=1)), lambda x: x == 1) == 1
    assert find(numbers(Domain(low=-1, high=1)), lambda x: abs(x) == 1) in (-1.0, 1.0)


@given(st.sampled_from(TABLE), st.sampled_from([0.0, 0.1]), st.data())
def test_operands_are_in_the_domains_of_the_row_and_off_its_kink(row, margin, data):
    drawn = data.draw(points_in_domain(row, margin=margin))
    assert len(drawn) == len(row.operands)
    for name, one in zip(row.operands, drawn, strict=True):
        if name in row.value.sequences:
            assert isinstance(one, list)
        else:
            assert one in row.domains[name]
    if row.kink and margin and [*flat(drawn)]:
        assert abs(row.distance_to_kink([*flat(drawn)])) >= margin * (1 - 1e-9)


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("margin", [0.1, -0.1])
@pytest.mark.parametrize("numbers", [[2.0], [2.0, 2.0, 1.0], [2.0, 2.0, 2.0], [1.95, 2.0, 2.05]])
def test_operands_that_tie_are_shifted_off_the_kink(name, margin, numbers):
    row = PRIMITIVES[name]
    at = find_steepest(row, numbers)
    numbers[at] += shift_off_kink(row, numbers, margin, at)
    assert row.distance_to_kink(numbers) >= 0.1


@given(st.sampled_from(["relu", "abs", "step", "leaky_relu", "cbrt", "div"]), st.data())
def test_points_stay_between_two_numbers_also_where_a_kink_or_a_pole_moves_them(name, data):
    point = data.draw(points_in_domain(name, min_value=-0.05, max_value=0.015, margin=0.01))
    assert all(-0.05 <= x <= 0.015 for x in point)


@given(numbers(Domain(nonzero=True), min_value=-1, max_value=0))
def test_a_number_that_is_moved_off_zero_stays_between_two_numbers(x):
    assert -1 <= x < 0


def test_a_row_may_be_given_by_its_name():
    (x,) = find(points_in_domain("log"), lambda drawn: True)
    assert x > 0
    graph = find(graphs(primitives=["tanh", PRIMITIVES["mul"]], nodes=1), lambda graph: True)
    assert graph.instructions[0].primitive is PRIMITIVES["tanh"]


def test_a_failing_graph_is_shown_as_python_that_makes_it():
    """Whoever copies it from the report into a program has the same graph."""

    @settings(database=None, phases=[Phase.generate, Phase.shrink], derandomize=True)
    @given(graphs(primitives=["exp"], nodes=1))
    def check(graph):
        assert not graph.instructions

    with pytest.raises(AssertionError) as caught:
        check()
    (text,) = re.findall(r"graph=(.*),\n\)", "".join(caught.value.__notes__), flags=re.DOTALL)
    expected = Program((0.0,), (Instruction(PRIMITIVES["exp"], (0,)),))
    assert eval(text, vars(strategies)) == expected  # noqa: S307 - our own text


def test_sequences_are_equally_long_and_may_be_empty():
    strategy = points_in_domain(PRIMITIVES["dot"])
    assert find(strategy, lambda drawn: True)[:2] == ([], [])
    ws, xs, _ = find(strategy, lambda drawn: len(drawn[0]) == 5)
    assert len(ws) == len(xs)


@given(graphs())
def test_every_node_of_a_graph_counts(graph):
    nodes = graph.nodes(*map(Value, graph.leaves))
    assert set(Graph(nodes[-1]).order) == set(nodes)
    assert Graph(nodes[-1]).leaves != []
    assert all(math.isfinite(node.data) for node in nodes)


@settings(max_examples=300)
@given(integer_graphs())
def test_integer_graphs_hold_small_integers_only(graph):
    nodes = graph.nodes(*map(Value, graph.leaves))
    found = [number_of(node) for node in nodes]  # an instruction of constants gives a float
    largest = max(map(abs, found))
    target(math.log2(1 + largest))
    assert largest < 2.0**36
    assert all(x.is_integer() for x in found)


def test_every_row_comes_up_in_graphs():
    seen = set()

    @settings(max_examples=500, derandomize=True, database=None)
    @given(graphs())
    def collect(graph):
        seen.update(instruction.primitive for instruction in graph.instructions)

    collect()
    assert seen == set(TABLE)


def test_a_graph_shrinks_to_what_matters():
    tanh = PRIMITIVES["tanh"]
    graph = find(graphs(), lambda graph: any(i.primitive is tanh for i in graph.instructions))
    assert graph == Program((0.0,), (Instruction(tanh, (0,)),))


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
    @given(graphs(primitives=[PRIMITIVES["mul"]], nodes=3))
    def check(graph):
        names = {instruction.primitive.name for instruction in graph.instructions}
        assert names <= {"mul", "sum"}  # products, scalings, and the sum of what is left
        assert len(graph.instructions) <= 2 * 3 + 1

    check()


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


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: graphs(primitives=[]),
            ValueError,
            "graphs: primitives must be a list of one row or more, got []",
        ),
        (
            lambda: graphs(primitives=["add", "sigmod"]),
            ValueError,
            "graphs: primitives[1] must be a row of the table of primitives, or its name, got "
            "'sigmod'; did you mean sigmoid?",
        ),
        (
            lambda: graphs(primitives="exp"),
            TypeError,
            "graphs: primitives must be a list of rows or their names, got 'exp'",
        ),
        (
            lambda: graphs(primitives=[TABLE[0], None]),
            TypeError,
            "graphs: primitives[1] must be a row of the table of primitives, or its name, got None",
        ),
        (
            lambda: graphs(primitives=TABLE[0]),
            TypeError,
            requirement("graphs: primitives", "a list of rows or their names", TABLE[0]),
        ),
        (lambda: graphs(nodes=0), ValueError, "graphs: nodes must be at least 1, got 0"),
        (lambda: graphs(nodes=2.5), TypeError, "graphs: nodes must be a positive int, got 2.5"),
        (
            lambda: points_in_domain("zzz"),
            ValueError,
            "points_in_domain: primitive must be a row of the table of primitives, or its name, "
            "got 'zzz'",
        ),
        (
            lambda: points_in_domain("log", max_value=-1.0),
            ValueError,
            "numbers: min_value and max_value must be bounds with a number of the domain (x > 0) "
            "between them, got (-10.0, -1.0)",
        ),
        (
            lambda: numbers(min_value=2.0, max_value=1.0),
            ValueError,
            "numbers: min_value and max_value must be bounds with a number of the domain (any real "
            "x) between them, got (2.0, 1.0)",
        ),
        (
            lambda: numbers(Domain(nonzero=True), min_value=0, max_value=0),
            ValueError,
            "numbers: min_value and max_value must be bounds with a number of the domain (x != 0) "
            "between them, got (0, 0)",
        ),
        (
            lambda: numbers(min_value=math.nan),
            ValueError,
            "numbers: min_value and max_value must be bounds with a number of the domain (any real "
            "x) between them, got (nan, 10.0)",
        ),
        (
            lambda: numbers(max_value="1"),
            TypeError,
            "numbers: max_value must be a real number, got '1'",
        ),
        (lambda: numbers(margin=-1.0), ValueError, "numbers: margin must be 0 or more, got -1.0"),
        (
            lambda: numbers("x > 0"),
            TypeError,
            "numbers: domain must be a Domain or None, got 'x > 0'; "
            "a row has those of its operands in .domains",
        ),
        (
            lambda: values((0, 1)),
            TypeError,
            "numbers: domain must be a Domain or None, got (0, 1); "
            "a row has those of its operands in .domains",
        ),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_drawn(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


@given(st.data())
def test_the_rows_of_a_graph_may_come_from_an_iterator(data):
    graph = data.draw(graphs(primitives=iter([PRIMITIVES["exp"]]), nodes=3))
    assert graph.instructions[0].primitive is PRIMITIVES["exp"]


@pytest.mark.parametrize("margin", [-1.0, math.nan, "1", None, True])
def test_a_margin_that_is_none_is_refused_by_name(margin):
    with pytest.raises((TypeError, ValueError), match=r"^numbers: margin must be "):
        numbers(margin=margin)
