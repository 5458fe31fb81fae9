"""The command line: ``python -m autograd_mini``."""

import sys

from autograd_mini.command.main import main

if __name__ == "__main__":
    sys.exit(main())
