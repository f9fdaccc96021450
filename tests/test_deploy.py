"""Do the files in deploy/ name what there is?"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # comes with Dagster, without types

from analytics_platform import settings
from analytics_platform.cli import app
from analytics_platform.supervisor.alone import PORT, names

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
PARTS = {name: service for name, service in COMPOSE["services"].items() if name != "postgres"}
UNITS = sorted((DEPLOY / "systemd").iterdir())
COMMANDS = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}

DOCKER_COMPOSE, SYSTEMD_ANALYZE = shutil.which("docker-compose"), shutil.which("systemd-analyze")

OTHERS_VARIABLES = {"ANALYTICS_PUBLISH", "ANALYTICS_CODE_SERVER_HOST"}
"""Which the compose file and the supervisor read."""


def known_variables() -> set[str]:
    """All that the settings read."""
    text = "".join(path.read_text(encoding="utf-8") for path in Path(settings.__file__).parent.glob("*.py"))
    return {*re.findall(r"\b(?:ANALYTICS|DAGSTER)_[A-Z_]+\b", text)} | OTHERS_VARIABLES


@pytest.mark.parametrize("path", [path for path in DEPLOY.rglob("*") if path.is_file()], ids=lambda path: path.name)
def test_every_variable_is_one_that_somebody_reads(path: Path) -> None:
    """A slip of the pen would be ignored in silence."""
    named = re.findall(r"\b(?:ANALYTICS|DAGSTER)_[A-Z_]+\b", path.read_text(encoding="utf-8"))

    assert {*named} <= known_variables()


# The image


def test_the_image_copies_what_is_there() -> None:
    """And all that the packages, Dagster and the supervisor read from the checkout."""
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    ]

    assert [name for name in copied if not (ROOT / name).exists()] == []
    needed = {"dagster.yaml", "workspace.yaml", "deploy/postgres", "snapshots", "pyproject.toml", "requirements.lock"}
    assert needed | {"event_registry", "ingest_api", "analytics_platform"} <= {*copied}


def test_what_is_copied_is_not_ignored() -> None:
    """The build sees only what the ignore file lets through: no data, no keys."""
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    ]

    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == {*copied}


def test_the_image_runs_as_nobody_in_particular() -> None:
    """Not as root, which Kubernetes sees by a number alone, and with the command that pyproject.toml installs."""
    last_user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[-1]

    assert last_user == "10001:10001"
    assert 'ENTRYPOINT ["analytics"]' in DOCKERFILE
    assert 'analytics = "analytics_platform.cli:app"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


# The compose file


def test_there_is_a_container_for_each_part() -> None:
    """Which runs `analytics part` with a name that it knows."""
    assert "part" in COMMANDS
    assert {service["command"][1] for service in PARTS.values()} == {*names()}
    assert {service["command"][0] for service in PARTS.values()} == {"part"}
    assert [name for name, service in PARTS.items() if name != service["command"][1]] == []


@pytest.mark.parametrize("name", PARTS)
def test_each_part_is_confined_and_looked_after(name: str) -> None:
    """No root, no capabilities, nothing writable but the data, and somebody asks whether it is well."""
    service = PARTS[name]

    assert service["user"] == "10001:10001"
    assert f"--uid {service['user'].partition(':')[0]} " in DOCKERFILE
    assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])  # noqa: S108
    assert service["volumes"] == ["data:/data"]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_only_the_ingest_api_may_be_reached_from_elsewhere() -> None:
    """Whoever reaches Dagster's UI or the code server can run code."""
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}

    assert published == {
        "ingest": ["${ANALYTICS_PUBLISH:-127.0.0.1:8000}:8000"],
        "webserver": ["127.0.0.1:3000:3000"],
    }


def test_the_parts_find_the_code_server() -> None:
    """By its container's name, at the port that it listens on."""
    assert {service["environment"]["ANALYTICS_CODE_SERVER_HOST"] for service in PARTS.values()} == {"code-server"}
    assert f"('127.0.0.1', {PORT})" in PARTS["code-server"]["healthcheck"]["test"][3]


@pytest.mark.skipif(
    shutil.which("docker-compose") is None, reason="docker-compose reads the file, and is not installed"
)
def test_compose_accepts_the_file(tmp_path: Path) -> None:
    """With the example's variables, and a password."""
    folder = tmp_path / "deploy" / "compose"
    shutil.copytree(DEPLOY / "compose", folder)
    example = (folder / "example.env").read_text(encoding="utf-8")
    (folder / ".env").write_text(example.replace("POSTGRES_PASSWORD=", "POSTGRES_PASSWORD=secret"), encoding="utf-8")

    done = subprocess.run([DOCKER_COMPOSE or "", "config"], cwd=folder, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "postgresql://analytics:secret@postgres:5432/analytics" in done.stdout


# The units


@pytest.mark.parametrize("unit", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_a_unit_runs_a_command_that_there_is(unit: Path) -> None:
    """From the place where the page says to put the checkout, which `make .venv/installed` fills."""
    text = unit.read_text(encoding="utf-8")
    [(folder, command)] = re.findall(r"ExecStart=.*?(/\S+)/\.venv/bin/analytics (\w+)", text)

    assert command in COMMANDS
    assert f"WorkingDirectory={folder}" in text
    assert f"{folder} && sudo make .venv/installed" in (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert {
        path for path in re.findall(rf"{folder}/((?:deploy|docs)/\S+)", text) if not (ROOT / path).is_file()
    } == set()


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze reads the units, and is not installed"
)
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """With a program in the place of ours, which is not installed there."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/analytics-platform/.venv/bin/analytics", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")

    done = subprocess.run(
        [SYSTEMD_ANALYZE or "", "verify", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_every_file_that_the_page_names_is_there() -> None:
    """Also the folders."""
    page = (DEPLOY / "README.md").read_text(encoding="utf-8")

    named = [*re.findall(r"\]\(([^)]+)\)", page), *re.findall(r"deploy/[\w./]+\w(?![\w*])", page)]
    assert [name for name in named if not ((DEPLOY / name).exists() or (ROOT / name).exists())] == []
