"""Print the peak memory of a map over 10⁷ points, less its inputs and outputs."""

import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # the library of this checkout

import numpy as np

import autograd_mini as ag

POINTS, MEGABYTE, WANTED = 10_000_000, 1e6, 64


def peak():
    """Return the most bytes that this process has occupied, on Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def wave(x, y):
    return ag.sin(x) * y + ag.exp(-x * x)


def main():
    mapped = ag.compile(ag.value_and_grad(wave, argnums=(0, 1)))
    mapped.map(np.zeros(1_000), np.zeros(1_000))  # what the code itself needs
    x, y = (np.random.default_rng(0).random(POINTS) for _ in range(2))
    before = peak()  # the inputs are part of it
    value, (by_x, by_y) = mapped.map(x, y)
    more = peak() - before - value.nbytes - by_x.nbytes - by_y.nbytes
    print(f"{more / MEGABYTE:.1f} MB (wanted: at most {WANTED})")


if __name__ == "__main__":
    main()
