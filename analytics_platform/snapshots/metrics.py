"""Sums up the numbers of a reading while its rows go by."""

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

SAMPLE = 5000  # values of each metric that its distribution is drawn from


@dataclass
class Metric:
    """What is known of one numeric trait: of all its values the sum, the least and the greatest, of some the value."""

    sum: float = 0.0
    min: float | None = None
    max: float | None = None
    count: int = 0
    sample: list[float] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311  a sample, not a secret

    def add(self, values: Iterable[Any]) -> None:
        """Take in the values of a chunk of rows; what is no number is left to the check of the traits."""
        numbers = [float(value) for value in values if _is_number(value)]
        if not numbers:
            return
        self.sum += sum(numbers)
        self.min = min(numbers) if self.min is None else min(self.min, *numbers)
        self.max = max(numbers) if self.max is None else max(self.max, *numbers)
        self._draw(numbers)
        self.count += len(numbers)

    def _draw(self, numbers: list[float]) -> None:
        """Keep the first values, then as many of each chunk as make it as likely to be seen as the others."""
        room = SAMPLE - len(self.sample)
        self.sample += numbers[:room] if room > 0 else []
        rest = numbers[room:] if room > 0 else numbers
        if not rest:
            return
        expected = SAMPLE * len(rest) / (self.count + len(numbers))
        for value in self._random.sample(rest, min(len(rest), round(expected))):
            self.sample[self._random.randrange(SAMPLE)] = value


def _is_number(value: Any) -> bool:
    is_numeric = value is not None and not isinstance(value, bool | str | bytes) and hasattr(value, "__float__")
    return is_numeric and math.isfinite(value)
