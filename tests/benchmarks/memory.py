"""Print the bytes that a product of two Values takes, over a million of them, by three measures.

They are: ``sys.getsizeof``; tracemalloc, which counts what is asked of the allocator; and, on
Linux, the growth of the process. Each is taken before and after a backward pass.
"""

import gc
import os
import sys
import tracemalloc
from pathlib import Path

from autograd_mini import Value, engine

NODES = 1_000_000


def resident():
    """Return the bytes of memory that the process occupies, or None where that is not known."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def traced():
    """Return the bytes that tracemalloc knows of."""
    return tracemalloc.get_traced_memory()[0]


def growth(measure):
    """Return the bytes a node that are added by making nodes, and then by differentiating them."""
    gc.collect()
    x, y = Value(0.5), Value(1.5)
    kept = [None] * NODES
    start = measure()
    for i in range(NODES):
        kept[i] = x * y
    made = measure()
    for node in kept:
        node.backward(seed=0.1)
    return (made - start) / NODES, (measure() - start) / NODES


def main():
    print(f"{engine}: {sys.getsizeof(Value(0.5) * Value(1.5))} by getsizeof", end="")
    if resident() is not None:
        print("; {:.1f}, then {:.1f} resident".format(*growth(resident)), end="")
    tracemalloc.start()
    print("; {:.1f}, then {:.1f} traced".format(*growth(traced)))


if __name__ == "__main__":
    main()
