"""Write the page of the comparison: ``python tests/comparison/page.py``."""

from __future__ import annotations

import importlib.metadata
import statistics
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))  # where pytest finds what the tests share

from comparison.checkers import CHECKERS, CLAIMS  # noqa: E402
from comparison.composites import (  # noqa: E402
    FUNCTIONS,
    LIMIT,
    NAMED,
    WITHOUT_FORWARD,
    Answer,
    answers,
    composites,
)
from comparison.costs import OVER_MANY, cost_errors, worst_over_many  # noqa: E402
from comparison.edges import ALL_EDGES, DIFFERENCES, at_edge, text  # noqa: E402
from comparison.frameworks import (  # noqa: E402
    PACKAGES,
    Framework,
    frameworks,
    ours,
    version,
)
from comparison.losses import LOSSES, THEIRS  # noqa: E402
from comparison.operators import OPERATORS  # noqa: E402
from comparison.samples import (  # noqa: E402
    COUNT,
    ELEMENTARY,
    Error,
    errors,
    sample,
    samples,
)
from comparison.times import measure, processor  # noqa: E402
from comparison.trainings import LOSSES as LOSSES_  # noqa: E402
from comparison.trainings import OPTIMIZERS, SCHEDULES, find_difference  # noqa: E402
from mpmath import nstr  # noqa: E402

import autograd_mini as ag  # noqa: E402
from autograd_mini.table.primitives import PRIMITIVES  # noqa: E402

PAGE = FOLDER.parent.parent / "docs" / "comparison.md"
EVERY_DIGIT = 1e15  # units in the last place: a float has 53 bits, 9e15

NAMES = ["autograd_mini", "PyTorch", "JAX", "autograd"]

# Composed functions, and what of them: the first operand is the logit of the target.
COMPOSED = [
    ("binary_cross_entropy", (20.0,), "z0", "cancels: σ(z) − 1"),
    ("log_softmax", (20.0, 0.0), "value", "cancels: z₀ − logsumexp"),
    ("logsumexp", (20.0, 0.0), "z1", "exp(z₁ − out) rounds its exponent"),
    ("cross_entropy", (20.0, 0.0), "z0", "cancels: p₀ − 1"),
    ("softmax", (20.0, 0.0), "z0", "cancels: p₀·(1 − p₀)"),
]
# Where one of the others is nearer than we are.
NEARER = [
    ("sqrt", "x", (6.0,), "0.5·x^(−0.5), ours is 0.5 / √x"),
    ("log10", "x", (3.7,), "1 / (x·ln 10), ours is 1 / ln 10 / x"),
    ("arcsinh", "x", (0.6,), "a reciprocal square root, ours is 1 / √(x² + 1)"),
    ("sinh", "value", (-0.85,), "NumPy's sinh, ours is the C library's"),
]
EDGES_SHOWN = {  # beside those that differ
    "relu(0.0)",
    "maximum(1.0, 1.0)",
    "sqrt(0.0)",
    "pow(0.0, 0.5)",
    "pow(-2.0, 2.0)",
    "log(0.0)",
    "exp(1000.0)",
    "div(1.0, 0.0)",
}

INTRODUCTION = """\
# autograd_mini beside PyTorch, JAX and autograd

The same functions at the same points, all in double precision: where do numbers lose digits, and
where do conventions differ? `python tests/comparison/page.py` writes this page, after
`pip install {install}`. The tests here assert what it says.

Measured with {versions}; JAX gives the
same with and without `jit`.

In short: at points all over the domain of every primitive, our values and derivatives are within 4
units in the last place. The others lose two digits, half of them or all where a formula rounds an
exponent, cancels or overflows. Gradients, Jacobians, Hessians and their products with vectors agree
to rounding on {functions} random functions, but for second derivatives of theirs at a few points.

Errors are in such units of the true number, by mpmath: 0.5 is rounding, *{digits}* is every digit.
Where one is more than {theirs}, the number that came stands before it. A prime is the derivative. A
dash: there is no such function, or none with a derivative.
"""


def page() -> str:
    """Return the text of the page."""
    introduction = INTRODUCTION.format(
        install=" ".join(f"{PACKAGES[one]}=={version(one)}" for one in PACKAGES),
        versions=versions(),
        digits=_error(9e15),
        theirs=THEIRS,
        functions=FUNCTIONS,
    )
    parts = [introduction, *_digits(), *_many(), *_derivatives(), *_edges(), *_summary()]
    return "\n".join([*parts, *_checks(), *_trainings(), ""])


def times() -> str:
    """Return the text of the last section, which is another one each time and on each machine."""
    return "\n".join([*_times(), ""])


def versions() -> str:
    """Return the versions that are installed, as the page names them."""
    named = [f"{name} {version(name)}" for name in PACKAGES]
    named += [f"{name} {importlib.metadata.version(name)}" for name in ("NumPy", "SciPy")]
    return f"{', '.join(named[:-1])} and {named[-1]}"


def contenders() -> tuple[Framework, ...]:
    """Return our library and the frameworks, in the order of the columns."""
    return ours(), *frameworks()


# --- derivatives that lose digits ---------------------------------------------------------------


def _digits() -> Iterator[str]:
    yield "## Where digits are lost\n"
    rows = []
    for loss in LOSSES:
        for at in loss.shown:
            row = PRIMITIVES[loss.row]
            found = {
                one.name: _of(errors(one, row, sample(row, at)), loss.of)
                for one in contenders()
                if loss.row in one.rows
            }
            rows.append(_digits_row(loss.row, loss.of, at, found, loss.formula))
    for name, at, of, why in COMPOSED:
        found = {
            one.name: _of(cost_errors(one, name, at), of)
            for one in contenders()
            if name in one.costs
        }
        rows.append(_digits_row(name, of, at, found, why))
    header = ["", "true", *NAMES, "what loses them"]
    yield from _table(header, rows, right=range(1, 6))
    yield "\nHere and there another one is nearer than we are, by a rounding:\n"
    rows = []
    for name, of, at, why in NEARER:
        row = PRIMITIVES[name]
        found = {
            one.name: _of(errors(one, row, sample(row, at)), of)
            for one in contenders()
            if name in one.rows
        }
        rows.append(_digits_row(name, of, at, found, why))
    yield from _table([*header[:-1], "how"], rows, right=range(1, 6))


def _of(found: Iterable[Error], of: str) -> Error:
    (error,) = (one for one in found if one.of == of)
    return error


def _digits_row(
    name: str, of: str, at: Sequence[float], found: dict[str, Error], why: str
) -> list[str]:
    true = nstr(found["autograd_mini"].true, 17)
    cells = [_lost(found[one]) if one in found else "–" for one in NAMES]
    return [_called(name, of, at), true, *cells, why]


def _called(name: str, of: str, at: Sequence[float]) -> str:
    point = ", ".join(f"{x:.10g}" for x in at)
    if of == "value":
        return f"{name}({point})"
    return f"{name}′({point})" if len(at) == 1 else f"∂{name}({point})/∂{of}"


def _lost(error: Error) -> str:
    if error.ulps <= THEIRS:
        return _error(error.ulps)
    return f"{error.computed!r} ({_error(error.ulps)})"


def _error(units: float) -> str:
    if units >= EVERY_DIGIT:
        return "all"
    if units <= THEIRS:
        return f"{units:.1f}"
    return f"{units:.0f}" if units < 1000 else f"{units:.0e}".replace("e+0", "e").replace("e+", "e")


def _many() -> Iterator[str]:
    yield "\n## Over many operands\n"
    yield (
        "The worst error of a derivative, over uniform operands in [0, 1]. The largest of them is\n"
        "the logit of the target.\n"
    )
    beside = [one for one in contenders() if one.name in ("autograd_mini", "PyTorch")]
    counts = [27, 1000, 10_000]
    rows = [
        [name, *(f"{worst_over_many(one, name, n):.1f}" for n in counts for one in beside)]
        for name in OVER_MANY
    ]
    header = ["", *(f"{one.name}, {n}" for n in counts for one in beside)]
    yield from _table(header, rows, right=range(1, 7))


# --- derivatives of composed functions ----------------------------------------------------------


def _derivatives() -> Iterator[str]:
    yield "\n## Derivatives of composed functions\n"
    rows = {name for one in composites() for name in one.rows}
    without = ". ".join(
        f"{framework} has no rule of forward mode for {', '.join(f'`{row}`' for row in names)}, "
        f"so it gives {len(answers(framework)['jvp'])} of the jvp"
        for framework, names in WITHOUT_FORWARD.items()
    )
    yield _paragraph(
        f"{FUNCTIONS} random functions of the {len(rows)} primitives that all have, of one to four "
        "numbers, with up to three results. The gradient, the Hessian and its product are those of "
        "the last. A cell is the worst and the median difference, first from the truth (difference "
        "quotients with 600 bits), then from ours. The unit is 2⁻⁵³ of the absolute terms that add "
        "up to the derivative; for a second derivative, these are the terms in the graph of the "
        "gradient. The worst are alike for all: where a near number is taken from a rounded one, "
        "or a slope is steep, the rounding is magnified, and these terms do not count that. "
        f"{without}."
    )
    theirs = NAMES[1:]
    header = ["", *NAMES, *(f"{name} from ours" for name in theirs)]
    found = [
        [
            operator,
            *(_spread(name, operator, lambda one: one.error) for name in NAMES),
            *(_spread(name, operator, lambda one: one.difference) for name in theirs),
        ]
        for operator in OPERATORS
    ]
    yield from _table(header, found, right=range(1, 8))
    yield ""
    yield _paragraph(
        "Second derivatives that are farther from the truth than 10⁻¹² of their terms are not in "
        "this table. Ours never are. Those of the others are:"
    )
    reasons = [
        [framework, f"`{row}`", str(len(_beyond(framework, row))), why]
        for (framework, row), why in NAMED.items()
    ]
    yield from _table(["", "by", "functions", "what differs"], reasons, right=range(2, 3))


def _spread(framework: str, operator: str, read: Callable[[Answer], float]) -> str:
    found = [read(one) for one in answers(framework)[operator] if one.error <= LIMIT]
    return f"{_error(max(found))} / {_error(statistics.median(found))}"


def _beyond(framework: str, row: str) -> set[object]:
    return {
        answer.one
        for found in answers(framework).values()
        for answer in found
        if answer.error > LIMIT and row in answer.one.reasons(framework)
    }


# --- conventions --------------------------------------------------------------------------------


def _edges() -> Iterator[str]:
    yield "\n## Where conventions differ\n"
    yield (
        'Value; partial derivatives. Ours are those of `errstate(nonfinite="ignore")`; strict\n'
        "mode, the default, raises where its column says so. At a kink we give the subgradient\n"
        "nearest to zero, at a tie half to each side, and a NaN has NaN for every derivative.\n"
        "PyTorch's `leaky_relu` is `prelu` here, as it has the derivative by the slope too.\n"
    )
    rows, agreed = [], []
    known = {name for one in frameworks() for name in one.rows}
    for name, operands, *_, strict in ALL_EDGES:
        if name not in known:
            continue
        edge = text(name, operands)
        if edge not in DIFFERENCES and edge not in EDGES_SHOWN:
            agreed.append(f"`{edge}`")
            continue
        found = {one.name: _edge(one, name, operands) for one in contenders()}
        mine = found.pop("autograd_mini")
        theirs = ["same" if cell == mine else cell for cell in found.values()]
        rows.append([f"`{edge}`", mine, STRICT[strict], *theirs])
    yield from _table(["at", "autograd_mini", "strict", *NAMES[1:]], rows)
    yield f"\nThe same for all that have it: {', '.join(agreed)}.\n"


STRICT = {"": "fine", "DomainError": "raises", "NonFiniteGradientError": "raises in backward"}


def _edge(framework: Framework, name: str, operands: Sequence[float]) -> str:
    if name not in framework.rows:
        return "–"
    value, partials = at_edge(framework, name, operands)
    return f"{_number(value)}; {', '.join(map(_number, partials))}"


def _number(x: float) -> str:
    return f"{x + 0.0:.4g}"  # a zero without a sign


# --- all rows -----------------------------------------------------------------------------------


def _summary() -> Iterator[str]:
    yield "## All primitives\n"
    rows, exact = [], []
    for row in ELEMENTARY:
        of = {one.name: _worst_and_median(one, row.name) for one in contenders()}
        known = [numbers for numbers in of.values() if numbers]
        if all(value <= 0.5 and worst == 0 for value, worst, _ in known):
            exact.append(f"`{row.name}`")
            continue
        cells = []
        for name in NAMES:
            numbers = of[name]
            cells += (
                [_error(numbers[0]), " / ".join(map(_error, numbers[1:]))]
                if numbers
                else ["–", "–"]
            )
        rows.append([f"`{row.name}`", *cells])
    yield (
        f"Over {COUNT} points all over its domain, tiny and huge ones too: the worst error of the\n"
        "value, and the worst and the median one of the derivatives. Everything is exact, or\n"
        f"rounded once, for {', '.join(exact)}.\n"
    )
    header = ["", *(f"{name}{argument}" for name in NAMES for argument in ("", "′"))]
    yield from _table(header, rows, right=range(1, 9))


def _worst_and_median(framework: Framework, name: str) -> tuple[float, float, float] | None:
    if name not in framework.rows:
        return None
    found = [e for one in samples(name) for e in errors(framework, PRIMITIVES[name], one)]
    value = max(one.ulps for one in found if one.of == "value")
    slopes = [one.ulps for one in found if one.of != "value"]
    return value, max(slopes), statistics.median(slopes)


# --- gradient checkers --------------------------------------------------------------------------


def _checks() -> Iterator[str]:
    yield "\n## Which wrong gradients a gradient check finds\n"
    yield (
        "Our `check_gradients`, `gradcheck` of PyTorch, and `check_grads` of JAX and of autograd,\n"
        "at their default settings, on a function that claims a slope. The others also allow an\n"
        "absolute error, so a small derivative may be anything. Ours goes by the gradient's own\n"
        "size, and allows a millionth of it.\n"
    )
    verdict = {True: "passes", False: "found"}
    rows = [
        [argument, *(verdict[CHECKERS[name](slope, claimed)] for name in NAMES)]
        for argument, slope, claimed in CLAIMS
    ]
    yield from _table(["function and claim", *NAMES], rows)


# --- trainings ----------------------------------------------------------------------------------


def _trainings() -> Iterator[str]:
    yield "\n## Fifty epochs from the same weights\n"
    yield (
        "The weights of a network with six neurons after 50 epochs, here and with PyTorch: the\n"
        "largest difference, relative to 1 or to the weight. PyTorch's cosine rises again after\n"
        "its last epoch, where ours stays; its `clip_grad_norm_` divides by the norm plus 1e-6,\n"
        "ours by the norm. PyTorch has no hinge loss for targets of 1 and −1.\n"
    )
    kinds = [("optimizers", OPTIMIZERS), ("schedules, with Adam", SCHEDULES), ("losses", LOSSES_)]
    rows = [
        [kind, "; ".join(cases), f"{max(map(find_difference, cases.values())):.0e}"]
        for kind, cases in kinds
    ]
    yield from _table(["", "compared", "largest difference"], rows)


# --- how long it takes --------------------------------------------------------------------------

TIMES = "## How long a Jacobian takes"
ROUNDS = 15


def _times() -> Iterator[str]:
    yield f"\n{TIMES}\n"
    yield _paragraph(
        "That of ADBench's residual of bundle adjustment, two numbers of fifteen, at one point. "
        "Each runs the same plain Python; those with arrays also run a form that uses them. CPU "
        "time of a call, and its ratio to ours. They take turns; a number is the median of "
        f"{ROUNDS} rounds, on one processor ({processor()}, {ag.engine} engine, CPython "
        f"{sys.version.split()[0]}). Frameworks of tensors are made for large arrays: here the "
        "calls cost them far more than the arithmetic."
    )
    rows = [
        [name, f"{_three_digits(microseconds)} µs", _three_digits(ratio)]
        for name, (microseconds, ratio) in measure(ROUNDS).items()
    ]
    yield from _table(["", "a Jacobian", "ratio"], rows, right=range(1, 3))


def _three_digits(number: float) -> str:
    return f"{number:.3g}" if number < 100 else f"{number:.0f}"


# --- Markdown -----------------------------------------------------------------------------------


def _paragraph(text: str) -> str:
    """Return lines of a paragraph, and an empty one."""
    return f"{textwrap.fill(text, 100, break_on_hyphens=False)}\n"


def _table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, right: range = range(0)
) -> Iterator[str]:
    """Yield the lines of a table, whose columns are aligned also in the text."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = ["-" * (width - 1) + (":" if i in right else "-") for i, width in enumerate(widths)]
    for line in [header, rule, *rows]:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page() + times(), encoding="utf-8")
