"""Fifty epochs from the same weights, here and with PyTorch: optimizers, schedules and losses."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import autograd_mini as ag
from autograd_mini import MLP, losses, optim

EPOCHS = 50
_rng = random.Random(7)
POINTS = [[_rng.uniform(-1, 1), _rng.uniform(-1, 1)] for _ in range(20)]
NUMBERS = [x * y - 0.3 * x for x, y in POINTS]
BITS = [float(x > y) for x, y in POINTS]
CLASSES = [int(x > 0) + int(y > 0) for x, y in POINTS]


class Case(NamedTuple):
    """A training, in both libraries.

    Args:
        ours: what makes our optimizer of parameters.
        theirs: the name of theirs, and its settings.
        schedule: what makes their schedule of their module and optimizer.
        loss: the name of the loss.
    """

    ours: Callable[[Any], optim.Optimizer]
    theirs: tuple[str, dict[str, Any]]
    schedule: Callable[[Any, Any], Any] | None = None
    loss: str = "mean_squared_error"


def _make(kind: type, **settings: Any) -> Case:
    return Case(lambda parameters: kind(parameters, 0.05, **settings), (kind.__name__, settings))


OPTIMIZERS: Mapping[str, Case] = {
    "SGD": _make(ag.SGD, weight_decay=0.1),
    "SGD, momentum": _make(ag.SGD, momentum=0.9),
    "SGD, Nesterov": _make(ag.SGD, momentum=0.9, nesterov=True, weight_decay=0.01),
    "RMSprop": _make(ag.RMSprop),
    "RMSprop, momentum": _make(ag.RMSprop, alpha=0.9, momentum=0.5, weight_decay=0.1),
    "RMSprop, centered": _make(ag.RMSprop, centered=True),
    "Adam": _make(ag.Adam),
    "Adam, decay": _make(ag.Adam, betas=(0.8, 0.9), weight_decay=0.1),
    "AdamW": _make(ag.AdamW),
}


def _follow(schedule: Any, theirs: Callable[[Any, Any], Any]) -> Case:
    return Case(lambda parameters: ag.Adam(parameters, schedule), ("Adam", {}), theirs)


def _warm_up(of: Any, optimizer: Any) -> Any:
    rising = of.LinearLR(optimizer, start_factor=0.2, total_iters=5)
    falling = of.CosineAnnealingLR(optimizer, T_max=45)
    return of.SequentialLR(optimizer, [rising, falling], milestones=[5])


SCHEDULES: Mapping[str, Case] = {
    "StepDecay": _follow(
        optim.StepDecay(0.05, 7, 0.5), lambda of, o: of.StepLR(o, step_size=7, gamma=0.5)
    ),
    "ExponentialDecay": _follow(
        optim.ExponentialDecay(0.05, 0.9), lambda of, o: of.ExponentialLR(o, gamma=0.9)
    ),
    "CosineDecay": _follow(
        optim.CosineDecay(0.05, EPOCHS, 0.001),
        lambda of, o: of.CosineAnnealingLR(o, T_max=EPOCHS, eta_min=0.001),
    ),
    "WarmUp": _follow(optim.WarmUp(optim.CosineDecay(0.05, 45), 5, 0.2), _warm_up),
    "a function": _follow(
        lambda epoch: 0.05 / (1 + epoch), lambda of, o: of.LambdaLR(o, lambda e: 1 / (1 + e))
    ),
}

LOSSES: Mapping[str, Case] = {
    name: OPTIMIZERS["Adam"]._replace(loss=name)
    for name in (
        "squared_error", "sum_of_squares", "mean_squared_error", "mean_absolute_error", "huber",
        "binary_cross_entropy", "cross_entropy",
    )
}  # fmt: skip

_TARGETS: Mapping[str, Any] = {"binary_cross_entropy": BITS, "cross_entropy": CLASSES}

_THEIR_LOSSES: Mapping[str, Callable[[Any], Callable[[Any, Any], Any]]] = {
    "squared_error": lambda f: lambda p, t: 0.5 * f.mse_loss(p, t, reduction="sum"),
    "sum_of_squares": lambda f: lambda p, t: f.mse_loss(p, t, reduction="sum"),
    "mean_squared_error": lambda f: f.mse_loss,
    "mean_absolute_error": lambda f: f.l1_loss,
    "huber": lambda f: f.huber_loss,
    "binary_cross_entropy": lambda f: f.binary_cross_entropy_with_logits,
    "cross_entropy": lambda f: f.cross_entropy,
}


def find_difference(case: Case) -> float:
    """Return the largest difference of a weight after the training, relative to 1 or the weight."""
    mine = train(case)
    other = train_theirs(case)
    return max(abs(a - b) / max(1.0, abs(b)) for a, b in zip(mine, other, strict=True))


def _make_model(loss: str) -> MLP:
    return MLP(2, [6, 3 if loss == "cross_entropy" else 1], activation="tanh", rng=3)


def train(case: Case) -> list[float]:
    """Return the weights after a training here."""
    model = _make_model(case.loss)
    targets = _TARGETS.get(case.loss, NUMBERS)
    options = {"loss": getattr(losses, case.loss), "optimizer": case.ours(model.parameters())}
    ag.fit(model, POINTS, targets, epochs=EPOCHS, **options)
    return [*model.state_dict().values()]


def train_theirs(case: Case) -> list[float]:
    """Return the weights after a training with PyTorch, in the same order."""
    import torch  # noqa: PLC0415 - optional

    model = _make_model(case.loss)
    leaves = [
        torch.tensor(p.data, dtype=torch.float64, requires_grad=True) for p in model.parameters()
    ]
    by_place = dict(zip(model.parameters(), leaves, strict=True))
    name, settings = case.theirs
    optimizer = getattr(torch.optim, name)(leaves, lr=0.05, **settings)
    schedule = case.schedule and case.schedule(torch.optim.lr_scheduler, optimizer)
    kind = torch.int64 if case.loss == "cross_entropy" else torch.float64
    targets = torch.tensor(_TARGETS.get(case.loss, NUMBERS), dtype=kind)
    compare = _THEIR_LOSSES[case.loss](torch.nn.functional)
    points = torch.tensor(POINTS, dtype=torch.float64)
    for _ in range(EPOCHS):
        signals = points
        for layer in model.layers:
            rows = [torch.stack([by_place[w] for w in neuron.weights]) for neuron in layer.neurons]
            biases = torch.stack([by_place[neuron.bias] for neuron in layer.neurons])
            signals = signals @ torch.stack(rows).T + biases
            signals = torch.tanh(signals) if layer is not model.layers[-1] else signals
        predictions = signals if case.loss == "cross_entropy" else signals[:, 0]
        optimizer.zero_grad()
        compare(predictions, targets).backward()
        optimizer.step()
        if schedule:
            schedule.step()
    return [leaf.item() for leaf in leaves]
