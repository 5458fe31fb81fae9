from autograd_mini.command.tables import markdown, table
from autograd_mini.table.primitives import TABLE


def test_numbers_stand_to_the_right_and_text_to_the_left():
    text = table(["name", "value"], [["w", 1.5], ["bias", -10.25]], digits=2)
    assert text.splitlines() == ["name   value", "----  ------", "w       1.50", "bias  -10.25"]


def test_numbers_too_small_or_too_large_for_the_decimals_are_not_shown_as_zero():
    text = table(["x"], [[1e-30], [0.0], [2.5e12], [0.01]], digits=2)
    assert [row.strip() for row in text.splitlines()[2:]] == [
        "1.00e-30",
        "0.00",
        "2.50e+12",
        "0.01",
    ]


def test_a_table_without_rows_is_its_header():
    assert table(["a", "b"], []) == "a  b\n-  -"


def test_a_column_with_a_word_in_it_is_text():
    assert table(["x"], [[1.0], ["none"]], digits=1).splitlines()[2:] == ["1.0", "none"]


def test_the_table_is_printed_as_markdown():
    introduction, _, rows = markdown().partition("\n| ")
    lines = f"| {rows}".splitlines()
    assert introduction.startswith("# The primitives\n")
    assert lines[0] == "| primitive | value | partial derivatives | domain |"
    assert len(lines) == len(TABLE) + 2
    assert lines[4] == "| `mul` | `x * y` | dx = `y`<br>dy = `x` | any real x and y |"


def test_the_table_is_a_table_in_markdown():
    assert markdown([]).splitlines()[-1] == "|---|---|---|---|"
