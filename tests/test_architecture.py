"""Do the imports point the way that the design draws them?"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from event_registry import registry

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("event_registry", "ingest_api", "analytics_platform")
DAGSTER_MODULES = (
    *("assets", "definitions", "housekeeping", "metadata", "ops", "partitions", "purging", "resources", "schedules"),
    *("code_server", "run_failures", "sensors", "snapshot_metadata"),
)

OURS_SEEN_FROM = {
    "event_registry": ("event_registry",),
    "analytics_platform.staging": ("analytics_platform.staging",),
    "ingest_api": ("ingest_api", "event_registry", "analytics_platform.staging", "analytics_platform.settings"),
    "analytics_platform.settings": ("analytics_platform.settings",),
    "analytics_platform.destinations": (
        "analytics_platform.destinations",
        "analytics_platform.staging",
        "analytics_platform.settings",
        "event_registry",
    ),
    "analytics_platform.delivery": (
        "analytics_platform.delivery",
        "analytics_platform.destinations",
        "analytics_platform.staging",
    ),
    "analytics_platform.backup": (
        "analytics_platform.backup",
        "analytics_platform.staging",
        "analytics_platform.settings",
    ),
    "analytics_platform.snapshots": (
        "analytics_platform.snapshots",
        "analytics_platform.staging",
        "analytics_platform.settings",
        "event_registry",
    ),
}
"""What of ours each of these may import."""

LIBRARIES = {
    "dagster": tuple(f"analytics_platform.{name}" for name in DAGSTER_MODULES),
    "requests": ("analytics_platform.destinations", "analytics_platform.launching", "ingest_api.jwks"),
    "jwt": ("ingest_api.jwks", "ingest_api.session_tokens"),
    "sqlite3": ("analytics_platform.staging", "analytics_platform.snapshots", "analytics_platform.backup"),
    "psycopg2": ("analytics_platform.backup.postgres",),
    "sqlite_utils": ("analytics_platform.staging", "analytics_platform.snapshots"),
    "pandas": ("analytics_platform.snapshots",),
    "sqlalchemy": ("analytics_platform.snapshots",),
    "sqlglot": ("analytics_platform.snapshots.statement",),
    "starlette": ("ingest_api",),
    "uvicorn": ("ingest_api",),
    "maxminddb": ("ingest_api.geoip",),
    "prometheus_client": ("ingest_api.metrics",),
    "typer": ("analytics_platform.cli", "analytics_platform.commands"),
}
"""Where alone each of these libraries may be imported."""

SQL_PLACES = ("analytics_platform.staging", "analytics_platform.snapshots", "analytics_platform.backup")
SQL = re.compile(
    r"^\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s.+\sSET|DELETE\s+FROM|CREATE\s+TABLE|PRAGMA)\s", re.DOTALL
)


NAMES = (*registry.default().names, *registry.load("event_registry.own_events").names)
NAMED = re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, NAMES))})(?![\w.])")
"""What has the name of an event in it."""


@dataclass(frozen=True)
class Module:
    """One of our modules: its dotted name, and what its source says."""

    name: str
    tree: ast.Module

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self.tree.body

    def imports(self) -> Iterator[str]:
        """The dotted names that it imports, wherever in the module."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: a relative import hides where it points"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def events_sent(self) -> Iterator[str]:
        """The event names that are written out where a call is made: `{"event": "…"}`, or `event="…"`."""
        for node in ast.walk(self.tree):
            pairs: list[tuple[object, ast.expr]] = []
            if isinstance(node, ast.Dict):
                pairs = [
                    (key.value, value)
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant)
                ]
            elif isinstance(node, ast.Call):
                pairs = [(keyword.arg, keyword.value) for keyword in node.keywords]
            for name, value in pairs:
                if name == "event" and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value

    def strings(self) -> Iterator[str]:
        """The text constants in it."""
        return (
            node.value for node in ast.walk(self.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )


def module_at(path: Path) -> Module:
    """The module that a file holds."""
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return Module(".".join(parts).removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8")))


MODULES = [module_at(path) for package in PACKAGES for path in sorted((REPOSITORY / package).rglob("*.py"))]


def is_within(name: str, places: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of these, or inside one of them."""
    return any(f"{name}.".startswith(f"{place}.") for place in places)


@pytest.mark.parametrize("importer", OURS_SEEN_FROM)
def test_imports_point_one_way(importer: str) -> None:
    """The registry and staging at the bottom, ingest and delivery above them, Dagster on top."""
    allowed = OURS_SEEN_FROM[importer]

    against = [
        f"{module.name} imports {name}"
        for module in MODULES
        for name in module.imports()
        if is_within(module.name, (importer,)) and is_within(name, PACKAGES) and not is_within(name, allowed)
    ]

    assert against == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_framework_has_its_place(library: str) -> None:
    """A library at the rim can be exchanged at the rim."""
    against = [
        f"{module.name} imports {name}"
        for module in MODULES
        for name in module.imports()
        if is_within(name, (library,)) and not is_within(module.name, LIBRARIES[library])
    ]

    assert against == []


def test_sql_is_written_where_the_databases_are() -> None:
    """Nobody else knows that there are tables."""
    against = [
        f"{module.name}: {text.strip()[:60]}"
        for module in MODULES
        for text in module.strings()
        if SQL.match(text) and not is_within(module.name, SQL_PLACES)
    ]

    assert against == []


def test_no_event_is_named_outside_of_the_registry() -> None:
    """Nor in an example or a message: whoever has another plan would be told of events that are none.

    A text that merely stands beside the word `event` counts, too, whether the plan knows it or not.
    """
    outside = [module for module in MODULES if not is_within(module.name, ("event_registry",))]
    named = [f"{module.name}: {text}" for module in outside for text in module.strings() if NAMED.search(text)]
    sent = [f"{module.name}: {name}" for module in outside for name in module.events_sent()]
    programs = [*REPOSITORY.glob("snapshots/*"), *REPOSITORY.glob("docs/*.py"), *REPOSITORY.glob("*.toml")]
    beside = [path.name for path in programs if path.is_file() and NAMED.search(path.read_text(encoding="utf-8"))]

    assert named + sent + beside == []


def test_every_module_says_its_job_in_one_sentence() -> None:
    """The first line of its docstring; a package that is there for its modules alone may be empty."""
    silent = [
        module.name
        for module in MODULES
        if not module.is_empty and not re.fullmatch(r"[^.]*(\.\S[^.]*)*\.", _first_line(ast.get_docstring(module.tree)))
    ]

    assert silent == []


def test_no_module_is_a_drawer_for_everything() -> None:
    """What has a job has a name."""
    drawers = [module.name for module in MODULES if {*module.name.split(".")} & {"utils", "helpers", "common", "misc"}]

    assert drawers == []


def test_the_package_itself_is_empty() -> None:
    """So that staging can be imported without anything else."""
    [package] = [module for module in MODULES if module.name == "analytics_platform"]

    assert package.is_empty


def test_ingest_runs_without_dagster_and_pandas() -> None:
    """Neither comes in by a back door: together they cost a second and 100 MB in each process."""
    program = "import analytics_platform.staging, ingest_api.app, sys; print(*{'dagster', 'pandas'} & {*sys.modules})"

    imported = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )

    assert imported.stdout.split() == []


def _first_line(docstring: str | None) -> str:
    return (docstring or "").partition("\n")[0]
