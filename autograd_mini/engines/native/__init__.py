"""The same engine as `autograd_mini.engines.value`, written in C for speed.

It is compiled when the package is installed, if there is a compiler. ``rules.h``, which is printed
from the table of primitives, has the formulas.
"""
