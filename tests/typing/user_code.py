"""What users write, with the types that their editors show; mypy and pyright read it.

Where an error is expected, an ignore says so; one that is not needed is an error itself.
"""

from typing import Any, Literal, assert_type

import numpy as np

import autograd_mini as ag
from autograd_mini.losses import squared_error
from autograd_mini.nn import MLP, Layer, Neuron
from autograd_mini.optim import SGD

x, y = ag.Value(1.0, name="x"), ag.Value(2.0)

# --- arithmetic: Values and numbers on either side -----------------------------------------------

assert_type(x + y, ag.Value)
assert_type(2 * x - 1, ag.Value)
assert_type(1 / x**2, ag.Value)
assert_type(-abs(x), ag.Value)
assert_type(sum([x, y]), ag.Value | Literal[0])
assert_type(sum([x, y], start=ag.Value(0.0)), ag.Value)
assert_type(max(x, y), ag.Value)
assert_type(sorted([x, y]), list[ag.Value])
assert_type(x < 2, bool)
x + "1"  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]

# --- functions: of Values a Value, of numbers a number -------------------------------------------

assert_type(ag.exp(x), ag.Value)
assert_type(ag.exp(1), float)
assert_type(x.sigmoid(), ag.Value)
assert_type(ag.maximum(x, 1), ag.Value)
assert_type(ag.maximum(x, 1, y), ag.Value)
assert_type(ag.maximum(1, 2, 3.0), float)
assert_type(ag.clip(x, 0.0, None), ag.Value)
assert_type(ag.clip(1.5, 0.0, 1.0), float)
assert_type(ag.arctan2(1.0, x), ag.Value)
assert_type(ag.hypot(x, 1.0), ag.Value)
assert_type(ag.logaddexp(x, 1.0), ag.Value)
assert_type(ag.prod([x, 2.0]), ag.Value)
assert_type(ag.norm([3.0, 4.0]), float)
assert_type(ag.norm_cdf(x), ag.Value)
assert_type(ag.gelu(1.0), float)
assert_type(ag.sum([x, 1.0]), ag.Value)
assert_type(ag.dot([1.0], [2.0]), float)
assert_type(ag.softmax([x, y]), list[ag.Value])
assert_type(ag.linear(x), ag.Value)
assert_type(np.exp(x), Any)
assert_type(np.array([x, y]).sum(), Any)
ag.exponential(x)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

cube = ag.primitive("x * x * x", dx="3 * x * x", name="cube")
assert_type(cube(x), ag.Value)
assert_type(cube(2.0), float)
bump = ag.custom(lambda x: x * x, lambda x: 2 * x, name="bump")
assert_type(bump(x), ag.Value)
assert_type(bump(2), float)
Layer(2, 1, activation=bump)

# --- derivatives ---------------------------------------------------------------------------------

assert_type(ag.gradients(x * y, x), float)
assert_type(ag.gradients([x * y, x], [x, y], seeds=[1.0, 2]), list[float])
assert_type(ag.gradient_graph(x * y, x), ag.Value)
assert_type(ag.gradient_graph(x * y, [x, y]), list[ag.Value])
assert_type(ag.stop_gradient(x), ag.Value)
assert_type(ag.stop_gradient(2), float)
assert_type(ag.grad(ag.exp)(1.0), Any)
assert_type(ag.hvp(ag.exp, (1.0,), (1.0,)), tuple[Any, ...])
ag.grad(3.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# --- models --------------------------------------------------------------------------------------

model = MLP(2, [3, 1], activation="tanh", init="xavier")
assert_type(model([1.0, 2.0]), ag.Value | list[ag.Value])
assert_type(Neuron(2)([1.0, x]), ag.Value)
assert_type(squared_error([model([1.0, 2.0])], [0.5]), ag.Value)
assert_type(squared_error([1.0], [0.5]), float)
Layer(2, 1, activation=lambda z: z * z)
MLP(2, [1], activation="swish")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Neuron(2, init="glorot")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

history = ag.fit(
    model,
    [[0.0, 1.0]],
    [1.0],
    loss=ag.losses.squared_error,
    optimizer=SGD(model.parameters(), lr=0.1),
    epochs=1,
)
assert_type(history, ag.History)
assert_type(history["loss"], list[float])


def share(predictions: list[Any], targets: list[Any]) -> float:
    return float(sum(predictions)) / len(targets)


ag.fit(
    model,
    [[0.0, 1.0]],
    [1.0],
    loss="mse",
    optimizer="adam",
    epochs=1,
    metrics=["accuracy", share],
    callbacks=[ag.EarlyStopping(3, restore_best=False)],
    rng=0,
)
ag.fit(model, [], [], loss="mse", optimizer="adam", epochs=1, metrics=["acuracy"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
scheduled = SGD(model.parameters(), ag.optim.CosineDecay(0.1, epochs=9))
scheduled.lr = lambda epoch: 0.1 / (1 + epoch)
assert_type(scheduled.lr, float)
scheduled.epoch = 3
x.grad = None
assert_type(x.grad, float)
ag.zero_grad(model.parameters())
dropout = ag.nn.Dropout(0.5, rng=0)
assert_type(dropout([x, 1.0]), list[ag.Value | float])
assert_type(dropout(x), ag.Value)
assert_type(model.eval(), MLP)
ag.load("model.json").save("other.json")

# --- views ---------------------------------------------------------------------------------------

assert_type(ag.draw(x), ag.Drawing)
assert_type(ag.explain(x * y, wrt=x).value, float)
assert_type(ag.explain(x * y, wrt="x").paths[0][0].formula, str)
assert_type(ag.explain(x * y).lines, list[str])
assert_type(ag.explore(x * y).html, str)

# --- recorded programs ---------------------------------------------------------------------------


def price(share: float, strike: float, *, rate: float = 0.0) -> Any:
    return share * ag.exp(-rate) - strike


replay = ag.compile(price)
assert_type(replay(100.0, 95.0, rate=0.02), Any)
replay(100.0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
assert_type(replay.map([100.0, 110.0], 95.0), Any)
assert_type(replay.batch([100.0], 95.0).backward(seed=0.5), None)
assert_type(str(replay.program(100.0, 95.0)), str)
ag.compile(ag.grad(price), max_paths=8)(100.0, 95.0)
ag.compile(ag.exp)(1.0)


class Circle:
    @ag.compile
    def area(self, radius: float) -> Any:
        return 3.0 * radius**2


assert_type(Circle().area(2.0), Any)
