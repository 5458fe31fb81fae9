"""Timings, by ``pytest tests/benchmarks --benchmark-only``; nothing here asserts a speed."""

import gc
import math
import sys

import pytest
from benchmarks.workloads import ACTIONS, value_types

NODES = 10_000
SMALL_ENOUGH = ["step", "dot step", "gpt", "fused gpt"]
TYPES = value_types()


@pytest.fixture(params=[True, False], ids=["gc", "no-gc"])
def collector(request):
    """The garbage collector, on or off for the test."""
    was_on = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield
    (gc.enable if was_on else gc.disable)()


@pytest.fixture(params=["autograd_mini", "micrograd"])
def value_type(request, monkeypatch):
    """The Value of the engine that runs, or micrograd's, which recurses as deep as the graph."""
    if request.param not in TYPES:
        pytest.skip(f"{request.param} is not installed")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield TYPES[request.param]
    sys.setrecursionlimit(limit)


@pytest.mark.parametrize("work", ["wide", "deep"])
def test_graph(benchmark, collector, value_type, work):
    benchmark.group = f"{work} graph"
    benchmark(ACTIONS[work](value_type, NODES))


@pytest.mark.benchmark(group="forward")
@pytest.mark.parametrize("name", ["autograd_mini", "floats"])
def test_forward(benchmark, collector, name):
    benchmark(ACTIONS["forward"](TYPES[name]))


@pytest.mark.parametrize("work", SMALL_ENOUGH)
def test_training(benchmark, collector, work):
    """Training goes downhill: the losses of many steps end below where they began."""
    benchmark.group = work
    step = ACTIONS[work](TYPES["autograd_mini"])
    first = step()
    benchmark(step)
    last = min(step() for _ in range(10))
    assert math.isfinite(first)
    assert last < first
