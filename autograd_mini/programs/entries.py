"""`Entry`: the recorded paths of a function for one form of its arguments, and how they run."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import suppress
from threading import RLock
from typing import Any, NamedTuple

from autograd_mini.arguments import requirement
from autograd_mini.engines import (
    Operand,
    Value,
    add_gradients,
    are_floats,
    count_leaves,
    custom_node,
    errstate,
    number_of,
    sweep_back,
)
from autograd_mini.programs.code import Code
from autograd_mini.programs.forms import Form, name_inputs
from autograd_mini.programs.modes import Modes, collect_modes
from autograd_mini.programs.nodes import NUMBER
from autograd_mini.programs.points import Point, make_replay
from autograd_mini.programs.results import ResultForm, describe_result
from autograd_mini.programs.row import RecordedFunction
from autograd_mini.programs.subjects import Recorded, Subject, depends
from autograd_mini.programs.tracing import find_last_comparison
from autograd_mini.programs.workers import Job, make_job

__all__ = ["Entry"]


class _Tree(NamedTuple):
    """The paths of a function. It is replaced as a whole, so an interrupt leaves no half of a path.

    Args:
        paths: the paths, in the order in which they were recorded.
        parameters, places: the parameters of all paths, and the place of each.
        strictness: how strict runs have to be for these paths.
        forks: for a path and the place of a guard that differs, the path to try next.
    """

    paths: tuple[Recorded, ...] = ()
    parameters: tuple[Value, ...] = ()
    strictness: int = 0
    places: dict[Value, int] = {}  # noqa: RUF012 - nobody changes it
    forks: dict[tuple[int, int], int] = {}  # noqa: RUF012


class Entry:
    """The paths of a function for one form of its arguments.

    Args:
        subject: the function.
        form: the form.
        natively: whether programs compute derivatives, where the function is one.
        max_paths: the largest number of paths.
    """

    def __init__(self, subject: Subject, form: Form, *, natively: bool, max_paths: int) -> None:
        self.subject, self.form, self.natively = subject, form, natively
        self.lock = RLock()
        self.modes = Modes()
        self._tree = _Tree()
        self._max_paths = max_paths
        self._replays: dict[bool, Any] = {}
        self._jobs: dict[tuple[int, bool], Job] = {}
        self._points: dict[int, Point] = {}
        self._rows: dict[int, RecordedFunction] = {}

    @property
    def paths(self) -> tuple[Recorded, ...]:
        """The paths, in the order in which they were recorded."""
        return self._tree.paths

    @property
    def parameters(self) -> tuple[Value, ...]:
        """The parameters of all paths."""
        return self._tree.parameters

    # --- recording ------------------------------------------------------------------------------

    def record(self, numbers: Sequence[float], args: Sequence[Any]) -> int:
        """Record the path of an example, and return its number.

        Raises:
            RuntimeError: there are too many paths.
            ValueError: the function does not compute the same for the same arguments.
        """
        if len(self.paths) == self._max_paths:
            raise self._make_error(numbers, args)
        found = self._record_once(numbers, args, twice=not self.paths)
        self._check_form(found.result)
        return self._add(found)

    def _record_once(
        self, numbers: Sequence[float], args: Sequence[Any], *, twice: bool = False
    ) -> Recorded:
        options = {"natively": self.natively, "twice": twice}
        with collect_modes(self.modes):
            return self.subject.record(self.form, numbers, args, **options)

    def _make_error(self, numbers: Sequence[float], args: Sequence[Any]) -> RuntimeError:
        """Return the error for too many paths."""
        line = find_last_comparison(lambda: self._record_once(numbers, args))
        argument = f"compile: number of paths through {self.subject.name}"
        way_out = (
            f"the last comparison is in {line}: compute without a branch there, call the function "
            "itself, or allow more paths by max_paths="
        )
        rule = f"at most {self._max_paths}"
        return RuntimeError(requirement(argument, rule, self._max_paths + 1, way_out))

    def _add(self, found: Recorded) -> int:
        """Add a path to the tree of guards and to what runs the paths."""
        paths, places, forks = self._tree.paths, dict(self._tree.places), dict(self._tree.forks)
        number, outcomes = len(paths), found.outcomes
        for other, path in enumerate(paths):
            k = _common_length(outcomes, path.outcomes)
            if k == min(len(outcomes), len(path.outcomes)):
                raise self.subject.refuse("another computation after the same branches")
            forks.setdefault((other, k), number)
            forks.setdefault((number, k), other)
        for parameter in found.recording.parameters:
            places.setdefault(parameter, len(places))
        strictness = max(self._tree.strictness, found.strictness)
        # If this is interrupted, what runs the paths is made anew.
        replays, self._replays = self._replays, {}
        self._tree = _Tree((*paths, found), tuple(places), strictness, places, forks)
        for sums, replay in replays.items():
            with suppress(LookupError):  # C lacks a row: what has it is made when it is needed
                replay.add(*self._write_program(found, sums=sums))
                self._replays[sums] = self._arrange(replay)
        return number

    def has_fork(self, path: int, guard: int) -> bool:
        """Return whether the path is known that leaves another one at a guard."""
        return (path, guard) in self._tree.forks

    def _check_form(self, form: ResultForm) -> None:
        """Raise an error if a result has another form than that on the first path."""
        if self.paths and form != self.paths[0].result:
            rule = f"the same on all paths, {self.paths[0].result}"
            argument = f"{self.subject.name}: form of the result"
            raise ValueError(requirement(argument, rule, form))

    def check_single(self) -> None:
        """Raise an error if the function returns something else than one number."""
        form = self.paths[0].result if self.paths else None
        if form is not None and form.node != NUMBER:
            argument = f"{self.subject.name}.batch: result of the function"
            raise TypeError(requirement(argument, "one number", form, "use map"))

    # --- many points ----------------------------------------------------------------------------

    def replay(self, *, sums: bool) -> Any:
        """Return what runs all paths over many points."""
        if sums not in self._replays:
            programs = [self._write_program(path, sums=sums) for path in self.paths]
            replay, _ = make_replay(programs, sums=sums)
            self._replays[sums] = self._arrange(replay)
        return self._replays[sums]

    def _write_program(self, path: Recorded, *, sums: bool) -> tuple[Any, ...]:
        """Return the arguments of `PythonReplay.add` for a path."""
        parameters = [self._tree.places[p] for p in path.recording.parameters]
        count = len(path.numbers)
        return (
            *path.recording[:4],
            count,
            count + len(parameters),
            [*range(count), *parameters],
            list(path.outputs),
            list(path.outputs if sums else path.roots),
            list(path.wrt),
        )

    def _arrange(self, replay: Any) -> Any:
        """Tell what runs the paths which of them comes after which, and return it."""
        replay.arrange(*self._arrangement())
        return replay

    def _arrangement(self) -> tuple[list[int], list[tuple[int, int, int]]]:
        """Return the arguments of `PythonReplay.arrange`."""
        ranks = sorted(range(len(self.paths)), key=lambda i: self.paths[i].outcomes, reverse=True)
        return ranks, [(*fork, path) for fork, path in self._tree.forks.items()]

    def job(self, *, sums: bool) -> Job:
        """Return the programs of all paths for workers.

        Raises:
            TypeError: a function of the user cannot be pickled.
        """
        key = len(self.paths), sums
        if key not in self._jobs:
            programs = [self._write_program(path, sums=sums) for path in self.paths]
            name = self.subject.name
            self._jobs = {key: make_job(name, programs, self._arrangement(), sums=sums)}
        return self._jobs[key]

    def add_gradients(
        self, parameters: tuple[Value, ...], sums: array[float] | bytes, seed: float = 1.0
    ) -> None:
        """Add seed · sum to the gradient of each parameter, as a backward pass would.

        Raises:
            NonFiniteGradientError: a gradient is not finite, unless `errstate` allows that.
        """
        if not add_gradients(parameters, sums, seed):
            row = self._row(len(parameters))
            custom_node(row, parameters, 0.0, sums).backward(seed=seed)

    def _row(self, count: int) -> RecordedFunction:
        """Return the row of a sum over samples that depends on a number of parameters."""
        if count not in self._rows:
            self._rows[count] = RecordedFunction(self.subject.name, (), count, lambda _: None)
        return self._rows[count]

    # --- one point ------------------------------------------------------------------------------

    def compute(self, numbers: Sequence[float], args: Sequence[Any], *, strict: bool) -> list[Any]:
        """Return the results for one point, in their own order: floats, or Values."""
        _, results = self._find(numbers, args, strict=strict)
        if results is None:
            results = self.compute_eagerly(numbers)
        if self.subject.derivative is not None and not are_floats(results):
            # Derivatives are Values, all of them, if the function uses a Value of someone else.
            return [x if isinstance(x, Value) else Value(x) for x in results]
        return results

    def find_path(self, numbers: Sequence[float], args: Sequence[Any], *, strict: bool) -> Recorded:
        """Return the path that a point takes."""
        at, _ = self._find(numbers, args, strict=strict)
        return self.paths[at]

    def _find(
        self, numbers: Sequence[float], args: Sequence[Any], *, strict: bool
    ) -> tuple[int, list[Operand] | None]:
        """Return the path that a point takes, and its results; None if C left them out."""
        at = 0 if self.paths else self.record(numbers, args)
        while True:
            point = self._points.get(at)
            if point is None:
                names = name_inputs(self.subject.f, self.form, len(numbers))
                point = self._points[at] = Point(self.paths[at], self.subject.label, names)
            found = point.compute(numbers, strict=self.strictness(is_strict=strict))
            if not isinstance(found, int):
                return at, found
            other = self._tree.forks.get((at, found))
            at = self.record(numbers, args) if other is None else other

    def strictness(self, *, is_strict: bool) -> int:
        """Return how strict a run of the paths has to be; see `PythonReplay.run`."""
        return max(int(is_strict), self._tree.strictness)

    def size(self) -> tuple[int, int]:
        """Return the number of instructions of all paths, and the bytes that they need."""
        codes = [path.recording for path in self.paths]
        size = sum(len(one[1]) + len(one[2]) + len(one[3]) for one in codes)
        return sum(sum(1 for _ in Code(*one[:3]).instructions()) for one in codes), size

    def compute_eagerly(self, numbers: Sequence[float]) -> list[Operand]:
        """Return the results for a point by a call of the function itself, in their own order."""
        since = count_leaves()
        is_derivative = self.natively and self.subject.derivative is not None
        inputs = list(numbers) if is_derivative else [Value(x) for x in numbers]
        args, kwargs = self.form.build(inputs)
        form, results = describe_result(self.subject.name, self.subject.f(*args, **kwargs))
        self._check_form(form)
        return [x if depends(x, since) else number_of(x) for x in results]

    def differentiate_eagerly(self, numbers: Sequence[float]) -> list[float]:
        """Return the derivative of the result by each parameter, for a point."""
        args, kwargs = self.form.build([Value(x) for x in numbers])
        output = self.subject.f(*args, **kwargs)
        outputs = [output] if isinstance(output, Value) else []
        with errstate(nonfinite="ignore"):  # backward() refuses what is not finite
            found = sweep_back(outputs, [*self.parameters], [1.0] * len(outputs), 0, "")
        assert found is not None  # no leaf is too old
        return found


def _common_length(a: bytes, b: bytes) -> int:
    """Return how many of the first bytes are equal."""
    shorter = min(len(a), len(b))
    if a[:shorter] == b[:shorter]:
        return shorter
    low, high = 0, shorter  # they agree up to low, and not up to high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle)
    return low
