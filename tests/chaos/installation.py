"""The product that is tormented: it can be killed whole, and started again on what it has left."""

import os
import random
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Dead
from tests.chaos.moods import Moody
from tests.databases import Killable
from tests.fakes.product import Product, children, running
from tests.fakes.vendor import Vendor

CONFIG = """
[destinations.steady]
type = "segment"
endpoint = "{steady}"
api_key_env = "VENDOR_KEY"
lanes = 2

[destinations.moody]
type = "segment"
endpoint = "{moody}"
api_key_env = "VENDOR_KEY"
"""
PAGE = 1000  # dead letters


class Installation:
    """The product, its vendors, and the server of its store if that is on Postgres."""

    def __init__(self, data: Path, environment: dict[str, str], moody: Moody, postgres: Killable | None) -> None:
        self.moody = moody
        self.postgres = postgres
        self.queue = environment["ANALYTICS_QUEUE"]
        self._data = data
        self._environment = environment
        self._stack = ExitStack()
        self.product: Product

    def start(self) -> None:
        """Start the product, on ports of its own each time."""
        self.product = self._stack.enter_context(running(self._data, self._environment))

    def stop(self) -> None:
        """Stop it as Ctrl-C does; or fetch what has been killed."""
        self._stack.close()

    def kill(self, *, whole: bool) -> None:
        """End the supervisor at once, and with it the `whole` product, as a power cut does."""
        supervisor = self.product.process.pid
        family = _descendants(supervisor) if whole else []
        for pid in [supervisor, *family]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.product.process.wait()

    def buried(self, destination: str) -> Collection[str]:
        """The messageIds of the dead letters."""
        found: set[str] = set()
        last = 0
        with closing(open_staging(self.queue)) as staging:
            while page := staging.dead_letters(Dead(destination=destination), last, PAGE):
                found |= {letter.event.message_id for letter in page}
                last = page[-1].id
        return found


@contextmanager
def installed(
    store: str, folder: Path, vendors: Callable[[str], Vendor], dice: random.Random
) -> Iterator[Installation]:
    """An installation on `sqlite` or `postgres` that runs, with vendors who are told apart by name."""
    data = folder / "data"
    data.mkdir()
    moody = Moody(random.Random(dice.random()))
    vendors("moody").will(moody)
    config = data / "analytics.toml"
    config.write_text(CONFIG.format(**{name: vendors(name).url for name in ("steady", "moody")}))
    server = Killable() if store == "postgres" else None
    environment = {
        "ANALYTICS_CONFIG": str(config),
        "ANALYTICS_FLUSH_INTERVAL_MS": "500",
        "ANALYTICS_QUEUE": server.url if server else f"sqlite:///{data}/staging.db",
        "VENDOR_KEY": "key",
    }
    installation = Installation(data, environment, moody, server)
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()
        if server:
            server.stop()


def _descendants(pid: int) -> list[int]:
    own = children(pid)
    return own + [each for child in own for each in _descendants(child)]
