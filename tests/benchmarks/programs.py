"""Time recorded programs beside others: ``python -m tests.benchmarks.programs [ROW …] [--quick]``.

Each contender works in a process of its own, on one processor, with strict mode on where it is
ours. They take turns, in batches of CPU time. First each one's answer is compared with that of the
eager engine. A ratio is the median of the ratios round by round, and so holds when the machine's
speed drifts. "Wanted" is what ours may take at most, in units of the contender's time.
"""

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))  # the library of this checkout

from comparison.times import processor

from autograd_mini.command.tables import table

FOLDER = Path(__file__).parent
BATCH_SECONDS, QUICK_BATCH_SECONDS = 0.02, 0.005
ROUNDS, QUICK_ROUNDS = 21, 3


@dataclass(frozen=True)
class Contender:
    """A function of a module in `contenders`, and how much of its time ours may take."""

    name: str
    work: str  # module.function
    wanted: float | None = None


@dataclass(frozen=True)
class Row:
    """Contenders for one problem; they are compared with the first."""

    title: str
    problem: str
    arguments: tuple = ()
    contenders: list[Contender] = field(default_factory=list)
    clock: str = "cpu"


def network(points, *, wanted):
    """Return the row of the network on so many points."""
    jax = 0.5 if points <= 1_000 else None
    return Row(
        f"step of a 2-16-16-1 ReLU network on {points} points, without the update",
        "Network",
        (points,),
        [
            Contender("recorded program", "ours.network"),
            Contender("limit.c", "limit.network", 3.0 if wanted else None),
            Contender("numba by hand", "numba_loops.network", 1.1 if wanted else None),
            Contender("numba by hand, fastmath", "numba_loops.network_fast"),
            Contender("NumPy by hand", "numpy_arrays.network", 0.5 if wanted else None),
            Contender("jax.jit", "jax_functions.network", jax),
            Contender("PyTorch", "torch_tensors.network"),
            Contender("torch.compile", "torch_tensors.network_compiled"),
            Contender("CasADi map, gcc", "casadi_graphs.network"),
            Contender("ddx interpreted", "ddx_graphs.network"),
            Contender("ddx compiled", "ddx_graphs.network_compiled"),
            Contender("eager, dot nodes", "ours.eager_network", 1 / 50 if wanted else None),
            Contender(
                "eager, scalar nodes",
                "ours.eager_network_of_scalars",
                1 / 300 if wanted else None,
            ),
        ],
    )


ROWS = {
    "network": network(100, wanted=True),
    "network-8": network(8, wanted=False),
    "network-1000": network(1_000, wanted=False),
    "network-10000": network(10_000, wanted=False),
    "options": Row(
        "Black–Scholes price and 5 Greeks of 10⁵ options",
        "Options",
        (),
        [
            Contender("recorded program", "ours.options"),
            Contender("numba by hand", "numba_loops.options", 1.8),
            Contender("NumPy by hand", "numpy_arrays.options"),
            Contender("jax.jit vmap", "jax_functions.options", 1.3),
            Contender("CasADi map, gcc", "casadi_graphs.options"),
            Contender("ddx interpreted", "ddx_graphs.options"),
            Contender("ddx compiled", "ddx_graphs.options_compiled"),
        ],
    ),
    "cameras": Row(
        "Jacobians of bundle adjustment, 10⁵ observations (25 ms are enough as well)",
        "Cameras",
        (),
        [
            Contender("recorded program", "ours.cameras"),
            Contender("jax.jit vmap jacrev", "jax_functions.cameras", 1.0),
            Contender("jax.jit vmap jacfwd", "jax_functions.cameras_forward", 1.0),
            Contender("CasADi map, gcc", "casadi_graphs.cameras"),
            Contender("ddx interpreted", "ddx_graphs.cameras", 1.3),
            Contender("ddx compiled", "ddx_graphs.cameras_compiled"),
        ],
    ),
    "gpt": Row(
        "loss and backward of a small GPT, 59 000 operations",
        "Document",
        (),
        [
            Contender("recorded program", "ours.document"),
            Contender("eager", "ours.eager_document", 1 / 4),
        ],
    ),
    "recording": Row(
        "building the same graph",
        "Document",
        (),
        [
            Contender("recording by the first call", "ours.recording"),
            Contender("recording for program()", "ours.recording_alone"),
            Contender("eager, forward alone", "ours.eager_building", 3.0),
        ],
    ),
    "rosenbrock": Row(
        "Rosenbrock and its gradient, n = 1 000, whole",
        "Rosenbrock",
        (),
        [
            Contender("recorded program", "ours.rosenbrock_whole"),
            Contender("eager", "ours.eager_rosenbrock", 1 / 4),
        ],
    ),
    "rosenbrock-pairs": Row(
        "the same, mapped over its pairs",
        "Rosenbrock",
        (),
        [
            Contender("recorded program", "ours.rosenbrock_by_pairs"),
            Contender("jax.jit", "jax_functions.rosenbrock", 1.0),
            Contender("numba by hand", "numba_loops.rosenbrock"),
            Contender("NumPy by hand", "numpy_arrays.rosenbrock"),
        ],
    ),
    "guards": Row(
        "Black–Scholes as above, with four guards that agree",
        "Options",
        (),
        [
            Contender("with guards", "ours.guarded_options"),
            Contender("without", "ours.options", 1.15),
        ],
    ),
    "threads": Row(
        "Black–Scholes as above, 10⁶ options, by the clock on the wall",
        "Options",
        (1_000_000,),
        [
            Contender("two threads", "ours.options_by_threads"),
            Contender("one thread", "ours.options", 1 / 1.6),
        ],
        clock="wall",
    ),
}


class Worker:
    """A contender at work."""

    def __init__(self, contender, row, least):
        self.contender = contender
        module, _, function = contender.work.partition(".")
        given = (module, function, row.problem, row.arguments, contender.name, row.clock)
        self.process = subprocess.Popen(
            [sys.executable, str(FOLDER / "contender.py"), json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.runs, self.least = 1, least

    def begin(self):
        """Wait until it is ready; return why it takes no part, if it does not."""
        state = self.process.stdout.readline().strip()
        if state != "ready":
            self.stop()
            if not state:
                raise SystemExit(f"{self.contender.name} failed")
            return state
        self.runs = math.ceil(self.least / self.seconds())
        self.runs = math.ceil(self.least / self.seconds())  # the first batch may be a slow one
        return ""

    def seconds(self):
        """Let it work for a batch, and return the seconds for each run."""
        self.process.stdin.write(f"{self.runs}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.contender.name} failed")
        return float(answer)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def compare(row, rounds, least):
    """Yield a line of the table for each contender."""
    workers, skipped = [], {}
    for contender in row.contenders:
        worker = Worker(contender, row, least)
        state = worker.begin()  # one after the other: some compile with all the memory they find
        if state:
            skipped[contender] = state
        else:
            workers.append(worker)
    found = [[worker.seconds() for worker in workers] for _ in range(rounds)]
    for worker in workers:
        worker.stop()
    times = dict(zip((w.contender for w in workers), zip(*found, strict=True), strict=True))
    for contender in row.contenders:
        if contender in skipped:
            yield contender.name, skipped[contender], "", "", ""
        else:
            first = next(iter(times))
            yield contender.name, *figures(contender, times[contender], times[first], first)


def figures(contender, seconds, ours, first):
    """Return the cells of a contender: its time, and ratios to the first one's."""
    if contender is first:
        return readable(statistics.median(seconds)), "1", "", ""
    ratio = statistics.median(b / a for a, b in zip(ours, seconds, strict=True))
    judged = contender.wanted is not None and first.work.startswith("ours.")
    wanted = f"at most {contender.wanted:.3g}" if judged else ""
    return readable(statistics.median(seconds)), f"{ratio:.3g}", f"{1 / ratio:.3g}", wanted


def readable(seconds):
    """Return a time in the unit that suits it."""
    scale, unit = (1e6, "µs") if seconds < 1e-3 else (1e3, "ms") if seconds < 1 else (1, "s")
    return f"{seconds * scale:.4g} {unit}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("rows", nargs="*", help=f"some of: {', '.join([*ROWS, 'memory'])}")
    parser.add_argument("--quick", action="store_true", help="few rounds of short batches")
    parser.add_argument("--rounds", type=int)
    arguments = parser.parse_args()
    rounds = arguments.rounds or (QUICK_ROUNDS if arguments.quick else ROUNDS)
    least = QUICK_BATCH_SECONDS if arguments.quick else BATCH_SECONDS
    unknown = set(arguments.rows) - {*ROWS, "memory"}
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{processor()}, {os.cpu_count()} processors, {python}, {rounds} rounds")
    for name in arguments.rows or [*ROWS, "memory"]:
        if name == "memory":
            print("\npeak memory of a map over 10⁷ points, less its inputs and outputs", flush=True)
            subprocess.run([sys.executable, str(FOLDER / "peak.py")], check=True)
            continue
        row = ROWS[name]
        print(f"\n{name}: {row.title}", flush=True)
        lines = list(compare(row, rounds, least))
        print(table(["contender", "median", "times the first", "first / it", "wanted"], lines))


if __name__ == "__main__":
    main()
