"""Losses and optimizers by name."""

import random
from typing import get_args

import pytest

from autograd_mini import SGD, Adam, AdamW, RMSprop, Value, fit, losses
from autograd_mini.nn import MLP
from autograd_mini.training.names import LOSSES, OPTIMIZERS, LossName, OptimizerName, find_loss


def test_the_names_are_those_that_types_have():
    assert set(get_args(LossName)) == set(LOSSES)
    assert set(get_args(OptimizerName)) == set(OPTIMIZERS)


def test_every_loss_of_the_library_has_its_name():
    assert {LOSSES[name] for name in losses.__all__ if name != "Loss"} == set(LOSSES.values())
    assert (LOSSES["mse"], LOSSES["mae"]) == (
        losses.mean_squared_error,
        losses.mean_absolute_error,
    )
    assert find_loss(max) is max


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("sgd", lambda parameters: SGD(parameters, lr=0.01)),
        ("rmsprop", RMSprop),
        ("adam", Adam),
        ("adamw", AdamW),
    ],
)
def test_a_name_is_the_optimizer_with_its_defaults(name, make):
    assert repr(OPTIMIZERS[name]([Value(1.0)])) == repr(make([Value(1.0)]))


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "hinge"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("compiled", [False, True])
def test_a_training_by_names_is_that_of_their_objects(loss, optimizer, compiled):
    inputs, targets = [[0.0, 1.0], [1.0, -0.5], [0.5, 0.5]], [1, -1, 1]
    found = []
    for named in (True, False):
        model = MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
        history = fit(
            model,
            inputs,
            targets,
            loss=loss if named else LOSSES[loss],
            optimizer=optimizer if named else OPTIMIZERS[optimizer](model.parameters()),
            epochs=4,
            compiled=compiled,
        )
        found.append((history.history, model.state_dict()))
    assert found[0] == found[1]
    assert found[0][0]["loss"][-1] < found[0][0]["loss"][0]
