"""`Value`: a number that remembers how it was computed, and can be differentiated.

This is the reference engine. If the native engine was built, `autograd_mini.engines` uses that
instead; the two have the same names, errors and results, bit for bit.
"""

from __future__ import annotations

import inspect
import numbers
import operator
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count, repeat
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NoReturn,
    Protocol,
    TypeAlias,
    TypeVar,
    overload,
)

from autograd_mini.arguments import is_foreign, number, requirement
from autograd_mini.engines.display import Table
from autograd_mini.engines.node import check_name
from autograd_mini.engines.nonfinite import nonfinite_gradient, strict
from autograd_mini.engines.tapes import record_comparison, refuse_reading, refuse_writing, tapes
from autograd_mini.engines.templates import Template
from autograd_mini.table.primitives import PRIMITIVES, Primitive

__all__ = [
    "Binary",
    "Dot",
    "Number",
    "Operand",
    "Operation",
    "Share",
    "Sum",
    "Unary",
    "Value",
    "count_leaves",
    "store",
]

Operand: TypeAlias = "Value | float"
Number = TypeVar("Number", "Value", float)
OnClass = TypeVar("OnClass")
OnInstance = TypeVar("OnInstance")


class Operation(Generic[OnClass, OnInstance]):
    """Binds a row of the table to a name in the class body of `Value`.

    The first use of the name replaces this object by a function, which is written from the row.

    Args:
        row: the row, or its name.
        default: the last operand, if the caller gives none.
    """

    def __init__(self, row: str | Primitive, *, default: float | None = None) -> None:
        self.primitive = PRIMITIVES[row] if isinstance(row, str) else row
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner, self._name = owner, name

    @overload
    def __get__(self, instance: None, owner: type) -> OnClass: ...
    @overload
    def __get__(self, instance: Value, owner: type) -> OnInstance: ...
    def __get__(self, instance: Value | None, owner: type) -> Any:
        function = Template(self.primitive, self._name, self.default).compile(self._owner)
        if self.primitive.nary:
            function = OfSequences(function)
        setattr(self._owner, self._name, function)
        return function.__get__(instance, owner)


class OfSequences:
    """A function of sequences, which the class has as an attribute and its instances have not.

    NumPy would call an attribute ``sum`` of a Value as a method with arguments of its own.
    """

    def __init__(self, function: Any) -> None:
        self.function = function

    def __get__(self, instance: Value | None, owner: type) -> Any:
        if instance is None:
            return self.function
        name = self.function.__name__
        raise AttributeError(f"'Value' object has no attribute {name!r}; use Value.{name}(…)")


class Foreign:
    """A name that Values of micrograd have; the error says what has its place here."""

    def __init__(self, way_out: str) -> None:
        self._way_out = way_out

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Value | None, owner: type) -> Any:
        if instance is None:
            return self
        raise AttributeError(f"'Value' object has no attribute {self._name!r}; {self._way_out}")

    def __set__(self, instance: Value, given: object) -> None:
        self.__get__(instance, Value)


class _UnaryCall(Protocol):
    def __call__(self, x: Number, /) -> Number: ...


class _BinaryCall(Protocol):
    @overload
    def __call__(self, x: Value, y: Operand = ..., /) -> Value: ...
    @overload
    def __call__(self, x: Operand, y: Value, /) -> Value: ...
    @overload
    def __call__(self, x: float, y: float = ..., /) -> float: ...


Numbers: TypeAlias = Iterable[float]
Operands: TypeAlias = "Iterable[Operand]"


class _SumCall(Protocol):
    @overload
    def __call__(self, xs: Numbers, /) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, xs: Operands, /) -> Value: ...


class _DotCall(Protocol):
    @overload
    def __call__(self, ws: Numbers, xs: Numbers, b: float = 0.0, /) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, ws: Operands, xs: Operands, b: Operand = 0.0, /) -> Value: ...


class _ShareCall(Protocol):
    @overload
    def __call__(self, xs: Numbers, y: float, /) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, xs: Operands, y: Operand, /) -> Value: ...


# A type checker sees each binding as a function, and as a method if its first operand is a Value.
Unary: TypeAlias = Operation[_UnaryCall, Callable[[], "Value"]]
Binary: TypeAlias = Operation[_BinaryCall, Callable[..., "Value"]]
Sum: TypeAlias = Operation[_SumCall, NoReturn]
Dot: TypeAlias = Operation[_DotCall, NoReturn]
Share: TypeAlias = Operation[_ShareCall, NoReturn]


def _comparison(
    compare: Callable[[float, float], bool], place: int
) -> Callable[[Value, Operand], bool]:
    """Return a method that compares a Value with a Value or a number, and leaves other types.

    A recording knows the comparison by its place among ``<``, ``<=``, ``>`` and ``>=``.
    """

    def comparison(self: Value, other: Operand) -> bool:
        if type(other) is Value:
            outcome = compare(self._number, other._number)
        elif is_foreign(other):
            return NotImplemented  # type: ignore[no-any-return]  # as a comparison may
        else:
            other = number(other, argument="operand of a comparison")
            outcome = compare(self._number, other)
        if tapes:
            record_comparison(place, self, other, outcome)
        return outcome

    return comparison


class Value:
    """A real number in a computation graph.

    Arithmetic and functions on Values make new Values. `backward` then gives every Value in the
    graph its gradient: the derivative of the result with respect to it. A Value made directly is a
    leaf. A Value equals only itself; ``<`` compares it with numbers and other Values.

    Args:
        data: the number, of a type that `autograd_mini.arguments.number` accepts.
        name: the name that drawings and errors show.

    Raises:
        TypeError: ``data`` is not a real number, or ``name`` is not a string.

    >>> x, y = Value(3.0, name="x"), Value(4.0, name="y")
    >>> z = x * y + x
    >>> z.backward()
    >>> z.data, x.grad, y.grad
    (15.0, 5.0, 3.0)
    """

    # A leaf's _row is None. A node of one or two operands has Values in _x and _y, and the partial
    # derivatives in _dx and _dy. If an operand is a plain number, its _x or _y is None, and _dx or
    # _dy has the number itself. A node of many operands, or of a row of a user, has None in _x and
    # _y. Its _many has all operands, those that are Values, and the partial derivatives for these.
    # _mark is the token of the last backward pass through this node, _adjoint the sum in it so far.
    # A leaf has in _dx the number of leaves that were made before it. It has _dy once its number
    # was read as .data; so has the identity of a Value, which is an argument of a transform.
    __module__ = "autograd_mini"  # pickles look here for the Value of either engine
    __slots__ = (
        *("_adjoint", "_dx", "_dy", "_grad", "_many", "_mark", "_name", "_number", "_row"),
        *("_x", "_y"),
    )

    if TYPE_CHECKING:
        _adjoint: float
        _number: float
        _dx: float
        _dy: float
        _grad: float
        _many: tuple[tuple[Operand, ...], list[Value], list[float]]
        _mark: object
        _name: str | None
        _row: Primitive | None
        _x: Value | None
        _y: Value | None

    if not TYPE_CHECKING:  # type checkers read `__init__`

        def __new__(cls, data, *, name=None, **unknown):
            """Make a leaf, so that there is no Value without a number."""
            if unknown:
                way_out = "use name= for it" if "label" in unknown else ""
                raise TypeError(requirement("Value: arguments", "data and name", unknown, way_out))
            self = object.__new__(cls)
            self._number = number(data, argument="Value: data")
            self._row = self._x = self._y = self._mark = None
            self._dx = next(_births)
            if name is not None:
                self.name = name
            return self

    def __init__(self, data: float, *, name: str | None = None) -> None:
        """State the types of the arguments, for `typing.get_type_hints` and editors."""

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError(
            "a base class must be another class than Value, got Value; "
            "operations make plain Values, so keep a Value in an attribute of your class"
        )

    # --- operations: one binding line for each row of the table ---------------------------------

    if TYPE_CHECKING:  # what editors show

        def __add__(self, other: Operand, /) -> Value: ...

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __add__
        __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __add__

        def __neg__(self, /) -> Value: ...
        def __abs__(self, /) -> Value: ...
        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any: ...
    else:
        __add__, __radd__ = Operation("add"), Operation("add")
        __sub__, __rsub__ = Operation("sub"), Operation("sub")
        __mul__, __rmul__ = Operation("mul"), Operation("mul")
        __truediv__, __rtruediv__ = Operation("div"), Operation("div")
        __pow__, __rpow__ = Operation("pow"), Operation("pow")
        __neg__ = Unary("neg")
        __abs__ = Unary("abs")
        label = Foreign("use name")
        _prev = Foreign("use operands, a tuple in their order")
        _op = Foreign("use op, which is None for a leaf")
        _backward = Foreign("use partials, the derivative for each operand")

    identity = Unary("identity")
    square = Unary("square")
    sqrt = Unary("sqrt")
    cbrt = Unary("cbrt")
    exp = Unary("exp")
    exp2 = Unary("exp2")
    expm1 = Unary("expm1")
    log = Unary("log")
    log1p = Unary("log1p")
    log2 = Unary("log2")
    log10 = Unary("log10")
    sin = Unary("sin")
    cos = Unary("cos")
    tan = Unary("tan")
    arcsin = Unary("arcsin")
    arccos = Unary("arccos")
    arctan = Unary("arctan")
    arctan2 = Binary("arctan2")
    hypot = Binary("hypot")
    sinh = Unary("sinh")
    cosh = Unary("cosh")
    tanh = Unary("tanh")
    arcsinh = Unary("arcsinh")
    arccosh = Unary("arccosh")
    arctanh = Unary("arctanh")
    gauss = Unary("gauss")
    erf = Unary("erf")
    erfc = Unary("erfc")
    sigmoid = Unary("sigmoid")
    softplus = Unary("softplus")
    relu = Unary("relu")
    leaky_relu = Binary("leaky_relu", default=0.01)
    elu = Binary("elu", default=1.0)
    step = Unary("step")
    maximum = Binary("maximum")
    minimum = Binary("minimum")
    max = Sum("max")
    min = Sum("min")
    sum = Sum("sum")
    fsum = Sum("fsum")
    dot = Dot("dot", default=0.0)
    norm = Sum("norm")
    expectation = Dot("expectation")
    logsumexp = Sum("logsumexp")
    softmax = Share("softmax")
    log_softmax = Share("log_softmax")

    def __pos__(self) -> Value:
        return self

    def conjugate(self) -> Value:
        """Return this Value itself, as a real number does; ``numpy.std`` and ``vdot`` need it."""
        return self

    # --- attributes -----------------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number; setting it changes no node that was computed before."""
        if tapes:
            refuse_reading(self, ".data")
        if self._row is None or self._row is _IDENTITY:
            self._dy = True
        return self._number

    @data.setter
    def data(self, data: float) -> None:
        if tapes:
            refuse_writing(self)
        self._number = number(data, argument="Value.data")

    @property
    def grad(self) -> float:
        """The gradient: a leaf adds up all backward passes, a node keeps the last one.

        Set it to None to forget it, as if there had been no backward pass.
        """
        if tapes:
            refuse_reading(self, ".grad")
        return self._grad if hasattr(self, "_grad") else 0.0

    @grad.setter
    def grad(self, grad: float | None) -> None:
        if tapes:
            refuse_reading(self, ".grad =")
        if grad is not None:
            self._grad = number(grad, argument="Value.grad")
        elif hasattr(self, "_grad"):
            del self._grad

    @property
    def has_grad(self) -> bool:
        """Whether a backward pass or an assignment has stored a gradient here."""
        if tapes:
            refuse_reading(self, ".has_grad")
        return hasattr(self, "_grad")

    @property
    def name(self) -> str | None:
        """The name that drawings and errors show; None if it has none."""
        return getattr(self, "_name", None)

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = check_name(name)

    @property
    def op(self) -> Primitive | None:
        """The row of the table of primitives that made this node; None for a leaf."""
        return self._row

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The operands of this node: Values, and floats for constants."""
        if self._row is None:
            return ()
        if self._x is None and self._y is None:
            return self._many[0]
        first = self._dx if self._x is None else self._x
        if len(self._row.operands) == 1:
            return (first,)
        return (first, self._dy if self._y is None else self._y)

    @property
    def partials(self) -> tuple[float | None, ...]:
        """The partial derivative for each operand, as recorded with the node; None if constant."""
        if tapes:
            refuse_reading(self, ".partials")
        return self._partials

    @property
    def _partials(self) -> tuple[float | None, ...]:
        """The partial derivatives for the library itself, also while a computation is recorded."""
        if self._row is None:
            return ()
        if self._x is None and self._y is None:
            partials = iter(self._many[2])
            return tuple(next(partials) if type(o) is Value else None for o in self.operands)
        first = None if self._x is None else self._dx
        if len(self._row.operands) == 1:
            return (first,)
        return (first, None if self._y is None else self._dy)

    def __repr__(self) -> str:
        self._refuse("a print")
        return self._repr_text_()

    def _repr_text_(self) -> str:
        """Return the repr for the words of errors, also while a computation is recorded."""
        parts = [f"data={self._number!r}"]
        grad = getattr(self, "_grad", None)
        if grad is not None:
            parts.append(f"grad={grad!r}")
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        if self.op is not None:
            parts.append(f"op={self.op.name}")
        return f"Value({', '.join(parts)})"

    def _repr_html_(self) -> str:
        """Return a table of one row, for a notebook."""
        self._refuse("a print")
        row = (
            "" if self.name is None else self.name,
            self.data,
            self.grad if self.has_grad else "",
            "leaf" if self.op is None else self.op.name,
        )
        return Table(("name", "value", "gradient", "operation"), [row])._repr_html_()

    def __format__(self, spec: str) -> str:
        self._refuse("a print")
        if not spec:
            return repr(self)
        try:
            return format(self.data, spec)
        except ValueError as error:
            argument = "format: specification"
            raise ValueError(requirement(argument, "one of a float", spec, str(error))) from None

    # --- comparing and converting ---------------------------------------------------------------

    __lt__, __le__ = _comparison(operator.lt, 0), _comparison(operator.le, 1)
    __gt__, __ge__ = _comparison(operator.gt, 2), _comparison(operator.ge, 3)
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, numbers.Number):
            return NotImplemented
        way_out = "a Value equals only itself: compare v.data"
        raise TypeError(requirement("operand of ==", "a Value", other, way_out))

    def __bool__(self) -> NoReturn:
        way_out = "compare the Value (v > 0), or use v.data"
        raise TypeError(requirement("a condition", "a bool", self, way_out))

    def __float__(self) -> NoReturn:
        way_out = (
            "to keep the gradient, use the function of the library (ag.exp(v), not math.exp(v)); "
            "to drop it, use v.data"
        )
        raise TypeError(requirement("float: argument", "a plain number", self, way_out))

    def __int__(self) -> NoReturn:
        way_out = "use v.data, which drops the gradient"
        raise TypeError(requirement("int: argument", "a plain number", self, way_out))

    def __reduce__(self) -> tuple[Any, ...]:
        self._refuse("a copy")
        if self.op is not None:
            way_out = "copy the leaves and compute again, or save a model with state_dict()"
            raise TypeError(requirement("a copied or pickled Value", "a leaf", self, way_out))
        return type(self), (self.data,), (self.name, self.grad if self.has_grad else None)

    def __setstate__(self, state: tuple[str | None, float | None]) -> None:
        self.name, grad = state
        if grad is not None:
            self.grad = grad

    def _refuse(self, reading: str) -> None:
        """Refuse what would be frozen into the recording of this thread, if it has one."""
        if tapes:
            refuse_reading(self, reading)

    # --- the backward pass ----------------------------------------------------------------------

    def zero_grad(self) -> None:
        """Set the gradient of this Value to zero; `has_grad` stays as it is."""
        self._refuse(".grad =")
        if getattr(self, "_grad", None) is not None:
            self.grad = 0.0

    def backward(self, *, seed: float = 1.0) -> None:
        """Differentiate this Value with respect to every Value it was computed from.

        Every leaf's ``grad`` grows by seed · ∂self/∂leaf; every other node's ``grad`` becomes
        seed · ∂self/∂node. An error changes no gradient; an interrupt changes all of them or none.

        The pass applies the chain rule in reverse topological order to the partial derivatives that
        each node recorded when it was made (reverse-mode accumulation; Griewank and Walther,
        *Evaluating Derivatives*, 2008, chapter 3).

        Args:
            seed: the gradient of this Value itself.

        Raises:
            NonFiniteGradientError: a leaf's gradient would be infinite or NaN, unless
                ``errstate(nonfinite="ignore")`` is set.
            RuntimeError: a backward pass of this thread calls it, through a signal handler.

        >>> w = Value(0.5)
        >>> for _ in range(2):
        ...     (w**2).backward()
        >>> w.grad
        2.0
        """
        seed = number(seed, argument="Value.backward: seed")
        self._refuse("backward()")
        lock = _lock
        if lock._is_owned():  # type: ignore[attr-defined]
            raise RuntimeError("Value.backward: called within a backward pass of this thread")
        owns: list[bool] = []
        try:
            # Acquire and note it in one step: from CPython 3.14 on, an interrupt can come between
            # the call and its `try` or `with`. No handler runs between the pass and the release.
            owns += map(lock.acquire, [True])
            self._run_backward(seed)
        finally:
            if owns:
                lock.release()

    def _run_backward(self, seed: float) -> None:
        """Run the backward pass.

        This function and `_store_adjoints` are separate because in CPython 3.12 and 3.13 an
        interrupt at the end of a loop's body can escape a ``with`` or ``try`` around the loop.
        """
        nodes, leaves = self._mark_graph()
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
                for operand, partial in zip(*node._many[1:], strict=True):
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
            # An interrupt came between two stores: finish them all, then raise it again.
            store(nodes, repeat("_grad"), map(operator.attrgetter("_adjoint"), nodes))
            raise

    def _mark_graph(self) -> tuple[list[Value], list[Value]]:
        """Mark every Value that this Value depends on, and set its adjoint to zero.

        Returns the computed nodes in topological order, operands first, and the leaves. The walk is
        depth-first; leaves never enter its stack, and it returns to a node after each operand.
        """
        token = object()
        self._mark = token
        self._adjoint = 0.0
        if self._row is None:
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
                if x._row is not None:
                    path.append(node)
                    node = x
                    continue
                leaves.append(x)
            y = node._y
            if y is not None:
                if y._mark is not token:
                    y._mark = token
                    y._adjoint = 0.0
                    if y._row is not None:
                        path.append(node)
                        node = y
                        continue
                    leaves.append(y)
            elif x is None:
                if node not in unseen:
                    unseen[node] = iter(node._many[1])
                for operand in unseen[node]:
                    if operand._mark is not token:
                        operand._mark = token
                        operand._adjoint = 0.0
                        if operand._row is not None:
                            path.append(node)
                            node = operand
                            break
                        leaves.append(operand)
                else:
                    x = node  # the walk has passed every operand
                if x is None:
                    continue
            nodes.append(node)
            if not path:
                return nodes, leaves
            node = path.pop()


Value.__signature__ = inspect.signature(Value.__init__.__get__(object()))  # type: ignore[attr-defined]


def store(things: Iterable[Any], attributes: Iterable[str], values: Iterable[Any]) -> None:
    """Store a value in an attribute of each thing, in one call that no interrupt can divide.

    Signal handlers run between bytecode instructions. This call has none inside, unless setting
    an attribute runs Python code.
    """
    deque(map(setattr, things, attributes, values), maxlen=0)


def _store_adjoints(nodes: list[Value]) -> None:
    """Store the adjoints as gradients, faster than `store` but not safe from interrupts."""
    for node in nodes:
        node._grad = node._adjoint


def count_leaves() -> int:
    """Return how many leaves were made so far."""
    return next(_births)  # which counts this call too


_births = count()
_IDENTITY = PRIMITIVES["identity"]


def _new_lock() -> None:
    """Make the lock that lets one thread at a time use the marks and adjoints of the nodes."""
    global _lock  # noqa: PLW0603 - a lock cannot be reset in place
    _lock = threading.RLock()


_lock: threading.RLock
_new_lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)  # a thread that is gone may have held the lock


def _let_go(node: Value) -> None:
    """Free what only this node uses, one node after the other, as the node itself is freed.

    In a browser, CPython does not guard its stack when it frees a long chain by recursion.
    Elsewhere it does, and a `__del__` would make chains a fifth slower.
    """
    is_first = not _to_free
    if is_first:
        _to_free.append("a loop runs")
    _to_free.append([getattr(node, slot, None) for slot in ("_x", "_y", "_many")])
    node._x = node._y = node._many = None  # type: ignore[assignment]
    try:
        while is_first and len(_to_free) > 1:
            _to_free.pop()  # the Values that this frees add their own operands
    finally:
        if is_first:
            _to_free.clear()


_to_free: list[object] = []
if sys.platform == "emscripten":
    Value.__del__ = _let_go  # type: ignore[attr-defined]
