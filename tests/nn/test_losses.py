"""Tests of the costs: their values, their gradients, and what they refuse."""

import functools
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sequences import each_impostor, each_sequence, pandas

from autograd_mini import Value, functions, losses
from autograd_mini.engines.graph import Graph
from autograd_mini.errors import DomainError
from autograd_mini.losses import (
    binary_cross_entropy,
    cross_entropy,
    hinge,
    huber,
    mean_absolute_error,
    mean_squared_error,
    squared_error,
    sum_of_squares,
)

PAIRWISE = [
    *(squared_error, sum_of_squares, mean_squared_error, mean_absolute_error, huber),
    *(binary_cross_entropy, hinge),
]
DYADIC = st.integers(-64, 64).map(lambda n: n / 16)
LOGITS = st.floats(-50, 50)


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def softmax(zs):
    powers = [math.exp(z - max(zs)) for z in zs]
    return [power / math.fsum(powers) for power in powers]


def differentiated(loss, predictions, targets):
    """Return a loss and its gradients, for a flat list of predictions."""
    values = [Value(p) for p in predictions]
    result = loss(values, targets)
    result.backward()
    return result.data, [value.grad for value in values]


def pairs(predictions, targets):
    return st.lists(st.tuples(predictions, targets), min_size=1, max_size=6)


# --- values and gradients -------------------------------------------------------------------------


@given(examples=pairs(DYADIC, DYADIC))
def test_squared_costs_are_exact(examples):
    """Over dyadic numbers, where floating point makes no error (but in the mean's division)."""
    ps, ts = zip(*examples, strict=True)
    squares = sum((t - p) ** 2 for p, t in examples)
    errors = [p - t for p, t in examples]
    n = len(examples)
    assert differentiated(squared_error, ps, ts) == (squares / 2, errors)
    assert differentiated(sum_of_squares, ps, ts) == (squares, [2 * e for e in errors])
    value, slopes = differentiated(mean_squared_error, ps, ts)
    assert value == squares / n
    assert slopes == pytest.approx([2 * e / n for e in errors], rel=1e-15, abs=0)


@given(examples=pairs(DYADIC, DYADIC), delta=st.sampled_from([0.25, 1.0, 2.5]))
def test_absolute_errors_and_those_of_huber_are_exact(examples, delta):
    """On both sides of the kink and of delta, and at them."""
    ps, ts = zip(*examples, strict=True)
    errors, n = [p - t for p, t in examples], len(examples)
    signs = [(e > 0) - (e < 0) for e in errors]
    value, slopes = differentiated(mean_absolute_error, ps, ts)
    assert value == sum(map(abs, errors)) / n
    assert slopes == pytest.approx([s / n for s in signs], rel=1e-15, abs=0)
    value, slopes = differentiated(functools.partial(huber, delta=delta), ps, ts)
    parts = [e * e / 2 if abs(e) <= delta else delta * (abs(e) - delta / 2) for e in errors]
    assert value == sum(parts) / n
    expected = [e if abs(e) <= delta else delta * s for e, s in zip(errors, signs, strict=True)]
    assert slopes == pytest.approx([e / n for e in expected], rel=1e-15, abs=0)


@pytest.mark.parametrize("delta", [0.0, -1.0, math.inf, math.nan, "1"])
def test_the_delta_of_huber_is_above_zero(delta):
    with pytest.raises((ValueError, TypeError), match=r"^huber: delta must be"):
        huber([1.0], [2.0], delta=delta)
    assert huber(5.0, 1.0) == 3.5


@given(examples=pairs(DYADIC, st.sampled_from([-1, 1])))
def test_hinge_is_exact(examples):
    """Beyond the margin, and on it, its slope is zero."""
    ss, ts = zip(*examples, strict=True)
    n = len(examples)
    value, slopes = differentiated(hinge, ss, ts)
    assert value == sum(max(0, 1 - t * s) for s, t in examples) / n
    assert slopes == pytest.approx(
        [-t / n if t * s < 1 else 0 for s, t in examples], rel=1e-15, abs=0
    )


@given(examples=pairs(LOGITS, st.floats(0, 1)))
def test_binary_cross_entropy_is_that_of_the_sigmoid(examples):
    zs, ts = zip(*examples, strict=True)
    n = len(examples)
    value, slopes = differentiated(binary_cross_entropy, zs, ts)
    expected = [
        t * math.log1p(math.exp(-z)) + (1 - t) * math.log1p(math.exp(z)) for z, t in examples
    ]
    assert value == pytest.approx(math.fsum(expected) / n, abs=1e-13)
    assert slopes == pytest.approx([(sigmoid(z) - t) / n for z, t in examples], abs=1e-15)


@given(
    zs=st.lists(LOGITS, min_size=1, max_size=5),
    data=st.data(),
)
def test_cross_entropy_is_that_of_the_softmax(zs, data):
    """For a single example and the index of its class: −ln p, with slopes softmax − one-hot."""
    k = data.draw(st.integers(0, len(zs) - 1))
    value, slopes = differentiated(cross_entropy, zs, k)
    top = max(zs)
    expected = (top - zs[k]) + math.log(math.fsum(math.exp(z - top) for z in zs))
    assert value == pytest.approx(expected, abs=1e-13)
    one_hot = [float(i == k) for i in range(len(zs))]
    expected = [p - t for p, t in zip(softmax(zs), one_hot, strict=True)]
    assert slopes == pytest.approx(expected, abs=1e-15)
    assert cross_entropy(zs, one_hot) == value


@given(
    zs=st.lists(LOGITS, min_size=3, max_size=3),
    weights=st.lists(st.integers(1, 9), min_size=3, max_size=3),
)
def test_cross_entropy_with_probabilities(zs, weights):
    """−Σ t ln p, with slopes softmax − t, as the probabilities add up to 1."""
    ts = [w / sum(weights) for w in weights]
    value, slopes = differentiated(cross_entropy, zs, ts)
    top = max(zs)
    logs = [z - top - math.log(math.fsum(math.exp(y - top) for y in zs)) for z in zs]
    assert value == pytest.approx(
        -math.fsum(t * p for t, p in zip(ts, logs, strict=True)), abs=1e-13
    )
    expected = [p - t for p, t in zip(softmax(zs), ts, strict=True)]
    assert slopes == pytest.approx(expected, abs=1e-14)


CENTRAL = [
    (squared_error, [0.3, -1.2, 2.0], [1.0, 0.5, -0.25]),
    (sum_of_squares, [0.3, -1.2, 2.0], [1.0, 0.5, -0.25]),
    (mean_squared_error, [0.3, -1.2, 2.0], [1.0, 0.5, -0.25]),
    (mean_absolute_error, [0.3, -1.2, 2.0], [1.0, 0.5, -0.25]),
    (huber, [0.3, -1.2, 2.0], [1.0, 0.5, -0.25]),
    (binary_cross_entropy, [0.3, -1.2, 2.0], [1.0, 0.0, 0.25]),
    (hinge, [0.3, -1.2, 2.0], [1, -1, -1]),
    (cross_entropy, [0.3, -1.2, 2.0], 1),
    (cross_entropy, [0.3, -1.2, 2.0], [0.5, 0.2, 0.3]),
]


@pytest.mark.parametrize(("loss", "predictions", "targets"), CENTRAL)
def test_gradients_agree_with_central_differences(loss, predictions, targets):
    h = 6e-6
    _, slopes = differentiated(loss, predictions, targets)
    for i, slope in enumerate(slopes):
        above, below = (
            loss([p + step if j == i else p for j, p in enumerate(predictions)], targets)
            for step in (h, -h)
        )
        assert slope == pytest.approx((above - below) / (2 * h), abs=1e-9)


@pytest.mark.parametrize(
    ("loss", "targets", "expected"),
    [
        (squared_error, [0.75, -1.0], 0.53125),
        (sum_of_squares, [0.75, -1.0], 1.0625),
        (mean_squared_error, [0.75, -1.0], 0.53125),
        (mean_absolute_error, [0.75, -1.0], 0.625),
        (huber, [0.75, -3.5], (0.03125 + 1.0) / 2),
        (binary_cross_entropy, [1, 0], 0.3005024976115396),
        (hinge, [1, -1], 0.25),
        (cross_entropy, [0, 1], 0.6931471805599453),
    ],
)
def test_figures(loss, targets, expected):
    """Of 0.5 and −2, or, for classes, of one row with equal logits for each example."""
    predictions = [[0.5, 0.5], [-2.0, -2.0]] if loss is cross_entropy else [0.5, -2.0]
    assert loss(predictions, targets) == pytest.approx(expected, rel=1e-15, abs=0)


def test_the_course_cost():
    """½(T − a)² at a₂ of the two-neuron network."""
    a = Value(0.7152516803)
    error = squared_error(a, 0.25)
    error.backward()
    assert error.data == pytest.approx(0.1082295630, abs=1e-10)
    assert a.grad == pytest.approx(0.4652516803, abs=1e-10)


def test_large_logits_do_not_overflow():
    assert differentiated(binary_cross_entropy, [1000.0, -1000.0], [0, 1]) == (1000.0, [0.5, -0.5])
    assert differentiated(binary_cross_entropy, [1000.0, -1000.0], [1, 0]) == (0.0, [0.0, 0.0])
    assert differentiated(cross_entropy, [1000.0, 0.0], 1) == (1000.0, [1.0, -1.0])
    assert differentiated(cross_entropy, [1000.0, 0.0], 0) == (0.0, [0.0, 0.0])
    assert cross_entropy([1000.0, -1000.0], [1.0, 0.0]) == 0.0


def test_the_mean_is_over_the_examples():
    rows, classes = [[0.3, -1.0], [2.0, 0.5], [0.0, 0.0]], [1, 0, 1]
    each = [cross_entropy(row, k) for row, k in zip(rows, classes, strict=True)]
    assert cross_entropy(rows, classes) == sum(each) / 3
    assert cross_entropy(rows[:1], [1]) == each[0]
    assert mean_squared_error([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]) == 30 / 4


def test_targets_may_be_values():
    target = Value(0.25)
    squared_error(0.75, target).backward()
    assert target.grad == -0.5
    weights = [Value(0.25), Value(0.75)]
    loss = cross_entropy([0.0, 0.0], weights)
    loss.backward()
    assert [w.grad for w in weights] == pytest.approx([math.log(2)] * 2)


def test_a_single_prediction_needs_no_node_for_a_sum():
    """So that the drawing of one example shows the formula."""
    assert [node.op.name for node in Graph(squared_error(Value(1.0), 0.0)).order[1:]] == [
        "sub",
        "square",
        "mul",
    ]
    ops = [node.op.name for node in Graph(hinge([Value(0.0)], [1])).order[1:]]
    assert ops == ["mul", "sub", "relu"]


def test_many_terms_are_one_node():
    loss = sum_of_squares([Value(1.0)] * 50, [0.0] * 50)
    assert loss.op.name == "sum"
    assert len(loss.operands) == 50


# --- shapes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", PAIRWISE)
def test_a_list_and_rows_of_the_same_numbers_cost_the_same(loss):
    ps, ts = [0.5, -2.0, 1.5, 0.25], [1, 1, 1, 1]
    flat = loss(ps, ts)
    assert loss([ps[:2], ps[2:]], [ts[:2], ts[2:]]) == flat
    assert loss(np.array(ps).reshape(2, 2), np.array(ts).reshape(2, 2)) == flat
    assert loss(tuple(ps), iter(ts)) == flat
    assert loss(ps[0], ts[0]) == loss(ps[:1], ts[:1]) == loss([ps[:1]], [ts[:1]])


@pytest.mark.parametrize("loss", [*PAIRWISE, cross_entropy])
def test_numbers_give_a_number_with_the_bits_of_the_value(loss):
    ps, ts = [[0.1, 0.2], [0.7, -0.3]], [[1, 1], [1, 1]]
    ts = [0, 1] if loss is cross_entropy else ts
    number = loss(ps, ts)
    value = loss([[Value(p) for p in row] for row in ps], ts)
    assert type(number) is float
    assert type(value) is Value
    assert value.data == number
    assert type(loss([[0.1, Value(0.2)], ps[1]], ts)) is Value


@pytest.mark.parametrize("loss", PAIRWISE)
@pytest.mark.parametrize(
    ("predictions", "targets", "message"),
    [
        ([1.0, 2.0], [1.0], "a list of 2, as the predictions are, got a list of 1"),
        ([1.0], 1.0, "a list of 1, as the predictions are, got a single number"),
        (1.0, [1.0], "a single number, as the predictions are, got a list of 1"),
        ([[1.0], [1.0]], [[1.0, 1.0]], "2 rows of 1, as the predictions are, got 1 rows of 2"),
    ],
)
def test_targets_of_another_shape_are_refused(loss, predictions, targets, message):
    name = loss.__name__
    with pytest.raises(ValueError, match=f"^{name}: targets must be {message}$"):
        loss(predictions, targets)


@pytest.mark.parametrize("loss", [*PAIRWISE, cross_entropy])
def test_nothing_to_compare_is_refused(loss):
    argument = "predictions"
    rule = r"must be a list that is not empty, got \[\]"
    with pytest.raises(ValueError, match=f"^{loss.__name__}: {argument} {rule}$"):
        loss([], [])
    with pytest.raises(ValueError, match=rf"^{loss.__name__}: {argument}\[1\] {rule}$"):
        loss([[1.0], []], [[1.0], []])


@pytest.mark.parametrize("loss", [*PAIRWISE, cross_entropy])
def test_ragged_rows_are_refused(loss):
    message = "predictions: length of row 1 must be 2, the length of row 0, got 1"
    with pytest.raises(ValueError, match=f"^{loss.__name__}: {message}$"):
        loss([[1.0, 1.0], [1.0]], [[1.0, 0.0], [1.0]])


@pytest.mark.parametrize("loss", PAIRWISE)
@pytest.mark.parametrize(
    ("predictions", "targets", "message"),
    [
        (None, 1.0, "predictions must be a real number, got None"),
        ("1.0", 1.0, "predictions must be a list, got '1.0'"),
        ([1.0, "1.0"], [1.0, 1.0], "predictions[1] must be a real number, got '1.0'"),
        ([1.0, [1.0]], [1.0, 1.0], "predictions[1] must be a real number, got [1.0]"),
        ([[1.0], 1.0], [[1.0], 1.0], "predictions[1] must be a list, got 1.0"),
        ([[1.0], ["x"]], [[1.0], [1.0]], "predictions[1][0] must be a real number, got 'x'"),
        (
            1.0,
            True,
            "targets must be a real number, got True; use float(…) if a number is meant",
        ),
        ([[[1.0]]], [[[1.0]]], "predictions[0][0] must be a real number, got [1.0]"),
    ],
)
def test_what_is_no_number_is_refused(loss, predictions, targets, message):
    with pytest.raises(TypeError, match=f"^{loss.__name__}: {re.escape(message)}$"):
        loss(predictions, targets)


@pytest.mark.parametrize("target", [-0.5, 1.0000001, math.nan, math.inf, Value(2.0)])
def test_a_target_of_binary_cross_entropy_is_a_probability(target):
    number = target.data if isinstance(target, Value) else target
    message = re.escape(f"binary_cross_entropy: targets must be from 0 to 1, got {number}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        binary_cross_entropy([0.5, 0.5], [1.0, target])


@pytest.mark.parametrize("target", [0, 0.5, math.nan, Value(0.0)])
def test_a_target_of_hinge_is_1_or_minus_1(target):
    number = float(target.data if isinstance(target, Value) else target)
    with pytest.raises(ValueError, match=f"^hinge: targets must be 1 or -1, got {number}$"):
        hinge([0.5, 0.5], [1, target])


@pytest.mark.parametrize(
    ("logits", "targets", "message"),
    [
        (0.5, 0, "predictions must be a row for each example, or one row, got 0.5"),
        (
            [[1.0, 2.0]],
            [0, 1],
            "number of targets must be 1, a target for each row of predictions, got 2",
        ),
        ([[1.0, 2.0]], [], "targets must be a list that is not empty, got []"),
        ([1.0, 2.0], 2, "target must be the index of a class, 0 to 1, got 2"),
        ([1.0, 2.0], -1, "target must be the index of a class, 0 to 1, got -1"),
        (
            [1.0, 2.0],
            [1.0],
            "length of a row of targets must be 2, a probability for each class, got 1",
        ),
        ([1.0, 2.0], [], "a row of targets must be a list that is not empty, got []"),
        *(
            (
                [1.0, 2.0],
                row,
                f"a row of targets must be probabilities that add up to 1, got {row}",
            )
            for row in ([0.5, 0.6], [1.5, -0.5], [math.nan, 1.0], [1.0, math.nan])
        ),
    ],
)
def test_cross_entropy_refuses_a_wrong_value(logits, targets, message):
    with pytest.raises(ValueError, match=f"^cross_entropy: {re.escape(message)}$"):
        cross_entropy(logits, targets)


@pytest.mark.parametrize(
    ("logits", "targets", "message"),
    [
        *(
            (
                [1.0, 2.0],
                target,
                "target must be the index of a class, an int, or a row of probabilities, "
                f"got {target}",
            )
            for target in (1.0, True, None)
        ),
        ([1.0, 2.0], "1", "a row of targets must be a list, got '1'"),
        ([[1.0, 2.0]], 1, "targets must be a list, got 1"),
        ([[1.0, 2.0]], [[0.5, "x"]], "a row of targets[1] must be a real number, got 'x'"),
    ],
)
def test_cross_entropy_refuses_a_wrong_kind(logits, targets, message):
    with pytest.raises(TypeError, match=f"^cross_entropy: {re.escape(message)}$"):
        cross_entropy(logits, targets)


def test_classes_may_be_integers_of_numpy_and_rows_arrays():
    assert cross_entropy(np.array([[0.0, 0.0]]), np.array([1])) == math.log(2)
    assert cross_entropy(np.array([[0.0, 0.0]]), np.array([[0.5, 0.5]])) == math.log(2)


@pytest.mark.parametrize("predictions", [1e308, Value(1e308)])
def test_an_overflow_is_an_error_also_for_numbers(predictions):
    with pytest.raises(DomainError, match=r"the result must be finite, got -inf; "):
        squared_error(predictions, -1e308)


def test_the_costs_keep_their_names_and_descriptions():
    for name in set(losses.__all__) - {"Loss"}:
        loss = getattr(losses, name)
        assert loss.__name__ == name
        assert loss.__doc__.startswith("Return ")


@pytest.mark.parametrize("z", [30.0, 40.0, 700.0])
@pytest.mark.parametrize("target", [1.0, 0.0])
def test_a_confident_right_answer_still_has_its_loss_and_its_slope(z, target):
    """−ln σ(z) is ln(1 + e⁻ᶻ), of which z in a difference would leave nothing."""
    logit = Value(z if target else -z)
    loss = binary_cross_entropy([logit], [target])
    loss.backward()
    assert loss.data == pytest.approx(math.log1p(math.exp(-z)), rel=1e-15, abs=0)
    assert abs(logit.grad) == pytest.approx(math.exp(-z) / (1 + math.exp(-z)), rel=1e-14, abs=0)


def test_a_target_between_zero_and_one_weighs_both_sides():
    logit = Value(0.3)
    binary_cross_entropy([logit], [0.25]).backward()
    assert logit.grad == pytest.approx(1 / (1 + math.exp(-0.3)) - 0.25, rel=1e-14, abs=0)


BOTH = [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: squared_error([1.0], BOTH),
            "squared_error: targets must be a list of 1, as the predictions are, got 2 rows of 2",
        ),
        (
            lambda: hinge(1.0, [1.0]),
            "hinge: targets must be a single number, as the predictions are, got a list of 1",
        ),
        (
            lambda: hinge([[1.0, 2.0], [3.0]], BOTH),
            "hinge: predictions: length of row 1 must be 2, the length of row 0, got 1",
        ),
        (lambda: hinge([], []), "hinge: predictions must be a list that is not empty, got []"),
        (
            lambda: hinge(BOTH, [[1, -1], []]),
            "hinge: targets[1] must be a list that is not empty, got []",
        ),
        (lambda: hinge("1", "1"), "hinge: predictions must be a list, got '1'"),
        (
            lambda: hinge([[1.0, 2.0], [3.0, None]], BOTH),
            "hinge: predictions[1][1] must be a real number, got None",
        ),
        (lambda: hinge(None, 1), "hinge: predictions must be a real number, got None"),
        (lambda: hinge([1.0], [Value(0.5)]), "hinge: targets must be 1 or -1, got 0.5"),
        (
            lambda: binary_cross_entropy([1.0], [Value(1.5)]),
            "binary_cross_entropy: targets must be from 0 to 1, got 1.5",
        ),
        (
            lambda: cross_entropy(0.5, 0),
            "cross_entropy: predictions must be a row for each example, or one row, got 0.5",
        ),
        (
            lambda: cross_entropy(BOTH, [1]),
            "cross_entropy: number of targets must be 2, "
            "a target for each row of predictions, got 1",
        ),
        (lambda: cross_entropy(BOTH, 1), "cross_entropy: targets must be a list, got 1"),
        (
            lambda: cross_entropy([1.0, 2.0], [1.0]),
            "cross_entropy: length of a row of targets must be 2, a probability for each class, "
            "got 1",
        ),
        (
            lambda: cross_entropy([1.0, 2.0], [0.5, 0.6]),
            "cross_entropy: a row of targets must be probabilities that add up to 1, "
            "got [0.5, 0.6]",
        ),
        (
            lambda: cross_entropy([1.0, 2.0], [0.5, None]),
            "cross_entropy: a row of targets[1] must be a real number, got None",
        ),
        (
            lambda: cross_entropy([1.0, 2.0], 1.0),
            "cross_entropy: target must be the index of a class, an int, or a row of "
            "probabilities, got 1.0",
        ),
        (
            lambda: cross_entropy([1.0, 2.0], 2),
            "cross_entropy: target must be the index of a class, 0 to 1, got 2",
        ),
    ],
)
def test_a_refusal_names_the_cost_the_rule_and_what_came(call, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize("target", [[1.0000005, 0.0], [1.0, 0.0], [0.4999995, 0.5]])
def test_probabilities_may_be_rounded(target):
    assert cross_entropy([0.0, 0.0], target) == pytest.approx(math.log(2), rel=1e-5)


@pytest.mark.parametrize("target", [[1.000002, 0.0], [0.499998, 0.5]])
def test_probabilities_that_are_more_than_rounded_are_refused(target):
    with pytest.raises(ValueError, match="add up to 1, got"):
        cross_entropy([0.0, 0.0], target)


@pytest.mark.parametrize("loss", PAIRWISE)
def test_one_pair_makes_no_node_for_its_sum_or_mean(loss):
    """A drawing would show it."""
    assert {"sum", "div"}.isdisjoint(
        node.op.name for node in Graph(loss([Value(0.5)], [1.0])).order if node.op
    )


@pytest.mark.parametrize(("target", "operations"), [(0.0, ["softplus"]), (1, ["neg", "softplus"])])
def test_a_target_that_is_certain_costs_one_softplus(target, operations):
    order = Graph(binary_cross_entropy([Value(0.5)], [target])).order
    assert [node.op.name for node in order if node.op] == operations


# --- what has no weight, and what is infinite -----------------------------------------------------

INF = math.inf


@pytest.mark.parametrize("targets", [0, [1, 0, 0], [1.0, 0.0, 0.0]])
def test_a_masked_class_without_weight_costs_nothing(targets):
    """The two forms of a target give the same bits."""
    value, slopes = differentiated(cross_entropy, [1.0, -INF, 0.0], targets)
    assert value == cross_entropy([1.0, -INF, 0.0], targets) == 0.31326168751822286
    assert slopes == [-0.26894142136999516, 0.0, 0.2689414213699951]


@pytest.mark.parametrize("target", [1.0, Value(1.0)])
def test_a_logit_of_infinity_is_certain(target):
    loss = binary_cross_entropy([Value(INF)], [target])
    assert loss.data == 0.0


def test_a_target_of_zero_that_is_a_value_costs_nothing_either():
    targets = [Value(1.0), Value(0.0), Value(0.0)]
    logits = [Value(1.0), Value(-INF), Value(0.0)]
    assert cross_entropy(logits, targets).data == 0.31326168751822286
    assert binary_cross_entropy([Value(-INF)], [Value(0.0)]).data == 0.0


@pytest.mark.parametrize("number", [float, Value])
def test_the_largest_floats_are_fine_as_logits(number):
    logits = [number(1e308), number(-1e308)]
    for targets in (0, [1, 0]):
        loss = cross_entropy(logits, targets)
        assert (loss if number is float else loss.data) == 0.0
    with pytest.raises(DomainError, match="the result must be finite, got -inf"):
        cross_entropy(logits, 1)


@pytest.mark.parametrize("number", [float, Value])
def test_the_largest_floats_are_fine_as_logits_of_many_classes(number):
    logits = [number(1e308), number(1e308), *(number(-1e308) for _ in range(40))]
    loss = cross_entropy(logits, [0.5, 0.5, *[0.0] * 40])
    assert (loss if number is float else loss.data) == math.log(2.0)
    with pytest.raises(DomainError, match="the result must be finite, got -inf"):
        cross_entropy(logits, [0.5, 0.0, 0.5, *[0.0] * 39])


def test_soft_targets_over_many_classes_cost_what_their_sum_says():
    logits = [math.sin(k) for k in range(100)]
    total = math.log(math.fsum(map(math.exp, logits)))
    targets = [0.01] * 100
    expected = math.fsum(0.01 * (total - z) for z in logits)
    value, slopes = differentiated(cross_entropy, logits, targets)
    assert value == pytest.approx(expected, rel=1e-14)
    assert slopes == pytest.approx([p - 0.01 for p in softmax(logits)], rel=1e-12)


# --- probabilities instead of logits --------------------------------------------------------------


def apply_row(name):
    z = Value(0.5, name="z")
    return z.sigmoid() if name == "sigmoid" else functions.softmax([z, 0.0])[0]


@pytest.mark.parametrize("name", ["sigmoid", "softmax"])
@pytest.mark.parametrize(
    ("loss", "targets"), [(binary_cross_entropy, [1, 0]), (cross_entropy, [1, 0])]
)
def test_a_prediction_that_is_a_probability_already_is_refused(loss, targets, name):
    """A second sigmoid or softmax trains quietly to nothing."""
    called = loss.__name__
    message = (
        f"{called}: predictions must be logits, got Value(data=0.62245933120185"
        f"46, op={name}); leave out the {name}, or say from_logits=False"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        loss([0.25, apply_row(name)], targets)


@given(pairs(LOGITS, st.floats(0, 1)))
def test_the_losses_of_logits_and_of_their_probabilities_agree(examples):
    logits, targets = zip(*[(z / 5, t) for z, t in examples], strict=True)
    from_logits = differentiated(binary_cross_entropy, logits, targets)
    values = [Value(z) for z in logits]
    loss = binary_cross_entropy([z.sigmoid() for z in values], targets, from_logits=False)
    loss.backward()
    assert loss.data == pytest.approx(from_logits[0], rel=1e-9)
    assert [z.grad for z in values] == pytest.approx(from_logits[1], rel=1e-9, abs=1e-11)


@given(st.lists(st.floats(-9, 9), min_size=2, max_size=5))
def test_the_losses_of_rows_of_logits_and_of_their_probabilities_agree(logits):
    from_logits = differentiated(cross_entropy, logits, 1)
    values = [Value(z) for z in logits]
    loss = cross_entropy(functions.softmax(values), 1, from_logits=False)
    loss.backward()
    assert loss.data == pytest.approx(from_logits[0], rel=1e-9)
    assert [z.grad for z in values] == pytest.approx(from_logits[1], rel=1e-9, abs=1e-11)


def test_a_tiny_probability_keeps_its_digits():
    assert binary_cross_entropy([1e-20], [0.0], from_logits=False) == 1e-20


def test_a_probability_of_zero_costs_nothing_where_its_target_is_zero():
    assert cross_entropy([0.0, 1.0], 1, from_logits=False) == 0.0
    assert cross_entropy([0.0, 1.0], [Value(0.0), Value(1.0)], from_logits=False).data == 0.0
    assert binary_cross_entropy([0.0, 1.0], [0, 1], from_logits=False) == 0.0
    assert binary_cross_entropy([0.0], [Value(0.0)], from_logits=False).data == 0.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: cross_entropy([[0.5, 0.5], [1.0, 0.0]], [0, 1], from_logits=False),
            DomainError,
            "cross_entropy: the probability of class 1 in example 1 must be above 0, "
            "as its target is 1.0, got 0.0",
        ),
        (
            lambda: binary_cross_entropy([0.5, 1.0], [1.0, 0.25], from_logits=False),
            DomainError,
            "binary_cross_entropy: the probability of class 0 in example 1 must be above 0, "
            "as its target is 0.75, got 0.0",
        ),
        (
            lambda: cross_entropy([0.5, 0.6], 0, from_logits=False),
            ValueError,
            "cross_entropy: a row of predictions must be probabilities that add up to 1, "
            "got [0.5, 0.6]",
        ),
        (
            lambda: binary_cross_entropy([1.5], [1], from_logits=False),
            ValueError,
            "binary_cross_entropy: predictions must be from 0 to 1, got 1.5",
        ),
    ],
)
def test_what_is_no_probability_is_refused(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()


# --- frames, and what is no sequence -------------------------------------------------------------


@pytest.mark.parametrize("loss", [*PAIRWISE, cross_entropy])
@each_impostor
def test_what_is_no_sequence_of_numbers_is_refused(make, loss):
    numbers = [1.0, -1.0]
    for call in (
        lambda: loss(make(numbers), make(numbers)),
        lambda: loss([0.5, 0.5], make(numbers)),
        lambda: loss([make(numbers)], [numbers]),
        lambda: loss([[0.5, 0.5]], [make(numbers)]),
    ):
        with pytest.raises(TypeError, match=rf"^{loss.__name__}: .* must be a list, got "):
            call()


@pytest.mark.parametrize("loss", PAIRWISE)
@each_sequence
def test_every_sequence_of_numbers_will_do(make, loss):
    ps, ts = [0.25, -0.5], [1.0, 1.0]
    assert loss(make(ps), make(ts)) == loss(ps, ts)


@pytest.mark.parametrize("loss", [*PAIRWISE, cross_entropy])
def test_a_frame_has_the_loss_of_its_rows(loss):
    """Its labels are numbers, which are not among its own."""
    frame = pandas().DataFrame([[7.0, 8.0], [9.0, 10.0]], columns=[5, 6], index=[3, 2])
    targets = pandas().DataFrame([[1, 0], [0, 1]], columns=[5, 6])
    targets = 2 * targets - 1 if loss is hinge else targets
    rows, of_rows = [[7.0, 8.0], [9.0, 10.0]], targets.to_numpy().tolist()
    assert loss(frame, targets) == loss(rows, of_rows)
    values = frame.map(Value)
    loss(values, targets).backward()
    assert all(x.has_grad for x in values.to_numpy().ravel())


def test_the_labels_of_a_frame_are_not_compared():
    frame = pandas().DataFrame([[7.0, 8.0], [9.0, 10.0]])
    assert mean_squared_error(frame, frame * 10) == 5953.5


def test_a_column_has_the_loss_of_a_list():
    """Number by number: nothing is stretched, as NumPy would stretch a column beside a list."""
    frame = pandas().DataFrame([7.0, 9.0])
    for ps in ([7.0, 8.0], [[7.0], [8.0]], np.array([[7.0], [8.0]])):
        for ts in (frame, [7.0, 9.0], np.array([[7.0], [9.0]])):
            assert mean_squared_error(ps, ts) == 0.5
    with pytest.raises(ValueError, match=r"targets must be a list of 3, .* got 2 rows of 1$"):
        mean_squared_error([7.0, 9.0, 1.0], frame)
    with pytest.raises(ValueError, match=r"targets must be 1 rows of 2, .* got 2 rows of 1$"):
        mean_squared_error([[7.0, 9.0]], frame)
