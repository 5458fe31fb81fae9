"""`Snapshot`: what an optimizer can go back to."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from autograd_mini.engines.display import write_count

__all__ = ["Snapshot", "State"]


class State(NamedTuple):
    """What an optimizer remembers from step to step; a step replaces it and never changes it."""

    steps: int
    moments: tuple[array[float], ...]


class Snapshot(NamedTuple):
    """The weights at one moment, and the state of their optimizer then."""

    weights: array[float]
    state: State

    def __repr__(self) -> str:
        count, steps = len(self.weights), self.state.steps
        some = ", ".join([f"{weight:.6g}" for weight in self.weights[:3]] + ["…"] * (count > 3))
        weights, after = write_count(count, "weight"), write_count(steps, "step")
        return f"<Snapshot: {weights} after {after}: {some}>"
