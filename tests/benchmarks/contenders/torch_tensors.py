"""PyTorch: eager and compiled, in double precision."""

import shutil

import torch
from benchmarks.contenders import Skipped
from benchmarks.contenders.problems import flat

torch.set_num_threads(1)


def network(problem, transform=lambda f: f):
    X, T = torch.tensor(problem.X), torch.tensor(problem.T)
    parameters = [torch.tensor(a, requires_grad=True) for layer in problem.layers for a in layer]

    def loss(X, T, W1, b1, W2, b2, W3, b3):
        h1 = torch.relu(X @ W1.T + b1)
        h2 = torch.relu(h1 @ W2.T + b2)
        return torch.mean(((h2 @ W3.T + b3)[:, 0] - T) ** 2)

    loss = transform(loss)

    def run():
        out = loss(X, T, *parameters)
        return out, torch.autograd.grad(out, parameters)

    return run, lambda found: flat(found[0].detach(), found[1])


def network_compiled(problem):
    if shutil.which("g++") is None:
        raise Skipped("torch.compile needs a C++ compiler")
    return network(problem, torch.compile)
