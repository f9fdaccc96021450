"""What would have become of what was sent, had the plan been another one?"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.rehearsal import MOST_NAMES, OTHERS, Example, Rehearsal, rehearse
from analytics_platform.staging import open_staging
from analytics_platform.staging.aside import Aside
from analytics_platform.staging.base import Entry, Staging
from event_registry.defining import Mode, UnplannedMode
from event_registry.registry import default
from event_registry.verdicts import Modes, StrictModes

GOOD = {"report_id": "r-1"}
BAD = {"report_id": 7}
PROBLEM = "$.properties.report_id: expected string, found integer"


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    """An empty store."""
    with closing(open_staging(f"sqlite:///{tmp_path}/staging.db")) as staging:
        yield staging


def sent(message_id: str, properties: Mapping[str, object], event: str = "report.created", **entry: Any) -> Entry:
    """A track call on its way into the store."""
    call = {"type": "track", "event": event, "userId": "u-1", "messageId": message_id, "properties": properties}
    said = {"source": "web", "message_id": message_id, "received_at": 1000.0, "payload": json.dumps(call)}
    return Entry(**{**said, **entry})


def modes(plan: Mode = "quarantine", unplanned: UnplannedMode = "quarantine") -> Mapping[str, Modes]:
    """Those of the source `web`."""
    return {"web": StrictModes(plan, unplanned)}


def held(staging: Staging, of: Mapping[str, Modes] | None = None, since: float | None = None) -> Rehearsal:
    """What is stored, held against our plan."""
    return rehearse(staging, default(), modes() if of is None else of, since)


def test_events_are_counted_by_what_would_have_become_of_them(staging: Staging) -> None:
    """In all, by event and by problem."""
    staging.append([sent("m-1", GOOD), sent("m-2", BAD), sent("m-3", BAD), sent("m-4", {}, "report.craeted")])

    found = held(staging)

    unplanned = "$.event: the plan has no such event: did you mean report.created?"
    assert (found.events, found.refused) == (4, {"quarantined": 3})
    assert found.sent == {"report.created": 3, "report.craeted": 1}
    assert found.by_event == {("report.created", "quarantined"): 2, ("report.craeted", "quarantined"): 1}
    assert found.by_problem == {("report.created", PROBLEM): 2, ("report.craeted", unplanned): 1}


@pytest.mark.parametrize(
    ("mode", "refused", "warned"),
    [("enforce", {"rejected": 1}, 0), ("quarantine", {"quarantined": 1}, 0), ("warn", {}, 1), ("off", {}, 0)],
)
def test_the_modes_of_the_source_decide(staging: Staging, mode: Mode, refused: Mapping[str, int], warned: int) -> None:
    """As they are today."""
    staging.append([sent("m-1", BAD)])

    found = held(staging, modes(mode))

    assert (found.refused, found.warned) == (refused, warned)


def test_a_source_that_is_gone_is_judged_strictly(staging: Staging) -> None:
    """As its quarantined calls are when they are released."""
    staging.append([sent("m-1", BAD)])

    assert held(staging, {}).refused == {"rejected": 1}


def test_every_problem_of_an_event_counts_once(staging: Staging) -> None:
    """The items of a list are alike."""
    staging.append([sent("m-1", {"report_id": [1, 2], "tmplate": {"a": 1}})])

    found = held(staging)

    assert found.refused.total() == 1
    assert sorted(problem.partition(":")[0] for _, problem in found.by_problem) == [
        "$.properties.report_id",
        "$.properties.tmplate",
    ]


def test_examples_are_of_as_many_kinds_as_there_are(staging: Staging) -> None:
    """Five of them; they say where to find an event, never what it holds."""
    others = [sent("other-1", {}), sent("other-2", {}, "report.craeted")]
    staging.append([*(sent(f"m-{number}", BAD) for number in range(10)), *others])

    examples = held(staging).examples

    assert examples[0] == Example("m-0", 1000.0, "web", "report.created", PROBLEM)
    assert [example.message_id for example in examples] == ["m-0", "other-1", "other-2", "m-1", "m-2"]


def test_what_is_older_is_not_looked_at(staging: Staging) -> None:
    """In the log and in quarantine."""
    old = [sent("m-1", BAD, received_at=999.0), sent("m-2", BAD, received_at=999.0, problems="[]")]
    staging.append([*old, sent("m-3", BAD)])

    found = held(staging, since=1000.0)

    assert (found.events, found.quarantined) == (1, 0)


def test_what_is_in_quarantine_may_be_redeemed(staging: Staging) -> None:
    """A plan that is mended takes it."""
    staging.append([sent("m-1", GOOD, problems="[]"), sent("m-2", BAD, problems="[]")])

    found = held(staging)

    assert (found.events, found.quarantined, found.redeemed) == (0, 2, 1)


def test_made_up_names_do_not_fill_the_memory(staging: Staging) -> None:
    """Beyond a thousand they count together."""
    staging.append([sent(f"m-{number}", {}, f"made.up_{number}") for number in range(MOST_NAMES + 10)])

    found = held(staging)

    assert found.sent[OTHERS] == 10
    assert len(found.by_event) <= MOST_NAMES + 1
    assert len(found.by_problem) <= MOST_NAMES + 1


def test_nothing_is_changed(staging: Staging) -> None:
    """It is only looked at."""
    staging.append([sent("m-1", BAD), sent("m-2", GOOD, problems="[]")])
    before = staging.logged(None, 0, 10), staging.quarantined(Aside(), 0, 10)

    held(staging)

    assert (staging.logged(None, 0, 10), staging.quarantined(Aside(), 0, 10)) == before
