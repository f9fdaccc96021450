"""How many requests may a source send?"""

import pytest

from ingest_api.rate_limit import RateLimit
from ingest_api.refusal import Refusal
from tests.fakes.clock import Clock
from tests.running_api import source


def taken(limit: RateLimit, rate: float, attempts: int, name: str = "web") -> int:
    """How many of so many requests at once are let through."""

    def is_let_through() -> bool:
        try:
            limit.take(source(name=name, rate_limit=rate))
        except Refusal:
            return False
        return True

    return sum(is_let_through() for _ in range(attempts))


def test_a_second_s_worth_may_come_at_once(clock: Clock) -> None:
    """SDKs flush in bursts."""
    assert taken(RateLimit(clock), rate=10, attempts=50) == 10


def test_tokens_come_back_with_time_but_never_more_than_a_second_s_worth(clock: Clock) -> None:
    """A source that was quiet for an hour has no hour's worth of requests to spend."""
    limit = RateLimit(clock)
    taken(limit, rate=10, attempts=50)

    clock.advance(0.5)
    after_half_a_second = taken(limit, rate=10, attempts=50)
    clock.advance(3600)
    after_an_hour = taken(limit, rate=10, attempts=50)

    assert (after_half_a_second, after_an_hour) == (5, 10)


def test_a_rate_below_one_still_lets_one_through(clock: Clock) -> None:
    """One request every ten seconds."""
    limit = RateLimit(clock)
    at_once = taken(limit, rate=0.1, attempts=5)

    clock.advance(10)

    assert (at_once, taken(limit, rate=0.1, attempts=5)) == (1, 1)


def test_zero_is_no_limit(clock: Clock) -> None:
    """The default."""
    assert taken(RateLimit(clock), rate=0, attempts=1000) == 1000


def test_each_source_has_its_own_bucket(clock: Clock) -> None:
    """A noisy source slows no other."""
    limit = RateLimit(clock)
    taken(limit, rate=10, attempts=50, name="noisy")

    assert taken(limit, rate=10, attempts=50, name="calm") == 10


def test_the_time_to_wait_is_in_whole_seconds_and_long_enough(clock: Clock) -> None:
    """A caller that waits as told is let through."""
    limit = RateLimit(clock)
    taken(limit, rate=0.4, attempts=1)

    with pytest.raises(Refusal) as refused:
        limit.take(source(rate_limit=0.4))
    clock.advance(int(refused.value.headers["Retry-After"]))

    assert refused.value.headers == {"Retry-After": "3"}
    assert taken(limit, rate=0.4, attempts=1) == 1
