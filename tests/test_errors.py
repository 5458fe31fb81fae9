"""The error types, and the check that their messages have one form."""

import re

import pytest
from support.grammar import PACKAGE, find_fault

import autograd_mini as ag
from autograd_mini import errors
from autograd_mini.arguments import requirement


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


# --- the form of the messages --------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "fit: epochs must be at least 1, got 0",
        "operand of * must be a real number, got True; use float(…) if a number is meant",
        "Layer: weights must have a row for each output, got []",
        "Value: name must not be empty, got ''",
        "MLP: sizes[1] must be a positive int, got None",
        "net.json: sha256 must be 1f, got '2f'; the content is damaged; save it again",
        "x must be a real number, got 'a; '",
        f"x must be a real number, got {'1' * 60}",
        f"pow(x, y): the point must be in the domain x > 0, got x = {'1' * 60} ('x'), y = -0.5",
        "fit: X and y must be equally long, got lengths 1 and 5",
        requirement("fit: X", "a list", "x" * 1000, "leave it out"),
    ],
)
def test_a_message_of_the_form_is_accepted(message):
    assert find_fault(message) == ""


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("", "it is not one line"),
        ("lr must be finite, got 'a\nb'", "it is not one line"),
        ("lr must be finite, got inf\n", "it is not one line"),
        ("lr takes a real number, got str", "it does not read NAME must be RULE, got VALUE"),
        ("lr must be finite", "it does not read NAME must be RULE, got VALUE"),
        ("lr must be , got 3", "it does not read NAME must be RULE, got VALUE"),
        (" must be finite, got 3", "it does not read NAME must be RULE, got VALUE"),
        ("got 3, lr must be finite", "it does not read NAME must be RULE, got VALUE"),
        ("SGD: must be finite, got 3", "it does not name the argument"),
        ("lr must be finite, got ", "there is no value after `got`"),
        ("lr must be finite, got ; try 3", "there is no value after `got`"),
        ("lr must be finite, got inf; ", "there is no way out after the semicolon"),
        (f"lr must be 1, got {'2' * 61}", "the value has 61 characters, more than 60"),
        (f"x must be 1, got '{'; ' * 30}'", "the value has 62 characters, more than 60"),
        (f"x must be 1, got x = 1, y = {'2' * 61}", "the value has 61 characters, more than 60"),
    ],
)
def test_a_message_of_another_form_is_refused(message, fault):
    assert find_fault(message) == fault


def raise_from(path, error):
    """Raise an error from a line of a file that need not exist."""
    exec(compile("raise error", str(path), "exec"), {"error": error})  # noqa: S102 - our own text


FAULT = re.escape("is not of the form `WHERE: NAME must be RULE, got VALUE; WAY OUT`: it does not")


@pytest.mark.parametrize(
    "kind",
    [
        TypeError,
        ValueError,
        errors.DomainError,
        errors.NonFiniteGradientError,
        errors.DivergenceError,
        errors.GraphTooLargeError,
        errors.StateError,
    ],
)
def test_every_error_of_the_package_that_a_test_catches_is_checked(kind):
    path = PACKAGE / "nn" / "layers.py"
    with (
        pytest.raises(AssertionError, match=f"^the message of a {kind.__name__} {FAULT}.* NaN$"),
        pytest.raises(kind, match="NaN"),
    ):
        raise_from(path, kind("lr is NaN"))
    with pytest.raises(AssertionError, match=FAULT):
        pytest.raises(kind, raise_from, path, kind("lr is NaN"))  # noqa: RUF061 - checked too
    with pytest.raises(kind, match=r"^lr must be finite, got nan$"):
        raise_from(path, kind("lr must be finite, got nan"))


@pytest.mark.parametrize(
    "kind",
    [
        AttributeError,
        ImportError,
        KeyError,
        LookupError,
        OSError,
        RuntimeError,
        errors.GradientMismatchError,
        errors.RendererNotFoundError,
    ],
)
def test_other_kinds_of_errors_are_free(kind):
    with pytest.raises(kind, match="free"):
        raise_from(PACKAGE / "nn" / "layers.py", kind("free"))


@pytest.mark.parametrize(
    "path",
    [__file__, "<string>", PACKAGE.parent / "setup.py"],
)
def test_errors_of_other_files_are_free(path):
    with pytest.raises(ValueError, match="free"):
        raise_from(path, ValueError("free"))


def test_what_a_function_of_the_caller_raises_is_free():
    def fail(*_):
        raise TypeError("free")

    with pytest.raises(TypeError, match=r"^free$"):
        ag.Neuron(1, init=fail)


def test_a_wrong_match_and_another_error_come_through_the_check():
    path = PACKAGE / "functions.py"
    with (
        pytest.raises(AssertionError, match="Regex pattern did not match"),
        pytest.raises(ValueError, match="other"),
    ):
        raise_from(path, ValueError("lr is NaN"))
    with pytest.raises(KeyError, match="lr"), pytest.raises(ValueError, match="lr"):
        raise_from(path, KeyError("lr is NaN"))
