"""What is in the folder of a backup, with a checksum of each file."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NAME = "manifest.json"
FORMAT = 1
CHUNK = 1024 * 1024

Kind = Literal["sqlite", "postgres"]


class BackupError(Exception):
    """A backup cannot be taken or restored; the command line prints the one sentence and exits with 1."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    taken_at: str  # ISO 8601, when it was begun
    staging: Kind
    dagster: Kind
    files: dict[str, str]  # SHA-256 of each, by its path in the folder


def kind_of(url: str) -> Kind:
    """Which kind of database an address names."""
    return "sqlite" if url.startswith("sqlite:") else "postgres"


def write(folder: Path, taken_at: str, staging: Kind, dagster: Kind) -> Manifest:
    """Note all that is in the folder, and force it to disk."""
    files = {str(path.relative_to(folder)): _digest(path) for path in _files(folder)}
    manifest = Manifest(taken_at, staging, dagster, files)
    path = folder / NAME
    path.write_text(json.dumps({"format": FORMAT, **vars(manifest)}, indent=1), encoding="utf-8")
    _digest(path)
    return manifest


def read(folder: Path) -> Manifest:
    """The manifest of a backup whose files are all there and unchanged; raises BackupError."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if found.pop("format") != FORMAT:
            raise BackupError(f"{folder} was made by a newer version: install that one")
        manifest = Manifest(**found)
    except (OSError, ValueError, TypeError, KeyError):
        raise BackupError(f"{folder} is no backup: give the folder that `analytics backup` has made") from None
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.is_file() or _digest(path) != digest:
            raise BackupError(f"{path} is not as it was written: take another backup, this one is damaged")
    return manifest


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _digest(path: Path) -> str:
    """The checksum of a file, which is on disk when it is known."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        os.fsync(file.fileno())
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
