"""Metrics: what people want to know of predictions, beside the loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from autograd_mini.arguments import requirement

__all__ = ["Metric", "compute_accuracy", "compute_r2"]

Metric: TypeAlias = Callable[[list[Any], list[Any]], float]
"""A function of predictions and targets, as lists of numbers or of lists of numbers."""


def compute_accuracy(
    predictions: Sequence[Any], targets: Sequence[Any], *, threshold: float = 0.0
) -> float:
    """Return the share of the examples whose class is predicted.

    Args:
        predictions: for each example a number, or a row with a number for each class.
        targets: numbers, of which those above ½ are the second class; for rows the index of the
            class, or a row whose largest number is that of the class.
        threshold: the second class is predicted by a number above this.

    Raises:
        TypeError, ValueError: the shapes differ.

    >>> compute_accuracy([-1.5, 0.5, 2.0, 3.0], [0, 1, 1, 0])
    0.75
    >>> compute_accuracy([[0.5, 0.25], [0.25, 0.5]], [0, [0, 1]])
    1.0
    """
    hits = 0
    for prediction, target in zip(predictions, targets, strict=True):
        row, wanted = _unwrap(prediction), _unwrap(target)
        if isinstance(row, Sequence):
            if isinstance(wanted, Sequence):
                if len(wanted) != len(row):
                    rule = f"{len(row)}, a number for each class"
                    raise ValueError(
                        requirement("accuracy: length of a row of targets", rule, len(wanted))
                    )
                wanted = _find_greatest(wanted)
            hits += _find_greatest(row) == wanted
        elif isinstance(wanted, Sequence):
            raise TypeError(requirement("accuracy: target", "a number", wanted))
        else:
            hits += (row > threshold) == (wanted > 0.5)
    return hits / len(targets)


def compute_r2(predictions: Sequence[Any], targets: Sequence[Any]) -> float:
    """Return R² = 1 − Σ(t − p)² / Σ(t − mean t)² of predictions p and targets t.

    For rows it is the mean over their columns. Targets that are all equal give 1 if they are
    predicted exactly and 0 otherwise, as in scikit-learn.

    Raises:
        ValueError: the shapes differ.

    >>> compute_r2([1.0, 2.0, 4.0], [1.0, 2.0, 3.0])
    0.5
    """
    columns = [_split(predictions), _split(targets)]
    if len(columns[0]) != len(columns[1]):
        rule = f"{len(columns[0])} wide, as the predictions"
        raise ValueError(requirement("r2: targets", rule, list(targets)))
    scores = []
    for ps, ts in zip(*columns, strict=True):
        center = math.fsum(ts) / len(ts)
        residual = math.fsum((t - p) ** 2 for t, p in zip(ts, ps, strict=True))
        total = math.fsum((t - center) ** 2 for t in ts)
        scores.append(1 - residual / total if total else float(residual == 0))
    return math.fsum(scores) / len(scores)


def _unwrap(one: Any) -> Any:
    """Return the number in a row of a single number; anything else as it is."""
    return one[0] if isinstance(one, Sequence) and len(one) == 1 else one


def _find_greatest(row: Sequence[float]) -> int:
    """Return the index of the greatest number, the first of them."""
    return max(range(len(row)), key=row.__getitem__)


def _split(rows: Sequence[Any]) -> list[list[float]]:
    """Return the columns of rows; numbers are a single column."""
    lists = [list(row) if isinstance(row, Sequence) else [row] for row in rows]
    return [list(column) for column in zip(*lists, strict=True)]
