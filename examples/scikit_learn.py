"""A network of this library among the tools of scikit-learn.

178 wines of three growers, each with 13 measurements (scikit-learn has the data). The network
stands in a pipeline behind a scaler, a grid search chooses its size and its learning rate, and 45
wines that it has never seen show how well it does. What is inside is an `autograd_mini.MLP`, which
is saved to a file and read again.

It needs the extra ``sklearn``. Run it with ``python examples/scikit_learn.py``; ``--out DIR`` says
where the file goes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sklearn.datasets import load_wine
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import autograd_mini as ag
from autograd_mini.estimators import MLPClassifier


def search(seed: int) -> GridSearchCV:
    """Return a grid search over a pipeline of a scaler and a network."""
    network = MLPClassifier(activation="tanh", epochs=20, batch_size=16, random_state=seed)
    grid = {
        "network__hidden_layer_sizes": [(4,), (12,)],
        "network__learning_rate": [0.002, 0.02],
    }
    return GridSearchCV(Pipeline([("scale", StandardScaler()), ("network", network)]), grid, cv=3)


def main() -> None:
    """Search, test, show probabilities, save and read again."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the file")
    parser.add_argument("--seed", type=int, default=0, help="of the split and the weights")
    options = parser.parse_args()

    wines, growers = load_wine(return_X_y=True)
    wines, others, growers, wanted = train_test_split(
        wines, growers, stratify=growers, random_state=options.seed
    )
    found = search(options.seed).fit(wines, growers)
    for settings, score in zip(
        found.cv_results_["params"], found.cv_results_["mean_test_score"], strict=True
    ):
        sizes, rate = settings.values()
        print(
            f"hidden layers {sizes!s:>5}, learning rate {rate:<5}: {score:.3f} of the folds right"
        )

    right = sum(found.predict(others) == wanted)
    print(f"\nright on the test part: {right} of {len(wanted)}")
    (chances,) = found.predict_proba(others[:1])
    listed = ", ".join(f"{p:.3f}" for p in chances)
    print(f"the first wine of the test part, of grower {wanted[0]}: {listed}")

    scaler, network = (step for _, step in found.best_estimator_.steps)
    print(f"\n{network.model_}\n{network.history_}")
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "wine.json"
    network.model_.save(path)
    model = ag.load(path)
    logits = model.predict(scaler.transform(others))
    is_same = (logits.argmax(axis=1) == found.predict(others)).all()
    print(f"{path} has the numbers; a model that read them says the same: {is_same}")


if __name__ == "__main__":
    main()
