"""Takes over changed sources while requests are served."""

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from analytics_platform.settings import ConfigurationError, Source

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0

Stamp = tuple[int, int, int] | None


def stamp_of(path: Path) -> Stamp:
    """What tells one state of a file from another without reading it; None when there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


class Reload:
    """Looks at the settings file once a second, in a thread of its own, and hands over the sources when it has changed.

    A file is read once it was the same at two looks: one that is still being written may lack sources. A file that is
    gone or wrong changes nothing and is one line in the log.
    """

    def __init__(
        self,
        path: Path,
        known: Stamp,
        read: Callable[[], Iterable[Source]],
        replace: Callable[[Iterable[Source]], None],
        seconds: float = LOOK_SECONDS,
    ) -> None:
        """`known` is the file's stamp from just before the sources in use were read.

        `read` raises ConfigurationError; `replace` takes all sources at once.
        """
        self._path = path
        self._known = self._seen = known
        self._read = read
        self._replace = replace
        self._seconds = seconds
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, name="sources", daemon=True)

    def start(self) -> None:
        """Take over what has changed since `known`, at once, and look on until `stop`."""
        self._seen = stamp_of(self._path)
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._is_over.set()
        self._thread.join()

    def look(self) -> None:
        """Look at the file once; to be called by one thread at a time."""
        stamp, before = stamp_of(self._path), self._seen
        self._seen = stamp
        if stamp != before or stamp == self._known:
            return
        self._known = stamp
        try:
            self._replace(self._read_if_there())
        except ConfigurationError as error:
            logger.warning("the sources stay as they were: %s", error)
        except Exception as error:  # noqa: BLE001 - else a file that only a bug of ours cannot read is the last one
            logger.warning("the sources stay as they were: %s cannot be read (%s)", self._path, type(error).__name__)
        else:
            logger.warning("the sources are those of the changed %s", self._path)

    def _read_if_there(self) -> Iterable[Source]:
        """Without a file there would be the demo source, whose key everybody knows."""
        if self._known is None:
            raise ConfigurationError(f"{self._path} is gone")
        return self._read()

    def _keep_looking(self) -> None:
        while not self._is_over.wait(self._seconds):
            self.look()
