"""A training with validation, as a user of Keras writes it: fit, curve, predict, save, load.

Fisher's iris again, with a fifth of the flowers held back: the training ends when their loss has
not fallen for 20 epochs, and the weights of the best epoch come back. The picture has both losses.

Run it with ``python examples/early_stopping.py``; ``--out DIR`` says where the files go.
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path

import autograd_mini as ag

SPECIES = ["setosa", "versicolor", "virginica"]


def read(seed: int) -> tuple[list[list[float]], list[int]]:
    """Return the lengths of each flower, in units of 2 cm around 3 cm, and its species."""
    with (Path(__file__).parent / "data" / "iris.csv").open(encoding="utf-8") as file:
        flowers = list(csv.reader(file))[1:]
    random.Random(seed).shuffle(flowers)
    lengths = [[(float(length) - 3.0) / 2.0 for length in flower[:4]] for flower in flowers]
    return lengths, [SPECIES.index(flower[4]) for flower in flowers]


def draw(history: ag.History, path: Path) -> None:
    """Draw both losses, if matplotlib is installed."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - optional
    except ImportError:
        print("No picture: matplotlib is not installed (pip install matplotlib)")
        return
    figure = Figure(figsize=(6, 4), layout="constrained")
    ag.plots.losses(history, ax=figure.subplots())
    figure.savefig(path, dpi=150)
    print(f"The picture is {path}")


def main() -> None:
    """Train, draw, predict, save and load."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the files")
    parser.add_argument("--seed", type=int, default=1, help="of the weights and the order")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    lengths, species = read(options.seed)
    model = ag.MLP(4, [16, 3], activation="tanh", rng=options.seed)
    print(model.summary())
    history = ag.fit(
        model,
        lengths,
        species,
        loss="cross_entropy",
        optimizer=ag.Adam(model.parameters(), lr=0.02),
        epochs=500,
        batch_size=16,
        validation_split=0.2,
        metrics=["accuracy"],
        callbacks=[ag.EarlyStopping(patience=20)],
        rng=options.seed,
        compiled=True,
    )
    best = min(range(len(history)), key=history["val_loss"].__getitem__)
    print(f"\n{history.message} Of {len(history)} epochs, epoch {best + 1} was the best:")
    for name, numbers in history.history.items():
        print(f"  {name:12} {numbers[best]:.4f}")
    draw(history, options.out / "early_stopping.png")

    model.save(options.out / "iris.json")
    again = ag.load(options.out / "iris.json")
    logits = again.predict(lengths[-3:])
    for row, name in zip(logits, [SPECIES[i] for i in species[-3:]], strict=True):
        chances = zip(SPECIES, ag.softmax(row), strict=True)
        print(f"a {name}: " + ", ".join(f"{other} {p:.3f}" for other, p in chances))


if __name__ == "__main__":
    main()
