"""The demo: the two-neuron network of the course notes, forward, backward, trained, drawn.

It is what ``autograd-mini demo`` does; `autograd_mini.command.demo` is written to be read.
The tables show the forward values, each gradient three ways, the update and the training;
``two_neurons.svg`` and ``two_neurons_trained.svg`` show the graph before and after; on the page
``two_neurons.html`` one steps through it.
"""

import argparse
from pathlib import Path

from autograd_mini.command.demo import run_demo


def main() -> None:
    """Print the tables and write the drawings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the drawings")
    for part in run_demo(parser.parse_args().out):
        print(part, end="\n\n")


if __name__ == "__main__":
    main()
