"""`errstate`, which decides what a result that is not finite does."""

import asyncio
import math
import re
import threading

import pytest

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.engines.nonfinite import errstate, strict


def test_strict_is_the_default():
    assert strict()
    with pytest.raises(ag.DomainError):
        Value(0.0).log()


def test_inside_errstate_ieee_754_goes_on():
    with errstate(nonfinite="ignore"):
        assert not strict()
        assert Value(0.0).log().data == -math.inf
        assert ag.log(0.0) == -math.inf
    assert strict()


def test_blocks_nest():
    with errstate(nonfinite="ignore"):
        with errstate(nonfinite="raise"):
            assert strict()
        assert not strict()


def test_an_exception_restores_the_setting():
    with pytest.raises(KeyError), errstate(nonfinite="ignore"):
        raise KeyError
    assert strict()


def test_errstate_decorates_a_function():
    @errstate(nonfinite="ignore")
    def quotient(x):
        return x / 0.0

    for _ in range(2):
        assert quotient(Value(1.0)).data == math.inf
        assert strict()


def test_the_setting_belongs_to_the_thread():
    seen = []
    with errstate(nonfinite="ignore"):
        thread = threading.Thread(target=lambda: seen.append(strict()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_the_setting_belongs_to_the_task():
    async def lenient(entered, left):
        with errstate(nonfinite="ignore"):
            entered.set()
            await left.wait()

    async def main():
        entered, left = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(lenient(entered, left))
        await entered.wait()
        seen = strict()
        left.set()
        await task
        return seen

    assert asyncio.run(main())


@pytest.mark.parametrize("choice", ["warn", None, True, "RAISE"])
def test_another_choice_is_refused(choice):
    message = f"errstate: nonfinite must be 'raise' or 'ignore', got {choice!r}"
    with pytest.raises(ValueError, match="^" + re.escape(message)), errstate(nonfinite=choice):
        pass
    assert strict()


def test_one_errstate_can_be_entered_again_also_inside_itself():
    ignoring = errstate(nonfinite="ignore")
    with ignoring:
        with ignoring, errstate(nonfinite="raise"):
            assert strict()
        assert not strict()
    assert strict()
