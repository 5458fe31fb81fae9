"""Random functions over all rows, those of a user too, and the bits of what they return."""

import math
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.node import flat
from autograd_mini.programs.program import Instruction, function, look_up
from autograd_mini.table.primitives import TABLE, Primitive

CUBIC = ag.custom(
    lambda x, y: x * x * y if x < 50 else math.log(-x),
    lambda x, y: (2 * x * y, x * x),
    name="cubic",
)
DECAY = ag.primitive("x * exp(-y) + x", dx="exp(-y) + 1", dy="-x * exp(-y)", name="decay")
SWISH = ag.primitive(
    "x * sigmoid(x)", dx="sigmoid(x) * (1 + x * sigmoid(-x))", name="swish_of_programs"
)
ROWS: tuple[Primitive, ...] = (*TABLE, CUBIC, DECAY, SWISH)

SPECIAL = (
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 5e-324, 1e-310, 1e308, -1e308, 710.0, -745.0,
    math.inf, -math.inf, math.nan,
)  # fmt: skip
COMPARISONS: tuple[Callable[[Any, float], bool], ...] = (
    lambda x, y: x < y,
    lambda x, y: x <= y,
    lambda x, y: x > y,
    lambda x, y: x >= y,
)


def draw_number(rng: random.Random, wild: float) -> float:
    """Return a number, which is a special one with a probability."""
    return rng.choice(SPECIAL) if rng.random() < wild else rng.uniform(-3.0, 3.0)


def draw_function(
    rng: random.Random,
    inputs: int,
    parameters: Sequence[Value],
    *,
    rows: Sequence[Primitive] = ROWS,
    nodes: int = 8,
    branches: float = 0.0,
    wild: float = 0.0,
) -> Callable[..., Any]:
    """Return a function of some inputs that computes random rows, and has random branches.

    Args:
        rng: the source of randomness.
        inputs: the number of its arguments.
        parameters: Values that it uses.
        rows: the rows to choose from.
        nodes: the most operations.
        branches: the probability that there is a branch after an operation.
        wild: that of a special number among constants.
    """
    instructions: list[Instruction] = []
    count = leaves = inputs + len(parameters)

    def refer() -> int | float:
        if rng.random() < 0.15:
            return draw_number(rng, wild)
        return count - 1 - min(int(rng.expovariate(0.4)), count - 1)

    for _ in range(rng.randint(0, nodes)):
        row, length = rng.choice(rows), rng.randint(1, 12)
        operands = tuple(
            tuple(refer() for _ in range(length)) if o in row.value.sequences else refer()
            for o in row.operands
        )
        if any(isinstance(one, int) for one in flat(operands)):
            instructions.append(Instruction(row, operands))
            count += 1
    cuts = {
        place: (rng.randrange(place + 1), rng.choice(COMPARISONS), rng.uniform(-1.0, 1.0))
        for place in range(leaves, count)
        if rng.random() < branches
    }
    used = {one for step in instructions for one in flat(step.operands) if isinstance(one, int)}

    def compute(*given: Any) -> Any:
        found = [*given, *parameters]
        for instruction in instructions:
            operands = [look_up(one, found) for one in instruction.operands]
            found.append(function(instruction.primitive)(*operands))
            if cut := cuts.get(len(found) - 1):
                place, holds, limit = cut
                if holds(found[place], limit):
                    found[-1] = found[-1] * 0.5
        return ag.sum(
            [found[0], *(x for i, x in enumerate(found) if i >= leaves and i not in used)]
        )

    return compute


def bits(found: Any) -> Any:
    """Return what tells floats and Values in a structure from all others, NaNs being one."""
    if isinstance(found, list | tuple):
        return [bits(one) for one in found]
    number = found.data if isinstance(found, Value) else float(found)
    return "nan" if number != number else struct.pack("<d", number)


def sample_of(columns: Any, i: int, *, like: Any = None) -> Any:
    """Return the result for a sample from those that `map` returned, in tuples, or of some form."""
    if isinstance(like, list | tuple):
        return [
            sample_of(*pair, like=one)
            for *pair, one in zip(columns, [i] * len(like), like, strict=True)
        ]
    if isinstance(columns, tuple):
        return [sample_of(one, i) for one in columns]
    return columns[i]


def attempt(call: Callable[[], Any]) -> tuple[Any, ...]:
    """Return the bits of what a call returns, or the type, words and notes of its error."""
    try:
        return ("returned", bits(call()))
    except Exception as error:  # noqa: BLE001 - whatever it is, eager and compiled agree
        return (type(error).__name__, str(error), getattr(error, "__notes__", []))


def add_sums(terms: Iterator[Sequence[float]], width: int = 8) -> list[float]:
    """Return for each place the sum of the terms, as the definition of a site has it."""
    partial: list[list[float]] = []
    for j, row in enumerate(terms):
        for place, term in enumerate(row):
            if place == len(partial):
                partial.append([0.0] * width)
            partial[place][j % width] += term
    return [((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7])) for s in partial]
