"""`compile`: a function that records itself when it is called, and is replayed from then on."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Generic, ParamSpec, Self, overload

from autograd_mini.arguments import count, requirement
from autograd_mini.engines import is_recording
from autograd_mini.engines.display import write_count
from autograd_mini.engines.nonfinite import strict
from autograd_mini.programs.batch import Batch, make_batch, repeat_batch
from autograd_mini.programs.columns import Columns, read_columns
from autograd_mini.programs.entries import Entry
from autograd_mini.programs.forms import Form, name_inputs, read_call
from autograd_mini.programs.program import Program
from autograd_mini.programs.results import allocate
from autograd_mini.programs.shards import Run, arrange, record_first, symmetrize
from autograd_mini.programs.subjects import Subject
from autograd_mini.transforms.structures import is_array

__all__ = ["Compiled", "compile"]

P = ParamSpec("P")
"""The parameters of a function; what it returns for numbers may be a float or a Value."""


def compile(f: Callable[P, Any], *, max_paths: int = 256) -> Compiled[P]:  # noqa: A001 - JAX calls it jit
    """Return a function that records what f computes, and then computes it at the speed of C.

    The first call runs f, and records each operation on Values. From then on the recording is
    replayed, for one point or for many (`Compiled.map`, `Compiled.batch`), with the bits of f. A
    branch on a Value, such as ``if x > 0``, is recorded as a guard; other branches are recorded
    when a point takes them. Positional arguments are numbers and structures of numbers; keyword
    arguments, and what is no number, are part of the recording, as is Python's own state.

    Args:
        f: a function of numbers, or one that `grad`, `jacobian` and the like return.
        max_paths: the largest number of ways through the branches of f.

    Raises:
        TypeError: f is not a function, or reads ``.data`` of what depends on its arguments.
        RuntimeError: there are more paths.
        ValueError: f computes something else when it is called again.

    >>> import autograd_mini as ag
    >>> slope = ag.compile(ag.grad(lambda x: x**3))
    >>> slope(2.0), slope.map([1.0, 2.0, 3.0])
    (12.0, [3.0, 12.0, 27.0])
    """
    if not callable(f):
        raise TypeError(requirement("compile: f", "a function", f))
    return Compiled(f, count(max_paths, argument="compile: max_paths"))


class Compiled(Generic[P]):
    """A function that is recorded and replayed; `compile` makes it.

    Args:
        f: the function.
        max_paths: the largest number of paths for each form of the arguments.
    """

    def __init__(self, f: Callable[P, Any], max_paths: int) -> None:
        functools.update_wrapper(self, f)
        self.__name__ = _name(f)
        self._f: Callable[..., Any] = f
        self._max_paths = max_paths
        self._first: tuple[object, ...] = ()  # the object, if this is a method
        self._subject = Subject(f, self.__name__)
        self._entries: dict[tuple[Form, bool], list[Entry]] = {}
        self._recent: tuple[Entry, tuple[int, ...]] | None = None  # of the last batch

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Return what f returns for one point."""
        if is_recording():  # then f becomes a part of what is recorded
            return self._apply(args, kwargs)
        given = (*self._first, *args) if self._first else args
        form, numbers = read_call(self.__name__, given, kwargs)
        if form is None:  # there is a Value
            return self._apply(args, kwargs)
        entry = self._find(form)
        with entry.lock:
            results = entry.compute(numbers, given, strict=strict())
            if entry.parameters and self._subject.derivative is not None:
                # The derivatives depend on parameters, so they are Values: a graph of their own.
                entry = self._find(form, natively=False)
                results = entry.compute(numbers, given, strict=strict())
            return entry.paths[0].result.build(results)

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Compiled[...]: ...
    def __get__(self, instance: object, owner: type | None = None) -> Compiled[...]:
        """Return the method of an object; the object is a part of what is recorded."""
        if instance is None:
            return self
        method = object.__new__(Compiled)  # with the same recordings, unlike a copy
        method.__dict__.update(self.__dict__)
        method._first = (*self._first, instance)
        return method

    def __repr__(self) -> str:
        entries = [entry for found in self._entries.values() for entry in found if entry.paths]
        if not entries:
            return f"<compiled {self.__name__}: not recorded yet>"
        sizes = [entry.size() for entry in entries]
        paths = write_count(sum(len(entry.paths) for entry in entries), "path")
        instructions = write_count(sum(size[0] for size in sizes), "instruction")
        size = f"{sum(size[1] for size in sizes):,} bytes".replace(",", " ")
        return f"<compiled {self.__name__}: {paths}, {instructions}, {size}>"

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """Return the program of the path that a point takes; ``print`` shows it as Python.

        >>> print(compile(lambda x: x * x + 1).program(3.0))
        from autograd_mini import Value
        <BLANKLINE>
        <BLANKLINE>
        def program(x):
            v1 = x * x
            v2 = v1 + 1.0
            return v2
        <BLANKLINE>
        print(program(Value(3.0)))
        """
        where = f"{self.__name__}.program"
        self._refuse_recording("program")
        form, numbers = read_call(where, (*self._first, *args), kwargs)
        if form is None:
            rule = "numbers, or structures of numbers"
            raise TypeError(requirement(f"{where}: arguments", rule, args, "use v.data"))
        entry = self._find(form)
        with entry.lock:
            path = entry.find_path(numbers, args, strict=strict())
        return path.program(numbers, name_inputs(self._f, form, len(numbers)))

    def _apply(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Return what a call of the function itself returns."""
        return self._f(*self._first, *args, **kwargs)

    def _find(self, form: Form, *, natively: bool = True) -> Entry:
        """Return the paths for a form of the arguments, and for the present modes of modules."""
        options: Any = {"natively": natively, "max_paths": self._max_paths}
        entries = self._entries.get((form, natively))
        if entries is None:  # another thread may make the first entry now
            first = Entry(self._subject, form, **options)
            entries = self._entries.setdefault((form, natively), [first])
        for entry in entries:
            if entry.modes.hold():
                return entry
        entry = Entry(self._subject, form, **options)
        entries.append(entry)
        return entry

    def map(self, *args: Any, executor: Executor | None = None, **kwargs: Any) -> Any:
        """Return what f returns for many points.

        Args:
            args: for each argument of f, a list or array with an item for each point, or a number
                that is the same for all.
            executor: shares the points out; None computes them here.
            kwargs: the keyword arguments of f, the same for all points.

        Returns:
            The structure that f returns, with a list in the place of each number; arrays if an
            argument is an array of NumPy.

        Raises:
            TypeError, ValueError: an argument is no list of numbers, or lengths differ.
            Exception: what f raises for the first point for which it raises; a note has its place.

        >>> product = compile(lambda x, y: x * y)
        >>> product.map([1.0, 2.0], 10.0)
        [10.0, 20.0]
        """
        args = (*self._first, *args)
        columns = self._read("map", args, kwargs, executor)
        entry = self._find(columns.form)
        with entry.lock:
            if not columns.count and not entry.paths:
                return [] if not columns.has_arrays else sys.modules["numpy"].zeros(0)
            record_first(entry, columns, args)
            results = allocate(entry.paths[0].result, columns.count, has_arrays=columns.has_arrays)
            path = entry.paths[0]
            buffers = arrange(results, path.order)
            run = Run(entry, columns, args, buffers, results.store, sums=False)
            run.compute(executor=executor)
            if path.is_symmetric:
                symmetrize(buffers)
        return results.finish()

    def batch(self, *args: Any, executor: Executor | None = None, **kwargs: Any) -> Batch:
        """Return the results for many points as a batch, which can be differentiated.

        Args:
            args, executor, kwargs: as for `map`; f returns one number.

        >>> import autograd_mini as ag
        >>> w = ag.Value(2.0)
        >>> cost = compile(lambda x, t: (w * x - t) ** 2)
        >>> batch = cost.batch([1.0, 2.0], [3.0, 3.0])
        >>> batch.backward(seed=0.5)
        >>> batch.data, w.grad
        ([1.0, 1.0], 1.0)
        """
        if self._recent is not None and executor is None and not kwargs and not is_recording():
            batch = repeat_batch(*self._recent, args)
            if batch is not None:
                return batch
        args = (*self._first, *args)
        columns = self._read("batch", args, kwargs, executor)
        entry = self._find(columns.form, natively=self._subject.derivative is None)
        batch = make_batch(entry, columns, args, executor)
        # Shapes tell all of arguments that are arrays and floats, and nothing of others.
        is_told = not kwargs and all(type(x) is float or is_array(x) for x in args)
        shapes = columns.shapes() if is_told else None
        self._recent = None if shapes is None else (entry, shapes)
        return batch

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickle the function, or the name by which its module has this; a copy records anew."""
        if self._first:
            return getattr, (self._first[0], self._f.__name__)
        found: Any = sys.modules.get(self.__module__)
        place: str = getattr(self, "__qualname__", self.__name__)
        for name in place.split("."):
            found = getattr(found, name, None)
        return place if found is self else (Compiled, (self._f, self._max_paths))

    def _refuse_recording(self, where: str) -> None:
        """Raise an error if this thread records, as what a program returns are floats."""
        if is_recording():
            rule, way_out = "outside of what is recorded", "call the compiled function for a point"
            raise TypeError(requirement(f"{self.__name__}.{where}", rule, "it", way_out))

    def _read(
        self, where: str, args: Sequence[Any], kwargs: dict[str, Any], executor: Executor | None
    ) -> Columns:
        self._refuse_recording(where)
        if executor is not None and not hasattr(executor, "submit"):
            argument = f"{self.__name__}.{where}: executor"
            raise TypeError(requirement(argument, "a concurrent.futures.Executor", executor))
        return read_columns(f"{self.__name__}.{where}", args, kwargs)


def _name(f: Callable[..., Any]) -> str:
    """Return the name of a function for errors and drawings."""
    name = getattr(f, "__name__", type(f).__name__)
    return name if name.isidentifier() else "f"
