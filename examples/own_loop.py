"""A training loop of one's own, as a user of PyTorch writes it: AdamW, a schedule, state_dict.

Two moons of 50 points each, told apart by a network that drops a tenth of its hidden signals while
it trains. In the middle everything is written to JSON and read into a new network and a new
optimizer, which go on to the very same weights.

Run it with ``python examples/own_loop.py``.
"""

from __future__ import annotations

import json
import math
import random
from typing import Any

import autograd_mini as ag
from autograd_mini import losses
from autograd_mini.nn import Dropout, Layer, Module, Neuron
from autograd_mini.optim import CosineDecay, WarmUp, clip_gradients

EPOCHS, BATCH = 30, 10
SCHEDULE = WarmUp(CosineDecay(0.02, EPOCHS - 5), epochs=5)


def make_moons(rng: random.Random) -> list[tuple[list[float], float]]:
    """Return the points of two half circles with noise, each with 0 or 1 for its moon."""
    points = []
    for _ in range(50):
        angle = math.pi * rng.random()
        x, y = math.cos(angle), math.sin(angle)
        for moon, point in enumerate([(x, y), (1 - x, 0.5 - y)]):
            points.append(([coordinate + rng.gauss(0, 0.1) for coordinate in point], float(moon)))
    return points


class Network(Module):
    """Two hidden layers, of which each output is dropped with a chance of a tenth."""

    def __init__(self, seed: int) -> None:
        self.first, self.second = Layer(2, 16, rng=seed), Layer(16, 16, rng=seed + 1)
        self.dropout = Dropout(0.1, rng=seed)
        self.output = Neuron(16, activation="linear", rng=seed + 2)

    def __call__(self, x: list[float]) -> ag.Value:
        """Return the logit of the second moon."""
        signals: Any = self.dropout(self.first(x))
        signals = self.dropout(self.second(signals))
        return self.output(signals)


def train(model: Network, optimizer: ag.AdamW, epochs: range) -> None:
    """Train for some epochs."""
    points = make_moons(random.Random(0))
    model.train()
    for optimizer.epoch in epochs:  # which sets the rate that the schedule has for it
        total = 0.0
        for at in range(0, len(points), BATCH):
            batch = points[at : at + BATCH]
            logits = [model(x) for x, _ in batch]
            loss = losses.binary_cross_entropy(logits, [target for _, target in batch])
            optimizer.zero_grad()
            loss.backward()
            clip_gradients(optimizer.parameters, 1.0)
            optimizer.step()
            total += loss.data * len(batch) / len(points)
        if optimizer.epoch % 5 == 4:
            print(f"epoch {optimizer.epoch + 1:2}  lr {optimizer.lr:.5f}  loss {total:.4f}")


def main() -> None:
    """Train, save in the middle, go on with what was saved, and count what is right."""
    model = Network(seed=1)
    optimizer = ag.AdamW(model.parameters(), SCHEDULE)
    train(model, optimizer, range(15))
    saved = json.dumps([model.state_dict(), optimizer.state_dict()])
    drops = model.dropout.rng.getstate() if model.dropout.rng else None
    train(model, optimizer, range(15, EPOCHS))

    print("\nonce more from what was saved:")
    again = Network(seed=7)
    other = ag.AdamW(again.parameters(), SCHEDULE)
    weights, state = json.loads(saved)
    again.load_state_dict(weights)
    other.load_state_dict(state)
    if again.dropout.rng and drops:
        again.dropout.rng.setstate(drops)
    train(again, other, range(other.epoch + 1, EPOCHS))
    print(f"the same weights: {again.state_dict() == model.state_dict()}")

    fresh = make_moons(random.Random(1))
    logits = model.predict([x for x, _ in fresh])
    right = sum((z > 0) == bool(moon) for z, (_, moon) in zip(logits, fresh, strict=True))
    print(f"right on new points: {right} of {len(fresh)}")


if __name__ == "__main__":
    main()
