"""Why gradients vanish in deep networks, and with which activation function they do not.

First a chain of single neurons, where the chain rule is one product: on its way back through a
neuron the gradient is multiplied by w · f'(z). Then a deep network of full layers. The networks,
the data and the weights are made up for this example.
"""

import argparse
import math
import random
import statistics
from pathlib import Path
from typing import NamedTuple

from autograd_mini import Value, plots
from autograd_mini.losses import mean_squared_error, squared_error
from autograd_mini.nn import MLP, Module, Neuron
from autograd_mini.nn.activations import ActivationName

ACTIVATIONS: tuple[ActivationName, ...] = ("sigmoid", "tanh", "relu")
DEPTH = 12
WIDTH = 16
NETWORKS = 5


class Link(NamedTuple):
    """What happens in one neuron of the chain."""

    z: float
    a: float
    factor: float
    product: float
    gradient: float


class Chain(Module):
    """A chain of equal neurons without bias, each of which sees the output of the one before."""

    def __init__(self, activation: ActivationName, *, weight: float) -> None:
        self.layers = [Neuron(1, activation=activation, weights=[weight]) for _ in range(DEPTH)]

    def __call__(self, x: float) -> list[Value]:
        """Return the outputs of all neurons."""
        outputs: list[Value] = []
        for neuron in self.layers:
            outputs.append(neuron([outputs[-1] if outputs else x]))
        return outputs


def links(chain: Chain, *, weight: float) -> list[Link]:
    """Run a chain forward and backward: input 1, target 0.

    Each link has ∂E/∂z twice: as the product of the factors w · f'(z) of the neurons after it,
    and from ``backward()``, as the gradient of the bias. E is ½(T − a)².
    """
    outputs = chain(1.0)
    squared_error(outputs[-1], 0.0).backward()

    found = []
    product = outputs[-1].data  # ∂E/∂a of the last neuron is a − T
    for neuron, out in zip(reversed(chain.layers), reversed(outputs), strict=True):
        (z,), (slope,) = out.operands, out.partials
        assert isinstance(z, Value)
        assert slope is not None
        product *= slope
        found.append(Link(z.data, out.data, weight * slope, product, neuron.bias.grad))
        product *= weight
    return found[::-1]


def network(activation: ActivationName, *, rng: random.Random) -> MLP:
    """Return a deep network after a backward pass."""
    model = MLP(2, [WIDTH] * (DEPTH - 1) + [1], activation=activation, rng=rng)
    points = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(20)]
    targets = [math.copysign(1.0, x * y) for x, y in points]
    mean_squared_error([model(point) for point in points], targets).backward()
    return model


def sizes(model: MLP) -> list[float]:
    """Return, layer by layer, the root mean square of the gradients of a network's weights."""
    norms = []
    for layer in model.layers:
        gradients = [weight.grad for neuron in layer.neurons for weight in neuron.weights]
        norms.append(math.hypot(*gradients) / math.sqrt(len(gradients)))
    return norms


def table(rows: list[list[str]], *, width: int = 14) -> str:
    """Return rows as text, the first of them as the heading."""
    lines = ["".join(f"{cell:>{width}}" for cell in row) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def draw(path: Path, chains: dict[str, Chain], networks: dict[str, MLP]) -> None:
    """Write a picture of both, with a logarithmic scale."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - optional

    figure = Figure(figsize=(12.8, 6), layout="constrained")
    left, right = figure.subplots(1, 2)
    figure.suptitle("The gradient on its way back to the first layer", fontsize=18)
    plots.gradient_sizes(chains, ax=left)
    left.set_title(f"A chain of {DEPTH} neurons, all w = 1, b = 0")
    plots.gradient_sizes(networks, ax=right)
    right.set_title(f"{DEPTH} layers, {WIDTH} neurons in each hidden one")
    figure.savefig(path, dpi=150)


def main() -> None:
    """Print the tables and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    parser.add_argument("--seed", type=int, default=0, help="for the weights and the data")
    options = parser.parse_args()

    chains: dict[str, Chain] = {}
    for activation in ACTIVATIONS:
        chains[activation] = Chain(activation, weight=1.0)
        of_chain = links(chains[activation], weight=1.0)
        print(f"Chain of {DEPTH} {activation} neurons, w = 1, b = 0; input 1, target 0")
        heading = ["layer", "z", "a", "w · f'(z)", "product", "backward()"]
        rows = [
            [str(layer), f"{z:.6f}", f"{a:.6f}", f"{factor:.6f}", f"{product:.6e}", f"{grad:.6e}"]
            for layer, (z, a, factor, product, grad) in enumerate(of_chain, start=1)
        ]
        print(table([heading, *rows]))
        apart = max(abs(link.product - link.gradient) for link in of_chain)
        print(f"product and backward() differ by at most {apart:g}\n")

    print("∂E/∂z at the first neuron divided by that at the last, for other weights")
    rows = []
    for weight in (0.5, 1.0, 1.5, 2.0, 4.0):
        ratios = []
        for activation in ACTIVATIONS:
            first, *_, last = links(Chain(activation, weight=weight), weight=weight)
            ratios.append(f"{first.gradient / last.gradient:.3e}")
        rows.append([f"w = {weight:g}", *ratios])
    print(table([["", *ACTIVATIONS], *rows]))
    print(
        "The slope of the sigmoid is at most 1/4; that of tanh at most 1, and less the further z\n"
        "is from 0. That of ReLU is 1 where z > 0: it neither shrinks the gradient nor lets it\n"
        "grow, and only the weights count. (Where z <= 0 it is 0, and nothing passes at all.)\n"
    )

    networks: dict[str, MLP] = {}
    medians = []
    for activation in ACTIVATIONS:
        rng = random.Random(options.seed)
        each = [network(activation, rng=rng) for _ in range(NETWORKS)]
        networks[activation] = each[0]
        medians.append([statistics.median(of) for of in zip(*map(sizes, each), strict=True)])
    print(f"Networks of {DEPTH} layers, {WIDTH} neurons in each hidden one: root mean square of")
    print(f"∂E/∂w in a layer, median of {NETWORKS} networks; weights drawn as suits the activation")
    print("(Xavier for sigmoid and tanh, He for ReLU)")
    columns = zip(*medians, strict=True)
    rows = [
        [str(layer), *(f"{magnitude:.3e}" for magnitude in magnitudes)]
        for layer, magnitudes in enumerate(columns, start=1)
    ]
    print(table([["layer", *ACTIVATIONS], *rows]))
    print()

    path = options.out / "vanishing_gradient.png"
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        draw(path, chains, networks)
    except ModuleNotFoundError:
        print("No picture: matplotlib is not installed (pip install matplotlib)")
    else:
        print(f"The picture is {path}")


if __name__ == "__main__":
    main()
