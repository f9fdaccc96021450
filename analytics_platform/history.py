"""Reads again what was sent: the log and the quarantine, a page at a time."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

import msgspec

from analytics_platform.staging.aside import Aside, Quarantined
from analytics_platform.staging.base import Event, Staging
from event_registry.catalog.page import Volume
from event_registry.registry import Registry
from event_registry.sightings import Sightings

PAGE = 500  # of the store at once: some hundred kilobytes


class Head(msgspec.Struct):
    """The part of a call that says what it is."""

    type: str
    event: str | None = None

    @property
    def of(self) -> tuple[str, str]:
        """The kind and the name under which the plan has it, if it does."""
        return self.type, self.event if self.type == "track" and self.event is not None else self.type


def accepted(staging: Staging, since: float | None) -> Iterator[Event]:
    """The events of the log that were received since a moment (seconds since the epoch), up to now.

    What is accepted while they are read is left out: a busy log has no end.
    """
    after, head = 0, staging.head()
    while after < head and (page := staging.logged(since, after, PAGE)):
        yield from (event for event in page if event.seq <= head)
        after = page[-1].seq


def kept_aside(staging: Staging, since: float | None) -> Iterator[Quarantined]:
    """The calls in quarantine that were received since a moment."""
    after, wanted = 0, Aside(since=since)
    while page := staging.quarantined(wanted, after, PAGE):
        yield from page
        after = page[-1].id


def volumes(staging: Staging, since: float | None, names: set[tuple[str, str]]) -> dict[tuple[str, str], Volume]:
    """How often each of these, by kind and name, was sent; other names are not counted, there may be millions."""
    head = msgspec.json.Decoder(Head)
    good = Counter(name for event in accepted(staging, since) if (name := head.decode(event.payload).of) in names)
    aside = Counter(name for call in kept_aside(staging, since) if (name := head.decode(call.payload).of) in names)
    return {name: Volume(good[name], aside[name]) for name in names}


def unplanned(staging: Staging, since: float | None, plan: Registry) -> Sightings:
    """What was seen of track calls whose event the plan does not know, wherever they ended up."""
    seen = Sightings()
    decode = msgspec.json.Decoder().decode
    calls: Iterator[Event | Quarantined] = chain(accepted(staging, since), kept_aside(staging, since))
    for stored in calls:
        call = decode(stored.payload)
        if not plan.is_planned(call):
            seen.see(call, stored.source, stored.received_at)
    return seen
