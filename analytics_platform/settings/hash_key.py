"""Gives the installation's hash key, which makes ids and personal values unreadable without making them useless."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from analytics_platform.settings.reading import ConfigurationError

VARIABLE = "ANALYTICS_HASH_KEY"
FILE = "hash-key"
SHORTEST = 32  # characters


def hash_key(environ: Mapping[str, str], data_dir: Path) -> bytes:
    """The key for HMAC-SHA256: of the environment, else of the file in the data folder, made at first need.

    Whoever has the key can tell whose id a digest is, and without it nobody can find an id again: it belongs into
    the backup of the data folder. The text of the file is the key, so it can be moved into the variable as it is.
    Raises ConfigurationError.
    """
    path = data_dir / FILE
    key = environ.get(VARIABLE)
    if key:
        return _checked(key, VARIABLE)
    try:
        if not path.exists():
            _make(path)
        return _checked(path.read_text(encoding="ascii").strip(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{VARIABLE}: the key's file {path} cannot be used ({type(error).__name__}); "
            "make the data folder writable, or set the variable"
        ) from None


def _checked(key: str, where: str) -> bytes:
    if len(key) < SHORTEST:
        raise ConfigurationError(
            f"{where}: a hash key has at least {SHORTEST} characters; make one with: openssl rand -hex 32"
        )
    return key.encode()


def _make(path: Path) -> None:
    """Write a new key, whole and on disk before it has its name; of several processes that do so, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{secrets.token_hex(32)}\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first, and its key counts
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
