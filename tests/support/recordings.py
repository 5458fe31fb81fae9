"""Recordings in the flat format, what they compute by definition, and the runs of a `Replay`.

A `Branching` is a random function with branches, which depends on its inputs and on parameters. It
is traced for a point, as a recording of a function is, and gives the recording of the path of this
point.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from autograd_mini.engines.node import flat
from autograd_mini.programs.program import function
from autograd_mini.table.primitives import TABLE, Primitive

COMPARISONS = (
    ("lt", lambda x, y: x < y),
    ("le", lambda x, y: x <= y),
    ("gt", lambda x, y: x > y),
    ("ge", lambda x, y: x >= y),
    ("eq", lambda x, y: x == y),
    ("ne", lambda x, y: x != y),
)


class Choice:
    """A row that chooses: ``x if a < b else y``, by one of the six comparisons."""

    nary = False
    operands = ("a", "b", "x", "y")

    def __init__(self, comparison: int) -> None:
        name, self.compare = COMPARISONS[comparison]
        self.name = f"choice_{name}"

    def evaluate(self, a: float, b: float, x: float, y: float) -> tuple[float, tuple[float, ...]]:
        chosen = self.compare(a, b)
        return (x if chosen else y), (0.0, 0.0, float(chosen), float(not chosen))


CHOICES = [Choice(i) for i in range(6)]


class Instruction(NamedTuple):
    """An instruction: a row, and refs; a negative ref is that of a constant."""

    row: Any
    refs: tuple[int, ...]

    @property
    def edges(self) -> Sequence[int]:
        return range(2 if isinstance(self.row, Choice) else 0, len(self.refs))

    def parts(self, numbers: Sequence[Any]) -> Sequence[Any]:
        return numbers if isinstance(self.row, Choice) else self.row.arrange(numbers)


class Recording:
    """The recording of one path."""

    def __init__(self, inputs: int, parameters: int) -> None:
        self.inputs, self.leaves = inputs, inputs + parameters
        self.instructions: list[Instruction] = []
        self.constants: list[float] = []
        self.guards: list[tuple[int, int, int, int, int]] = []
        self.outputs: list[int] = []

    @property
    def key(self) -> object:
        numbers = array("d", self.constants).tobytes()
        return repr((self.instructions, self.guards, self.outputs)), numbers

    def constant(self, number: float) -> int:
        self.constants.append(number)
        return ~(len(self.constants) - 1)

    def add_to(self, replay: Any, roots: Sequence[int] = (), wrt: Sequence[int] = ()) -> None:
        """Add it to a `Replay`; its inputs and parameters are in order."""
        rows = list(dict.fromkeys(i.row for i in self.instructions))
        code = array("i")
        for row, refs in self.instructions:
            code.extend([rows.index(row), len(refs), *refs])
        guards = array("i", flat(self.guards))
        places = [*range(self.inputs), *range(self.leaves - self.inputs)]
        replay.add(
            tuple(rows), code, array("d", self.constants), guards, self.inputs, self.leaves, places,
            list(self.outputs), list(roots), list(wrt),
        )  # fmt: skip

    def compute(self, leaves: Sequence[float]) -> Computation:
        return Computation(self, leaves)

    def eager(self, leaves: Sequence[Any]) -> list[Any]:
        """Return the Values that the engine makes; there may be no choices."""
        nodes = list(leaves)
        for instruction in self.instructions:
            parts = instruction.parts([self.look_up(ref, nodes) for ref in instruction.refs])
            nodes.append(function(instruction.row)(*parts))
        return nodes

    def look_up(self, ref: int, nodes: Sequence[Any]) -> Any:
        return self.constants[~ref] if ref < 0 else nodes[ref]

    def walk(self, root: int) -> list[int]:
        """Return the instructions behind a root, as numbers of nodes, operands first."""
        order: list[int] = []
        if root < self.leaves:
            return order
        seen, stack = {root}, [(root, self._operands(root))]
        while stack:
            node, operands = stack[-1]
            for ref in operands:
                if ref >= self.leaves and ref not in seen:
                    seen.add(ref)
                    stack.append((ref, self._operands(ref)))
                    break
            else:
                order.append(node)
                stack.pop()
        return order

    def _operands(self, node: int) -> Iterator[int]:
        instruction = self.instructions[node - self.leaves]
        return iter([instruction.refs[i] for i in instruction.edges])

    def varying(self) -> list[bool]:
        """Return for each node whether it depends on an input."""
        found = [i < self.inputs for i in range(self.leaves)]
        for _, refs in self.instructions:
            found.append(any(ref >= 0 and found[ref] for ref in refs))
        return found


class Computation:
    """What a recording computes for one sample, by definition."""

    def __init__(self, recording: Recording, leaves: Sequence[float]) -> None:
        self.recording = recording
        self.numbers = list(leaves)
        self.partials: list[list[float]] = []
        self.is_flagged = False
        self.differs: int | None = None
        guard = 0
        for place in range(len(recording.instructions) + 1):
            while guard < len(recording.guards) and recording.guards[guard][0] == place:
                _, comparison, x, y, outcome = recording.guards[guard]
                if COMPARISONS[comparison][1](self.at(x), self.at(y)) != bool(outcome):
                    self.differs = guard
                    return
                guard += 1
            if place < len(recording.instructions):
                self._compute(recording.instructions[place])

    def at(self, ref: int) -> float:
        return self.recording.look_up(ref, self.numbers)

    def _compute(self, instruction: Instruction) -> None:
        operands = [self.at(ref) for ref in instruction.refs]
        number, partials = instruction.row.evaluate(*instruction.parts(operands))
        if all(map(math.isfinite, operands)) and not math.isfinite(number):
            self.is_flagged = True
        self.numbers.append(number)
        self.partials.append(list(flat(partials)))

    def gradients(self, root: int, wrt: Sequence[int]) -> list[float]:
        adjoints = [0.0] * len(self.numbers)
        if root >= 0:
            adjoints[root] = 0.0 + 1.0
        for node in reversed(self.recording.walk(root)):
            self._spread(node, adjoints)
        return [adjoints[i] for i in wrt]

    def _spread(self, node: int, adjoints: list[float]) -> None:
        instruction = self.recording.instructions[node - self.recording.leaves]
        partials = self.partials[node - self.recording.leaves]
        for i in instruction.edges:
            if instruction.refs[i] >= 0:
                adjoints[instruction.refs[i]] += adjoints[node] * partials[i]


def sums_of(
    recording: Recording, computations: Sequence[Computation], seeds: Sequence[float], root: int
) -> list[float]:
    """Return the adjoints of the parameters, summed over samples of a path, by definition."""
    if not computations:
        return [0.0] * (recording.leaves - recording.inputs)
    varying = recording.varying()
    order = list(reversed(recording.walk(root)))
    sites: dict[tuple[int, int], list[float]] = {}
    for j, (computation, seed) in enumerate(zip(computations, seeds, strict=True)):
        adjoints = [0.0] * len(computation.numbers)
        if root >= 0 and not varying[root]:
            sites.setdefault((-1, root), [0.0] * 8)[j % 8] += 0.0 + seed
        if root < 0 or not varying[root]:
            continue
        adjoints[root] = 0.0 + seed
        for node in order:
            if not varying[node]:
                continue
            instruction = recording.instructions[node - recording.leaves]
            partials = computation.partials[node - recording.leaves]
            for i in instruction.edges:
                ref = instruction.refs[i]
                product = adjoints[node] * partials[i]
                if ref >= 0 and varying[ref]:
                    adjoints[ref] += product
                elif ref >= 0:
                    sites.setdefault((node, i), [0.0] * 8)[j % 8] += product
    totals = [0.0] * len(computations[0].numbers)
    for (node, i), t in sites.items():
        uniform = i if node < 0 else recording.instructions[node - recording.leaves].refs[i]
        totals[uniform] += ((t[0] + t[4]) + (t[2] + t[6])) + ((t[1] + t[5]) + (t[3] + t[7]))
    for node in order:
        if not varying[node]:
            computations[0]._spread(node, totals)
    return totals[recording.inputs : recording.leaves]


class Branching:
    """A random function with branches.

    Args:
        seed: the function.
        inputs, parameters: how many there are.
        steps: the number of instructions.
        branches: the number of comparisons.
        rows: the rows of the instructions.
    """

    def __init__(
        self,
        seed: object,
        *,
        inputs: int = 3,
        parameters: int = 2,
        steps: int = 20,
        branches: int = 0,
        rows: Sequence[Any] = (*TABLE, *CHOICES),
    ) -> None:
        self.seed, self.inputs, self.parameters = seed, inputs, parameters
        self.steps, self.branches, self.rows = steps, branches, rows

    def trace(self, leaves: Sequence[float]) -> Recording:
        """Return the recording of the path of a point."""
        recording = Recording(self.inputs, self.parameters)
        numbers = list(leaves)
        rng = random.Random(f"{self.seed}")
        places = sorted(rng.randrange(self.steps + 1) for _ in range(self.branches))

        def pick() -> int:
            if rng.random() < 0.15:
                return recording.constant(rng.choice((2.0, 0.5, -1.0, 3.0, 0.0, -0.75)))
            latest = len(numbers) - 1
            return latest - min(int(rng.expovariate(0.2)), latest)

        def number(ref: int) -> float:
            return recording.look_up(ref, numbers)

        for place in range(self.steps + 1):
            while places and places[0] == place:
                places.pop(0)
                comparison, x, y = rng.randrange(4), pick(), pick()
                if max(x, y) < 0:
                    x = 0
                outcome = int(COMPARISONS[comparison][1](number(x), number(y)))
                recording.guards.append((place, comparison, x, y, outcome))
                rng = random.Random(f"{self.seed} {place} {len(places)} {outcome} {rng.random()}")
            if place == self.steps:
                break
            row = rng.choice(self.rows)
            length = rng.choice((0, 1, 2, 3, 4, 5, 9))
            refs = [pick() for name in row.operands for _ in range(_length(row, name, length))]
            if all(ref < 0 for ref in refs):
                refs = [len(numbers) - 1] * len(refs)
            if not refs:
                row, refs = TABLE[0], [0, 0]
            instruction = Instruction(row, tuple(refs))
            recording.instructions.append(instruction)
            parts = instruction.parts([number(ref) for ref in refs])
            numbers.append(row.evaluate(*parts)[0])
        recording.outputs = [len(numbers) - 1, pick(), 0]
        return recording


def _length(row: Primitive, name: str, length: int) -> int:
    return length if row.nary and name in row.value.sequences else 1


def bits(numbers: Sequence[float]) -> list[object]:
    """Return the bits of numbers; all NaNs are alike."""
    return ["nan" if x != x else array("d", [x]).tobytes() for x in numbers]
