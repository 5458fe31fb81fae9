"""Modes of modules: what a recording has read, and whether that still holds."""

from types import SimpleNamespace

from autograd_mini.programs.modes import Modes, collect_modes, note_mode


def test_modes_hold_while_all_modules_stay_as_they_were():
    modes, one, other = Modes(), SimpleNamespace(training=True), SimpleNamespace(training=False)
    assert modes.hold()
    modes.note(one, True)
    modes.note(other, False)
    assert modes.hold()
    one.training = False
    assert not modes.hold()


def test_a_collection_inside_of_another_does_not_end_that():
    """As a prediction in a recorded function begins a recording of its own, which is refused."""
    outer, inner = Modes(), Modes()
    module = SimpleNamespace(training=True)
    note_mode(module, True)  # nobody collects
    with collect_modes(outer):
        with collect_modes(inner):
            pass
        note_mode(module, True)
    module.training = False
    assert (outer.hold(), inner.hold()) == (False, True)
