"""The activation functions: their ranges, values and slopes, as tables and as a picture.

The slopes come from ``backward()``. Softmax goes over a layer; here the layer has two outputs,
[x, 0], and the first of them is shown. It is then the sigmoid of x.
"""

import argparse
from pathlib import Path

from autograd_mini import Value, plots
from autograd_mini.nn.activations import ACTIVATIONS, Activation

GRID = [-4.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0]


def value_and_slope(activation: Activation, x: float) -> tuple[float, float]:
    """Return the value of an activation function at x, and its derivative there."""
    leaf = Value(x, name="x")
    if activation.over_layer:
        out = activation.function([leaf, 0.0])[0]
    else:
        out = activation.function(leaf)
    out.backward()
    return out.data, leaf.grad


def interval(activation: Activation) -> str:
    """Return the range of an activation function as mathematicians write it."""
    if activation.name == "step":
        return "{0, 1}"
    low, high = (f"{bound:.3g}".replace("inf", "∞").replace("-", "−") for bound in activation.range)
    is_reached = activation.name in ("relu", "silu", "gelu")
    return f"{'[' if is_reached else '('}{low}, {high})"


def table(title: str, rows: list[list[str]]) -> str:
    """Return rows as text, the first of them as the heading."""
    lines = ["".join(f"{cell:>12}" for cell in row) for row in rows]
    return "\n".join([title, lines[0], "-" * len(lines[0]), *lines[1:]])


def draw(path: Path) -> None:
    """Write a picture with a panel for each function."""
    panels = plots.activations()
    for panel, activation in zip(panels, ACTIVATIONS.values(), strict=True):
        panel.set_title(f"{panel.get_title()}\nvalues in {interval(activation)}")
    panels[0].figure.suptitle("Activation functions and their slopes", fontsize=18)
    panels[0].figure.savefig(path, dpi=150)


def main() -> None:
    """Print the tables and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    out = parser.parse_args().out

    names = list(ACTIVATIONS)
    print(table("Ranges", [names, [interval(activation) for activation in ACTIVATIONS.values()]]))
    print("\nSoftmax is over [x, 0] here, and its first output is shown.")
    both = {x: [value_and_slope(row, x) for row in ACTIVATIONS.values()] for x in GRID}
    for i, title in enumerate(("Values", "Slopes, from backward()")):
        rows = [[f"{x:g}", *(f"{pair[i]:.6f}" for pair in pairs)] for x, pairs in both.items()]
        print()
        print(table(title, [["x", *names], *rows]))
    print()
    path = out / "activation_functions.png"
    try:
        out.mkdir(parents=True, exist_ok=True)
        draw(path)
    except ModuleNotFoundError:
        print("No picture: matplotlib is not installed (pip install matplotlib)")
    else:
        print(f"The picture is {path}")


if __name__ == "__main__":
    main()
