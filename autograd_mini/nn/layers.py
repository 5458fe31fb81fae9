"""Networks: `Neuron`, `Layer` (of neurons) and `MLP` (of layers)."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from autograd_mini.arguments import (
    abbreviate,
    as_rng,
    count,
    finite,
    is_iterable,
    items,
    requirement,
)
from autograd_mini.engines import Operand, Value, neuron_outputs
from autograd_mini.engines.display import write_count
from autograd_mini.engines.node import numbers_of
from autograd_mini.functions import as_operand, dot
from autograd_mini.nn.activations import Activation, ActivationLike, as_activation
from autograd_mini.nn.initializers import (
    INITIALIZERS,
    InitializerLike,
    as_initializer,
    draw_layer,
    he,
    sphere,
    uniform,
    xavier,
)
from autograd_mini.nn.module import Module

__all__ = [
    "INITIALIZERS", "MLP", "Layer", "Module", "Neuron", "he", "sphere", "uniform", "xavier",
]  # fmt: skip


class Neuron(Module):
    """A neuron: z = w·x + b, and its output a = activation(z).

    Args:
        inputs: the number of inputs.
        activation: a name in `autograd_mini.nn.ACTIVATIONS`, or a function of a Value.
        weights: the initial weights, as numbers or leaf Values; modules may share a Value.
        bias: the initial bias, as a number or a leaf Value; the default is 0 or drawn.
        init: draws the weights if none are given, and perhaps the bias: a name in `INITIALIZERS`
            or a function ``(rng, fan_in, fan_out) -> float``; the default suits the activation.
        rng: the source of randomness: a ``random.Random``, an int that seeds a new one, or None
            for that of Python's ``random``, which ``random.seed`` seeds.
        fused: make z one ``dot`` node. Otherwise z is ``w0 * x0 + w1 * x1 + … + b``, made of sums
            and products: a drawing shows more, the values and gradients are the same.

    Raises:
        ValueError: a size, an activation or the number of weights is wrong.
        TypeError: an argument has the wrong type.

    >>> neuron = Neuron(2, activation="tanh", weights=[0.5, -1.0], bias=0.25)
    >>> neuron
    Neuron(2 → 1 tanh, 3 parameters)
    >>> neuron([1.0, 0.75])
    Value(data=0.0, op=tanh)
    """

    def __init__(
        self,
        inputs: int,
        *,
        activation: ActivationLike = "relu",
        weights: Iterable[Operand] | None = None,
        bias: Operand | None = None,
        init: InitializerLike | None = None,
        rng: random.Random | int | None = None,
        fused: bool = True,
    ) -> None:
        self.inputs = count(inputs, argument="Neuron: inputs")
        chosen = as_activation(activation, argument="Neuron: activation")
        if chosen.over_layer:
            way_out = f"use Layer({self.inputs}, outputs, activation={chosen.name!r})"
            rule = "a function of one Value, not of a whole layer"
            raise ValueError(requirement("Neuron: activation", rule, chosen.name, way_out))
        if weights is None:
            draw = as_initializer(chosen.init if init is None else init, argument="Neuron: init")
            rng = as_rng(rng, argument="Neuron: rng")
            (weights,), (drawn,) = draw_layer(draw, self.inputs, 1, rng)
            bias = drawn if bias is None else bias
        self.weights = [
            _parameter(weight, argument=f"Neuron: weights[{i}]")
            for i, weight in enumerate(_one_each(weights, self.inputs, "Neuron: weights", "input"))
        ]
        self.bias = _parameter(0.0 if bias is None else bias, argument="Neuron: bias")
        self.activation = chosen
        self.fused = fused
        self.named_parameters()

    def __call__(self, x: Iterable[Operand], /) -> Value:
        """Return the output for a list of inputs.

        Raises:
            ValueError, TypeError: x is not a list with a number or Value for each input.
        """
        return _compute_outputs([self], _inputs(self, x))[0]

    def _add_up(self, xs: Sequence[Operand]) -> Value:
        first, *rest = (
            w * as_operand(x, argument="Neuron: an input")
            for w, x in zip(self.weights, xs, strict=True)
        )
        for term in rest:
            first = first + term
        return first + self.bias

    def _arguments(self) -> dict[str, Any]:
        return {
            "inputs": self.inputs,
            "activation": self.activation.name,
            "fused": bool(self.fused),
        }

    def _architecture(self) -> str:
        return f"{self._shape()} {self.activation.name}, "

    def _shape(self) -> str:
        return f"{self.inputs} → 1"


class Layer(Module):
    """A layer of neurons that all have the same inputs.

    Args:
        inputs, outputs: the number of inputs, and of neurons.
        activation: as for `Neuron`; it may also be "softmax", which is applied to all outputs.
        weights: the initial weights, a row for each output, as numbers or leaf Values.
        biases: the initial biases, one for each output, as numbers or leaf Values; by default 0
            or drawn.
        init, rng, fused: as for `Neuron`.

    Raises:
        ValueError: a size, an activation or the number of weights is wrong.
        TypeError: an argument has the wrong type.

    >>> layer = Layer(1, 2, activation="softmax", weights=[[1.0], [1.0]])
    >>> layer
    Layer(1 → 2 softmax, 4 parameters)
    >>> [p.data for p in layer([3.0])]
    [0.5, 0.5]
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        activation: ActivationLike = "relu",
        weights: Iterable[Iterable[Operand]] | None = None,
        biases: Iterable[Operand] | None = None,
        init: InitializerLike | None = None,
        rng: random.Random | int | None = None,
        fused: bool = True,
    ) -> None:
        self.inputs = count(inputs, argument="Layer: inputs")
        self.outputs = count(outputs, argument="Layer: outputs")
        chosen = as_activation(activation, argument="Layer: activation")
        if weights is None:
            draw = as_initializer(chosen.init if init is None else init, argument="Layer: init")
            rng = as_rng(rng, argument="Layer: rng")
            weights, drawn = draw_layer(draw, self.inputs, self.outputs, rng)
            biases = drawn if biases is None else biases
        rows = _one_each(weights, self.outputs, "Layer: weights", "output")
        biases = [0.0] * self.outputs if biases is None else biases
        biases = _one_each(biases, self.outputs, "Layer: biases", "output")
        self.neurons = [
            Neuron(
                self.inputs,
                activation="linear" if chosen.over_layer else chosen,
                weights=_one_each(row, self.inputs, f"Layer: weights[{i}]", "input"),
                bias=bias,
                fused=fused,
            )
            for i, (row, bias) in enumerate(zip(rows, biases, strict=True))
        ]
        self.activation = chosen
        self.named_parameters()

    def __call__(self, x: Iterable[Operand], /) -> Value | list[Value]:
        """Return the output for a list of inputs: a Value, or a list if there are several.

        Raises:
            ValueError, TypeError: x is not a list with a number or Value for each input.
        """
        return _single(self._compute_outputs(_inputs(self, x)))

    def _compute_outputs(self, xs: Sequence[Operand]) -> list[Value]:
        outputs = _compute_outputs(self.neurons, xs)
        if not self.activation.over_layer:
            return outputs
        outputs = self.activation.function(outputs)
        if type(outputs) is not list or [type(a) for a in outputs] != [Value] * self.outputs:
            raise _no_value(self.activation, outputs)
        return outputs

    def _arguments(self) -> dict[str, Any]:
        return {
            "inputs": self.inputs,
            "outputs": self.outputs,
            "activation": self.activation.name,
            "fused": bool(self.neurons[0].fused),
        }

    def _architecture(self) -> str:
        return f"{self._shape()} {self.activation.name}, "

    def _shape(self) -> str:
        return f"{self.inputs} → {self.outputs}"


class MLP(Module):
    """A multilayer perceptron: the outputs of each layer are the inputs of the next layer.

    Args:
        inputs: the number of inputs.
        sizes: the number of outputs of each layer.
        activation: the activation of the hidden layers, as for `Layer`.
        output_activation: the activation of the last layer.
        init, rng, fused: as for `Neuron`.

    Raises:
        ValueError: a size or an activation is wrong, or there is no layer.
        TypeError: an argument has the wrong type.

    >>> MLP(2, [16, 16, 1])
    MLP(2 → 16 relu → 16 relu → 1 linear, 337 parameters)
    """

    def __init__(
        self,
        inputs: int,
        sizes: Iterable[int],
        *,
        activation: ActivationLike = "relu",
        output_activation: ActivationLike = "linear",
        init: InitializerLike | None = None,
        rng: random.Random | int | None = None,
        fused: bool = True,
    ) -> None:
        self.inputs = count(inputs, argument="MLP: inputs")
        sizes = items(sizes, argument="MLP: sizes", rule="a list, such as [16, 1]")
        outputs = [count(size, argument=f"MLP: sizes[{i}]") for i, size in enumerate(sizes)]
        if not outputs:
            raise ValueError(requirement("MLP: sizes", "a list of one size or more", outputs))
        rng = as_rng(rng, argument="MLP: rng")
        init = None if init is None else as_initializer(init, argument="MLP: init")
        # Check the activation even if there is no hidden layer to use it.
        hidden = as_activation(activation, argument="MLP: activation")
        output = as_activation(output_activation, argument="MLP: output_activation")
        activations = [hidden] * (len(outputs) - 1) + [output]
        self.layers = [
            Layer(fan_in, fan_out, activation=chosen, init=init, rng=rng, fused=fused)
            for fan_in, fan_out, chosen in zip(
                [self.inputs, *outputs[:-1]], outputs, activations, strict=True
            )
        ]
        self.named_parameters()

    def __call__(self, x: Iterable[Operand], /) -> Value | list[Value]:
        """Return the output for a list of inputs: a Value, or a list if there are several.

        Raises:
            ValueError, TypeError: x is not a list with a number or Value for each input.
        """
        signals: Any = _inputs(self, x)
        for layer in self.layers:
            signals = layer._compute_outputs(signals)
        return _single(signals)

    def _arguments(self) -> dict[str, Any]:
        return {
            "inputs": self.inputs,
            "sizes": [layer.outputs for layer in self.layers],
            "activation": self.layers[0].activation.name,
            "output_activation": self.layers[-1].activation.name,
            "fused": bool(self.layers[0].neurons[0].fused),
        }

    def _architecture(self) -> str:
        layers = [f"{layer.outputs} {layer.activation.name}" for layer in self.layers]
        return f"{' → '.join([str(self.inputs), *layers])}, "


def _compute_outputs(neurons: list[Neuron], xs: Sequence[Operand]) -> list[Value]:
    """Return the outputs of neurons with the same inputs: in one call of C, or one by one."""
    try:
        outputs = neuron_outputs(neurons, xs, Neuron)
        if len(outputs) < len(neurons) or type(outputs[-1]) is not Value:
            return _complete(neurons, xs, outputs)
    except TypeError as error:
        _add_hint(error, xs)
        raise
    return outputs


def _complete(neurons: list[Neuron], xs: Sequence[Operand], outputs: list[Any]) -> list[Value]:
    """Return the outputs of neurons, of which the first are known."""
    if outputs and type(outputs[-1]) is not Value:
        raise _no_value(neurons[len(outputs) - 1].activation, outputs[-1])
    for neuron in islice(neurons, len(outputs), None):
        z = dot(neuron.weights, xs, neuron.bias) if neuron.fused else neuron._add_up(xs)
        a = neuron.activation.function(z)
        if type(a) is not Value:
            raise _no_value(neuron.activation, a)
        outputs.append(a)
    return outputs


def _one_each(given: Iterable[Any], length: int, argument: str, each: str) -> Sequence[Any]:
    found = items(given, argument=argument, rule=f"a list, one item for each {each}")
    if len(found) != length:
        raise _wrong_length(argument, f"{length}, one for each {each}", found)
    return found


def _wrong_length(argument: str, rule: str, found: Sequence[Any]) -> ValueError:
    where, _, name = argument.partition(": ")
    content = f"{name} is {abbreviate(list(found))}"
    return ValueError(requirement(f"{where}: length of {name}", rule, len(found), content))


def _parameter(given: Operand, *, argument: str) -> Value:
    """Make a leaf for an initial number; return a leaf as it is."""
    if not isinstance(given, Value):
        return Value(finite(given, argument=argument))
    if given.op is not None:
        raise ValueError(requirement(argument, "a number or a leaf, not a computed Value", given))
    finite(numbers_of(given), argument=argument)
    return given


def _inputs(module: Neuron | Layer | MLP, x: Iterable[Operand]) -> Sequence[Operand]:
    if type(x) is list and len(x) == module.inputs:  # quickly, as this is so for each example
        return x
    kind, expected = type(module).__name__, module.inputs
    inputs, way_out = write_count(expected, "input"), "put a single one into a list too"
    xs = items(x, argument=f"{kind}: x", rule=f"a list of {inputs}", way_out=way_out)
    if len(xs) != expected:
        rule = f"{expected}, one for each input"
        raise _add_hint(_wrong_length(f"{kind}: x", rule, xs), xs)
    return xs


def _add_hint(error: Exception, xs: Sequence[Any]) -> Exception:
    """Return an error, which says what to do with many examples if all inputs are sequences."""
    if xs and all(is_iterable(one) and not isinstance(one, str | bytes) for one in xs):
        error.add_note("for many examples, use predict(X), or call the model for each")
    return error


def _no_value(activation: Activation, result: object) -> TypeError:
    rule = "a list of one Value for each output" if activation.over_layer else "a Value"
    way_out = "anything else has no gradient"
    return TypeError(
        requirement(f"the result of activation {activation.name!r}", rule, result, way_out)
    )


def _single(outputs: list[Value]) -> Value | list[Value]:
    return outputs[0] if len(outputs) == 1 else outputs
