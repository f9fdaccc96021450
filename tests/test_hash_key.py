"""Where does the installation's hash key come from?"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from analytics_platform.settings import ConfigurationError
from analytics_platform.settings.hash_key import hash_key

KEY = "k" * 32


def test_the_environment_s_key_counts(tmp_path: Path) -> None:
    """Nothing is written then."""
    assert hash_key({"ANALYTICS_HASH_KEY": KEY}, tmp_path) == KEY.encode()
    assert [*tmp_path.iterdir()] == []


def test_without_one_a_key_is_made_once(tmp_path: Path) -> None:
    """In the data folder, made too if need be, for the owner's eyes alone."""
    data_dir = tmp_path / "data"

    made, again = hash_key({}, data_dir), hash_key({}, data_dir)

    (file,) = data_dir.iterdir()
    assert made == again
    assert (file.name, file.stat().st_mode & 0o777) == ("hash-key", 0o600)


def test_each_installation_makes_its_own(tmp_path: Path) -> None:
    """It is random."""
    assert hash_key({}, tmp_path / "a") != hash_key({}, tmp_path / "b")


def test_the_file_s_text_can_move_into_the_environment(tmp_path: Path) -> None:
    """And means the same there."""
    made = hash_key({}, tmp_path)

    moved = hash_key({"ANALYTICS_HASH_KEY": (tmp_path / "hash-key").read_text().strip()}, tmp_path)

    assert moved == made


def test_processes_that_need_it_at_once_agree(tmp_path: Path) -> None:
    """The first one's key counts."""
    program = (
        "import sys; from pathlib import Path; from analytics_platform.settings.hash_key import hash_key;"
        "sys.stdin.readline(); print(hash_key({}, Path(sys.argv[1])).decode())"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]

    with ThreadPoolExecutor() as pool:
        keys = set(pool.map(lambda process: process.communicate("now\n", timeout=60)[0], processes))

    assert keys == {f"{hash_key({}, tmp_path).decode()}\n"}


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    """It could be guessed, and with it every id; the key itself stays out of the sentence."""
    with pytest.raises(
        ConfigurationError, match=r"^ANALYTICS_HASH_KEY: a hash key has at least 32 characters"
    ) as refused:
        hash_key({"ANALYTICS_HASH_KEY": "swordfish"}, tmp_path)

    assert "swordfish" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"swordfish\n", b"\xff" * 64])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """Rather than replaced: what was made with the right one would be lost."""
    (tmp_path / "hash-key").write_bytes(content)

    with pytest.raises(ConfigurationError, match="hash-key"):
        hash_key({}, tmp_path)

    assert (tmp_path / "hash-key").read_bytes() == content


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """With the remedy."""
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match=r"^ANALYTICS_HASH_KEY: .*; make the data folder writable, or set"):
        hash_key({}, tmp_path / "file")
