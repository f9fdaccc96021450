"""Reads the moment that the option --since names."""

import re
from datetime import UTC, datetime

import typer

SECONDS = {"m": 60, "h": 3600, "d": 86400}
HELP = "From when on: 2026-01-31, 2026-01-31T12:00:00Z, or how long ago, such as 90m, 24h or 7d."


def since(text: str | None, now: float) -> float | None:
    """The moment in seconds since the epoch, None when nothing is said; ends the command when it is no moment."""
    if text is None:
        return None
    if ago := re.fullmatch(r"(\d{1,6})([mhd])", text):
        return now - int(ago[1]) * SECONDS[ago[2]]
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        raise typer.BadParameter(
            "write 2026-01-31, 2026-01-31T12:00:00Z, 90m, 24h or 7d", param_hint="--since"
        ) from None
