"""All that are timed compute the same Jacobian; the times themselves are not asserted."""

import pytest
from comparison.frameworks import need_all
from comparison.times import contenders, flat, point

need_all()


def test_all_contenders_compute_the_same_jacobian():
    named = contenders()
    expected = flat(named["ag.jacobian"](*point()))
    assert len(expected) == 30
    for name, one in named.items():
        assert flat(one(*point())) == pytest.approx(expected, rel=1e-12), name
