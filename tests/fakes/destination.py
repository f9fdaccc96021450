"""A destination that answers by rules of the test, and remembers what it got."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from analytics_platform.destinations.base import DELIVERED, Outcome, Outgoing

Rule = Callable[[list[str]], Outcome | None]
"""From the messageIds of a request to the answer; None leaves it to the other rules."""

UNAVAILABLE = Outcome("retry", "HTTP 503", "the vendor's words")
FORBIDDEN = Outcome("halt", "HTTP 401", "the vendor's words")


def throttled(seconds: float) -> Outcome:
    """An answer that asks for patience."""
    return Outcome("retry_after", "HTTP 429", "the vendor's words", wait=seconds)


class Obedient:
    """Takes everything, unless a rule says otherwise; the newest rule that answers wins."""

    def __init__(self) -> None:
        self.requests: list[list[str]] = []
        self.delivered: list[str] = []
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def will(self, rule: Rule) -> None:
        """Answer by this rule from now on."""
        self._rules.insert(0, rule)

    def will_answer(self, outcome: Outcome) -> None:
        """Answer everything so from now on."""
        self.will(lambda _: outcome)

    def will_refuse(self, *message_ids: str) -> None:
        """Refuse requests that have one of these events in them, and name nobody: HTTP 400."""
        self.will(lambda request: _refusal(request) if {*message_ids} & {*request} else None)

    def will_name(self, *message_ids: str, remainder_is_stored: bool) -> None:
        """Reject these events by their index in the request, and store the others or none."""

        def rule(request: list[str]) -> Outcome | None:
            rejected = {index: "HTTP 400" for index, name in enumerate(request) if name in message_ids}
            if not rejected:
                return None
            remainder: Literal["delivered", "resend"] = "delivered" if remainder_is_stored else "resend"
            return Outcome("dead_letter", "HTTP 400", rejected=rejected, remainder=remainder)

        self.will(rule)

    def will_choke_on(self, *message_ids: str, outcome: Outcome = UNAVAILABLE) -> None:
        """Fail with requests that have one of these events in them, as if it were down."""
        self.will(lambda request: outcome if {*message_ids} & {*request} else None)

    def will_throttle(self, *message_ids: str, seconds: float = 30.0) -> None:
        """Ask for patience with the users of these events alone; the others may come again at once."""

        def rule(request: list[str]) -> Outcome | None:
            places = {index for index, name in enumerate(request) if name in message_ids}
            if not places:
                return None
            return Outcome("retry_after", "HTTP 429", wait=seconds, throttled=places, is_too_fast=True)

        self.will(rule)

    def recovers(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    def attempts(self, message_id: str) -> int:
        """How many requests have had the event in them."""
        return sum(message_id in request for request in self.requests)

    def cut(self, events: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
        """See Destination.cut."""
        yield events

    def send(self, request: Sequence[Outgoing]) -> Outcome:
        """See Destination.send."""
        names = [outgoing.event.message_id for outgoing in request]
        with self._lock:
            self.requests.append(names)
        outcome = next((answer for rule in [*self._rules] if (answer := rule(names))), DELIVERED)
        with self._lock:
            self.delivered += _stored(names, outcome)
        return outcome


def _refusal(request: list[str]) -> Outcome:
    """What HTTP 400 means: one of several, or the one."""
    if len(request) > 1:
        return Outcome("split", "HTTP 400", "the vendor's words")
    return Outcome("dead_letter", "HTTP 400", "the vendor's words", rejected={0: "HTTP 400"})


def _stored(names: list[str], outcome: Outcome) -> list[str]:
    if outcome.kind == "delivered":
        return names
    if outcome.kind == "dead_letter" and outcome.remainder == "delivered":
        return [name for index, name in enumerate(names) if index not in outcome.rejected]
    return []
