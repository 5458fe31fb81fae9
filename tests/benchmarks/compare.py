"""Compare engines in one run, in turns: ``python tests/benchmarks/compare.py [TITLE …]``.

Every contender works in a process of its own, so that none disturbs the memory of another, and
they take turns, so that all meet the same machine. In its turn each works for at least a fifth of
a second without a pause, as training does. A row gives the median over the rounds; the ratio is
the median of the ratios round by round, and holds when the machine's speed drifts.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from autograd_mini.command.tables import table

FOLDER = Path(__file__).parent
LEAST_SECONDS = 0.2


@dataclass(frozen=True)
class Contender:
    """Who does a kind of work: a type of Value, and where it is the library's, its engine."""

    name: str
    work: str
    value_type: str = "autograd_mini"
    engine: str = ""

    @property
    def scale(self):
        """What makes the shown unit of seconds."""
        nodes = {"wide": 1e5, "deep": 1e5, "wide 1e7": 1e7, "deep 1e7": 1e7}
        return 1e9 / nodes[self.work] if self.work in nodes else 1e3

    @property
    def unit(self):
        return "ms" if self.scale == 1e3 else "ns/node"


def engines(work, suffix=""):
    return [Contender(f"{engine}{suffix}", work, engine=engine) for engine in ("native", "python")]


# Each is compared with the last of its row.
COMPARISONS = {
    "step of a 2-16-16-1 network": [
        *engines("step"),
        *engines("dot step", ", dot nodes"),
        Contender("micrograd", "step", "micrograd"),
    ],
    "forward alone": [*engines("forward"), Contender("plain floats", "forward", "floats")],
    "wide graph": [*engines("wide"), Contender("micrograd", "wide", "micrograd")],
    "deep graph": [*engines("deep"), Contender("micrograd", "deep", "micrograd")],
    "step of a small GPT": [
        *engines("gpt"),
        *engines("fused gpt", ", dot nodes"),
        Contender("plain Python Value", "gpt", "plain"),
    ],
    "wide graph of 10⁷ nodes": [
        Contender("10⁷ nodes", "wide 1e7", engine="native"),
        Contender("10⁵ nodes", "wide", engine="native"),
    ],
    "deep graph of 10⁷ nodes": [
        Contender("10⁷ nodes", "deep 1e7", engine="native"),
        Contender("10⁵ nodes", "deep", engine="native"),
    ],
}


class Worker:
    """A contender at work."""

    def __init__(self, contender, collector):
        self.contender = contender
        arguments = [contender.work, contender.value_type, collector]
        self.process = subprocess.Popen(
            [sys.executable, str(FOLDER / "worker.py"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "AUTOGRAD_MINI_ENGINE": contender.engine},
        )
        self.seconds(1)  # the first run is a slow one
        self.runs = max(1, round(LEAST_SECONDS / self.seconds(1)))

    def seconds(self, runs):
        """Let it do its work that often, and return the seconds for once."""
        self.process.stdin.write(f"{runs}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.contender} failed")
        return float(answer)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def compared(contenders, collector, rounds):
    """Yield a row of the table for each contender."""
    workers = [Worker(contender, collector) for contender in contenders]
    found = [[worker.seconds(worker.runs) for worker in workers] for _ in range(rounds)]
    for worker in workers:
        worker.stop()
    scales = [contender.scale for contender in contenders]
    for contender, scale, seconds in zip(contenders, scales, zip(*found, strict=True), strict=True):
        ratios = sorted(
            round_[-1] * scales[-1] / (one * scale)
            for round_, one in zip(found, seconds, strict=True)
        )
        median = f"{statistics.median(seconds) * scale:.3g} {contender.unit}"
        spread = f"{statistics.median(ratios):.2f}x ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        yield contender.name, median, "1" if contender is contenders[-1] else spread


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("titles", nargs="*", help=f"some of: {', '.join(COMPARISONS)}")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    for title in arguments.titles or COMPARISONS:
        for collector in ("off", "on"):
            rows = list(compared(COMPARISONS[title], collector, arguments.rounds))
            print(f"\n{title}, collector {collector}", flush=True)
            print(table(["contender", "median", "times as fast as the last"], rows))
    print("\nbytes for a product of two Values, made and then differentiated")
    for engine in ("native", "python"):
        environment = {**os.environ, "AUTOGRAD_MINI_ENGINE": engine}
        for way in ("traced", "resident"):
            command = [sys.executable, str(FOLDER / "memory.py"), way]
            subprocess.run(command, check=True, env=environment)


if __name__ == "__main__":
    main()
