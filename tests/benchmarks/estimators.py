"""Networks here beside those of scikit-learn on digits: ``python -m tests.benchmarks.estimators``.

Both get the same sizes, optimizer, epochs and batch size, no weight decay, and no early end; they
draw their weights by other rules. Pixels are from 0 to 1. The regressor learns the digit itself,
less the mean, in units of the standard deviation. CPU time is that of this process, with one thread
for the BLAS behind scikit-learn.
"""

import argparse
import statistics
import sys
import warnings
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))  # the library of this checkout

from comparison.times import processor
from sklearn import neural_network
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

import autograd_mini as ag
from autograd_mini import estimators
from autograd_mini.command.tables import table

SIZES = [(32,), (100,), (64, 32)]
RATE, BATCH = 0.001, 32  # the default rate of Adam in both


def make(module, kind, sizes, epochs, seed):
    """Return an estimator of one of the two libraries."""
    settings = {"hidden_layer_sizes": sizes, "batch_size": BATCH, "random_state": seed}
    if module is estimators:
        settings |= {"optimizer": "adam", "learning_rate": RATE, "epochs": epochs}
    else:
        settings |= {"solver": "adam", "learning_rate_init": RATE, "max_iter": epochs}
        settings |= {"alpha": 0.0, "tol": 0.0, "n_iter_no_change": epochs + 1}
    return getattr(module, kind)(**settings)


def measure(estimator, data):
    """Return the score on the test part, and the CPU times of `fit` and of `predict`."""
    inputs, others, targets, wanted = data
    start = process_time()
    estimator.fit(inputs, targets)
    fitted = process_time()
    estimator.predict(others)
    predicted = process_time()
    return estimator.score(others, wanted), fitted - start, predicted - fitted


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    pixels, digits = load_digits(return_X_y=True)
    scaled = (digits - digits.mean()) / digits.std()
    print(f"{processor()}; engine {ag.engine}; {options.epochs} epochs, batches of {BATCH}\n")
    rows = []
    for kind, targets in (("MLPClassifier", digits), ("MLPRegressor", scaled)):
        for sizes in SIZES:
            for name, module in (("scikit-learn", neural_network), ("here", estimators)):
                found = []
                for seed in range(options.seeds):
                    data = train_test_split(pixels / 16, targets, random_state=seed)
                    estimator = make(module, kind, sizes, options.epochs, seed)
                    with warnings.catch_warnings(), threadpool_limits(1):
                        warnings.simplefilter("ignore", ConvergenceWarning)  # all epochs are used
                        found.append(measure(estimator, data))
                scores, fits, predictions = zip(*found, strict=True)
                rows.append([
                    kind, str(sizes), name,
                    f"{statistics.fmean(scores):.4f}",
                    f"{min(scores):.4f}–{max(scores):.4f}",
                    f"{statistics.median(fits):.2f}",
                    f"{statistics.median(predictions) * 1e3:.1f}",
                ])  # fmt: skip
    head = ["estimator", "hidden", "of", "score", "range", "fit, s", "predict, ms"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
