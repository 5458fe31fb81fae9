"""The curve of the losses: every epoch is in it, or the peaks of a long training."""

import math
import re

import pytest

from autograd_mini.training.curve import draw_curve

LEFT, RIGHT, TOP, BOTTOM = 76.0, 388.0, 24.0, 134.0


def points(losses):
    (found,) = re.findall('<polyline points="([^"]*)"', draw_curve(losses))
    return [tuple(map(float, point.split(","))) for point in found.split()]


def texts(losses):
    return re.findall("<text[^>]*>([^<]*)</text>", draw_curve(losses))


def test_the_curve_goes_through_each_epoch():
    assert points([4.0, 1.0, 2.5]) == [(LEFT, TOP), (232.0, BOTTOM), (RIGHT, 79.0)]
    assert texts([4.0, 1.0, 2.5]) == ["loss", "4", "1", "epoch 1", "3"]


def test_the_scale_is_logarithmic_if_the_losses_span_decades():
    assert points([1000.0, 10.0, 1.0])[1] == (232.0, pytest.approx(BOTTOM - 110 / 3, abs=0.1))
    assert texts([1000.0, 1.0])[0] == "loss, logarithmic"
    assert texts([100.0, 1.0])[0] == "loss"
    assert points([1000.0, 0.0, -1.0])[1][1] == pytest.approx(BOTTOM, abs=0.2)


@pytest.mark.parametrize(
    ("losses", "labels"),
    [
        ([0.5], ["loss", "0.5", "epoch 1"]),
        ([2.0, 2.0], ["loss", "2", "epoch 1", "2"]),
        ([1e308, -1e308], ["loss", "1e+308", "-1e+308", "epoch 1", "2"]),
        ([5e-324, 1e-320], ["loss, logarithmic", "1e-320", "4.941e-324", "epoch 1", "2"]),
        ([0.0, 5e-324], ["loss", "4.941e-324", "0", "epoch 1", "2"]),
        ([1.0, 1.0 + 2**-52], ["loss", "1", "1", "epoch 1", "2"]),
        ([1.0, math.nan, math.inf, 3.0], ["loss", "3", "1", "epoch 1", "4"]),
    ],
)
def test_every_history_has_a_curve_inside_its_bounds(losses, labels):
    assert texts(losses) == labels
    for x, y in points(losses):
        assert LEFT <= x <= RIGHT
        assert TOP <= y <= BOTTOM


@pytest.mark.parametrize("losses", [[], [math.nan]])
def test_where_there_is_no_loss_there_is_no_curve(losses):
    assert draw_curve(losses) == ""


def test_a_long_curve_is_short_text_with_all_peaks():
    losses = [1.0 + i % 7 / 10 for i in range(10_000)]
    losses[4321], losses[8765] = 9.0, 0.5
    drawn = points(losses)
    assert len(drawn) <= 302
    assert drawn[0][0] == LEFT
    assert drawn[-1][0] == RIGHT
    assert {min(y for _, y in drawn), max(y for _, y in drawn)} == {TOP, BOTTOM}
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)


def test_the_last_epoch_has_a_dot():
    """So a curve of a single epoch is seen."""
    for losses in ([0.5], [4.0, 1.0, 2.5]):
        ((x, y),) = re.findall('<circle cx="([^"]*)" cy="([^"]*)"', draw_curve(losses))
        assert (float(x), float(y)) == points(losses)[-1]


def test_the_validation_loss_is_a_thin_line_on_the_same_scale():
    picture = draw_curve([4.0, 1.0, 2.5], [7.0, 4.0, math.nan])
    thin, thick = re.findall('<polyline points="([^"]*)"[^>]* stroke-width="(.)"', picture)
    assert thin == (f"{LEFT},{TOP} 232.0,79.0", "1")
    assert thick == (f"{LEFT},79.0 232.0,{BOTTOM} {RIGHT},106.5", "2")
    assert ">loss (thin: validation)</text>" in picture
    assert picture.count("<circle") == 1  # at the end of the loss


def test_a_validation_that_was_never_measured_is_no_line():
    assert draw_curve([4.0, 1.0], [math.nan] * 2) == draw_curve([4.0, 1.0])
