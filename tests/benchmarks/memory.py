"""Print the bytes that a product of two Values takes, over a million: made, then differentiated.

The argument says how they are counted: ``resident``, by the growth of the process (on Linux), or
``traced``, by what was asked of the allocators. Each takes a process of its own, since memory that
was used once may be kept.
"""

import gc
import os
import sys
import tracemalloc
from pathlib import Path

from autograd_mini import Value, engine

NODES = 1_000_000


def resident():
    """Return the bytes of memory that the process occupies."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def traced():
    """Return the bytes that tracemalloc knows of."""
    return tracemalloc.get_traced_memory()[0]


def main():
    (way,) = sys.argv[1:]
    measure = {"resident": resident, "traced": traced}[way]
    if way == "traced":
        tracemalloc.start()
    gc.collect()
    x, y = Value(0.5), Value(1.5)
    kept = [None] * NODES
    start = measure()
    for i in range(NODES):
        kept[i] = x * y
    made = measure()
    for node in kept:
        node.backward(seed=0.1)
    after = measure()
    print(f"{engine}, {way}: {(made - start) / NODES:.1f}, then {(after - start) / NODES:.1f}")


if __name__ == "__main__":
    main()
