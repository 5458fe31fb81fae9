"""A path: what depends on inputs, where derivatives go, in the order of the eager engine."""

from autograd_mini.engines.choices import CHOICES, HELD
from autograd_mini.programs.code import Packing
from autograd_mini.programs.paths import Path, is_edge, walk
from autograd_mini.table.primitives import PRIMITIVES

ADD, MUL, SIN = (PRIMITIVES[name] for name in ("add", "mul", "sin"))
LESS = CHOICES["<"]


def make_path(*steps, inputs, leaves, outputs=(), roots=(), wrt=(), sums=False):
    packing = Packing()
    for row, *operands in steps:
        packing.add(row, operands)
    places = list(range(leaves))
    return Path(packing.code(), (), inputs, leaves, places, outputs, roots, wrt, sums)


def test_what_depends_on_parameters_alone_is_uniform():
    """Input 0, parameter 1: 2 = sin(1), 3 = 0 · 2, 4 = 2 + 3."""
    steps = [(SIN, 1), (MUL, 0, 2), (ADD, 2, 3)]
    path = make_path(*steps, inputs=1, leaves=2, roots=[4], sums=True)
    assert path.varies == [True, False, False, True, True]
    assert path.needed == [False, True, True, True, True]
    assert path.sweeps == [[4, 3, 2]]
    # 2 is met as an operand of the sum, and of the product; then the sum goes on to 1.
    assert path.sites == [2, 2]
    assert (path.is_site(2), path.is_site(3), path.is_site(1.5)) == (True, False, False)
    assert [[*path.edges(node)] for node in (2, 3, 4)] == [[(0, 1)], [(1, 2)], [(0, 2), (1, 3)]]


def test_a_root_that_is_uniform_is_a_site():
    path = make_path((SIN, 1), inputs=1, leaves=2, roots=[2], sums=True)
    assert path.sites == [2]


def test_derivatives_by_inputs_have_no_sites():
    path = make_path((SIN, 1), (MUL, 0, 2), inputs=1, leaves=2, roots=[3], wrt=[0])
    assert (path.needed, path.sites) == ([True, False, False, True], [])


def test_the_walk_is_depth_first_by_operands_in_order():
    """2 = sin(0), 3 = sin(1), 4 = 3 · 2, 5 = 2 + 4."""
    instructions = [(SIN, [0]), (SIN, [1]), (MUL, [3, 2]), (ADD, [2, 4])]
    assert walk(instructions, 2, 5) == [2, 3, 4, 5]
    assert walk(instructions, 2, 4) == [3, 2, 4]
    assert walk(instructions, 2, 1) == walk(instructions, 2, 0.5) == []


def test_a_long_walk_does_not_recurse():
    assert len(walk([(SIN, [i]) for i in range(50_000)], 1, 50_000)) == 50_000


def test_what_decides_a_choice_is_no_edge():
    assert [is_edge(LESS, i) for i in range(4)] == [False, False, True, True]
    assert not is_edge(HELD, 0)
    assert is_edge(MUL, 0)
    instructions = [(SIN, [0]), (SIN, [1]), (LESS, [2, 0.0, 3, 1.0]), (HELD, [4])]
    assert walk(instructions, 2, 4) == [3, 4]
    assert walk(instructions, 2, 5) == [5]
    steps = [(row, *operands) for row, operands in instructions]
    path = make_path(*steps, inputs=2, leaves=2, roots=[5], wrt=[0, 1])
    assert path.varies == [True] * 6
    assert path.needed == [True, True, True, True, True, False]
    assert [[*path.edges(node)] for node in (3, 4, 5)] == [[(0, 1)], [(2, 3)], []]
