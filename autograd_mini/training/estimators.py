"""`MLPClassifier` and `MLPRegressor`: networks as estimators of scikit-learn, trained by `fit`."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Sequence
from typing import Any, Self

from autograd_mini.arguments import count, finite, items, requirement, whole
from autograd_mini.nn.activations import ActivationLike, as_activation
from autograd_mini.nn.layers import MLP
from autograd_mini.nn.losses import binary_cross_entropy, cross_entropy, mean_squared_error
from autograd_mini.optim.optimizers import Optimizer
from autograd_mini.training.fitting import fit
from autograd_mini.training.gradients import Loss
from autograd_mini.training.history import History
from autograd_mini.training.names import OPTIMIZERS, OptimizerName

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils import check_random_state, column_or_1d
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "autograd_mini.estimators needs scikit-learn 1.6 or newer: pip install -U scikit-learn",
        name="sklearn",
    ) from error

# scikit-learn brings these with it.
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, softmax

__all__ = ["MLPClassifier", "MLPRegressor"]

Floats = NDArray[np.float64]


class _Network(BaseEstimator):  # type: ignore[misc]  # it carries no types
    """What classifier and regressor share: the parameters, and the training of a network."""

    def __init__(
        self,
        *,
        hidden_layer_sizes: int | Sequence[int] = (32,),
        activation: ActivationLike = "relu",
        optimizer: OptimizerName = "adam",
        learning_rate: float | None = None,
        epochs: int = 200,
        batch_size: int | None = 32,
        tolerance: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        compiled: bool = True,
    ) -> None:
        # scikit-learn has arguments kept as they are, and checked by `fit`.
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.tolerance = tolerance
        self.random_state = random_state
        self.compiled = compiled

    def _train(self, X: Floats, targets: list[Any], outputs: int, loss: Loss) -> None:
        """Train a new network, and keep it with its history.

        Args:
            X: the examples, of shape (examples, features).
            targets: for each example, what the loss compares its prediction with.
            outputs: the number of outputs of the network.
            loss: a loss of `autograd_mini.losses`.
        """
        sizes = [*_read_sizes(self.hidden_layer_sizes), outputs]
        activation = as_activation(self.activation, argument="fit: activation")
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        rng = random.Random(int(seed))  # noqa: S311 - weights are no secret
        model = MLP(X.shape[1], sizes, activation=activation, rng=rng)
        history = fit(
            model,
            X.tolist(),
            targets,
            loss=loss,
            optimizer=_make_optimizer(self.optimizer, self.learning_rate, model),
            epochs=self.epochs,
            batch_size=self.batch_size,
            tolerance=self.tolerance,
            rng=rng,
            compiled=self.compiled,
        )
        self.model_, self.history_ = model, history
        self.loss_curve_, self.n_iter_ = history.history["loss"], history.epochs
        self.loss_ = _find_last_loss(history)
        is_missed = history.stopped == "epochs" and self.tolerance is not None
        if is_missed or history.stopped in ("diverged", "interrupted"):
            numbers = f" The loss is {self.loss_}, the tolerance {self.tolerance}."
            message = history.message + (numbers if is_missed else "")
            warnings.warn(message, ConvergenceWarning, stacklevel=3)

    def _compute_outputs(self, X: ArrayLike) -> Floats:
        """Return what the network gives, of shape (examples,) or (examples, outputs)."""
        check_is_fitted(self, "model_")
        outputs: Floats = self.model_.predict(validate_data(self, X, dtype=np.float64, reset=False))
        return outputs


class MLPClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A multilayer perceptron that tells classes apart, as an estimator of scikit-learn.

    For two classes the network has one output and is trained by the binary cross-entropy, for more
    it has an output for each class and is trained by the cross-entropy. The outputs are logits.

    Args:
        hidden_layer_sizes: the sizes of the hidden layers: a tuple, which may be empty, or an int.
        activation: the activation of the hidden layers, as for `autograd_mini.MLP`.
        optimizer: "sgd", "rmsprop", "adam" or "adamw".
        learning_rate: of the optimizer; None for its default.
        epochs, batch_size, tolerance, compiled: as for `autograd_mini.fit`.
        random_state: draws the weights and the order of the examples: an int, a RandomState, or
            None for the global one of NumPy, as everywhere in scikit-learn.

    Attributes:
        classes_: the labels, sorted.
        model_, history_: the `autograd_mini.MLP`, and the `History` of its training.
        n_iter_, loss_curve_, loss_: the number of epochs, the loss of each, and that of the last;
            after a divergence the lowest loss, whose weights the network has.
        n_features_in_, feature_names_in_: as everywhere in scikit-learn.

    >>> from autograd_mini.estimators import MLPClassifier
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], ["same", "other", "other", "same"]
    >>> MLPClassifier(learning_rate=0.1, random_state=0).fit(X, y).predict([[1, 0]])
    array(['other'], dtype='<U5')
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train a new network.

        Args:
            X: the examples, of shape (examples, features).
            y: the label of each example: ints, strings, … of two classes or more.

        Raises:
            TypeError, ValueError: an argument, or a parameter of the estimator, is wrong.
            DomainError, NonFiniteGradientError: the first loss or its gradient is not finite.

        Warns:
            ConvergenceWarning: the training did not reach the tolerance, diverged, or was
                interrupted.
        """
        inputs, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, indices = np.unique(labels, return_inverse=True)
        classes = len(self.classes_)
        if classes == 1:
            raise ValueError(requirement("fit: y", "of more than one class", labels.tolist()))
        if classes == 2:
            self._train(inputs, indices.astype(float).tolist(), 1, binary_cross_entropy)
        else:
            self._train(inputs, indices.tolist(), classes, cross_entropy)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each example, of shape (examples,).

        Raises:
            NotFittedError: there was no `fit`.
            ValueError: X has other features, or is not an array of finite numbers.
            DomainError: a number in the network is not finite.
        """
        logits = self._compute_logits(X)
        labels: NDArray[Any] = self.classes_[logits.argmax(axis=1)]
        return labels

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the probabilities, of shape (examples, classes), in the order of ``classes_``.

        Raises:
            NotFittedError, ValueError, DomainError: as for `predict`.
        """
        probabilities: Floats = softmax(self._compute_logits(X), axis=1)
        return probabilities

    def predict_log_proba(self, X: ArrayLike) -> Floats:
        """Return the logarithms of the probabilities, also of those that round to 0.

        Raises:
            NotFittedError, ValueError, DomainError: as for `predict`.
        """
        logarithms: Floats = log_softmax(self._compute_logits(X), axis=1)
        return logarithms

    def _compute_logits(self, X: ArrayLike) -> Floats:
        """Return a logit for each class, of shape (examples, classes)."""
        outputs = self._compute_outputs(X)
        if outputs.ndim == 2:
            return outputs
        # The sigmoid of z is the softmax of 0 and z.
        return np.stack([np.zeros_like(outputs), outputs], axis=1)


class MLPRegressor(RegressorMixin, _Network):  # type: ignore[misc]
    """A multilayer perceptron for one target or several, as an estimator of scikit-learn.

    It is trained by the mean squared error; scale targets that are far from 1.

    Args:
        hidden_layer_sizes, activation, optimizer, learning_rate, epochs, batch_size, tolerance,
            random_state, compiled: as for `MLPClassifier`.

    Attributes:
        model_, history_, n_iter_, loss_curve_, loss_, n_features_in_, feature_names_in_: as for
            `MLPClassifier`.

    >>> from autograd_mini.estimators import MLPRegressor
    >>> line = MLPRegressor(hidden_layer_sizes=(), optimizer="sgd", learning_rate=0.5)
    >>> line.fit([[0.0], [1.0]], [1.0, 3.0]).predict([[2.0]]).round(3)
    array([5.])
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train a new network.

        Args:
            X: the examples, of shape (examples, features).
            y: the targets, of shape (examples,) or (examples, targets).

        Raises:
            TypeError, ValueError: an argument, or a parameter of the estimator, is wrong.
            DomainError, NonFiniteGradientError: the first loss or its gradient is not finite.

        Warns:
            ConvergenceWarning: the training did not reach the tolerance, diverged, or was
                interrupted.
        """
        inputs, targets = validate_data(self, X, y, dtype=np.float64, multi_output=True)
        if targets.ndim == 2 and targets.shape[1] == 1:
            targets = column_or_1d(targets, warn=True)
        outputs = 1 if targets.ndim == 1 else targets.shape[1]
        self._train(inputs, targets.astype(np.float64).tolist(), outputs, mean_squared_error)
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return the predictions, of shape (examples,) or (examples, targets), as that of y was.

        Raises:
            NotFittedError: there was no `fit`.
            ValueError: X has other features, or is not an array of finite numbers.
            DomainError: a number in the network is not finite.
        """
        return self._compute_outputs(X)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that there may be several targets."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _read_sizes(sizes: Any) -> list[int]:
    argument = "fit: hidden_layer_sizes"
    if whole(sizes) is not None:
        return [count(sizes, argument=argument)]
    found = items(sizes, argument=argument, rule="a tuple of sizes, or an int")
    return [count(size, argument=f"{argument}[{i}]") for i, size in enumerate(found)]


def _make_optimizer(name: Any, learning_rate: Any, model: MLP) -> Optimizer:
    if not isinstance(name, str) or name not in OPTIMIZERS:
        raise ValueError(requirement("fit: optimizer", f"one of {', '.join(OPTIMIZERS)}", name))
    optimizer = OPTIMIZERS[name](model.parameters())
    if learning_rate is not None:
        rate = finite(learning_rate, argument="fit: learning_rate")
        if rate < 0:
            raise ValueError(requirement("fit: learning_rate", "at least 0", rate))
        optimizer.lr = rate
    return optimizer


def _find_last_loss(history: History) -> float:
    """Return the loss of the last epoch, or of the epoch whose weights came back; else NaN."""
    found = history.history["loss"]
    if history.stopped == "diverged":
        return min(found, default=math.nan)
    return found[-1] if found else math.nan
