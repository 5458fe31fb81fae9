"""The case of a function that applies is told, from its row."""

import pytest
from support.references import bound

import autograd_mini as ag
from autograd_mini import Value, explain
from autograd_mini.table.primitives import TABLE, Primitive
from autograd_mini.testing.strategies import function


def told(root, wrt):
    """Return the sentences about cases in an explanation."""
    lines = map(str.strip, str(explain(root, wrt=wrt)).split("\n"))
    return [line for line in lines if line.startswith(("As ", "At ", "Here, "))]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda x: abs(x - 2), "At x = 2, |x − 2| has a kink: its slope jumps between −1 and 1, "
         "and 0 is taken, as in the subgradient of least norm."),
        (lambda x: abs(x - 3), "As x < 3, the slope of |x − 3| is −1."),
        (abs, "As x > 0, the slope of |x| is 1."),
        (lambda x: ag.relu(x - 2), "At z₁ = 0, relu(z₁) has a kink: its slope jumps between 0 and "
         "1, and 0 is taken, as in the subgradient of least norm."),
        (lambda x: ag.relu(x - 3), "As z₁ < 0, relu(z₁) is flat: its slope is 0."),
        (ag.relu, "As x > 0, the slope of relu(x) is 1."),
        (lambda x: ag.maximum(x, 2.0), "At x = 2, maximum(x, 2) has a kink: its slope by x jumps "
         "between 0 and 1, and 0.5 is taken, as in the subgradient of least norm."),
        (lambda x: ag.maximum(3 * x, 1.0), "As 3·x > 1, the slope of maximum(3·x, 1) by 3·x is 1."),
        (lambda x: ag.minimum(1.0, x), "As 1 < x, the slope of minimum(1, x) by x is 0."),
        (lambda x: ag.minimum(2.0, x), "At 2 = x, minimum(2, x) has a kink: its slope by x jumps "
         "between 0 and 1, and 0.5 is taken, as in the subgradient of least norm."),
        (lambda x: ag.step(x - 2), "At z₁ = 0, step(z₁) jumps, so it has no slope; 0 is taken."),
        (ag.step, "As x > 0, step(x) is flat: its slope is 0."),
        (lambda x: ag.leaky_relu(x - 2, 0.1), "At z₁ = 0, leaky_relu(z₁, 0.1) has a kink: its "
         "slope by z₁ jumps between 0.1 and 1, and 0.1 is taken, as in the subgradient of least "
         "norm."),
        (lambda x: ag.leaky_relu(x - 2, -0.5), "At z₁ = 0, leaky_relu(z₁, −0.5) has a kink: its "
         "slope by z₁ jumps between −0.5 and 1, and −0.5 is taken."),
    ],
)  # fmt: skip
def test_kinks_jumps_and_branches_are_told(make, sentence):
    x = Value(2.0, name="x")
    assert told(make(x), x) == [sentence]


def test_a_smooth_function_has_no_cases():
    x = Value(2.0, name="x")
    assert told(x.sin() * x.exp() + x**0.5, x) == []


def test_a_tie_of_two_values_is_told_for_both():
    x, y = Value(2.0, name="x"), Value(2.0, name="y")
    root = ag.maximum(x, y)
    for leaf in (x, y):
        assert told(root, leaf) == [
            f"At x = y, maximum(x, y) has a kink: its slope by {leaf.name} jumps between 0 and 1, "
            "and 0.5 is taken, as in the subgradient of least norm."
        ]
    text = str(explain(root))
    assert text.count("has a kink") == 2


def test_what_is_the_same_on_both_sides_is_no_tie():
    x = Value(2.0, name="x")
    assert told(ag.maximum(x, x), x) == []
    assert told(ag.maximum(x, 1 * x + 0), x) == []


def test_the_slope_of_the_other_side_has_no_kink():
    """At 0, the derivative of leaky_relu by its slope is 0 on both sides."""
    x, slope = Value(0.0, name="x"), Value(0.1, name="s")
    assert told(ag.leaky_relu(x, slope), slope) == []


def test_several_cases_stand_in_a_list():
    x = Value(2.0, name="x")
    text = str(explain(ag.relu(abs(x - 3.0)), wrt=x, names={"d": x}))
    assert "\n\nThe cases that apply:\n    As " in text
    assert text.count("As ") == 2


@pytest.mark.parametrize("row", [row for row in TABLE if row.kink is not None], ids=str)
def test_every_row_with_a_kink_tells_it(row):
    """But elu with the slope 1, which has none."""
    numbers = {"arctan2": (0.0, -1.0), "elu": (0.0, 0.5)}.get(row.name, (0.0, 0.0))
    leaves = [Value(x, name=name) for x, name in zip(numbers, "xy", strict=True)]
    given = [leaves] if row.nary else leaves[: len(row.operands)]
    sentences = told(function(row)(*given), leaves[0])
    assert len(sentences) == 1
    assert sentences[0].startswith(("At ", "Here, "))


def test_a_kink_without_sides_is_told_where_it_is():
    x, y, z = (Value(2.0, name=name) for name in "xyz")
    assert told(ag.maximum(x, y, z), x) == [
        "Here, max(x, y, z) has a kink; of its slopes by x, 0.3333 is taken."
    ]
    assert told(ag.maximum(x, y, z, 3.0), x) == told(ag.hypot(x, y), x) == []


def test_the_share_of_an_operand_that_ties_is_a_number():
    x, y, z = (Value(2.0, name=name) for name in "xyz")
    assert "∂out/∂x = 0.3333\n" in str(explain(ag.maximum(x, y, z), wrt=x))


def test_a_new_row_is_told_by_itself():
    row = Primitive("clip1", "x if x < 1 else 1", dx="1 if x < 1 else 0", kink="x - 1", textbook={})
    with bound(row) as clip1:
        x = Value(1.0, name="x")
        assert told(clip1(x), x) == [
            "At x = 1, clip1(x) has a kink: its slope jumps between 0 and 1, and 0 is taken, "
            "as in the subgradient of least norm."
        ]


def test_a_nan_is_on_no_side():
    with ag.errstate(nonfinite="ignore"):
        x = Value(float("nan"), name="x")
        assert told(ag.relu(x), x) == []
