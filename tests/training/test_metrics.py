"""Metrics of predictions and targets, against counts by hand and scikit-learn."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_mini.training.metrics import compute_accuracy, compute_r2

classes = st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 1)), min_size=1, max_size=30)
rows = st.lists(
    st.tuples(st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.integers(0, 2)),
    min_size=1,
    max_size=30,
)
points = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2, max_size=20)


@given(classes, st.sampled_from([0.0, 0.5]))
def test_a_single_number_above_the_threshold_is_the_second_class(pairs, threshold):
    predictions, targets = map(list, zip(*pairs, strict=True))
    hits = sum((p > threshold) == bool(t) for p, t in pairs)
    assert compute_accuracy(predictions, targets, threshold=threshold) == hits / len(pairs)
    signs = [2 * t - 1 for t in targets]  # as hinge has them
    assert compute_accuracy(predictions, signs, threshold=threshold) == hits / len(pairs)
    nested = [[p] for p in predictions], [[t] for t in targets]
    assert compute_accuracy(*nested, threshold=threshold) == hits / len(pairs)


@given(rows)
def test_the_greatest_number_of_a_row_is_the_class(pairs):
    predictions, targets = map(list, zip(*pairs, strict=True))
    hits = sum(row.index(max(row)) == t for row, t in pairs)
    assert compute_accuracy(predictions, targets) == hits / len(pairs)
    hot = [[float(i == t) for i in range(3)] for t in targets]
    assert compute_accuracy([tuple(row) for row in predictions], hot) == hits / len(pairs)


def test_of_equal_numbers_the_first_is_the_class():
    assert compute_accuracy([[1.0, 1.0]], [0]) == 1.0


@given(points)
def test_r2_is_that_of_scikit_learn(pairs):
    r2_score = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn").r2_score
    predictions, targets = map(list, zip(*pairs, strict=True))
    expected = r2_score(targets, predictions)
    assert compute_r2(predictions, targets) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_r2_by_hand():
    assert compute_r2([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == 1.0
    assert compute_r2([2.0, 2.0, 2.0], [1.0, 2.0, 3.0]) == 0.0
    assert compute_r2([[1.0, 2.0], [2.0, 2.0], [4.0, 2.0]], [[1, 1], [2, 2], [3, 3]]) == 0.25
    assert compute_r2([2.0, 2.0], [2.0, 2.0]) == 1.0
    assert compute_r2([2.0, 3.0], [2.0, 2.0]) == 0.0
    assert math.isnan(compute_r2([math.nan, 1.0], [1.0, 2.0]))


@pytest.mark.parametrize(
    ("metric", "predictions", "targets", "message"),
    [
        (compute_accuracy, [1.0], [[1.0, 0.0]], r"accuracy: target must be a number, got \[1"),
        (
            compute_accuracy,
            [[1.0, 2.0]],
            [[1.0, 0.0, 0.0]],
            "accuracy: length of a row of targets must be 2, .*3$",
        ),
        (compute_r2, [1.0], [[1.0, 2.0]], "r2: targets must be 1 wide, as the predictions"),
    ],
)
def test_other_shapes_are_refused(metric, predictions, targets, message):
    with pytest.raises((TypeError, ValueError), match=message):
        metric(predictions, targets)
