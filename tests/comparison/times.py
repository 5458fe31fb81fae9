"""How long the Jacobian of a small residual takes: ``python tests/comparison/times.py``.

The residual is that of bundle adjustment in ADBench (Šrajer, Kukelova and Fitzgibbon, *A benchmark
of selected algorithmic differentiation tools on some problems in computer vision and machine
learning*, 2018): where a camera of eleven numbers sees a point of three, less where it was seen,
times a weight. It is written in plain Python, the same code for each library; those that have
arrays also run a form that is written over these.
"""

from __future__ import annotations

import importlib
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import autograd_mini as ag
from autograd_mini import Value

SEEN = (0.3, 0.2)
SECONDS = 0.02  # for which each contender runs in a turn, at least
Jacobian = Callable[[list[float], list[float], float], Any]


def point() -> tuple[list[float], list[float], float]:
    """Return a camera, a point in space and a weight."""
    rng = random.Random(0)
    camera = [rng.uniform(0.1, 1) for _ in range(11)]
    return camera, [rng.uniform(1, 2) for _ in range(3)], 0.7


# --- the residual --------------------------------------------------------------------------------


def _cross(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
    return [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]


def _dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _rotate(m: Any, by: Sequence[Any], x: Sequence[Any]) -> list[Any]:
    """Return a point turned about an axis, by Rodrigues' formula; ``m`` has sqrt, sin and cos."""
    square = _dot(by, by)
    if not square > 0:
        return [a + b for a, b in zip(x, _cross(by, x), strict=True)]
    return rotate_by(m, by, x, square)


def rotate_by(m: Any, by: Sequence[Any], x: Sequence[Any], square: Any) -> list[Any]:
    """Return the same without a branch, for an angle whose square is given and not 0."""
    angle = m.sqrt(square)
    cosine, sine, inverse = m.cos(angle), m.sin(angle), 1.0 / angle
    axis = [a * inverse for a in by]
    across, along = _cross(axis, x), _dot(axis, x) * (1.0 - cosine)
    return [x[i] * cosine + across[i] * sine + axis[i] * along for i in range(3)]


def residual(
    m: Any, camera: Sequence[Any], x: Sequence[Any], weight: Any, *, rotate: Any = _rotate
) -> list[Any]:
    """Return the two numbers, with the functions of a module of sqrt, sin and cos."""
    a, b, c = rotate(m, camera[0:3], [x[i] - camera[3 + i] for i in range(3)])
    u, v = a / c, b / c
    r = u * u + v * v
    bent = 1.0 + camera[9] * r + camera[10] * r * r
    return [
        weight * (u * bent * camera[6] + camera[7] - SEEN[0]),
        weight * (v * bent * camera[6] + camera[8] - SEEN[1]),
    ]


def residual_of_arrays(m: Any, cross: Any, camera: Any, x: Any, weight: Any) -> Any:
    """Return the same as an array, of arrays; ``m`` has dot too."""
    by, x = camera[0:3], x - camera[3:6]
    angle = m.sqrt(m.dot(by, by))
    axis, cosine = by / angle, m.cos(angle)
    turned = x * cosine + cross(axis, x) * m.sin(angle) + axis * (m.dot(axis, x) * (1 - cosine))
    plane = turned[0:2] / turned[2]
    r = m.dot(plane, plane)
    bent = 1.0 + camera[9] * r + camera[10] * r * r
    seen = plane * bent * camera[6] + camera[7:9]
    return [weight * (seen[i] - SEEN[i]) for i in range(2)]


# --- the contenders ------------------------------------------------------------------------------


def _ours(camera: Any, x: Any, weight: Any) -> list[Any]:
    return residual(ag, camera, x, weight)


def _by_hand(camera: list[float], x: list[float], weight: float) -> list[list[float]]:
    cs, xs, w = [Value(v) for v in camera], [Value(v) for v in x], Value(weight)
    leaves = [*cs, *xs, w]
    one, other = residual(ag, cs, xs, w)
    one.backward()
    first = [leaf.grad for leaf in leaves]
    for leaf in leaves:
        leaf.grad = 0.0
    other.backward()
    return [first, [leaf.grad for leaf in leaves]]


def contenders() -> dict[str, Jacobian]:
    """Return functions that compute the Jacobian, by the name of what they use.

    Each gives its thirty numbers in the form that is natural to it.
    """
    return {
        "ag.jacobian": ag.jacobian(_ours, argnums=(0, 1, 2)),
        "autograd_mini, by hand": _by_hand,
        **_by_pytorch(),
        **_by_autograd(),
        **_by_jax(),
    }


def _by_pytorch() -> dict[str, Jacobian]:
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)

    def plain(camera: Any, x: Any, weight: Any) -> Any:
        return residual(torch, camera.unbind(), x.unbind(), weight)

    def arrays(camera: Any, x: Any, weight: Any) -> Any:
        return residual_of_arrays(torch, torch.linalg.cross, camera, x, weight)

    def transform(f: Any) -> Jacobian:
        def differentiate(*numbers: Any) -> Any:
            leaves = [torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in numbers]
            return [torch.autograd.grad(one, leaves, retain_graph=True) for one in f(*leaves)]

        return differentiate

    return {"PyTorch": transform(plain), "PyTorch, with arrays": transform(arrays)}


def _by_autograd() -> dict[str, Jacobian]:
    autograd = importlib.import_module("autograd")
    anp = importlib.import_module("autograd.numpy")

    def transform(f: Any) -> Jacobian:
        jacobian = autograd.jacobian(f)
        return lambda c, x, w: jacobian(anp.array([*c, *x, w]))

    def plain(xs: Any) -> Any:
        numbers = [xs[i] for i in range(15)]
        return anp.array(residual(anp, numbers[:11], numbers[11:14], numbers[14]))

    def arrays(xs: Any) -> Any:
        return anp.array(residual_of_arrays(anp, anp.cross, xs[:11], xs[11:14], xs[14]))

    return {"autograd": transform(plain), "autograd, with arrays": transform(arrays)}


def _by_jax() -> dict[str, Jacobian]:
    jax, numpy = map(importlib.import_module, ("jax", "numpy"))
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy

    def arrays(camera: Any, x: Any, weight: Any) -> Any:
        return jnp.stack(residual_of_arrays(jnp, jnp.cross, camera, x, weight))

    jacobian = jax.jacrev(arrays, argnums=(0, 1, 2))

    def call(f: Any) -> Jacobian:
        return lambda c, x, w: jax.block_until_ready(f(numpy.array(c), numpy.array(x), w))

    return {
        "JAX, with arrays": call(jacobian),
        "JAX, with arrays, compiled": call(jax.jit(jacobian)),
    }


# --- the times -----------------------------------------------------------------------------------


def measure(rounds: int) -> dict[str, tuple[float, float]]:
    """Return the microseconds of CPU time of a call, and their ratio to `ag.jacobian`.

    The contenders take turns. Both are medians over the rounds.
    """
    at = point()
    named = contenders()
    counts = {name: max(1, int(SECONDS / _time(one, at, 3))) for name, one in named.items()}
    found = [
        {name: _time(one, at, counts[name]) for name, one in named.items()} for _ in range(rounds)
    ]
    return {
        name: (
            statistics.median(one[name] for one in found) * 1e6,
            statistics.median(one[name] / one["ag.jacobian"] for one in found),
        )
        for name in named
    }


def _time(one: Jacobian, at: Any, count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        one(*at)
    return (time.process_time() - start) / count


def processor() -> str:
    """Return the name of the processor, where Linux tells it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return "an unknown processor"
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else "an unknown processor"


def flat(found: Any) -> list[float]:
    """Return the numbers of a Jacobian in order: all of a result before those of the next."""
    rows = found if len(found) == 2 else list(zip(*found, strict=True))
    return [x for row in rows for x in _numbers(row)]


def _numbers(one: Any) -> list[float]:
    if isinstance(one, list | tuple) or getattr(one, "shape", ()):
        return [x for part in one for x in _numbers(part)]
    return [float(one)]


if __name__ == "__main__":
    print(f"{processor()}, {ag.engine} engine")
    for name, (microseconds, ratio) in measure(15).items():
        print(f"{name:<28} {microseconds:>9.1f} µs  {ratio:>7.2f}")
