"""From when on does --since look?"""

import pytest
import typer

from analytics_platform.commands.since import since

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (None, None),
        ("2026-01-01", NOW),
        ("2026-01-01T00:00:00Z", NOW),
        ("2026-01-01T02:00:00+02:00", NOW),
        ("2026-01-01T00:00", NOW),
        ("90m", NOW - 5400),
        ("24h", NOW - 86400),
        ("7d", NOW - 7 * 86400),
    ],
)
def test_a_moment_is_a_date_a_time_or_how_long_ago(text: str | None, moment: float | None) -> None:
    """Without an offset it is in UTC."""
    assert since(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "7", "7w", "2026-02-30", "99999999d"])
def test_anything_else_is_refused(text: str) -> None:
    """With what can be written instead."""
    with pytest.raises(typer.BadParameter, match="write 2026-01-31, "):
        since(text, NOW)
