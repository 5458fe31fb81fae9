"""The results of a gradient check: a comparison for each argument, seed and method."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograd_mini.engines.display import Table

__all__ = ["Comparison", "GradientReport"]


@dataclass(frozen=True, repr=False)
class Comparison:
    """A gradient beside the number that a method gives for it.

    Attributes:
        argument: the name of the argument, such as ``argument 0 ('x')``.
        at: its number.
        seed: the gradient that ``backward`` started with; 1 if the derivative was supplied.
        method: the method that gave ``numeric``.
        analytic: the gradient that was checked.
        numeric: seed times the derivative by the method; on a kink, the nearest possible slope.
        absolute: the scale of the gradient: the sum of its terms if none of them cancelled.
        allowed: the difference that is allowed.
        kink: whether the argument is on a kink of the function.
        order: the order of the derivative: from 2 on, it is the gradient of a sum of those of the
            order before, each times a random weight.
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
    order: int = 1

    @property
    def label(self) -> str:
        """The name of the argument; from order 2 on, after the order."""
        return self.argument if self.order == 1 else f"order {self.order}, {self.argument}"

    @property
    def difference(self) -> float:
        """The distance of the gradient from the number of the method."""
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
            f"{self.label} = {self.at!r}: {self.analytic!r} against {self.numeric!r} by "
            f"{self.method}, seed {self.seed!r}, error {self.error:.2g}"
        )

    def __repr__(self) -> str:
        return f"<Comparison: {self}>"


@dataclass(frozen=True, repr=False)
class GradientReport:
    """All comparisons of a check that found no error; it prints the comparisons of the first seed.

    Attributes:
        function: the name of the function.
        comparisons: by orders of derivatives, then in the order of the arguments.
    """

    function: str
    comparisons: tuple[Comparison, ...]

    @property
    def worst(self) -> Comparison:
        """The comparison with the greatest error, each gradient by its most accurate method."""
        best: dict[tuple[str, float], Comparison] = {}
        for found in sorted(self.comparisons, key=lambda found: found.error):
            best.setdefault((found.label, found.seed), found)
        return max(best.values(), key=lambda found: found.error)

    @property
    def kinks(self) -> tuple[str, ...]:
        """The arguments that are on a kink of the function."""
        return tuple(dict.fromkeys(found.argument for found in self.comparisons if found.kink))

    def __str__(self) -> str:
        return "\n".join([self._headline(), *(f"  {found}" for found in self._of_first_seed())])

    def __repr__(self) -> str:
        return f"<GradientReport of {self._headline()}>"

    def _repr_html_(self) -> str:
        """Return the comparisons of the first seed as a table, for a notebook."""
        header = ("argument", "value", "gradient", "method", "by the method", "error")
        rows = [
            (one.label, one.at, one.analytic, one.method, one.numeric, f"{one.error:.2g}")
            for one in self._of_first_seed()
        ]
        title = f"{self._headline()}; these are for the seed {self.comparisons[0].seed:.6g}"
        return Table(header, rows, title=title)._repr_html_()

    def _headline(self) -> str:
        worst = self.worst
        return (
            f"{self.function}: {len(self.comparisons)} comparisons, worst error {worst.error:.2g} "
            f"of the absolute gradient, for {worst.label}"
        )

    def _of_first_seed(self) -> list[Comparison]:
        return [found for found in self.comparisons if found.seed == self.comparisons[0].seed]
