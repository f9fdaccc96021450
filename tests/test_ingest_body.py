"""How much memory can a body cost?"""

import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from ingest_api.body import inflate
from ingest_api.refusal import Refusal
from tests.running_api import bomb

LIMIT = 500 * 1024


@pytest.fixture
def peak() -> Iterator[None]:
    """Have Python note how much memory it takes."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("peak")
def test_a_bomb_costs_no_more_than_the_limit() -> None:
    """Row 32, threat 9: what it would inflate to never exists."""
    small = bomb(200)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]

    with pytest.raises(Refusal) as refused:
        inflate(small, LIMIT)

    assert refused.value.code == "body_too_large"
    assert tracemalloc.get_traced_memory()[1] - before < 4 * LIMIT


@pytest.mark.parametrize("size", [0, 1, LIMIT - 1, LIMIT])
def test_a_body_of_up_to_the_limit_is_inflated_whole(size: int) -> None:
    """The limit itself is within it."""
    content = bytes(size)

    assert inflate(zlib.compress(content, wbits=31), LIMIT) == content


def test_one_byte_more_is_too_large() -> None:
    """And is said to be so, not to be broken."""
    with pytest.raises(Refusal) as refused:
        inflate(zlib.compress(bytes(LIMIT + 1), wbits=31), LIMIT)

    assert refused.value.code == "body_too_large"
