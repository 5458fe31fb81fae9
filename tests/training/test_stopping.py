"""Early stopping: when the validation loss does not fall any more."""

import math
import pickle
import re

import pytest

from autograd_mini import SGD, EarlyStopping, Value, fit


class Slope:
    """A model that walks down by 1 in each epoch, whatever the loss is."""

    def __init__(self):
        self.w = Value(10.0)

    def __call__(self, x):
        return self.w * 1.0

    def parameters(self):
        return [self.w]


def walked(validation, *, epochs=50, callbacks=(), **options):
    """Train on w, with a validation loss that is a function of w: 9, 8, 7, …"""
    model = Slope()

    def loss(predictions, targets):
        (w,) = predictions
        return w if targets == ["training"] else 0.0 * w + validation(w.data)

    history = fit(
        model,
        [0],
        ["training"],
        validation_data=([0], ["validation"]),
        loss=loss,
        optimizer=SGD(model.parameters(), 1.0),
        epochs=epochs,
        callbacks=callbacks,
        **options,
    )
    return model, history


def valley(w):
    return (w - 5.0) ** 2


def test_a_training_ends_when_no_epoch_has_a_lower_validation_loss():
    model, history = walked(valley, callbacks=[EarlyStopping(3)])
    assert (history.stopped, len(history)) == ("early_stopping", 8)
    assert history["val_loss"] == [16.0, 9.0, 4.0, 1.0, 0.0, 1.0, 4.0, 9.0]
    assert history.message == "The validation loss has not fallen for 3 epochs."
    assert model.w.data == 5.0  # of the best epoch


def test_without_restoring_the_last_weights_stay():
    model, history = walked(valley, callbacks=[EarlyStopping(1, restore_best=False)])
    assert (history.stopped, len(history), model.w.data) == ("early_stopping", 6, 4.0)


def test_the_best_weights_come_back_when_all_epochs_are_used_up_too():
    model, history = walked(valley, epochs=7, callbacks=[EarlyStopping(3)])
    assert (history.stopped, model.w.data) == ("epochs", 5.0)
    model, _ = walked(valley, epochs=7, callbacks=[EarlyStopping(3, restore_best=False)])
    assert model.w.data == 3.0


def test_a_loss_that_is_equal_is_no_progress_and_the_first_is_the_best():
    model, history = walked(lambda w: max(w, 6.0), callbacks=[EarlyStopping(2)])
    assert (len(history), model.w.data) == (6, 6.0)


def test_another_callback_ends_a_training_with_the_last_weights():
    def at_seven(history):
        return len(history) == 7

    model, history = walked(valley, callbacks=[at_seven, EarlyStopping(9)])
    assert (history.stopped, model.w.data) == ("callback", 3.0)


def test_both_may_wish_the_end():
    def at_eight(history):
        return len(history) == 8

    model, history = walked(valley, callbacks=[at_eight, EarlyStopping(3)])
    assert (history.stopped, model.w.data) == ("early_stopping", 5.0)


def test_patience_counts_over_an_interrupt():
    def interrupt(history):
        if len(history) == 7:
            raise KeyboardInterrupt

    whole = walked(valley, callbacks=[EarlyStopping(3)])[1]
    history = walked(valley, callbacks=[EarlyStopping(3), interrupt])[1]
    assert history.stopped == "interrupted"
    copied = pickle.loads(pickle.dumps(history))  # noqa: S301 - as a user may
    model, resumed = walked(valley, callbacks=[EarlyStopping(3)], resume=copied)
    assert (resumed.history, resumed.stopped) == (whole.history, "early_stopping")
    assert model.w.data == 5.0


def test_a_training_goes_on_from_its_last_weights_not_from_the_best():
    first = walked(valley, callbacks=[EarlyStopping(3)])[1]
    model, same = walked(valley, callbacks=[EarlyStopping(3)], resume=first)
    assert (same.history, same.stopped, model.w.data) == (first.history, first.stopped, 5.0)
    _, history = walked(valley, callbacks=[EarlyStopping(6)], resume=first)
    assert history["val_loss"] == [16.0, 9.0, 4.0, 1.0, 0.0, 1.0, 4.0, 9.0, 16.0, 25.0, 36.0]


def test_a_divergence_goes_back_to_the_lowest_loss_all_the_same():
    def explode(w):
        return math.exp(1000.0) if w < 3 else valley(w)

    with pytest.raises(OverflowError):  # an error of the loss itself is no divergence
        walked(explode, callbacks=[EarlyStopping(30)])


def without_validation(callbacks):
    fit(Slope(), [0], [0], loss="mse", optimizer="sgd", epochs=1, callbacks=callbacks)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EarlyStopping(0), "EarlyStopping: patience must be at least 1, got 0"),
        (lambda: EarlyStopping(2.5), "EarlyStopping: patience must be a positive int, got 2.5"),
        (
            lambda: EarlyStopping(2, restore_best=1),
            "EarlyStopping: restore_best must be True or False, got 1",
        ),
        (
            lambda: walked(valley, callbacks=[EarlyStopping]),
            "fit: callback must be a function of the history, got <class",
        ),
        (
            lambda: fit(
                Slope(),
                [0],
                [0],
                loss="mse",
                optimizer="sgd",
                epochs=1,
                callbacks=[EarlyStopping(2)],
            ),
            "fit: EarlyStopping must be used with validation, got EarlyStopping(patience=2, "
            "restore_best=True); pass validation_data or validation_split",
        ),
    ],
)
def test_wrong_use_is_refused(make, message):
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(message)}"):
        make()
