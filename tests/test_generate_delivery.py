"""How does a generated client deliver: what does it do for every kind of answer, and at the end of its program?"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from analytics_platform.commands.generate import GENERATED
from tests.fakes.vendor import Received, Reply, Vendor
from tests.fakes.wire import free_url
from tests.generated import others
from tests.generated.reports import PROGRAMS
from tests.generated.toolchains import BY_NAME, GROUPS, LANGUAGES, Language, Program

pytestmark = pytest.mark.timeout(600)  # compilers, on a machine that may do other things

REPOSITORY = Path(__file__).parents[1]
PATIENCE = "60"  # seconds at the end of the program
ROOM = "1000"  # calls in the queue

PROBLEM = {"path": "$.properties.report_id", "message": "expected string, found integer"}

SLOW_LISTENERS = {
    "python": """
import sys
import time

from product_analytics import Analytics, Client


def told(message: str) -> None:
    time.sleep(0.5)
    print(message, file=sys.stderr)


Analytics(Client(sys.argv[1], "YOUR_WRITE_KEY", on_error=told)).report_created(report_id="r", user_id="u-1")
""",
    "ruby": """
require "product_analytics"

told = ->(message) { sleep(0.5) && warn(message) }
client = ProductAnalytics::Client.new(ARGV[0], "YOUR_WRITE_KEY", on_error: told)
client.track(ProductAnalytics::ReportCreated.new(report_id: "r"), user_id: "u-1")
""",
}
"""Programs that are slow to hear what becomes of their calls, in the languages whose threads end with the program."""

Reports = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module", params=LANGUAGES)
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program that reports, with the client that is committed; in each language."""
    language: Language = request.param
    folder = tmp_path_factory.mktemp("reports") / language.name
    return language.build(REPOSITORY / GENERATED, folder, PROGRAMS[language.name])


@pytest.fixture
def server() -> Iterator[Vendor]:
    """What the client takes for the ingest API."""
    with Vendor().listening() as vendor:
        yield vendor


def test_what_waits_at_the_end_of_the_program_is_sent(program: Program, server: Vendor) -> None:
    """In one request to the path of SDKs, each call under an id of its own."""
    finished = program.run(server.url, "3", PATIENCE, ROOM)

    assert (finished.returncode, finished.stderr) == (0, "")
    assert [request.path for request in server.requests] == ["/v1/batch"]
    assert [call["properties"]["report_id"] for call in server.accepted] == ["r-0", "r-1", "r-2"]
    assert len({*server.accepted_ids}) == 3


def test_many_calls_go_in_few_requests(program: Program, server: Vendor) -> None:
    """In order, and none in a request that is larger than the server takes."""
    program.run(server.url, "700", PATIENCE, ROOM)

    assert [call["properties"]["report_id"] for call in server.accepted] == [f"r-{number}" for number in range(700)]
    assert len(server.requests) < 40
    assert max(len(request.raw) for request in server.requests) < 500 * 1024


@pytest.mark.parametrize("status", [302, 408, 429, 503])
def test_a_trouble_that_will_pass_is_waited_for(program: Program, server: Vendor, status: int) -> None:
    """The same calls come again under the same ids, and somebody hears of it once."""
    server.will(first_request(server, Reply(status)))

    finished = program.run(server.url, "3", PATIENCE, ROOM)

    first, second = server.requests
    assert first.message_ids == second.message_ids == server.accepted_ids
    assert finished.stderr.count("trying again") == 1


def test_the_server_says_when_to_come_back(program: Program, server: Vendor) -> None:
    """Retry-After is longer than the first pause of half a second."""
    server.will(first_request(server, Reply(429, headers={"Retry-After": "2"})))

    program.run(server.url, "1", PATIENCE, ROOM)

    first, second = server.requests
    assert second.at - first.at >= 2


def test_a_refusal_is_final(program: Program, server: Vendor) -> None:
    """A wrong write key does not get better by repetition; the program goes on, and somebody hears of it."""
    server.will_answer(401, json.dumps({"message": "invalid write key"}))

    finished = program.run(server.url, "3", PATIENCE, ROOM)

    assert finished.returncode == 0
    assert len(server.requests) == 1
    assert "3 call(s) were refused: HTTP 401 invalid write key" in finished.stderr


@pytest.mark.parametrize("language", [pytest.param(each, marks=GROUPS[each]) for each in SLOW_LISTENERS])
def test_no_report_is_cut_off_by_the_end_of_the_program(tmp_path: Path, server: Vendor, language: str) -> None:
    """A script with a wrong write key would lose its calls in silence."""
    server.will_answer(401, json.dumps({"message": "invalid write key"}))
    program = BY_NAME[language].build(REPOSITORY / GENERATED, tmp_path / "app", SLOW_LISTENERS[language])

    finished = program.run(server.url)

    assert finished.stderr == "1 call(s) were refused: HTTP 401 invalid write key\n"


def test_a_request_that_is_too_large_is_halved(program: Program, server: Vendor) -> None:
    """Until the server takes it; what is too large alone is given up."""
    server.will(lambda request: Reply(413) if len(request.calls) > 1 or "r-2" in str(request.calls) else None)

    finished = program.run(server.url, "4", PATIENCE, ROOM)

    assert [call["properties"]["report_id"] for call in server.accepted] == ["r-0", "r-1", "r-3"]
    assert "1 call(s) were refused: HTTP 413" in finished.stderr


@pytest.mark.parametrize("fate", ["rejected", "quarantined"])
def test_the_answer_is_read(program: Program, server: Vendor, fate: str) -> None:
    """A call that the plan forbids is told with its path, never with its value."""
    answer = {"success": True, fate: [{"index": 0, "problems": [PROBLEM]}], f"{fate}_count": 1}
    server.will_answer(200, json.dumps(answer))

    finished = program.run(server.url, "3", PATIENCE, ROOM)

    assert f"1 call(s) were {fate}: $.properties.report_id: expected string" in finished.stderr


@pytest.mark.parametrize("answer", ["", "7", "[]", '{"rejected": "x", "quarantined": [7]}', '{"rejected": [[]]}'])
def test_an_answer_without_sense_stops_nothing(program: Program, server: Vendor, answer: str) -> None:
    """A proxy may say anything; its status counts."""
    server.will_answer(200, answer)

    finished = program.run(server.url, "3", PATIENCE, ROOM)

    assert (finished.returncode, finished.stderr) == (0, "")
    assert len(server.requests) == 1


def test_an_answer_that_is_cut_off_is_none(program: Program, server: Vendor) -> None:
    """The server may have died over it: the calls are sent again, and no thread of the client ends."""
    server.will(first_request(server, Reply(500, "half", {"Content-Length": "100"})))

    finished = program.run(server.url, "3", PATIENCE, ROOM)

    first, second = server.requests
    assert first.message_ids == second.message_ids == server.accepted_ids
    assert finished.stderr.count("trying again") == 1


def test_a_program_ends_without_its_server(program: Program) -> None:
    """After the time that it was given, and it says how many calls it leaves."""
    finished = program.run(free_url(), "3", "1", ROOM)

    assert finished.returncode == 0
    assert "3 call(s) were not delivered before the client closed" in finished.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_program_waits_for_its_server_for_ever(tmp_path: Path, language: Language) -> None:
    """Also when it names no time: an outage of analytics is none of the application."""
    program = language.build(REPOSITORY / GENERATED, tmp_path / "app", others.PROGRAMS[language.name])

    finished = program.run(free_url())

    assert "3 call(s) were not delivered before the client closed" in finished.stderr


def test_a_call_that_the_server_fails_on_holds_up_nobody(program: Program, server: Vendor) -> None:
    """It is given up when the server, again and again, takes others and not this one; somebody hears of it."""
    server.will(lambda request: Reply(500) if "r-2" in str(request.calls) else None)

    finished = program.run(server.url, "4", PATIENCE, ROOM)

    assert [call["properties"]["report_id"] for call in server.accepted] == ["r-0", "r-1", "r-3"]
    assert "1 call was given up: the server fails on it, and takes others: HTTP 500" in finished.stderr
    assert "not delivered before" not in finished.stderr


def test_an_outage_loses_nothing(program: Program, server: Vendor) -> None:
    """However often the server fails: as long as it takes no other call, none is given up."""
    server.will(lambda _: Reply(503) if len(server.requests) < 4 else None)

    finished = program.run(server.url, "3", PATIENCE, ROOM)

    assert sorted(call["properties"]["report_id"] for call in server.accepted) == ["r-0", "r-1", "r-2"]
    assert "given up" not in finished.stderr


def test_a_full_queue_drops_the_newest_calls(program: Program) -> None:
    """The memory of the application has a bound, whatever the length of an outage."""
    finished = program.run(free_url(), "5", "1", "2")

    assert finished.stderr.count("1 call was dropped: the client is full") == 3
    assert "2 call(s) were not delivered" in finished.stderr


def first_request(server: Vendor, reply: Reply) -> Callable[[Received], Reply | None]:
    """Answer so as long as nothing was asked before."""
    return lambda _: None if server.requests else reply
