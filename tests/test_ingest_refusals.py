"""What is written of a refused request, and how much in all?"""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from analytics_platform.settings.privacy import PrivacySettings
from ingest_api import answers
from ingest_api.counters import Counters
from ingest_api.head import Head
from ingest_api.refusals import LEFT_OUT_SECONDS, LINES_AT_ONCE, Refusals
from tests.fakes.clock import Clock
from tests.raw_http import exchange
from tests.running_api import KEY, Api, ApiStarter, basic, track, typed

pytest_plugins = ["tests.ingest_fixtures"]

TRACK = "/api/analytics/track"
CANARY = "canary-4711"


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Keep what is logged."""
    with caplog.at_level(logging.WARNING):
        yield


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines about refused requests."""
    return [json.loads(record.getMessage()) for record in caplog.records if record.name == "ingest_api.refusals"]


def test_a_refused_request_is_one_line(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Threat 14: with what somebody who is asked about it needs, and the id that its sender was told."""
    answer = api.post(TRACK, data=b"{")

    [line] = lines(caplog)

    assert line == {
        "time": "2026-01-01T00:00:00.000Z",
        "refused": "invalid_json",
        "status": 400,
        "request_id": answer.json()["request_id"],
        "paths": "own",
        "source": "web",
        "address": "127.0.0.0",
        "bytes": 1,
    }


def test_a_request_that_is_taken_is_no_line(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Nor is one of which a part is taken, or nothing but duplicates."""
    api.post(TRACK, track(messageId="m-1"))
    api.post(TRACK, track(messageId="m-1"))
    api.post("/v1/batch", {"batch": [typed(), {"type": "track"}]})
    api.get("/health/ready")

    assert lines(caplog) == []


@pytest.mark.parametrize(("path", "status"), [(TRACK, 400), ("/v1/track", 200)])
def test_a_request_in_which_nothing_is_valid_is_a_line(
    api: Api, path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where SDKs are told that all is well."""
    answer = api.post(path, {"event": CANARY, "userId": "", "properties": {}})

    [line] = lines(caplog)

    assert (line["refused"], line["status"], line["events"]) == ("missing_user", status, 1)
    assert line["request_id"] == answer.json()["request_id"]


def test_a_line_has_nothing_of_the_request(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Threat 15: no key, no content, no path: what a client chooses may be a secret, or an attack on who reads it."""
    api.post(TRACK, {"event": CANARY, "userId": "", CANARY: CANARY}, headers={"User-Agent": CANARY})
    api.post(TRACK, key=CANARY)
    api.post(f"/{CANARY}?writeKey={CANARY}")
    api.post(TRACK, {"writeKey": CANARY}, key=None)
    api.post(TRACK, data=f"{{{CANARY}".encode())
    exchange(api, f"{CANARY}\r\n\r\n".encode())

    assert len(lines(caplog)) == 6
    assert CANARY not in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("sent", "code"),
    [(b"no HTTP\r\n\r\n", "bad_http"), (b"GET / HTTP/1.1\r\n\r\n", "bad_host")],
)
def test_what_is_no_request_is_a_line_too(api: Api, sent: bytes, code: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody knows its path or its source."""
    exchange(api, sent)

    [line] = lines(caplog)

    assert (line["refused"], line["paths"], line["address"]) == (code, "connection", "127.0.0.0")
    assert "source" not in line


@pytest.mark.parametrize(
    ("path", "method", "code", "group"),
    [
        ("/.env", "GET", "not_found", "other"),
        ("/v1/track", "GET", "method_not_allowed", "other"),
        ("/health/live", "POST", "method_not_allowed", "health"),
    ],
)
def test_what_no_path_takes_is_a_line(
    api: Api, path: str, method: str, code: str, group: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever probes is seen."""
    api.get(path, method)

    [line] = lines(caplog)

    assert (line["refused"], line["paths"]) == (code, group)


def test_the_source_is_named_wherever_its_key_was(start_api: ApiStarter, caplog: pytest.LogCaptureFixture) -> None:
    """Once it is known: a wrong key is nobody's."""
    api = start_api()
    api.post(TRACK, {"writeKey": KEY}, key=None)
    api.post(TRACK, {}, headers={"Authorization": basic("wrong")})

    assert [line.get("source") for line in lines(caplog)] == ["web", None]


@pytest.mark.parametrize(("policy", "shown"), [("full", "192.0.2.9"), ("truncated", "192.0.2.0"), ("none", None)])
def test_the_address_is_shown_as_it_would_be_stored(
    policy: str, shown: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """What is too much to keep of an event is too much to keep of a line."""
    privacy = PrivacySettings.model_validate({"ip": policy, "trusted_proxies": "127.0.0.1"})
    refusals = Refusals(Counters(), privacy, lambda: 0.0, lambda: 0.0)
    scope = {"method": "POST", "path": "/", "query_string": b"", "client": ("127.0.0.1", 1)}

    refusals.of_request("own", Head({**scope, "headers": [(b"x-forwarded-for", b"192.0.2.9")]}), refused("not_found"))

    [line] = lines(caplog)
    assert line.get("address") == shown


def refused(code: str) -> answers.Answer:
    """An answer that takes nothing."""
    return answers.error(400, code, "No.")


def test_a_flood_writes_few_lines_and_counts_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    """Of the code that it is of; others are still seen. Nothing is left out of the metrics."""
    clock, counters = Clock(), Counters()
    refusals = Refusals(counters, PrivacySettings(), clock, clock)

    for _ in range(1000):
        refusals.of_connection(refused("bad_http"), None)
    refusals.of_connection(refused("bad_host"), None)
    refusals.tell_left_out()
    before = lines(caplog)
    clock.advance(LEFT_OUT_SECONDS)
    refusals.tell_left_out()
    refusals.tell_left_out()

    assert [line["refused"] for line in before] == ["bad_http"] * int(LINES_AT_ONCE) + ["bad_host"]
    assert [line["left_out"] for line in lines(caplog)[len(before) :]] == [{"bad_http": 980}]
    assert counters.refusals == {"bad_http": 1000, "bad_host": 1}


def test_a_day_of_the_worst_flood_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """With each code that there is, all the time: a fraction of a line a second and code."""
    clock = Clock()
    refusals = Refusals(Counters(), PrivacySettings(), clock, clock)
    hours = 24

    for _ in range(hours * 360):
        clock.advance(10)
        for _ in range(5):
            refusals.of_connection(refused("bad_http"), None)
        refusals.tell_left_out()

    assert len(caplog.records) <= LINES_AT_ONCE + hours * 3600 * 0.1 + hours * 60
