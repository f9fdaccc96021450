"""Lets a snapshot's own pandas function stand between the rows of its SELECT and its calls."""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analytics_platform.settings.reading import ConfigurationError
from analytics_platform.snapshots.database import CHUNK_ROWS, Row
from analytics_platform.snapshots.period import Period

if TYPE_CHECKING:
    import pandas as pd

Between = Callable[["pd.DataFrame", Period], "pd.DataFrame"]


def between(path: Path) -> Between:
    """The function `rows` of a Python file; raises ConfigurationError when it has none."""
    spec = importlib.util.spec_from_file_location(f"snapshot_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{path}: is no Python file; write `def rows(read, period)` there")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Between | None = getattr(module, "rows", None)
    if function is None:
        raise ConfigurationError(f"{path}: rows: is missing; write `def rows(read, period)`, which returns a DataFrame")
    return function


def transformed(
    columns: list[str], chunks: Iterator[Sequence[Row]], function: Between, period: Period
) -> tuple[list[str], Iterator[Sequence[Row]]]:
    """The columns and rows that the function makes of those that were read, all of which are in memory at once."""
    import pandas as pd  # noqa: PLC0415  half a second that no other snapshot shall pay

    read = pd.DataFrame([tuple(row) for chunk in chunks for row in chunk], columns=columns)
    made = function(read, period)
    return [str(column) for column in made.columns], _rows(made)


def _rows(made: "pd.DataFrame") -> Iterator[Sequence[Row]]:
    """Chunks of rows with Python's own values; what pandas has for nothing becomes None."""
    for start in range(0, len(made), CHUNK_ROWS):
        piece = made.iloc[start : start + CHUNK_ROWS].astype(object)
        yield _python(piece.where(piece.notna(), None))


def _python(piece: "pd.DataFrame") -> list[tuple[Any, ...]]:
    columns = [[_value(value) for value in piece[column]] for column in piece.columns]
    return list(zip(*columns, strict=True))


def _value(value: Any) -> Any:
    return value.item() if type(value).__module__ == "numpy" else value
