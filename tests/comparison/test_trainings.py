"""After fifty epochs from the same weights, ours and those of PyTorch are the same."""

import pytest
from comparison.frameworks import need_all
from comparison.trainings import LOSSES, OPTIMIZERS, SCHEDULES, find_difference

from autograd_mini import losses, optim
from autograd_mini.optim import schedules

need_all()

ALL = OPTIMIZERS | SCHEDULES | LOSSES


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_fifty_epochs_end_where_those_of_pytorch_do(case):
    assert find_difference(case) < 1e-12


def test_every_optimizer_schedule_and_loss_is_compared():
    """But for hinge, of which PyTorch has none for targets of 1 and −1 (its own is another)."""
    assert {name.partition(",")[0] for name in OPTIMIZERS} == {
        name for name in ("SGD", "RMSprop", "Adam", "AdamW") if hasattr(optim, name)
    }
    assert {*SCHEDULES} == ({*schedules.__all__} - {"Schedule"}) | {"a function"}
    assert {*LOSSES} == {*losses.__all__} - {"Loss", "hinge"}
