"""The two moons of micrograd's demo: those of scikit-learn, drawn with NumPy alone."""

import numpy as np


def make_moons(seed=1337, *, samples=100, noise=0.1):
    """Return the points of two half circles with noise, and a target of 1 or −1 for each.

    They are the bits of ``sklearn.datasets.make_moons`` after ``np.random.seed(seed)``.
    """
    rng = np.random.RandomState(seed)
    half = np.linspace(0, np.pi, samples // 2)
    points = np.vstack(
        [
            np.append(np.cos(half), 1 - np.cos(half)),
            np.append(np.sin(half), 1 - np.sin(half) - 0.5),
        ]
    ).T
    targets = np.repeat([-1, 1], samples // 2)
    order = np.arange(samples)
    rng.shuffle(order)
    points, targets = points[order], targets[order]
    return (points + rng.normal(scale=noise, size=points.shape)).tolist(), targets.tolist()
