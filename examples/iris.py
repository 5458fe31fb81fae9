"""Three species of iris told apart by a small network.

150 flowers, each with four lengths in centimetres, 50 of each species. The network has a softmax
output and is trained on 35 flowers of each species by cross-entropy; the other 45 flowers show how
well it does on flowers that it has never seen.

The data in ``data/iris.csv`` are those of R. A. Fisher, "The use of multiple measurements in
taxonomic problems", Annals of Eugenics 7 (1936) 179–188, as printed there. (The copy in the UCI
repository differs from the paper in the 35th and the 38th flower.)

Run it with ``python examples/iris.py``; ``--out DIR`` says where the picture goes.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import NamedTuple

from autograd_mini import MLP, Adam, History, fit, plots, softmax
from autograd_mini.losses import cross_entropy

DATA = Path(__file__).parent / "data" / "iris.csv"
SPECIES = ["setosa", "versicolor", "virginica"]
EPOCHS = 60


class Flower(NamedTuple):
    """Four lengths, and the index of the species."""

    lengths: list[float]
    species: int


def read(path: Path = DATA) -> list[Flower]:
    """Return the flowers of the file."""
    with path.open(newline="", encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    return [Flower([float(x) for x in lengths], SPECIES.index(name)) for *lengths, name in rows]


def split(
    flowers: Sequence[Flower], *, share: float, rng: random.Random
) -> tuple[list[Flower], list[Flower]]:
    """Return a part for training, with this share of every species, and the rest for the test."""
    training, test = [], []
    for species in range(len(SPECIES)):
        kind = [flower for flower in flowers if flower.species == species]
        rng.shuffle(kind)
        cut = round(share * len(kind))
        training += kind[:cut]
        test += kind[cut:]
    return training, test


class Scale(NamedTuple):
    """The mean and the standard deviation of one of the lengths."""

    mean: float
    deviation: float


def scales(flowers: Sequence[Flower]) -> list[Scale]:
    """Return the scale of each of the four lengths."""
    columns = zip(*[flower.lengths for flower in flowers], strict=True)
    return [Scale(fmean(column), pstdev(column)) for column in columns]


def standardised(lengths: Sequence[float], like: Sequence[Scale]) -> list[float]:
    """Return the lengths less their means, in units of their standard deviations."""
    return [(x - mean) / deviation for x, (mean, deviation) in zip(lengths, like, strict=True)]


def print_progress(history: History) -> None:
    """Print the loss now and then; a callback of `fit`."""
    if history.epochs == 1 or history.epochs % 10 == 0:
        loss, norm = history.history["loss"][-1], history.history["grad_norm"][-1]
        print(f"{history.epochs:>5}  {loss:>10.6f}  {norm:>10.6f}")


def scores(model: MLP, lengths: Sequence[float], like: Sequence[Scale]) -> list[float]:
    """Return the numbers that go into the softmax for one flower, one for each species."""
    logits = model(standardised(lengths, like))
    assert isinstance(logits, list)
    return [z.data for z in logits]


def confusion(model: MLP, flowers: Sequence[Flower], like: Sequence[Scale]) -> list[list[int]]:
    """Return how many flowers of each species (row) were taken for each species (column)."""
    counts = [[0] * len(SPECIES) for _ in SPECIES]
    for lengths, species in flowers:
        found = scores(model, lengths, like)
        counts[species][found.index(max(found))] += 1
    return counts


def print_confusion(counts: Sequence[Sequence[int]]) -> None:
    """Print a confusion table."""
    width = max(map(len, SPECIES))
    print(f"{'':>{width}}  taken for")
    print("  ".join(f"{name:>{width}}" for name in ["", *SPECIES]))
    for name, row in zip(SPECIES, counts, strict=True):
        print("  ".join(f"{cell:>{width}}" for cell in [name, *row]))


def draw(
    history: History,
    model: MLP,
    flowers: Sequence[Flower],
    like: Sequence[Scale],
    directory: Path,
) -> None:
    """Draw the loss, and what the model takes a flower for by its petals, if there is matplotlib.

    The second picture is a slice: its colours are for average sepals, so that two lengths remain.
    The flowers in it have sepals of their own, so those on the wrong side need not be mistaken.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - optional
    except ImportError:
        print("No picture: matplotlib is not installed (pip install matplotlib)")
        return
    sepals = [mean for mean, _ in like[:2]]
    counts = confusion(model, flowers, like)
    mistaken = sum(map(sum, counts)) - sum(counts[i][i] for i in range(len(SPECIES)))
    outside = sum(
        found.index(max(found)) != species
        for lengths, species in flowers
        for found in [scores(model, [*sepals, *lengths[2:]], like)]
    )
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    plots.losses(history, ax=left)
    left.set(title="Iris: the loss on the training part", ylabel="cross-entropy")
    plots.decision_boundary(
        lambda petals: model(standardised([*sepals, *petals], like)),
        [flower.lengths[2:] for flower in flowers],
        [flower.species for flower in flowers],
        names=SPECIES,
        ax=right,
    )
    right.set(
        xlabel="petal length in cm",
        ylabel="petal width in cm",
    )
    right.set_title(
        "A slice: what average sepals are taken for.\n"
        f"{outside} of the {len(flowers)} test flowers lie in a wrong colour;\n"
        f"with their own sepals, {mistaken} are mistaken.",
        fontsize="medium",
    )
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "iris.png"
    figure.savefig(path, dpi=150)
    print(f"The picture is {path}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, test, print the tables and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    parser.add_argument("--seed", type=int, default=0, help="of the split and the weights")
    options = parser.parse_args(arguments)

    rng = random.Random(options.seed)
    training, test = split(read(), share=0.7, rng=rng)
    like = scales(training)
    # The cross-entropy takes what would go into the softmax, so the last layer is linear.
    model = MLP(4, [8, 3], activation="tanh", output_activation="linear", rng=rng)
    print(f"{model}\n{len(training)} flowers to train on, {len(test)} to test\n")

    print(f"{'epoch':>5}  {'loss':>10}  {'grad norm':>10}")
    history = fit(
        model,
        [standardised(flower.lengths, like) for flower in training],
        [flower.species for flower in training],
        loss=cross_entropy,
        optimizer=Adam(model.parameters(), lr=0.01),
        epochs=EPOCHS,
        batch_size=15,
        rng=rng,
        callbacks=[print_progress],
    )
    print(f"\n{history.message}")

    counts = confusion(model, test, like)
    right = sum(counts[species][species] for species in range(len(SPECIES)))
    print(f"right on the test part: {right} of {len(test)}, {right / len(test):.1%}\n")
    print_confusion(counts)
    lengths, species = test[0]
    chances = softmax(scores(model, lengths, like))
    listed = ", ".join(f"{name} {p:.4f}" for name, p in zip(SPECIES, chances, strict=True))
    print(f"\nthe first flower of the test part, a {SPECIES[species]}: {listed}\n")
    draw(history, model, test, like, options.out)


if __name__ == "__main__":
    main()
