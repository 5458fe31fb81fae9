"""The command line: ``python -m autograd_mini``."""

import sys

from autograd_mini.command.main import run

if __name__ == "__main__":
    sys.exit(run())
