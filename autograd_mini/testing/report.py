"""What a gradient check found: comparisons, one for each argument, seed and method."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Comparison", "GradientReport"]


@dataclass(frozen=True)
class Comparison:
    """A gradient beside what it should be by one method.

    Attributes:
        argument: what the argument is called, such as ``argument 0 ('x')``.
        at: its number.
        seed: what ``backward`` started from; 1 where the derivative was supplied.
        method: how ``numeric`` was found.
        analytic: the gradient that was checked.
        numeric: seed times the derivative by the method; on a kink, the nearest possible slope.
        absolute: the scale of the gradient: what its terms add up to without cancelling.
        allowed: the difference that is allowed.
        kink: whether the argument is on a kink of the function.
    """

    argument: str
    at: float
    seed: float
    method: str
    analytic: float
    numeric: float
    absolute: float
    allowed: float
    kink: bool = False

    @property
    def difference(self) -> float:
        """How far the gradient is from what it should be."""
        return abs(self.analytic - self.numeric)

    @property
    def error(self) -> float:
        """The difference in units of the absolute gradient."""
        if self.difference == 0:
            return 0.0
        return self.difference / self.absolute if self.absolute else math.inf

    @property
    def agrees(self) -> bool:
        """Whether the difference is allowed."""
        return self.difference <= self.allowed

    def __str__(self) -> str:
        return (
            f"{self.argument} = {self.at!r}: {self.analytic!r} against {self.numeric!r} by "
            f"{self.method}, seed {self.seed!r}, error {self.error:.2g}"
        )


@dataclass(frozen=True)
class GradientReport:
    """All comparisons of a check that found nothing wrong; prints those for the first seed.

    Attributes:
        function: what the function is called.
        comparisons: in the order of the arguments.
    """

    function: str
    comparisons: tuple[Comparison, ...]

    @property
    def worst(self) -> Comparison:
        """The comparison with the greatest error, each gradient by its most accurate method."""
        best: dict[tuple[str, float], Comparison] = {}
        for one in sorted(self.comparisons, key=lambda one: one.error):
            best.setdefault((one.argument, one.seed), one)
        return max(best.values(), key=lambda one: one.error)

    @property
    def kinks(self) -> tuple[str, ...]:
        """The arguments that are on a kink of the function."""
        return tuple(dict.fromkeys(one.argument for one in self.comparisons if one.kink))

    def __str__(self) -> str:
        worst = self.worst
        lines = [
            f"{self.function}: {len(self.comparisons)} comparisons, worst error {worst.error:.2g} "
            f"of the absolute gradient, for {worst.argument}"
        ]
        lines += [f"  {one}" for one in self.comparisons if one.seed == self.comparisons[0].seed]
        return "\n".join(lines)
