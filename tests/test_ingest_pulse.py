"""Is what is done once a second done, whatever else fails?"""

import logging
import threading

import pytest

from ingest_api.pulse import Pulse


def test_every_job_is_called_at_the_start_and_again() -> None:
    """The first time before anything is served."""
    called, again = [], threading.Event()

    def job() -> None:
        called.append(1)
        if len(called) > 2:
            again.set()

    pulse = Pulse(job, seconds=0.001)

    pulse.start()
    at_the_start = len(called)

    assert at_the_start >= 1
    assert again.wait(20)
    pulse.stop()


def test_every_job_is_called_once_more_at_the_end() -> None:
    """What has come since the last time is not lost."""
    called: list[int] = []
    pulse = Pulse(lambda: called.append(1), seconds=1000)

    pulse.start()
    pulse.stop()

    assert len(called) == 2


def test_a_job_that_fails_is_said_and_ends_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """Nor itself."""
    called: list[int] = []

    def fail() -> None:
        raise OSError("a bug")

    pulse = Pulse(fail, lambda: called.append(1), seconds=1000)
    with caplog.at_level(logging.ERROR):
        pulse.start()
        pulse.stop()

    assert len(called) == len(caplog.records) == 2
