"""What does `analytics sources` do?"""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from analytics_platform.cli import app
from analytics_platform.settings import load
from analytics_platform.settings.sources import hash_of


def sources(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """Run the command in a folder."""
    monkeypatch.chdir(folder)
    return CliRunner().invoke(app, ["sources", *arguments], env={"WEB_KEY": "web-key"})


def test_each_source_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what distinguishes it; of its keys no more than the beginning of their hashes."""
    (tmp_path / "analytics.toml").write_text(
        '[sources.web]\nkind = "browser"\nwrite_key_env = "WEB_KEY"\norigins = ["https://app.example.com"]\n'
        'refused_calls = ["alias"]\nrate_limit = 200\naddress_rate_limit = 2.5\n'
        f'[sources.old]\nwrite_key_sha256 = ["{"0" * 64}", "{"f" * 64}"]\nenabled = false\nplan_mode = "warn"\n'
    )

    done = sources(tmp_path, monkeypatch, "list")

    digits, origin = hash_of("web-key")[:8], "https://app.example.com"
    by_address = "2.5 requests/s from one address"
    assert (done.exit_code, done.output.splitlines()) == (
        0,
        [
            f"web: browser, key {digits}, from {origin}, no alias, 200 requests/s, {by_address}, plan enforce",
            "old: server, key 00000000, key ffffffff, switched off, plan warn",
        ],
    )


def test_a_file_that_would_not_be_taken_over_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it can be tried before it is put in place."""
    (tmp_path / "analytics.toml").write_text('[sources.web]\nwrite_key_env = "UNSET"\n')

    done = sources(tmp_path, monkeypatch, "list")

    where = f"analytics: {tmp_path}/analytics.toml: sources.web.write_key_env"
    sentence = f"{where}: the environment variable UNSET is not set; set it to the key\n"
    assert (done.exit_code, done.stderr) == (1, sentence)


def test_a_new_key_fits_the_lines_that_are_printed_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go into the file as they are; the key itself is nowhere in them."""
    done = sources(tmp_path, monkeypatch, "new-key", "app")
    key = done.output.splitlines()[0]
    lines = "\n".join(re.findall(r"^(?:\[|write_key).*$", done.output, re.MULTILINE))
    (tmp_path / "analytics.toml").write_text(lines)

    [source] = load({}, tmp_path).sources

    assert (source.name, source.has_key(key), len(key)) == ("app", True, 48)
    assert key not in lines


def test_no_two_keys_are_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They come from the system's randomness."""
    first, second = (sources(tmp_path, monkeypatch, "new-key").output for _ in range(2))

    assert first.splitlines()[0] != second.splitlines()[0]
