import importlib.metadata
import os
import re
import runpy
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

import autograd_mini
from autograd_mini.command import main as command
from autograd_mini.command.main import run as main
from autograd_mini.command.tables import markdown

FORMULA = "0.5*(T - sigmoid(w2*sigmoid(w1*x+b1)+b2))**2"
NUMBERS = ["x=0.1", "w1=0.15", "b1=0.4", "w2=0.45", "b2=0.65", "T=0.25"]


def test_draw_prints_every_value_and_gradient(capsys):
    assert main(["draw", FORMULA, *NUMBERS]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    table = {" ".join(row[:-2]): (row[-2], row[-1]) for row in rows}
    assert table["w2"] == ("0.4500000000", "0.0570703982")
    assert table["b1"] == ("0.4000000000", "0.0102139588")
    assert table["w1 * x + b1"] == ("0.4150000000", "0.0102139588")
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


def test_parts_of_composed_functions_are_named_by_their_operation(capsys):
    assert main(["draw", "mean(x, 2)", "x=1"]) == 0
    assert "(sum)" in capsys.readouterr().out


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
        (["sqrt(x)", "x=0"], "the gradient of 'x' (0.0) must be finite, got inf; "),
        (["x", "x=1", "-o", "net"], "-o must be a name that ends in .svg, .gv or another format of "
         "pictures, got 'net'"),
        (["x", "x=1", "-o", "net.foo"], "pictures, got 'net.foo'"),
        (["(" * 201 + "x" + ")" * 201, "x=1"], "parentheses inside each other must be at most 200"),
        (["x2", "x²=1"], "x²=1: name must be a name of the formula (x2), got 'x²'"),
        (["x*9007199254740993", "x=1"], "formula: number must be a float, or an int that a float "
         "holds exactly, got 9007199254740993"),
        ([f"x*1{'0' * 400}", "x=1"], "int that a float holds exactly, got 1000000"),
        (["\udcff*x", "x=1"], "formula must be text, got '\\udcff*x'"),
        (["x", "x=1", "-o", "no/such/folder/x.svg"], "No such file or directory"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line_and_exit_code_2(arguments, message, capsys):
    assert main(["draw", *arguments]) == 2
    error = capsys.readouterr().err
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
    file = ["-o", str(tmp_path / "net.gv")] if command != "explain" else []
    arguments = [command, formula, "x=1", *file, "--max-nodes"]
    assert main([*arguments, "10"]) == 0
    capsys.readouterr()
    assert main([*arguments, "9"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"autograd-mini {command}: error: {command}: ")
    assert "number of Values must be at most --max-nodes 9, and of edges 18, " in error
    assert "got 10;" in error
    assert error.endswith("or ask for all with --max-nodes 10\n")


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
        (["explore", "x*x", "x=1", "-o", "no/such/folder/p.html"], "No such file or directory"),
        (["explore", "x*x", "x=1", "-o", "."], "Is a directory"),
        (
            ["explore", "x*x", "x=1", "-o", "p.html", "--max-nodes", "0"],
            "must be at least 1, got 0",
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


@pytest.mark.parametrize("arguments", [[], ["bogus"], ["draw"], ["draw", "x", "--bogus"]])
def test_a_bad_command_line_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("command", ["", "demo", "draw", "explain", "explore", "primitives"])
def test_help_is_everywhere(command, capsys):
    arguments = [*command.split(), "--help"]
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 0
    assert "usage: autograd-mini" in capsys.readouterr().out


def test_the_help_begins_with_one_sentence(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert ">>>" not in capsys.readouterr().out


def test_a_function_that_returns_its_operand_keeps_its_name(capsys):
    assert main(["draw", "linear(x)*2", "x=3"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == [
        "x",
        "linear(x)",
    ]


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


def test_primitives_prints_the_table(capsys):
    assert main(["primitives"]) == 0
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


@pytest.mark.parametrize("name", ["draw", "explore"])
@pytest.mark.parametrize("path", ["net.gv/", "net.svg/"])
def test_a_slash_at_the_end_of_an_output_is_not_forgotten(
    name, path, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main([name, "x*2", "x=1", "-o", path]) == 2
    assert capsys.readouterr().err.endswith(f"No such file or directory: '{path}'\n")
    assert list(tmp_path.iterdir()) == []
