"""The chain rule of a graph: symbols and numbers agree."""

import ast
import math
import operator
from functools import reduce
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from support.building import edges
from support.formulas import Near, exactly, near, size
from support.generation import integer_graphs
from support.references import bound

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.table.notation import Latex, Unicode
from autograd_mini.table.primitives import TABLE, Primitive
from autograd_mini.testing.rounding import absolute_gradients
from autograd_mini.testing.strategies import function, graphs, points_in_domain
from autograd_mini.views.explanation import algebra
from autograd_mini.views.explanation.chain import Chain, Derivation, Formulas
from autograd_mini.views.naming import name_values

ROUNDOFF = 2.0**-53


def chain(root, wrt, **given):
    names = name_values(Graph(root), given)
    given = [v for v in names if v in given.values() or v.name]
    return Chain(Derivation(Graph(root), names, given), wrt)


def numbers(names):
    """Return the data of named Values, with the error of those that were computed."""
    with mp.workprec(300):
        return {
            name: exactly(v.data) if v.op is None else Near(mpf(v.data), abs(mpf(v.data)) * 2**-50)
            for v, name in names.items()
        }


def is_whole(tree):
    """Whether nothing is left out of a formula."""
    return not any(isinstance(node, ast.Name) and node.id == "…" for node in ast.walk(tree))


def check_number(tree, number, values, scale):
    """Check that a formula, computed from the data of its names, is a number that was recorded."""
    found = near(tree, values)
    with mp.workprec(300):
        assert abs(found.value - number) <= found.error + scale * 100 * ROUNDOFF, (
            Unicode().formula(tree), float(found.value), number, float(found.error), scale,
        )  # fmt: skip


def magnitude(chain, node, operand):
    """Return the sum of the absolute values of what a factor's number is the sum of."""
    found = 0.0
    unfinished = [(node, 1.0)]
    while unfinished:
        at, product = unfinished.pop()
        for edge in chain.derivation.graph.edges[at]:
            if edge.operand is operand:
                found += abs(product * edge.partial)
            elif edge.operand in chain.formulas.inlined:
                unfinished.append((edge.operand, product * edge.partial))
    return found


def check_chain(chain):
    """Check symbols and numbers of all factors, and what is shown of the Values on the ways."""
    values = numbers(chain.names)
    called = {name: v for v, name in chain.names.items()}
    met = 0
    for operand, consumers in chain.consumers.items():
        for node, factor in consumers:
            assert (called[factor.of], called[factor.wrt]) == (node, operand)
            if is_whole(factor.tree):
                met += 1
                scale = magnitude(chain, node, operand)
                check_number(factor.tree, factor.value, values, scale)
    for node in chain.nodes:
        if node.op is not None:
            tree = chain.formulas.definition(node)
            if is_whole(tree):
                check_number(tree, node.data, values, abs(node.data))
    return met


# --- symbols and numbers -------------------------------------------------------------------------


@settings(max_examples=50)
@given(graph=graphs(), data=st.data())
def test_a_factor_in_symbols_has_its_number(graph, data):
    """For each leaf, whichever Values have names: evaluated at the numbers of those it names."""
    leaves = [Value(x) for x in graph.leaves]
    nodes = graph.nodes(*leaves)
    own = data.draw(st.lists(st.sampled_from(nodes), max_size=5, unique=True))
    for leaf in leaves:
        found = chain(nodes[-1], leaf, **{f"n{i}": node for i, node in enumerate(own)})
        assert check_chain(found) or leaf is nodes[-1]


@pytest.mark.soak
@given(graph=graphs(nodes=60), data=st.data())
def test_a_factor_of_a_large_graph_in_symbols_has_its_number(graph, data):
    test_a_factor_in_symbols_has_its_number.hypothesis.inner_test(graph, data)


@settings(max_examples=50)
@given(graph=integer_graphs())
def test_a_factor_over_integers_has_exactly_its_number(graph):
    leaves = [Value(x) for x in graph.leaves]
    root = graph(*leaves)
    for leaf in leaves:
        found = chain(root, leaf)
        values = {name: exactly(v.data) for v, name in found.names.items()}
        for consumers in found.consumers.values():
            for _, factor in consumers:
                if is_whole(factor.tree):
                    assert near(factor.tree, values).value == factor.value


@pytest.mark.parametrize("row", TABLE, ids=str)
@settings(max_examples=15)
@given(data=st.data())
def test_each_partial_derivative_of_a_row_has_its_number(row, data):
    """The one case that applies; and all cases hold the same one."""
    drawn = data.draw(points_in_domain(row, min_value=-20.0, max_value=20.0, margin=1e-3))
    leaves = [list(map(Value, x)) if isinstance(x, list) else Value(x) for x in drawn]
    node = function(row)(*leaves)
    if not isinstance(node, Value):
        return  # the sum of nothing
    names = name_values(Graph(node))
    formulas = Formulas(names)
    for edge in edges(node):
        tree = formulas.partial(edge)
        check_number(tree, edge.partial, numbers(names), abs(edge.partial))
        cases = formulas.partial(edge, cases=True)
        assert any(isinstance(n, ast.IfExp) for n in ast.walk(cases)) == (
            Unicode().formula(cases) != Unicode().formula(tree)
        )
    tree = formulas.definition(node)
    if is_whole(tree):
        check_number(tree, node.data, numbers(names), abs(node.data))


def test_a_wrong_derivative_in_symbols_is_found():
    """The check above can fail: a factor with another sign, number, name or power does."""
    x, w, t = Value(0.3, name="x"), Value(0.7, name="w"), Value(0.9, name="t")
    found = chain(0.5 * (t - (w * x).tanh()) ** 2, w)
    values = numbers(found.names)
    (factor,) = [f for several in found.consumers.values() for _, f in several if f.wrt == "a1"]
    assert Unicode().formula(factor.tree) == "−(t − a₁)"
    check_number(factor.tree, factor.value, values, abs(factor.value))
    for wrong in ("t - a1", "-(a1 - t)", "-(t - z1)", "-(t - a1) ** 2", "-(t - a1) * 1.000000001"):
        tree = ast.parse(wrong, mode="eval").body
        with pytest.raises(AssertionError):
            check_number(tree, factor.value, values, abs(factor.value))


def test_both_operands_may_be_one_value():
    x = Value(3.0, name="x")
    for root, text, value in [
        (x * x, "2·x", 6.0),
        (x + x, "2", 2.0),
        (x - x, "0", 0.0),
        (x / x, "0", 0.0),
        (x**x, "x·x^(x − 1) + x^x·ln(x)", 27 * (1 + math.log(3))),
        (ag.maximum(x, x), "1", 1.0),
        (ag.dot([x, x], [x, x], x), "4·x + 1", 13.0),
        (ag.sum([x, x, x]), "3", 3.0),
        (x * x * x, "3·x²", 27.0),
    ]:
        found = chain(root, x)
        (_, factor) = found.consumers[x][0]
        assert len(found.consumers[x]) == found.path_counts[x] == 1
        assert factor.formula == text
        assert factor.value == pytest.approx(value, rel=1e-15)


# --- names or expressions ------------------------------------------------------------------------


def test_short_nameless_arithmetic_is_written_out():
    t, a = Value(0.25, name="t"), Value(0.5, name="a")
    found = chain(0.5 * (t - a) ** 2, a)
    assert [found.names[node] for node in found.nodes] == ["out", "a"]
    assert Unicode().formula(found.formulas.definition(found.nodes[0])) == "0.5(t − a)²"


def test_what_has_a_name_or_is_used_twice_or_is_no_arithmetic_is_not():
    x = Value(0.5, name="x")
    y = x + 1
    assert [v is y for v in chain(2 * y, x, y=y).nodes] == [False, True, False]
    assert y in chain(y * (y + 2), x).nodes
    assert y not in chain(2 * y, x).nodes
    assert len(chain(x.exp() * 2, x).nodes) == 3
    assert len(chain((x * 2).sigmoid() * 2, x).nodes) == 4


@settings(max_examples=30)
@given(graph=graphs())
def test_only_what_is_used_once_is_written_out(graph):
    leaves = [Value(x) for x in graph.leaves]
    root = graph(*leaves)
    for leaf in leaves:
        found = chain(root, leaf)
        for node in found.formulas.inlined:
            assert node.op is not None
            assert sum(e.operand is node for n in Graph(root).order for e in edges(n)) == 1
        assert found.nodes[0] is root
        assert found.nodes[-1] is leaf


@pytest.mark.parametrize("count", [1, 2, 6, 7, 100])
def test_a_sum_of_any_length_has_its_derivatives(count):
    ws = [Value(0.5 * i, name=f"w{i}") for i in range(count)]
    xs = [Value(2.0, name=f"x{i}") for i in range(count)]
    b = Value(1.0, name="b")
    root = ag.dot(ws, xs, b)
    for i in (0, count - 1):
        (found,) = chain(root, ws[i]).consumers[ws[i]]
        assert (found[1].formula, found[1].value) == (name_of(f"x{i}"), 2.0)
        (found,) = chain(root, xs[i]).consumers[xs[i]]
        assert (found[1].formula, found[1].value) == (name_of(f"w{i}"), 0.5 * i)
    (found,) = chain(root, b).consumers[b]
    assert (found[1].formula, found[1].value) == ("1", 1.0)
    (found,) = chain(ag.sum(xs), xs[-1]).consumers[xs[-1]]
    assert (found[1].formula, found[1].value) == ("1", 1.0)


def name_of(name):
    return Unicode().formula(ast.Name(name, ast.Load()))


def test_an_empty_dot_product_is_its_bias():
    b = Value(1.0, name="b")
    root = ag.dot([], [], b)
    assert [f.formula for _, f in chain(root, b).consumers[b]] == ["1"]


@pytest.mark.parametrize("count", [7, 1500])
def test_one_value_many_times_is_no_recursion(count):
    x = Value(1.0, name="x")
    ws = [Value(1.0, name=f"w{i}") for i in range(count)]
    (found,) = chain(ag.sum([x] * count), x).consumers[x]
    assert (found[1].formula, found[1].value) == (str(count), float(count))
    (found,) = chain(ag.dot([x] * count, ws), x).consumers[x]
    assert found[1].formula == f"w₀ + w₁ + w₂ + w₃ + … + {name_of(f'w{count - 1}')}"
    assert found[1].value == float(count)


@pytest.mark.parametrize("count", [10, 1000, 5000])
def test_a_long_chain_of_arithmetic_gets_names_now_and_then(count):
    """So no formula is too deep to be printed."""
    x = v = Value(1.0, name="x")
    for _ in range(count):
        v = v + 1.0
    found = chain(v, x)
    assert len(found.nodes) == pytest.approx(2 + count / 30, abs=1 + count / 60)
    for node in found.nodes[:-1]:
        tree = found.formulas.definition(node)
        assert size(tree) <= 61
        assert Unicode().formula(tree)
        assert Latex().formula(tree)


def test_a_long_sum_of_products_is_in_pieces_too():
    """As a neuron of plain products and sums makes it."""
    ws = [Value(0.1, name=f"w{i}") for i in range(500)]
    xs = [Value(1.0, name=f"x{i}") for i in range(500)]
    v = Value(0.0, name="b")
    for w, x in zip(ws, xs, strict=True):
        v = v + w * x
    for leaf in (ws[0], xs[0], ws[-1]):
        found = chain(v, leaf)
        assert check_chain(found)
        assert len(found.nodes) < 40


class Counted(list):
    """A list that counts how many of its items are looked at."""

    looks = 0

    def __iter__(self):
        for item in super().__iter__():
            Counted.looks += 1
            yield item


def test_the_chain_is_found_in_a_few_looks_at_each_operand():
    """Counted, not timed: a node with ten times the operands takes ten times the looks."""
    looks = []
    for count in (100, 1000):
        ws = [Value(1.0, name=f"w{i}") for i in range(count)]
        xs = [Value(1.0, name=f"x{i}") for i in range(count)]
        graph = Graph(ag.dot(ws, xs).tanh())
        graph.edges = {node: Counted(edges) for node, edges in graph.edges.items()}
        Counted.looks = 0
        found = Chain(Derivation(graph, name_values(graph), ws), ws[0])
        assert found.path_counts[ws[0]] == 1
        looks.append(Counted.looks)
    assert looks[0] >= 200
    assert looks[1] <= 12 * looks[0]


def test_what_a_derivative_has_in_it_through_its_own_result_is_short_too():
    """Where a row's derivative is written by ``out``, that would show the operand."""
    with bound(Primitive("double", "2 * x", dx="out")) as double:
        x = v = Value(1.0, name="x")
        for i in range(20):
            v = v + Value(1.0, name=f"c{i}")
        found = chain(double(v) * 1.0, x)
        (factor,) = [f for several in found.consumers.values() for _, f in several if f.of == "out"]
        assert size(factor.tree) < 20


def test_what_a_derivative_does_not_have_in_it_is_not_written_out():
    """The page of x + x + … took 15 s: every 1 along a path wrote the sum up to there."""
    x = out = Value(1.0, name="x")
    for _ in range(20):
        out = out + x
    with patch.object(Formulas, "apply", wraps=Formulas.apply) as written:
        assert chain(out, x).consumers[x]
    assert not written.called


def test_whole_numbers_are_not_compared_as_fractions():
    """Of the time for the derivatives of a softmax, that took half."""
    with patch.object(algebra, "_is_near_float", wraps=algebra._is_near_float) as compared:
        algebra.simplify(ast.parse("-exp(x) / (exp(x) + exp(y) + exp(z))", mode="eval").body)
    assert compared.call_count == 0


# --- ways and adjoints ----------------------------------------------------------------------------


@settings(max_examples=30)
@given(graph=graphs())
def test_ways_are_those_of_the_graph_of_names(graph):
    leaves = [Value(x) for x in graph.leaves]
    root = graph(*leaves)
    for leaf in leaves:
        found = chain(root, leaf)
        if found.path_counts[leaf] > 200:
            continue
        paths = list(found.paths())
        assert len(paths) == found.path_counts[leaf] == len(set(map(tuple, paths)))
        for path in paths:
            steps = [(factor.of, factor.wrt) for factor in path]
            assert [of for of, _ in steps[1:]] == [wrt for _, wrt in steps[:-1]]
            if steps:
                assert (steps[0][0], steps[-1][1]) == (found.names[root], found.names[leaf])


@settings(max_examples=30)
@given(graph=graphs())
def test_the_adjoint_is_the_sum_of_those_of_the_consumers_times_the_factors(graph):
    leaves = [Value(x) for x in graph.leaves]
    root = graph(*leaves)
    absolute = absolute_gradients(root)
    for leaf in leaves:
        found = chain(root, leaf)
        for node, consumers in list(found.consumers.items())[1:]:
            terms = [found.adjoints[consumer] * factor.value for consumer, factor in consumers]
            bound = 20 * len(absolute) * ROUNDOFF * absolute[node] + 1e-300
            assert abs(math.fsum(terms) - found.adjoints[node]) <= bound


@settings(max_examples=30)
@given(graph=graphs())
def test_adjoints_are_what_backward_finds_to_the_bit(graph):
    leaves = [Value(x) for x in graph.leaves]
    root = graph(*leaves)
    found = Graph(root).chain_rule()
    assert not any(leaf.has_grad for leaf in leaves)
    root.backward()
    assert {v: repr(a) for v, a in found.items()} == {v: repr(v.grad) for v in found}


def test_changed_data_changes_no_factor():
    """The derivative is that of the computation that took place."""
    x, w = Value(3.0, name="x"), Value(2.0, name="w")
    root = w * x
    x.data = 100.0
    assert chain(root, w).consumers[w][0][1].value == 3.0


# --- what another view needs, which computes the numbers anew -------------------------------------


@settings(max_examples=30)
@given(graph=graphs())
def test_the_paths_inside_a_factor_add_up_to_its_number(graph):
    """For every Value, also for those that show as expressions elsewhere."""
    leaves = [Value(x) for x in graph.leaves]
    whole = Graph(graph(*leaves))
    derivation = Derivation(whole, name_values(whole), cases=True)
    adjoints, absolute = whole.chain_rule(), absolute_gradients(whole.roots[0])
    for node in whole.order[:-1]:
        terms = []
        for consumer, factor in derivation.consumers(node):
            assert consumer not in derivation.inlined
            assert (factor.of, factor.wrt) == (derivation.names[consumer], derivation.names[node])
            for path in factor.paths:
                assert [path[0].node, path[-1].operand] == [consumer, node]
                assert [e.operand for e in path[:-1]] == [e.node for e in path[1:]]
                assert derivation.inlined >= {e.operand for e in path[:-1]}
                assert all(e in whole.edges[e.node] for e in path)
            products = [math.prod(edge.partial for edge in path) for path in factor.paths]
            # In order, as a chain of + adds: from Python 3.12 on, `sum` compensates for rounding.
            assert factor.value == reduce(operator.add, products, 0.0)
            terms.append(adjoints[consumer] * factor.value)
        error = abs(math.fsum(terms) - adjoints[node])
        assert error <= 20 * len(absolute) * ROUNDOFF * absolute[node] + 1e-300


def test_a_derivation_may_have_all_cases():
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    graph = Graph(ag.maximum(x, 2 * y) * 5)
    for cases, text in [
        (False, "0"),
        (True, "1 if x > 2·y else 0.5 if x = 2·y else 0"),
    ]:
        derivation = Derivation(graph, name_values(graph), [x, y], cases=cases)
        ((_, factor),) = derivation.consumers(x)
        assert (factor.formula, factor.value) == (text, 0.0)


def test_the_derivative_by_an_expression_has_it_by_name():
    x = Value(2.0, name="x")
    v = x - 1.0
    root = 0.5 * v**2
    names = name_values(Graph(root))
    derivation = Derivation(Graph(root), names)
    assert [v in derivation.inlined, x in derivation.inlined] == [True, False]
    assert [f.formula for _, f in derivation.consumers(x)] == ["x − 1"]
    assert [f.formula for _, f in derivation.consumers(v)] == [name_of(names[v])]
