"""Which wrong gradients the checkers of each library find at their default settings."""

import pytest
from comparison.checkers import CHECKERS, CLAIMS
from comparison.frameworks import frameworks, need_all

need_all()
frameworks()

RIGHT, HALF_A_PER_MILLE, ZERO, FLIPPED = CLAIMS[0], CLAIMS[2], CLAIMS[3], CLAIMS[4]


@pytest.mark.parametrize("checker", CHECKERS.values(), ids=CHECKERS)
def test_every_checker_lets_the_right_gradient_pass_and_finds_a_flipped_one_of_size_1(checker):
    assert checker(*RIGHT[1:])
    assert not checker(*CLAIMS[1][1:])


@pytest.mark.parametrize(("wrong", "slope", "claimed"), CLAIMS[1:])
def test_ours_finds_every_wrong_gradient(wrong, slope, claimed):
    assert not CHECKERS["autograd_mini"](slope, claimed)


@pytest.mark.parametrize(("wrong", "slope", "claimed"), [HALF_A_PER_MILLE, ZERO, FLIPPED])
def test_gradcheck_of_pytorch_lets_these_pass(wrong, slope, claimed):
    assert CHECKERS["PyTorch"](slope, claimed)
