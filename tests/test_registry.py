"""How is a call held against the plan?"""

import gc
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_registry import registry
from event_registry.calls import CALL_TYPES, Problem
from event_registry.definitions import DefinitionError

PLAN = '''
"""A small plan."""

from event_registry.definitions import Deprecation, Event, Traits
from event_registry.events import FileUploaded


class PagePrinted(Event, name="page.printed", owner="docs", since="2026-01-31", example={"page_id": "p-1"}):
    """A reader printed a page."""

    page_id: str
    """The page's id."""
    copies: int | None = None
    """The number of copies."""


class ReaderTraits(Traits, call="identify", owner="docs", since="2026-01-31", example={"language": "en"}):
    """What is known of a reader."""

    language: str | None = None
    """The language that the reader prefers."""
'''

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def load(path: Path, source: str) -> ModuleType:
    """Write a plan to a file and import it."""
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TRAITS_OF_USERS = """
from event_registry.definitions import Deprecation, Traits


class UserTraits(Traits, call="identify", owner="docs", since="2026-01-31", example={}):
    '''What we know of a reader.'''
"""


@pytest.fixture
def plan(tmp_path: Path) -> registry.Registry:
    """A plan with one event, page.printed, and one class of traits."""
    return registry.collect(load(tmp_path / "plan.py", PLAN))


def printed(**properties: object) -> dict[str, object]:
    """Build a track call of the plan's only event."""
    return {"type": "track", "userId": "user-1", "event": "page.printed", "properties": properties}


def test_a_plan_is_the_classes_of_a_module(plan: registry.Registry) -> None:
    """Nothing is listed twice, in the class and elsewhere; imported classes belong to another plan."""
    assert plan.names == ("page.printed",)
    assert list(plan.traits) == ["identify"]


def test_a_bad_plan_does_not_import(tmp_path: Path) -> None:
    """The error names the class, so that nobody needs a traceback to mend it."""
    with pytest.raises(DefinitionError, match=r"PageRead: page\.printed is defined by PagePrinted already"):
        load(
            tmp_path / "plan.py",
            PLAN
            + 'class PageRead(Event, name="page.printed", owner="docs", since="2026-01-31", example={}):\n    "R."\n',
        )


SUCCESSION = """

class PagePutOnPaper(
    Event,
    name="page.put_on_paper",
    owner="docs",
    since="2025-01-31",
    example={},
    deprecated=Deprecation("2026-01-31", successor="SUCCESSOR"),
):
    "A reader printed a page, as it was called before."
"""


def test_a_successor_is_an_event_of_the_plan(tmp_path: Path) -> None:
    """Whoever is sent there must find something."""
    good = load(tmp_path / "good.py", PLAN + SUCCESSION.replace("SUCCESSOR", "page.printed"))
    bad = load(tmp_path / "bad.py", PLAN + SUCCESSION.replace("SUCCESSOR", "page.prnted"))

    assert registry.collect(good).names == ("page.printed", "page.put_on_paper")
    with pytest.raises(
        DefinitionError, match=r"PagePutOnPaper: the successor 'page.prnted' .*: did you mean page\.printed\?"
    ):
        registry.collect(bad)


def test_a_successor_is_not_deprecated_itself(tmp_path: Path) -> None:
    """Whoever follows the advice would be advised again, in a circle for ever."""
    first = SUCCESSION.replace("SUCCESSOR", "page.sent_to_paper")
    second = first.replace("PagePutOnPaper", "PageSentToPaper").replace("page.put_on_paper", "page.sent_to_paper", 1)
    bad = load(tmp_path / "bad.py", PLAN + first + second.replace('"page.sent_to_paper")', '"page.put_on_paper")'))

    with pytest.raises(DefinitionError, match=r"PagePutOnPaper: the successor 'page.sent_to_paper' is deprecated itse"):
        registry.collect(bad)


def test_a_name_has_one_spelling(tmp_path: Path) -> None:
    """Senders would take the one for the other; only a name that is on its way out may look like its successor."""
    likeness = SUCCESSION.replace("page.put_on_paper", "page.prin_ted").replace("SUCCESSOR", "page.printed")
    good = load(tmp_path / "good.py", PLAN + likeness)
    bad = load(tmp_path / "bad.py", PLAN + likeness.replace("    deprecated=", "    # "))

    assert registry.collect(good).names == ("page.prin_ted", "page.printed")
    with pytest.raises(
        DefinitionError, match=r"PagePutOnPaper: the name page.prin_ted is page.printed in another spelling"
    ):
        registry.collect(bad)


def test_traits_have_no_successor_but_an_event(tmp_path: Path) -> None:
    """And a plan without it is refused as one of events is."""
    deprecated = ', deprecated=Deprecation("2026-01-31", "user.known")):'
    bad = load(tmp_path / "bad.py", TRAITS_OF_USERS.replace("):", deprecated, 1))

    with pytest.raises(DefinitionError, match=r"UserTraits: the successor 'user.known' must be another event"):
        registry.collect(bad)


def test_a_plan_gives_its_definitions(plan: registry.Registry) -> None:
    """Events first: all that a catalog or a comparison needs, as plain values."""
    assert [(each.kind, each.name, each.owner) for each in plan] == [
        ("track", "page.printed", "docs"),
        ("identify", "identify", "docs"),
    ]


def test_a_plan_knows_what_it_says_of_a_call(plan: registry.Registry) -> None:
    """Nothing where it says nothing."""
    event, traits = plan.look_up(printed()), plan.look_up({"type": "identify"})

    assert event is not None
    assert event.definition == plan.events["page.printed"].definition
    assert traits is not None
    assert traits.definition == plan.traits["identify"].definition
    assert plan.look_up({"type": "track", "event": "page.prints"}) is None
    assert plan.look_up({"type": "group"}) is None


def test_a_plan_can_have_another_convention(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once, beside the plan, and holds for all its classes."""
    names = "import re\nfrom event_registry.definitions import NameConvention\n"
    names += (
        'NAMES = NameConvention(re.compile(r"[A-Z][a-z]+( [A-Z][a-z]+)*"), "in title case, such as Page Printed")\n'
    )
    (tmp_path / "titled_plan.py").write_text(names + PLAN.replace("page.printed", "Page Printed"), encoding="utf-8")
    (tmp_path / "mixed_plan.py").write_text(names + PLAN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    titled = registry.load("titled_plan")

    assert titled.names == ("Page Printed",)
    with pytest.raises(DefinitionError, match=r"PagePrinted: the name 'page.printed' must be in title case, such as"):
        importlib.import_module("mixed_plan")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("def", r".*/slipped_plan\.py:2: SyntaxError: invalid syntax"),
        ("if True:\n\tpass\n        pass", r".*/slipped_plan\.py:4: TabError: .*"),
        ("a = Strr", r".*/slipped_plan\.py:2: NameError: name 'Strr' is not defined"),
        ("import no_such_module", r".*/slipped_plan\.py:2: ModuleNotFoundError: No module named 'no_such_module'"),
        ("import json; json.loads('')", r".*/slipped_plan\.py:2: JSONDecodeError: .*"),
    ],
)
def test_a_slip_in_the_python_of_a_plan_is_one_line_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, fault: str
) -> None:
    """As what is wrong with one of its classes is: no traceback through ours and Python's own code."""
    (tmp_path / "slipped_plan.py").write_text(f'"""A plan."""\n{line}\n', encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(DefinitionError, match=f"^{fault}$"):
        registry.load("slipped_plan")


def test_a_plan_that_is_not_there_is_named() -> None:
    """It has no place."""
    with pytest.raises(DefinitionError, match=r"^no_such_plan: ModuleNotFoundError: No module named 'no_such_plan'$"):
        registry.load("no_such_plan")


def test_whoever_loads_a_plan_has_a_garbage_collector_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It rests while a plan is imported, also one that is wrong."""
    (tmp_path / "wrong_plan.py").write_text(PLAN.replace("page.printed", "printed"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(DefinitionError):
        registry.load("wrong_plan")

    assert gc.isenabled()


def test_a_plan_can_be_imported_again(tmp_path: Path) -> None:
    """A class is no duplicate of itself."""
    load(tmp_path / "plan.py", PLAN)
    again = registry.collect(load(tmp_path / "plan.py", PLAN))

    assert again.names == ("page.printed",)


def test_the_default_plan_is_built_once() -> None:
    """Every caller shares the plan of events.py."""
    assert registry.default() is registry.default()
    assert "report.created" in registry.default().names


def test_a_planned_event_is_planned(plan: registry.Registry) -> None:
    """Names match exactly or not at all."""
    assert plan.is_planned(printed())
    assert not plan.is_planned({"type": "track", "event": "page.prints"})
    assert not plan.is_planned({"type": "track", "event": "Page.Printed"})


@pytest.mark.parametrize("kind", [kind for kind in CALL_TYPES if kind != "track"])
def test_the_other_calls_are_always_planned(plan: registry.Registry, kind: str) -> None:
    """They have no event to look up."""
    assert plan.is_planned({"type": kind})


def test_properties_are_held_against_their_event(plan: registry.Registry) -> None:
    """All problems come at once, each with its path."""
    assert plan.validate(printed(page_id="p-1", copies=2)) == []
    assert [problem.path for problem in plan.validate(printed(copies="2", page="p-1"))] == [
        "$.properties.page_id",
        "$.properties.copies",
        "$.properties.page",
    ]


@pytest.mark.parametrize("sent", [{}, {"properties": None}], ids=repr)
def test_a_call_without_properties_lacks_the_required_ones(plan: registry.Registry, sent: dict[str, object]) -> None:
    """Absent, null and empty are the same."""
    (problem,) = plan.validate({"type": "track", "event": "page.printed", **sent})

    assert (problem.path, problem.code) == ("$.properties.page_id", "missing_property")


@pytest.mark.parametrize(
    "sent",
    [
        {"type": "track", "event": "page.prints", "properties": {"page_id": 7}},
        {"type": "page", "properties": {"page_id": 7}},
        {"type": "group", "traits": {"language": 7}},
        {"type": "alias"},
    ],
    ids=repr,
)
def test_what_the_plan_does_not_know_has_no_problems(plan: registry.Registry, sent: dict[str, object]) -> None:
    """Whether unplanned events are welcome is not the plan's to say."""
    assert plan.validate(sent) == []


@pytest.mark.parametrize(
    ("sent", "paths"),
    [
        ({"traits": {"language": 7}}, ["$.traits.language"]),
        ({"context": {"traits": {"language": 7}}}, ["$.context.traits.language"]),
        ({"traits": {}, "context": {"traits": {"language": 7}}}, ["$.context.traits.language"]),
        ({"traits": {"language": "en"}, "context": {"traits": {"language": 7}}}, []),
        ({"context": None}, []),
        ({}, []),
    ],
)
def test_the_traits_of_identify_stand_in_one_of_two_places(
    plan: registry.Registry, sent: dict[str, object], paths: list[str]
) -> None:
    """At the top level as Segment has them, else in the context as RudderStack does; the top level wins."""
    assert [problem.path for problem in plan.validate({"type": "identify", **sent})] == paths


def test_the_context_of_other_calls_is_not_validated() -> None:
    """With group, the traits in the context are the user's, not the account's."""
    sent = {"type": "group", "traits": {}, "context": {"traits": {"seat_count": "many"}}}

    assert registry.default().validate(sent) == []


def test_a_plan_says_what_a_destination_does_not_get(tmp_path: Path) -> None:
    """By any of its names; what says nothing goes everywhere."""
    said = PLAN.replace('name="page.printed",', 'name="page.printed", destinations=("CRM", "segment"),')
    plan = registry.collect(load(tmp_path / "plan.py", said))

    assert plan.kept_from({"crm", "webhook"}) == frozenset()
    assert plan.kept_from({"other", "segment"}) == frozenset()
    assert plan.kept_from({"other", "webhook"}) == {"page.printed"}


def test_a_misspelt_event_gets_a_suggestion(plan: registry.Registry) -> None:
    """A name that resembles none gets none."""
    assert plan.suggest("Page Printed") == "page.printed"
    assert plan.suggest("Order Completed") is None


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(CALL_TYPES) | json_values,
            "event": st.sampled_from(registry.default().names) | json_values,
            "properties": json_values,
            "traits": json_values,
            "context": json_values | st.fixed_dictionaries({"traits": json_values}),
        },
    )
)
def test_no_call_is_too_strange(sent: dict[str, object]) -> None:
    """The plan answers for whatever was sent, also for a call whose envelope is wrong."""
    assert registry.default().is_planned(sent) in {True, False}
    assert all(isinstance(problem, Problem) for problem in registry.default().validate(sent))
