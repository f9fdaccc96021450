"""Clients that send until they are answered, as SDKs do."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import requests

from tests.chaos.ledger import Ledger, Sent

CLIENTS = 8
USERS = 5  # of each client, whose calls go out one request after the other
MOST_EVENTS = 20  # in a request
PAUSE = 0.6  # seconds between two requests of a client, at most
POISON_SHARE = 0.003  # of the events
POISON = "poison"
COME_BACK = (408, 429, 503)
PATHS = {"/v1/batch": 200, "/api/analytics/batch": 202}


@contextmanager
def sending(api: Callable[[], str], ledger: Ledger, dice: random.Random) -> Iterator[None]:
    """Clients send for as long as the block runs; at its end each finishes what it is at.

    `api` is where the API is now.
    """
    stop = threading.Event()
    with ExitStack() as stack:
        stack.callback(stop.set)
        for number in range(CLIENTS):
            client = Client(f"client-{number}", api, ledger, random.Random(dice.random()), stop)
            thread = threading.Thread(target=client.run)
            thread.start()
            stack.callback(thread.join)
        stack.callback(stop.set)  # first of all
        yield


class Client:
    """One of them; it has users of its own, and so knows in which order their events were accepted."""

    def __init__(
        self, name: str, api: Callable[[], str], ledger: Ledger, dice: random.Random, stop: threading.Event
    ) -> None:
        self._name = name
        self._api = api
        self._ledger = ledger
        self._dice = dice
        self._stop = stop
        self._places = count(1)

    def run(self) -> None:
        """Send, and send again until it is acknowledged."""
        while not self._stop.wait(self._dice.random() * PAUSE):
            user = f"{self._name}-user-{self._dice.randrange(USERS)}"
            events = [self._event(user) for _ in range(self._dice.randint(1, MOST_EVENTS))]
            path = self._dice.choice([*PATHS])
            while not self._is_taken(path, [event for _, event in events]):
                self._stop.wait(self._dice.random() * PAUSE)
            self._ledger.acknowledge([sent for sent, _ in events])

    def _event(self, user: str) -> tuple[Sent, dict[str, Any]]:
        place = next(self._places)
        sent = Sent(f"{user}-{place}", user, place)
        report = POISON if self._dice.random() < POISON_SHARE else "r-1"
        return sent, {
            "type": "track",
            "event": "report.created",
            "messageId": sent.message_id,
            "userId": user,
            "timestamp": "2026-01-01T00:00:00Z",
            "properties": {"report_id": report},
        }

    def _is_taken(self, path: str, events: list[dict[str, Any]]) -> bool:
        try:
            answer = requests.post(f"{self._api()}{path}", json={"batch": events}, auth=("demo", ""), timeout=10)
        except requests.RequestException:
            self._ledger.resend(None)
            return False
        if answer.status_code == PATHS[path] and answer.json()["accepted"] == len(events):
            return True
        known = answer.status_code in COME_BACK and "Retry-After" in answer.headers
        self._ledger.resend(None if known else f"{answer.status_code}: {answer.text[:200]}")
        return False
