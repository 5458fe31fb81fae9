"""A contender of `programs.py`, in a process of its own: it is checked, then it is timed.

Arguments: the contender and the problem, as JSON. It writes a line when it is ready, which says why
it takes no part if so. For each number n that comes in, it runs n times and answers with the
seconds of CPU time (or of the clock on the wall, if the contender says so) for each run.
"""

import gc
import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))  # the library of this checkout


def prepare(module, function, problem, arguments, name):
    """Return what is timed, after a run whose answer is right."""
    from benchmarks.contenders import Skipped, problems  # noqa: PLC0415 - after the threads are set

    try:
        contenders = import_module(f"benchmarks.contenders.{module}")
        stated = getattr(problems, problem)(*arguments)
        run, answer = getattr(contenders, function)(stated)
        found = run()
    except ModuleNotFoundError as error:
        raise Skipped(f"{error.name} is not installed") from error
    if answer is not None:
        stated.check(answer(found), name)
    return run


def serve(module, function, problem, arguments, name, clock):
    if clock == "cpu":
        os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
        if hasattr(os, "sched_setaffinity"):  # what still makes threads gains nothing by it
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    from benchmarks.contenders import Skipped  # noqa: PLC0415 - as above

    now = CLOCKS[clock]
    try:
        run = prepare(module, function, problem, arguments, name)
    except Skipped as reason:
        print(f"skipped: {reason}", flush=True)
        return
    gc.disable()
    gc.collect()
    gc.freeze()  # what a package has made is not looked at again
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        gc.collect()
        run()  # the others have used the caches
        start = now()
        for _ in range(count):
            run()
        print((now() - start) / count, flush=True)


if __name__ == "__main__":
    serve(*json.loads(sys.argv[1]))
