"""Each row of the table against the frameworks, and all of them against the true numbers (P2)."""

import math

import pytest
from comparison.frameworks import frameworks, need_all, ours
from comparison.losses import LOSSES, OURS, THEIRS, lost
from comparison.samples import ELEMENTARY, errors, sample, samples

from autograd_mini.table.primitives import PRIMITIVES

need_all()


@pytest.mark.parametrize("row", ELEMENTARY, ids=str)
def test_our_value_and_slopes_are_within_units_in_the_last_place(row):
    assert len(samples(row.name)) > 100
    for one in samples(row.name):
        for error in errors(ours(), row, one):
            assert error.ulps <= OURS, error


@pytest.mark.parametrize(
    ("framework", "row"),
    [(theirs, row) for theirs in frameworks() for row in ELEMENTARY if row.name in theirs.rows],
    ids=str,
)
def test_theirs_are_within_some_more_but_for_the_named_losses(framework, row):
    shown = [sample(row, at) for loss in LOSSES if loss.row == row.name for at in loss.shown]
    for one in samples(row.name) + shown:
        for error in errors(framework, row, one):
            if error.ulps > THEIRS:
                allowed = lost(framework.name, row.name, error.of, float(error.true), one.at)
                wrong_by = abs(error.computed - error.true)  # NaN where both are infinite
                assert allowed == math.inf or wrong_by <= allowed, error


@pytest.mark.parametrize(
    ("framework", "row", "of", "at"),
    [
        (theirs, PRIMITIVES[loss.row], loss.of, at)
        for theirs in frameworks()
        for loss in LOSSES
        for at in loss.shown
        if theirs.name in loss.frameworks
    ],
    ids=str,
)
def test_a_named_loss_is_met_at_its_points_and_is_not_ours(framework, row, of, at):
    """A loss that a newer version no longer has must go from the table."""
    one = sample(row, at)
    (theirs,) = (error for error in errors(framework, row, one) if error.of == of)
    (mine,) = (error for error in errors(ours(), row, one) if error.of == of)
    assert theirs.ulps > THEIRS
    assert mine.ulps <= OURS


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: f"{loss.row}-{loss.of}")
def test_jax_gives_the_same_when_compiled(loss):
    jax = pytest.importorskip("jax")
    (eager,) = (one for one in frameworks() if one.name == "JAX")
    f = eager.rows[loss.row]
    for at in loss.shown:
        compiled = jax.jit(jax.value_and_grad(f, argnums=tuple(range(len(at)))))
        value, slopes = compiled(*at)
        assert (float(value), list(map(float, slopes))) == eager.differentiate(f, at)
