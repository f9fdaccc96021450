"""Is the product's tracking plan one that its readers can rely on?"""

import pytest

from event_registry import registry
from event_registry.calls import check_call
from event_registry.definitions import Event, Traits

PLAN = registry.default()

each_event = pytest.mark.parametrize("event", PLAN.events.values(), ids=PLAN.events.keys())
each_definition = pytest.mark.parametrize(
    "planned", [*PLAN.events.values(), *PLAN.traits.values()], ids=[*PLAN.events, *PLAN.traits]
)


def test_the_plan_has_these_events() -> None:
    """A name, once sent, is in dashboards for years: it goes or changes only on purpose."""
    assert PLAN.names == (
        "comment.added",
        "dashboard.shared",
        "file.uploaded",
        "integration.connected",
        "report.created",
        "report.exported",
        "subscription.canceled",
        "subscription.upgraded",
        "user.invited",
        "user.signed_up",
    )


@each_event
def test_the_example_of_an_event_can_be_sent(event: type[Event]) -> None:
    """What the documentation shows is accepted as it stands."""
    sent = {
        "type": "track",
        "userId": "user-1",
        "event": event.definition.name,
        "properties": dict(event.definition.example),
    }

    assert check_call(sent) == []
    assert PLAN.is_planned(sent)
    assert PLAN.validate(sent) == []


@each_event
def test_an_event_needs_one_or_two_properties(event: type[Event]) -> None:
    """Enough to tell what it happened to; each further required one is a reason for an event to get lost."""
    required = [name for name, field in event.model_fields.items() if field.is_required()]

    assert 1 <= len(required) <= 2


@each_event
def test_an_event_of_its_required_properties_alone_can_be_sent(event: type[Event]) -> None:
    """All others may be left out."""
    required = {name for name, field in event.model_fields.items() if field.is_required()}
    properties = {name: value for name, value in event.definition.example.items() if name in required}

    assert PLAN.validate({"type": "track", "event": event.definition.name, "properties": properties}) == []


@each_definition
def test_a_description_is_one_sentence(planned: type[Event | Traits]) -> None:
    """It fits on the line of a catalog."""
    assert "\n" not in planned.definition.description
    assert planned.definition.description.endswith(".")


@pytest.mark.parametrize(
    "sent",
    [
        {"type": "identify", "userId": "user-1", "traits": {}},
        {"type": "identify", "userId": "user-1", "traits": {"email": "ada@example.com", "shoe_size": 39}},
        {"type": "identify", "userId": "user-1", "context": {"traits": {"plan": "pro"}}},
        {"type": "group", "userId": "user-1", "groupId": "a-1", "traits": {"plan": "team", "seat_count": 5, "mrr": 99}},
        {"type": "group", "userId": "user-1", "groupId": "a-1", "traits": {"mrr": 99.5, "storage_bytes": 2**40}},
    ],
    ids=repr,
)
def test_all_traits_are_optional_and_others_are_welcome(sent: dict[str, object]) -> None:
    """Every sender knows only a part, and some know more than the plan."""
    assert PLAN.validate(sent) == []


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("plan", 3),
        ("seat_count", "5"),
        ("seat_count", -1),
        ("seat_count", 1.5),
        ("mrr", "99"),
        ("mrr", -0.5),
        ("name", []),
    ],
)
def test_the_traits_of_an_account_have_types(trait: str, value: object) -> None:
    """A seat count or revenue that is no number would spoil every sum."""
    (problem,) = PLAN.validate({"type": "group", "userId": "user-1", "groupId": "a-1", "traits": {trait: value}})

    assert (problem.path, problem.code) == (f"$.traits.{trait}", "invalid_property")
