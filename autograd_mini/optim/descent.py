"""`SGD`, `RMSprop`, `Adam`, `AdamW`: a step is a list of rules of the table of updates."""

from __future__ import annotations

import math
from abc import abstractmethod
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeAlias

from autograd_mini.arguments import flag, requirement
from autograd_mini.engines import Value, step_natively, updates
from autograd_mini.optim.optimizers import Optimizer
from autograd_mini.optim.schedules import Schedule
from autograd_mini.optim.settings import setting
from autograd_mini.optim.snapshot import State
from autograd_mini.table.updates import UPDATES

__all__ = ["SGD", "Adam", "AdamW", "RMSprop", "TableOptimizer"]

Rule: TypeAlias = "tuple[str, *tuple[float, ...]]"
"""The name of a rule in the table of updates, and its numbers."""


class TableOptimizer(Optimizer):
    """The base class of the optimizers whose step is a list of rules of the table of updates.

    All rules of a step then run in a single call of C, if that was built.
    """

    letters: ClassVar[str] = ""
    """The letters of the ``moments`` in the rules."""

    @abstractmethod
    def rules(self, steps: int) -> list[Rule]:
        """Return the rules of a step in order, those of the weight decay included.

        Args:
            steps: the number of this step, from 1.
        """

    def update(
        self, weights: array[float], gradients: array[float], state: State
    ) -> tuple[Sequence[float], Sequence[Sequence[float]]]:
        """Return the new weights and the new moments; see `Optimizer.update`."""
        arrays = dict(zip(self.letters, state.moments, strict=True))
        arrays |= {"w": weights, "g": gradients}
        for name, *numbers in self.rules(state.steps):
            letters = UPDATES[name].arrays
            arrays[letters[0]] = updates[name](*[arrays[x] for x in letters], *numbers)
        return arrays["w"], [arrays[x] for x in self.letters]

    def step(self) -> None:
        """Move every parameter once; see `Optimizer.step`."""
        if step_natively is not None and type(self).update is TableOptimizer.update:
            rules = self.rules(self._state.steps + 1)
            if step_natively(self, self.parameters, self._state, self.letters, rules):
                return
        super().step()  # raises the error, if C has refused

    def _decay(self, weights: array[float], gradients: array[float]) -> array[float]:
        has_rules = type(self).update is TableOptimizer.update  # which do it
        return gradients if has_rules else super()._decay(weights, gradients)

    def _check_part(self, name: str, part: float) -> float:
        """Return a checked setting that is the part of something which each step keeps."""
        return self._check_number(name, part, "at least 0 and below 1", lambda p: 0 <= p < 1)

    def _decay_rules(self) -> list[Rule]:
        """Return the rule that adds weight decay to the gradient, if there is any."""
        return [("decayed", self.weight_decay)] if self.weight_decay else []


class SGD(TableOptimizer):
    """Gradient descent, optionally with momentum.

    As in PyTorch, g is the gradient plus weight_decay · w. The velocity starts at zero and becomes
    momentum · velocity + g. The step is −lr · velocity or, with ``nesterov``,
    −lr · (g + momentum · velocity) (Sutskever et al., *On the importance of initialization and
    momentum in deep learning*, 2013). Without momentum it is −lr · g.

    Args:
        parameters: the leaves to move.
        lr: the learning rate, at least 0, or a schedule.
        momentum: the part of the velocity that each step keeps, at least 0 and below 1.
        nesterov: look ahead by one step, which needs momentum.
        weight_decay: the factor of the weight in g, at least 0.

    Raises:
        TypeError: a parameter is not a Value, or a setting has the wrong type.
        ValueError: as for `Optimizer`, or ``nesterov`` has no momentum.

    >>> w = Value(0.2, name="w")
    >>> optimizer = SGD([w], lr=0.4)
    >>> ((2.0 - w) ** 2).backward()
    >>> optimizer.step()
    >>> round(w.data, 9)
    1.64
    """

    settings = ("lr", "momentum", "nesterov", "weight_decay")
    moments: ClassVar[Mapping[str, float]] = {"velocity": -math.inf}
    letters = "b"

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        self.momentum = momentum
        self.nesterov = nesterov

    @setting
    def momentum(self, momentum: float) -> float:
        """The part of the velocity that each step keeps."""
        momentum = self._check_part("momentum", momentum)
        self._check_lookahead(momentum, self.__dict__.get("nesterov", False))
        return momentum

    @setting
    def nesterov(self, nesterov: bool) -> bool:
        """Whether a step looks ahead, which needs momentum."""
        nesterov = flag(nesterov, argument="SGD: nesterov")
        self._check_lookahead(self.momentum, nesterov)
        return nesterov

    def _check_lookahead(self, momentum: float, nesterov: bool) -> None:
        if nesterov and not momentum:
            rule = "above 0 if nesterov is True"
            raise ValueError(requirement("SGD: momentum", rule, momentum))

    def rules(self, steps: int) -> list[Rule]:  # noqa: ARG002 - no rule counts them
        """Return the rules of a step; see `TableOptimizer.rules`."""
        rules = self._decay_rules()
        if not self.momentum:
            return [*rules, ("descended", self.lr)]
        rules.append(("velocity", self.momentum))
        if self.nesterov:
            return [*rules, ("lookahead", self.momentum), ("descended", self.lr)]
        return [*rules, ("followed", self.lr)]


class RMSprop(TableOptimizer):
    """Gradient descent in units of the running root mean square of the gradient.

    As in PyTorch, g is the gradient plus weight_decay · w, and the mean v = αv + (1 − α)g² starts
    at zero. The step is −lr · g / (√v + eps) (Tieleman and Hinton, *Lecture 6.5 – RMSProp*, 2012).
    With ``centered``, v − m² is in the place of v, where m = αm + (1 − α)g (Graves, *Generating
    Sequences With Recurrent Neural Networks*, 2013). With momentum, the velocity becomes
    momentum · velocity + g / (√v + eps), and the step is −lr · velocity.

    Args:
        parameters: the leaves to move.
        lr: the learning rate, at least 0, or a schedule.
        alpha: the part of the means that each step keeps, at least 0 and below 1.
        eps: prevents a division by zero; above 0.
        momentum: the part of the velocity that each step keeps, at least 0 and below 1.
        centered: divide by the standard deviation instead.
        weight_decay: the factor of the weight in g, at least 0.

    Raises:
        TypeError: a parameter is not a Value, or a setting has the wrong type.
        ValueError: as for `Optimizer`.

    >>> w = Value(0.2, name="w")
    >>> optimizer = RMSprop([w], lr=0.04, alpha=0.75)
    >>> ((2.0 - w) ** 2).backward()
    >>> optimizer.step()  # the first is lr / √(1 − alpha) long
    >>> round(w.data, 6)
    0.28
    """

    settings = ("lr", "alpha", "eps", "momentum", "centered", "weight_decay")
    moments: ClassVar[Mapping[str, float]] = {
        "second moment": 0.0,
        "first moment": -math.inf,
        "velocity": -math.inf,
    }
    letters = "vmb"

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.01,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        centered: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        self.alpha = alpha
        self.eps = eps
        self.momentum = momentum
        self.centered = centered

    @setting
    def alpha(self, alpha: float) -> float:
        """The part of the means that each step keeps."""
        return self._check_part("alpha", alpha)

    @setting
    def eps(self, eps: float) -> float:
        """The number that prevents a division by zero."""
        return self._check_number("eps", eps, "finite and above 0", lambda e: 0 < e < math.inf)

    @setting
    def momentum(self, momentum: float) -> float:
        """The part of the velocity that each step keeps."""
        return self._check_part("momentum", momentum)

    @setting
    def centered(self, centered: bool) -> bool:
        """Whether the gradient is divided by its standard deviation."""
        return flag(centered, argument="RMSprop: centered")

    def rules(self, steps: int) -> list[Rule]:  # noqa: ARG002 - no rule counts them
        """Return the rules of a step; see `TableOptimizer.rules`."""
        fresh = 1 - self.alpha
        rules = [*self._decay_rules(), ("second_moment", self.alpha, fresh)]
        if self.centered:
            rules += [("first_moment", self.alpha, fresh), ("standardized", self.eps)]
        else:
            rules.append(("normalized", self.eps))
        if not self.momentum:
            return [*rules, ("descended", self.lr)]
        return [*rules, ("velocity", self.momentum), ("followed", self.lr)]


class Adam(TableOptimizer):
    """Gradient descent by running means of the gradient and of its square.

    As in PyTorch, g is the gradient plus weight_decay · w. The means m = β₁m + (1 − β₁)g and
    v = β₂v + (1 − β₂)g² start at zero; m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) remove that bias.
    Step t is −lr · m̂ / (√v̂ + eps) (Kingma and Ba, *Adam: A Method for Stochastic Optimization*,
    2015, algorithm 1).

    Args:
        parameters: the leaves to move.
        lr: the learning rate, at least 0, or a schedule.
        betas: β₁ and β₂, each at least 0 and below 1.
        eps: prevents a division by zero; above 0.
        weight_decay: the factor of the weight in g, at least 0.

    Raises:
        TypeError: a parameter is not a Value, or a setting has the wrong type.
        ValueError: as for `Optimizer`.

    >>> w = Value(0.2, name="w")
    >>> optimizer = Adam([w], lr=0.4)
    >>> ((2.0 - w) ** 2).backward()
    >>> optimizer.step()  # the length of the first step is lr for every gradient
    >>> round(w.data, 6)
    0.6
    """

    settings = ("lr", "betas", "eps", "weight_decay")
    moments: ClassVar[Mapping[str, float]] = {"first moment": -math.inf, "second moment": 0.0}
    letters = "mv"

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay)
        self.betas = betas
        self.eps = eps

    @setting
    def betas(self, betas: tuple[float, float]) -> tuple[float, float]:
        """The parts of the two means that each step keeps."""
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise TypeError(requirement("Adam: betas", "two numbers", betas))
        first, second = (self._check_part(f"betas[{i}]", beta) for i, beta in enumerate(betas))
        return first, second

    @setting
    def eps(self, eps: float) -> float:
        """The number that prevents a division by zero."""
        return self._check_number("eps", eps, "finite and above 0", lambda e: 0 < e < math.inf)

    def rules(self, steps: int) -> list[Rule]:
        """Return the rules of a step; see `TableOptimizer.rules`."""
        beta1, beta2 = self.betas
        # The roots are divided, as v / (1 - β₂ᵗ) could overflow.
        bias, root = 1 - beta1**steps, math.sqrt(1 - beta2**steps)
        return [
            *self._decay_rules(),
            ("first_moment", beta1, 1 - beta1),
            ("second_moment", beta2, 1 - beta2),
            ("adapted", self.lr, bias, root, self.eps),
        ]


class AdamW(Adam):
    """`Adam` with a weight decay of its own, which no running mean divides.

    As in PyTorch, each weight is first multiplied by 1 − lr · weight_decay, and then moves as by
    `Adam` without weight decay (Loshchilov and Hutter, *Decoupled Weight Decay Regularization*,
    2019).

    Args:
        parameters, lr, betas, eps: as for `Adam`.
        weight_decay: the factor of lr in what is taken from each weight, at least 0.

    Raises:
        TypeError, ValueError: as for `Adam`.

    >>> w = Value(2.0, name="w")
    >>> optimizer = AdamW([w], lr=0.5, weight_decay=0.25)
    >>> (w * 0.0).backward()
    >>> optimizer.step()
    >>> w.data
    1.75
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def _decay_rules(self) -> list[Rule]:
        return [("scaled", 1 - self.lr * self.weight_decay)] if self.weight_decay else []
