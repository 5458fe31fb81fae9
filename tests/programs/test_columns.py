"""Columns: which axis is the sample, what each sample is, and what is refused."""

import math
import subprocess
import sys
import textwrap
from array import array
from collections import OrderedDict, deque
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograd_mini import Value
from autograd_mini.programs.columns import read_columns
from autograd_mini.programs.forms import read_call


class Point(NamedTuple):
    x: Any
    y: Any


class Tagged(np.ndarray):
    pass


def columns_of(*args, **kwargs):
    return read_columns("map", args, kwargs)


def rows(columns, first, count):
    """Return the numbers of some samples, read from the chunk as `Replay.run` would read them."""
    found = [[] for _ in range(count)]
    for column in columns.chunk(first, count):
        same = isinstance(column, float)
        view = memoryview(array("d", [column] * count) if same else column)
        assert view.format == "d"
        assert view.shape[0] == count
        for row, one in zip(found, view.tolist(), strict=True):
            row.extend(one if isinstance(one, list) else [one])
    return found


def check(args, samples, kwargs=None):
    """Check that columns have given samples: their numbers, and the form of a call with them."""
    columns = read_columns("map", args, kwargs or {})
    assert columns.count == len(samples)
    called = [read_call("map", sample, kwargs or {}) for sample in samples]
    for i, (form, numbers) in enumerate(called):
        assert columns.form == form
        assert repr(columns.sample(i)) == repr(numbers)
        assert all(type(x) is float for x in columns.sample(i))
        for chunked in (columns, columns.snapshot()):
            assert repr(rows(chunked, i, len(samples) - i)) == repr([n for _, n in called[i:]])
    return columns


# --- what a column is ----------------------------------------------------------------------------

NUMBERS = [1.0, -0.0, 3.0]


@pytest.mark.parametrize(
    "column",
    [
        [1.0, -0.0, 3.0],
        (1.0, -0.0, 3.0),
        deque(NUMBERS),
        dict(enumerate(NUMBERS)).values(),
        array("d", NUMBERS),
        array("f", NUMBERS),
        memoryview(array("d", NUMBERS)),
        memoryview(array("f", NUMBERS)),
        memoryview(array("d", [3.0, 0.5, -0.0, 0.5, 1.0]))[::-2],
        [np.float64(1), np.float32(-0.0), 3],
        np.array(NUMBERS),
        np.array(NUMBERS, ">f8"),
        np.array(NUMBERS, "f4"),
        np.array(NUMBERS, "f2"),
        np.array(NUMBERS, np.longdouble),
        np.array(NUMBERS, object),
        np.array([3.0, 0.5, -0.0, 0.5, 1.0])[::-2],
        np.array([(1, 1.0), (2, -0.0), (3, 3.0)], "i1, f8")["f1"],  # not aligned
    ],
    ids=lambda c: f"{type(c).__name__} {getattr(c, 'dtype', '')}",
)
def test_each_number_of_a_sequence_is_that_of_a_sample(column):
    columns = check([column, 5.0], [(x, 5.0) for x in NUMBERS])
    assert columns.has_arrays == isinstance(column, np.ndarray)


@pytest.mark.parametrize(
    "column",
    [
        [1, 0, 3],
        [1, 0.0, 3],
        [[1, 0, 3]][0],
        [np.int64(1), np.uint8(0), np.longdouble(3)],
        *(np.array([1, 0, 3], kind) for kind in "bBhHiIlLqQ"),
        *(array(kind, [1, 0, 3]) for kind in "bBhHiIlLqQ"),
        np.array([1, 0, 3], ">i8"),
    ],
)
def test_integers_are_taken_as_floats(column):
    check([column], [[1.0], [0.0], [3.0]])


def test_a_range_is_a_column():
    check([range(2, 8, 2)], [[2.0], [4.0], [6.0]])
    check([range(1)], [[0.0]])
    for numbers in (range(2**53 - 1, 2**53 + 2), range(2**53 + 1, 2**53 - 2, -1)):
        with pytest.raises(ValueError, match=rf"^map: argument 0\[[02]\] {NO_FLOAT} {2**53 + 1};"):
            columns_of(numbers)


class Tensor:
    """An array of another package."""

    def __array__(self, dtype=None, copy=None):
        return np.array(NUMBERS)


def test_what_another_package_has_in_place_of_an_array_is_a_column():
    assert check([Tensor()], [[x] for x in NUMBERS]).has_arrays
    with pytest.raises(ValueError, match=r"^map: argument 1 and argument 0 must be equally long"):
        columns_of([1.0], Tensor())


def test_native_doubles_and_floats_need_no_reader(monkeypatch):
    """Which would take longer than a small batch."""
    monkeypatch.setattr("autograd_mini.programs.columns._Reader", None)
    columns = columns_of(np.array(NUMBERS), 2.0, np.ones((3, 2)))
    assert columns.sample(2) == [3.0, 2.0, 1.0, 1.0]
    assert (columns.count, columns.has_arrays) == (3, True)


def test_large_integers_are_taken_if_a_float_holds_them():
    large = [2**53, -(2**60)]
    for column in (
        large,
        tuple(large),
        np.array(large),
        np.array(large, object),
        array("q", large),
    ):
        check([column], [[2.0**53], [-(2.0**60)]])
    check([np.array([2**63], "u8")], [[2.0**63]])


def test_a_read_only_array_and_one_that_repeats_a_number_are_columns():
    frozen = np.arange(3.0)
    frozen.flags.writeable = False
    check([frozen, np.broadcast_to(2.0, 3)], [(0.0, 2.0), (1.0, 2.0), (2.0, 2.0)])


X = np.arange(24.0)


@pytest.mark.parametrize(
    "block",
    [
        X.reshape(3, 8),
        X.reshape(8, 3).T,
        X.reshape(3, 2, 4),
        X.reshape(4, 2, 3).T,
        X.reshape(3, 2, 2, 2)[:, ::-1, :, ::2],
        X.reshape(6, 4)[::2, 1:],
        X.reshape(3, 8).astype("i2"),
        X.reshape(4, 2, 3).T.astype(">f4"),
        X.reshape(3, 8, 1),
        X.reshape(3, 8)[:, :0],
        X.reshape(3, 8).astype(object),
    ],
    ids=lambda b: f"{b.dtype} {b.shape} {b.strides}",
)
def test_a_sample_of_an_array_of_more_axes_is_an_array(block):
    columns = check([block, [1.0, 2.0, 3.0]], list(zip(block, [1.0, 2.0, 3.0], strict=True)))
    assert columns.has_arrays
    (built, _), _ = columns.form.build(columns.sample(1))
    assert np.array_equal(built, block[1].astype(float))
    assert len(columns.chunk(0, 3)) == (1 if block.size == 0 else 2)


def test_native_doubles_are_not_copied_whatever_their_strides():
    for given_array in (X, X[::-3], X.reshape(4, 6)[::2, ::3], X.reshape(3, 2, 4)):
        (chunk,) = columns_of(given_array).chunk(1, 2)
        assert np.shares_memory(chunk, given_array)
    numbers = array("d", [1.0, 2.0, 3.0])
    (chunk,) = columns_of(numbers).chunk(1, 2)
    chunk[0] = 5.0
    assert numbers[1] == 5.0


def test_a_snapshot_is_out_of_reach():
    given_arrays = [
        X.reshape(3, 8).copy(),
        np.ones(3, "f4"),
        [1.0, 2.0, 3.0],
        array("d", [1, 2, 3]),
    ]
    columns = columns_of(*given_arrays, [[1.0], [2.0], [3.0]])
    kept = columns.snapshot()
    before = rows(columns, 0, 3)
    for one in given_arrays:
        one[0] = one[1]
    assert rows(columns, 0, 3) != before
    assert rows(kept, 0, 3) == before
    assert (kept.count, kept.form, kept.has_arrays) == (3, columns.form, True)


# --- structures ----------------------------------------------------------------------------------

A, B = np.arange(3.0), np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize(
    ("argument", "samples"),
    [
        ([[1, 2], [3, 4], [5, 6]], [[1, 2], [3, 4], [5, 6]]),
        (((1, 2), (3, 4), (5, 6)), [(1, 2), (3, 4), (5, 6)]),
        ([[], [], []], [[], [], []]),
        ([{"a": 1}, {"a": 2}, {"a": 3}], [{"a": 1}, {"a": 2}, {"a": 3}]),
        ([Point(1, [2]), Point(3, [4]), Point(5, [6])],) * 2,
        ([(1, "s"), (2, "s"), (3, "s")],) * 2,
        ([A, A, A],) * 2,
        ([[B, 1.0]] * 3,) * 2,
        ({"a": [1, 2, 3], "b": 4.0}, [{"a": 1, "b": 4}, {"a": 2, "b": 4}, {"a": 3, "b": 4}]),
        ({"a": A, "b": {"c": B}}, [{"a": A[i], "b": {"c": B[i]}} for i in range(3)]),
        (OrderedDict(b=A, a="s"), [OrderedDict(b=x, a="s") for x in A]),
        (Point(A, [4, 5, 6]), [Point(A[i], 4 + i) for i in range(3)]),
        (Point([[1], [2], [3]], None), [Point([1], None), Point([2], None), Point([3], None)]),
        ((A, B), list(zip(A, B, strict=True))),
        ((A, array("d", [4, 5, 6])), [(A[i], 4 + i) for i in range(3)]),
    ],
)
def test_lists_are_samples_and_dicts_namedtuples_and_tuples_of_arrays_are_structures(
    argument, samples
):
    check([argument, [7, 8, 9]], list(zip(samples, [7, 8, 9], strict=True)))
    check([argument], [[sample] for sample in samples])


def test_numbers_and_what_is_no_number_are_the_same_for_all_samples():
    constants = [2, np.float32(3), "relu", None, True, math.sin, b"abc", frozenset({1})]
    columns = check([A, *constants], [[x, *constants] for x in A], {"k": [1, 2, 3], "mode": "m"})
    assert columns.chunk(0, 3)[1:] == [2.0, 3.0]


def test_arrays_come_back_if_an_argument_had_one():
    assert not columns_of([1.0], [[1.0]], array("d", [1.0])).has_arrays
    for argument in (np.ones(1), [np.ones(1)], {"a": {"b": np.ones(1)}}, (np.ones(1),)):
        assert columns_of([1.0], argument).has_arrays


@pytest.mark.parametrize("empty", [[], (), array("d"), np.zeros(0), range(0), {"a": []}])
def test_there_may_be_no_samples(empty):
    columns = columns_of(empty, 2.0)
    assert columns.count == 0
    assert columns.snapshot().count == 0


def test_an_array_without_samples_has_the_form_of_one_with_samples():
    assert columns_of(np.zeros((0, 2, 3))).form == columns_of(np.zeros((5, 2, 3))).form


# --- pandas --------------------------------------------------------------------------------------


def test_a_series_is_a_column_and_a_frame_has_a_sample_in_each_row():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series([1.0, 2.0], index=[7, 3])
    whole = pandas.Series([1, 2], dtype="Int64")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3, 4], "c": pandas.array([5, 6], "Int8")})
    samples = [(1, 1, np.array([1, 3, 5])), (2, 2, np.array([2, 4, 6]))]
    assert check([series, whole, frame], samples).has_arrays
    uniform = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    check([uniform], [[np.array([1, 3])], [np.array([2, 4])]])
    check([(series, series)], [[(1, 1)], [(2, 2)]])


def test_what_is_missing_in_pandas_or_would_be_rounded_is_refused():
    pandas = pytest.importorskip("pandas")
    large = 2**53 + 1
    for argument, message in [
        (pandas.Series([1, None], dtype="Int64"), "0[1] must be a real number, got <NA>"),
        (
            pandas.DataFrame({"a": [1.0], "b": pandas.array([None], "Int64")}),
            "0['b'][0] must be a real number, got <NA>",
        ),
        (pandas.DataFrame({"a": [1.0], "b": [large]}), f"0['b'][0] {NO_FLOAT} np.int64({large})"),
        (pandas.DataFrame({"a": [1.0], "b": ["x"]}), "0['b'][0] must be a real number, got 'x'"),
        (pandas.Series([True]), "0[0] must be a real number, got True"),
        (pandas.Series(["x"]), "0[0] must be a real number, got 'x'"),
        (pandas.Series([2], dtype="M8[ns]"), "0[0] must be a real number, got np.datetime64"),
    ]:
        with pytest.raises((TypeError, ValueError)) as caught:
            columns_of(argument)
        assert str(caught.value).startswith(f"map: argument {message}")


# --- refusals ------------------------------------------------------------------------------------

NO_FLOAT = "must be a number that a float holds exactly, got"
ROUND = "round it yourself, with float(…)"
CALL = "for Values call the function itself"
BOOL = "use float(…) if a number is meant"
LARGE = 2**53 + 1
V = Value(3.0)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ([1.0, True, 2.0], f"1[1] must be a real number, got True; {BOOL}"),
        ([1.0, None, 2.0], "1[1] must be a real number, got None"),
        ([1.0, 2j, None], "1[1] must be a real number, got 2j"),
        ([1.0, [2.0], 3.0], "1[1] must be a real number, got [2.0]"),
        (["a", "b", "c"], "1[0] must be a real number, got 'a'"),
        (
            [1.0, 2.0, Decimal(3)],
            "1[2] must be a real number, got Decimal('3'); use float(…), which rounds",
        ),
        (np.array([True] * 3), f"1[0] must be a real number, got True; {BOOL}"),
        (np.ones((3, 2), complex), "1[0, 0] must be a real number, got (1+0j)"),
        (np.array(["a", "b", "c"]), "1[0] must be a real number, got 'a'"),
        (np.array([1.0, None, 2.0]), "1[1] must be a real number, got None"),
        (
            np.array([[1.0, 2.0], [3.0, "x"], [4, 5]], object),
            "1[1, 1] must be a real number, got 'x'",
        ),
        (
            np.zeros(3, "M8[s]"),
            "1[0] must be a real number, got np.datetime64('1970-01-01T00:00:00')",
        ),
        (np.zeros(3, "m8[s]"), "1[0] must be a real number, got np.timedelta64(0,'s')"),
        (np.zeros(3, "f8, f8"), "1[0] must be a real number, got (0.0, 0.0)"),
        (
            np.ma.array([1.0, 2.0, 3.0], mask=[0, 0, 1]),
            "1[2] must be a number, got masked; use .filled(…) or .compressed()",
        ),
        (
            np.ma.array([1.0, 2.0, 3.0]),
            "1 must be a plain NumPy array, got <class 'numpy.ma.MaskedArray'>; use .filled(…)",
        ),
        (
            np.ones(3).view(Tagged),
            f"1 must be a plain NumPy array, got {Tagged}; numpy.asarray(…) makes an array of it",
        ),
        (
            array("w" if sys.version_info >= (3, 13) else "u", "abc"),
            "1[0] must be a real number, got 'a'",
        ),
        (
            {1.0, 2.0, 3.0},
            "1 must be a sequence of numbers, got {1.0, 2.0, 3.0}; "
            "the set has no order: use a list",
        ),
        (
            {1: 2.0}.keys(),
            "1 must be a sequence of numbers, got dict_keys([1]); "
            "the dict_keys gives keys: use .values()",
        ),
        ([1.0, 2.0, V], f"1[2] must be a number, got Value(data=3.0); {CALL}"),
        ([[1.0], [2.0], [V]], f"1[2][0] must be a number, got Value(data=3.0); {CALL}"),
        (np.array([1.0, V, 2.0]), f"1[1] must be a number, got Value(data=3.0); {CALL}"),
        ({"a": V}, f"1['a'] must be a number, got Value(data=3.0); {CALL}"),
        (V, f"1 must be a number, got Value(data=3.0); {CALL}"),
        (2j, "1 must be a real number, got 2j"),
        (
            bytearray(b"abc"),
            "1 must be a number, a structure of numbers, or hashable, got bytearray(b'abc'); "
            "use list(…)",
        ),
    ],
)
def test_what_is_no_number_is_refused_with_its_path(argument, message):
    with pytest.raises(TypeError) as caught:
        columns_of([1.0, 2.0, 3.0], argument)
    assert str(caught.value) == f"map: argument {message}"


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ([1, LARGE, 3], f"[1] {NO_FLOAT} {LARGE}; {ROUND}"),
        (range(LARGE - 1, LARGE + 2), f"[1] {NO_FLOAT} {LARGE}; {ROUND}"),
        (array("q", [1, 2, -LARGE]), f"[2] {NO_FLOAT} -{LARGE}; {ROUND}"),
        (np.array([2**60, LARGE, 3]), f"[1] {NO_FLOAT} np.int64({LARGE}); {ROUND}"),
        (np.array([1, LARGE, 3], ">i8"), f"[1] {NO_FLOAT} np.int64({LARGE}); {ROUND}"),
        (np.array([1, 2, -LARGE]), f"[2] {NO_FLOAT} np.int64(-{LARGE}); {ROUND}"),
        (
            np.array([[1, 2], [3, LARGE], [4, 5]], "u8"),
            f"[1, 1] {NO_FLOAT} np.uint64({LARGE}); {ROUND}",
        ),
        (np.array([1, LARGE, 3], object), f"[1] {NO_FLOAT} {LARGE}; {ROUND}"),
        ([[1], [2], [3, 4]], "[2] must be of the form of item 0, [x], got [3, 4]"),
        ([[1], (2,), [3]], "[1] must be of the form of item 0, [x], got (2,)"),
        ([[1], 2.0, [3]], "[1] must be of the form of item 0, [x], got 2.0"),
        (
            [(1, "a"), (1, "b"), (1, "a")],
            "[1] must be of the form of item 0, (x, 'a'), got (1, 'b')",
        ),
        (
            (np.ones(3), 2.0),
            " and argument 0 must be equally long, got lengths 2 and 3",
        ),
        (
            [np.ones(1), np.ones(2), np.ones(1)],
            "[1] must be of the form of item 0, array of shape (1,), got array([1., 1.])",
        ),
        ([1.0], " and argument 0 must be equally long, got lengths 1 and 3"),
        (np.ones(1), " and argument 0 must be equally long, got lengths 1 and 3"),
        (np.ones((4, 3)), " and argument 0 must be equally long, got lengths 4 and 3"),
        (
            {"a": [1, 2, 3], "b": [np.ones(4)]},
            "['b'] and argument 0 must be equally long, got lengths 1 and 3",
        ),
        ((A, np.ones(4)), "[1] and argument 0 must be equally long, got lengths 4 and 3"),
        (
            np.array(2.0),
            " must be an array with an axis for the samples, got array(2.); use float(…)",
        ),
    ],
)
def test_wrong_lengths_forms_and_numbers_are_refused_with_their_path(argument, message):
    with pytest.raises(ValueError, match="must be") as caught:
        columns_of([1.0, 2.0, 3.0], argument)
    assert str(caught.value) == f"map: argument 1{message}"


@pytest.mark.parametrize("shape", [(2, 50_000), (100_000, 1)])
def test_the_index_of_a_number_is_right_in_large_arrays(shape):
    numbers = np.ones(shape, int)
    numbers[-1, -1] = LARGE
    last = ", ".join(str(length - 1) for length in shape)
    with pytest.raises(ValueError, match=rf"^map: argument 0\[{last}\] {NO_FLOAT} "):
        columns_of(numbers)


def test_arrays_of_native_doubles_of_other_lengths_are_refused_too():
    message = r"^map: argument 1 and argument 0 must be equally long, got lengths 1 and 3$"
    with pytest.raises(ValueError, match=message):
        columns_of(np.ones(3), np.ones(1))


@pytest.mark.skipif(np.finfo(np.longdouble).nmant == 52, reason="a long double is a double here")
@pytest.mark.parametrize("number", ["1.0000000000000000001", "1e400"])
def test_a_long_double_that_no_float_holds_is_refused(number):
    numbers = np.array(["nan", "inf", "-0.0", number], np.longdouble)
    check([numbers[:3]], [[math.nan], [math.inf], [-0.0]])
    with pytest.raises(ValueError, match=rf"^map: argument 0\[3\] {NO_FLOAT} np.longdouble"):
        columns_of(numbers)


@pytest.mark.parametrize("make", [lambda: (x for x in [1.0]), lambda: map(float, [1])])
def test_what_has_no_length_is_refused(make):
    rule = r"^map: argument 0 must be a sequence with a length, got <.*>; use list\(…\)$"
    with pytest.raises(TypeError, match=rule):
        columns_of(make())


@pytest.mark.parametrize(
    ("args", "got"),
    [((), "()"), ((1.0, "a"), "(1.0, 'a')"), ((Point(1, 2),), "(Point(x=1, y=2),)")],
)
def test_there_must_be_an_axis_for_the_samples(args, got):
    with pytest.raises(ValueError, match="must be") as caught:
        columns_of(*args)
    rule = "must be at least one list or array"
    assert str(caught.value) == (
        f"map: arguments {rule}, got {got}; for one point call the function itself"
    )


def test_keyword_arguments_are_static():
    with pytest.raises(TypeError) as caught:
        columns_of(A, k=A)
    rule = "hashable, as a recording belongs to it"
    assert str(caught.value) == (
        f"map: keyword argument k must be {rule}, got array([0., 1., 2.]); pass it by position"
    )
    message = r"^map: keyword argument k must be a number, got Value\(data=3.0\); for Values call"
    with pytest.raises(TypeError, match=message):
        columns_of(A, k=V)


def test_a_dict_that_contains_itself_is_refused():
    loop: dict[str, Any] = {"x": [1.0]}
    loop["loop"] = loop
    with pytest.raises(ValueError, match=r"^map: argument 0 must be a structure .* 100 deep, got"):
        columns_of(loop)


# --- properties ----------------------------------------------------------------------------------

LENGTHS = st.shared(st.integers(0, 5), key="length")
SHAPES = st.shared(st.integers(0, 5), key="length").flatmap(
    lambda n: st.lists(st.integers(0, 3), max_size=2).map(lambda shape: (n, *shape))
)
KINDS = arrays.floating_dtypes(endianness="?") | arrays.integer_dtypes(sizes=(8, 16, 32))
COLUMNS = LENGTHS.flatmap(
    lambda n: (
        st.lists(st.floats() | st.integers(-9, 9), min_size=n, max_size=n)
        | st.lists(st.tuples(st.floats(), st.floats()), min_size=n, max_size=n)
    )
) | arrays.arrays(KINDS, SHAPES)
ARGUMENTS = st.recursive(
    COLUMNS | st.floats() | st.text(),
    lambda inner: st.dictionaries(st.text(), inner, max_size=3) | st.builds(Point, inner, inner),
    max_leaves=4,
)


def pick(argument, i):
    """Return a sample of an argument."""
    if isinstance(argument, dict):
        return {key: pick(one, i) for key, one in argument.items()}
    if isinstance(argument, Point):
        return Point(pick(argument.x, i), pick(argument.y, i))
    return argument[i] if isinstance(argument, list | np.ndarray) else argument


@given(st.lists(ARGUMENTS, max_size=3), COLUMNS, st.data())
def test_each_sample_is_what_indexing_by_hand_gives(arguments, column, data):
    arguments.insert(data.draw(st.integers(0, len(arguments))), column)
    flipped = [x[::-1] if isinstance(x, np.ndarray) else x for x in arguments]
    for args in (arguments, flipped):
        samples = [[pick(x, i) for x in args] for i in range(len(column))]
        columns = check(args, samples)
        assert columns.count == len(column)


# --- without NumPy -------------------------------------------------------------------------------


def test_lists_need_no_numpy():
    program = """
        import sys
        sys.modules["numpy"] = None
        from array import array
        from autograd_mini import Value
        from autograd_mini.programs.columns import read_columns
        from autograd_mini.programs.forms import read_call
        from autograd_mini.programs.results import allocate, describe_result

        args = [1.0, 2], array("d", [3, 4]), [[5, 6], [7, 8]], {"a": range(2)}, "s"
        columns = read_columns("map", args, {})
        assert [columns.sample(i) for i in range(2)] == [[1, 3, 5, 6, 0], [2, 4, 7, 8, 1]]
        assert columns.form == read_call("map", [1.0, 3.0, [5, 6], {"a": 0}, "s"], {})[0]
        assert columns.snapshot().sample(1) == [2, 4, 7, 8, 1]
        form, found = describe_result("map", {"a": [Value(1.0), 2], "b": (3.0,)})
        results = allocate(form, 2, has_arrays=columns.has_arrays)
        for i in range(2):
            results.store(i, [1.0 + i, 2.0 + i, 3.0 + i])
        assert results.finish() == {"a": [[1.0, 2.0], [2.0, 3.0]], "b": ([3.0, 4.0],)}
        class Tensor:
            __array__ = None
        try:
            read_columns("map", [Tensor()], {})
        except TypeError as error:
            assert "must be a plain NumPy array, got <class '__main__.Tensor'>" in str(error)
        else:
            raise AssertionError
        assert sys.modules["numpy"] is None
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)
