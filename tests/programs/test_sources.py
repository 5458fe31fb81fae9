"""Columns and what they are read from: what is copied, and what a replay of C gets."""

from array import array

import numpy as np
import pytest

from autograd_mini.programs.columns import read_columns
from autograd_mini.programs.sources import restore_columns

A = np.array([1.0, 2.0, 3.0])
M = np.array([[1.0, -1.0], [2.0, -2.0], [3.0, -3.0]])
DOUBLES = array("d", [7.0, 8.0, 9.0])


def columns_of(*args):
    return read_columns("map", args, {})


def samples_of(columns):
    return [columns.sample(i) for i in range(columns.count)]


def test_doubles_are_read_whole_without_a_copy():
    first, second, same, third = columns_of(A, M, 5.0, DOUBLES).whole()
    assert first is A
    assert second is M
    assert same == 5.0
    assert third is DOUBLES
    (rows,) = columns_of([[1.0, 2], [3.0, 4]]).whole()
    assert rows.tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    "column",
    [[1.0, 2.0, 3.0], range(3), array("f", [1.0, 2.0, 3.0]), A.astype("f4"), np.ones((3, 2, 2))],
    ids=lambda column: type(column).__name__,
)
def test_what_has_to_be_copied_is_not_read_whole(column):
    columns = columns_of(A, column)
    assert columns.whole() is None
    assert columns.shapes() is None
    assert samples_of(columns) == samples_of(columns.snapshot())


def test_a_snapshot_is_read_whole_and_keeps_its_numbers():
    given = [A.copy(), A.astype("f4"), [1.0, 2.0, 3.0], DOUBLES[:]]
    columns = columns_of(*given)
    snapshot = columns.snapshot()
    for one in given:
        one[0] = 100.0
    assert columns.sample(0) == [100.0] * 4
    assert snapshot.sample(0) == [1.0, 1.0, 1.0, 7.0]
    assert snapshot.whole() is not None


def test_a_shape_is_0_for_a_number_1_for_an_axis_and_more_for_the_numbers_of_a_second():
    assert columns_of(A, 2.0, M, M[:, :1]).shapes() == (1, 0, 3, 2)
    assert columns_of(A, DOUBLES).shapes() is None  # only arrays of NumPy have one
    assert columns_of(A, M.tolist()).shapes() is None


def test_columns_come_back_from_the_numbers_that_c_has_copied():
    args = A, 2.0, M, M[:, 1:]
    columns = columns_of(*args)
    inputs = np.concatenate([A, M[:, 0], M[:, 1], M[:, 1]]).tobytes()
    restored = restore_columns(columns.form, args, columns.shapes(), inputs)
    assert samples_of(restored) == samples_of(columns)
    assert (restored.form, restored.has_arrays) == (columns.form, True)
