"""Instructions in flat arrays: packing, and rows in pickles."""

import pickle
import struct
from array import array
from dataclasses import replace

import pytest

import autograd_mini as ag
from autograd_mini.engines.choices import CHOICES, HELD
from autograd_mini.programs.code import (
    COMPARISONS,
    Code,
    Guard,
    Packing,
    pack_guards,
    restore_row,
    save_row,
    unpack_guards,
)
from autograd_mini.table.elementary import ELEMENTARY
from autograd_mini.table.primitives import PRIMITIVES, TABLE

MUL, DOT = PRIMITIVES["mul"], PRIMITIVES["dot"]
triple = ag.custom(lambda x: 3 * x, lambda _: 3.0, name="triple")


def test_an_instruction_is_its_row_the_number_of_its_operands_and_their_references():
    packing = Packing()
    packing.add(MUL, [0, 2.5])
    packing.add(DOT, [0, 1, 2, 2.5, 0.0])
    packing.add(MUL, [3, 3])
    code = packing.code()
    assert code.rows == (MUL, DOT)
    assert array("i", code.items).tolist() == [0, 2, 0, ~0, 1, 5, 0, 1, 2, ~0, ~1, 0, 2, 3, 3]
    assert array("d", code.constants).tolist() == [2.5, 0.0]
    assert [*code.instructions()] == [(MUL, [0, 2.5]), (DOT, [0, 1, 2, 2.5, 0.0]), (MUL, [3, 3])]


def test_constants_of_the_same_bits_share_a_place():
    """0.0 and -0.0 are two; so are two NaNs of other bits."""
    nans = struct.unpack("=2d", struct.pack("=2Q", 0x7FF8000000000000, 0x7FF8000000000001))
    packing = Packing()
    found = [packing.refer(x) for x in (0.0, -0.0, 0.0, *nans, nans[0])]
    assert found == [~0, ~1, ~0, ~2, ~3, ~2]
    assert packing.code().look_up([5, ~1]) == [5, 0.0]


def test_a_guard_has_one_of_four_comparisons():
    signs = ["<", "<=", ">", ">="]
    guards = [Guard(0, sign, 0, 1, True) for sign in signs]
    packed = pack_guards(guards, Packing())
    assert array("i", packed)[1::5].tolist() == [0, 1, 2, 3]
    assert list(COMPARISONS) == signs
    outcomes = [[compare(x, 1.0) for x in (0.0, 1.0, 2.0)] for compare in COMPARISONS.values()]
    assert outcomes == [[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]]


def test_guards_are_five_numbers_each():
    packing = Packing()
    guards = [Guard(0, "<", 0, 1.5, True), Guard(2, ">=", 1.5, 3, False)]
    packed = pack_guards(guards, packing)
    assert array("i", packed).tolist() == [0, 0, 0, ~0, 1, 2, 3, ~0, 3, 0]
    assert unpack_guards(packed, packing.code()) == tuple(guards)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_row_of_the_table_is_saved_by_its_name_and_a_digest(row):
    saved = save_row(row)
    assert (saved[0], len(saved[1])) == (row.name, 16)
    assert restore_row(saved) is row


def test_each_row_has_a_digest_of_its_own():
    assert len({save_row(row)[1] for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("row", [*CHOICES.values(), HELD, triple], ids=str)
def test_other_rows_are_saved_as_they_are(row):
    assert restore_row(save_row(row)) is row
    assert pickle.loads(pickle.dumps(row)) is row  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("saved", "found"),
    [(("mul", "0" * 16), "another 'mul'"), (("none", save_row(MUL)[1]), "'none', which is gone")],
)
def test_a_row_that_has_changed_is_refused(saved, found):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its words follow
        restore_row(saved)
    assert str(caught.value) == (
        f'Program: row of a pickle must be that of this version, got "{found}"; record it again'
    )


def test_a_digest_covers_the_rules_of_a_row(monkeypatch):
    row = PRIMITIVES["sigmoid"]
    saved = save_row(row)
    texts = {**row.texts, "value": row.texts["value"] + " + 0"}
    monkeypatch.setattr(row, "texts", texts, raising=False)
    with pytest.raises(ValueError, match=r"^Program: row of a pickle must be that of this version"):
        restore_row(saved)


def test_a_digest_covers_the_functions_that_a_rule_calls(monkeypatch):
    """A sigmoid is computed by a definition of its own, which may change."""
    names = ("sigmoid", "mul", "exp")
    saved = {name: save_row(PRIMITIVES[name]) for name in names}
    sigmoid = replace(ELEMENTARY["sigmoid"], definition="1 / (1 + exp(-x))")
    monkeypatch.setitem(ELEMENTARY, "sigmoid", sigmoid)
    with pytest.raises(ValueError, match=r"^Program: row of a pickle must be that of this version"):
        restore_row(saved["sigmoid"])
    assert [restore_row(saved[name]).name for name in names[1:]] == ["mul", "exp"]


def test_code_is_a_tuple_that_is_compared_by_its_numbers():
    one, other = Packing(), Packing()
    for packing in (one, other):
        packing.add(MUL, [0, 1.0])
    assert one.code() == other.code() == Code((MUL,), one.code().items, one.code().constants)
