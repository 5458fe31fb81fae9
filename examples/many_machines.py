"""The same training on threads, on processes, or on the machines of a Dask cluster.

`map`, `batch` and `fit(compiled=True)` take any `concurrent.futures.Executor`. It gets shards of
8 192 points, each with its programs, and the results have the same bits on any number of workers.

Run it with ``python examples/many_machines.py --workers threads``, or ``processes``, or ``dask``
(with the extra ``distributed``: two worker processes on this machine; a client that is connected to
a cluster of yours is used in the same way), or ``none``.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from time import perf_counter
from typing import Any

import autograd_mini as ag

EPOCHS = 5


@contextmanager
def open_executor(kind: str, count: int) -> Iterator[Executor | None]:
    """Yield an executor with some workers; None for none."""
    if kind == "none":
        yield None
    elif kind == "threads":
        with ThreadPoolExecutor(count) as threads:
            yield threads
    elif kind == "processes":
        with ProcessPoolExecutor(count) as processes:
            yield processes
    else:
        dask: Any = import_module("distributed")  # the extra of this name
        local = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": None}
        with dask.LocalCluster(**local) as cluster, dask.Client(cluster) as client:
            yield client.get_executor()


def wave(x: Any, width: Any) -> Any:
    """Return a wave that fades, for numbers or Values."""
    return ag.exp(-x * x / width) * ag.cos(3.0 * x)


def map_wave(points: int, executor: Executor | None) -> list[float]:
    """Return the derivative of the wave by its width at many points."""
    rng = random.Random(0)
    xs = [rng.uniform(-2.0, 2.0) for _ in range(points)]
    slopes: list[float] = ag.compile(ag.grad(wave, 1)).map(xs, 1.5, executor=executor)
    return slopes


def train(points: int, executor: Executor | None) -> list[float]:
    """Return the losses of a network that learns the wave from noisy points."""
    rng = random.Random(1)
    inputs = [[rng.uniform(-2.0, 2.0)] for _ in range(points)]
    targets = [math.exp(-x * x / 1.5) * math.cos(3.0 * x) + rng.gauss(0.0, 0.1) for (x,) in inputs]
    model = ag.MLP(1, [8, 1], activation="tanh", rng=random.Random(2))
    history = ag.fit(
        model,
        inputs,
        targets,
        loss=ag.losses.mean_squared_error,
        optimizer=ag.Adam(model.parameters(), lr=0.05),
        epochs=EPOCHS,
        compiled=True,
        executor=executor,
    )
    return history.history["loss"]


def run(kind: str, count: int, points: int) -> None:
    """Run both with and without workers, and compare the bits."""
    with open_executor(kind, count) as executor:
        for name, work in (("map", map_wave), ("fit", train)):
            start = perf_counter()
            found = work(points, executor)
            seconds = perf_counter() - start
            digest = sha256(" ".join(map(float.hex, found)).encode()).hexdigest()[:12]
            is_same = found == work(points, None)
            print(
                f"{name} on {count} {kind}: {seconds:.2f} s, digest {digest}, last {found[-1]:.6f}"
            )
            print(f"  the same bits as without workers: {is_same}")


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    kinds = ["none", "threads", "processes", "dask"]
    parser.add_argument("--workers", choices=kinds, default="threads", help="what runs the shards")
    parser.add_argument("--count", type=int, default=2, help="the number of workers")
    parser.add_argument("--points", type=int, default=40_000, help="the number of points")
    options = parser.parse_args()
    run(options.workers, options.count, options.points)


if __name__ == "__main__":
    main()
