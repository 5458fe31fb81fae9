"""`Value`: a number that remembers how it was computed, and can be differentiated.

This is the reference engine. `autograd_mini.engines` puts one in C in its place where that was
built; the two have the same names, errors and results, bit for bit.
"""

from __future__ import annotations

import math
import numbers
import operator
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any, NoReturn

from autograd_mini.arguments import is_foreign, number
from autograd_mini.engines.templates import (
    BinaryFunction,
    DotFunction,
    Operand,
    Operator,
    Reflected,
    SumFunction,
    UnaryFunction,
)
from autograd_mini.errors import NonFiniteGradientError, strict
from autograd_mini.table.primitives import Primitive

__all__ = [
    "Path",
    "Value",
    "checked_name",
    "data_of",
    "gradients_of",
    "nonfinite_gradient",
    "store_data",
    "zero_gradients",
]


class Value:
    """A real number in a computation graph.

    Arithmetic and functions on Values make new Values; `backward` then gives every Value that took
    part its gradient, the derivative of the result with respect to it. A Value made directly is a
    leaf. Values are equal only to themselves; they compare by ``<`` with numbers and each other.

    Args:
        data: the number; see `autograd_mini.arguments.number` for what is taken.
        name: what drawings and errors call it.

    Raises:
        TypeError: ``data`` is not a real number, or ``name`` not a string.

    >>> x, y = Value(3.0, name="x"), Value(4.0, name="y")
    >>> z = x * y + x
    >>> z.backward()
    >>> z.data, x.grad, y.grad
    (15.0, 5.0, 3.0)
    """

    # A leaf has no _op. A node of one or two operands has Values in _x and _y, and the local
    # partial derivatives in _dx and _dy; where an operand is a plain number, its _x or _y is None
    # and the number itself stands in _dx or _dy. A node of many operands has None in both _x and
    # _y, the operands in _dx, and in _dy a pair: those that are Values, and their partial
    # derivatives. _mark is the token of the last backward pass that came by, _adjoint what that
    # pass has added up so far.
    __module__ = "autograd_mini"  # where pickles look for the Value of either engine
    __slots__ = ("_adjoint", "_dx", "_dy", "_grad", "_mark", "_name", "_number", "_op", "_x", "_y")

    _adjoint: float
    _number: float
    _dx: Any
    _dy: Any
    _grad: float
    _mark: object
    _name: str | None
    _op: Primitive | None
    _x: Value | None
    _y: Value | None

    def __init__(self, data: float, *, name: str | None = None) -> None:
        self._number = number(data, what="Value")
        self._op = self._x = self._y = self._dx = self._dy = self._mark = None
        if name is not None:
            self.name = name

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError(
            "Value cannot be subclassed: operations make plain Values; keep one in a class of yours"
        )

    # --- operations: one binding line for each row of the table ---------------------------------

    __add__ = Operator("add")
    __radd__ = Reflected("add")
    __sub__ = Operator("sub")
    __rsub__ = Reflected("sub")
    __mul__ = Operator("mul")
    __rmul__ = Reflected("mul")
    __truediv__ = Operator("div")
    __rtruediv__ = Reflected("div")
    __pow__ = Operator("pow")
    __rpow__ = Reflected("pow")
    __neg__ = UnaryFunction("neg")
    __abs__ = UnaryFunction("abs")

    square = UnaryFunction("square")
    sqrt = UnaryFunction("sqrt")
    cbrt = UnaryFunction("cbrt")
    exp = UnaryFunction("exp")
    expm1 = UnaryFunction("expm1")
    log = UnaryFunction("log")
    log1p = UnaryFunction("log1p")
    log2 = UnaryFunction("log2")
    log10 = UnaryFunction("log10")
    sin = UnaryFunction("sin")
    cos = UnaryFunction("cos")
    tan = UnaryFunction("tan")
    arcsin = UnaryFunction("arcsin")
    arccos = UnaryFunction("arccos")
    arctan = UnaryFunction("arctan")
    sinh = UnaryFunction("sinh")
    cosh = UnaryFunction("cosh")
    tanh = UnaryFunction("tanh")
    arcsinh = UnaryFunction("arcsinh")
    arccosh = UnaryFunction("arccosh")
    arctanh = UnaryFunction("arctanh")
    erf = UnaryFunction("erf")
    sigmoid = UnaryFunction("sigmoid")
    softplus = UnaryFunction("softplus")
    relu = UnaryFunction("relu")
    leaky_relu = BinaryFunction("leaky_relu", default=0.01)
    step = UnaryFunction("step")
    maximum = BinaryFunction("maximum")
    minimum = BinaryFunction("minimum")
    sum = SumFunction("sum")
    dot = DotFunction("dot")

    def __pos__(self) -> Value:
        return self

    # --- what a Value is ------------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number. Setting it changes no node that was computed from it before."""
        return self._number

    @data.setter
    def data(self, data: float) -> None:
        self._number = number(data, what="data")

    @property
    def grad(self) -> float:
        """The gradient: of a leaf, added up over backward passes; of a node, by the last one."""
        return self._grad if self.has_grad else 0.0

    @grad.setter
    def grad(self, grad: float) -> None:
        self._grad = number(grad, what="grad")

    @property
    def has_grad(self) -> bool:
        """Whether a gradient was ever stored here, by a backward pass or by hand."""
        return hasattr(self, "_grad")

    @property
    def name(self) -> str | None:
        """What drawings and errors call this Value; None if nothing."""
        return getattr(self, "_name", None)

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = checked_name(name)

    @property
    def op(self) -> Primitive | None:
        """The row of the table of primitives that made this node; None for a leaf."""
        return self._op

    @property
    def operands(self) -> tuple[Operand, ...]:
        """What this node was computed from: Values, and plain floats for constants."""
        if self._op is None:
            return ()
        if self._op.nary:
            operands: tuple[Operand, ...] = self._dx
            return operands
        first = self._dx if self._x is None else self._x
        if len(self._op.operands) == 1:
            return (first,)
        return (first, self._dy if self._y is None else self._y)

    @property
    def partials(self) -> tuple[float | None, ...]:
        """The local derivative for each operand at the time of computing; None for a constant."""
        if self._op is None:
            return ()
        if self._op.nary:
            partials = iter(self._dy[1])
            return tuple(next(partials) if type(o) is Value else None for o in self.operands)
        first = None if self._x is None else self._dx
        if len(self._op.operands) == 1:
            return (first,)
        return (first, None if self._y is None else self._dy)

    def __repr__(self) -> str:
        parts = [f"data={self.data!r}"]
        if self.has_grad:
            parts.append(f"grad={self.grad!r}")
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        if self.op is not None:
            parts.append(f"op={self.op.name}")
        return f"Value({', '.join(parts)})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    # --- comparing and converting ---------------------------------------------------------------

    def __lt__(self, other: Operand) -> bool:
        return _compared(operator.lt, self, other)

    def __le__(self, other: Operand) -> bool:
        return _compared(operator.le, self, other)

    def __gt__(self, other: Operand) -> bool:
        return _compared(operator.gt, self, other)

    def __ge__(self, other: Operand) -> bool:
        return _compared(operator.ge, self, other)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, numbers.Number):
            return NotImplemented
        raise TypeError(
            "== between a Value and a number: Values are equal only to themselves; compare v.data"
        )

    def __bool__(self) -> NoReturn:
        raise TypeError("a Value has no truth value; compare it (v > 0), or use v.data")

    def __float__(self) -> NoReturn:
        raise TypeError(
            "float(v) would drop the gradient: use v.data for the number, "
            "or the function of the library (ag.exp(v), not math.exp(v))"
        )

    def __int__(self) -> NoReturn:
        raise TypeError("int(v) would drop the gradient: use v.data for the number")

    def __reduce__(self) -> tuple[Any, ...]:
        if self.op is not None:
            raise TypeError(
                f"cannot copy or pickle {self!r}: it stands for a whole computation; copy the "
                "leaves and compute anew, or save a model with state_dict()"
            )
        return type(self), (self.data,), (self.name, self.grad if self.has_grad else None)

    def __setstate__(self, state: tuple[str | None, float | None]) -> None:
        self.name, grad = state
        if grad is not None:
            self.grad = grad

    # --- the backward pass ----------------------------------------------------------------------

    def backward(self, *, seed: float = 1.0) -> None:
        """Differentiate this Value with respect to everything it was computed from.

        By the chain rule, in reverse topological order, over the partial derivatives recorded when
        each node was made (reverse-mode accumulation; Griewank and Walther, *Evaluating
        Derivatives*, 2008, chapter 3). Every leaf's ``grad`` grows by seed · ∂self/∂leaf; every
        other node's ``grad`` becomes seed · ∂self/∂node. If an error or an interrupt comes before
        the end, no gradient has changed.

        Args:
            seed: what the gradient of this Value itself is taken to be.

        Raises:
            NonFiniteGradientError: a leaf's gradient would be infinite or NaN, unless
                ``errstate(nonfinite="ignore")`` is set.
            RuntimeError: called from within another backward pass of the same thread, by a signal
                handler for example.

        >>> w = Value(0.5)
        >>> for _ in range(2):
        ...     (w**2).backward()
        >>> w.grad
        2.0
        """
        seed = number(seed, what="seed")
        if _lock._is_owned():  # type: ignore[attr-defined]
            raise RuntimeError("backward() was called from within a backward pass of this thread")
        with _lock:
            self._swept(seed)

    def _swept(self, seed: float) -> None:
        """Do the backward pass.

        It has a function of its own, as has `_store_adjoints`, because CPython 3.12 and 3.13 let an
        interrupt at the end of a loop's body escape from a ``with`` or ``try`` around the loop.
        """
        nodes, leaves = self._marked()
        self._adjoint = seed
        for node in reversed(nodes):
            adjoint = node._adjoint
            x = node._x
            if x is not None:
                x._adjoint += adjoint * node._dx
            y = node._y
            if y is not None:
                y._adjoint += adjoint * node._dy
            elif x is None:
                for operand, partial in zip(*node._dy, strict=True):
                    operand._adjoint += adjoint * partial
        finite = True
        for leaf in leaves:
            leaf._adjoint = gradient = leaf.grad + leaf._adjoint
            if gradient - gradient:  # an infinity or a NaN
                finite = False
        if not finite and strict():
            raise nonfinite_gradient(
                nodes, [n._adjoint for n in nodes], leaves, [leaf._adjoint for leaf in leaves]
            )
        nodes += leaves
        try:
            _store_adjoints(nodes)
        except BaseException:
            # An interrupt between two of these stores: finish them, and let it through.
            store(nodes, repeat("_grad"), map(operator.attrgetter("_adjoint"), nodes))
            raise

    def _marked(self) -> tuple[list[Value], list[Value]]:
        """Mark what this Value depends on, with adjoints of zero.

        Returns the computed nodes in topological order, operands first, and the leaves. It is a
        depth-first walk; leaves never enter its stack, and a node is looked at again after each
        of its operands.
        """
        token = object()
        self._mark = token
        self._adjoint = 0.0
        if self._op is None:
            return [], [self]
        nodes: list[Value] = []
        leaves: list[Value] = []
        path: list[Value] = []
        unseen: dict[Value, Iterator[Value]] = {}  # for nodes of many operands
        node = self
        while True:
            x = node._x
            if x is not None and x._mark is not token:
                x._mark = token
                x._adjoint = 0.0
                if x._op is not None:
                    path.append(node)
                    node = x
                    continue
                leaves.append(x)
            y = node._y
            if y is not None:
                if y._mark is not token:
                    y._mark = token
                    y._adjoint = 0.0
                    if y._op is not None:
                        path.append(node)
                        node = y
                        continue
                    leaves.append(y)
            elif x is None:
                if node not in unseen:
                    unseen[node] = iter(node._dy[0])
                for operand in unseen[node]:
                    if operand._mark is not token:
                        operand._mark = token
                        operand._adjoint = 0.0
                        if operand._op is not None:
                            path.append(node)
                            node = operand
                            break
                        leaves.append(operand)
                else:
                    x = node  # every operand is done
                if x is None:
                    continue
            nodes.append(node)
            if not path:
                return nodes, leaves
            node = path.pop()


def store(things: Iterable[Any], attributes: Iterable[str], values: Iterable[Any]) -> None:
    """Store a value in an attribute of each thing, in one call that no interrupt can divide.

    Signal handlers run between bytecode instructions, and in here there are none, as long as
    setting the attributes runs no Python code.
    """
    deque(map(setattr, things, attributes, values), maxlen=0)


def store_data(
    values: Sequence[Value], numbers: Sequence[float], owner: object = None, state: object = None
) -> None:
    """Store numbers in Values, and a state in the ``_state`` of their owner: all or nothing."""
    if owner is None:
        store(values, repeat("_number"), numbers)
    else:
        attributes = chain(repeat("_number", len(values)), ("_state",))
        store(chain(values, (owner,)), attributes, chain(numbers, (state,)))


def data_of(values: Iterable[Value]) -> list[float]:
    """Return the numbers of Values."""
    return [value.data for value in values]


def gradients_of(values: Iterable[Value]) -> list[float]:
    """Return the gradients of Values."""
    return [value.grad for value in values]


def zero_gradients(values: Iterable[Value]) -> None:
    """Set the gradients to zero, all of them or none; one never computed stays that way."""
    store([value for value in values if value.has_grad], repeat("_grad"), repeat(0.0))


def _store_adjoints(nodes: list[Value]) -> None:
    """Make the adjoints the gradients; faster than `store`, but an interrupt can divide it."""
    for node in nodes:
        node._grad = node._adjoint


def _compared(compare: Callable[[float, float], bool], value: Value, other: object) -> bool:
    """Compare a Value with another or with a number; leave other types to themselves."""
    if type(other) is Value:
        return compare(value._number, other._number)
    if is_foreign(other):
        return NotImplemented  # type: ignore[no-any-return]  # as a comparison may
    return compare(value._number, number(other, what="a comparison"))


def checked_name(name: object) -> str | None:
    """Return a name as a plain str, or None.

    Raises:
        TypeError: it is neither.
    """
    if name is None:
        return None
    if not isinstance(name, str):
        raise TypeError(f"name must be a string or None, got {type(name).__name__} {name!r}")
    # Of a subclass only the text: its attributes could refer to the Value, and make a cycle.
    return name if type(name) is Path else str.__str__(name)


class Path(str):
    """A name that a module gave to a parameter, which a module around it may lengthen."""

    __slots__ = ()


def nonfinite_gradient(
    nodes: list[Value], adjoints: list[float], leaves: list[Value], gradients: list[float]
) -> NonFiniteGradientError:
    """Return the error that says which leaf, and at which node the trouble arose."""
    leaf, gradient = next(
        (leaf, gradient)
        for leaf, gradient in zip(leaves, gradients, strict=True)
        if not math.isfinite(gradient)
    )
    where = "; it was not finite before, or the sum overflows"
    for node, adjoint in zip(reversed(nodes), reversed(adjoints), strict=True):
        for operand, partial in zip(node.operands, node.partials, strict=True):
            if partial is not None and not math.isfinite(adjoint * partial):
                where = (
                    f"; this arises at {node.op}, whose value is {node.data!r} and whose "
                    f"partial derivative for {_called(operand)} is {partial!r}, "
                    f"times an incoming gradient of {adjoint!r}"
                )
                break
        else:
            continue
        break
    return NonFiniteGradientError(
        f"backward(): the gradient of {_called(leaf)} would be {gradient}{where}. "
        'No gradient was changed; errstate(nonfinite="ignore") would store it'
    )


def _called(operand: Operand) -> str:
    if isinstance(operand, float):
        return repr(operand)
    if operand.name is not None:
        return f"{operand.name!r} ({operand.data!r})"
    return f"a Value of {operand.data!r}"


def _new_lock() -> None:
    """Make the lock that lets one thread at a time use the marks and adjoints in the nodes."""
    global _lock  # noqa: PLW0603 - a lock cannot be renewed in place
    _lock = threading.RLock()


_lock: threading.RLock
_new_lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)  # another thread may hold it, there, for ever
