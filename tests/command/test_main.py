import errno
import importlib.metadata
import math
import os
import re
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
import webbrowser
import xml.etree.ElementTree as ET

import pytest

import autograd_mini
from autograd_mini.command import main as command
from autograd_mini.command.formula import FUNCTIONS
from autograd_mini.command.main import run as main
from autograd_mini.command.tables import markdown
from autograd_mini.table.primitives import TABLE
from autograd_mini.views import rendering
from autograd_mini.views.page import page

FORMULA = "0.5*(T - sigmoid(w2*sigmoid(w1*x+b1)+b2))**2"
NUMBERS = ["x=0.1", "w1=0.15", "b1=0.4", "w2=0.45", "b2=0.65", "T=0.25"]


def test_draw_prints_every_value_and_gradient(capsys):
    assert main(["draw", FORMULA, *NUMBERS]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    table = {" ".join(row[:-2]): (row[-2], row[-1]) for row in rows}
    assert table["w2"] == ("0.4500000000", "0.0570703982")
    assert table["b1"] == ("0.4000000000", "0.0102139588")
    assert table["w1*x+b1"] == ("0.4150000000", "0.0102139588")
    assert list(table.values())[-1] == ("0.1082295630", "1.0000000000")


def test_draw_writes_an_svg(tmp_path, capsys):
    path = tmp_path / "net.svg"
    assert main(["draw", FORMULA, *NUMBERS, "-o", str(path)]) == 0
    assert f"drawn in {path}" in capsys.readouterr().out
    assert ET.parse(path).getroot().tag.endswith("svg")  # noqa: S314 - our own file


def test_draw_writes_dot_source(tmp_path):
    path = tmp_path / "net.gv"
    assert main(["draw", "x*x", "x=3", "-o", str(path)]) == 0
    assert path.read_text(encoding="utf-8").startswith("digraph")


def test_the_sum_of_a_mean_is_shown_as_a_sum(capsys):
    assert main(["draw", "mean(x, 2)", "x=1"]) == 0
    rows = capsys.readouterr().out.splitlines()[3:]
    assert [row.split("  ")[0] for row in rows] == ["x + 2", "mean(x, 2)"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x +", "x=1"], "formula must be a Python expression, got 'x +'; invalid syntax"),
        (["x + y", "x=1"], "y must be given a number, got none; write y=NUMBER"),
        (["x", "x=one"], "assignment must be NAME=NUMBER, got 'x=one'"),
        (["x", "1"], "assignment must be NAME=NUMBER, got '1'"),
        (["x", "x"], "assignment must be NAME=NUMBER, got 'x'"),
        (["x", "x=1", "y=2"], "y=2: name must be a name of the formula (x), got 'y'"),
        (["1", "y=2"], "y=2: name must be a name of the formula (none), got 'y'"),
        (["x", "x=1", "x=2"], "x must be given once, got x=2 too"),
        (["log(x)", "x=-1"], "log(x): the point must be in the domain x > 0, got x = -1.0 ('x'); "),
        (["log(lr)", "lr=-1"], "got x = -1.0 ('lr'); give other numbers"),
        (["log(max_nodes)", "max_nodes=0"], "got x = 0.0 ('max_nodes'); give other numbers"),
        (["sqrt(x)", "x=0"], "the gradient of 'x' (0.0) must be finite, got inf; "),
        (["x", "x = 1"], "x = 1: name must be a name of the formula (x), got 'x '"),
        (["x", "x", "=", "1"], "got 'x = 1'; write no spaces around ="),
        (["x", "x=", "1"], "got 'x= 1'; write no spaces around ="),
        (["x", "x", "=1"], "got 'x =1'; write no spaces around ="),
        (["x", "x=1/0"], "in the domain y != 0, got x = 1.0, y = 0.0; give other numbers"),
        (["x", "x=y"], "assignment must be NAME=NUMBER, got 'x=y'; a number is such as -0.25, 1/4"),
        (["x=1", "x"], "got 'x=1'; write it before the numbers for its names"),
        (["x", "x=1", "-o", "net"], "-o must be a name that ends in .svg, .png, .pdf, .gv or "
         "another format of Graphviz, got 'net'"),
        (["x", "x=1", "-o", "net.foo"], "Graphviz, got 'net.foo'"),
        (["x", "x=1", "--open"], "--open must be used with -o FILE, got None"),
        (["x", "x=1", "--digits", "0"], "--digits must be from 1 to 17, got 0"),
        (["x", "x=1", "--digits", "18"], "--digits must be from 1 to 17, got 18"),
        (["x", "x=1", "--parameters", "y"], "--parameters must be a name of the formula (x), got "
         "'y'"),
        (["x*e", "x=1", "--parameters", "e"], "--parameters must be a name with a number, got 'e'; "
         "write e=NUMBER"),
        (["x", "x=1", "--parameters", ""], "--parameters must be a name of the formula (x), got"),
        (["(" * 201 + "x" + ")" * 201, "x=1"], "parentheses inside each other must be at most 200"),
        (["x2", "x²=1"], "x²=1: name must be a name of the formula (x2), got 'x²'"),
        (["x*9007199254740993", "x=1"], "formula: number must be a float, or an int that a float "
         "holds exactly, got 9007199254740993"),
        ([f"x*1{'0' * 400}", "x=1"], "int that a float holds exactly, got 1000000"),
        (["\udcff*x", "x=1"], "formula must be text, got '\\udcff*x'"),
        (["x", "x=1", "-o", "/dev/null/x.svg"], "output must be a file that can be written, got "
         "'/dev/null"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line_and_exit_code_2(arguments, message, capsys):
    assert main(["draw", *arguments]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("autograd-mini draw: error: ")
    assert message in error
    assert error.count("\n") == 1


def test_explain_tells_the_whole_backward_pass(capsys):
    assert main(["explain", FORMULA, *NUMBERS]) == 0
    text = capsys.readouterr().out
    assert text.split("\n\n")[1] == "∂out/∂out = 1"
    assert "(0.09476)(0.6023) = 0.05707\n" in text


def test_explain_tells_the_gradient_by_one_name(capsys):
    assert main(["explain", FORMULA, *NUMBERS, "--wrt", "w1"]) == 0
    text = capsys.readouterr().out
    assert text.split("\n\n")[1].startswith("∂out/∂w₁ = ")
    assert "= 0.001021\n" in text


def test_explain_prints_latex(capsys):
    assert main(["explain", "x**2", "x=3", "--wrt", "x", "--latex"]) == 0
    text = capsys.readouterr().out
    assert r"\frac{\partial \mathit{out}}{\partial x}" in text
    assert "∂" not in text


def test_explore_writes_a_page(tmp_path, capsys):
    path = tmp_path / "page.html"
    assert main(["explore", FORMULA, *NUMBERS, "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"The page is {path}; open it in a browser\n"
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    leaves = [f'"name":"{name}"' for name in ("x", "T")] + [r'"name":"w\u2081"']
    assert all(leaf in text for leaf in leaves)


@pytest.mark.parametrize("command", ["draw", "explain", "explore"])
def test_the_largest_graph_can_be_set(command, tmp_path, capsys):
    formula = "+".join(["x"] * 10)  # of 10 Values
    name = {"draw": "net.gv", "explore": "page.html"}.get(command)
    file = ["-o", str(tmp_path / name)] if name else []
    arguments = [command, formula, "x=1", *file, "--max-nodes"]
    assert main([*arguments, "10"]) == 0
    capsys.readouterr()
    assert main([*arguments, "9"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"autograd-mini {command}: error: {command}: ")
    assert "number of Values must be at most --max-nodes 9, and of edges 18, " in error
    assert "got 10;" in error
    assert error.endswith("; ask for all with --max-nodes 10\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["explain", "x*x", "x=1", "--wrt", "y"],
            "--wrt must be a name of the formula (x), got 'y'",
        ),
        (["explain", "x +", "x=1"], "formula must be a Python expression, got 'x +'"),
        (["explain", "log(x)", "x=-1"], "must be in the domain x > 0, got x = -1.0"),
        (["explain", "x", "--wrt", "x"], "x must be given a number, got none; write x=NUMBER"),
        (["explore", "x*y", "x=1", "-o", "p.html"], "y must be given a number, got none; write y="),
        (["explore", "log(x)", "x=-1", "-o", "p.html"], "the domain x > 0, got x = -1.0"),
        (
            ["explain", "e*x", "x=1", "--wrt", "e"],
            "--wrt must be a name with a number, got 'e'; write e=NUMBER",
        ),
        (["explore", "x*x", "x=1", "-o", "/dev/null/p.html"], "a file that can be written, got"),
        (["explore", "x*x", "x=1", "-o", "."], "got '.'; Is a directory"),
        (
            ["explore", "x*x", "x=1", "-o", "p.svg"],
            "error: -o must be a name that ends in .html, got 'p.svg'; a picture is made by draw\n",
        ),
        (["explore", "x*x", "x=1", "-o", "p", "--lr", "0"], "error: --lr must be above 0, got 0.0"),
        (["explore", "x*x", "x=1", "-o", "p", "--lr", "nan"], "--lr must be finite, got nan"),
        (
            ["explore", "x*x", "x=1", "-o", "p.html", "--max-nodes", "0"],
            "explore: error: --max-nodes must be at least 1, got 0",
        ),
    ],
)
def test_bad_input_of_explain_and_explore_is_one_clear_line(
    arguments, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"autograd-mini {arguments[0]}: error: ")
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("formula", "typed"),
    [
        ("\u00b5*x", "\u00b5"),  # the key on keyboards, which Python reads as the letter
        ("\u00b5*x", "\u03bc"),
        ("\u03bc*x", "\u00b5"),
        ("ϕ*x", "φ"),
        ("ﬁ*x", "fi"),
        ("w₁*x", "w1"),
        ("w1*x", "w₁"),
        ("w_1*x", "w₁"),
        ("alpha*x", "α"),
    ],
)
def test_a_name_can_be_typed_as_it_is_shown(formula, typed, capsys):
    arguments = ["explain", formula, f"{typed}=0.5", "x=2", "--wrt", typed]
    assert main(arguments) == 0
    assert re.search(r"= x\n\s+= 2\n", capsys.readouterr().out)


def test_of_names_that_are_written_alike_each_is_found(capsys):
    assert main(["draw", "w1 - w_1", "w_1=2", "w1=3"]) == 0
    assert "1.0000000000" in capsys.readouterr().out.splitlines()[-1]


ESCAPE = "\x1b[31m\x07"


@pytest.mark.parametrize(
    "arguments",
    [
        ["draw", f"x*{ESCAPE}", "x=1"],
        ["draw", "x*x", f"x{ESCAPE}=1"],
        ["draw", "x*x", f"x=1{ESCAPE}"],
        ["draw", "x*x", "x=1", f"x=1{ESCAPE}"],
        ["draw", "x*x", "x=1", "-o", f"{ESCAPE}.foo"],
        ["draw", "x*x", "x=1", "-o", f"no{ESCAPE}/net.svg"],
        ["explain", "x*x", "x=1", "--wrt", ESCAPE],
        ["explore", "x*x", "x=1", "-o", f"no{ESCAPE}/page.html"],
        ["draw", "x*x", "x=1", "-o", f"{ESCAPE}.gv"],
        ["explore", "x*x", "x=1", "-o", f"{ESCAPE}.html"],
    ],
)
def test_no_escape_sequence_reaches_the_terminal(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(arguments)
    out, error = capsys.readouterr()
    assert r"\x1b[31m\x07" in out + error
    assert (out + error).replace("\n", "").isprintable()


@pytest.mark.parametrize("option", [f"--{ESCAPE}", f"--max-nodes={ESCAPE}"])
def test_no_escape_sequence_in_an_option_reaches_the_terminal(option, capsys):
    with pytest.raises(SystemExit):
        main(["draw", "x*x", "x=1", option])
    assert ESCAPE not in capsys.readouterr().err


def test_the_demo_shows_the_escape_sequences_in_its_folder(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / ESCAPE)]) == 0
    assert ESCAPE not in capsys.readouterr().out


def test_a_sum_of_thousands_of_terms_has_a_table_that_can_be_read(capsys):
    assert main(["draw", "+".join(["x"] * 5_000), "x=1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5_002
    assert max(map(len, lines)) < 100
    assert lines[-1].split()[-2:] == ["5000.0000000000", "1.0000000000"]


def test_a_long_name_is_shortened_in_the_table(capsys):
    assert main(["draw", "x" * 20_000, f"{'x' * 20_000}=1"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) < 100


@pytest.mark.parametrize("option", [["-o=-v.svg"], ["-o", "-v.svg"], ["--output", "-v.svg"]])
def test_a_file_may_begin_with_a_minus_sign(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["draw", *option, "--", "-x*x", "x=3"]) == 0
    assert (tmp_path / "-v.svg").read_bytes().startswith(b"<?xml")
    with pytest.raises(SystemExit):
        main(["draw", "x*x", "x=3", option[0].partition("=")[0]])


def test_explore_says_where_to_write():
    with pytest.raises(SystemExit) as exit_:
        main(["explore", "x*x", "x=1"])
    assert exit_.value.code == 2


@pytest.mark.parametrize(
    "arguments",
    [["bogus"], ["draw"], ["draw", "x", "--bogus"], ["demo", "x"], ["explore", "x", "--lr=x"]],
)
def test_a_bad_command_line_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("command", ["", "demo", "draw", "explain", "explore", "primitives"])
def test_help_is_everywhere_with_an_example(command, capsys):
    arguments = [*command.split(), "--help"]
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: autograd-mini")
    assert f"  autograd-mini {command}" in text.partition("examples:\n")[2]


def test_the_help_begins_with_one_sentence(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert ">>>" not in capsys.readouterr().out


def test_a_function_that_returns_its_operand_is_shown_as_it_was_typed(capsys):
    assert main(["draw", "linear(x)*2", "x=3"]) == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert [line.split()[0] for line in lines] == ["x", "linear(x)*2"]


def test_a_console_without_greek_gets_question_marks(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "autograd_mini", "demo", "--out", str(tmp_path)],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert "p ? 0.4" in run.stdout


def test_the_version_is_the_package_s(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == autograd_mini.__version__
    assert importlib.metadata.version("autograd-mini") == autograd_mini.__version__


def test_primitives_prints_a_table_that_fits_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["primitives"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 84
    assert not re.search(r"<br>|`|\|", text)
    for row in TABLE:
        assert re.search(rf"(?m)^{row.name} ", text)


def test_primitives_prints_markdown_if_it_is_asked_for(capsys):
    assert main(["primitives", "--markdown"]) == 0
    assert capsys.readouterr().out == markdown() + "\n"


def test_demo_writes_the_drawings(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path)]) == 0
    assert "0.0570703982" in capsys.readouterr().out
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["two_neurons.html", "two_neurons.svg", "two_neurons_trained.svg"]


def test_demo_says_what_is_wrong_with_the_folder(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file")]) == 2
    assert "autograd-mini demo: error: " in capsys.readouterr().err


def test_an_interrupt_ends_it_quietly(monkeypatch):
    def demo(out):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(command, "run_demo", demo)
    assert main(["demo"]) == 130


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    """As in ``autograd-mini demo | head -1``."""
    script = "import sys; from autograd_mini.command.main import run; sys.exit(run(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", script, "demo", "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.readline()
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), error) == (0, b"")


def test_python_m_runs_it(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["autograd-mini", "draw", "x*x", "x=3"])
    monkeypatch.delitem(sys.modules, "autograd_mini.command.main")
    with pytest.raises(SystemExit) as exit_:
        runpy.run_module("autograd_mini", run_name="__main__")
    assert exit_.value.code == 0
    assert "9.0000000000" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "path"), [("draw", "net.gv/"), ("draw", "net.svg/"), ("explore", "page.html/")]
)
def test_a_slash_at_the_end_of_an_output_is_not_forgotten(
    name, path, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main([name, "x*2", "x=1", "-o", path]) == 2
    assert capsys.readouterr().err.endswith(f"got '{path}'; No such file or directory\n")
    assert list(tmp_path.iterdir()) == []


# --- what is typed -------------------------------------------------------------------------------


def test_without_a_command_the_help_is_printed_with_an_example_for_each(capsys):
    assert main([]) == 2
    out, error = capsys.readouterr()
    assert error == ""
    examples = out.partition("examples:\n")[2].splitlines()
    assert [example.split()[1] for example in examples] == [
        "demo", "draw", "explain", "explore", "primitives",
    ]  # fmt: skip


def list_examples(capsys):
    """Return the arguments of all examples in the help."""
    for name in ("draw", "explain", "explore", "primitives"):
        with pytest.raises(SystemExit):
            main([name, "--help"])
        text = capsys.readouterr().out.partition("examples:\n")[2]
        yield from (shlex.split(line)[1:] for line in text.splitlines())


def test_the_examples_in_the_help_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    examples = list(list_examples(capsys))
    assert len(examples) == 7
    assert [main(example) for example in examples] == [0] * 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.svg", "page.html"]


@pytest.mark.parametrize("name", ["draw", "explain", "explore"])
def test_the_help_lists_the_functions_that_a_formula_may_have(name, capsys):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    words = set(re.findall(r"\w+", capsys.readouterr().out))
    assert {*FUNCTIONS, "pi", "e"} <= words


@pytest.mark.parametrize(
    "arguments",
    [
        ["-x*x", "x=3"],
        ["-x*x", "--digits", "2", "x=3"],
        ["--digits", "2", "--", "-x*x", "x=3"],
        [" -x*x", "x=6/2"],
        ["-(x*x)", "x=sqrt(9)"],
        ["-e*x*x/e", "x=3"],
    ],
)
def test_a_formula_may_begin_with_a_minus_sign(arguments, capsys):
    assert main(["draw", *arguments]) == 0
    assert re.search(r" -9(\.0*)? +1(\.0*)?\n$", capsys.readouterr().out)


def test_a_formula_that_is_taken_for_an_option_has_a_way_out(capsys):
    with pytest.raises(SystemExit):
        main(["draw", "--x", "x=3"])
    assert "--x; write -- before a formula that begins with a minus" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["explore", "2*x", "x=3", "-o", "page.html", "--digits", "3"])
    assert capsys.readouterr().err.endswith("error: unrecognized arguments: --digits=3\n")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1/4", 1 / 4),
        ("1/3", 1 / 3),
        ("-2/3", -2 / 3),
        ("pi/2", math.pi / 2),
        ("e", math.e),
        ("2**-0.5", 2**-0.5),
        ("sqrt(2)", math.sqrt(2)),
        ("1e-3", 1e-3),
        (" 1_000", 1000.0),
    ],
)
def test_a_number_may_be_a_formula_of_numbers_and_is_what_python_computes(text, number, capsys):
    assert main(["draw", "x*1", f"x={text}", "--digits", "17"]) == 0
    assert float(capsys.readouterr().out.splitlines()[-1].split()[-2]) == number


def test_digits_are_those_of_the_table_the_drawing_and_the_explanation(tmp_path, capsys):
    path = tmp_path / "net.gv"
    assert main(["draw", "x/3", "x=1", "--digits", "3", "-o", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-3].split() == ["x/3", "0.333", "1"]
    assert "|0.333|" in path.read_text(encoding="utf-8")
    assert main(["explain", "x/3", "x=1", "--wrt", "x", "--digits", "7"]) == 0
    assert "0.3333333\n" in capsys.readouterr().out


def test_parameters_are_those_that_are_named(tmp_path):
    path = tmp_path / "net.gv"
    arguments = ["draw", "alpha*x + w", "x=1", "w=3", "alpha=2", "-o", str(path)]
    assert main(arguments) == 0
    assert "class=parameter" not in path.read_text(encoding="utf-8")
    assert main([*arguments, "--parameters", "α, x"]) == 0
    assert path.read_text(encoding="utf-8").count("class=parameter") == 2
    page = tmp_path / "page.html"
    arguments = ["explore", "m*x", "x=1", "m=2", "--parameters", "m", "--lr", "0.25"]
    assert main([*arguments, "--title", "A <slope>", "-o", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    roles = dict(re.findall(r'"box":"value\d","name":"(\w)".*?"role":"(\w+)"', text))
    assert (roles["m"], roles["x"]) == ("parameter", "input")
    assert '"lr":0.25' in text
    assert "<h1>A &lt;slope&gt;</h1>" in text


# --- what is written -----------------------------------------------------------------------------


def test_a_page_without_a_suffix_gets_one_and_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(["explore", "x*x", "x=3", "-o", "page"]) == 0
        assert capsys.readouterr().out == "The page is page.html; open it in a browser\n"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("command", ["draw", "explore"])
def test_the_file_that_cannot_be_written_is_the_one_that_was_typed(command, monkeypatch, capsys):
    def fail(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), ".page.html.1f2e.tmp")

    monkeypatch.setattr(rendering if command == "draw" else page, "write_atomically", fail)
    file = {"draw": "net.gv", "explore": "page.html"}[command]
    assert main([command, "x*x", "x=3", "-o", file]) == 2
    assert f"got '{file}'; Permission denied\n" in capsys.readouterr().err


def test_folders_are_made(tmp_path):
    assert main(["draw", "x*x", "x=3", "-o", str(tmp_path / "a" / "b" / "net.gv")]) == 0
    assert main(["explore", "x*x", "x=3", "-o", str(tmp_path / "c" / "page.html")]) == 0
    assert (tmp_path / "a" / "b" / "net.gv").exists()
    assert (tmp_path / "c" / "page.html").exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_the_file_can_be_opened_in_the_browser(is_there, tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or is_there)
    for name, file in (("draw", "a b.svg"), ("explore", "page.html")):
        path = tmp_path / file
        code = main([name, "x*x", "x=3", "-o", str(path), "--open"])
        assert path.exists()
        assert opened.pop() == path.as_uri()
        error = capsys.readouterr().err
        if is_there:
            assert (code, error) == (0, "")
        else:
            assert code == 2
            assert "--open must be used where there is a browser, got None; open " in error


def test_without_graphviz_the_way_out_is_for_a_shell(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["draw", "x*x", "x=3", "-o", str(tmp_path / "net.png")]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert "https://graphviz.org/download), or write a drawing as .gv" in error
    assert "format=" not in error
    assert list(tmp_path.iterdir()) == []


# --- where it is written -------------------------------------------------------------------------


def run_in_shell(line, **environment):
    """Run a line in which ``autograd-mini`` is this Python's; return its code and its texts."""
    prefix = f'autograd-mini() {{ {shlex.quote(sys.executable)} -m autograd_mini "$@"; }}; '
    run = subprocess.run(
        [shutil.which("bash"), "-c", prefix + line],
        env=os.environ | {"PYTHONUNBUFFERED": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout, run.stderr


IN_SHELL = pytest.mark.skipif(
    shutil.which("bash") is None or not os.path.exists("/dev/full"),  # noqa: PTH110
    reason="there is no bash, or no /dev/full",
)


@IN_SHELL
def test_a_reader_that_reads_nothing_is_no_error():
    line = "autograd-mini {} | (exec <&-; sleep 0.5); echo ${{PIPESTATUS[0]}}"
    for arguments in ("draw x*x x=3", "primitives", "draw --help"):
        assert run_in_shell(line.format(arguments)) == (0, "0\n", "")


@IN_SHELL
def test_a_full_or_closed_standard_output_is_told():
    code, _, error = run_in_shell("autograd-mini draw x*x x=3 > /dev/full")
    assert (code, error.count("\n")) == (2, 1)
    assert "got 'the standard output'; No space left on device" in error
    assert run_in_shell("autograd-mini draw x*x x=3 >&-") == (0, "", "")
    code, out, error = run_in_shell("autograd-mini explore x*x x=3 -o /dev/full")
    assert (code, out) == (2, "")
    assert error.endswith("got '/dev/full'; No space left on device\n")


@IN_SHELL
def test_a_page_through_the_standard_output_is_the_page_alone(tmp_path):
    code, page, error = run_in_shell("autograd-mini explore x*x x=3 -o /dev/stdout | cat")
    assert (code, error) == (0, "")
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")
    path = tmp_path / "through"
    path.touch()
    line = f"autograd-mini explore x*x x=3 -o /dev/stdout > {shlex.quote(str(path))}"
    assert run_in_shell(line) == (0, "", "")
    assert path.read_text(encoding="utf-8") == page


@IN_SHELL
def test_a_terminal_of_ascii_gets_everything():
    code, out, error = run_in_shell("autograd-mini draw σ*x σ=2 x=3", PYTHONIOENCODING="ascii")
    assert (code, error) == (0, "")
    assert "\n?*x  6.0000000000  1.0000000000\n" in out
    code, _, error = run_in_shell("autograd-mini draw σ*x x=3", PYTHONIOENCODING="ascii")
    assert (code, r"error: \u03c3 must be given a number" in error) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a process")
def test_ctrl_c_ends_a_command_without_a_traceback():
    """The table is longer than a pipe holds, so the command is at work until it is read."""
    formula = "+".join(["x"] * 5_000)
    script = (
        "import signal, sys; from autograd_mini.command.main import run; "
        # A shell makes processes in the background ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(run())"
    )
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", script, "draw", formula, "x=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    error = process.communicate()[1]
    assert (process.returncode, error) == (130, b"")
