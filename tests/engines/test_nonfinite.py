"""`errstate`, which decides what a result that is not finite does."""

import asyncio
import functools
import gc
import math
import re
import threading
from contextlib import ExitStack, suppress
from contextvars import copy_context

import numpy as np
import pytest
from support.interrupts import interrupted_everywhere

import autograd_mini as ag
from autograd_mini import Value
from autograd_mini.arguments import abbreviate
from autograd_mini.engines import nonfinite
from autograd_mini.engines.nonfinite import errstate, strict


def blocks(choice):
    """Yield inside a block."""
    with errstate(nonfinite=choice):
        while True:
            yield strict()


async def asynchronous_blocks(choice):
    with errstate(nonfinite=choice):
        while True:
            yield strict()


def in_a_thread(function):
    """Return what a function returns in a thread of its own."""
    returned = []
    thread = threading.Thread(target=lambda: returned.append(function()))
    thread.start()
    thread.join()
    return returned[0]


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


@pytest.mark.parametrize("choice", ["warn", None, True, "RAISE", np.array(["raise", "ignore"])])
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


# --- the end of a block --------------------------------------------------------------------------


def test_a_block_ends_in_every_thread_that_has_it():
    with errstate(nonfinite="ignore"):
        context = copy_context()
        assert not in_a_thread(lambda: context.run(strict))
    assert in_a_thread(lambda: context.run(strict))


def test_a_thread_that_closes_a_generator_keeps_its_setting():
    def close():
        suspended.close()
        with pytest.raises(ag.DomainError):
            ag.log(0.0)
        with pytest.raises(ag.NonFiniteGradientError):
            Value(0.0).sqrt().backward()
        return strict()

    suspended = blocks("ignore")
    next(suspended)
    assert not strict()
    assert in_a_thread(close)
    assert strict()


def test_the_end_of_one_generator_leaves_the_block_of_another_open():
    ignoring, raising = blocks("ignore"), blocks("raise")
    next(ignoring), next(raising)
    ignoring.close()
    assert next(raising)
    ignoring, raising = blocks("ignore"), blocks("raise")
    next(raising), next(ignoring)
    raising.close()
    assert not next(ignoring)


@pytest.mark.parametrize("end", [lambda suspended: suspended.close(), lambda suspended: None])
def test_a_generator_that_ends_inside_a_later_block_does_not_end_that(end):
    suspended = blocks("ignore")
    next(suspended)
    with errstate(nonfinite="raise"):
        end(suspended)
        del suspended
        assert strict()
    assert strict()


def test_a_generator_that_the_garbage_collector_ends_changes_no_setting():
    suspended = blocks("ignore")
    next(suspended)
    with errstate(nonfinite="raise"):
        cycle = [suspended]
        cycle.append(cycle)
        del suspended, cycle
        gc.collect()
        assert strict()
    assert strict()


def test_a_task_that_closes_an_asynchronous_generator_keeps_its_setting():
    async def close(suspended):
        await suspended.aclose()
        v = Value(2.0)
        (v * v).backward()
        return v.grad, strict()

    async def main():
        suspended = asynchronous_blocks("ignore")
        await asyncio.create_task(anext(suspended))
        return await asyncio.create_task(close(suspended)), strict()

    assert asyncio.run(main()) == ((4.0, True), True)


def test_an_asynchronous_loop_that_is_left_leaves_no_setting():
    async def main():
        async for seen in asynchronous_blocks("ignore"):
            assert not seen
            break
        await asyncio.sleep(0)  # the loop closes the generator
        await asyncio.sleep(0)
        return strict()

    assert asyncio.run(main())


def test_a_context_that_leaves_what_another_entered_keeps_its_setting():
    ignoring = errstate(nonfinite="ignore")
    entered, leaving = copy_context(), copy_context()
    entered.run(ignoring.__enter__)
    assert not entered.run(strict)
    leaving.run(ignoring.__exit__, None, None, None)
    assert leaving.run(strict)
    assert entered.run(strict)
    assert strict()


def test_leaving_what_was_not_entered_changes_nothing():
    ignoring = errstate(nonfinite="ignore")
    ignoring.__exit__(None, None, None)
    assert strict()
    with errstate(nonfinite="ignore"):
        ignoring.__exit__(None, None, None)
        assert not strict()


def test_entered_and_left_by_hand_it_nests():
    raising, ignoring = errstate(nonfinite="raise"), errstate(nonfinite="ignore")
    ignoring.__enter__()
    raising.__enter__()
    assert strict()
    with ignoring:
        assert not strict()
    assert strict()
    ignoring.__enter__()
    assert not strict()
    for left, expected in [(ignoring, True), (raising, False), (ignoring, True)]:
        left.__exit__(None, None, None)
        assert strict() is expected


def test_an_errstate_that_is_gone_leaves_no_setting():
    errstate(nonfinite="ignore").__enter__()
    assert strict()


def test_an_exit_stack_enters_and_leaves():
    ignoring = errstate(nonfinite="ignore")
    with ExitStack() as stack:
        stack.enter_context(ignoring)
        stack.enter_context(errstate(nonfinite="raise"))
        assert strict()
        stack.pop_all().close()
        assert strict()
        stack.enter_context(ignoring)
        assert not strict()
    assert strict()


def test_a_block_that_was_left_is_not_entered_again():
    """As PEP 343 writes a with statement: its exit may live on."""
    ignoring = errstate(nonfinite="ignore")
    leave = errstate.__exit__
    errstate.__enter__(ignoring)
    assert not strict()
    leave(ignoring, None, None, None)
    assert strict()
    errstate.__enter__(ignoring)
    assert not strict()
    errstate.__exit__(ignoring, None, None, None)
    assert strict()


def test_a_subclass_may_have_an_exit_of_its_own():
    class Logged(errstate):
        def __exit__(self, *error):
            exits.append(strict())
            return super().__exit__(*error)

    exits = []
    with Logged(nonfinite="ignore"):
        assert not strict()
        with Logged(nonfinite="raise"):
            assert strict()
        assert not strict()
    assert strict()
    assert exits == [True, False]


def test_the_setting_of_an_errstate_does_not_change():
    state = errstate(nonfinite="raise")
    with pytest.raises(AttributeError, match="has no setter"):
        state.nonfinite = "warn"
    assert state.nonfinite == "raise"


def test_threads_may_share_an_errstate():
    ignoring, entered, go_on = errstate(nonfinite="ignore"), threading.Event(), threading.Event()

    def wait():
        with ignoring:
            entered.set()
            assert go_on.wait(60)
            seen.append(strict())

    seen = []
    thread = threading.Thread(target=wait)
    thread.start()
    assert entered.wait(60)
    with ignoring:
        pass
    assert strict()
    go_on.set()
    thread.join()
    assert seen == [False]


# --- decorating ----------------------------------------------------------------------------------


def test_a_decorated_function_may_call_itself():
    @errstate(nonfinite="ignore")
    def descend(depth):
        return [*descend(depth - 1), strict()] if depth else []

    assert descend(5) == [False] * 5
    assert strict()


def generator():
    yield


async def coroutine():
    pass


class Callable:
    async def __call__(self):
        pass

    @staticmethod
    def static():
        yield


@pytest.mark.parametrize(
    "function",
    [
        generator,
        coroutine,
        asynchronous_blocks,
        lambda: (yield),
        functools.partial(coroutine),
        Callable(),
        Callable().__call__,
        vars(Callable)["static"],
        None,
    ],
)
def test_what_runs_after_the_call_cannot_be_decorated(function):
    message = (
        "errstate: decorated object must be a function whose body runs when it is called, got "
        f"{abbreviate(function)}; use a with statement inside it"
    )
    with pytest.raises(TypeError, match="^" + re.escape(message)):
        errstate(nonfinite="ignore")(function)


# --- interrupts (P11) ----------------------------------------------------------------------------


def enter_inline(_):
    with errstate(nonfinite="ignore"):
        assert not strict()


def enter_what_is_kept(ignoring):
    with ignoring:
        assert not strict()


def enter_twice(ignoring):
    with ignoring, errstate(nonfinite="raise"):
        with ignoring:
            assert not strict()
        assert strict()


def call_what_is_decorated(ignoring):
    @ignoring
    def inside():
        assert not strict()

    inside()


def iterate(ignoring):
    def inside():
        with ignoring:
            yield strict()

    for seen in inside():
        assert not seen


def raise_inside(ignoring):
    with suppress(KeyError), ignoring:
        {}["missing"]


@pytest.mark.parametrize("surrounding", ["raise", "ignore"])
@pytest.mark.parametrize(
    "use",
    [
        enter_inline,
        enter_what_is_kept,
        enter_twice,
        call_what_is_decorated,
        iterate,
        raise_inside,
    ],
)
def test_no_interrupt_leaves_the_setting_of_a_block(use, surrounding):
    """Not while somebody has the errstate and the exception, and so the frames, either."""
    kept = []

    def interruptible(ignoring):
        try:
            use(ignoring)
        except KeyboardInterrupt as error:
            kept[:] = [ignoring, error]
            raise

    def check(_):
        assert strict() is (surrounding == "raise")

    with errstate(nonfinite=surrounding):
        instants = interrupted_everywhere(
            lambda: errstate(nonfinite="ignore"),
            interruptible,
            check=check,
            inside=(nonfinite.__file__, __file__),
        )
        assert instants > 50
        assert kept


def test_blocks_in_which_results_raise_are_counted_for_each_thread():
    before = nonfinite.count_strict_blocks()
    with errstate(nonfinite="ignore"), errstate(nonfinite="raise"):
        pass
    assert nonfinite.count_strict_blocks() == before + 1
    found = []
    thread = threading.Thread(target=lambda: found.append(nonfinite.count_strict_blocks()))
    thread.start()
    thread.join()
    assert found == [0]
