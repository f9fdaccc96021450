"""Shows the requests that calls become at a destination."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analytics_platform.commands import installation

if TYPE_CHECKING:
    from analytics_platform.settings import DestinationSettings

STDIN = Path("-")


def preview(
    name: Annotated[str, typer.Argument(help="A configured destination, or a vendor with its defaults.")],
    file: Annotated[Path, typer.Argument(help="JSON: one call, or a list of them.")] = STDIN,
) -> None:
    """Print the requests that these calls become there, as JSON; nothing is sent, and keys are masked.

    The calls are taken as if all of them were routed there, whatever they and the configuration say of it.
    """
    from analytics_platform.destinations.preview import preview

    destination = _destination(name)  # before stdin is waited for
    requests = preview(destination, _read(file), lambda: datetime.now(UTC))
    typer.echo(json.dumps(requests, indent=2, ensure_ascii=False))


def _read(file: Path) -> list[dict[str, Any]]:
    """The calls in a file or on stdin; raises ConfigurationError when they are none that the ingest API takes."""
    from analytics_platform.settings import ConfigurationError
    from event_registry.calls import check_call

    where = "stdin" if file == STDIN else str(file)
    try:
        document = json.loads(sys.stdin.read() if file == STDIN else file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{where} cannot be read ({error.strerror}): give a file with calls") from None
    except ValueError:
        raise ConfigurationError(f"{where} is not JSON: give one call, or a list of calls") from None
    calls = document if isinstance(document, list) else [document]
    for number, call in enumerate(calls, 1):
        if problems := check_call(call):
            raise ConfigurationError(f"{where}: call {number}: {problems[0].path}: {problems[0].message}")
    return calls


def _destination(name: str) -> "DestinationSettings":
    """The settings of the destination of this name, or the defaults of the vendor; raises ConfigurationError."""
    from analytics_platform.settings import ConfigurationError
    from analytics_platform.settings.destinations import vendors_defaults
    from analytics_platform.settings.vendors import VENDORS, others

    configured = {destination.name: destination for destination in installation.settings().destinations}
    vendors = sorted({*VENDORS, *others()})
    if name not in configured and name not in vendors:
        raise ConfigurationError(
            f"{installation.printable(name)} is neither one of the configured destinations ({', '.join(configured)}) "
            f"nor a vendor ({', '.join(vendors)})"
        )
    return configured.get(name) or vendors_defaults(name)
