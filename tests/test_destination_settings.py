"""What may a configuration say of a destination, and what does it leave to the vendor?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.settings import ConfigurationError, DestinationSettings, load

KEYS = {"KEY": "vendor-key", "SECRET": "robots-secret"}
TABLE = '[destinations.x]\napi_key_env = "KEY"\n'
HOOK = '[destinations.x]\ntype = "webhook"\n'


def loaded(folder: Path, text: str = "", environ: Mapping[str, str] = KEYS) -> DestinationSettings:
    """The one destination of such a configuration."""
    (folder / "analytics.toml").write_text(text)
    (destination,) = load(environ, folder).destinations
    return destination


def complaint(folder: Path, text: str, environ: Mapping[str, str] = KEYS) -> str:
    """The sentence that the configuration is refused with, without the destination's place."""
    with pytest.raises(ConfigurationError) as refused:
        loaded(folder, text, environ)
    return str(refused.value).removeprefix(f"{folder}/analytics.toml: destinations.x.")


# Hosts


@pytest.mark.parametrize(
    ("table", "endpoint"),
    [
        ('type = "amplitude"', "https://api2.amplitude.com"),
        ('type = "amplitude"\nregion = "us"', "https://api2.amplitude.com"),
        ('type = "amplitude"\nregion = "eu"', "https://api.eu.amplitude.com"),
        ('type = "mixpanel"', "https://api.mixpanel.com"),
        ('type = "mixpanel"\nregion = "eu"', "https://api-eu.mixpanel.com"),
        ('type = "mixpanel"\nregion = "in"', "https://api-in.mixpanel.com"),
        ('type = "posthog"', "https://us.i.posthog.com"),
        ('type = "posthog"\nregion = "eu"', "https://eu.i.posthog.com"),
        ('type = "posthog"\nendpoint = "https://posthog.example.com"', "https://posthog.example.com"),
        ('type = "posthog"\nendpoint = "https://eu.i.posthog.com/batch/"', "https://eu.i.posthog.com"),
        ('type = "segment"\nregion = "us"', "https://api.segment.io/v1"),
        ('type = "segment"\nregion = "eu"', "https://events.eu1.segmentapis.com/v1"),
        ('type = "jitsu"\nendpoint = "https://jitsu.example.com"', "https://jitsu.example.com"),
        ('type = "rudderstack"\nendpoint = "http://rudder:8080"', "http://rudder:8080"),
    ],
)
def test_an_endpoint_is_the_vendors_unless_it_is_named(tmp_path: Path, table: str, endpoint: str) -> None:
    """By region, or in the United States where the vendor is; self-hosted ones have an address of their own."""
    assert loaded(tmp_path, TABLE + table).endpoint == endpoint


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("https://api2.amplitude.com/2/httpapi", "amplitude"),
        ("https://api-eu.mixpanel.com", "mixpanel"),
        ("https://eu.i.posthog.com", "posthog"),
        ("https://api.segment.io", "segment"),
        ("https://collect.example.com/v1", "segment"),
    ],
)
def test_the_endpoint_of_the_environment_says_whose_it_is(tmp_path: Path, endpoint: str, kind: str) -> None:
    """A variable for the address and one for the key are enough."""
    found = loaded(tmp_path, environ={"ANALYTICS_ENDPOINT": endpoint, "ANALYTICS_API_KEY": "vendor-key"})

    assert found.type == kind


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('type = "amplitude"\nregion = "mars"', "region: must be 'us' or 'eu'"),
        ('type = "mixpanel"\nregion = "mars"', "region: must be 'us', 'eu' or 'in'"),
        (
            'type = "posthog"\nregion = "eu"\nendpoint = "https://us.i.posthog.com"',
            "region: the endpoint is not of this region; leave out one of the two",
        ),
        ('type = "webhook"\nregion = "eu"', "region: A webhook has none; set endpoint to its address"),
        ('type = "rudderstack"', "endpoint: the vendor's address is needed"),
        (
            'type = "segment"\nendpoint = "https://us.i.posthog.com"',
            'type: the endpoint is one of posthog; write type = "posthog"',
        ),
        (
            'type = "posthog"\nendpoint = "https://app.posthog.com"',
            "endpoint: PostHog takes events at us.i.posthog.com or eu.i.posthog.com; write one of them",
        ),
        (
            'type = "kafka"',
            "type: must be 'amplitude', 'file', 'jitsu', 'mixpanel', 'posthog', 'rudderstack', 'segment' or 'webhook'",
        ),
    ],
)
def test_a_wrong_address_is_named(tmp_path: Path, table: str, sentence: str) -> None:
    """With what would be right."""
    assert complaint(tmp_path, TABLE + table) == sentence


@pytest.mark.parametrize(
    ("kind", "called"),
    [
        ("amplitude", "Amplitude needs an API key"),
        ("mixpanel", "Mixpanel needs a project token"),
        ("posthog", "PostHog needs a project token"),
        ("rudderstack", "RudderStack needs a write key"),
        ("jitsu", "Jitsu needs a write key"),
    ],
)
def test_a_vendor_needs_its_key(tmp_path: Path, kind: str, called: str) -> None:
    """By the name that the vendor gives it."""
    text = f'[destinations.x]\ntype = "{kind}"\nendpoint = "https://vendor.example.com"'

    assert complaint(tmp_path, text) == f"api_key_env: {called}"


def test_a_service_account_has_its_secret_from_the_environment(tmp_path: Path) -> None:
    """Like every key."""
    found = loaded(tmp_path, TABLE + 'type = "mixpanel"\napi_secret_env = "SECRET"\n[destinations.x.options]\na = 1')

    assert found.api_secret is not None
    assert found.api_secret.get_secret_value() == "robots-secret"
    assert found.options == {"a": 1}
    assert "robots-secret" not in repr(found)


# Webhooks


@pytest.mark.parametrize(
    ("table", "may_be_private"),
    [
        ('endpoint = "https://hooks.example.com"', False),
        ('endpoint = "https://8.8.8.8"', False),
        ('endpoint = "https://127.1"', False),
        ('endpoint = "https://hooks.example.com"\nallow_private = true', True),
        ('endpoint = "http://hooks.internal:8080"\nallow_private = true', True),
        ('endpoint = "http://localhost:9009"', True),
        ('endpoint = "http://127.0.0.1:9009"', True),
        ('endpoint = "http://[::1]:9009"', True),
        ('endpoint = "http://10.0.0.7/hook"', True),
    ],
)
def test_a_webhook_may_lead_inside_if_the_configuration_plainly_says_so(
    tmp_path: Path, table: str, *, may_be_private: bool
) -> None:
    """By a private address, or by the setting; a name alone does not say so."""
    assert loaded(tmp_path, HOOK + table).may_be_private is may_be_private


def test_other_destinations_may_be_anywhere(tmp_path: Path) -> None:
    """Self-hosted ones are in one's own network as a rule."""
    assert loaded(tmp_path, TABLE + 'type = "posthog"\nendpoint = "http://posthog:8000"').may_be_private


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            'endpoint = "http://hooks.example.com"',
            "endpoint: must begin with https://; for one in a network of yours set allow_private = true",
        ),
        (
            'endpoint = "https://hooks.example.com"\ncompression = "gzip"',
            "compression: a webhook's body is signed as it is sent; leave it out",
        ),
    ],
)
def test_a_webhook_is_not_sent_otherwise(tmp_path: Path, table: str, sentence: str) -> None:
    """What a receiver could not trust or read is refused at once."""
    assert complaint(tmp_path, HOOK + table) == sentence


# What goes there


def test_a_destination_has_its_own_rules(tmp_path: Path) -> None:
    """Which calls, of whom, under which names, how fast and how large."""
    table = """
type = "posthog"
allow = ["report.*", "identify"]
deny = ["report.debug"]
sources = ["web"]
sample = 0.1
consent = ["analytics"]
rate_limit = 10
batch_bytes = 100000
compression = "gzip"
rename = { "report.created" = "Report Created" }
move = { "properties.id" = "properties.report_id", "context.ip" = "" }
"""

    found = loaded(tmp_path, TABLE + table)

    assert (found.allow, found.deny, found.sources) == (("report.*", "identify"), ("report.debug",), ("web",))
    assert (found.sample, found.consent, found.rate_limit) == (0.1, ("analytics",), 10)
    assert (found.batch_bytes, found.compression) == (100000, "gzip")
    assert found.rename == {"report.created": "Report Created"}
    assert found.move == {"properties.id": "properties.report_id", "context.ip": ""}


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ("sample = 1.5", "sample"),
        ("rate_limit = -1", "rate_limit"),
        ("batch_bytes = 10", "batch_bytes"),
        ('compression = "br"', "compression"),
        ('allow = "report.created"', "allow"),
        ('move = { "userId" = "properties.user" }', "move.userId"),
        ('move = { "properties.id" = "messageId" }', "move.properties.id"),
        ('move = { "properties." = "" }', "move.properties."),
    ],
)
def test_a_wrong_rule_is_named(tmp_path: Path, setting: str, field: str) -> None:
    """Ids, times and types stay where they are: dedupe keys and order hang on them."""
    assert complaint(tmp_path, TABLE + 'type = "posthog"\n' + setting).startswith(field)


def test_a_default_is_what_was_before(tmp_path: Path) -> None:
    """Everything goes everywhere, uncompressed and as it is."""
    values: dict[str, Any] = loaded(tmp_path, TABLE + 'type = "posthog"').model_dump()

    assert {name: values[name] for name in ("allow", "deny", "sources", "consent", "rename", "move")} == {
        "allow": (),
        "deny": (),
        "sources": (),
        "consent": (),
        "rename": {},
        "move": {},
    }
    assert (values["sample"], values["rate_limit"], values["batch_bytes"], values["compression"]) == (
        1,
        0,
        None,
        "none",
    )
