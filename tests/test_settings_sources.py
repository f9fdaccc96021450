"""Who may send, and with which keys, as the settings file says?"""

from pathlib import Path

import pytest

from analytics_platform.settings import ConfigurationError, Source, load
from analytics_platform.settings.sources import hash_of

ENVIRONMENT = {"OLD_KEY": "old-key", "NEW_KEY": "new-key"}


def sources(folder: Path, text: str) -> dict[str, Source]:
    """The sources of a file, by their names."""
    (folder / "analytics.toml").write_text(text)
    return {source.name: source for source in load(ENVIRONMENT, folder).sources}


def complaint(folder: Path, text: str) -> str:
    """The sentence that a file is refused with."""
    with pytest.raises(ConfigurationError) as refused:
        sources(folder, text)
    return str(refused.value).removeprefix(f"{folder}/analytics.toml: ")


def keys(source: Source) -> list[str]:
    """Which of the three keys of these tests it has."""
    return [key for key in ("old-key", "new-key", "hashed-key") if source.has_key(key)]


def test_a_source_may_have_several_keys(tmp_path: Path) -> None:
    """From the environment, by their hashes, or both: so one can be exchanged for another."""
    found = sources(
        tmp_path,
        '[sources.both]\nwrite_key_env = ["OLD_KEY", "NEW_KEY"]\n'
        f'[sources.hash]\nwrite_key_sha256 = "{hash_of("hashed-key").upper()}"\n',
    )

    assert {name: keys(source) for name, source in found.items()} == {
        "both": ["old-key", "new-key"],
        "hash": ["hashed-key"],
    }


def test_a_key_from_the_environment_goes_with_one_by_its_hash(tmp_path: Path) -> None:
    """The running process has no new environment, and still gets a new key."""
    text = f'[sources.web]\nwrite_key_env = "OLD_KEY"\nwrite_key_sha256 = ["{hash_of("hashed-key")}"]\n'

    assert keys(sources(tmp_path, text)["web"]) == ["old-key", "hashed-key"]


def test_a_source_keeps_no_key(tmp_path: Path) -> None:
    """Neither does what is printed of it have the hashes."""
    web = sources(tmp_path, '[sources.web]\nwrite_key_env = "OLD_KEY"\n')["web"]

    assert "old-key" not in f"{web!r} {web.model_dump()}"
    assert hash_of("old-key") not in repr(web)


def test_everything_can_be_said_of_a_source(tmp_path: Path) -> None:
    """Origins are kept as browsers write them."""
    web = sources(
        tmp_path,
        '[sources.web]\nwrite_key_env = "OLD_KEY"\nkind = "browser"\nenabled = false\nrate_limit = 20\n'
        'origins = ["HTTPS://App.Example.com:443", "https://*.example.org", "http://[::1]:3000"]\n'
        'address_rate_limit = 0.5\nrefused_calls = ["alias", "group"]\nplan_mode = "warn"\n',
    )["web"]

    assert (web.kind, web.enabled, web.plan_mode) == ("browser", False, "warn")
    assert web.origins == ("https://app.example.com", "https://*.example.org", "http://[::1]:3000")
    assert (web.rate_limit, web.address_rate_limit, web.refused_calls) == (20, 0.5, ("alias", "group"))


def test_by_default_a_source_is_a_server_without_limits(tmp_path: Path) -> None:
    """Whoever has one knows it."""
    web = sources(tmp_path, '[sources.web]\nwrite_key_env = "OLD_KEY"\n')["web"]

    assert (web.kind, web.enabled, web.origins, web.refused_calls) == ("server", True, (), ())
    assert (web.rate_limit, web.address_rate_limit) == (0, 0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "sources.web.write_key_env: is needed"),
        ("write_key_env = []", "sources.web.write_key_env: is needed"),
        ('write_key = "in-the-file"', "sources.web.write_key: keys come from the environment, never from the file; "),
        (
            'write_key_env = ["OLD_KEY", "UNSET"]',
            "sources.web.write_key_env: the environment variable UNSET is not set",
        ),
        ('write_key_env = "old-key"', "sources.web.write_key_env: must be the name of an environment variable"),
        ('write_key_sha256 = "old-key"', "sources.web.write_key_sha256.0: must be 64 hexadecimal digits"),
        ("write_key_sha256 = []", "sources.web.write_key_sha256: "),
        ('write_key_env = "OLD_KEY"\norigins = ["https://a.example"]', "sources.web.origins: nothing but a browser"),
        ('write_key_env = "OLD_KEY"\nkind = "robot"', "sources.web.kind: must be 'browser', 'mobile' or 'server'"),
        ('write_key_env = "OLD_KEY"\nrefused_calls = ["purchase"]', "sources.web.refused_calls.0: must be 'track'"),
        ('write_key_env = "OLD_KEY"\naddress_rate_limit = -1', "sources.web.address_rate_limit: must be greater"),
    ],
)
def test_a_wrong_source_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    """Where, what and the remedy; never the key."""
    said = complaint(tmp_path, f"[sources.web]\n{text}\n")

    assert said.startswith(sentence)
    assert "old-key" not in said


@pytest.mark.parametrize(
    "origin",
    ["*", "app.example.com", "https://app.example.com/", "https://a b", "https://*", "null", "https://*example.com"],
)
def test_an_origin_is_a_scheme_a_host_and_perhaps_a_port(tmp_path: Path, origin: str) -> None:
    """Anything else would match no page, or too many."""
    text = f'[sources.web]\nkind = "browser"\nwrite_key_env = "OLD_KEY"\norigins = ["{origin}"]\n'

    assert complaint(tmp_path, text).startswith(
        "sources.web.origins.0: must be an origin such as https://app.example.com"
    )


@pytest.mark.parametrize("second", ['write_key_env = "OLD_KEY"', f'write_key_sha256 = "{hash_of("old-key")}"'])
def test_two_sources_have_different_keys(tmp_path: Path, second: str) -> None:
    """Also when one of them has it by its hash."""
    text = f'[sources.web]\nwrite_key_env = "OLD_KEY"\n[sources.app]\n{second}\n'

    assert complaint(tmp_path, text) == "sources.app.write_key_env: the key is that of sources.web; give each its own"
