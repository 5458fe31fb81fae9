from autograd_mini.tables import table


def test_numbers_stand_to_the_right_and_text_to_the_left():
    text = table(["name", "value"], [["w", 1.5], ["bias", -10.25]], digits=2)
    assert text.splitlines() == ["name   value", "----  ------", "w       1.50", "bias  -10.25"]


def test_a_table_without_rows_is_its_header():
    assert table(["a", "b"], []) == "a  b\n-  -"


def test_a_column_with_a_word_in_it_is_text():
    assert table(["x"], [[1.0], ["none"]], digits=1).splitlines()[2:] == ["1.0", "none"]
