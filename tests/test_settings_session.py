"""How are the sessions of an own application configured, and what is wrong with a configuration?"""

from pathlib import Path

import pytest

from analytics_platform.settings import ConfigurationError, load
from analytics_platform.settings.session import SessionSettings
from tests import tokens

SOURCES = '[sources.web]\nkind = "browser"\nwrite_key_env = "WEB_KEY"\n'
TABLE = '[ingest.session]\nsource = "web"\n'
ENVIRONMENT = {"WEB_KEY": "web-key", "SESSION_SECRET": tokens.SECRET}
SIGNED = 'secret_env = "SESSION_SECRET"\n'
COOKIE = 'cookie = "session"\norigins = ["https://app.example.com"]\n'
PROXY = 'proxy_header = "X-User"\nproxies = ["10.0.0.0/8", "::1"]\n'


def session(folder: Path, text: str) -> SessionSettings:
    """The settings of a file with this in its table."""
    (folder / "analytics.toml").write_text(SOURCES + TABLE + text)
    found = load(ENVIRONMENT, folder).ingest.session
    assert found is not None
    return found


def complaint(folder: Path, text: str) -> str:
    """The sentence that the table is refused with."""
    with pytest.raises(ConfigurationError) as refused:
        session(folder, text)
    return str(refused.value).removeprefix(f"{folder}/analytics.toml: ")


def test_without_a_table_there_are_no_sessions(tmp_path: Path) -> None:
    """Every call needs a write key."""
    assert load({}, tmp_path).ingest.session is None


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    """And stays out of what is printed."""
    found = session(tmp_path, SIGNED + COOKIE)

    assert found.secret is not None
    assert found.secret.get_secret_value() == tokens.SECRET
    assert tokens.SECRET not in repr(found)
    assert (found.source, found.other_user, found.claim, found.leeway_seconds) == ("web", "refuse", "sub", 60)


def test_the_path_of_a_key_set_starts_at_the_working_directory(tmp_path: Path) -> None:
    """As all relative paths do."""
    (tmp_path / "keys.json").write_bytes(tokens.key_set(tokens.public("rsa")))

    assert session(tmp_path, 'jwks = "keys.json"').jwks == str(tmp_path / "keys.json")


@pytest.mark.parametrize("url", ["https://id.example.com/jwks", "http://127.0.0.1:9000/jwks", "http://localhost/jwks"])
def test_a_key_set_may_have_an_address(tmp_path: Path, url: str) -> None:
    """With TLS, or on this machine."""
    assert session(tmp_path, f'jwks = "{url}"').jwks == url


def test_a_proxy_may_vouch(tmp_path: Path) -> None:
    """By its header, from its addresses, perhaps for some pages only."""
    found = session(tmp_path, PROXY + 'origins = ["https://app.example.com"]')

    assert found.origins == ("https://app.example.com",)
    assert (found.proxy_header, [str(each) for each in found.proxies]) == ("X-User", ["10.0.0.0/8", "::1/128"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "secret_env: one of secret_env, jwks and proxy_header is needed, and no more"),
        (SIGNED + PROXY, "secret_env: one of secret_env, jwks and proxy_header is needed, and no more"),
        ('secret = "in the file"', "secret: keys come from the environment, never from the file; "),
        ('secret_env = "WEB_KEY"', "secret_env: a secret for HS256 has at least 32 bytes"),
        ('secret_env = "UNSET"', "secret_env: the environment variable UNSET is not set"),
        (SIGNED + 'cookie = "session"', "origins: a cookie needs the origins of the pages that may use it"),
        (SIGNED + 'origins = ["https://app.example.com"]', "origins: a cookie needs the origins"),
        (SIGNED + 'cookie = "a;b"\norigins = []', "cookie: must be a name of letters, digits and -, such as X-User"),
        (SIGNED + COOKIE.replace(".com", ".com/path"), "origins.0: must be an origin such as https://app.example.com"),
        (SIGNED + COOKIE.replace("https://app.example.com", "*"), "origins.0: must be an origin such as"),
        (SIGNED + COOKIE.replace("https://app.example.com", "null"), "origins.0: must be an origin such as"),
        (SIGNED + "leeway_seconds = 301", "leeway_seconds: must be less than or equal to 300"),
        (SIGNED + 'other_user = "believe"', "other_user: must be 'refuse' or 'overwrite'"),
        (SIGNED + 'algorithm = "none"', "algorithm: there is no such setting"),
        ('proxy_header = "X-User"', "proxies: a proxy_header needs the addresses that it is believed from"),
        (SIGNED + 'proxies = ["10.0.0.0/8"]', "proxies: a proxy_header needs the addresses"),
        (PROXY + COOKIE, "cookie: a proxy_header stands alone"),
        (PROXY.replace("10.0.0.0/8", "10.0.0.1/8"), "proxies: must be addresses and networks"),
        (PROXY.replace("X-User", "X User"), "proxy_header: must be a name of letters, digits and -, such as X-User"),
        ('jwks = "http://id.example.com/jwks"', "jwks: must be an https address, or the path of a file"),
        ('jwks = "http://localhost@evil.example/jwks"', "jwks: must be an https address, or the path of a file"),
        ('jwks = "https:///jwks"', "jwks: must be an https address, or the path of a file"),
        ('jwks = "https://[::1/jwks"', "jwks: must be an https address, or the path of a file"),
        ("jwks = 7", "jwks: must be an https address, or the path of a file"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    """Before anything is served: the setting, and what it must be."""
    assert complaint(tmp_path, text).startswith(f"ingest.session.{sentence}")


def test_a_key_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With its whole path."""
    assert complaint(tmp_path, 'jwks = "keys.json"') == f"ingest.session.jwks: {tmp_path}/keys.json is not a file"


def test_the_source_of_sessions_must_be_there(tmp_path: Path) -> None:
    """Its modes and limits hold for their calls."""
    (tmp_path / "analytics.toml").write_text(SOURCES + TABLE.replace("web", "app") + SIGNED)

    with pytest.raises(ConfigurationError, match=r": ingest\.session\.source: there is no \[sources\.app\]$"):
        load(ENVIRONMENT, tmp_path)
