"""What may a snapshot's own pandas do with the rows of its SELECT?"""

import pytest

from analytics_platform.settings import ConfigurationError
from tests.application import Application

pytest_plugins = ["tests.snapshot_fixtures"]


def with_python(application: Application, body: str) -> None:
    """Put a function `rows` with this body beside the declaration."""
    path = application.folder / "snapshots" / "accounts.py"
    path.write_text(f"def rows(read, period):\n    {body}\n")
    application.declare()


def test_what_the_function_returns_is_what_is_sent(application: Application) -> None:
    """Rows, columns and all; numbers come as Python's own."""
    with_python(application, "return read[read.account_id == 'acme'].assign(seat_count=read.seat_count * 2)")

    application.take()

    assert application.told() == [("acme", 6)]


def test_what_pandas_has_for_nothing_is_null(application: Application) -> None:
    """NaN and NaT are no values that a destination could take."""
    with_python(application, "return read.assign(seat_count=read.seat_count.where(read.seat_count > 2))")

    application.take()

    assert [call["traits"]["seat_count"] for call in application.calls()] == [3, None]


def test_the_function_knows_the_period(application: Application) -> None:
    """Its key, and its bounds in UTC."""
    with_python(application, "return read.assign(plan=period.key)")

    application.take("2026-03-04")

    assert {call["traits"]["plan"] for call in application.calls()} == {"2026-03-04"}


def test_a_file_without_the_function_is_named(application: Application) -> None:
    """With the line that is missing."""
    (application.folder / "snapshots" / "accounts.py").write_text('"""Nothing."""\n')
    application.declare()

    with pytest.raises(ConfigurationError, match=r"accounts\.py: rows: is missing; write `def rows\(read, period\)`"):
        application.take()
