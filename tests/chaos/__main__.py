"""Torments the product for some minutes on each store, and says whether it kept its promises."""

import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from tests.chaos.clients import sending
from tests.chaos.faults import FAULTS, choose
from tests.chaos.installation import Installation, installed
from tests.chaos.ledger import Arrival, Findings, Ledger, compare
from tests.fakes.vendor import Received, Vendor

PAUSE = (1.0, 8.0)  # seconds between two faults
CALM_SECONDS = 900.0  # for everything to arrive once nothing fails any more
LOOK_SECONDS = 2.0
VENDORS = ("steady", "moody")
FAILED = "FAILURE"
TAKEN = 300  # statuses below it


def main() -> None:
    """A table for each store; exit code 1 if anything was lost, altered or overtaken, or answered as nothing may be."""
    minutes, seed = float(os.environ.get("MINUTES", "10")), int(os.environ.get("SEED", str(time.time_ns() % 10**6)))
    console = Console(width=120)
    is_clean = True
    for store in os.environ.get("STORES", "sqlite postgres").split():
        console.print(f"{store}: {minutes:g} minutes, SEED={seed}")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ExitStack() as stack:
            vendors = {name: stack.enter_context(Vendor().listening()) for name in VENDORS}
            dice = random.Random(seed)
            installation = stack.enter_context(installed(store, Path(folder), vendors.__getitem__, dice))
            ledger, done = torment(installation, store, minutes * 60, dice)
            found = {name: wait_and_compare(installation, name, vendors[name], ledger) for name in VENDORS}
        console.print(_table(store, ledger, done, found))
        is_clean &= not ledger.unexpected and all(findings.is_clean for findings in found.values())
    sys.exit(not is_clean)


def torment(installation: Installation, store: str, seconds: float, dice: random.Random) -> tuple[Ledger, Counter[str]]:
    """Have clients send while one fault follows the other; what was acknowledged, and the faults."""
    ledger, done = Ledger(), Counter[str]()
    end = time.monotonic() + seconds
    with sending(lambda: installation.product.api, ledger, dice):
        while time.monotonic() < end:
            time.sleep(dice.uniform(*PAUSE))
            name = choose(store, dice)
            FAULTS[store][name](installation, dice)
            done[name] += 1
        installation.moody.is_calm = True
    return ledger, done


def wait_and_compare(installation: Installation, name: str, vendor: Vendor, ledger: Ledger) -> Findings:
    """What became of everything at a vendor, once all of it is there; failed runs are re-executed until then."""
    deadline = time.monotonic() + CALM_SECONDS
    arrivals: list[Arrival] = []
    looked_at = 0
    while True:
        requests_of_vendor = vendor.requests[looked_at:]
        looked_at += len(requests_of_vendor)
        arrivals.extend(_arrivals(requests_of_vendor))
        findings = compare(ledger.acknowledged, arrivals, installation.buried(name))
        if not findings.lost or time.monotonic() > deadline:
            return findings
        _re_execute(installation, name)
        time.sleep(LOOK_SECONDS)


def _arrivals(received: Iterable[Received]) -> Iterator[Arrival]:
    for request in received:
        if request.status < TAKEN:
            for call in request.calls:
                yield Arrival(call["messageId"], json.dumps(call, sort_keys=True))


def _re_execute(installation: Installation, destination: str) -> None:
    """Press Re-execute as a person would who does not want to wait: on the newest run, if it has failed."""
    try:
        runs = installation.product.runs(destination)
        if runs and runs[0]["status"] == FAILED:
            installation.product.re_execute(runs[0]["runId"])
    except (requests.RequestException, AssertionError):
        return  # Dagster is being started again


def _table(store: str, ledger: Ledger, done: Counter[str], found: dict[str, Findings]) -> Table:
    table = Table("", *found, title=f"{store}: {len(ledger.acknowledged):,} events acknowledged", title_justify="left")
    for name in ("arrived", "buried", "repeated"):
        table.add_row(name, *(f"{getattr(findings, name):,}" for findings in found.values()))
    for name in ("lost", "altered", "overtaken"):
        table.add_row(name, *(f"{len(getattr(findings, name)):,}" for findings in found.values()))
    table.add_row("requests sent again", f"{ledger.resent:,}")
    table.add_row(
        "answers that nobody may get", ", ".join(f"{n} times {said}" for said, n in ledger.unexpected.items())
    )
    for name, times in sorted(done.items()):
        table.add_row(name, f"{times}")
    return table


if __name__ == "__main__":
    main()
