"""What a program computes from its own leaves, for a drawing."""

import math

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines import number_of
from autograd_mini.engines.graph import Graph
from autograd_mini.programs.program import Instruction, Program
from autograd_mini.programs.sample import compute_sample
from autograd_mini.table.primitives import PRIMITIVES


def sample_of(f, *point):
    return compute_sample(ag.compile(f).program(*point))


def test_results_are_values_over_leaves_with_their_names():
    w = Value(0.5, name="w")
    sample = sample_of(lambda x, y: [ag.sin(x * w), y, 2.0], 3.0, 2.0)
    assert [one.data for one in sample.results] == [math.sin(1.5), 2.0, 2.0]
    leaves = Graph(*sample.results).leaves
    assert [(leaf.name, leaf.data) for leaf in leaves] == [
        ("x", 3.0), ("w", 0.5), ("y", 2.0), (None, 2.0),
    ]  # fmt: skip
    assert [(one.name, one is w) for one in sample.parameters] == [("w", False)]


def test_all_leaves_of_a_function_without_inputs_are_parameters():
    w = Value(0.5, name="w")
    sample = sample_of(lambda: w * w)
    assert [one.name for one in sample.parameters] == ["w"]


def test_a_graph_has_no_parameters_and_its_last_node_as_its_result():
    x, y = Value(3.0, name="x"), Value(2.0)
    sample = compute_sample(Program.of(x * y + x))
    assert [one.data for one in sample.results] == [9.0]
    leaves = Graph(*sample.results).leaves
    assert [(leaf.name, leaf.data) for leaf in leaves] == [("x", 3.0), (None, 2.0)]
    assert sample.parameters == []
    unnamed = Program((3.0,), (Instruction(PRIMITIVES["neg"], (0,)),))
    assert [one.data for one in compute_sample(unnamed).results] == [-3.0]


def test_what_is_differentiated_is_a_result_too():
    sample = sample_of(ag.jacobian(lambda x: [x * x, ag.sin(x)]), 3.0)
    assert [one.data for one in sample.results] == [9.0, math.sin(3.0)]


def test_derivatives_of_one_result_are_its_gradients():
    sample = sample_of(ag.value_and_grad(lambda x, y: x * x * y, (0, 1)), 3.0, 2.0)
    (result,) = sample.results
    assert (result.data, [leaf.grad for leaf in Graph(result).leaves]) == (18.0, [12.0, 9.0])


def test_branches_are_compared_as_the_function_did():
    sample = sample_of(lambda x, y: x * y if x > y else x, 3.0, 2.0)
    ((x, sign, y, outcome),) = sample.branches
    assert (x.data, sign, y.data, outcome) == (3.0, ">", 2.0, True)
    assert sample.choices == []


def test_cases_of_derivative_rules_are_choices():
    sample = sample_of(ag.hessian(lambda x: ag.leaky_relu(x) ** 2), 3.0)
    assert sample.branches == []
    assert (">", True) in {(one.sign, one.outcome) for one in sample.choices}
    pair = sample_of(ag.hessian(lambda x, y: ag.maximum(x * x, y * y), (0, 1)), 3.0, 2.0)
    compared = {(number_of(x), sign, number_of(y), holds) for x, sign, y, holds in pair.choices}
    assert any({x, y} == {9.0, 4.0} for x, _, y, _ in compared)
