"""Which calls a destination is sent, by its own configuration."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b

import msgspec

from analytics_platform.destinations.envelope import Envelope
from analytics_platform.destinations.shape import section
from analytics_platform.settings import DestinationSettings
from analytics_platform.settings.vendors import VENDORS


@dataclass(frozen=True, slots=True)
class Filter:
    """What a call must be to go to a destination; as it is made here, nothing is kept back."""

    allow: Sequence[str] = ()  # patterns of names; none: all
    deny: Sequence[str] = ()
    sources: Collection[str] = ()  # none: all
    sample: float = 1.0  # of the users
    consent: Collection[str] = ()  # categories, all of which the user must have agreed to

    def passes(self, source: str, call: Envelope) -> bool:
        """Whether a call from this source goes there."""
        return (
            (not self.sources or source in self.sources)
            and (not (self.allow or self.deny) or is_allowed(name_of(call), self.allow, self.deny))
            and (self.sample >= 1 or is_sampled(call, self.sample))
            and (not self.consent or has_consent(call, self.consent))
        )


EVERYTHING = Filter()


def filter_of(settings: DestinationSettings) -> Filter:
    """The filter that these settings describe; what the vendor has no use for is denied as well."""
    vendor = VENDORS.get(settings.type)
    deny = (*settings.deny, *(vendor.skips if vendor else ()))
    return Filter(settings.allow, deny, frozenset(settings.sources), settings.sample, frozenset(settings.consent))


def name_of(call: Envelope) -> str:
    """By what a call is allowed or denied: a track by its event, any other by its type."""
    return str(call.event if call.type == "track" else call.type)


def is_allowed(name: str, allow: Sequence[str], deny: Sequence[str]) -> bool:
    """Whether a name is on the one list, if there is one, and not on the other; `*` stands for any letters."""
    is_listed = not allow or any(fnmatchcase(name, pattern) for pattern in allow)
    return is_listed and not any(fnmatchcase(name, pattern) for pattern in deny)


def is_sampled(call: Envelope, share: float) -> bool:
    """Whether the call's user is among this share of all users, who are the same for ever and everywhere.

    A user is known by the anonymousId, which stays the same when the user logs in, else by the userId.
    """
    digest = blake2b(call.id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64


def has_consent(call: Envelope, categories: Collection[str]) -> bool:
    """Whether the user has agreed to all of these, by `context.consent.categoryPreferences` as Segment's spec has it.

    A call that says nothing about a category has no consent for it.
    """
    context = msgspec.json.decode(call.context) if call.context else None
    preferences = section(section(section({"context": context}, "context"), "consent"), "categoryPreferences")
    return all(preferences.get(category) is True for category in categories)
