"""Time `value_and_grad` beside the same by hand: ``python tests/benchmarks/transforms.py``.

By hand means: numbers are stored in leaves that are kept, their gradients zeroed, and those that
`backward` leaves are read. The two take turns, in CPU time; a row gives the medians.
"""

import statistics
import time

import autograd_mini as ag
from autograd_mini import Value

ROUNDS = 41
CALLS = 3_000
TEN = [0.5 + 0.1 * k for k in range(10)]


def short(x):
    return x * x + 3.0 * x


def chain(x):
    y = x
    for _ in range(6):
        y = ag.sin(y) * x + 1.0
    return y


def of_ten(x):
    a, b, c, d, e, f, g, h, i, j = x
    products = (a * b + c * d + e * f) * (g + h) - (i * j * a + ag.sin(b) * ag.exp(c))
    return products + d * e * f + g * h


def by_hand(f):
    """Return a function that differentiates f, a function of a number."""
    leaf = Value(0.0)

    def call(number):
        leaf.data, leaf.grad = number, 0.0
        out = f(leaf)
        out.backward()
        return out.data, leaf.grad

    return call


def by_hand_of_many(f, count):
    """Return a function that differentiates f, a function of a list of numbers."""
    leaves = [Value(0.0) for _ in range(count)]

    def call(numbers):
        for leaf, number in zip(leaves, numbers):  # noqa: B905 - the fastest way by hand
            leaf.data, leaf.grad = number, 0.0
        out = f(leaves)
        out.backward()
        return out.data, [leaf.grad for leaf in leaves]

    return call


def measure(call, at):
    start = time.process_time()
    for _ in range(CALLS):
        call(at)
    return (time.process_time() - start) / CALLS


def compare(f, hand, at):
    """Return the medians of the times by hand, of ours and of the ratio, round by round."""
    ours = ag.value_and_grad(f)
    assert hand(at) == ours(at)
    pairs = [(measure(hand, at), measure(ours, at)) for _ in range(ROUNDS)]
    ratio = statistics.median(b / a for a, b in pairs)
    return *(statistics.median(times) for times in zip(*pairs, strict=True)), ratio


if __name__ == "__main__":
    for f, hand, at in (
        (short, by_hand(short), 2.0),
        (chain, by_hand(chain), 0.7),
        (of_ten, by_hand_of_many(of_ten, 10), TEN),
    ):
        first, second, ratio = compare(f, hand, at)
        print(f"{f.__name__:8s} {first * 1e6:.2f} µs by hand, {second * 1e6:.2f} µs: {ratio:.2f}")
