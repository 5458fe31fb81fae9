"""Optimizers, which move parameters against their gradients, all of them or none."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from autograd_mini.arguments import items, number, requirement, whole
from autograd_mini.engines import (
    Value,
    are_finite,
    data_of,
    gradients_of,
    store_data,
    updates,
    zero_gradients,
)
from autograd_mini.engines.display import write_count
from autograd_mini.errors import DivergenceError, StateError
from autograd_mini.optim.schedules import Schedule
from autograd_mini.optim.settings import setting
from autograd_mini.optim.snapshot import Snapshot, State

__all__ = ["Optimizer"]


class Optimizer(ABC):
    """The base class of the optimizers.

    A subclass names its ``settings`` and ``moments``, and implements the arithmetic in `update`.

    Args:
        parameters: the leaves to move; `state_dict` relies on their order.
        lr: the learning rate, at least 0, or a function of the epoch that returns it, such as
            `CosineDecay`. You may change it, as any setting, between steps.
        weight_decay: adds weight_decay · w to the gradient of each weight w, as if the loss
            contained ½ weight_decay · w².

    Raises:
        TypeError: a parameter is not a Value, or a setting is not a number.
        ValueError: there are no parameters, a parameter is given twice or is not a leaf, or a
            setting is out of its range.
    """

    settings: ClassVar[tuple[str, ...]] = ("lr", "weight_decay")
    """The names of the constructor's keyword arguments, which are also attributes."""

    moments: ClassVar[Mapping[str, float]] = {}
    """The numbers that are kept for each parameter: their names, and the least possible number."""

    _lr: float
    _schedule: Schedule | None

    def __init__(
        self, parameters: Iterable[Value], *, lr: float | Schedule, weight_decay: float = 0.0
    ) -> None:
        self.parameters = self._leaves(parameters)
        self._epoch = 0
        self.lr = lr
        self.weight_decay = weight_decay
        nothing = array("d", bytes(8 * len(self.parameters)))
        self._state = State(0, tuple(nothing for _ in self.moments))

    @abstractmethod
    def update(
        self, weights: array[float], gradients: array[float], state: State
    ) -> tuple[Sequence[float], Sequence[Sequence[float]]]:
        """Return the new weights and the new moments, as arrays or lists; change nothing.

        Args:
            weights: the numbers of the parameters, as an array of doubles; so are all others.
            gradients: their gradients, which include weight decay.
            state: the old moments, and the number of this step, from 1.
        """

    @setting
    def parameters(self, parameters: tuple[Value, ...]) -> tuple[Value, ...]:
        """The leaves to move; they stay the same, as the state of the optimizer is theirs."""
        if "parameters" in vars(self):
            argument, way_out = f"{type(self).__name__}: parameters", "make another optimizer"
            raise TypeError(requirement(argument, "those it was made with", parameters, way_out))
        return parameters

    @property
    def lr(self) -> float:
        """The learning rate: the factor of the gradient in a step.

        Set it to a function of the epoch, from 0, and it is what that returns for each `epoch`.
        """
        return self._lr

    @lr.setter
    def lr(self, lr: float | Schedule) -> None:
        schedule = lr if callable(lr) else None
        rate = self._check_rate("lr", lr) if schedule is None else self._ask(schedule, self._epoch)
        vars(self).update(_lr=rate, _schedule=schedule)

    @property
    def epoch(self) -> int:
        """The number of the epoch, from 0, which a schedule makes the learning rate of.

        `fit` sets it before each epoch; set it so in a loop of your own.
        """
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        given = whole(epoch)
        if given is None or given < 0:
            argument = f"{type(self).__name__}: epoch"
            raise ValueError(requirement(argument, "an int, at least 0", epoch))
        rate = self._lr if self._schedule is None else self._ask(self._schedule, given)
        vars(self).update(_lr=rate, _epoch=given)

    def _ask(self, schedule: Schedule, epoch: int) -> float:
        return self._check_rate(f"lr({epoch})", schedule(epoch))

    def _check_rate(self, name: str, rate: object) -> float:
        return self._check_number(name, rate, "finite and at least 0", lambda r: 0 <= r < math.inf)

    @setting
    def weight_decay(self, weight_decay: float) -> float:
        """The factor of the weight that is added to its gradient."""
        rule = "finite and at least 0"
        return self._check_number("weight_decay", weight_decay, rule, lambda w: 0 <= w < math.inf)

    def step(self) -> None:
        """Move every parameter once.

        An error or an interrupt leaves everything as it was before the step or as it is after the
        step: the weights and the state of the optimizer are stored together.

        Raises:
            DivergenceError: a weight or a moment would not be finite; nothing has changed.
        """
        weights, gradients = data_of(self.parameters), gradients_of(self.parameters)
        gradients = self._decay(weights, gradients)
        steps = self._state.steps + 1
        found, moved = self.update(weights, gradients, State(steps, self._state.moments))
        weights, moments = _as_array(found), tuple(map(_as_array, moved))
        for quantity, numbers in (("weight", weights), *zip(self.moments, moments, strict=True)):
            if not are_finite(numbers):
                raise self._divergence(quantity, numbers)
        store_data(self.parameters, weights, self, State(steps, moments))

    def _decay(self, weights: array[float], gradients: array[float]) -> array[float]:
        """Return the gradients with weight decay, as `update` gets them."""
        if not self.weight_decay:
            return gradients
        return updates["decayed"](gradients, weights, self.weight_decay)

    def zero_grad(self) -> None:
        """Set the gradients to zero, all of them or none; `has_grad` stays as it is."""
        zero_gradients(self.parameters)

    def snapshot(self) -> Snapshot:
        """Return the present weights and the state of the optimizer, for `restore`."""
        return Snapshot(data_of(self.parameters), self._state)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this optimizer, in one store; the settings do not change."""
        store_data(self.parameters, snapshot.weights, self, snapshot.state)

    def state_dict(self) -> dict[str, Any]:
        """Return the settings and the state, as lists and numbers that JSON can hold.

        With this and the weights, training continues as if it had never stopped. The rate is the
        present number; a schedule is a function, so the new optimizer has to be made with it.

        >>> from autograd_mini import SGD
        >>> SGD([Value(1.0)], lr=0.5, momentum=0.9).state_dict()["moments"]
        {'velocity': [0.0]}
        """
        return {
            "optimizer": type(self).__name__,
            "settings": {name: getattr(self, name) for name in self.settings},
            "epoch": self._epoch,
            "steps": self._state.steps,
            "moments": {
                name: list(numbers)
                for name, numbers in zip(self.moments, self._state.moments, strict=True)
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the settings and the state of another optimizer of this class.

        A schedule of this optimizer stays, and goes on with the next epoch.

        Args:
            state: the result of `state_dict`; it lists the parameters in the same order.

        Raises:
            StateError: it is the state of another class, or of an optimizer with another number of
                parameters; nothing has changed.
        """
        kind = type(self).__name__
        where = f"{kind}.load_state_dict"
        expected = {"optimizer", "settings", "epoch", "steps", "moments"}
        if not isinstance(state, Mapping) or {*state, "epoch"} != expected:
            rule = f"a mapping with the keys {', '.join(sorted(expected))}"
            given = list(state) if isinstance(state, Mapping) else state
            raise StateError(requirement(f"{where}: state", rule, given))
        if not isinstance(state["optimizer"], str) or state["optimizer"] != kind:
            rule = f"the state of {kind}"
            raise StateError(requirement(f"{where}: state", rule, state["optimizer"]))
        settings = state["settings"]
        if not isinstance(settings, Mapping) or set(settings) != set(self.settings):
            rule = f"a mapping with the keys {', '.join(self.settings)}"
            raise StateError(requirement(f"{where}: settings", rule, settings))
        try:
            epoch = state.get("epoch", 0)  # earlier versions did not count epochs
            self._set_all(settings, epoch, self._read_state(state["steps"], state["moments"]))
        except (TypeError, ValueError) as error:
            reason = str(error).removeprefix(f"{kind}: ")
            raise StateError(f"{where}: {reason}") from error

    def _set_all(self, settings: Mapping[str, Any], epoch: int, state: State) -> None:
        """Replace all settings, which are checked together, the epoch, and the state."""
        new = type(self)(self.parameters, **settings)
        new.epoch = epoch
        new._state, new._schedule = state, self._schedule
        self.__dict__ = {**self.__dict__, **new.__dict__}  # one store: all or nothing

    def _read_state(self, steps: Any, moments: Any) -> State:
        if not isinstance(steps, int) or isinstance(steps, bool) or not 0 <= steps < 2**53:
            raise ValueError(requirement("steps", "an int from 0 to 2**53 - 1", steps))
        if not isinstance(moments, Mapping) or set(moments) != set(self.moments):
            rule = f"a mapping with the keys {', '.join(self.moments)}"
            raise ValueError(requirement("moments", rule, moments))
        checked = []
        for name, least in self.moments.items():
            given = items(moments[name], argument=name, rule="a list of numbers")
            numbers = [number(one, argument=name) for one in given]
            if len(numbers) != len(self.parameters):
                rule = f"{len(self.parameters)}, a number for each parameter"
                raise ValueError(requirement(f"length of {name}", rule, len(numbers)))
            for one in numbers:
                if not least <= one < math.inf or one == -math.inf:
                    rule = "finite" if least < 0 else "finite and at least 0"
                    raise ValueError(requirement(f"a number in {name}", rule, one))
            checked.append(array("d", numbers))
        return State(steps, tuple(checked))

    def _leaves(self, parameters: Iterable[Value]) -> tuple[Value, ...]:
        kind = type(self).__name__
        rule, way_out = "an iterable of Values", "pass model.parameters()"
        given = items(parameters, argument=f"{kind}: parameters", rule=rule, way_out=way_out)
        leaves: dict[Value, int] = {}
        for position, parameter in enumerate(given):
            where = f"{kind}: parameters[{position}]"
            if not isinstance(parameter, Value):
                raise TypeError(requirement(where, "a Value", parameter))
            if parameter.op is not None:
                way_out = "pass the leaves that it is computed from"
                raise ValueError(requirement(where, "a leaf", parameter, way_out))
            if parameter in leaves:
                rule = f"another Value than parameters[{leaves[parameter]}]"
                raise ValueError(requirement(where, rule, parameter, "pass each Value once"))
            leaves[parameter] = position
        if not leaves:
            raise ValueError(requirement(f"{kind}: parameters", "one or more Values", []))
        return tuple(leaves)

    def _check_number(
        self, name: str, value: object, rule: str, allowed: Callable[[float], bool]
    ) -> float:
        argument = f"{type(self).__name__}: {name}"
        converted = number(value, argument=argument)
        if not allowed(converted):
            raise ValueError(requirement(argument, rule, value))
        return converted

    def _divergence(self, quantity: str, numbers: Sequence[float]) -> DivergenceError:
        position = next(i for i, one in enumerate(numbers) if not math.isfinite(one))
        parameter = self.parameters[position]
        called = f"parameters[{position}]" + (f" ({parameter.name!r})" if parameter.name else "")
        return DivergenceError(
            f"{type(self).__name__}.step: the {quantity} of {called} must be finite, got "
            f"{numbers[position]!r}; it comes from the value {parameter.data!r}, the gradient "
            f"{parameter.grad!r} and lr = {self.lr!r}; nothing was changed, try a smaller lr"
        )

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.settings)
        parameters = write_count(len(self.parameters), "parameter")
        return f"{type(self).__name__}({parameters}, {settings})"


def _as_array(numbers: Sequence[float]) -> array[float]:
    return numbers if type(numbers) is array else array("d", numbers)
