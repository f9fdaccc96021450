"""How many requests may a source or an address send?"""

from collections.abc import Callable

import pytest

from ingest_api.rate_limit import Buckets, RateLimit, WrongKeys
from ingest_api.refusal import Refusal
from tests.fakes.clock import Clock
from tests.running_api import source


def passed(take: Callable[[], None], attempts: int) -> int:
    """How many of so many attempts are let through."""

    def is_let_through() -> bool:
        try:
            take()
        except Refusal:
            return False
        return True

    return sum(is_let_through() for _ in range(attempts))


def taken(limit: RateLimit, rate: float, attempts: int, name: str = "web") -> int:
    """How many of so many requests at once are let through."""
    return passed(lambda: limit.take(source(name=name, rate_limit=rate)), attempts)


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


# By address


def test_one_address_cannot_use_up_what_a_source_has(clock: Clock) -> None:
    """With a public key and a limit for each address, a flood from one leaves the others what they may send."""
    limit, web = RateLimit(clock), source(rate_limit=20, address_rate_limit=5)

    flood = passed(lambda: limit.take(web, "198.51.100.1"), 400)
    others = passed(lambda: limit.take(web, "198.51.100.2"), 5)

    assert (flood, others) == (5, 5)


def test_an_address_has_a_bucket_for_each_source(clock: Clock) -> None:
    """Two applications may run on one machine."""
    limit = RateLimit(clock)
    web, app = source(name="web", address_rate_limit=5), source(name="app", address_rate_limit=5)

    taken_by_web = passed(lambda: limit.take(web, "198.51.100.1"), 50)

    assert (taken_by_web, passed(lambda: limit.take(app, "198.51.100.1"), 50)) == (5, 5)


def test_an_address_has_a_bucket_of_its_own(clock: Clock) -> None:
    """Before anybody knows whose a request is: whatever keys it has, right ones or wrong ones."""
    limit = RateLimit(clock, address_rate=5)

    one = passed(lambda: limit.take_of_address("198.51.100.1"), 50)
    other = passed(lambda: limit.take_of_address("198.51.100.2"), 50)

    assert (one, other) == (5, 5)


def test_a_customer_s_whole_ipv6_network_counts_as_one(clock: Clock) -> None:
    """Whoever has an address of IPv6 has 2**64 of them."""
    limit = RateLimit(clock, address_rate=5)

    first = passed(lambda: limit.take_of_address("2001:db8:0:1::1"), 5)
    same = passed(lambda: limit.take_of_address("2001:db8:0:1:ffff::2"), 5)
    next_one = passed(lambda: limit.take_of_address("2001:db8:0:2::1"), 5)

    assert (first, same, next_one) == (5, 0, 5)


def test_callers_without_an_address_count_as_one(clock: Clock) -> None:
    """Nobody escapes the limit by hiding."""
    limit = RateLimit(clock, address_rate=5)

    assert passed(lambda: limit.take_of_address(None), 50) == 5


def test_any_number_of_addresses_fits_into_bounded_memory(clock: Clock) -> None:
    """The table keeps the last ones; a flood from millions is met by the limit of the source."""
    buckets = Buckets(clock, most=100)

    for number in range(10_000):
        buckets.take(f"10.0.{number // 256}.{number % 256}", 1, 1)

    assert len(buckets) <= 200


# Wrong keys


def test_a_thousand_wrong_keys_are_too_many(clock: Clock) -> None:
    """A hundred at once are answered as wrong, then one a second."""
    wrong = WrongKeys(clock)

    at_once = passed(lambda: wrong.count("198.51.100.1"), 1000)
    clock.advance(10)
    later = passed(lambda: wrong.count("198.51.100.1"), 1000)

    assert (at_once, later) == (100, 10)


def test_wrong_keys_count_for_the_address_that_sends_them(clock: Clock) -> None:
    """Another one may still mistype its own."""
    wrong = WrongKeys(clock)
    passed(lambda: wrong.count("198.51.100.1"), 1000)

    assert passed(lambda: wrong.count("198.51.100.2"), 1) == 1


def test_too_many_wrong_keys_are_told_when_to_come_back(clock: Clock) -> None:
    """In whole seconds, and in the words that end the retries of RudderStack's Android SDK."""
    wrong = WrongKeys(clock)
    passed(lambda: wrong.count("198.51.100.1"), 100)

    with pytest.raises(Refusal) as refused:
        wrong.count("198.51.100.1")

    assert (refused.value.code, refused.value.headers) == ("rate_limited", {"Retry-After": "1"})
    assert "invalid write key" in refused.value.message
