"""JAX: compiled, in double precision."""

import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.contenders.problems import black_scholes, flat
from comparison.times import residual_of_arrays

jax.config.update("jax_enable_x64", True)


class Functions:
    """The functions of a formula."""

    exp, log, sqrt, norm_cdf = jnp.exp, jnp.log, jnp.sqrt, jax.scipy.stats.norm.cdf


def prepare(f, *arrays):
    """Return a call of a compiled function that waits for its result."""
    call, given = jax.jit(f), [jax.tree.map(jnp.asarray, array) for array in arrays]
    return lambda: jax.block_until_ready(call(*given))


def network(problem):
    def loss(layers, X, T):
        (W1, b1), (W2, b2), (W3, b3) = layers
        h1 = jax.nn.relu(X @ W1.T + b1)
        h2 = jax.nn.relu(h1 @ W2.T + b2)
        return jnp.mean(((h2 @ W3.T + b3)[:, 0] - T) ** 2)

    run = prepare(jax.value_and_grad(loss), problem.layers, problem.X, problem.T)
    return run, lambda found: flat(found[0], jax.tree.leaves(found[1]))


def options(problem):
    def price(*numbers):
        return black_scholes(Functions, *numbers)

    f = jax.vmap(jax.value_and_grad(price, argnums=(0, 1, 2, 3, 4)))
    run = prepare(f, *problem.columns)
    return run, lambda found: np.column_stack([found[0], *found[1]])


def cameras(problem, transform=jax.jacrev):
    def project(camera, point, weight):
        return jnp.stack(residual_of_arrays(jnp, jnp.cross, camera, point, weight))

    f = jax.vmap(transform(project, argnums=(0, 1, 2)))
    run = prepare(f, problem.camera, problem.point, problem.weight)
    return run, lambda found: np.concatenate([found[0], found[1], found[2][..., None]], axis=2)


def cameras_forward(problem):
    return cameras(problem, jax.jacfwd)


def rosenbrock(problem):
    def f(x):
        bend, rest = x[1:] - x[:-1] * x[:-1], 1.0 - x[:-1]
        return jnp.sum(100.0 * bend * bend + rest * rest)

    return prepare(jax.value_and_grad(f), problem.x), lambda found: [found[0], *found[1]]
