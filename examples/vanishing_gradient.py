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

from autograd_mini import Value
from autograd_mini.losses import mean_squared_error, squared_error
from autograd_mini.nn import MLP, Neuron

ACTIVATIONS = ["sigmoid", "tanh", "relu"]
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


def chain(activation: str, *, weight: float, depth: int = DEPTH) -> list[Link]:
    """Run a chain of equal neurons forward and backward: input 1, target 0, no bias.

    Each link has ∂E/∂z twice: as the product of the factors w · f'(z) of the neurons after it,
    and from ``backward()``, as the gradient of the bias. E is ½(T − a)².
    """
    neurons = [Neuron(1, activation=activation, weights=[weight]) for _ in range(depth)]
    outputs: list[Value] = []
    signal: Value | float = 1.0
    for neuron in neurons:
        signal = neuron([signal])
        outputs.append(signal)
    squared_error(outputs[-1], 0.0).backward()

    links = []
    product = outputs[-1].data  # ∂E/∂a of the last neuron is a − T
    for neuron, out in zip(reversed(neurons), reversed(outputs), strict=True):
        (z,), (slope,) = out.operands, out.partials
        assert isinstance(z, Value)
        assert slope is not None
        product *= slope
        links.append(Link(z.data, out.data, weight * slope, product, neuron.bias.grad))
        product *= weight
    return links[::-1]


def network(activation: str, *, rng: random.Random) -> list[float]:
    """Return, layer by layer, the root mean square of the gradients of a deep network's weights."""
    model = MLP(2, [WIDTH] * (DEPTH - 1) + [1], activation=activation, rng=rng)
    points = [(rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(20)]
    targets = [math.copysign(1.0, x * y) for x, y in points]
    mean_squared_error([model(point) for point in points], targets).backward()
    norms = []
    for layer in model.layers:
        gradients = [weight.grad for neuron in layer.neurons for weight in neuron.weights]
        norms.append(math.hypot(*gradients) / math.sqrt(len(gradients)))
    return norms


def table(rows: list[list[str]], *, width: int = 14) -> str:
    """Return rows as text, the first of them as the heading."""
    lines = ["".join(f"{cell:>{width}}" for cell in row) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def draw(path: Path, chains: dict[str, list[float]], networks: dict[str, list[float]]) -> None:
    """Write a picture of both, with a logarithmic scale."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - optional
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
    figure = Figure(figsize=(12.8, 7.2), layout=layout)
    figure.suptitle("The gradient on its way back to the first layer", fontsize=18)
    left, right = figure.subplots(1, 2)
    left.set_title(f"A chain of {DEPTH} neurons, all w = 1, b = 0", fontsize=14)
    left.set_ylabel("|∂E/∂z|", fontsize=13)
    right.set_title(f"{DEPTH} layers, {WIDTH} neurons in each hidden one", fontsize=14)
    right.set_ylabel(f"root mean square of ∂E/∂w (median of {NETWORKS} networks)", fontsize=13)
    looks = {"sigmoid": ("#d9541e", "o"), "tanh": ("#2a8a57", "s"), "relu": ("#1f5fa8", "^")}
    for panel, curves in ((left, chains), (right, networks)):
        for activation, magnitudes in curves.items():
            color, marker = looks[activation]
            layers = range(1, len(magnitudes) + 1)
            panel.semilogy(
                layers, magnitudes, color=color, marker=marker, linewidth=2.5, label=activation
            )
        panel.set_xlabel("layer (1 is next to the input)", fontsize=13)
        panel.set_xticks(range(1, DEPTH + 1))
        panel.grid(visible=True, color="0.88")
        panel.legend(fontsize=13, loc="lower right")
    figure.savefig(path, dpi=150)


def main() -> None:
    """Print the tables and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    parser.add_argument("--seed", type=int, default=0, help="for the weights and the data")
    options = parser.parse_args()

    chains = {}
    for activation in ACTIVATIONS:
        links = chain(activation, weight=1.0)
        chains[activation] = [abs(link.gradient) for link in links]
        print(f"Chain of {DEPTH} {activation} neurons, w = 1, b = 0; input 1, target 0")
        heading = ["layer", "z", "a", "w · f'(z)", "product", "backward()"]
        rows = [
            [str(layer), f"{z:.6f}", f"{a:.6f}", f"{factor:.6f}", f"{product:.6e}", f"{grad:.6e}"]
            for layer, (z, a, factor, product, grad) in enumerate(links, start=1)
        ]
        print(table([heading, *rows]))
        apart = max(abs(link.product - link.gradient) for link in links)
        print(f"product and backward() differ by at most {apart:g}\n")

    print("∂E/∂z at the first neuron divided by that at the last, for other weights")
    rows = []
    for weight in (0.5, 1.0, 1.5, 2.0, 4.0):
        ratios = []
        for activation in ACTIVATIONS:
            links = chain(activation, weight=weight)
            ratios.append(f"{links[0].gradient / links[-1].gradient:.3e}")
        rows.append([f"w = {weight:g}", *ratios])
    print(table([["", *ACTIVATIONS], *rows]))
    print(
        "The slope of the sigmoid is at most 1/4; that of tanh at most 1, and less the further z\n"
        "is from 0. That of ReLU is 1 where z > 0: it neither shrinks the gradient nor lets it\n"
        "grow, and only the weights count. (Where z <= 0 it is 0, and nothing passes at all.)\n"
    )

    networks = {}
    for activation in ACTIVATIONS:
        rng = random.Random(options.seed)
        each = [network(activation, rng=rng) for _ in range(NETWORKS)]
        networks[activation] = [
            statistics.median(magnitudes) for magnitudes in zip(*each, strict=True)
        ]
    print(f"Networks of {DEPTH} layers, {WIDTH} neurons in each hidden one: root mean square of")
    print(f"∂E/∂w in a layer, median of {NETWORKS} networks; weights drawn as suits the activation")
    print("(Xavier for sigmoid and tanh, He for ReLU)")
    columns = zip(*networks.values(), strict=True)
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
        print("No picture: matplotlib is not installed; pip install 'autograd-mini[plot]' gets it.")
    else:
        print(f"Picture: {path}")


if __name__ == "__main__":
    main()
