"""The error types."""

import pytest

import autograd_mini as ag
from autograd_mini import errors


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        ("DomainError", ArithmeticError),
        ("NonFiniteGradientError", ArithmeticError),
        ("DivergenceError", ArithmeticError),
        ("GradientMismatchError", AssertionError),
        ("GraphTooLargeError", ValueError),
        ("RendererNotFoundError", RuntimeError),
        ("StateError", ValueError),
    ],
)
def test_an_error_is_one_of_the_librarys_and_one_of_pythons(error, builtin):
    kind = getattr(errors, error)
    assert issubclass(kind, errors.AutogradError)
    assert issubclass(kind, builtin)
    assert getattr(ag, error) is kind
