"""Random functions: their derivatives of first and second order by each framework and by us."""

import pytest
from comparison.composites import FUNCTIONS, LIMIT, NAMED, answers, composites
from comparison.frameworks import frameworks, need_all, ours
from comparison.operators import OPERATORS, operators

need_all()

SECOND_ORDER = ("hessian", "hvp")
ALL = [ours(), *frameworks()]


def test_the_functions_are_of_all_rows_that_all_frameworks_have():
    rows = set.intersection(*(set(one.rows) for one in frameworks()))
    assert set().union(*(one.rows for one in composites())) == rows
    assert {len(one.program.leaves) for one in composites()} == {1, 2, 3, 4}
    assert {len(one.results) for one in composites()} == {1, 2, 3}


@pytest.mark.parametrize("framework", ALL, ids=str)
def test_derivatives_are_right_to_1e_12_of_their_terms_but_for_those_with_a_named_reason(framework):
    for operator, found in answers(framework.name).items():
        for answer in found:
            if answer.error > LIMIT:
                assert operator in SECOND_ORDER, answer
                assert answer.one.reasons(framework.name), answer
            else:
                assert answer.difference <= 2 * LIMIT, answer


def test_each_operator_is_asked_for_all_functions_but_where_there_is_no_rule():
    counts = {
        (framework.name, operator): len(found)
        for framework in ALL
        for operator, found in answers(framework.name).items()
    }
    assert list(answers("JAX")) == list(OPERATORS)
    assert {key for key, count in counts.items() if count < FUNCTIONS} == {("autograd", "jvp")}


def test_a_named_reason_is_met_in_some_function():
    for framework, row in NAMED:
        beyond = [answer for answer in answers(framework)["hessian"] if answer.error > LIMIT]
        assert any(row in answer.one.reasons(framework) for answer in beyond), (framework, row)


@pytest.mark.parametrize(
    ("framework", "mixed"),
    [("autograd_mini", 10.0), ("JAX", 10.0), ("PyTorch", 0.0), ("autograd", 0.1)],
)
def test_the_mixed_derivative_of_a_power_whose_exponent_is_zero(framework, mixed):
    """If this fails, the framework has changed: mend NAMED, and make the page anew."""
    found = operators(framework)["hessian"](lambda xs: [xs[0] ** xs[1]], [0.1, 0.0], [], [])
    assert found[1][0] == pytest.approx(10.0)
    assert found[0][1] == pytest.approx(mixed)
