"""What does a wrong setting say?"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from analytics_platform.settings import ConfigurationError, load

POSTHOG = "PostHog takes events at us.i.posthog.com or eu.i.posthog.com; write one of them"
PUBLIC_URL = "must be where clients reach the ingest API, such as https://events.example.com"
KEY = "sk-very-secret"
VENDOR = "https://collect.example.com/v1"
KINDS = {"destinations.x": 'type = "file"', "sources.x": 'write_key_env = "KEY"', "ingest": ""}
WITHOUT_FILE = re.compile(r"^\S+/analytics\.toml: (?=(sources|destinations|ingest)\.)")


def complaint(folder: Path, environ: Mapping[str, str], text: str = "") -> str:
    """The sentence that the settings are refused with, without the file's path where that stands before a setting."""
    (folder / "analytics.toml").write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load(environ, folder)
    return WITHOUT_FILE.sub("", str(refused.value))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ANALYTICS_PORT", "http", "must be a whole number; the default is 8000"),
        ("ANALYTICS_WORKERS", "1.5", "must be a whole number; the default is 1"),
        ("ANALYTICS_RATE_LIMIT", "high", "must be a number; the default is 0"),
        ("ANALYTICS_CATALOG", "maybe", "must be true or false"),
        ("ANALYTICS_PORT", "0", "must be greater than or equal to 1"),
        ("DAGSTER_PORT", "65536", "must be less than or equal to 65535"),
        ("ANALYTICS_PLAN_MODE", "strict", "must be 'enforce', 'quarantine', 'warn' or 'off'"),
        ("ANALYTICS_UNPLANNED_MODE", "enforce", "must be 'reject', 'quarantine', 'warn' or 'off'"),
        ("ANALYTICS_UNPLANNED_PROPERTY_MODE", "on", "must be 'reject', 'quarantine', 'warn' or 'off'"),
        ("ANALYTICS_RATE_LIMIT", "-1", "must be greater than or equal to 0"),
        ("ANALYTICS_RATE_LIMIT", "nan", "must be a finite number"),
        ("ANALYTICS_RATE_LIMIT", "inf", "must be a finite number"),
        ("ANALYTICS_ADDRESS_RATE_LIMIT", "inf", "must be a finite number"),
        ("ANALYTICS_BATCH_SIZE", "0", "must be greater than or equal to 1"),
        ("ANALYTICS_BATCH_SIZE", "2501", "must be less than or equal to 2500"),
        ("ANALYTICS_FLUSH_INTERVAL_MS", "-1", "must be greater than or equal to 0"),
        ("ANALYTICS_ENDPOINT", "collect.example.com", "must be an address such as https://api.example.com/v1"),
        ("ANALYTICS_ENDPOINT", "ftp://example.com", "must be an address such as https://api.example.com/v1"),
        ("ANALYTICS_ENDPOINT", "https://", "must be an address such as https://api.example.com/v1"),
        ("ANALYTICS_ENDPOINT", "https://[::1", "must be an address such as https://api.example.com/v1"),
        ("ANALYTICS_ENDPOINT", f"https://user:{KEY}", "must be an address such as https://api.example.com/v1"),
        ("ANALYTICS_ENDPOINT", f"https://{KEY}@example.com", "must not hold a name or a key before the host"),
        ("ANALYTICS_ENDPOINT", "https://posthog.com", POSTHOG),
        ("ANALYTICS_PUBLIC_URL", "events.example.com", PUBLIC_URL),
        ("ANALYTICS_PUBLIC_URL", "ftp://events.example.com", PUBLIC_URL),
        ("ANALYTICS_PUBLIC_URL", "https://", PUBLIC_URL),
        ("ANALYTICS_PUBLIC_URL", "https://[::1", PUBLIC_URL),
        ("ANALYTICS_PUBLIC_URL", f"https://{KEY}@events.example.com", PUBLIC_URL),
        ("ANALYTICS_PUBLIC_URL", "https://events.example.com?a=b", PUBLIC_URL),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    """One sentence: the variable, and what it must be."""
    assert complaint(tmp_path, {name: value}) == f"{name}: {sentence}"


@pytest.mark.parametrize(
    "url",
    [
        "redis://:sk-very-secret@host/0",
        "sqs://queue",
        "postgresql://",
        "postgresql+psycopg2://host/db",
        "sqlite:///",
        "staging.db",
    ],
)
def test_an_unknown_queue_is_refused_in_one_sentence(tmp_path: Path, url: str) -> None:
    """It says what is not there yet and what to use, without the address, which may hold a password."""
    scheme = url.partition(":")[0]

    assert complaint(tmp_path, {"ANALYTICS_QUEUE": url}) == (
        f"ANALYTICS_QUEUE: '{scheme}' is not a staging store of this version; use "
        "sqlite:///path/to/staging.db or postgresql://user:password@host/database, or leave it unset"
    )


@pytest.mark.parametrize("place", ["destinations.x.bach", "sources.x.bach", "ingest.bach"])
def test_the_file_is_named_with_what_is_wrong_in_it(tmp_path: Path, place: str) -> None:
    """Its whole path, since the folder may be another one than the reader thinks."""
    table = place.rpartition(".")[0]
    text = f"[{table}]\nbach = 1\n{KINDS[table]}"
    (tmp_path / "other.toml").write_text(text)

    with pytest.raises(ConfigurationError, match=rf"^{tmp_path}/other\.toml: {place}: there is no such setting"):
        load({"ANALYTICS_CONFIG": "other.toml", "KEY": "k"}, tmp_path)


def test_a_variable_is_named_without_the_file(tmp_path: Path) -> None:
    """It does not stand there."""
    (tmp_path / "analytics.toml").write_text('[destinations.x]\ntype = "file"')

    with pytest.raises(ConfigurationError, match=r"^ANALYTICS_BATCH_SIZE: must be a whole number"):
        load({"ANALYTICS_BATCH_SIZE": "many"}, tmp_path)


def test_a_store_in_memory_is_refused_where_others_need_it(tmp_path: Path) -> None:
    """The ingest API alone may have one; the sentence says how."""
    settings = load({"ANALYTICS_QUEUE": "memory://"}, tmp_path)

    with pytest.raises(ConfigurationError, match=r"one process's alone.*python -m ingest_api"):
        _ = settings.shared_queue


def test_segment_needs_its_write_key(tmp_path: Path) -> None:
    """The sentence names the place where the key belongs."""
    text = '[destinations.x]\ntype = "segment"\nendpoint = "https://api.segment.io/v1"'

    assert complaint(tmp_path, {"ANALYTICS_ENDPOINT": "https://api.segment.io"}) == (
        "ANALYTICS_API_KEY: Segment needs a write key"
    )
    assert complaint(tmp_path, {}, text) == "destinations.x.api_key_env: Segment needs a write key"


def test_a_key_without_an_endpoint_is_a_mistake(tmp_path: Path) -> None:
    """Nobody would use it."""
    sentence = "ANALYTICS_API_KEY is set but ANALYTICS_ENDPOINT is not: set the vendor's address too"

    assert complaint(tmp_path, {"ANALYTICS_API_KEY": KEY}) == sentence


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_not base64!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "sk-very-secret", "whsec_MfKQ9"]
)
def test_a_signing_secret_has_its_form(tmp_path: Path, secret: str) -> None:
    """`whsec_` and base64, as the receiver was given it; found when the process starts, not at the first event."""
    text = f'[destinations.hook]\ntype = "webhook"\nendpoint = "{VENDOR}"\napi_key_env = "SECRET"'

    assert complaint(tmp_path, {"SECRET": secret}, text) == (
        "destinations.hook.api_key_env: a webhook's signing secret must be whsec_ followed by base64"
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (
            'type = "kafka"',
            "type: must be 'amplitude', 'file', 'jitsu', 'mixpanel', 'posthog', 'rudderstack', 'segment' or 'webhook'",
        ),
        ("batch_size = 5", "type: is needed"),
        ('type = "segment"', "endpoint: the vendor's address is needed"),
        ('type = "webhook"\nendpoint = "localhost"', "endpoint: must be an address such as https://api.example.com/v1"),
        ('type = "file"\nbatch_size = "many"', "batch_size: must be a whole number; the default is 50"),
        ('type = "file"\ngive_up_after_hours = "never"', "give_up_after_hours: must be a number; the default is 96"),
        ('type = "file"\nbatch = "perhaps"', "batch: must be true or false"),
        ('type = "file"\nallow = "report.*"', 'allow: must be a list, such as ["one", "two"]'),
        ('type = "file"\nrename = []', 'rename: must be a table, such as { one = "two" }'),
        ('type = "file"\nregion = 7', "region: must be text in quotes"),
        ('type = "file"\nbatch_size = 0', "batch_size: must be greater than or equal to 1"),
        ('type = "file"\nconcurrency = 65', "concurrency: must be less than or equal to 64"),
        ('type = "file"\ngive_up_after_hours = 0', "give_up_after_hours: must be greater than 0"),
        ('type = "file"\nbach = false', "bach: there is no such setting; correct its name or remove it"),
    ],
)
def test_a_wrong_setting_of_the_file_is_named_with_its_destination(tmp_path: Path, table: str, sentence: str) -> None:
    """One sentence: the destination, the setting, and what it must be; also when a variable is the default."""
    text = f'[destinations.first]\ntype = "file"\n[destinations.broken]\n{table}'

    assert complaint(tmp_path, {"ANALYTICS_BATCH_SIZE": "20"}, text) == f"destinations.broken.{sentence}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[sources.web]", "sources.web.write_key_env: is needed"),
        ('[sources.web]\nwrite_key_env = "KEY"\nrate_limit = -1', "sources.web.rate_limit: must be greater than"),
        ('[sources.web]\nwrite_key_env = "KEY"\nrate_limit = inf', "sources.web.rate_limit: must be a finite number"),
        ('[sources.Web]\nwrite_key_env = "KEY"', "sources.Web.name: must be a lower-case letter, followed by"),
        (
            '[sources.web]\nwrite_key_env = "KEY"\n[sources.app]\nwrite_key_env = "KEY"',
            "sources.app.write_key_env: the key is that of sources.web; give each its own",
        ),
        ("[sources]\nweb = 1", "sources.web must be a table: write [sources.web]"),
        ("[destinations]\nhook = 1", "destinations.hook must be a table: write [destinations.hook]"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    """A source or destination is found by its own name."""
    assert complaint(tmp_path, {"KEY": KEY}, text).startswith(sentence)


@pytest.mark.parametrize(("kind", "setting"), [("sources", "write_key"), ("destinations", "api_key")])
def test_a_key_in_the_file_is_refused(tmp_path: Path, kind: str, setting: str) -> None:
    """Files are committed and copied; the sentence says where the key belongs, and not what it is."""
    assert complaint(tmp_path, {}, f'[{kind}.x]\n{setting} = "{KEY}"') == (
        f"{kind}.x.{setting}: keys come from the environment, never from the file; "
        f'write {setting}_env = "NAME_OF_THE_VARIABLE" instead'
    )


def test_a_key_in_the_place_of_its_variable_is_not_repeated(tmp_path: Path) -> None:
    """What does not look like the name of a variable may be the key itself."""
    text = f'[destinations.x]\ntype = "file"\napi_key_env = "{KEY}"'

    assert complaint(tmp_path, {}, text) == (
        "destinations.x.api_key_env: must be the name of an environment variable, such as VENDOR_KEY"
    )


@pytest.mark.parametrize("environ", [{}, {"VENDOR_KEY": ""}])
def test_a_variable_that_is_not_set_is_named(tmp_path: Path, environ: dict[str, str]) -> None:
    """So that it can be set."""
    text = '[destinations.x]\ntype = "file"\napi_key_env = "VENDOR_KEY"'

    assert complaint(tmp_path, environ, text) == (
        "destinations.x.api_key_env: the environment variable VENDOR_KEY is not set; set it to the key"
    )


@pytest.mark.parametrize("text", ["port = 8000", "sources = 1", "[[destinations]]", "[source.web]"])
def test_a_file_has_sources_and_destinations_alone(tmp_path: Path, text: str) -> None:
    """Everything else is a variable, or a slip of the pen."""
    assert complaint(tmp_path, {}, text).endswith(
        "there are [sources.NAME], [destinations.NAME] and [ingest], nothing else"
    )


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    """With the line that is wrong."""
    assert complaint(tmp_path, {}, "[destinations.x\n").startswith(
        f"{tmp_path}/analytics.toml: is no TOML, where texts stand in quotes: Expected"
    )


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A file that was asked for must be there, and be text."""
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    remedy = "; give the path of a TOML file"

    assert complaint(tmp_path, {"ANALYTICS_CONFIG": "gone.toml"}) == (
        f"ANALYTICS_CONFIG: {tmp_path}/gone.toml cannot be read (FileNotFoundError){remedy}"
    )
    assert complaint(tmp_path, {"ANALYTICS_CONFIG": "binary.toml"}) == (
        f"ANALYTICS_CONFIG: {tmp_path}/binary.toml cannot be read (UnicodeDecodeError){remedy}"
    )


@pytest.mark.parametrize(
    "environ",
    [
        {"ANALYTICS_ENDPOINT": "https://api.segment.io", "ANALYTICS_API_KEY": KEY, "ANALYTICS_BATCH_SIZE": "0"},
        {"ANALYTICS_ENDPOINT": "nowhere", "ANALYTICS_API_KEY": KEY},
        {"ANALYTICS_WRITE_KEY": KEY, "ANALYTICS_PLAN_MODE": "no"},
    ],
)
def test_no_error_holds_a_key(tmp_path: Path, environ: dict[str, str]) -> None:
    """Neither its sentence nor anything that a traceback would show beside it."""
    with pytest.raises(ConfigurationError) as refused:
        load(environ, tmp_path)

    assert KEY not in str(refused.value)
    assert refused.value.__suppress_context__
    assert refused.value.__cause__ is None
