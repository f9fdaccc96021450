"""Does each generated client pass its language's compiler, and say to the server exactly what the program said?"""

from pathlib import Path

import pytest

from event_registry import registry
from event_registry.generate import outputs
from event_registry.generate.plan import Plan, describe
from tests.fakes.vendor import Vendor
from tests.generated import awkward, others
from tests.generated.said import everything, stored
from tests.generated.toolchains import LANGUAGES, Language
from tests.running_api import HASH_KEY, Api

pytest_plugins = ["tests.ingest_fixtures"]

pytestmark = pytest.mark.timeout(600)  # compilers, on a machine that may do other things


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_planned_call_is_stored_as_it_was_said(tmp_path: Path, api: Api, language: Language) -> None:
    """With every optional field left out, at zero and set: nothing becomes null, "None", or another number.

    But for the plan's secrets, of which a hash is stored.
    """
    plan = describe(registry.default())
    calls = [*everything(plan)]
    program = language.build(generated(plan, language, tmp_path), tmp_path / "app", language.source(calls, {}))

    finished = program.run(api.url)

    assert (finished.returncode, finished.stderr) == (0, "")
    expected = [registry.default().protect(call.stored, HASH_KEY) for call in calls]
    assert [stored(call) for call in api.staging.payloads()] == expected
    assert api.staging.quarantine() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_of_keywords_and_odd_signs_becomes_a_client(tmp_path: Path, language: Language) -> None:
    """Names that the language has taken get an underscore; no text of the plan gets out of its comment or string."""
    calls = [*everything(awkward.PLAN)]
    source = language.source(calls, awkward.RENAMED[language.name])
    program = language.build(generated(awkward.PLAN, language, tmp_path), tmp_path / "app", source)

    with Vendor().listening() as server:
        finished = program.run(server.url)

    assert finished.returncode == 0, finished.stderr
    assert [stored(call) for call in server.accepted] == [call.stored for call in calls]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_calls_without_a_plan_are_stored_too(tmp_path: Path, api: Api, language: Language) -> None:
    """A page, a screen and an alias; what was not said of them is not there."""
    folder = generated(describe(registry.default()), language, tmp_path)
    program = language.build(folder, tmp_path / "app", others.PROGRAMS[language.name])

    finished = program.run(api.url)

    assert (finished.returncode, finished.stderr) == (0, "")
    named = ("type", "name", "properties", "userId", "anonymousId", "previousId")
    assert [{name: call[name] for name in named if name in call} for call in api.staging.payloads()] == [*others.STORED]


def generated(plan: Plan, language: Language, folder: Path) -> Path:
    """The folder in which the client is generated."""
    outputs.write(outputs.rendered(plan, [language.name]), folder / "generated")
    return folder / "generated"
