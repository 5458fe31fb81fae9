"""What a shard costs, and its transport to a worker: ``python -m tests.benchmarks.scaling``.

The figures of docs/scaling.md. A shard is run here, by CPU time; then through executors, by elapsed
time, many at a time. What a shard costs the caller is CPU time of this process.
"""

import argparse
import functools
import os
import pickle
import random
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))  # the library of this checkout

import numpy as np
from comparison.times import processor

import autograd_mini as ag
from autograd_mini import MLP, Value
from autograd_mini.command.tables import table
from autograd_mini.programs.shards import SHARD, Run
from autograd_mini.programs.workers import run_task

SHARDS = 24
W = Value(0.5)


def wave(x):
    """A function that costs little."""
    return ag.exp(-x * x * W) * ag.cos(3.0 * x)


def network(inputs, sizes):
    """Return the loss of a network for an example."""
    model = MLP(inputs, sizes, rng=random.Random(0))

    def loss(x, t):
        return (model(x) - t) ** 2

    return loss


def problems():
    """Return for each problem its title, its function and its arguments."""
    rng = np.random.default_rng(0)
    count = SHARDS * SHARD
    targets = rng.normal(size=count)
    return [
        ("a wave, 1 parameter", wave, (rng.normal(size=count),)),
        ("2-16-16-1, 337", network(2, [16, 16, 1]), (rng.normal(size=(count, 2)), targets)),
        ("32-64-64-1, 6 337", network(32, [64, 64, 1]), (rng.normal(size=(count, 32)), targets)),
    ]


@contextmanager
def executors(count):
    """Yield executors of some workers, by name."""
    with ThreadPoolExecutor(count) as threads, ProcessPoolExecutor(count) as processes:
        yield {"threads": threads, "processes": processes}


@contextmanager
def dask(count):
    """Yield an executor of Dask with some worker processes here; None if that is not installed."""
    if find_spec("distributed") is None:
        yield None
        return
    distributed = import_module("distributed")
    local = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**local) as cluster, distributed.Client(cluster) as client:
        yield client.get_executor()


def find_run(f, args):
    """Return the run of a batch, and the compiled function."""
    found = []
    compute = Run.compute

    def spy(self, *given, **keywords):
        found.append(self)
        return compute(self, *given, **keywords)

    Run.compute = spy
    try:
        compiled = ag.compile(f)
        compiled.batch(*args)
    finally:
        Run.compute = compute
    return compiled, found[0]


def time_of(action, clock, repeat):
    """Return the median time of an action."""
    times = []
    for _ in range(repeat):
        start = clock()
        action()
        times.append(clock() - start)
    return statistics.median(times)


def measure(repeat):
    """Return the rows of the two tables."""
    costs, speeds = [], []
    for title, f, args in problems():
        compiled, run = find_run(f, args)
        here = time_of(lambda r=run: r._run((0, SHARD), 1.0), process_time, repeat)
        task = run._make_task((0, SHARD), 1.0)
        asked, answered = pickle.dumps(task), pickle.dumps(run_task(task))

        def transport(r=run, a=answered):
            pickle.dumps(r._make_task((0, SHARD), 1.0))
            r._take((0, SHARD), pickle.loads(a))  # noqa: S301 - our own

        both = time_of(transport, process_time, repeat)
        sizes = (f"{len(given) / 1e3:.0f}" for given in (asked, answered))
        costs.append([title, f"{here * 1e6:.0f}", *sizes, f"{both * 1e6:.0f}"])
        alone = time_of(lambda c=compiled, a=args: c.batch(*a), perf_counter, repeat)
        for count in (1, 2, 4):
            with executors(count) as found, dask(count) as client:
                row = [title, str(count)]
                for executor in (*found.values(), client):
                    if executor is None:
                        row.append("–")
                        continue
                    work = functools.partial(compiled.batch, *args, executor=executor)
                    work()
                    row.append(f"{alone / time_of(work, perf_counter, repeat):.2f}")
                speeds.append(row)
    return costs, speeds


def main():
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=7, help="times that each is measured")
    repeat = parser.parse_args().repeat
    print(f"{processor()}, {os.cpu_count()} processors; {SHARDS} shards of {SHARD} points\n")
    costs, speeds = measure(repeat)
    head = ["program", "a shard, µs", "to a worker, kB", "back, kB", "pickling both, µs"]
    print(table(head, costs))
    print(table(["program", "workers", "threads", "processes", "Dask"], speeds))


if __name__ == "__main__":
    main()
