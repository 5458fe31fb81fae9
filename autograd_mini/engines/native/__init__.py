"""The engine of `autograd_mini.engines.value` once more, in C, for its speed.

The C text is compiled when the package is installed, if there is a compiler; what it computes is
printed from the table of primitives into ``rules.h``.
"""
