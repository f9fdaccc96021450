"""What can clients do to others that are slow, many, or never done?"""

import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

from ingest_api.limits import Limits
from tests.raw_http import LAST, connect, drip, exchange, good, head, post, rest, statuses
from tests.running_api import TIMEOUT, Api, ApiStarter, raw

pytest_plugins = ["tests.ingest_fixtures"]

SOON = 0.2  # seconds, where production has ten or more
PAUSE = 0.02  # between two bytes: a deadline that each byte put off would not come
NEVER = 600.0
UNFINISHED = post(b"{", "Content-Length: 1000")


@contextmanager
def many(api: Api, count: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """So many connections, each of which has sent this."""
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(api)) for _ in range(count)]
        for connection in connections:
            connection.sendall(sent)
        yield connections


def leave_to_send(api: Api, size: int) -> socket.socket:
    """A connection whose request the app has seen, and whose body it waits for."""
    connection = connect(api)
    connection.sendall(post(b"", f"Content-Length: {size}", "Expect: 100-continue"))
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
    return connection


def ask(connection: socket.socket, sent: bytes) -> bytes:
    """Send a request and read its answer, which is small."""
    connection.sendall(sent)
    return connection.recv(65_536)


# Deadlines


def test_headers_that_come_byte_by_byte_are_408(start_api: ApiStarter) -> None:
    """Row 28: no byte puts the deadline off."""
    api = start_api(limits=Limits(head_seconds=SOON, body_seconds=NEVER))

    with connect(api) as connection:
        answer = drip(connection, head("GET /health/live HTTP/1.1", "A: " + "x" * 1000), PAUSE)

    assert statuses(answer) == [408]
    assert api.is_serving()


def test_blank_lines_are_no_reason_to_wait_longer(start_api: ApiStarter) -> None:
    """Row 28: they may stand before a request, and are the beginning of one."""
    api = start_api(limits=Limits(head_seconds=SOON, body_seconds=NEVER))

    with connect(api) as connection:
        taken = ask(connection, good())
        answer = drip(connection, b"\r\n" * 500, PAUSE)

    assert statuses(taken + answer) == [202, 408]


def test_a_body_that_comes_byte_by_byte_is_408(start_api: ApiStarter) -> None:
    """Row 29."""
    api = start_api(limits=Limits(body_seconds=SOON, head_seconds=NEVER))

    with connect(api) as connection:
        connection.sendall(UNFINISHED)
        answer = drip(connection, b"x" * 900, PAUSE)

    assert statuses(answer) == [408]
    assert b"request_timeout" in answer
    assert api.is_serving()


def test_each_body_on_a_connection_has_a_deadline_of_its_own(start_api: ApiStarter) -> None:
    """The second may begin in the bytes with which the first ends."""
    api = start_api(limits=Limits(body_seconds=SOON))

    with connect(api) as connection:
        connection.sendall(good()[:-1])
        connection.sendall(good()[-1:] + UNFINISHED)
        answers = rest(connection)

    assert statuses(answers) == [202, 408]


def test_a_client_that_says_nothing_is_left_without_a_word(start_api: ApiStarter) -> None:
    """Browsers open connections to spare, and would take an answer for one to their next request."""
    api = start_api(limits=Limits(head_seconds=SOON))

    assert exchange(api, b"") == b""


def test_a_connection_that_is_not_used_again_is_closed(start_api: ApiStarter) -> None:
    """After its last answer."""
    api = start_api(limits=Limits(idle_seconds=SOON, head_seconds=NEVER))

    assert statuses(exchange(api, good())) == [202]


def test_a_request_that_waits_for_the_one_before_it_is_not_too_late(start_api: ApiStarter) -> None:
    """It is us, not the client, who does not go on."""
    api = start_api(limits=Limits(head_seconds=SOON, body_seconds=SOON))
    api.staging.hold()
    with connect(api) as patient:
        patient.sendall(good() + LAST[:20])
        api.staging.waits.acquire()
        with connect(api) as deadline:
            rest(deadline)  # ends when a deadline that began later has passed
        api.staging.release()
        patient.sendall(LAST[20:])
        answers = rest(patient)

    assert statuses(answers) == [202, 200]


def test_a_client_that_does_not_read_its_answers_is_cut_off(start_api: ApiStarter) -> None:
    """They would wait in memory for it."""
    api = start_api(limits=Limits(body_seconds=SOON, linger_seconds=NEVER, pipelined=100_000))
    refused = post(b'{"batch":[' + b",".join([b"1"] * 100) + b"]}").replace(b"/track", b"/batch")

    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(TIMEOUT)
        connection.connect(api.address)
        gone = send_until_gone(connection, refused * 50)

    assert gone
    assert api.is_serving()


def test_fifty_slow_clients_keep_nobody_waiting(api: Api) -> None:
    """Threat 10: while they hold half a head or half a body, everybody else is served."""
    with many(api, 25, good()[:40]), many(api, 25, UNFINISHED), ThreadPoolExecutor(8) as clients:
        served = list(clients.map(lambda _: api.is_serving(), range(200)))

    assert served == [True] * 200


# Bounds


def test_a_connection_too_many_is_503(start_api: ApiStarter) -> None:
    """Before anything of it is read; when another one ends there is room again."""
    api = start_api(limits=Limits(connections=4))

    with many(api, 2, good()) as first:
        taken = [connection.recv(65_536) for connection in first]
        refused = exchange(api, b"")

    assert statuses(b"".join(taken)) == [202, 202]
    assert statuses(refused) == [503]
    assert b"\r\nretry-after: 1\r\n" in refused


def test_bodies_that_are_too_large_together_are_503(start_api: ApiStarter) -> None:
    """Whoever sends on when there is no more room; the others, and all small ones, are served."""
    api = start_api(limits=Limits(bodies_bytes=150_000))
    body = raw(extra="x" * 29_000) + b" " * 90_000

    with leave_to_send(api, len(body)) as first, leave_to_send(api, len(body)) as second:
        first.sendall(body[:-1])
        second.sendall(body[:-1])
        refused = select.select([first, second], [], [], TIMEOUT)[0]
        small = exchange(api, good() + LAST)
        others = {first, second} - set(refused)
        refusals = [rest(connection) for connection in refused]
        answers = [ask(connection, body[-1:]) for connection in others]

    assert [statuses(refusal) for refusal in refusals] == [[503]]
    assert b'"code":"overloaded"' in refusals[0]
    assert [statuses(answer) for answer in answers] == [[202]]
    assert statuses(small) == [202, 200]


def test_a_body_gives_its_room_back(start_api: ApiStarter) -> None:
    """Whether it was taken, refused, or cut off."""
    api = start_api(limits=Limits(bodies_bytes=100_000))
    taken = post(raw(extra="x" * 29_000) + b" " * 50_000)
    refused = post(b"{" + b" " * 79_000)
    cut_off = refused[:-1]

    exchange(api, cut_off, then_closes=True)
    with connect(api) as connection:
        answers = [ask(connection, sent) for sent in (taken, refused, taken)]

    assert [statuses(answer) for answer in answers] == [[202], [400], [202]]


# The end


def test_a_body_that_is_not_there_when_the_process_stops_is_503(tmp_path: Path) -> None:
    """Row 81: after a moment; its client sends it again to whoever comes next."""
    with ExitStack() as process:
        api = ApiStarter(tmp_path, process)(limits=Limits(drain_seconds=SOON))
        with leave_to_send(api, 1000) as slow, leave_to_send(api, len(raw())) as fast:
            stopping = Thread(target=process.close)
            stopping.start()
            fast.sendall(raw())
            taken, refused = rest(fast), rest(slow)
        stopping.join()

    assert statuses(taken) == [202]
    assert statuses(refused) == [503]
    assert b"\r\nretry-after: 1\r\n" in refused
    assert b'"code":"shutting_down"' in refused


def send_until_gone(connection: socket.socket, sent: bytes) -> bool:
    """Send without reading until the server has cut the connection; False when it has not in time."""
    give_up_at = time.monotonic() + TIMEOUT
    while time.monotonic() < give_up_at:
        try:
            connection.send(sent)
        except (ConnectionResetError, BrokenPipeError):
            return True
        except TimeoutError:
            return False
    return False
