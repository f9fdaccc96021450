"""The Postgres that the tests of a session share."""

from collections.abc import Iterator

import pytest

from tests.databases import Server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server, started when a test first asks it for a database."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """A database of the test's own."""
    with postgres_server.database() as url:
        yield url
