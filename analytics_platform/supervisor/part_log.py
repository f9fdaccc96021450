"""Writes what a part prints to a file of bounded size."""

import logging
import re
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

MAX_BYTES = 5_000_000
KEPT_FILES = 3  # besides the one that is written to
MAX_LINE = 64 * 1024

CONTROL_CHARACTERS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class _File(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is logging's
        """Nothing: on a full disk lines are lost, but the part must not stand still behind a full pipe."""


class PartLog:
    """The log of one part, over all its restarts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last_line = ""
        self._file = _File(path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True)
        self._reader: threading.Thread | None = None

    def follow(self, output: IO[bytes]) -> None:
        """Copy a process's output, in a thread, until its last descendant has closed it."""
        self.last_line = ""
        self._reader = threading.Thread(target=self._copy, args=(output,), daemon=True)
        self._reader.start()

    def catch_up(self, seconds: float) -> None:
        """Wait until all of the output is written, or for so long."""
        if self._reader:
            self._reader.join(seconds)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _copy(self, output: IO[bytes]) -> None:
        with output:
            while line := output.readline(MAX_LINE):
                text = CONTROL_CHARACTERS.sub("", line.decode(errors="replace")).rstrip()
                self._file.handle(logging.makeLogRecord({"msg": text}))
                self.last_line = text or self.last_line
