"""Networks as estimators of scikit-learn, by its own checks and beside trainings made by hand."""

import math
import pickle
import random
import warnings

import pytest

pytest.importorskip("sklearn", reason="the extra sklearn is not installed")

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

import autograd_mini as ag
from autograd_mini import MLP, DomainError, History, fit, sigmoid, softmax
from autograd_mini.estimators import MLPClassifier, MLPRegressor
from autograd_mini.optim import SGD

BOTH = [MLPClassifier, MLPRegressor]
# On the engine in Python, the checks of the defaults take minutes: these are as good at it.
QUICK = {"hidden_layer_sizes": 4, "learning_rate": 0.05, "epochs": 25}
CHECKED = {} if ag.engine == "native" else QUICK
X, Y = [[0.0, 1.0], [1.0, -0.5], [0.5, 0.5], [-1.0, 0.25], [0.0, -1.0]], [0, 1, 1, 0, 1]


def small(kind, **parameters):
    """Return an estimator that is trained in no time."""
    return kind(**{"hidden_layer_sizes": (3,), "epochs": 3, "random_state": 0} | parameters)


def numbers(estimator):
    return estimator.model_.state_dict()


# --- the contract --------------------------------------------------------------------------------


@parametrize_with_checks([kind(**CHECKED) for kind in BOTH])
def test_scikit_learn_s_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.soak
@pytest.mark.parametrize("kind", BOTH)
def test_scikit_learn_s_checks_pass_with_all_defaults_on_each_engine(kind):
    check_estimator(kind(), on_skip=None)


def test_scikit_learn_knows_that_a_regressor_takes_several_targets():
    """Otherwise it would not check that."""
    assert get_tags(MLPRegressor()).target_tags.multi_output
    assert not get_tags(MLPClassifier()).target_tags.multi_output


# --- what is trained -----------------------------------------------------------------------------


def train_by_hand(targets, outputs, loss, **options):
    """Train as an estimator with random_state=7 should."""
    rng = random.Random(int(np.random.RandomState(7).randint(2**31 - 1)))
    model = MLP(2, [3, outputs], activation="tanh", rng=rng)
    history = fit(model, X, targets, loss=loss, epochs=6, batch_size=2, rng=rng, **options)
    return model, history


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize(
    ("kind", "y", "targets", "outputs", "loss"),
    [
        (MLPClassifier, Y, [0.0, 1.0, 1.0, 0.0, 1.0], 1, "binary_cross_entropy"),
        (MLPClassifier, list("cabab"), [2, 0, 1, 0, 1], 3, "cross_entropy"),
        (MLPRegressor, Y, Y, 1, "mean_squared_error"),
        (MLPRegressor, X, X, 2, "mean_squared_error"),
    ],
)
def test_a_training_is_that_of_fit(kind, y, targets, outputs, loss, optimizer, compiled):
    settings = {"optimizer": optimizer, "compiled": compiled}
    model, history = train_by_hand(targets, outputs, loss, **settings)
    estimator = kind(
        hidden_layer_sizes=[3],
        activation="tanh",
        epochs=6,
        batch_size=2,
        random_state=7,
        **settings,
    )
    assert estimator.fit(X, y) is estimator
    assert numbers(estimator) == model.state_dict()
    assert estimator.loss_curve_ == history.history["loss"]
    assert estimator.loss_ == history.history["loss"][-1]
    assert (estimator.n_iter_, estimator.n_features_in_) == (6, 2)
    assert isinstance(estimator.history_, History)


@pytest.mark.parametrize("kind", BOTH)
def test_a_learning_rate_is_that_of_the_optimizer(kind):
    rate = small(kind, optimizer="sgd", learning_rate=np.float64(0.01)).fit(X, Y)
    assert numbers(rate) == numbers(small(kind, optimizer="sgd").fit(X, Y))
    still = small(kind, learning_rate=0).fit(X, Y)
    assert numbers(still) == numbers(small(kind, learning_rate=0, epochs=1).fit(X, Y))
    assert numbers(still) != numbers(small(kind).fit(X, Y))


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [((), "2 → 1"), (4, "2 → 4 relu → 1"), ((np.int64(4), 3), "2 → 4 relu → 3 relu → 1")],
)
@pytest.mark.parametrize("kind", BOTH)
def test_hidden_layers_are_a_tuple_or_an_int(kind, sizes, shape):
    model = small(kind, hidden_layer_sizes=sizes).fit(X, Y).model_
    assert type(model) is MLP
    assert repr(model).startswith(f"MLP({shape} linear, ")


def test_all_examples_are_in_a_batch_if_there_is_no_size():
    whole = small(MLPRegressor, batch_size=None, optimizer="sgd").fit(X, Y)
    assert (
        whole.loss_curve_
        == small(MLPRegressor, batch_size=5, optimizer="sgd").fit(X, Y).loss_curve_
    )
    assert (
        whole.loss_curve_
        != small(MLPRegressor, batch_size=2, optimizer="sgd").fit(X, Y).loss_curve_
    )


# --- what is predicted ---------------------------------------------------------------------------


def test_probabilities_of_two_classes_are_the_sigmoid_of_the_logit():
    classifier = small(MLPClassifier).fit(X, Y)
    ones = [sigmoid(classifier.model_(x).data) for x in X]
    probabilities = classifier.predict_proba(X)
    assert probabilities == pytest.approx(np.array([[1 - p, p] for p in ones]))
    assert classifier.predict(X).tolist() == [int(p > 0.5) for p in ones]


def test_probabilities_of_more_classes_are_the_softmax_of_the_logits():
    classifier = small(MLPClassifier).fit(X, [5, 3, 9, 5, 3])
    rows = [softmax([z.data for z in classifier.model_(x)]) for x in X]
    assert classifier.predict_proba(X) == pytest.approx(np.array(rows))
    assert classifier.predict(X).tolist() == [[3, 5, 9][row.index(max(row))] for row in rows]


@pytest.mark.parametrize("y", [Y, [0, 1, 2, 0, 1]])
def test_logarithms_of_probabilities_have_the_digits_that_these_lose(y):
    classifier = small(MLPClassifier, hidden_layer_sizes=()).fit(X, y)
    assert np.exp(classifier.predict_log_proba(X)) == pytest.approx(classifier.predict_proba(X))
    far = [[1e6, 1e6]]
    assert classifier.predict_proba(far).min() == 0
    assert -math.inf < classifier.predict_log_proba(far).min() < -1000


def test_labels_may_be_strings():
    labels = ["yes" if y else "no" for y in Y]
    classifier = small(MLPClassifier, learning_rate=0.1, epochs=60).fit(X, labels)
    assert classifier.classes_.tolist() == ["no", "yes"]
    assert classifier.predict(X).tolist() == labels
    assert classifier.score(X, labels) == 1


def test_a_regressor_predicts_several_targets():
    inputs, targets = make_regression(60, 3, n_targets=2, noise=0.1, random_state=0)
    scaled = targets / targets.std(axis=0)
    regressor = small(MLPRegressor, hidden_layer_sizes=(), epochs=60, learning_rate=0.05)
    assert regressor.fit(inputs, scaled).predict(inputs).shape == (60, 2)
    assert regressor.score(inputs, scaled) > 0.99


def test_a_column_of_targets_is_a_list_as_for_the_network_of_scikit_learn():
    flat = small(MLPRegressor).fit(X, Y)
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        column = small(MLPRegressor).fit(X, [[y] for y in Y])
    assert column.predict(X).shape == (5,)
    assert numbers(column) == numbers(flat)


@pytest.mark.parametrize("kind", BOTH)
def test_names_of_columns_are_kept_and_checked(kind):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(X, columns=["width", "length"])
    estimator = small(kind).fit(frame, pandas.Series(Y))
    assert estimator.feature_names_in_.tolist() == ["width", "length"]
    assert estimator.predict(frame).tolist() == small(kind).fit(X, Y).predict(X).tolist()
    with pytest.raises(ValueError, match="feature names should match"):
        estimator.predict(frame[["length", "width"]])


# --- randomness ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOTH)
def test_an_int_as_random_state_gives_the_same_training_each_time(kind):
    estimator = small(kind, batch_size=2, random_state=3)
    first = numbers(estimator.fit(X, Y))
    assert numbers(estimator.fit(X, Y)) == first
    assert numbers(clone(estimator).fit(X, Y)) == first
    assert numbers(small(kind, batch_size=2, random_state=4).fit(X, Y)) != first


@pytest.mark.parametrize("kind", BOTH)
def test_a_generator_as_random_state_goes_on(kind):
    estimator = small(kind, random_state=np.random.RandomState(3))
    first = numbers(estimator.fit(X, Y))
    assert numbers(estimator.fit(X, Y)) != first
    assert numbers(small(kind, random_state=3).fit(X, Y)) == first


def test_without_random_state_numpy_s_global_generator_draws():
    """And Python's does not."""
    before, state = random.getstate(), np.random.get_state()
    try:
        np.random.seed(3)
        found = numbers(small(MLPRegressor, random_state=None).fit(X, Y))
    finally:
        np.random.set_state(state)
    assert found == numbers(small(MLPRegressor, random_state=3).fit(X, Y))
    assert random.getstate() == before


# --- among other tools of scikit-learn -----------------------------------------------------------


@pytest.mark.parametrize("kind", BOTH)
def test_a_clone_has_the_parameters_and_no_network(kind):
    estimator = small(kind, activation=ag.tanh, tolerance=0.5, compiled=False)
    copy = clone(estimator.set_params(tolerance=1e9).fit(X, Y))
    assert copy.get_params() == estimator.get_params()
    assert list(copy.get_params()) == [
        "activation", "batch_size", "compiled", "epochs", "hidden_layer_sizes", "learning_rate",
        "optimizer", "random_state", "tolerance",
    ]  # fmt: skip
    assert not hasattr(copy, "model_")
    with pytest.raises(NotFittedError):
        copy.predict(X)


@pytest.mark.parametrize("kind", BOTH)
def test_a_pickle_predicts_the_same_and_its_training_can_go_on(kind):
    estimator = small(kind, batch_size=2).fit(X, Y)
    copy = pickle.loads(pickle.dumps(estimator))  # noqa: S301 - our own bytes
    assert copy.predict(X).tolist() == estimator.predict(X).tolist()
    assert numbers(copy) == numbers(estimator)
    assert copy.history_.history == estimator.history_.history
    assert copy.history_.latest == estimator.history_.latest
    assert numbers(copy.fit(X, Y)) == numbers(estimator)


def test_a_pipeline_a_grid_search_and_a_cross_validation_work():
    flowers, species = load_iris(return_X_y=True)
    pipeline = make_pipeline(
        StandardScaler(), MLPClassifier(hidden_layer_sizes=3, learning_rate=0.1, random_state=0)
    )
    grid = {"mlpclassifier__epochs": [1, 6], "mlpclassifier__activation": ["tanh", "linear"]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(flowers, species)
    assert search.best_params_["mlpclassifier__epochs"] == 6
    assert search.score(flowers, species) > 0.9
    assert search.predict_proba(flowers).shape == (150, 3)
    scores = cross_val_score(search.best_estimator_, flowers, species, cv=3, error_score="raise")
    assert min(scores) > 0.85


def test_scores_of_a_regressor_are_those_of_scikit_learn():
    inputs, targets = make_regression(60, 3, noise=0.1, random_state=0)
    regressor = MLPRegressor(hidden_layer_sizes=(), epochs=40, learning_rate=0.1, random_state=0)
    scores = cross_val_score(regressor, inputs, targets / targets.std(), cv=3, scoring="r2")
    assert min(scores) > 0.99


def test_a_classifier_of_two_classes_can_be_scored_by_its_probabilities():
    inputs, targets = make_classification(60, 4, class_sep=3.0, random_state=0)
    classifier = MLPClassifier(hidden_layer_sizes=3, epochs=10, learning_rate=0.1, random_state=0)
    for scoring in ("roc_auc", "neg_log_loss", "neg_brier_score"):
        scores = cross_val_score(
            classifier, inputs, targets, cv=3, scoring=scoring, error_score="raise"
        )
        assert min(scores) > (0.9 if scoring == "roc_auc" else -0.4)


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameter", "value", "error", "message"),
    [
        ("hidden_layer_sizes", 0, ValueError, "hidden_layer_sizes must be at least 1, got 0"),
        ("hidden_layer_sizes", (2, 0), ValueError, r"hidden_layer_sizes\[1\] must be at least 1, "),
        (
            "hidden_layer_sizes",
            (2.0,),
            TypeError,
            r"hidden_layer_sizes\[0\] must be a positive int",
        ),
        ("hidden_layer_sizes", 2.0, TypeError, "hidden_layer_sizes must be a tuple of sizes, or "),
        ("hidden_layer_sizes", "3", TypeError, "hidden_layer_sizes must be a tuple of sizes, or "),
        ("activation", "logistic", ValueError, "activation must be a function or one of sigmoid, "),
        ("activation", 3, TypeError, "activation must be a name or a function, got 3"),
        (
            "optimizer",
            "lbfgs",
            ValueError,
            "optimizer must be one of sgd, rmsprop, adam, adamw, got",
        ),
        ("optimizer", SGD, ValueError, "optimizer must be one of sgd, rmsprop, adam, adamw, got"),
        (
            "optimizer",
            ["sgd"],
            ValueError,
            "optimizer must be one of sgd, rmsprop, adam, adamw, got",
        ),
        ("learning_rate", -0.1, ValueError, "learning_rate must be at least 0, got -0.1"),
        ("learning_rate", math.nan, ValueError, "learning_rate must be finite, got nan"),
        ("learning_rate", "constant", TypeError, "learning_rate must be a real number, got 'const"),
        ("epochs", 0, ValueError, "epochs must be at least 1, got 0"),
        ("batch_size", "auto", TypeError, "batch_size must be a positive int, got 'auto'"),
        ("tolerance", -1.0, ValueError, "tolerance must be at least 0, got -1.0"),
        ("compiled", 1, TypeError, "compiled must be True or False, got 1"),
    ],
)
@pytest.mark.parametrize("kind", BOTH)
def test_a_wrong_parameter_is_named_when_fit_is_called(kind, parameter, value, error, message):
    estimator = small(kind).set_params(**{parameter: value})
    with pytest.raises(error, match=f"^fit: {message}"):
        estimator.fit(X, Y)
    with pytest.raises(NotFittedError):
        estimator.predict(X)


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match=r"^fit: y must be of more than one class, got \['a', 'a'"):
        small(MLPClassifier).fit(X, ["a"] * 5)


@pytest.mark.parametrize("y", [[[0, 1]] * 5, [0.5, 0.25, 1.5, 2.5, 3.5]])
def test_a_classifier_refuses_several_labels_and_numbers(y):
    with pytest.raises(ValueError, match=r"1d array|Unknown label type: continuous"):
        small(MLPClassifier).fit(X, y)


@pytest.mark.parametrize("kind", BOTH)
def test_a_tolerance_that_is_not_reached_is_a_warning(kind):
    message = r"^All 3 epochs were used up. The loss is \d\.\d+, the tolerance 0.001.$"
    with pytest.warns(ConvergenceWarning, match=message):
        estimator = small(kind, tolerance=0.001).fit(X, Y)
    assert estimator.history_.stopped == "epochs"


@pytest.mark.parametrize("kind", BOTH)
def test_a_tolerance_that_is_reached_is_none(kind):
    """Nor is it one if all epochs were wanted."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator = small(kind, tolerance=1e9, epochs=9).fit(X, Y)
        assert (estimator.n_iter_, estimator.history_.stopped) == (1, "tolerance")
        assert small(kind).fit(X, Y).history_.stopped == "epochs"


def test_a_divergence_is_a_warning_and_the_best_weights_come_back():
    settings = {"optimizer": "sgd", "batch_size": None, "learning_rate": 30.0}
    with pytest.warns(ConvergenceWarning, match=r"^Training diverged in epoch \d+: ") as caught:
        regressor = small(MLPRegressor, epochs=99, **settings).fit(X, Y)
    assert [warning.filename for warning in caught] == [__file__]
    assert regressor.loss_ == min(regressor.loss_curve_) < regressor.loss_curve_[-1]
    squares = (regressor.predict(X) - Y) ** 2
    assert squares.mean() == pytest.approx(regressor.loss_)


def test_a_divergence_in_the_first_epoch_leaves_no_loss():
    settings = {"optimizer": "sgd", "batch_size": 1, "learning_rate": 1e200}
    with pytest.warns(ConvergenceWarning, match=r"^Training diverged in epoch 1: .* began with.$"):
        regressor = small(MLPRegressor, **settings).fit(X, Y)
    assert (regressor.n_iter_, regressor.loss_curve_) == (0, [])
    assert math.isnan(regressor.loss_)


@pytest.mark.parametrize(("calls", "epochs"), [(3, 0), (40, 2)])
def test_an_interrupt_is_a_warning_and_the_network_is_there(calls, epochs):
    count = 0

    def interrupt(z):
        nonlocal count
        count += 1
        if count == calls:
            raise KeyboardInterrupt
        return z.tanh()

    regressor = small(MLPRegressor, activation=interrupt, compiled=False)
    message = f"^Training was interrupted in epoch {epochs + 1}; "
    with pytest.warns(ConvergenceWarning, match=message):
        regressor.fit(X, Y)
    assert regressor.n_iter_ == epochs
    assert math.isnan(regressor.loss_) == (epochs == 0)
    assert regressor.predict(X).shape == (5,)


def test_a_first_loss_that_is_not_finite_is_an_error():
    with pytest.raises(DomainError):
        small(MLPRegressor, hidden_layer_sizes=()).fit([[1e200], [-1e200]], [0.0, 1.0])
