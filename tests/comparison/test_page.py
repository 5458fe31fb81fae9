"""The page says what the script writes: to the letter, but for the last digits of numbers."""

import math
import re

import pytest
from comparison.frameworks import need_all
from comparison.page import EVERY_DIGIT, PAGE, TIMES, page, versions

need_all()

UNITS = r"all|\d+(?:\.\d+)?(?:e\d+)?"
RULE = re.compile(r"-+:?")


def units(text):
    return 10 * EVERY_DIGIT if text == "all" else float(text)


def near(one, other):
    """Whether two errors are about the same: another machine has another C library."""
    a, b = sorted([units(one), units(other)])
    return b - a <= 2 or b <= 8 * a


def same(one, other):
    """Whether two cells say the same."""
    if one == other or (RULE.fullmatch(one) and RULE.fullmatch(other)):
        return True
    pair = [re.fullmatch(rf"({UNITS})(?: / ({UNITS}))?", cell) for cell in (one, other)]
    if all(pair):
        numbers = [match.groups() for match in pair]
        return all(a == b or (a and b and near(a, b)) for a, b in zip(*numbers, strict=True))
    lost = [re.fullmatch(rf"(\S+) \(({UNITS})\)", cell) for cell in (one, other)]
    if all(lost):
        (a, wrong_by), (b, other_by) = (match.groups() for match in lost)
        unit = math.ulp(max(abs(float(a)), abs(float(b))))
        off = abs(float(a) - float(b))
        return near(wrong_by, other_by) and off <= 2 * unit * max(units(wrong_by), units(other_by))
    return False


def cells(text):
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("0.4", "1.2", True),
        ("0.4", "3.3", False),
        ("2e8", "5e8", True),
        ("2e8", "2e9", False),
        ("all", "1e11", False),
        ("0.5 / 0.2", "0.9 / 0.3", True),
        ("0.5 / 0.2", "0.5", False),
        ("all / 0.2", "0.5 / 0.2", False),
        ("20.5 (4e5)", "20.5 (3e5)", True),
        ("20.5 (4e5)", "20.6 (4e5)", False),
        ("20.5 (4e5)", "0.3", False),
        ("0; 1", "0; 0", False),
        ("same", "0; 1", False),
        ("–", "0.5", False),
        ("----", "------", True),
    ],
)
def test_cells_are_the_same_to_about_their_errors(one, other, alike):
    assert same(one, other) == same(other, one) == alike


def test_the_page_is_what_the_script_writes():
    page_text = PAGE.read_text(encoding="utf-8")
    assert versions() in page_text, (
        f"the page is of other versions than {versions()}: run python tests/comparison/page.py, "
        "and read what has changed"
    )
    page_text, _, times = page_text.partition(f"\n{TIMES}\n")
    assert times  # they differ from run to run, so nothing is asserted of them
    written, made = cells(page_text), cells(page())
    assert len(written) == len(made)
    for one, other in zip(written, made, strict=True):
        assert len(one) == len(other)
        assert all(map(same, one, other)), (one, other)


def test_the_page_is_short():
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) < 252
