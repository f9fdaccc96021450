"""Does the README say what is true of the code?"""

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from analytics_platform import settings
from analytics_platform.settings.session import SessionSettings
from analytics_platform.settings.sources import Source
from analytics_platform.snapshots import declaration
from event_registry import registry
from ingest_api.app import OWN_PATHS, PIXEL_PATHS, SDK_PATHS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's code blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def expand(path: str) -> list[str]:
    """The paths that `/v1/{a,b}` stands for."""
    head, brace, rest = path.partition("{")
    return [head + choice for choice in rest.rstrip("}").split(",")] if brace else [path]


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    """The table of variables and the modules of the settings name the same ones."""
    pattern = r"\b(?:ANALYTICS|DAGSTER)_[A-Z_]+\b"
    table = README[README.index("| variable |") : README.index("Several sources and destinations")]

    modules = [path.read_text(encoding="utf-8") for path in Path(settings.__file__).parent.glob("*.py")]

    assert {*re.findall(pattern, table)} == {*re.findall(pattern, "".join(modules))}


def test_every_path_is_documented_and_nothing_else_is() -> None:
    """The table of HTTP paths and the route tables name the same ones."""
    documented = re.findall(r"`(?:POST )?(/(?:v1|api|beacon)/[^`]*\})`", README)
    pixels = re.findall(r"`GET (/v1/pixel/[^`]*\})`", README)

    assert {path for pattern in documented for path in expand(pattern)} == {*OWN_PATHS, *SDK_PATHS}
    of_segment = {path for path in PIXEL_PATHS if path.startswith("/v1")}
    assert {path for pattern in pixels for path in expand(pattern)} == of_segment


def test_the_configuration_of_the_example_loads(tmp_path: Path) -> None:
    """Once the variables are set that it names."""
    (tmp_path / "analytics.toml").write_text(blocks("toml")[0], encoding="utf-8")
    keys = dict.fromkeys(re.findall(r'_key_env = "(\w+)"', blocks("toml")[0]), "key")

    loaded = settings.load(keys | {"CRM_SIGNING_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, tmp_path)

    assert [source.name for source in loaded.sources] == ["web"]
    assert [destination.name for destination in loaded.destinations] == ["segment", "crm"]


def test_the_snapshot_of_the_example_loads(tmp_path: Path) -> None:
    """Its two files as they stand there."""
    for block in blocks("toml") + blocks("sql"):
        if found := re.match(r"(?:#|--) snapshots/(\S+)\n", block):
            (tmp_path / found[1]).write_text(block, encoding="utf-8")

    loaded = declaration.read(tmp_path, "seats", registry.default())

    assert (loaded.traits, loaded.is_of_any_time) == (("plan", "seat_count"), True)


def test_every_field_of_a_snapshot_is_documented_and_nothing_else_is() -> None:
    """But those that come from the files beside it."""
    text = (ROOT / "docs" / "snapshots.md").read_text(encoding="utf-8")
    table = text[text.index("## Fields") : text.index("## Databases")]

    documented = {
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }

    assert documented == {*declaration.Declaration.model_fields} - {"name", "sql", "parameters", "between"}


@pytest.mark.parametrize(
    ("heading", "model", "in_the_file"),
    [
        ("## Sources", Source, {"write_key_env"}),
        ("## Sessions", SessionSettings, {"secret_env"}),
    ],
)
def test_every_setting_of_a_source_and_a_session_is_documented(
    heading: str, model: type[BaseModel], in_the_file: set[str]
) -> None:
    """And nothing else is, in the first table below the heading; secrets stand there by their variables' names."""
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    table = re.findall(r"(?:^\|.*\n)+", text[text.index(heading) :], re.MULTILINE)[0]

    documented = {
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }

    assert documented == ({*model.model_fields} | in_the_file) - {"name", "secret"}


def test_the_first_event_keeps_the_plan() -> None:
    """The event of the curl line is accepted, not quarantined."""
    call = json.loads(re.findall(r"-d '(.*?)'", blocks("sh")[1])[0])

    assert registry.default().validate({"type": "track", **call}) == []


@pytest.mark.parametrize("path", sorted({*re.findall(r"\]\((docs/[^)]+)\)|(?<=python )(docs/\S+)", README)}))
def test_every_file_that_is_named_is_there(path: tuple[str, str]) -> None:
    """Pictures, and programs to try things out with."""
    assert (ROOT / "".join(path)).is_file()


def test_every_command_of_make_exists() -> None:
    """What the README tells to type is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert {*re.findall(r"\bmake ([a-z]+)\b", README)} <= {*re.findall(r"^([a-z]+):", makefile, re.MULTILINE)}
