"""One contender of a comparison, in a process of its own; `compare.py` starts it and asks it.

Arguments: the kind of work, the type of Value, and whether the garbage collector is on. For each
number n that comes in, it runs the work n times and answers with the seconds that one run took.
"""

import gc
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.workloads import ACTIONS, value_types


def main():
    work, value_type, collector = sys.argv[1:]
    action = ACTIONS[work](value_types()[value_type])
    if collector == "off":
        gc.disable()
    for line in sys.stdin:
        runs = int(line)
        if collector == "off":
            gc.collect()  # what it would have freed, and unused memory, before the clock runs
        start = time.perf_counter()
        for _ in range(runs):
            action()
        print((time.perf_counter() - start) / runs, flush=True)


if __name__ == "__main__":
    # micrograd recurses once for each node on the longest path.
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(512 * 1024 * 1024)
    thread = threading.Thread(target=main, daemon=True)

    thread.start()
    thread.join()
