"""Tests of what needs no more of a Value than that it is a node."""

import copy
import math
import pickle

import pytest

from autograd_mini import Value, dot
from autograd_mini import sum as total
from autograd_mini.engines.node import ParameterPath, check_name, describe, flat, numbers_of
from autograd_mini.errors import DomainError


def pickled_and_back(thing):
    return pickle.loads(pickle.dumps(thing))  # noqa: S301 - our own bytes


def test_the_numbers_of_an_operand_keep_its_shape():
    assert numbers_of(2.0) == 2.0
    assert numbers_of(Value(3.0)) == 3.0
    assert numbers_of([Value(3.0), 2.0]) == numbers_of((Value(3.0), 2.0)) == [3.0, 2.0]


def test_flat_operands_are_those_in_sequences_too():
    assert list(flat([[1.0, 2.0], (3.0,), 4.0, []])) == [1.0, 2.0, 3.0, 4.0]


def test_an_operand_is_described_by_its_name_and_its_number():
    assert describe(2.5) == "2.5"
    assert describe(Value(2.5)) == "a Value of 2.5"
    assert describe(Value(2.5, name="w")) == "'w' (2.5)"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled_and_back])
def test_a_path_is_a_string_that_keeps_its_owner(copied):
    path = ParameterPath("layers.0.bias", "layers.0")
    assert path == "layers.0.bias"
    same = copied(path)
    assert (type(same), same, same.owner) == (ParameterPath, path, "layers.0")


def test_a_name_is_plain_text_a_path_or_nothing():
    class Text(str):
        __slots__ = ()

        def __str__(self):
            return "another"

    path = ParameterPath("bias", "")
    assert check_name(None) is None
    assert check_name(path) is path
    assert type(check_name(Text("w"))) is str
    assert check_name(Text("w")) == "w"
    with pytest.raises(TypeError, match=r"^Value: name must be a string or None, got 3$"):
        check_name(3)


def test_an_infinite_number_in_a_sequence_is_an_operand_as_any_other():
    """Where an operand is infinite already, an infinite result is none of the operation's doing."""
    infinite, one = Value(math.inf), Value(1.0)
    assert dot([infinite, one], [one, one], 0.0).data == math.inf
    assert total([infinite, one]).data == math.inf
    with pytest.raises(DomainError):
        dot([Value(1e300), one], [Value(1e300), one], 0.0)
