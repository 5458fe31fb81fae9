"""The seven activation functions: their ranges, values and slopes, as tables and as a picture.

The slopes come from ``backward()``. Softmax goes over a layer; here the layer has two outputs,
[x, 0], and the first of them is shown. It is then the sigmoid of x.
"""

import argparse
from pathlib import Path

from autograd_mini import Value
from autograd_mini.activations import ACTIVATIONS, Activation

GRID = [-4.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0]
NEARLY_ZERO = 1e-12


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
    low, high = (f"{bound:g}".replace("inf", "∞").replace("-", "−") for bound in activation.range)
    return f"{'[' if activation.name == 'relu' else '('}{low}, {high})"


def table(title: str, rows: list[list[str]]) -> str:
    """Return rows as text, the first of them as the heading."""
    lines = ["".join(f"{cell:>12}" for cell in row) for row in rows]
    return "\n".join([title, lines[0], "-" * len(lines[0]), *lines[1:]])


def draw(path: Path) -> None:
    """Write a picture with a panel for each function."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - optional
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    # In two parts, so that a jump at zero is drawn as one.
    left = [-i / 50 for i in range(200, 0, -1)] + [-NEARLY_ZERO]
    right = [-x for x in reversed(left)]
    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
    figure = Figure(figsize=(12.8, 7.2), layout=layout)
    figure.suptitle("Activation functions and their slopes", fontsize=18)
    *panels, last = figure.subplots(2, 4, sharex=True).flat
    for panel, activation in zip(panels, ACTIVATIONS.values(), strict=True):
        for xs in (left, right):
            values, slopes = zip(*(value_and_slope(activation, x) for x in xs), strict=True)
            (value,) = panel.plot(xs, values, color="#1f5fa8", linewidth=2.5)
            (slope,) = panel.plot(xs, slopes, color="#d9541e", linewidth=2, linestyle="--")
        of = " of [x, 0]" if activation.over_layer else ""
        panel.set_title(f"{activation.name}{of}\nvalues in {interval(activation)}", fontsize=13)
        low, high = activation.range
        panel.set_ylim((-1.15, 1.15) if (low, high) == (-1, 1) else (-0.15, 1.15))
        if high == float("inf"):
            panel.set_ylim(-4.3 if activation.name == "linear" else -0.7, 4.3)
        panel.axhline(0, color="0.75", linewidth=0.8, zorder=0)
        panel.axvline(0, color="0.75", linewidth=0.8, zorder=0)
        panel.set_xlabel("x", fontsize=12)
        panel.tick_params(labelbottom=True)
    last.axis("off")
    last.legend([value, slope], ["value", "slope"], loc="center", fontsize=15, frameon=False)
    figure.savefig(path, dpi=150)


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
        print("No picture: matplotlib is not installed; pip install 'autograd-mini[plot]' gets it.")
    else:
        print(f"Picture: {path}")


if __name__ == "__main__":
    main()
