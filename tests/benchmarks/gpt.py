"""A character-level transformer that learns the names of rivers, one node for each operation.

It runs over any scalar ``Value`` with ``+ - * /``, ``**`` by a number, ``exp``, ``log`` and
``relu``: the library's, or `PlainValue`, the class that one writes by hand to see how it works.
"""

import math
import random
from functools import reduce
from operator import add, mul

import autograd_mini as ag

# Each has seven letters, so that with the boundary mark every step fills the block and makes
# equally many nodes.
WORDS = """
    cauvery daugava darling dnieper durance garonne gironde helmand klamath krishna limpopo luangwa
    madeira mahakam maritsa moselle narmada neretva niagara orinoco orontes pechora potomac salween
    scheldt senegal shannon songhua trebbia ucayali uruguay vistula waikato yangtze zambezi
""".split()  # noqa: SIM905 - a list literal would take a line for each
BOUNDARY = "."
CHARACTERS = [BOUNDARY, *sorted(set("".join(WORDS)))]

WIDTH, HEADS, BLOCK, HIDDEN = 16, 4, 8, 64
HEAD = WIDTH // HEADS
LR, BETA1, BETA2, EPS = 0.01, 0.9, 0.99, 1e-8


class PlainValue:
    """A number with its operands and its local derivatives in tuples."""

    __slots__ = ("_operands", "_partials", "data", "grad")

    def __init__(self, data, operands=(), partials=()):
        self.data = data
        self.grad = 0.0
        self._operands = operands
        self._partials = partials

    def __add__(self, other):
        if isinstance(other, PlainValue):
            return PlainValue(self.data + other.data, (self, other), (1.0, 1.0))
        return PlainValue(self.data + other, (self,), (1.0,))

    def __sub__(self, other):
        if isinstance(other, PlainValue):
            return PlainValue(self.data - other.data, (self, other), (1.0, -1.0))
        return PlainValue(self.data - other, (self,), (1.0,))

    def __rsub__(self, other):
        return PlainValue(other - self.data, (self,), (-1.0,))

    def __mul__(self, other):
        if isinstance(other, PlainValue):
            return PlainValue(self.data * other.data, (self, other), (other.data, self.data))
        return PlainValue(self.data * other, (self,), (other,))

    def __truediv__(self, other):
        if isinstance(other, PlainValue):
            out = self.data / other.data
            return PlainValue(out, (self, other), (1.0 / other.data, -out / other.data))
        return PlainValue(self.data / other, (self,), (1.0 / other,))

    def __rtruediv__(self, other):
        out = other / self.data
        return PlainValue(out, (self,), (-out / self.data,))

    def __pow__(self, power):
        return PlainValue(self.data**power, (self,), (power * self.data ** (power - 1),))

    def __neg__(self):
        return PlainValue(-self.data, (self,), (-1.0,))

    __radd__ = __add__
    __rmul__ = __mul__

    def exp(self):
        out = math.exp(self.data)
        return PlainValue(out, (self,), (out,))

    def log(self):
        return PlainValue(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self):
        return PlainValue(max(self.data, 0.0), (self,), (1.0 if self.data > 0 else 0.0,))

    def backward(self):
        order, visited, stack = [], set(), [self]
        while stack:
            node = stack.pop()
            if node is None:  # everything that the node below depends on is in order
                order.append(stack.pop())
            elif node not in visited:
                visited.add(node)
                stack += (node, None)
                for operand in node._operands:
                    if operand._operands and operand not in visited:  # leaves pass nothing on
                        stack.append(operand)
        self.grad = 1.0
        for node in reversed(order):
            grad = node.grad
            for operand, partial in zip(node._operands, node._partials):  # noqa: B905 - strict is slower
                operand.grad += grad * partial


class GPT:
    """One block of causal self-attention and a ReLU network, trained by Adam on a word a step."""

    def __init__(self, value_type):
        rng = random.Random(0)

        def matrix(rows, columns, deviation):
            row = range(columns)
            return [[value_type(rng.gauss(0, deviation)) for _ in row] for _ in range(rows)]

        self.tokens = matrix(len(CHARACTERS), WIDTH, 0.5)
        self.positions = matrix(BLOCK, WIDTH, 0.5)
        self.query, self.key, self.value, self.mixed = (
            matrix(WIDTH, WIDTH, WIDTH**-0.5) for _ in range(4)
        )
        self.widen = matrix(HIDDEN, WIDTH, WIDTH**-0.5)
        self.narrow = matrix(WIDTH, HIDDEN, HIDDEN**-0.5)
        self.output = matrix(len(CHARACTERS), WIDTH, 0.1)
        # So far there are only the matrices.
        self.parameters = [p for rows in vars(self).values() for row in rows for p in row]
        self.means = [0.0] * len(self.parameters)
        self.squares = [0.0] * len(self.parameters)
        self.steps = 0

    def total(self, terms):
        # The builtin sum starts from 0, which costs a node.
        return reduce(add, terms)

    def dot(self, weights, xs):
        return reduce(add, map(mul, weights, xs))

    def softmax(self, xs):
        powers = exponentials(xs)
        total = self.total(powers)
        return [power / total for power in powers]

    def surprise(self, logits, target):
        """Return −ln of the probability of the target."""
        powers = exponentials(logits)
        return (self.total(powers) / powers[target]).log()

    def linear(self, weights, xs):
        return [self.dot(row, xs) for row in weights]

    def normalised(self, xs):
        """Return the xs over the root of their mean square."""
        scale = (self.dot(xs, xs) / len(xs) + 1e-5) ** -0.5
        return [x * scale for x in xs]

    def attention(self, query, keys, values):
        """Return for each head the mean of the values, weighted by how the keys fit the query."""
        out = []
        for start in range(0, WIDTH, HEAD):
            head = slice(start, start + HEAD)
            scores = [self.dot(query[head], key[head]) * HEAD**-0.5 for key in keys]
            weights = self.softmax(scores)
            columns = zip(*(value[head] for value in values), strict=True)
            out += [self.dot(weights, column) for column in columns]
        return out

    def forward(self, token, position, keys, values):
        """Return the logits of the next token; keys and values grow by those of this position."""
        x = list(map(add, self.tokens[token], self.positions[position]))
        normal = self.normalised(x)
        keys.append(self.linear(self.key, normal))
        values.append(self.linear(self.value, normal))
        attended = self.attention(self.linear(self.query, normal), keys, values)
        x = list(map(add, x, self.linear(self.mixed, attended)))
        hidden = [h.relu() for h in self.linear(self.widen, self.normalised(x))]
        x = list(map(add, x, self.linear(self.narrow, hidden)))
        return self.linear(self.output, self.normalised(x))

    def loss(self, word):
        """Return the mean surprise at each next character of the word."""
        tokens = [CHARACTERS.index(c) for c in BOUNDARY + word + BOUNDARY]
        keys, values, surprises = [], [], []
        for position, target in enumerate(tokens[1:]):
            logits = self.forward(tokens[position], position, keys, values)
            surprises.append(self.surprise(logits, target))
        return self.total(surprises) / len(surprises)

    def step(self):
        """Do forward, loss, backward and update for the next word; return the loss."""
        loss = self.loss(WORDS[self.steps % len(WORDS)])
        self.steps += 1
        self.zero_grad()
        loss.backward()
        self.update()
        return loss.data

    def zero_grad(self):
        for p in self.parameters:
            p.grad = 0.0

    def update(self):
        """Move the parameters by Adam."""
        means, squares = self.means, self.squares
        bias1, bias2 = 1 - BETA1**self.steps, 1 - BETA2**self.steps
        for i, p in enumerate(self.parameters):
            grad = p.grad
            means[i] = m = BETA1 * means[i] + (1 - BETA1) * grad
            squares[i] = v = BETA2 * squares[i] + (1 - BETA2) * grad * grad
            p.data -= LR * (m / bias1) / (math.sqrt(v / bias2) + EPS)


class FusedGPT(GPT):
    """The same over the library's nodes of many operands, with its softmax and its optimiser."""

    total = staticmethod(ag.sum)
    dot = staticmethod(ag.dot)
    softmax = staticmethod(ag.softmax)

    def __init__(self):
        super().__init__(ag.Value)
        self.optimizer = ag.optim.Adam(self.parameters, lr=LR, betas=(BETA1, BETA2), eps=EPS)

    def surprise(self, logits, target):
        return -ag.log_softmax(logits)[target]

    def zero_grad(self):
        self.optimizer.zero_grad()

    def update(self):
        self.optimizer.step()


def exponentials(xs):
    """Return exp of each x less the largest, which changes no ratio but cannot overflow."""
    top = max(x.data for x in xs)
    return [(x - top).exp() for x in xs]
