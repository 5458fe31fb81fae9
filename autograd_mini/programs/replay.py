"""`PythonReplay`: runs recorded programs over many samples, in Python, with the bits of C.

``replay.h`` does the same in C. A sample runs as Python text of the program; if that meets a number
that is not finite, the sample runs again, instruction by instruction, by IEEE 754.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from autograd_mini.engines import Value, number_of
from autograd_mini.engines.node import flat
from autograd_mini.engines.python_function import PythonFunction
from autograd_mini.programs.code import COMPARISONS, Code, Ref, unpack_guards
from autograd_mini.programs.paths import Path
from autograd_mini.programs.text import MOST_LINES, compile_path
from autograd_mini.table.primitives import Primitive

__all__ = ["STRICTEST", "WIDTH", "PythonReplay"]

STRICTEST = 2
"""Strict enough for graphs of derivatives: their rules give other numbers where a value is a NaN,
for which each partial derivative is a NaN, and a zero that is left out may meet an infinity."""

WIDTH = 8
"""A sum over samples has this many partial sums; the sample at position j adds to j % 8."""


class PythonReplay:
    """The programs of the paths of one function, for one form of its arguments.

    Args:
        sums: whether derivatives by the parameters are summed over the samples.
    """

    def __init__(self, sums: bool) -> None:
        self._sums = sums
        self._paths: list[tuple[Path, Callable[..., Any] | None]] = []
        self._order: list[int] = []
        self._forks: dict[tuple[int, int], int] = {}

    def add(
        self,
        rows: tuple[Primitive, ...],
        items: bytes,
        constants: bytes,
        guards: bytes,
        inputs: int,
        leaves: int,
        places: Sequence[int],
        outputs: Sequence[int],
        roots: Sequence[int],
        wrt: Sequence[int],
    ) -> list[bool]:
        """Add the program of a path; return for each root whether its derivatives are not all 0.

        Paths are numbered from 0.

        Args:
            rows, items, constants, guards: the program, as in `code`.
            inputs, leaves: the number of inputs, and of all leaves.
            places: for each input its column, for each parameter its place in ``numbers``.
            outputs: references to what the results are, before the derivatives.
            roots, wrt: each root is differentiated by each of these inputs.
        """
        code = Code(rows, items, constants)
        results, starts = code.look_up(outputs), code.look_up(roots)
        signs = unpack_guards(guards, code)
        path = Path(code, signs, inputs, leaves, places, results, starts, wrt, self._sums)
        is_short = len(path.instructions) <= MOST_LINES
        self._paths.append((path, compile_path(path) if is_short else None))
        return [isinstance(root, int) and path.needed[root] for root in starts]

    def arrange(self, order: Sequence[int], forks: Iterable[tuple[int, int, int]]) -> None:
        """Set the order of the paths in sums, and the path to try after each guard of a path."""
        self._order = list(order)
        self._forks = {(path, guard): other for path, guard, other in forks}

    def size(self) -> tuple[int, int]:
        """Return the number of instructions of all paths, and the bytes that they need."""
        count = sum(len(path.instructions) for path, _ in self._paths)
        return count, sum(path.bytes for path, _ in self._paths)

    def point(
        self,
        numbers: list[float],
        values: tuple[Value, ...],
        strict: int,
        count: int,
        rest: array[float],
    ) -> list[float] | tuple[list[tuple[int, int, int]], list[int]]:
        """Run one sample; return the first results, or what `run` returns if it is not clean.

        Args:
            numbers, values: the inputs: floats, and then the numbers of Values.
            strict: as for `run`.
            count: how many results to return; the others go to the array ``rest``.
        """
        columns = [*numbers, *map(number_of, values)]
        found = array("d", bytes(8 * (count + len(rest))))
        results = [memoryview(found)[i:] for i in range(len(found))]
        other = self.run(columns, 0, 1, array("d"), 1.0, strict, results, None)
        if other is not None:
            return other
        rest[:] = found[count:]
        return found[:count].tolist()

    def run(
        self,
        columns: Sequence[Any],
        first: int,
        count: int,
        numbers: Any,
        seed: Any,
        strict: int,
        results: Sequence[Any],
        sums: Any,
    ) -> tuple[list[tuple[int, int, int]], list[int]] | None:
        """Run some samples; return None, or those that need something else.

        Args:
            columns: the inputs: floats, or buffers of doubles whose first axis is the sample.
            first, count: the range of samples.
            numbers: the number of each parameter.
            seed: the weight of each sample in the sums: a float, or a buffer.
            strict: whether a sample is left out where an operation makes a number that is not
                finite of finite ones; `STRICTEST` leaves it out for any number that is not finite.
            results: buffers for the results, whose first axis is the sample.
            sums: a buffer for the derivative by each parameter, which is overwritten; or None.

        Returns:
            The lowest sample for each guard after which the path is unknown, as (path, guard,
            sample), and the samples to compute eagerly.
        """
        read = list(_split_columns(columns))
        write = list(_split_columns(results))
        seeds = None if isinstance(seed, float) else memoryview(seed)
        runs = [_Run(*path, numbers, strict) for path in self._paths]
        unknown: dict[tuple[int, int], int] = {}
        flagged = []
        for i in range(first, first + count):
            sample = [c if isinstance(c, float) else c[i] for c in read]
            at, weight = 0, seed if seeds is None else seeds[i]
            found = runs[at].compute(sample, weight)
            while isinstance(found, int) and (at, found) in self._forks:
                at = self._forks[at, found]
                found = runs[at].compute(sample, weight)
            if isinstance(found, int):
                unknown.setdefault((at, found), i)
            elif found is None:
                flagged.append(i)
            else:
                for column, number in zip(write, found, strict=True):
                    column[i] = number
        if sums is not None:
            totals = [0.0] * len(numbers)
            for at in self._order:
                runs[at].add_sums(totals)
            memoryview(sums)[:] = array("d", totals)
        if not unknown and not flagged:
            return None
        return [(*fork, i) for fork, i in unknown.items()], flagged


def _split_columns(buffers: Iterable[Any]) -> Iterator[Any]:
    """Yield a float, or something to index by the sample, for each column."""
    for buffer in buffers:
        if isinstance(buffer, float):
            yield buffer
            continue
        view = memoryview(buffer)
        if view.ndim == 1:
            yield view
        else:
            yield from (_Column(view, j) for j in range((view.shape or ())[1]))


class _Column:
    """A column of a buffer with two axes."""

    def __init__(self, view: memoryview, place: int) -> None:
        self._view, self._place = view, place

    def __getitem__(self, i: int) -> Any:
        return self._view[i, self._place]

    def __setitem__(self, i: int, number: float) -> None:
        self._view[i, self._place] = number  # type: ignore[call-overload]  # a view of doubles


class _Run:
    """A run of a path over some samples."""

    def __init__(
        self,
        path: Path,
        text: Callable[..., Any] | None,
        numbers: Sequence[float],
        strict: int,
    ) -> None:
        self.path, self.text, self.strict = path, text, strict
        has_own = any(isinstance(row, PythonFunction) for row, _ in path.instructions)
        self.expected = (Exception,) if has_own else (ArithmeticError, ValueError)
        """What the text may raise; a function of the user may raise anything."""
        self.count = 0  # of clean samples
        self.partial_sums = [[0.0] * WIDTH for _ in path.sites]
        self.partials: dict[int, list[float]] = {}
        self.values: dict[int, float] = {}
        for leaf in range(path.inputs, path.leaves):
            self.values[leaf] = numbers[path.places[leaf]]
        self.is_clean = True
        for node in range(path.leaves, path.leaves + len(path.instructions)):
            if not path.varies[node]:
                self.is_clean &= self._compute_node(node, self.values)
        self.fixed_values = dict(self.values)
        self.uniforms = tuple(self.values.values())

    def compute(self, columns: Sequence[float], seed: float) -> Sequence[float] | int | None:
        """Return the results of a sample; an int for the guard at which it leaves the path.

        None says that the sample has to be computed eagerly.
        """
        path = self.path
        sample = [columns[place] for place in path.places[: path.inputs]]
        found: Any = None
        is_done = False
        if self.text is not None and self.is_clean:
            with suppress(*self.expected):
                found, is_done = self.text(sample, self.uniforms, seed), True
        if not is_done:
            found = self._compute_carefully(sample, seed)
        if found is None or isinstance(found, int):
            return found
        results: Sequence[float]
        results, terms = found
        derivatives = results[len(path.outputs) :]
        if self.strict and not all(map(math.isfinite, derivatives)):
            return None
        for sums, term in zip(self.partial_sums, terms, strict=True):
            sums[self.count % WIDTH] += term
        self.count += 1
        return results

    def _compute_carefully(self, sample: Sequence[float], seed: float) -> Any:
        """Return what the text returns; None for a sample that an eager call would refuse."""
        path = self.path
        values = {**self.fixed_values, **dict(enumerate(sample))}
        guards = enumerate(path.guards)
        k, guard = next(guards, (0, None))
        is_clean = self.is_clean
        for node in range(path.leaves, path.leaves + len(path.instructions) + 1):
            while guard is not None and guard.place == node - path.leaves:
                x, y = (values[r] if isinstance(r, int) else r for r in (guard.x, guard.y))
                if COMPARISONS[guard.comparison](x, y) != guard.outcome:
                    return k
                k, guard = next(guards, (0, None))
            if node < path.leaves + len(path.instructions) and path.varies[node]:
                is_clean = self._compute_node(node, values) and is_clean
        if not is_clean:
            return None
        results = [values[r] if isinstance(r, int) else r for r in path.outputs]
        terms: list[float] = []
        for root, sweep in zip(path.roots, path.sweeps, strict=True):
            adjoints = self._sweep(root, sweep, seed if path.sums else 1.0, terms)
            results += [adjoints.get(leaf, 0.0) for leaf in path.wrt]
        return results, terms

    def _sweep(
        self, root: Ref, sweep: Sequence[int], seed: float, terms: list[float]
    ) -> Mapping[int, float]:
        """Return the adjoints of a sample; add the terms of its sites to a list."""
        path = self.path
        adjoints: dict[int, float] = {root: 0.0 + seed} if isinstance(root, int) else {}
        for node in sweep:
            if not path.varies[node]:
                continue
            for i, ref in path.edges(node):
                term = adjoints[node] * self.partials[node][i]
                if path.varies[ref]:
                    adjoints[ref] = adjoints.get(ref, 0.0) + term
                else:
                    terms.append(term)
        if path.is_site(root):
            terms.append(seed)
        return adjoints

    def _compute_node(self, node: int, values: dict[int, float]) -> bool:
        """Compute a node and its partials; return whether an eager call would not refuse it."""
        row, refs = self.path.row(node), self.path.operands(node)
        operands = [values[r] if isinstance(r, int) else r for r in refs]
        try:
            out, partials = row.evaluate(*row.arrange(operands))
        except Exception:
            if not isinstance(row, PythonFunction):
                raise
            # The eager call raises the error of the user's function again.
            values[node], self.partials[node] = math.nan, [math.nan] * len(operands)
            return False
        values[node], self.partials[node] = out, list(flat(partials))
        is_strictest = self.strict == STRICTEST
        is_refused = not math.isfinite(out) and (is_strictest or all(map(math.isfinite, operands)))
        return not (self.strict and is_refused)

    def add_sums(self, totals: list[float]) -> None:
        """Add the derivative of the sum over all samples by each parameter."""
        if not self.count:
            return
        path, adjoints = self.path, dict[int, float]()
        for node, s in zip(path.sites, self.partial_sums, strict=True):
            total = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
            adjoints[node] = adjoints.get(node, 0.0) + total
        for node in chain.from_iterable(path.sweeps):
            if path.varies[node]:
                continue
            for i, ref in path.edges(node):
                term = adjoints[node] * self.partials[node][i]
                adjoints[ref] = adjoints.get(ref, 0.0) + term
        for leaf in range(path.inputs, path.leaves):
            totals[path.places[leaf]] += adjoints.get(leaf, 0.0)
