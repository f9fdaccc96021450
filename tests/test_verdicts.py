"""What becomes of a call that breaks the plan, and who decides it?"""

from dataclasses import dataclass

import pytest

from event_registry.defining import Deprecation, Mode, UnplannedMode
from event_registry.definitions import Event, Traits
from event_registry.registry import Registry
from event_registry.verdicts import ACCEPTED, judge


class PagePrinted(Event, name="page.printed", owner="docs", since="2026-01-31", example={"page_id": "p-1"}):
    """A reader printed a page."""

    page_id: str
    """The page's id."""


class PageTorn(Event, name="page.torn", owner="docs", since="2026-01-31", example={}, mode="warn", unplanned="reject"):
    """A reader tore a page, as far as anybody knows."""

    angle: int | None = None
    """At which angle."""


class PageFolded(Event, name="page.folded", owner="docs", since="2026-01-31", example={}, mode="quarantine"):
    """A reader folded a page."""


class PagePutOnPaper(
    Event,
    name="page.put_on_paper",
    owner="docs",
    since="2025-01-31",
    example={},
    deprecated=Deprecation("2026-01-31", successor="page.printed", reason="Nobody said so."),
):
    """A reader printed a page, as it was called before."""


class ReaderTraits(Traits, call="identify", owner="docs", since="2026-01-31", example={}):
    """What is known of a reader."""

    age: int | None = None
    """In years."""


PLAN = Registry(
    {event.definition.name: event for event in (PagePrinted, PageTorn, PageFolded, PagePutOnPaper)},
    {"identify": ReaderTraits},
)


@dataclass(frozen=True)
class Source:
    """What a source says of calls that break the plan."""

    plan_mode: Mode = "enforce"
    unplanned_mode: UnplannedMode | None = None
    unplanned_property_mode: UnplannedMode | None = None


def track(event: str, **properties: object) -> dict[str, object]:
    """Build a track call."""
    return {"type": "track", "event": event, "properties": properties}


GOOD, BROKEN = track("page.printed", page_id="p-1"), track("page.printed", page_id=7)
MORE, WORSE = track("page.printed", page_id="p-1", pages=1), track("page.printed", page_id=7, pages=1)
UNPLANNED = track("page.prnted")


@pytest.mark.parametrize("mode", ["enforce", "quarantine", "warn", "off"])
def test_a_call_that_keeps_the_plan_is_accepted(mode: Mode) -> None:
    """Whatever the mode."""
    assert judge(GOOD, Source(plan_mode=mode), PLAN) == ACCEPTED


@pytest.mark.parametrize(
    ("mode", "outcome", "problems"),
    [("enforce", "rejected", 1), ("quarantine", "quarantined", 1), ("warn", "accepted", 1), ("off", "accepted", 0)],
)
def test_the_plan_mode_decides_about_a_planned_call(mode: Mode, outcome: str, problems: int) -> None:
    """Accepted with problems is accepted with a warning."""
    verdict = judge(BROKEN, Source(plan_mode=mode), PLAN)

    assert (verdict.outcome, len(verdict.problems)) == (outcome, problems)


@pytest.mark.parametrize(
    ("mode", "outcome", "problems"),
    [("reject", "rejected", 1), ("quarantine", "quarantined", 1), ("warn", "accepted", 1), ("off", "accepted", 0)],
)
def test_the_unplanned_mode_decides_about_unplanned_events(mode: UnplannedMode, outcome: str, problems: int) -> None:
    """And about nothing else."""
    verdict = judge(UNPLANNED, Source(unplanned_mode=mode), PLAN)

    assert (verdict.outcome, len(verdict.problems)) == (outcome, problems)
    assert judge(BROKEN, Source(unplanned_mode=mode), PLAN).outcome == "rejected"


@pytest.mark.parametrize(
    ("mode", "outcome", "problems"),
    [
        (None, "rejected", 1),
        ("reject", "rejected", 1),
        ("quarantine", "quarantined", 1),
        ("warn", "accepted", 1),
        ("off", "accepted", 0),
    ],
)
def test_unplanned_properties_have_a_mode_of_their_own(mode: UnplannedMode | None, outcome: str, problems: int) -> None:
    """Without one, they are like all that breaks the plan."""
    verdict = judge(MORE, Source(unplanned_property_mode=mode), PLAN)

    assert (verdict.outcome, len(verdict.problems)) == (outcome, problems)


def test_the_strictest_mode_wins() -> None:
    """A call that breaks the plan in two ways is as bad as the worse one, and all is said at once."""
    verdict = judge(WORSE, Source(plan_mode="quarantine", unplanned_property_mode="warn"), PLAN)

    assert verdict.outcome == "quarantined"
    assert [problem.path for problem in verdict.problems] == ["$.properties.page_id", "$.properties.pages"]


def test_what_is_not_looked_at_is_not_reported() -> None:
    """Even when the call is refused for something else."""
    verdict = judge(WORSE, Source(unplanned_property_mode="off"), PLAN)

    assert [problem.path for problem in verdict.problems] == ["$.properties.page_id"]


@pytest.mark.parametrize("mode", ["enforce", "off"])
def test_the_mode_of_an_event_goes_before_that_of_the_source(mode: Mode) -> None:
    """So that a new event can be tried out, and an important one be kept clean."""
    source = Source(plan_mode=mode, unplanned_property_mode="off")

    assert judge(track("page.torn", angle="steep"), source, PLAN).outcome == "accepted"
    assert judge(track("page.torn", depth=3), source, PLAN).outcome == "rejected"
    assert judge(track("page.folded", depth=3), source, PLAN).outcome == "quarantined"


def test_off_alone_looks_at_nothing() -> None:
    """No event and no property is unplanned for a source whose calls are not held against the plan."""
    source = Source(plan_mode="off")

    assert [judge(call, source, PLAN) for call in (BROKEN, MORE, WORSE, UNPLANNED)] == [ACCEPTED] * 4


def test_what_is_unplanned_has_its_mode_whatever_the_plan_mode() -> None:
    """Whoever says that names must be planned, and nothing else, gets that."""
    source = Source(plan_mode="off", unplanned_mode="reject", unplanned_property_mode="quarantine")

    assert judge(BROKEN, source, PLAN) == ACCEPTED
    assert judge(UNPLANNED, source, PLAN).outcome == "rejected"
    assert judge(WORSE, source, PLAN).outcome == "quarantined"
    assert [problem.path for problem in judge(WORSE, source, PLAN).problems] == ["$.properties.pages"]


def test_unplanned_events_are_kept_aside_when_nothing_is_said() -> None:
    """They are most likely right, and only too early."""
    assert judge(UNPLANNED, Source(), PLAN).outcome == "quarantined"


def test_traits_are_judged_like_properties() -> None:
    """Calls that the plan says nothing of are accepted."""
    assert judge({"type": "identify", "traits": {"age": "old"}}, Source(), PLAN).outcome == "rejected"
    assert judge({"type": "group", "traits": {"age": "old"}}, Source(), PLAN) == ACCEPTED
    assert judge({"type": "page"}, Source(), PLAN) == ACCEPTED


def test_traits_may_have_others_unless_their_class_says_what_becomes_of_those() -> None:
    """Whatever a source says of properties: SDKs send traits of their own."""

    class GuestTraits(Traits, call="identify", owner="docs", since="2026-01-31", example={}, unplanned="quarantine"):
        """What is known of a guest, and nothing else."""

        age: int | None = None
        """In years."""

    call: dict[str, object] = {"type": "identify", "traits": {"agee": 7}}
    closed = judge(call, Source(), Registry({}, {"identify": GuestTraits}))

    assert judge(call, Source(unplanned_property_mode="reject"), PLAN) == ACCEPTED
    assert closed.outcome == "quarantined"
    assert [problem.message for problem in closed.problems] == ["the plan has no such property: did you mean age?"]


def test_a_misspelt_event_gets_a_suggestion() -> None:
    """Whoever reads the answer knows what to mend."""
    [problem] = judge(UNPLANNED, Source(), PLAN).problems

    assert (problem.path, problem.code) == ("$.event", "unplanned_event")
    assert problem.message == "the plan has no such event: did you mean page.printed?"


def test_a_deprecated_event_is_accepted_with_a_warning() -> None:
    """The warning names the successor; a call that is refused is refused for what is wrong with it."""
    verdict = judge(track("page.put_on_paper"), Source(), PLAN)
    refused = judge(track("page.put_on_paper", pages=1), Source(), PLAN)

    [problem] = verdict.problems
    assert (verdict.outcome, problem.path, problem.code) == ("accepted", "$.event", "deprecated")
    assert problem.message == (
        "page.put_on_paper is deprecated. Since 2026-01-31: Nobody said so; send page.printed instead."
    )
    assert [problem.code for problem in refused.problems] == ["unplanned_property"]
