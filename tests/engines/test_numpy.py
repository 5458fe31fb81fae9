"""NumPy's functions of arrays of Values: right gradients, or an error."""

import numpy as np
import pytest

import autograd_mini as ag
from autograd_mini import Value

NUMBERS = [3.0, 0.5, 2.0, -1.25]
FIXED = np.array([1.5, -2.0, 0.25, 4.0])
MATRIX = FIXED.reshape(2, 2)

OF_ARRAYS = {
    "abs": np.abs,
    "add.reduce": np.add.reduce,
    "arctan2": lambda a: np.arctan2(a, FIXED),
    "average": np.average,
    "average with weights": lambda a: np.average(a, weights=[1.0, 2.0, 3.0, 4.0]),
    "clip": lambda a: np.clip(a, 0.0, 2.5),
    "concatenate": lambda a: np.concatenate([a, FIXED, a]),
    "conjugate": np.conjugate,
    "convolve": lambda a: np.convolve(a, FIXED),
    "correlate": lambda a: np.correlate(a, FIXED, "full"),
    "cos": np.cos,
    "cross": lambda a: np.cross(a[:3], [4.0, 5.0, 6.0]),
    "cumprod": np.cumprod,
    "cumsum": np.cumsum,
    "diagonal": lambda a: np.diagonal(a.reshape(2, 2)),
    "diff": np.diff,
    "divide": lambda a: np.divide(FIXED, a),
    "dot": lambda a: np.dot(a, a),
    "einsum": lambda a: np.einsum("ij,jk->ki", a.reshape(2, 2), MATRIX),
    "exp": np.exp,
    "exp2": np.exp2,
    "flip": np.flip,
    "hypot": lambda a: np.hypot(a, FIXED),
    "inner": lambda a: np.inner(a, FIXED),
    "kron": lambda a: np.kron(a, FIXED),
    "linalg.matrix_power": lambda a: np.linalg.matrix_power(a.reshape(2, 2), 3),
    "linalg.multi_dot": lambda a: np.linalg.multi_dot([a.reshape(2, 2), MATRIX, a[:2]]),
    "linalg.norm": np.linalg.norm,
    "linalg.norm 1": lambda a: np.linalg.norm(a, 1),
    "linalg.norm inf": lambda a: np.linalg.norm(a, np.inf),
    "linalg.norm of rows": lambda a: np.linalg.norm(a.reshape(2, 2), axis=1),
    "matmul": lambda a: a.reshape(2, 2) @ a.reshape(2, 2),
    "max": np.max,
    "maximum": lambda a: np.maximum(a, FIXED),
    "mean": np.mean,
    "mean of columns": lambda a: np.mean(a.reshape(2, 2), axis=0, keepdims=True),
    "median": np.median,
    "min": np.min,
    "minimum": lambda a: np.minimum(FIXED, a),
    "nanmean": np.nanmean,
    "nansum": np.nansum,
    "negative": np.negative,
    "outer": lambda a: np.outer(a, a),
    "percentile": lambda a: np.percentile(a, 30),
    "polyval": lambda a: np.polyval(a, 1.5),
    "polyval at Values": lambda a: np.polyval(FIXED, a),
    "power": lambda a: np.power(a, 3),
    "prod": np.prod,
    "ptp": np.ptp,
    "quantile": lambda a: np.quantile(a, [0.25, 0.9]),
    "real": np.real,
    "reciprocal": np.reciprocal,
    "repeat": lambda a: np.repeat(a, 2),
    "roll": lambda a: np.roll(a, 1),
    "sort": np.sort,
    "square": np.square,
    "stack": lambda a: np.stack([a, FIXED]),
    "std": np.std,
    "std of a sample": lambda a: np.std(a, ddof=1),
    "std of columns": lambda a: np.std(a.reshape(2, 2), axis=0),
    "subtract": lambda a: np.subtract(FIXED, a),
    "sum": np.sum,
    "sum of columns": lambda a: np.sum(a.reshape(2, 2), axis=0),
    "sum with a start": lambda a: np.sum(a, initial=2.0, where=[True, False, True, True]),
    "tanh": np.tanh,
    "tensordot": lambda a: np.tensordot(a.reshape(2, 2), MATRIX, 1),
    "trace": lambda a: np.trace(a.reshape(2, 2)),
    "trapezoid": lambda a: np.trapezoid(a) if hasattr(np, "trapezoid") else np.trapz(a),
    "var": np.var,
    "var of a sample": lambda a: np.var(a, ddof=1),
    "var of columns": lambda a: np.var(a.reshape(2, 2), axis=0),
    "vdot": lambda a: np.vdot(a, FIXED),
    "vdot the other way": lambda a: np.vdot(FIXED, a * a),
    "vectorize": lambda a: np.vectorize(lambda x: x * x, otypes=[a.dtype])(a),
    "where": lambda a: np.where(FIXED > 1.0, a, 0.5),
}

OF_ONE = {
    "abs": np.abs, "average": np.average, "conjugate": np.conjugate, "cumsum": np.cumsum,
    "dot": lambda v: np.dot(v, v), "exp": np.exp, "max": np.max, "mean": np.mean,
    "median": np.median, "min": np.min, "prod": np.prod, "ptp": np.ptp, "ravel": np.ravel,
    "real": np.real, "square": np.square, "sum": np.sum, "tanh": np.tanh, "var": np.var,
    "vdot": lambda v: np.vdot(v, v),
}  # fmt: skip

WITHOUT_SLOPE = {
    "argmax": np.argmax,
    "argsort": np.argsort,
    "digitize": lambda a: np.digitize(a, [0.0, 1.0]),
    "greater": lambda a: np.greater(a, 1.0),
    "imag": np.imag,
    "searchsorted": lambda a: np.searchsorted([0.0, 1.0], a),
    "sign": np.sign,
}

REFUSED = {
    "all": np.all,
    "allclose": lambda a: np.allclose(a, FIXED),
    "any": np.any,
    "array of floats": lambda a: np.array(a, dtype=float),
    "astype": lambda a: a.astype(np.float32),
    "equal": lambda a: np.equal(a, FIXED),
    "fabs": np.fabs,
    "fft": np.fft.fft,
    "floor": np.floor,
    "histogram": np.histogram,
    "interp": lambda a: np.interp(a, [0.0, 3.0], [1.0, 2.0]),
    "interp of Values": lambda a: np.interp(1.0, [0.0, 1.0, 2.0, 3.0], a),
    "isnan": np.isnan,
    "linalg.det": lambda a: np.linalg.det(a.reshape(2, 2)),
    "linalg.inv": lambda a: np.linalg.inv(a.reshape(2, 2)),
    "linalg.solve": lambda a: np.linalg.solve(a.reshape(2, 2), a[:2]),
    "linspace": lambda a: np.linspace(a[0], a[1], 3),
    "logaddexp": lambda a: np.logaddexp(a, FIXED),
    "mean of floats": lambda a: np.mean(a, dtype=float),
    "mod": lambda a: np.mod(a, 2.0),
    "polyfit": lambda a: np.polyfit(a, FIXED, 1),
    "round": np.round,
    "sum into floats": lambda a: np.sum(a, out=np.empty(())),
}


def leaves_and_array(numbers):
    leaves = [Value(x) for x in numbers]
    return leaves, np.array(leaves, dtype=object)


def parts(result):
    return np.asarray(result).ravel().tolist()


def weigh(result):
    """Return a sum of the parts of a result in which each has another weight."""
    numbers = parts(result)
    return ag.dot(numbers, [1.0 + 0.5 * i for i in range(len(numbers))])


def central_differences(f, numbers, h=1e-5):
    points = [np.array(numbers) + h * step for step in np.eye(len(numbers))]
    opposite = [np.array(numbers) - h * step for step in np.eye(len(numbers))]
    return [
        (weigh(f(above)) - weigh(f(below))) / (2 * h)
        for above, below in zip(points, opposite, strict=True)
    ]


@pytest.mark.parametrize("f", OF_ARRAYS.values(), ids=list(OF_ARRAYS))
def test_a_function_of_an_array_of_values_has_right_gradients(f):
    leaves, array = leaves_and_array(NUMBERS)
    out = weigh(f(array))
    out.backward()
    assert out.data == pytest.approx(weigh(f(np.array(NUMBERS))), rel=1e-14)
    expected = central_differences(f, NUMBERS)
    assert [x.grad for x in leaves] == pytest.approx(expected, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("f", OF_ONE.values(), ids=list(OF_ONE))
def test_a_function_of_a_single_value_has_its_gradient(f):
    x = Value(0.75)
    out = weigh(f(x))
    out.backward()
    assert out.data == pytest.approx(weigh(f(0.75)), rel=1e-14)
    (expected,) = central_differences(lambda a: f(a[0]), [0.75])
    assert x.grad == pytest.approx(expected, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("f", WITHOUT_SLOPE.values(), ids=list(WITHOUT_SLOPE))
def test_a_piecewise_constant_function_gives_plain_numbers(f):
    _, array = leaves_and_array(NUMBERS)
    assert parts(f(array)) == parts(f(np.array(NUMBERS)))


@pytest.mark.parametrize("f", REFUSED.values(), ids=list(REFUSED))
def test_a_function_that_cannot_keep_the_gradient_is_an_error(f):
    _, array = leaves_and_array(NUMBERS)
    with pytest.raises((TypeError, ValueError)):
        f(array)


def test_the_standard_deviation_is_that_of_the_course():
    leaves, array = leaves_and_array([3.0, 2.0])
    out = np.std(array)
    out.backward()
    assert (out.data, [x.grad for x in leaves]) == (0.5, [0.5, -0.5])


def test_a_single_value_is_its_own_sum():
    x = Value(3.0)
    assert np.sum(x) is x
    assert np.prod(x) is x


def test_a_value_is_its_own_conjugate_as_a_float_is():
    x = Value(3.0)
    assert x.conjugate() is x


@pytest.mark.parametrize("name", ["sum", "dot"])
def test_a_function_of_sequences_is_no_method_of_a_value(name):
    """NumPy would call it as its own method of that name, with an axis."""
    x = Value(3.0)
    assert not hasattr(x, name)
    with pytest.raises(
        AttributeError, match=rf"^'Value' object has no attribute '{name}'; use Value.{name}\("
    ):
        getattr(x, name)
    assert getattr(Value, name)([2.0], *([[3.0]] if name == "dot" else [])) in (2.0, 6.0)
