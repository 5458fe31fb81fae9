"""The two engines side by side: random graphs, rows and update rules must have the same bits."""

import math
import random
from array import array

from autograd_mini.engines import value as reference
from autograd_mini.engines.native import core
from autograd_mini.engines.nonfinite import errstate
from autograd_mini.errors import AutogradError
from autograd_mini.table.primitives import TABLE

Native, Reference = core.Value, reference.Value
OPERATORS = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "neg": lambda x: -x,
    "abs": abs,
}


def apply(value_type, row, operands):
    """Return what an engine makes of operands, or the error's type and text."""
    try:
        return (OPERATORS.get(row.name) or getattr(value_type, row.name))(*operands)
    except AutogradError as error:
        return type(error).__name__, str(error)


def bits(number):
    """Return what tells a float from every other, NaNs being one."""
    return number if number is None else "nan" if number != number else number.hex()


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-300, -5e-324, 1e308, -1e308, 1e16, 709.8]
NONFINITE = [math.inf, -math.inf, math.nan]


class Pair:
    """A Value of each engine, made in the same way; or a number twice."""

    def __init__(self, native, of_reference):
        self.native, self.reference = native, of_reference


class Twins:
    """A random graph that grows in both engines at once."""

    def __init__(self, rng, *, strict, table=TABLE):
        self.rng, self.table = rng, table
        numbers = SPECIAL if strict else SPECIAL + NONFINITE
        self.draw = lambda: rng.choice(numbers) if rng.random() < 0.15 else rng.gauss(0, 2)
        self.leaves = [self.leaf() for _ in range(rng.randint(1, 4))]
        self.nodes = list(self.leaves)

    def leaf(self):
        number = self.draw()
        name = self.rng.choice([None, "w", "a long name: σ"])
        return Pair(Native(number, name=name), Reference(number, name=name))

    def operand(self):
        if self.rng.random() < 0.25:
            number = self.draw()
            return Pair(number, number)
        return self.rng.choice(self.nodes[-6:] if self.rng.random() < 0.7 else self.nodes)

    def grow(self):
        """Apply a row; return whether it made a node."""
        row = self.rng.choice(self.table)
        length = self.rng.randint(0, 5)
        given = [
            [self.operand() for _ in range(length)] if o in row.value.sequences else self.operand()
            for o in row.operands
        ]
        if row.name in OPERATORS and all(isinstance(o.native, float) for o in given):
            given[0] = self.rng.choice(self.nodes)
        native, of_reference = (
            apply(
                value_type,
                row,
                [
                    [getattr(one, side) for one in o] if isinstance(o, list) else getattr(o, side)
                    for o in given
                ],
            )
            for value_type, side in ((Native, "native"), (Reference, "reference"))
        )
        if not isinstance(of_reference, Reference):
            if isinstance(of_reference, float):  # there were only constants
                assert bits(native) == bits(of_reference), row
            else:
                assert native == of_reference
            return
        self.compare(native, of_reference)
        self.nodes.append(Pair(native, of_reference))

    def compare(self, native, of_reference):
        assert type(native) is Native
        assert native.op is of_reference.op
        assert bits(native.data) == bits(of_reference.data), repr(of_reference)
        assert [*map(bits, native.partials)] == [*map(bits, of_reference.partials)], of_reference
        kinds = [[isinstance(o, float) for o in v.operands] for v in (native, of_reference)]
        assert kinds[0] == kinds[1]

    def differentiate(self):
        root = self.rng.choice(self.nodes[-4:])
        seed = self.rng.choice([1.0, -0.75, 1e-200, 1e200, 0.0, self.draw()])
        errors = []
        for side in (root.native, root.reference):
            try:
                side.backward(seed=seed)
            except AutogradError as error:
                errors.append((type(error).__name__, str(error)))
        assert errors[:1] == errors[1:]
        for node in self.nodes:
            assert node.native.has_grad == node.reference.has_grad
            assert bits(node.native.grad) == bits(node.reference.grad), node.reference
            assert repr(node.native) == repr(node.reference)


def compare_random_graphs(count, start, table=TABLE):
    """Grow and differentiate that many graphs of these rows; return the rows met in them."""
    met = set()
    for seed in range(start, start + count):
        rng = random.Random(seed)
        strict = rng.random() < 0.5
        with errstate(nonfinite="raise" if strict else "ignore"):
            twins = Twins(rng, strict=strict, table=table)
            for _ in range(rng.randint(1, 20)):
                twins.grow()
            for _ in range(rng.randint(1, 3)):
                twins.differentiate()
        met |= {node.native.op for node in twins.nodes}
    return met


def compare_row(row):
    """Compare a row of the native engine with the table, at numbers of every size."""
    rng = random.Random(row.name)
    ways = [
        lambda: rng.gauss(0, 3),
        lambda: math.copysign(10 ** rng.uniform(-320, 308.2), rng.random() - 0.5),
        lambda: rng.choice(SPECIAL + NONFINITE),
        lambda: rng.randint(-20, 20) / 4,
    ]
    with errstate(nonfinite="ignore"):
        for _ in range(2_000):
            at = [rng.choice(ways)() for _ in row.operands]
            native = apply(Native, row, [Native(x) for x in at])
            out, partials = row.evaluate(*at)
            assert bits(native.data) == bits(out), at
            assert [*map(bits, native.partials)] == [*map(bits, partials)], at


def compare_update(update):
    """Compare an update rule of the native engine with the reference."""
    rng = random.Random(0)
    for length in (0, 1, 100):
        arrays = [array("d", [abs(rng.gauss(0, 1)) for _ in range(length)]) for _ in update.arrays]
        numbers = [rng.uniform(0.1, 1) for _ in update.numbers]
        native, python = getattr(core, update.name), update
        assert [*map(float.hex, native(*arrays, *numbers))] == [
            *map(float.hex, python(*arrays, *numbers))
        ]
