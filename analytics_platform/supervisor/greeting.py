"""What the person at the terminal is told once everything runs."""

import json
import shlex
from collections.abc import Iterable

from analytics_platform.settings import Settings
from analytics_platform.staging import describe
from analytics_platform.supervisor.data_folder import storage_name
from analytics_platform.supervisor.parts import reachable
from event_registry.defining import Definition

DEMO_KEY = "demo"


def greeting(settings: Settings, plan: Iterable[Definition]) -> str:
    """The addresses, and how to send a first event; a write key only if it is the one that everybody knows."""
    host = reachable(settings.host)
    ingest = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    has_demo_key = any(source.has_key(DEMO_KEY) for source in settings.sources)
    rows = [
        ("Ingest API", f"{ingest}   write key: {DEMO_KEY if has_demo_key else 'as configured'}"),
        ("Dagster's UI", f"http://127.0.0.1:{settings.dagster_port}"),
    ]
    if any(destination.type == "file" for destination in settings.destinations):
        rows.append(("Delivered events", f"{settings.data_dir / 'delivered'}/"))
    rows.append(("Store", describe(settings.queue)))
    if settings.dagster_storage:
        rows.append(("Dagster's storage", storage_name(settings)))
    rows.append(("Logs", f"{settings.data_dir / 'logs'}/"))
    table = "\n".join(f"  {name:18}{value}" for name, value in rows)
    user = DEMO_KEY if has_demo_key else "YOUR_WRITE_KEY"
    sent = "".join(
        f"\nSend a first event:\n\n"
        f"  curl -u {user}: {ingest}/api/analytics/track -H 'Content-Type: application/json' \\\n"
        f"    -d {shlex.quote(json.dumps(call))}\n"
        for call in first_events(plan)
    )
    return f"\nEverything is running; Ctrl-C stops it.\n\n{table}\n{sent}"


def first_events(plan: Iterable[Definition]) -> list[dict[str, object]]:
    """A call of the first event of the plan, as its definition has it for an example; none of a plan without events."""
    events = [each for each in plan if each.kind == "track"]
    return [{"userId": "u1", "event": each.name, "properties": dict(each.example)} for each in events[:1]]
