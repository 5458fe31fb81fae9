"""`Module`: the base class of everything with parameters, which it names, saves and loads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from autograd_mini.arguments import abbreviate, finite, flag, list_some, printable, requirement
from autograd_mini.engines import Value, store_data, zero_gradients
from autograd_mini.engines.display import Table, write_count
from autograd_mini.engines.node import ParameterPath
from autograd_mini.errors import StateError
from autograd_mini.nn import saving
from autograd_mini.nn.architecture import describe_architecture
from autograd_mini.nn.search import find_leaves, find_parts
from autograd_mini.nn.summary import summarize
from autograd_mini.programs.modes import note_mode
from autograd_mini.programs.predictor import predict

__all__ = ["Module", "evaluate", "set_modes"]


class Module:
    """The base class of models; its parameters are the leaf Values in its attributes.

    They are found in modules, lists, tuples, deques, dicts with strings or ints as keys, arrays of
    NumPy, and other objects, but not inside functions. They have the order in which the attributes
    were made. A parameter that is found twice is listed once, under its first path. A computed
    Value is no parameter; a list that has only computed Values has no parameters.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> line(3.0).backward()
    >>> {name: parameter.grad for name, parameter in line.named_parameters()}
    {'slope': 3.0, 'offset': 1.0}
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make a module whose attributes stay fast to read after a call of `vars`.

        By default the dictionaries of instances share their keys. CPython 3.11 and 3.12 read such a
        dictionary three times as slowly once `vars` has returned it.
        """
        if cls.__init__ is object.__init__ and (args or kwargs):
            raise TypeError(requirement(f"{cls.__name__}: arguments", "none", args or kwargs))
        module = super().__new__(cls)
        object.__setattr__(module, "__dict__", {})  # a subclass may have a __setattr__ of its own
        return module

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Return each parameter with its path, such as ``layers.0.neurons.3.bias``.

        A parameter gets its path as its ``name``, unless you or a module that contains this module
        gave it a name.

        Raises:
            TypeError: a parameter is in a set, an iterator or the like, or under another key of a
                dict than a string or an int.
            ValueError: a list that has parameters has a computed Value too, or a dot in a name
                gives two parameters the same path.
        """
        parameters: dict[ParameterPath, Value] = {}
        for path, leaf in find_leaves(self, Module):
            if path in parameters:
                where = f"{type(self).__name__}: path of a parameter"
                way_out = "it leads to two parameters"
                raise ValueError(requirement(where, "unique", path, way_out))
            parameters[path] = leaf
        for path, leaf in parameters.items():
            _name(leaf, path)
        return [(str(path), leaf) for path, leaf in parameters.items()]

    def modules(self) -> list[Module]:
        """Return this module and all modules in it, each once."""
        found = [place.thing for place in find_parts(self, Module)]
        return [one for one in found if isinstance(one, Module)]

    @property
    def training(self) -> bool:
        """Whether the module trains, so that `Dropout` drops; a new module does."""
        mode: bool = vars(self).get("_training", True)
        note_mode(self, mode)
        return mode

    @training.setter
    def training(self, training: bool) -> None:
        set_modes([self], training=flag(training, argument=f"{type(self).__name__}.training"))

    def train(self, mode: bool = True) -> Self:
        """Let this module and all modules in it train, or not; return it.

        Args:
            mode: what `training` becomes.

        >>> from autograd_mini.nn import Dropout
        >>> Dropout(0.5).eval()([1.0, 2.0])
        [1.0, 2.0]
        """
        training = flag(mode, argument=f"{type(self).__name__}.train: mode")
        set_modes(self.modules(), training=training)
        return self

    def eval(self) -> Self:
        """Let no module in this one train, so that it predicts; return it."""
        return self.train(False)

    def parameters(self) -> list[Value]:
        """Return the parameters, for an optimizer."""
        return [parameter for _, parameter in self.named_parameters()]

    def predict(self, X: Any) -> Any:  # noqa: N803 - the field's name for examples
        """Return the predictions for many examples, as numbers.

        The model is recorded and runs natively, if that can be done; otherwise it is called. No
        module trains meanwhile.

        Args:
            X: the examples: a list, an array, or a frame, by rows.

        Returns:
            A list with what the model returns for each example, with numbers in the place of
            Values. For an array of NumPy it is an array, if the model returns a number or a list of
            numbers.

        Raises:
            TypeError: X is no sequence.
            Exception: what the model raises for an example.

        >>> from autograd_mini.nn import Neuron
        >>> neuron = Neuron(2, activation="linear", weights=[0.5, 1.0], bias=0.25)
        >>> neuron.predict([[1.0, 2.0], [0.0, -1.0]])
        [2.75, -0.75]
        """
        with evaluate(self.modules()):
            return predict(self, f"{type(self).__name__}.predict: X", X)

    def zero_grad(self) -> None:
        """Set the gradients to zero, all of them or none; `has_grad` stays as it is."""
        zero_gradients(self.parameters())

    def state_dict(self) -> dict[str, float]:
        """Return the numbers of the parameters by path."""
        return {path: parameter.data for path, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set the parameters to the numbers that `state_dict` returned, all of them or none.

        Raises:
            StateError: a name is missing or unknown, or a number is not finite.
            TypeError: the state is not a mapping.
        """
        where = f"{type(self).__name__}.load_state_dict"
        if not isinstance(state, Mapping):
            rule = "a mapping of names to numbers"
            raise TypeError(requirement(f"{where}: state", rule, state))
        parameters = dict(self.named_parameters())
        differences = [
            f"{difference} {list_some([*map(repr, names)])}"
            for difference, names in (
                ("missing", [path for path in parameters if path not in state]),
                ("unexpected", [name for name in state if name not in parameters]),
            )
            if names
        ]
        if differences:
            rule, names = f"those of {abbreviate(self)}", list(state)
            raise StateError(
                requirement(f"{where}: names in the state", rule, names, "; ".join(differences))
            )
        try:
            numbers = [finite(state[path], argument=f"{where}: {path!r}") for path in parameters]
        except (TypeError, ValueError) as error:
            raise StateError(str(error)) from None
        store_data(list(parameters.values()), numbers)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the parameters to a JSON file, atomically; see `autograd_mini.nn.saving.save`.

        The file of an `MLP`, a `Layer` or a `Neuron` with activations of the library also says what
        the model is made of, so that `autograd_mini.load` makes it again.

        Raises:
            StateError: a parameter is not finite.
            OSError: the file cannot be written.
        """
        saving.save(self.state_dict(), path, architecture=describe_architecture(self))

    def load(self, path: str | os.PathLike[str]) -> None:
        """Set the parameters to the numbers that `save` wrote to a file, all of them or none.

        Raises:
            StateError: the file is damaged, or does not fit this module.
            FileNotFoundError: there is no such file.
        """
        state = saving.load(path)
        try:
            self.load_state_dict(state)
        except StateError as error:
            reason = str(error).removeprefix(f"{type(self).__name__}.load_state_dict: ")
            raise StateError(printable(f"{os.fsdecode(path)}: {reason}")) from None

    def summary(self) -> Table:
        """Return a table of the layers and other parts, with the number of parameters in each.

        It prints as text, and a notebook shows it as HTML. A parameter that several parts share
        counts in the first of them.

        >>> from autograd_mini.nn import MLP
        >>> MLP(2, [3, 1]).summary()
        MLP(2 → 3 relu → 1 linear, 13 parameters)
        layer  shape  activation  parameters
        -----  -----  ----------  ----------
        1      2 → 3  relu                 9
        2      3 → 1  linear               4
        -----  -----  ----------  ----------
        total                             13
        """
        return summarize(find_parts(self, Module), title=repr(self))

    def __repr__(self) -> str:
        parameters = write_count(len(self.parameters()), "parameter")
        return f"{type(self).__name__}({self._architecture()}{parameters})"

    def _repr_html_(self) -> str:
        """Return the `summary` as HTML, for a notebook."""
        return Module.summary(self)._repr_html_()

    def _architecture(self) -> str:
        """Return the text before the number of parameters in the `repr`."""
        return ""

    def _arguments(self) -> dict[str, Any] | None:
        """Return the arguments that make such a module again, as JSON can hold them, if any can."""
        return None

    def _shape(self) -> str:
        """Return the numbers of inputs and outputs of a part that a summary has in one row."""
        return ""


def set_modes(modules: Iterable[Module], *, training: bool) -> None:
    """Let all of some modules train, or none of them."""
    for module in modules:
        module.__dict__["_training"] = training


@contextmanager
def evaluate(modules: Iterable[Module]) -> Iterator[None]:
    """Let no module train, and let those that did train afterwards."""
    trained = [module for module in modules if module.training]
    try:
        set_modes(trained, training=False)
        yield
    finally:
        set_modes(trained, training=True)


def _name(parameter: Value, path: ParameterPath) -> None:
    """Name a parameter by its path, unless a user or an outer module gave it a name."""
    name = parameter.name
    if name is None or (isinstance(name, ParameterPath) and name.count(".") < path.count(".")):
        parameter.name = path
