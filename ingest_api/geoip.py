"""Looks up where an address is, in a file of MaxMind's format."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import maxminddb

from analytics_platform.settings import ConfigurationError

logger = logging.getLogger(__name__)

CHECK_SECONDS = 30.0  # between two looks at whether the file has been replaced

Location = dict[str, Any]
_Stamp = tuple[int, int, int]


class GeoIp:
    """One database file, read where it lies; a new one that takes its name is found by itself.

    The file must be replaced by renaming, as MaxMind's own updater does: it is mapped into memory, and one that
    is cut short in place would end the process.
    """

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        """`monotonic` gives seconds that never go back. Raises ConfigurationError for a file that cannot be used."""
        self._path = path
        self._monotonic = monotonic
        self._looked_at = monotonic()
        try:
            self._stamp = _stamp(path)
            self._reader = maxminddb.open_database(path)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise ConfigurationError(
                f"ingest.privacy.geoip_database: {path} cannot be read as a database in MaxMind's format "
                f"({type(error).__name__}); give the path of a City or Country file (.mmdb)"
            ) from None

    def location(self, address: str) -> Location | None:
        """Where the address is, named as in Segment's `context.location`; None when the file does not know."""
        self._follow()
        try:
            return _location(self._reader.get(address))
        except (ValueError, SystemError, maxminddb.InvalidDatabaseError):  # IPv6 in a file of IPv4; broken records
            return None

    def _follow(self) -> None:
        """Open the file anew when there is another one; keep the old one while that cannot be read."""
        now = self._monotonic()
        if now - self._looked_at < CHECK_SECONDS:
            return
        self._looked_at = now
        try:
            if (stamp := _stamp(self._path)) == self._stamp:
                return
            self._stamp = stamp
            self._reader = maxminddb.open_database(self._path)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            kind = type(error).__name__
            logger.warning("the new GeoIP database %s cannot be read (%s): the old one is used", self._path, kind)


def _stamp(path: Path) -> _Stamp:
    """What tells one file from the next of the same name."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _location(record: Any) -> Location | None:
    """The part of a record of MaxMind's City or Country files that Segment's spec has a name for, in English."""
    location = {
        "city": _at(record, "city", "names", "en"),
        "country": _at(record, "country", "names", "en"),
        "latitude": _at(record, "location", "latitude"),
        "longitude": _at(record, "location", "longitude"),
        "region": _at(record, "subdivisions", 0, "names", "en"),
    }
    return {name: value for name, value in location.items() if value is not None} or None


def _at(value: Any, *keys: str | int) -> Any:
    """What is in a record under these keys; None where one of them is missing, or the record is of another kind."""
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value
