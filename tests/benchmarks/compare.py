"""Compare engines in one run, in turns: ``python tests/benchmarks/compare.py``.

Each row is a median over the rounds; the ratio is the median of the ratios round by round, which
holds when the machine's speed drifts. micrograd is compared if it is installed.
"""

import gc
import statistics
import sys
import threading
import time
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.workloads import ENGINES, DotNetwork, ScalarNetwork, deep, wide

from autograd_mini import Value
from autograd_mini.tables import table

ROUNDS = 15


def timed(action):
    gc.collect()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def compared(actions, rounds=ROUNDS):
    """Return the seconds of each action in each round, taking turns."""
    seconds = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            seconds[name].append(timed(action))
    return seconds


def rows(what, seconds, unit, scale):
    reference = seconds.get("micrograd")
    for name, found in seconds.items():
        ratio = "-"
        if reference:
            ratios = [theirs / ours for theirs, ours in zip(reference, found, strict=True)]
            ratio = f"{statistics.median(ratios):.2f}x"
        yield what, name, f"{statistics.median(found) * scale:.2f}", unit, ratio


def network_steps():
    scalar = {
        f"{name}, scalar nodes" if name != "micrograd" else name: ScalarNetwork(value_type).step
        for name, value_type in ENGINES.items()
        if value_type is not None
    }
    return {**scalar, "autograd_mini, dot nodes": DotNetwork().step}


def graphs(build, nodes):
    return {
        name: lambda value_type=value_type: build(value_type, nodes)
        for name, value_type in ENGINES.items()
        if value_type is not None
    }


def bytes_per_node(nodes=100_000):
    """Return the bytes of a product of two Values, when made and after a backward pass."""
    x, y = Value(0.5), Value(1.5)
    tracemalloc.start()
    kept = [x * y for _ in range(nodes)]
    made = tracemalloc.get_traced_memory()[0] - sys.getsizeof(kept)
    for node in kept:
        node.backward(seed=0.1)
    after = tracemalloc.get_traced_memory()[0] - sys.getsizeof(kept)
    tracemalloc.stop()
    return made / nodes, after / nodes


def main():
    nodes = 100_000
    found = []
    for name, switch in [("collector off", gc.disable), ("collector on", gc.enable)]:
        switch()
        steps = compared(network_steps())
        found += rows(f"2-16-16-1 step, {name}", steps, "ms", 1e3)
        found += rows(f"wide graph, {name}", compared(graphs(wide, nodes)), "ns/node", 1e9 / nodes)
        found += rows(f"deep graph, {name}", compared(graphs(deep, nodes)), "ns/node", 1e9 / nodes)
    print(table(["work", "engine", "median", "unit", "faster than micrograd"], found))
    made, after = bytes_per_node()
    print(f"\nbytes for a product of two Values: {made:.0f}, after a backward pass {after:.0f}")


if __name__ == "__main__":
    # micrograd recurses once for each node on the longest path.
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(512 * 1024 * 1024)
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
