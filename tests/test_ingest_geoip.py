"""What does the API learn from a GeoIP database?"""

import logging
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.settings import ConfigurationError
from ingest_api.geoip import CHECK_SECONDS, GeoIp
from tests.fakes.clock import Clock
from tests.fakes.mmdb import write_mmdb

LONDON: dict[str, Any] = {
    "city": {"names": {"de": "London (Stadt)", "en": "London"}},
    "country": {"iso_code": "GB", "names": {"en": "United Kingdom"}},
    "location": {"accuracy_radius": 10, "latitude": 51.5142, "longitude": -0.0931},
    "subdivisions": [{"iso_code": "ENG", "names": {"en": "England"}}, {"names": {"en": "Greater London"}}],
}
JAPAN: dict[str, Any] = {"country": {"names": {"en": "Japan"}}}
BY_ADDRESS = {"81.2.69.0/24": LONDON, "2001:218::/32": JAPAN}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return write_mmdb(tmp_path / "city.mmdb", BY_ADDRESS)


@pytest.fixture
def geoip(path: Path, clock: Clock) -> GeoIp:
    """The database, opened."""
    return GeoIp(path, clock)


def test_a_location_is_named_as_in_segment_s_spec(geoip: GeoIp) -> None:
    """In English, with the largest subdivision as its region."""
    location = geoip.location("81.2.69.160")

    assert location == {
        "city": "London",
        "country": "United Kingdom",
        "latitude": 51.5142,
        "longitude": -0.0931,
        "region": "England",
    }


def test_what_the_database_does_not_know_is_left_out(geoip: GeoIp) -> None:
    """As in a database of countries."""
    assert geoip.location("2001:218::1") == {"country": "Japan"}


@pytest.mark.parametrize("address", ["203.0.113.1", "127.0.0.1", "2001:db8::1"])
def test_an_address_that_it_does_not_have_is_nowhere(geoip: GeoIp, address: str) -> None:
    """Such as a private one."""
    assert geoip.location(address) is None


@pytest.mark.parametrize(
    "record", [{"country": "GB", "city": "London"}, {"asn": 64496}, "London", {"subdivisions": []}, {"city": {}}]
)
def test_a_database_of_another_kind_knows_nothing(tmp_path: Path, clock: Clock, record: Any) -> None:
    """Its records have other fields, or are no objects."""
    other = GeoIp(write_mmdb(tmp_path / "asn.mmdb", {"81.2.69.0/24": record}), clock)

    assert other.location("81.2.69.160") is None


def test_a_database_of_ipv4_knows_no_ipv6(tmp_path: Path, clock: Clock) -> None:
    """Which is no error."""
    old = GeoIp(write_mmdb(tmp_path / "old.mmdb", {"81.2.69.0/24": LONDON}, ip_version=4), clock)

    assert old.location("2001:218::1") is None


# The file


@pytest.mark.filterwarnings("ignore:PyUnicode_FromStringAndSize")  # which is said on the way there
def test_a_broken_record_is_nowhere(path: Path, clock: Clock) -> None:
    """The event is taken all the same; the library says SystemError where a map's key is no text."""
    path.write_bytes(path.read_bytes().replace(b"Hiso_codeBGB", b"Iiso_codeBGB"))

    assert GeoIp(path, clock).location("81.2.69.160") is None


@pytest.mark.parametrize("content", [None, b"", b"this is no database"])
def test_a_file_that_cannot_be_used_is_one_sentence_at_the_start(
    tmp_path: Path, clock: Clock, content: bytes | None
) -> None:
    """With the setting, the path and the remedy."""
    broken = tmp_path / "broken.mmdb"
    if content is not None:
        broken.write_bytes(content)

    with pytest.raises(ConfigurationError, match=rf"^ingest\.privacy\.geoip_database: {broken} cannot be read .*City"):
        GeoIp(broken, clock)


def test_a_new_file_is_found_while_running(path: Path, clock: Clock, geoip: GeoIp) -> None:
    """The updater renames it into its place."""
    write_mmdb(path, {"81.2.69.0/24": JAPAN})
    clock.advance(CHECK_SECONDS)

    assert geoip.location("81.2.69.160") == {"country": "Japan"}


def test_the_file_is_looked_at_rarely(path: Path, clock: Clock, geoip: GeoIp) -> None:
    """Not with each request."""
    write_mmdb(path, {"81.2.69.0/24": JAPAN})
    clock.advance(CHECK_SECONDS - 1)

    assert geoip.location("2001:218::1") == {"country": "Japan"}
    assert geoip.location("81.2.69.160") != {"country": "Japan"}


@pytest.mark.parametrize("broken", ["no database", "gone"])
def test_a_new_file_that_is_broken_changes_nothing(
    path: Path, clock: Clock, geoip: GeoIp, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The old one goes on, and the log says so."""
    write_broken(path, broken)
    clock.advance(CHECK_SECONDS)

    with caplog.at_level(logging.WARNING):
        location = geoip.location("2001:218::1")

    assert location == {"country": "Japan"}
    assert "the old one is used" in caplog.text


def write_broken(path: Path, how: str) -> None:
    """Take the file away, and put one that is no database in its place unless it shall be `gone`."""
    path.unlink()
    if how != "gone":
        path.write_text(how)
