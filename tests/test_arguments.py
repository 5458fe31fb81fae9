"""What counts as a real number, and the form of the errors about what does not."""

import math
import random
import re
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sequences import Columns, each_impostor, each_sequence, pandas

from autograd_mini import Value
from autograd_mini.arguments import (
    abbreviate,
    as_rng,
    count,
    finite,
    is_foreign,
    items,
    list_some,
    number,
    printable,
    requirement,
    whole,
)


@given(st.floats())
def test_a_float_is_itself_nan_and_infinity_included(x):
    assert number(x, argument="x").hex() == x.hex()


@given(st.integers())
def test_an_integer_is_taken_exactly_or_not_at_all(n):
    try:
        x = number(n, argument="x")
    except ValueError:
        with pytest.raises((OverflowError, AssertionError)):
            assert int(float(n)) == n
    else:
        assert type(x) is float
        assert Fraction(x) == n


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int8, np.int64, np.uint32])
def test_a_numpy_scalar_becomes_a_plain_float(kind):
    x = number(kind(3), argument="x")
    assert type(x) is float
    assert x == 3.0


def test_a_float_of_a_subclass_becomes_a_plain_float():
    class Celsius(float):
        pass

    assert type(number(Celsius(2.5), argument="x")) is float


def test_numpy_nan_is_taken():
    assert math.isnan(number(np.float32("nan"), argument="x"))
    assert math.isnan(number(np.longdouble("nan"), argument="x"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "True; use float(…) if a number is meant"),
        (np.True_, f"{np.True_!r}; use float(…) if a number is meant"),
        ("0.1", "'0.1'"),
        (1j, "1j"),
        (np.complex128(1j), repr(np.complex128(1j))),
        (Decimal("0.1"), "Decimal('0.1'); use float(…), which rounds"),
        (Fraction(1, 3), "Fraction(1, 3); use float(…), which rounds"),
        (None, "None"),
        ([1.0], "[1.0]"),
        (np.array([1.0]), "array([1.])"),
        (Value(1.0), "Value(data=1.0); use its .data for the bare number"),
    ],
)
def test_what_is_no_real_number_is_refused_with_the_way_out(value, message):
    message = f"lr must be a real number, got {message}"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        number(value, argument="lr")


@pytest.mark.parametrize(
    "value", [2**53 + 1, -(2**60) - 1, np.int64(2**53 + 1), np.longdouble(1) / 3]
)
def test_what_no_float_holds_exactly_is_refused(value):
    message = f"lr must be a number that a float holds exactly, got {value!r}; round it yourself, "
    with pytest.raises(ValueError, match=f"^{re.escape(message)}with float\\(…\\)$"):
        number(value, argument="lr")


def test_what_is_too_large_for_a_float_is_refused_without_advice_to_round_it():
    message = r"^lr must be a number that a float holds exactly, got 10{27}\.\.\.0{29}$"
    with pytest.raises(ValueError, match=message):
        number(10**400, argument="lr")


def test_the_message_stays_short_for_a_long_thing():
    with pytest.raises(TypeError) as caught:
        number("x" * 10_000, argument="lr")
    assert len(str(caught.value)) < 100


def test_the_bool_of_older_numpy_versions_is_told_the_way_out_too():
    """Its name ended in an underscore."""
    flag = type("bool_", (), {"__repr__": lambda self: "True"})()
    with pytest.raises(TypeError, match=r"got True; use float\(…\) if a number is meant$"):
        number(flag, argument="lr")


# --- the form of an error -------------------------------------------------------------------------


def test_a_message_has_place_argument_rule_value_and_way_out():
    assert requirement("fit: epochs", "at least 1", 0) == "fit: epochs must be at least 1, got 0"
    message = requirement("SGD: parameters", "an iterable", None, "pass model.parameters()")
    assert message == "SGD: parameters must be an iterable, got None; pass model.parameters()"


class Wordy:
    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


class Failing:
    def __repr__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", r"'a\nb'"),
        (Wordy("one\n  two"), "one two"),
        (Wordy("x" * 60), "x" * 60),
        (Wordy("x" * 61), "x" * 28 + "..." + "x" * 29),
        ([1] * 7, "[1, 1, 1, 1, 1, 1, ...]"),
        (["x" * 50] * 2, f"['{'x' * 50}', '{'x'}..."),
    ],
)
def test_a_value_is_abbreviated_to_one_line_of_60_characters(value, text):
    assert abbreviate(value) == text


def test_a_value_that_has_no_repr_has_an_address():
    assert re.fullmatch(r"<Failing instance at 0x\w+>", abbreviate(Failing()))


def test_an_int_that_python_does_not_write_in_decimal_is_abbreviated_in_hexadecimal():
    assert abbreviate(2**16_000) == "0x100000000000000000..."
    assert abbreviate([-(2**16_000)]) == "[-0x10000000000000000...]"
    assert abbreviate(range(10**5000)).startswith("<range instance at 0x")
    with pytest.raises(
        ValueError, match=r"^Value: data must be a number that a float .*, got 0x\w{18}\.\.\.$"
    ):
        Value(10**5000)


# --- narrower kinds ------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-1.5, 3, np.float32(2), 1.7976931348623157e308])
def test_a_finite_number_becomes_a_float(value):
    x = finite(value, argument="lr")
    assert type(x) is float
    assert x == value


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, np.float32("inf")])
def test_an_infinity_or_a_nan_is_refused_where_a_finite_number_is_asked_for(value):
    with pytest.raises(ValueError, match=f"^lr must be finite, got {value}$"):
        finite(value, argument="lr")


def test_what_is_no_number_is_not_finite_either():
    with pytest.raises(TypeError, match=r"^lr must be a real number, got '1'$"):
        finite("1", argument="lr")


@pytest.mark.parametrize("n", [0, -3, 2**70, np.int64(5), np.uint8(200)])
def test_a_whole_number_becomes_an_int(n):
    assert type(whole(n)) is int
    assert whole(n) == n


@pytest.mark.parametrize("other", [True, False, 1.0, "1", None, 1j, np.float64(1), Value(1.0)])
def test_anything_else_is_no_whole_number(other):
    assert whole(other) is None


@pytest.mark.parametrize("n", [1, 2**70, np.int64(5)])
def test_a_count_is_an_int_from_1(n):
    assert type(count(n, argument="epochs")) is int
    assert count(n, argument="epochs") == n


@pytest.mark.parametrize("n", [0, -1, np.int64(-5)])
def test_a_count_below_1_is_refused(n):
    with pytest.raises(ValueError, match=f"^epochs must be at least 1, got {n}$"):
        count(n, argument="epochs")


@pytest.mark.parametrize("other", [1.0, "1", None, True])
def test_a_count_that_is_no_int_is_refused(other):
    message = f"epochs must be a positive int, got {other!r}"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        count(other, argument="epochs")


# --- what may combine itself ---------------------------------------------------------------------


def test_an_array_may_combine_itself_with_a_value():
    assert is_foreign(np.array([1.0]))


def test_a_class_that_is_not_pythons_may_combine_itself_with_a_value():
    class Tensor:
        pass

    assert is_foreign(Tensor())


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.0,
        True,
        "1",
        1j,
        None,
        [1],
        Decimal(1),
        Fraction(1),
        np.float32(1),
        np.int64(1),
        np.True_,
    ],
)
def test_plain_types_and_numpy_scalars_may_not(value):
    assert is_foreign(value) is False


def test_the_bool_of_older_numpy_versions_may_not_either():
    assert is_foreign(type("bool_", (), {"__module__": "numpy"})()) is False


@pytest.mark.parametrize("place", range(4))
def test_a_message_has_no_escape_sequence_and_no_second_line(place):
    texts = ["f: x", "a number", "1", "leave it out"]
    texts[place] += "\x1b[31m\x07\n\u202e"
    message = requirement(*texts)
    assert message.isprintable()
    assert r"\x1b[31m\x07" in message


@given(st.text())
def test_what_is_printable_is_shown_as_it_is(text):
    assert printable(text).isprintable()
    assert printable(text) == text or not text.isprintable()


# --- sequences -----------------------------------------------------------------------------------


@each_sequence
def test_a_sequence_has_its_items_in_order(make):
    assert list(items(make([2.0, -1.0, 2.0]), argument="X", rule="a list")) == [2.0, -1.0, 2.0]


@pytest.mark.parametrize("given", [[1.0, 2.0], (1.0, 2.0)], ids=["list", "tuple"])
def test_a_list_or_a_tuple_is_not_copied(given):
    assert items(given, argument="X", rule="a list") is given


def test_the_items_of_a_frame_are_the_rows_of_its_array():
    frame = pandas().DataFrame({5.0: [7.0, 9.0], 6.0: [8, 10]})
    assert [row.tolist() for row in items(frame, argument="X", rule="a list")] == [[7, 8], [9, 10]]


def test_a_sequence_of_the_oldest_protocol_has_its_items():
    class Countdown:
        def __getitem__(self, at):
            return [3.0, 2.0, 1.0][at]

    assert items(Countdown(), argument="X", rule="a list") == [3.0, 2.0, 1.0]


def test_the_items_of_a_view_are_its_rows():
    view = memoryview(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert items(view, argument="X", rule="a list") == [[1.0, 2.0], [3.0, 4.0]]


def test_a_named_tuple_with_columns_is_no_frame():
    class Table(NamedTuple):
        rows: float
        columns: float

    table = Table(3.0, 4.0)
    assert items(table, argument="X", rule="a list") is table


@each_impostor
def test_what_is_no_sequence_is_refused(make):
    with pytest.raises(TypeError, match=r"^X must be a list, got "):
        items(make([2.0, -1.0]), argument="X", rule="a list")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({1.0: 2.0}, "{1.0: 2.0}; the dict gives keys: use .values()"),
        ({1.0: 2.0}.keys(), "dict_keys([1.0]); the dict_keys gives keys: use .values()"),
        ({1.0: 2.0}.items(), "dict_items([(1.0, 2.0)]); the dict_items gives keys: use .values()"),
        (Counter([1.0]), "Counter({1.0: 1}); the Counter gives keys: use .values()"),
        ({1.0}, "{1.0}; the set has no order: use a list"),
        (frozenset([1.0]), "frozenset({1.0}); the frozenset has no order: use a list"),
        ("12", "'12'; put it into a list"),
        (b"12", "b'12'; put it into a list"),
        (bytearray(b"12"), "bytearray(b'12'); put it into a list"),
        (np.array(3.0), "array(3.); put it into a list"),
        (3.0, "3.0; put it into a list"),
    ],
)
def test_the_error_names_the_kind_and_the_way_out(given, message):
    with pytest.raises(TypeError, match=f"^{re.escape(f'X must be a list, got {message}')}$"):
        items(given, argument="X", rule="a list", way_out="put it into a list")


def test_an_error_without_a_way_out_ends_with_the_value():
    with pytest.raises(TypeError, match=r"^X must be a list, got 3\.0$"):
        items(3.0, argument="X", rule="a list")


def test_a_frame_without_rows_is_told_that_it_gives_columns():
    with pytest.raises(TypeError, match=r"; the Columns gives columns: use its rows$"):
        items(Columns([1.0, 2.0]), argument="X", rule="a list")


def test_an_error_of_an_iterator_passes_unchanged():
    own = TypeError("mine")

    def broken():
        yield 1.0
        raise own

    with pytest.raises(TypeError) as caught:
        items(broken(), argument="X", rule="a list")
    assert caught.value is own


def test_a_source_of_randomness_is_itself_an_int_a_new_one_and_none_that_of_python():
    rng, before = random.Random(0), random.getstate()
    assert as_rng(rng, argument="rng") is rng
    assert as_rng(np.int64(3), argument="rng").random() == random.Random(3).random()
    assert random.getstate() == before
    random.seed(5)
    assert as_rng(None, argument="rng").random() == random.Random(5).random()
    assert random.getstate() != before


@pytest.mark.parametrize("given", [True, "3", 0.5, random, random.Random, np.random.default_rng(0)])
def test_what_is_no_source_of_randomness_is_refused(given):
    message = re.escape("MLP: rng must be a random.Random, an int or None, got ")
    with pytest.raises(TypeError, match=f"^{message}"):
        as_rng(given, argument="MLP: rng")


@pytest.mark.parametrize(
    ("texts", "shown"),
    [("", ""), ("a", "a"), ("abc", "a, b, c"), ("abcde", "a, b, c and 2 more")],
)
def test_of_many_texts_the_first_three_are_listed(texts, shown):
    assert list_some(list(texts)) == shown
    assert list_some(list("vwxyz"), most=4) == "v, w, x, y and 1 more"
