"""Is a person on the suppression list kept out, from the next request on and of everything that was accepted before?"""

import pytest

from analytics_platform.delivery.job import End
from analytics_platform.staging.base import Staging
from analytics_platform.staging.suppression import Person, SuppressionList
from tests.running_api import HASH_KEY, Api, track
from tests.simulation import Simulation
from tests.test_replay import replay_letters

pytest_plugins = ["tests.delivery_fixtures", "tests.ingest_fixtures"]


def suppress(staging: Staging, name: str) -> None:
    """Put a user on the list, as the command line does beside the running API."""
    SuppressionList(staging, HASH_KEY).add([Person("user", name)])


@pytest.mark.parametrize(
    "call",
    [
        {"userId": "gone"},
        {"userId": "new", "anonymousId": "a", "type": "alias", "previousId": "gone"},
        {"userId": "gone", "event": "not.planned"},
    ],
    ids=["track", "alias", "quarantined"],
)
def test_a_suppressed_call_is_answered_as_accepted_and_only_counted(api: Api, call: dict[str, str]) -> None:
    """Threat 31: whether a person is on the list is nobody's business, and nothing of them is stored."""
    before = api.post("/v1/batch", {"batch": [{"type": "track", **track(userId="gone", messageId="before")}]})
    suppress(api.staging, "gone")

    answer = api.post("/v1/batch", {"batch": [{"type": "track", **track(), **call}]})
    others = api.post("/v1/batch", {"batch": [{"type": "track", **track(userId="stays", messageId="others")}]})

    assert [each.status_code for each in (before, answer, others)] == [200, 200, 200]
    assert [stored["messageId"] for stored in api.staging.payloads()] == ["before", "others"]
    assert api.staging.quarantine() == []


def test_somebody_who_is_taken_off_the_list_is_stored_again(api: Api) -> None:
    """The same process learns of it with its next commit."""
    suppress(api.staging, "back")
    api.post("/v1/track", track(userId="back", messageId="while"))
    SuppressionList(api.staging, HASH_KEY).remove([Person("user", "back")])

    api.post("/v1/track", track(userId="back", messageId="after"))

    assert [stored["messageId"] for stored in api.staging.payloads()] == ["after"]


def test_what_was_accepted_before_is_not_delivered_any_more(simulation: Simulation) -> None:
    """It counts as skipped, like what is routed elsewhere."""
    simulation.accept("gone", "stays")
    suppress(simulation.staging, "gone")

    simulation.drain()

    assert simulation.vendor.delivered == ["stays"]
    assert simulation.tally.skipped == 1


def test_a_replay_discards_the_dead_letters_of_a_suppressed_person(simulation: Simulation) -> None:
    """Otherwise they would stay open for ever, and their run failed."""
    simulation.bury("run-1", "gone", "stays")
    suppress(simulation.staging, "gone")

    end = replay_letters(simulation, "run-1")

    assert end == End("replayed")
    assert simulation.vendor.delivered == ["stays"]
    assert simulation.dead("run-1") == []
