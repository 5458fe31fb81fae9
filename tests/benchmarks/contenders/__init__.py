"""Who takes part in `programs.py`: a module for each package, a function for each problem.

A contender is a function of a problem. It returns what is timed, and a function that makes an
answer of its result, as the problem describes it; None if what it makes is not numbers.
"""


class Skipped(Exception):  # noqa: N818 - it is no error
    """A contender cannot take part; the text says why."""
