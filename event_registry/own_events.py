"""The events that the product itself sends, beside the plan of those who run it."""

from event_registry.definitions import Event


class DestinationChecked(
    Event, name="destination.checked", owner="operations", since="2026-11-24", example={"destination": "crm"}
):
    """Somebody asked whether a destination takes events; nobody who uses the application had to do with it."""

    destination: str
    """The destination, as it is named in the settings."""
