"""What is known of a metric after many rows, in little memory?"""

import random
from decimal import Decimal

from analytics_platform.snapshots.metrics import SAMPLE, Metric


def test_sum_least_and_greatest_are_of_all_values() -> None:
    """Over chunks, decimals among them."""
    metric = Metric()

    metric.add([3, 1.5])
    metric.add([Decimal("2.5"), -1])

    assert (metric.sum, metric.min, metric.max, metric.count) == (6.0, -1.0, 3.0, 4)


def test_what_is_no_number_is_left_out() -> None:
    """The check of the traits is what speaks of it."""
    metric = Metric()

    metric.add([None, "many", b"3", True, float("nan"), Decimal("Infinity"), 2])

    assert (metric.sum, metric.count) == (2.0, 1)


def test_of_no_values_there_is_neither_least_nor_greatest() -> None:
    """And the sum is nothing."""
    metric = Metric()

    metric.add([None])

    assert (metric.sum, metric.min, metric.max) == (0.0, None, None)


def test_the_sample_is_bounded_and_fair() -> None:
    """Each value is about as likely to be in it, wherever it stood."""
    metric, numbers = Metric(), list(range(100_000))

    for start in range(0, len(numbers), 5000):
        metric.add(numbers[start : start + 5000])

    assert len(metric.sample) == SAMPLE
    late = sum(value >= 50_000 for value in metric.sample) / SAMPLE
    assert 0.45 < late < 0.55


def test_few_values_are_all_in_the_sample() -> None:
    """In whatever chunks they came."""
    metric = Metric()
    values = [random.Random(7).random() for _ in range(10)]  # noqa: S311 - any numbers will do

    metric.add(values[:4])
    metric.add(values[4:])

    assert metric.sample == values
