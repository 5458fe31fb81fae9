"""Networks: neurons, layers and multilayer perceptrons; their activations and initializers."""

from autograd_mini.nn.activations import ACTIVATIONS, Activation
from autograd_mini.nn.dropout import Dropout
from autograd_mini.nn.initializers import INITIALIZERS, he, sphere, uniform, xavier
from autograd_mini.nn.layers import MLP, Layer, Neuron
from autograd_mini.nn.loading import load
from autograd_mini.nn.module import Module

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "MLP",
    "Activation",
    "Dropout",
    "Layer",
    "Module",
    "Neuron",
    "he",
    "load",
    "sphere",
    "uniform",
    "xavier",
]


def __dir__() -> list[str]:
    return __all__
