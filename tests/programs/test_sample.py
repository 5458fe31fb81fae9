"""What a program computes from its own leaves, for a drawing."""

import math

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.graph import Graph
from autograd_mini.programs.sample import compute_sample


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
