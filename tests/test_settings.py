"""What can an operator set, and where?"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from analytics_platform.settings import DestinationSettings, Settings, load

KEY = "sk-very-secret"
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VENDOR = "https://collect.example.com/v1"
TWO_DESTINATIONS = """
[sources.web]
write_key_env = "WEB_KEY"

[sources.app]
write_key_env = "APP_KEY"
plan_mode = "warn"
unplanned_mode = "reject"
rate_limit = 2.5

[destinations.warehouse]
type = "segment"
endpoint = "https://collect.example.com/v1/"
api_key_env = "WAREHOUSE_KEY"
batch_size = 10
concurrency = 2
give_up_after_hours = 0.5

[destinations.hook]
type = "webhook"
endpoint = "http://localhost:8080/hook"
api_key_env = "HOOK_SECRET"
batch = false
flush_interval_ms = 250
"""
KEYS = {"WEB_KEY": "web-key", "APP_KEY": "app-key", "WAREHOUSE_KEY": KEY, "HOOK_SECRET": SIGNING}


def load_file(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a folder with this analytics.toml in it."""
    (folder / "analytics.toml").write_text(text)
    return load(environ or {}, folder)


def only_destination(settings: Settings) -> DestinationSettings:
    """The one destination."""
    (destination,) = settings.destinations
    return destination


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    """Without any setting there is a demo source, and a file that events are delivered to."""
    settings = load({}, tmp_path)

    assert (settings.host, settings.port, settings.dagster_port) == ("127.0.0.1", 8000, 3000)
    assert settings.data_dir == tmp_path / ".data"
    assert settings.queue == f"sqlite:///{tmp_path}/.data/staging.db"
    (source,) = settings.sources
    assert (source.name, source.kind, source.has_key("demo")) == ("demo", "server", True)
    assert (source.plan_mode, source.unplanned_mode, source.rate_limit) == ("enforce", None, 0)  # by the plan mode
    assert only_destination(settings) == DestinationSettings(name="file", type="file")


def test_a_destination_has_defaults() -> None:
    """A flush of 50 events or 5 s, 4 requests in flight, and patience for 4 days."""
    destination = DestinationSettings(name="file", type="file")

    assert (destination.batch, destination.batch_size, destination.concurrency) == (True, 50, 4)
    assert (destination.flush_interval, destination.give_up_after_hours) == (5.0, 96)


def test_the_environment_sets_where_things_are(tmp_path: Path) -> None:
    """Relative paths start at the current folder, absolute ones are taken as they are."""
    environ = {
        "ANALYTICS_DATA_DIR": "var",
        "ANALYTICS_HOST": "0.0.0.0",  # noqa: S104  an address to read, not to bind
        "ANALYTICS_PORT": "8123",
        "DAGSTER_PORT": "3123",
        "ANALYTICS_QUEUE": "sqlite:///elsewhere/queue.db",
        "ANALYTICS_PUBLIC_URL": "https://example.com:8443/events",
    }

    settings = load(environ, tmp_path)

    assert (settings.data_dir, settings.queue) == (tmp_path / "var", f"sqlite:///{tmp_path}/elsewhere/queue.db")
    assert (settings.host, settings.port, settings.dagster_port) == ("0.0.0.0", 8123, 3123)  # noqa: S104  see above
    assert settings.ingest.public_url == "https://example.com:8443/events"
    assert load({"ANALYTICS_DATA_DIR": "/var/lib/analytics"}, tmp_path).data_dir == Path("/var/lib/analytics")
    assert load({"ANALYTICS_QUEUE": "sqlite:////var/q.db"}, tmp_path).queue == "sqlite:////var/q.db"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_the_store_may_be_a_postgres(tmp_path: Path, scheme: str) -> None:
    """By its address; which nobody sees who looks at the settings: there may be a password in it."""
    settings = load({"ANALYTICS_QUEUE": f"{scheme}://me:secret-canary@db.internal:5433/events"}, tmp_path)

    assert settings.shared_queue == "postgresql://me:secret-canary@db.internal:5433/events"
    assert "canary" not in repr(settings)


def test_the_environment_sets_the_demo_source(tmp_path: Path) -> None:
    """Its key, and what its calls may do."""
    environ = {
        "ANALYTICS_WRITE_KEY": KEY,
        "ANALYTICS_PLAN_MODE": "warn",
        "ANALYTICS_UNPLANNED_MODE": "reject",
        "ANALYTICS_UNPLANNED_PROPERTY_MODE": "off",
        "ANALYTICS_RATE_LIMIT": "2.5",
    }

    (source,) = load(environ, tmp_path).sources

    assert (source.name, source.has_key(KEY), source.has_key("demo")) == ("demo", True, False)
    assert (source.plan_mode, source.unplanned_mode, source.rate_limit) == ("warn", "reject", 2.5)
    assert source.unplanned_property_mode == "off"


def test_an_endpoint_alone_is_a_destination(tmp_path: Path) -> None:
    """It is named `default` and Segment-shaped, needs no key, and takes the place of the file."""
    destination = only_destination(load({"ANALYTICS_ENDPOINT": VENDOR}, tmp_path))

    assert (destination.name, destination.type, destination.endpoint) == ("default", "segment", VENDOR)
    assert destination.api_key is None


def test_the_environment_sets_the_whole_default_destination(tmp_path: Path) -> None:
    """With its key, the size of its batches and how long they may wait."""
    environ = {
        "ANALYTICS_ENDPOINT": VENDOR,
        "ANALYTICS_API_KEY": KEY,
        "ANALYTICS_BATCH_SIZE": "20",
        "ANALYTICS_FLUSH_INTERVAL_MS": "1500",
    }

    destination = only_destination(load(environ, tmp_path))

    assert destination.api_key is not None
    assert destination.api_key.get_secret_value() == KEY
    assert (destination.batch_size, destination.flush_interval) == (20, 1.5)


@pytest.mark.parametrize("host", ["api.segment.io", "events.eu1.segmentapis.com"])
@pytest.mark.parametrize("written", ["https://{}", "https://{}/", "https://{}/v1"])
def test_segments_own_hosts_need_no_path(tmp_path: Path, host: str, written: str) -> None:
    """The path of Segment's API is known."""
    environ = {"ANALYTICS_ENDPOINT": written.format(host), "ANALYTICS_API_KEY": KEY}

    assert only_destination(load(environ, tmp_path)).endpoint == f"https://{host}/v1"


@pytest.mark.parametrize(
    "name",
    [
        "ANALYTICS_DATA_DIR",
        "ANALYTICS_HOST",
        "ANALYTICS_PORT",
        "DAGSTER_PORT",
        "ANALYTICS_WRITE_KEY",
        "ANALYTICS_CONFIG",
        "ANALYTICS_PLAN_MODE",
        "ANALYTICS_UNPLANNED_MODE",
        "ANALYTICS_RATE_LIMIT",
        "ANALYTICS_ENDPOINT",
        "ANALYTICS_API_KEY",
        "ANALYTICS_QUEUE",
        "ANALYTICS_BATCH_SIZE",
        "ANALYTICS_FLUSH_INTERVAL_MS",
    ],
)
def test_an_empty_variable_counts_as_unset(tmp_path: Path, name: str) -> None:
    """Compose files and `.env` files set variables to nothing."""
    assert load({name: ""}, tmp_path) == load({}, tmp_path)


def test_a_file_sets_several_sources_and_destinations(tmp_path: Path) -> None:
    """Their keys come from the environment variables that the file names."""
    settings = load_file(tmp_path, TWO_DESTINATIONS, KEYS)

    web, app = settings.sources
    warehouse, hook = settings.destinations
    assert (web.name, web.plan_mode, app.name, app.plan_mode) == ("web", "enforce", "app", "warn")
    assert (app.has_key("app-key"), app.unplanned_mode, app.rate_limit) == (True, "reject", 2.5)
    assert (warehouse.type, warehouse.endpoint, warehouse.batch) == ("segment", f"{VENDOR}/", True)
    assert (warehouse.batch_size, warehouse.concurrency, warehouse.give_up_after_hours) == (10, 2, 0.5)
    assert (hook.type, hook.batch, hook.flush_interval) == ("webhook", False, 0.25)
    assert warehouse.api_key is not None
    assert warehouse.api_key.get_secret_value() == KEY


def test_the_environment_fills_what_the_file_leaves_open(tmp_path: Path) -> None:
    """A variable is the default of all sources or destinations; a table of the file decides for its own."""
    environ = KEYS | {
        "ANALYTICS_PLAN_MODE": "off",
        "ANALYTICS_RATE_LIMIT": "7",
        "ANALYTICS_BATCH_SIZE": "20",
        "ANALYTICS_FLUSH_INTERVAL_MS": "1500",
    }

    settings = load_file(tmp_path, TWO_DESTINATIONS, environ)

    assert [(source.plan_mode, source.rate_limit) for source in settings.sources] == [("off", 7), ("warn", 2.5)]
    assert [(each.batch_size, each.flush_interval) for each in settings.destinations] == [(10, 1.5), (20, 0.25)]


def test_the_environment_adds_a_destination_to_those_of_the_file(tmp_path: Path) -> None:
    """`default` stands beside the others."""
    settings = load_file(tmp_path, TWO_DESTINATIONS, KEYS | {"ANALYTICS_ENDPOINT": VENDOR})

    assert {each.name for each in settings.destinations} == {"default", "warehouse", "hook"}


def test_the_file_may_say_more_about_the_default_destination(tmp_path: Path) -> None:
    """Such as that its endpoint has no batch path."""
    environ = {"ANALYTICS_ENDPOINT": VENDOR, "ANALYTICS_API_KEY": KEY}

    destination = only_destination(load_file(tmp_path, "[destinations.default]\nbatch = false", environ))

    assert (destination.type, destination.endpoint, destination.batch) == ("segment", VENDOR, False)
    assert destination.api_key is not None


def test_a_destination_of_the_file_may_use_the_well_known_key(tmp_path: Path) -> None:
    """ANALYTICS_API_KEY is a variable like any other when the file names it."""
    text = f'[destinations.x]\ntype = "segment"\nendpoint = "{VENDOR}"\napi_key_env = "ANALYTICS_API_KEY"'

    assert only_destination(load_file(tmp_path, text, {"ANALYTICS_API_KEY": KEY})).api_key is not None


def test_the_file_may_be_elsewhere(tmp_path: Path) -> None:
    """ANALYTICS_CONFIG names it, and analytics.toml is not read then."""
    (tmp_path / "analytics.toml").write_text("this is not read")
    (tmp_path / "other.toml").write_text('[destinations.archive]\ntype = "file"')

    assert only_destination(load({"ANALYTICS_CONFIG": "other.toml"}, tmp_path)).name == "archive"


def test_keys_show_up_in_no_representation(tmp_path: Path) -> None:
    """Settings may be printed."""
    settings = load_file(tmp_path, TWO_DESTINATIONS, KEYS)

    shown = repr(settings) + str(settings) + settings.model_dump_json()

    assert [key for key in KEYS.values() if key in shown] == []


def test_a_webhook_may_go_unsigned(tmp_path: Path) -> None:
    """Without a secret there is no signature."""
    text = f'[destinations.hook]\ntype = "webhook"\nendpoint = "{VENDOR}"'

    assert only_destination(load_file(tmp_path, text)).api_key is None
