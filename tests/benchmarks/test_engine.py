"""Timings, by ``pytest tests/benchmarks --benchmark-only``; nothing here asserts a speed."""

import gc
import sys

import pytest
from benchmarks.workloads import ENGINES, DotNetwork, ScalarNetwork, deep, wide

NODES = 10_000


@pytest.fixture(params=[True, False], ids=["gc", "no-gc"])
def collector(request):
    """The garbage collector, on or off for the test."""
    was_on = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield
    (gc.enable if was_on else gc.disable)()


@pytest.fixture(params=ENGINES)
def value_type(request, monkeypatch):
    """An engine's Value; micrograd recurses as deep as the graph."""
    if ENGINES[request.param] is None:
        pytest.skip(f"{request.param} is not installed")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield ENGINES[request.param]
    sys.setrecursionlimit(limit)


@pytest.mark.benchmark(group="wide graph")
def test_wide(benchmark, collector, value_type):
    benchmark(wide, value_type, NODES)


@pytest.mark.benchmark(group="deep graph")
def test_deep(benchmark, collector, value_type):
    benchmark(deep, value_type, NODES)


@pytest.mark.benchmark(group="network step")
def test_scalar_network(benchmark, collector, value_type):
    network = ScalarNetwork(value_type)
    first = network.step()
    benchmark(network.step)
    assert network.step() < first


@pytest.mark.benchmark(group="network step")
def test_dot_network(benchmark, collector):
    network = DotNetwork()
    first = network.step()
    benchmark(network.step)
    assert network.step() < first
