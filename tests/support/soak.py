"""How long the soak tests are: as in CI, or as many times longer as AUTOGRAD_MINI_SOAK says."""

import os

import pytest

TIMES = int(os.environ.get("AUTOGRAD_MINI_SOAK", "1"))


def soaking(count):
    """Return a parameter of a test that only a soak has, that number times as much."""
    return pytest.param(count * TIMES, marks=pytest.mark.soak)
