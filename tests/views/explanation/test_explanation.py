"""`explain`: what it says, and that its symbols and numbers are those of the gradient."""

import math
import random
import re
from unittest.mock import patch

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.building import edges
from support.generation import integer_graphs
from support.networks import two_neurons

import autograd_mini as ag
from autograd_mini import GraphTooLargeError, Value, explain
from autograd_mini.engines.graph import Edge, Graph
from autograd_mini.table.notation import Unicode
from autograd_mini.table.primitives import PRIMITIVES, TABLE
from autograd_mini.testing.rounding import absolute_gradients
from autograd_mini.testing.strategies import function, graphs
from autograd_mini.views.explanation import rewriting
from autograd_mini.views.explanation.cases import tell_case
from autograd_mini.views.explanation.chain import Formulas

ROUNDOFF = 2.0**-53


def built(graph):
    leaves = [Value(x) for x in graph.leaves]
    return leaves, graph(*leaves)


def derivation(explanation):
    """Return the text between what is given and what is defined."""
    _, *parts = str(explanation).split("\n\n")
    return "\n\n".join(part for part in parts if not part.startswith("where\n"))


# --- the course -----------------------------------------------------------------------------------

COURSE = {
    "w2": """\
∂E/∂w₂ = ∂E/∂a₂ · ∂a₂/∂z₂ · ∂z₂/∂w₂
       = −(T − a₂) · a₂(1 − a₂) · a₁
       = (0.4653)(0.2037)(0.6023)
       = 0.05707""",
    "b2": """\
∂E/∂b₂ = ∂E/∂a₂ · ∂a₂/∂z₂ · ∂z₂/∂b₂
       = −(T − a₂) · a₂(1 − a₂) · 1
       = (0.4653)(0.2037)(1)
       = 0.09476""",
    "w1": """\
∂E/∂w₁ = ∂E/∂a₂ · ∂a₂/∂z₂ · ∂z₂/∂a₁ · ∂a₁/∂z₁ · ∂z₁/∂w₁
       = −(T − a₂) · a₂(1 − a₂) · w₂ · a₁(1 − a₁) · x
       = (0.4653)(0.2037)(0.45)(0.2395)(0.1)
       = 0.001021

2 of the 5 factors are slopes of activation functions below ¼; \
together they shrink the gradient to 0.04879 of itself.""",
    "b1": """\
∂E/∂b₁ = ∂E/∂a₂ · ∂a₂/∂z₂ · ∂z₂/∂a₁ · ∂a₁/∂z₁ · ∂z₁/∂b₁
       = −(T − a₂) · a₂(1 − a₂) · w₂ · a₁(1 − a₁) · 1
       = (0.4653)(0.2037)(0.45)(0.2395)(1)
       = 0.01021

2 of the 5 factors are slopes of activation functions below ¼; \
together they shrink the gradient to 0.04879 of itself.""",
}


@pytest.mark.parametrize("wrt", COURSE)
def test_the_four_derivations_of_the_course(wrt):
    names = two_neurons()
    explanation = explain(names["E"], wrt=names[wrt], names=names)
    assert derivation(explanation) == COURSE[wrt]
    given, *_, defined = str(explanation).split("\n\n")
    assert given == "with T = 0.25, w₂ = 0.45, w₁ = 0.15, x = 0.1, b₁ = 0.4, b₂ = 0.65"
    assert (
        defined
        == """\
where
    z₁ = w₁·x + b₁ = 0.415
    a₁ = σ(z₁) = 0.6023
    z₂ = w₂·a₁ + b₂ = 0.921
    a₂ = σ(z₂) = 0.7153
    E = 0.5(T − a₂)² = 0.1082"""
    )


def test_a_derivation_of_the_course_in_latex():
    names = two_neurons()
    explanation = explain(names["E"], wrt=names["w2"], names=names)
    assert (
        r" \\[3ex] \begin{aligned} \frac{\partial E}{\partial w_{2}} &= "
        r"\frac{\partial E}{\partial a_{2}} \cdot \frac{\partial a_{2}}{\partial z_{2}} \cdot "
        r"\frac{\partial z_{2}}{\partial w_{2}} \\ &= "
        r"-\left(T - a_{2}\right) \cdot a_{2} \left(1 - a_{2}\right) \cdot a_{1} \\ &= "
        r"\left(0.4653\right)\left(0.2037\right)\left(0.6023\right) \\ &= 0.05707 \end{aligned}"
        r" \\[3ex] \text{where}"
    ) in explanation.latex()
    assert repr(explanation) == str(explanation)


def test_the_course_by_hand():
    """The numbers, from the formulas of the course alone."""
    names = two_neurons()
    v = {name: value.data for name, value in names.items()}
    delta2 = -(v["T"] - v["a2"]) * v["a2"] * (1 - v["a2"])
    delta1 = delta2 * v["w2"] * v["a1"] * (1 - v["a1"])
    by_hand = {"w2": delta2 * v["a1"], "b2": delta2, "w1": delta1 * v["x"], "b1": delta1}
    for wrt, value in by_hand.items():
        found = explain(names["E"], wrt=names[wrt], names=names)
        assert found.value == pytest.approx(value, rel=1e-14)
        assert (found.root, found.wrt, found.path_count, len(found.paths)) == ("E", wrt, 1, 1)


def test_the_whole_backward_pass_of_a_neuron():
    x, w, b = Value(0.5, name="x"), Value(2.0, name="w"), Value(-1.0, name="b")
    z = w * x + b
    a = z.sigmoid()
    assert (
        str(explain(a * a, names={"z": z, "a": a}))
        == """\
with w = 2, x = 0.5, b = −1

∂out/∂out = 1

out = a·a = 0.25
    ∂out/∂a += ∂out/∂out · a = (1)(0.5) = 0.5
    ∂out/∂a += ∂out/∂out · a = (1)(0.5) = 0.5, now 1

a = σ(z) = 0.5
    ∂out/∂z = ∂out/∂a · a(1 − a) = (1)(0.25) = 0.25

z = v₁ + b = 0
    ∂out/∂v₁ = ∂out/∂z · 1 = (0.25)(1) = 0.25
    ∂out/∂b = ∂out/∂z · 1 = (0.25)(1) = 0.25

v₁ = w·x = 1
    ∂out/∂w = ∂out/∂v₁ · x = (0.25)(0.5) = 0.125
    ∂out/∂x = ∂out/∂v₁ · w = (0.25)(2) = 0.5"""
    )


def test_a_derivative_by_several_ways_is_their_sum():
    x = Value(2.0, name="x")
    a, b = x.sigmoid(), -x.exp()
    assert (
        str(explain(a * b, wrt=x, names={"a": a, "b": b, "E": a * b}))
        == """\
with x = 2

∂out/∂x is the sum over 2 paths:

x → a → out

∂out/∂a · ∂a/∂x = b · a(1 − a)
                = (−7.389)(0.105)
                = −0.7758

x → v₁ → b → out

∂out/∂b · ∂b/∂v₁ · ∂v₁/∂x = a · (−1) · v₁
                          = (0.8808)(−1)(7.389)
                          = −6.508

∂out/∂x = −0.7758 + (−6.508)
        = −7.284

where
    a = σ(x) = 0.8808
    v₁ = exp(x) = 7.389
    b = −v₁ = −7.389
    out = a·b = −6.508"""
    )


def test_a_way_of_one_arrow_is_no_more_than_a_part_of_the_derivative():
    x = Value(2.0, name="x")
    text = str(explain(x.log() / x, wrt=x))
    assert (
        """\
x → out

directly = −v₁/x²
         = −0.6931/2²
         = −0.1733

∂out/∂x = 0.25 + (−0.1733)"""
        in text
    )
    assert r"\text{directly} &= -\frac{v_{1}}{x^{2}}" in explain(x.log() / x, wrt=x).latex()


def test_a_neuron_has_a_name_of_its_own():
    x, w = Value(2.0, name="x"), Value(0.5, name="w")
    found = explain((ag.dot([w], [x], 1.0) - 4.0) ** 2, wrt=w)
    assert derivation(found).startswith("""\
∂out/∂w = ∂out/∂v₁ · ∂v₁/∂w
        = 2(v₁ − 4) · x
""")


def test_many_ways_are_told_by_adjoints():
    v = x = Value(1.0, name="x")
    for _ in range(3):
        v = v.sin() + v.cos()
    assert (
        str(explain(v, wrt=x))
        == """\
with x = 1

∂out/∂x is a sum over 8 paths; step by step from the result back:

∂out/∂v₈ = 1

∂out/∂v₇ = 1

∂out/∂v₆ = ∂out/∂v₈ · ∂v₈/∂v₆ + ∂out/∂v₇ · ∂v₇/∂v₆
         = ∂out/∂v₈ · (−sin(v₆)) + ∂out/∂v₇ · cos(v₆)
         = (1)(−0.9208) + (1)(0.3901)
         = −0.5307

∂out/∂v₅ = ∂out/∂v₆ · ∂v₆/∂v₅
         = ∂out/∂v₆ · 1
         = (−0.5307)(1)
         = −0.5307

∂out/∂v₄ = ∂out/∂v₆ · ∂v₆/∂v₄
         = ∂out/∂v₆ · 1
         = (−0.5307)(1)
         = −0.5307

∂out/∂v₃ = ∂out/∂v₅ · ∂v₅/∂v₃ + ∂out/∂v₄ · ∂v₄/∂v₃
         = ∂out/∂v₅ · (−sin(v₃)) + ∂out/∂v₄ · cos(v₃)
         = (−0.5307)(−0.9822) + (−0.5307)(0.1879)
         = 0.4215

∂out/∂v₂ = ∂out/∂v₃ · ∂v₃/∂v₂
         = ∂out/∂v₃ · 1
         = (0.4215)(1)
         = 0.4215

∂out/∂v₁ = ∂out/∂v₃ · ∂v₃/∂v₁
         = ∂out/∂v₃ · 1
         = (0.4215)(1)
         = 0.4215

∂out/∂x = ∂out/∂v₂ · ∂v₂/∂x + ∂out/∂v₁ · ∂v₁/∂x
        = ∂out/∂v₂ · (−sin(x)) + ∂out/∂v₁ · cos(x)
        = (0.4215)(−0.8415) + (0.4215)(0.5403)
        = −0.127

where
    v₁ = sin(x) = 0.8415
    v₂ = cos(x) = 0.5403
    v₃ = v₁ + v₂ = 1.382
    v₄ = sin(v₃) = 0.9822
    v₅ = cos(v₃) = 0.1879
    v₆ = v₄ + v₅ = 1.17
    v₇ = sin(v₆) = 0.9208
    v₈ = cos(v₆) = 0.3901
    out = v₇ + v₈ = 1.311"""
    )


def test_step_by_step_too_a_single_factor_has_its_line_of_numbers():
    x = Value(0.5, name="x")
    root = ag.sum([(x * i).sin() for i in range(7)])
    found = explain(0.5 * (1.0 - root) ** 2, wrt=x, names={"s": root})
    assert (
        derivation(found).split("\n\n")[1]
        == """\
∂out/∂s = −(1 − s)
        = −(1 − 3.967)
        = 2.967"""
    )


def test_a_sum_has_parentheses_among_factors_and_none_alone():
    x, w = Value(0.5, name="x"), Value(2.0, name="w")
    z = w * x
    a = z.tanh()
    names = {"z": z, "a": a}
    assert "\n      = (1 − a²) · w\n" in str(explain(a, wrt=x, names=names))
    assert derivation(explain(a, wrt=z, names=names)) == (
        "∂a/∂z = 1 − a²\n      = 1 − 0.7616²\n      = 0.42"
    )
    assert "∂a/∂z = ∂a/∂a · (1 − a²) = (1)(0.42) = 0.42" in str(explain(a, names=names))


def test_the_middle_of_a_long_sum_is_left_out():
    x = Value(0.0, name="x")
    lines = str(explain(ag.sum([(x * i).exp() for i in range(1, 9)]), wrt=x)).split("\n\n")
    assert lines[1] == "∂out/∂x is a sum over 8 paths; step by step from the result back:"
    assert lines[-2].split("\n") == [
        "∂out/∂x = ∂out/∂v₁₆ · ∂v₁₆/∂x + ∂out/∂v₁₄ · ∂v₁₄/∂x + ∂out/∂v₁₂ · ∂v₁₂/∂x"
        " + ∂out/∂v₁₀ · ∂v₁₀/∂x + … + ∂out/∂v₂ · ∂v₂/∂x",
        "        = ∂out/∂v₁₆ · 8·v₁₆ + ∂out/∂v₁₄ · 7·v₁₄ + ∂out/∂v₁₂ · 6·v₁₂ + ∂out/∂v₁₀ · 5·v₁₀"
        " + … + ∂out/∂v₂ · v₂",
        "        = (1)(8) + (1)(7) + (1)(6) + (1)(5) + … + (1)(1)",
        "        = 36",
    ]


def test_a_negative_zero_is_shown_as_zero():
    x = Value(0.0, name="x")
    assert str(explain(x * -2.0, wrt=x)).endswith("\n    out = x·(−2) = 0")


# --- the gradient, to the bit ---------------------------------------------------------------------


def check_gradient(root, leaves, given=None):
    """Check an explanation by each leaf against a backward pass."""
    names = {f"n{i}": node for i, node in enumerate(given or [])}
    explanations = [explain(root, wrt=leaf, names=names, max_nodes=10_000) for leaf in leaves]
    whole = explain(root, names=names, max_nodes=10_000)
    assert not any(leaf.has_grad for leaf in leaves)
    root.backward()
    absolute = absolute_gradients(root)
    assert len(whole.adjoints) == len(absolute)
    for leaf, explanation in zip(leaves, explanations, strict=True):
        assert repr(explanation.value) == repr(leaf.grad)
        assert explanation.adjoints[explanation.wrt] == explanation.value
        assert explanation.adjoints[explanation.root] == whole.adjoints[explanation.root] == 1.0
        for name, adjoint in explanation.adjoints.items():
            assert repr(adjoint) == repr(whole.adjoints[name])
        assert (explanation.path_count > 6) == (explanation.paths == ())
        if explanation.paths:
            assert len(explanation.paths) == explanation.path_count
            products = [math.prod(factor.value for factor in path) for path in explanation.paths]
            error = abs(math.fsum(products) - leaf.grad)
            assert error <= 20 * len(absolute) * ROUNDOFF * absolute[leaf] + 1e-300


@settings(max_examples=40)
@given(graph=graphs(), data=st.data())
def test_the_derivative_is_the_gradient(graph, data):
    leaves = [Value(x) for x in graph.leaves]
    nodes = graph.nodes(*leaves)
    given = data.draw(st.lists(st.sampled_from(nodes), max_size=4, unique=True))
    check_gradient(nodes[-1], leaves, given)


@settings(max_examples=40)
@given(graph=integer_graphs())
def test_the_derivative_over_integers_is_the_gradient(graph):
    leaves, root = built(graph)
    for leaf in leaves:
        found = explain(root, wrt=leaf)
        if found.paths:
            products = [math.prod(factor.value for factor in path) for path in found.paths]
            assert sum(products) == found.value
    check_gradient(root, leaves)


@pytest.mark.soak
@settings(max_examples=1000)
@given(graph=graphs(nodes=80), data=st.data())
def test_the_derivative_of_a_large_graph_is_the_gradient(graph, data):
    test_the_derivative_is_the_gradient.hypothesis.inner_test(graph, data)


LINE = re.compile(
    r"    ∂(?P<root>\S+)/∂(?P<operand>\S+) (?P<sign>\+?=) ∂(\S+)/∂(?P<node>\S+) · .+ "
    r"= \((?P<adjoint>\S+)\)\((?P<partial>\S+)\) = (?P<term>[^\s,]+)(, now (?P<now>\S+))?"
)


def number(text):
    return float(text.replace("−", "-"))


@settings(max_examples=30)
@given(graph=st.one_of(graphs(), integer_graphs()))
def test_the_backward_pass_is_told_as_it_takes_place(graph):
    """Node by node from the result back, with each term and what has been added up so far."""
    leaves, root = built(graph)
    whole = explain(root, digits=17, max_nodes=10_000)
    order = Graph(root).order
    names = dict(zip(order, reversed(whole.adjoints), strict=True))
    shown = {node: re.sub(r"(?<=[^\d])\d+$", subscript, name) for node, name in names.items()}
    given, first, *groups = str(whole).split("\n\n")
    for leaf in leaves:
        assert f" {shown.get(leaf, '')} = " in given or leaf not in shown
    assert first == f"∂{shown[root]}/∂{shown[root]} = 1"
    inner = [node for node in reversed(order) if node.op is not None]
    assert len(groups) == len(inner)
    uses = [edge.operand for node in order for edge in edges(node)]
    found = dict.fromkeys(order, 0.0) | {root: 1.0}
    met = set()
    for node, group in zip(inner, groups, strict=True):
        head, *lines = (
            line for line in group.split("\n") if not line.startswith(("    A", "    T"))
        )
        assert head.startswith(f"{shown[node]} = ")
        assert number(head.rpartition(" = ")[2]) == node.data
        for edge, line in zip(edges(node), lines, strict=True):
            told = LINE.fullmatch(line)
            assert told, line
            names_told = told["root"], told["operand"], told["node"]
            assert names_told == (shown[root], shown[edge.operand], shown[node])
            term = found[node] * edge.partial
            found[edge.operand] += term
            assert number(told["adjoint"]) == found[node]
            assert number(told["partial"]) == edge.partial
            assert number(told["term"]) == term
            assert (told["sign"] == "+=") == (uses.count(edge.operand) > 1)
            assert (told["now"] is not None) == (edge.operand in met)
            assert told["now"] is None or number(told["now"]) == found[edge.operand]
            met.add(edge.operand)
    root.backward()
    assert all(found[leaf] == leaf.grad for leaf in leaves)


def subscript(found):
    return found[0].translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


# --- what makes a gradient small ------------------------------------------------------------------


def test_a_dead_relu_is_pointed_at():
    x = Value(-0.5, name="x")
    text = str(explain(x.relu() * 3, wrt=x))
    assert "\n\n∂a₁/∂x = 0 makes the whole product 0.\n\n" in text
    assert "smaller" not in text


def test_a_single_factor_of_zero_needs_no_word():
    x = Value(-0.5, name="x")
    assert "makes" not in str(explain(x.relu(), wrt=x))


def test_a_deep_chain_of_sigmoids_points_at_its_small_factors():
    a = x = Value(0.3, name="x")
    for i in range(20):
        a = (a * Value(2.0, name=f"w{i}")).sigmoid()
    found = explain(a, wrt=x)
    ((*factors,),) = found.paths
    small = [factor for factor in factors if abs(factor.value) < 0.25]
    assert len(small) == 20
    lines = str(found).split("\n")
    table = lines[lines.index(next(line for line in lines if line.startswith("factor"))) + 1 :][:40]
    assert [" < ¼ " in line for line in table] == [factor in small for factor in factors]
    product = 1.0
    for line, factor in zip(table, factors, strict=True):
        product *= factor.value
        assert line.split()[-1] == f"{product:.4g}".replace("-", "−")
    together = f"{math.prod(factor.value for factor in small):.4g}".replace("-", "−")
    assert (
        "20 of the 40 factors are slopes of activation functions below ¼; "
        f"together they shrink the gradient to {together} of itself."
    ) in str(found)


def test_all_factors_may_be_small():
    x = Value(3.0, name="x")
    assert derivation(explain(x.sigmoid().sigmoid(), wrt=x)).endswith("""

All factors are slopes of activation functions below ¼; \
together they shrink the gradient to 0.009075 of itself.""")


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (lambda v: v.sigmoid() * 0.1, False),  # a small constant is no slope of an activation
        (lambda v: (v * 0.1 - 0.1) * 0.2, False),
        (lambda v: v.sigmoid().sigmoid(), True),
        (lambda v: v.tanh().sigmoid(), False),  # the slope of tanh is 0.42
        (lambda v: (-v).leaky_relu(0.1).leaky_relu(0.2), True),
    ],
)
def test_two_small_slopes_of_activations_are_told(step, says):
    """Smaller than ¼, the largest slope of the sigmoid; one is nothing unusual."""
    x = Value(1.0, name="x")
    assert ("below ¼" in str(explain(step(x), wrt=x))) == says


def test_zero_times_infinity_is_not_called_zero():
    x = Value(1.0, name="x")
    with ag.errstate(nonfinite="ignore"):
        y = x * 0.0
        found = explain(y.sqrt(), wrt=x, names={"y": y})
    assert (
        derivation(found)
        == """\
∂out/∂x = ∂out/∂y · ∂y/∂x
        = 1/(2·out) · 0
        = (∞)(0)
        = NaN"""
    )


# --- any size -------------------------------------------------------------------------------------


def deep(count, step):
    v = x = Value(0.5, name="x")
    for _ in range(count):
        v = step(v)
    return x, v


STEPS = {
    "one way": lambda v: v.sin(),
    "two ways": lambda v: v.sin() + v.cos() * 0.5,
    "a neuron": lambda v: (v * 0.5 + 0.1).sigmoid(),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.soak)])
def test_a_way_too_long_to_read_is_refused_with_advice(step, count):
    x, v = deep(count, step)
    message = "^explain: number of Values must be at most max_nodes=300, .* got "
    for wrt in (x, None):
        with pytest.raises(GraphTooLargeError, match=message) as info:
            explain(v, wrt=wrt)
        nodes = int(re.findall(r"got (\d+);", str(info.value))[0])
        assert nodes > count
        assert str(info.value).endswith(
            f"; take a part of it (another root or wrt), or ask for all with max_nodes={nodes}"
        )


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_no_formula_is_made_for_a_way_that_is_refused(monkeypatch, step):
    """So it is refused at once, and no numbers of ways are added up that fill the memory."""

    def refuse(*_):
        raise AssertionError("a formula was made")

    x, v = deep(1000, step)
    monkeypatch.setattr("autograd_mini.views.explanation.chain.Formulas.partial", refuse)
    with pytest.raises(GraphTooLargeError):
        explain(v, wrt=x)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_long_way_that_is_asked_for_is_told(step):
    x, v = deep(250, step)
    found = explain(v, wrt=x, max_nodes=10_000)
    assert str(found)
    assert found.latex()
    v.backward()
    assert found.value == x.grad


def test_2_to_the_300_ways_are_told_by_adjoints():
    x, v = deep(300, lambda v: v.sin() + v.cos() * 0.5)
    found = explain(v, wrt=x, max_nodes=10_000)
    assert found.path_count == 2**300
    assert found.paths == ()
    assert derivation(found).startswith(
        "∂out/∂x is a sum over about 10⁹⁰ paths; step by step from "
    )
    v.backward()
    assert found.value == x.grad


@pytest.mark.parametrize(
    ("ways", "told", "latex"),
    [
        (7, "7", "}7"), (10**9 - 1, "999999999", "}999999999"),
        (10**9, "about 10⁹", "about }10^{9}"), (10**9 + 5, "about 10⁹", "about }10^{9}"),
        (2**16_000, "about 10⁴⁸¹⁶", "about }10^{4816}"),
    ],
    ids=["few", "many", "a power of ten", "more", "more than fit into a float"],
)  # fmt: skip
def test_the_number_of_ways_is_told(ways, told, latex):
    """The last one has more digits than Python writes."""
    x, v = deep(3, STEPS["two ways"])
    found = explain(v, wrt=x)
    assert (found.path_count, found.paths) == (8, ())
    found.path_count = ways
    assert derivation(found).startswith(f"∂out/∂x is a sum over {told} paths; step by step ")
    assert rf"\text{{ is a sum over {latex}\text{{ paths; step by step " in found.latex()


def test_only_the_way_is_limited_not_the_graph_around_it():
    x = Value(1.0, name="x")
    _, other = deep(1000, lambda v: v.sin())
    assert explain(x * other, wrt=x).value == other.data


# --- arguments ------------------------------------------------------------------------------------


def test_by_itself_a_value_has_derivative_one():
    x = Value(3.0, name="x")
    found = explain(x, wrt=x)
    assert str(found) == "with x = 3\n\n∂x/∂x = 1"
    assert (found.value, found.path_count, found.paths) == (1.0, 1, ((),))
    assert str(explain(x)) == "with x = 3\n\n∂x/∂x = 1"
    y = x * 2
    text = "with x = 3\n\n∂out/∂out = 1\n\nwhere\n    out = x·2 = 6"
    assert str(explain(y, wrt=y)) == text


def test_a_value_that_is_not_in_the_graph_is_refused():
    x, w = Value(1.0, name="x"), Value(2.0, name="w")
    message = (
        r"^explain: wrt must be a Value that out was computed from, "
        r"got Value\(data=7\.0, name='z'\); its leaves are x, w$"
    )
    with pytest.raises(ValueError, match=message):
        explain(x * w, wrt=Value(7.0, name="z"))
    with pytest.raises(ValueError, match=r"got Value\(data=7\.0\); its leaves are x, w$"):
        explain(x * w, wrt=Value(7.0))
    with pytest.raises(ValueError, match=r"^explain: wrt must be a Value that x was computed "):
        explain(x, wrt=x * w)
    many = ag.sum([Value(1.0) for _ in range(20)])
    with pytest.raises(ValueError, match=r"its leaves are x1, x2, .*x10 and \d+ more$"):
        explain(many, wrt=x)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"root": 1.0}, TypeError, "explain: root must be a Value, got 1.0"),
        ({"root": None}, TypeError, "explain: root must be a Value, got None"),
        ({"wrt": "x"}, ValueError, "explain: wrt must be the name of a Value that out was computed "
         "from, got 'x'; its leaves are x1"),
        ({"wrt": [1] * 9999}, TypeError,
         "explain: wrt must be a Value or its name, got [1, 1, 1, 1, 1, 1, ...]"),
        ({"names": ["x"]}, TypeError,
         "explain: names must be a dict with strings as keys, got ['x']"),
        ({"names": {1: 2}}, TypeError,
         "explain: names must be a dict with strings as keys, got {1: 2}"),
        ({"digits": 0}, ValueError, "explain: digits must be at least 1, got 0"),
        ({"digits": 2.0}, TypeError, "explain: digits must be a positive int, got 2.0"),
        ({"max_nodes": 0}, ValueError, "explain: max_nodes must be at least 1, got 0"),
        ({"max_nodes": "9"}, TypeError, "explain: max_nodes must be a positive int, got '9'"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_refused(arguments, error, message):
    with pytest.raises(error, match="^" + re.escape(message) + "$"):
        explain(**{"root": Value(1.0) * 2, **arguments})


def test_digits_are_significant_ones():
    x = Value(1 / 3, name="x")
    for digits, third, double in [
        (2, "0.33", "0.67"),
        (17, "0.33333333333333331", "0.66666666666666663"),
    ]:
        text = derivation(explain(x * x, wrt=x, digits=digits))
        assert text == f"∂out/∂x = 2·x\n        = 2·{third}\n        = {double}"


def test_constants_may_be_on_either_side():
    x = Value(0.5, name="x")
    for root, symbols in [
        (x - 3.0, "1"), (3.0 - x, "−1"), (x * -2.0, "−2"), (-2.0 * x, "−2"), (x / 4.0, "1/4"),
        (4.0 / x, "−4/x²"), (x**3, "3·x²"), (3.0**x, "3^x·ln(3)"), (x**-1, "−1/x²"),
        (x**0.5, "0.5·x^(−0.5)"), (ag.maximum(x, 0.0), "1"), (ag.maximum(1.0, x), "0"),
        (ag.leaky_relu(-x, 0.25), "0.25 · −1"), (ag.dot([x, 2.0], [3.0, 4.0], 1.0), "3"),
        (0.1 * x * 3.0, "0.3"), (x * 1e-5, "1e−05"),
    ]:  # fmt: skip
        found = explain(root, wrt=x)
        (path,) = found.paths
        assert " · ".join(factor.formula for factor in path) == symbols
        root.backward()
        assert found.value == x.grad
        x.grad = 0.0


def test_numbers_that_are_not_finite_are_told():
    with ag.errstate(nonfinite="ignore"):
        x, n = Value(1.0, name="x"), Value(math.nan, name="n")
        cases = [
            x * math.inf / math.inf, x * math.inf - x * math.inf, x * math.nan * 0.0, x * 0.0 * n,
            ag.relu(n) * x, ag.log(x * 0.0), ag.exp(x * 1000.0) * 0.0, x * 1e308 * 10.0,
            (x * 0.0).sqrt(), x * 1e308 + x * 1e308, (x**1e200) ** 1e200, 0.0 / (x - 1.0),
            ag.maximum(n, x), x * -math.inf, ag.dot([x, n], [n, x]), 0.0 * (1.0 / (x * 0.0)),
        ]  # fmt: skip
        for root in cases:
            for leaf in (x, n):
                if leaf not in Graph(root).order:
                    continue
                for wrt in (leaf, None):
                    found = explain(root, wrt=wrt)
                    assert "nan" not in str(found)
                    assert "inf" not in str(found)
                    assert found.latex()
                found = explain(root, wrt=leaf)
                leaf.grad = 0.0
                root.backward()
                assert repr(found.value) == repr(leaf.grad)
                # Symbols that are a number say the number; a zero times ∞ makes nothing 0.
                if not math.isfinite(found.value):
                    assert "makes the whole product 0" not in str(found)
                for factor in (factor for path in found.paths for factor in path):
                    if re.fullmatch(r"−?[\d.]+", factor.formula):
                        assert float(factor.formula.replace("−", "-")) == factor.value


def test_changed_data_leaves_the_derivative_of_what_took_place():
    x, w = Value(3.0, name="x"), Value(2.0, name="w")
    root = w * x
    x.data = 100.0
    assert explain(root, wrt=w).value == 3.0


def test_no_backward_pass_takes_place():
    x = Value(3.0, name="x")
    root = x * x
    explain(root, wrt=x)
    explain(root).latex()
    assert not x.has_grad
    assert not root.has_grad


# --- names ----------------------------------------------------------------------------------------

ODD = [
    "", " ", "two words", "</script>", "a\nb", "🎉", "a.b.c", "x" * 200, "out", "v1", "z1", "a1",
    "x_2", "x2", "x[1]", "alpha", "α", "é", "名前", "\\", "$", "%", "#", "{", "}", "^", "_", "~",
    "&", "\u202e", "\u0301", "\ud800", "\x00", "·", "ℒ", "−x", "-x", "∞", "NaN", "…", "pi", "1",
]  # fmt: skip


def odd_graphs():
    """Yield results of graphs with odd names, duplicates among them, and all their Values."""
    rng = random.Random(0)
    for name in ODD:
        x, w = Value(0.5, name=name), Value(-2.0, name=rng.choice([name, *ODD]))
        a = (w * x + x).sigmoid()
        root = a * x.exp() - ag.erf(a) * 2
        yield root, {rng.choice(ODD): a, rng.choice(ODD): root, name: w}


def test_names_may_be_any_text():
    for root, names in odd_graphs():
        order = Graph(root).order
        for wrt in (*order[::3], None):
            found = explain(root, wrt=wrt, names=names)
            assert all(c.isprintable() or c == "\n" for c in str(found))
            assert str(found).encode()
            assert len(found.adjoints) == len({*found.adjoints})
        assert len(explain(root, names=names).adjoints) == len(order)


def test_duplicates_get_numbers_that_are_free():
    x, y, other = Value(2.0, name="x"), Value(3.0, name="x"), Value(5.0, name="x_2")
    assert (
        str(explain(x * y * other, wrt=x))
        == """\
with x = 2, x₃ = 3, x₂ = 5

∂out/∂x = x₂·x₃
        = 5·3
        = 15

where
    out = x·x₃·x₂ = 30"""
    )


def test_what_the_derivative_mentions_is_told_too():
    """Also what is not on the way itself, if nobody has named it."""
    x, u = Value(3.0, name="x"), Value(0.5, name="u")
    v, w = u.exp(), u.sin()
    assert (
        str(explain(x * v * w, wrt=x, names={"w": w}))
        == """\
with x = 3, u = 0.5

∂out/∂x = w·v₁
        = 0.4794·1.649
        = 0.7904

where
    v₁ = exp(u) = 1.649
    w = sin(u) = 0.4794
    out = x·v₁·w = 2.371"""
    )


# --- LaTeX that KaTeX takes -----------------------------------------------------------------------


def test_katex_takes_the_course(katex):
    names = two_neurons()
    wrts = [names[wrt] for wrt in (*COURSE, "x", "T", "a1", "z2", "E")]
    texts = [explain(names["E"], wrt=wrt, names=given).latex()
             for wrt in (*wrts, None) for given in (names, None)]  # fmt: skip
    assert katex(texts) == [""] * 20


def test_katex_takes_custom_functions(katex):
    f = ag.custom(lambda x, y_1: x * y_1, lambda x, y_1: (y_1, x), name="f_1")
    g = ag.custom(lambda x: x * x, lambda x: 2 * x, name="g")
    x, y = Value(0.5, name="x"), Value(1.5, name="y")
    out = f(g(x), y) * g(y)
    texts = [
        ag.explain(out, wrt=x).latex(),
        ag.explain(out, wrt=y).latex(),
        ag.explain(out).latex(),
    ]
    assert all(r"\frac{\partial \operatorname{f\_1}}{\partial " in text for text in texts)
    assert katex(texts) == [""] * 3


def test_katex_takes_results_of_compiled_functions(katex):
    model = ag.MLP(9, [1], activation="tanh", rng=random.Random(1))

    @ag.compile
    def my_loss(xs, t):
        return (model(xs) - t) ** 2

    out = my_loss([0.5] * 9, 1.0) * 2.0
    weight = model.parameters()[0]
    texts = [ag.explain(out, wrt=weight).latex(), ag.explain(out).latex()]
    assert all(r"\frac{\partial \operatorname{my\_loss}}{\partial w_{11}" in text for text in texts)
    assert katex(texts) == [""] * 2


def test_katex_takes_odd_names(katex):
    texts = [
        explain(root, wrt=wrt, names=names).latex()
        for root, names in odd_graphs()
        for wrt in (Graph(root).order[0], None)
    ]
    assert [told for told in katex(texts) if told] == []
    assert len(texts) == 2 * len(ODD)


def test_katex_takes_every_kind_of_explanation(katex):
    """A table, a sum over ways, steps by adjoints, words on small factors, NaN and infinities."""
    x, sigmoids = deep(12, lambda v: (v * 0.5).sigmoid())
    texts = [explain(sigmoids).latex(), explain(sigmoids, wrt=x).latex()]
    for count in (1, 3, 40):
        x, root = deep(count, lambda v: v.sin() - v.cos() * 1e-7)
        texts.append(explain(root, wrt=x).latex())
    texts.append(explain((-x).relu() * 3, wrt=x).latex())
    with ag.errstate(nonfinite="ignore"):
        for bad in (math.nan, math.inf, -math.inf):
            texts += [explain(x * bad - x / bad, wrt=wrt).latex() for wrt in (x, None)]
    assert katex(texts) == [""] * len(texts)
    for words in (r"\begin{array}{lllll}", r"\tfrac{1}{4}", "step by step", "the sum over",
                  "makes the whole product 0", r"\infty", "now }", r"\cdot 10^{-"):  # fmt: skip
        assert any(words in text for text in texts), words


def latex_of(graph_strategy, count):
    """Return the explanations of random graphs as LaTeX, by a leaf each and as a whole."""
    texts = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate])
    @given(graph=graph_strategy)
    def collect(graph):
        leaves, root = built(graph)
        texts.append(explain(root, wrt=leaves[0], max_nodes=10_000).latex())
        texts.append(explain(root, max_nodes=10_000).latex())

    collect()
    return texts


def test_katex_takes_random_graphs(katex):
    texts = latex_of(graphs(nodes=6), 60)
    assert [text for text, told in zip(texts, katex(texts), strict=True) if told] == []


@pytest.mark.soak
def test_katex_takes_many_random_graphs(katex):
    texts = latex_of(graphs(nodes=25), 500)
    assert [text for text, told in zip(texts, katex(texts), strict=True) if told] == []


def test_katex_takes_each_row(katex):
    texts = []
    for row in TABLE:
        leaves = [Value(x) for x in (1.5, 2.5, 0.5)]
        if row.name in ("arcsin", "arccos", "arctanh"):
            leaves = [Value(0.5)]
        if row.nary:
            sequences = row.value.sequences
            given = [leaves if o in sequences else leaves[0] for o in row.operands]
        else:
            given = leaves[: len(row.operands)]
        root = function(row)(*given)
        texts += [explain(root, wrt=wrt).latex() for wrt in (leaves[0], None)]
    assert katex(texts) == [""] * (2 * len(TABLE))


def test_the_operands_of_a_node_are_read_once_for_all_its_edges():
    """To copy n operands for each of n edges made an explanation take time with n²."""

    class Node:
        op, data, reads = PRIMITIVES["dot"], 1.0, 0

        @property
        def operands(self):
            self.reads += 1
            return operands

    operands = tuple(Value(1.0) for _ in range(101))
    node = Node()
    formulas = Formulas(dict.fromkeys([node, *operands], "x"))
    for position, operand in enumerate(operands):
        edge = Edge(operand, node, position, 1.0)
        formulas.partial(edge)
        assert tell_case(formulas, edge, Unicode()) is None
    assert node.reads == 1


@pytest.mark.parametrize("wrt", [True, False])
def test_a_sum_of_thousands_is_explained(wrt):
    x = Value(1.0, name="x")
    total = ag.sum([x] * 5_000)
    text = str(explain(total, wrt=x if wrt else None, max_nodes=5_000))
    assert "5000" in text.splitlines()[2 if wrt else -1]


def test_a_name_of_any_length_is_explained_in_short_lines():
    x, w = Value(2.0, name="x" * 20_000), Value(3.0, name="w" * 20_000)
    for explanation in (explain(w * x, wrt=w), explain(w * x)):
        assert max(map(len, str(explanation).splitlines())) < 500
        assert len(explanation.latex()) < 5_000


def test_an_error_shows_the_names_of_leaves_short_and_without_escape_sequences():
    x = Value(2.0, name="\x1b[31m" + "x" * 20_000)
    with pytest.raises(ValueError, match=r"its leaves are \\x1b\[31mx+…x+$") as raised:
        explain(x * x, wrt=Value(1.0))
    assert len(str(raised.value)) < 300


# --- by name -------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrt", ["w1", "w₁", "w_1"])
def test_a_value_may_be_named(wrt):
    """As it was named, or as it is shown."""
    names = two_neurons()
    found = explain(names["E"], wrt=wrt, names=names)
    assert (found.wrt, str(found)) == ("w1", str(explain(names["E"], wrt=names["w1"], names=names)))


def test_a_computed_value_may_be_named_too():
    names = two_neurons()
    assert explain(names["E"], wrt="a1", names=names).wrt == "a1"
    x = Value(2.0, name="x")
    assert explain(x.exp().sin(), wrt="v1").value == math.cos(math.exp(2.0))


def test_the_exact_name_goes_before_one_that_is_written_alike():
    first, second = Value(2.0, name="x_1"), Value(3.0, name="x₁")
    root = first * 1.0 + second * 5.0
    assert [explain(root, wrt=name).value for name in ("x_1", "x₁", "x1")] == [1.0, 5.0, 1.0]


def test_a_name_that_is_not_in_the_graph_is_refused_with_the_names():
    x, w = Value(1.0, name="x"), Value(2.0, name="w")
    message = (
        r"^explain: wrt must be the name of a Value that out was computed from, got 'q'; "
        r"its leaves are x, w$"
    )
    with pytest.raises(ValueError, match=message):
        explain(x * w, wrt="q")


def test_a_factor_has_its_formula_as_text():
    names = two_neurons()
    (path,) = explain(names["E"], wrt="w2", names=names).paths
    assert [(f.of, f.wrt, f.formula) for f in path] == [
        ("E", "a2", "−(T − a₂)"), ("a2", "z2", "a₂(1 − a₂)"), ("z2", "w2", "a₁"),
    ]  # fmt: skip
    assert math.prod(f.value for f in path) == pytest.approx(0.05707, rel=1e-4)
    assert repr(path[2]) == f"Factor(of='z2', wrt='w2', formula='a₁', value={path[2].value})"


@pytest.mark.parametrize("wrt", ["x", None])
def test_twice_the_nodes_make_no_more_than_twice_the_work(wrt):
    """Counted, not timed: 300 nodes took seconds when each formula was tidied at each level."""
    counts = []
    for count in (120, 240):
        with patch.object(rewriting, "_tidy_operation", wraps=rewriting._tidy_operation) as tidied:
            _, v = deep(count, lambda v: v + 2.0)
            str(explain(v, wrt=wrt))
        counts.append(tidied.call_count)
    assert counts[0] > 100
    assert counts[1] <= 2.5 * counts[0]
