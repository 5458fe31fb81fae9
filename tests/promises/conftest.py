"""Signals of the system at random moments, for the promises about Ctrl-C."""

import gc
import math
import random
import signal
import time

import pytest


class Alarm:
    """Interrupts calls by a signal of the system, each at a random moment.

    No signal handler runs within C code, and so within a backward pass of the native engine. A
    signal that comes meanwhile is handled when that returns, and counted all the same.
    """

    def __init__(self):
        self.rng = random.Random(0)
        self.started = math.inf  # while nothing is to be interrupted
        self.due = 0.0

    def handle(self, number, frame):
        """Interrupt the call under way, if it had begun before the signal was due."""
        if self.started < self.due:
            self.started = math.inf
            raise KeyboardInterrupt

    def interrupts(self, call, duration):
        """Make the call; return whether a signal came meanwhile, and was let through."""
        delay = self.rng.uniform(1e-6, duration)
        self.due = time.perf_counter() + delay
        try:
            signal.setitimer(signal.ITIMER_REAL, delay)
            self.started = time.perf_counter()
            call()
        except KeyboardInterrupt:
            return True
        finally:
            self.started = math.inf
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        return False


@pytest.fixture
def alarm():
    if not hasattr(signal, "setitimer"):
        pytest.skip("there is no interval timer on this platform")
    alarm = Alarm()
    before = signal.signal(signal.SIGALRM, alarm.handle)
    gc.collect()
    gc.disable()  # an interrupt in a callback of the collector would be lost
    yield alarm
    gc.enable()
    signal.signal(signal.SIGALRM, before)
