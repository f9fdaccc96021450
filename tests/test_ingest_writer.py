"""When is an event on disk, and what is said when it is not?"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import requests

from analytics_platform.staging.base import Entry, StagingError, StagingFull
from analytics_platform.staging.sqlite.connection import WAL_LIMIT
from ingest_api.writer import FULL_REQUESTS, GROUP_EVENTS, QUEUE_BYTES, QUEUE_EVENTS, Overloaded, Writer
from tests.fakes.product import eventually
from tests.running_api import NOW, TIMEOUT, Api, ApiStarter, TestStaging, track

pytest_plugins = ["tests.ingest_fixtures"]

TRACK = "/api/analytics/track"


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[TestStaging]:
    """A store of its own."""
    store = TestStaging(tmp_path / "staging.db")
    yield store
    store.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Clients that send at the same time."""
    with ThreadPoolExecutor() as pool:
        yield pool


@asynccontextmanager
async def writing(
    staging: TestStaging, *, patience_seconds: float = TIMEOUT, idle_seconds: float = TIMEOUT
) -> AsyncIterator[Writer]:
    """A writer in this event loop, closed in the end."""
    writer = Writer(staging, on_death=lambda: None, patience_seconds=patience_seconds, idle_seconds=idle_seconds)
    writer.start()
    try:
        yield writer
    finally:
        staging.release()
        await asyncio.to_thread(writer.close)


async def hold_up(staging: TestStaging, writer: Writer) -> "asyncio.Task[list[bool]]":
    """Have one commit wait for the test's leave, so that everything after it queues."""
    staging.hold()
    task = asyncio.create_task(writer.append([entry("held")]))
    assert await asyncio.to_thread(staging.waits.acquire, timeout=TIMEOUT)
    return task


async def queue(writer: Writer, *requests: list[Entry]) -> "list[asyncio.Task[list[bool]]]":
    """Have so many requests wait in the queue."""
    tasks = [asyncio.create_task(writer.append(entries)) for entries in requests]
    await asyncio.sleep(0)  # each task runs up to its future
    return tasks


def entry(message_id: str) -> Entry:
    """An event, ready for the store."""
    return Entry("web", message_id, NOW, f'{{"messageId":"{message_id}"}}')


def entries(prefix: str, count: int) -> list[Entry]:
    """So many of them."""
    return [entry(f"{prefix}-{n}") for n in range(count)]


def ids(staging: TestStaging) -> list[str]:
    """What is on disk."""
    return [call["messageId"] for call in staging.payloads()]


def hold_up_api(api: Api, threads: ThreadPoolExecutor) -> Future[requests.Response]:
    """Hold up the store of an API, and one request whose commit waits."""
    api.staging.hold()
    request = threads.submit(api.post, TRACK, track(messageId="held"))
    assert api.staging.waits.acquire(timeout=TIMEOUT)
    return request


def test_the_answer_leaves_after_the_commit(api: Api, threads: ThreadPoolExecutor) -> None:
    """Promise 1: accepted means on disk."""
    request = hold_up_api(api, threads)
    was_answered, was_stored = request.done(), ids(api.staging)

    api.staging.release()
    answer = request.result()

    assert (was_answered, was_stored) == (False, [])
    assert (answer.status_code, ids(api.staging)) == (202, ["held"])


def test_concurrent_requests_share_one_commit(staging: TestStaging) -> None:
    """What came while one commit was under way is the next."""

    async def scenario() -> list[list[bool]]:
        async with writing(staging) as writer:
            first = await hold_up(staging, writer)
            rest = await queue(writer, *([entry(f"m-{n}")] for n in range(20)))
            staging.release()
            return await asyncio.gather(first, *rest)

    stored = asyncio.run(scenario())

    assert stored == [[True]] * 21
    assert staging.commits == [1, 20]


def test_a_full_group_lies_ready_while_another_one_is_written(staging: TestStaging) -> None:
    """So that the thread need not wait for the event loop; only one does, and the rest makes larger commits."""

    async def scenario() -> list[list[bool]]:
        async with writing(staging) as writer:
            first = await hold_up(staging, writer)
            rest = await queue(writer, *([entry(f"m-{n}")] for n in range(100)))
            staging.release()
            return await asyncio.gather(first, *rest)

    stored = asyncio.run(scenario())

    assert FULL_REQUESTS == 32
    assert stored == [[True]] * 101
    assert staging.commits == [1, 32, 68]
    assert ids(staging) == ["held", *(f"m-{n}" for n in range(100))]


def test_a_commit_is_bounded(staging: TestStaging) -> None:
    """So that nobody waits long for others; only a request that is larger by itself makes a larger one."""

    async def scenario() -> None:
        async with writing(staging) as writer:
            first = await hold_up(staging, writer)
            rest = await queue(writer, entries("a", 300), entries("b", 300), entries("c", 2000), entries("d", 1))
            staging.release()
            await asyncio.gather(first, *rest)

    asyncio.run(scenario())

    assert GROUP_EVENTS == 500
    assert staging.commits == [1, 300, 300, 2000, 1]


def test_each_request_gets_its_own_outcomes_in_its_own_order(staging: TestStaging) -> None:
    """Also when the first of two duplicates came in another request of the same commit."""

    async def scenario() -> list[list[bool]]:
        async with writing(staging) as writer:
            await hold_up(staging, writer)
            tasks = await queue(writer, [entry("a"), entry("b")], [entry("b"), entry("c"), entry("held")])
            staging.release()
            return await asyncio.gather(*tasks)

    assert asyncio.run(scenario()) == [[True, True], [False, True, False]]


def test_a_row_that_cannot_be_stored_takes_no_neighbour_down(staging: TestStaging) -> None:
    """The requests of its commit are written one by one, and only its own fails."""
    staging.unstorable = "poison"

    async def scenario() -> list[list[bool] | BaseException]:
        async with writing(staging) as writer:
            await hold_up(staging, writer)
            tasks = await queue(writer, [entry("a")], [entry("poison")], [entry("b")])
            staging.release()
            return await asyncio.gather(*tasks, return_exceptions=True)

    first, poison, last = asyncio.run(scenario())

    assert (first, last) == ([True], [True])
    assert isinstance(poison, ValueError)
    assert ids(staging) == ["held", "a", "b"]


def test_closing_writes_what_still_waits(staging: TestStaging) -> None:
    """A graceful stop loses nothing that was read."""

    async def scenario() -> list[list[bool]]:
        async with writing(staging) as writer:
            first = await hold_up(staging, writer)
            rest = await queue(writer, [entry("a")], [entry("b")])
            closing = asyncio.create_task(asyncio.to_thread(writer.close))
            staging.release()
            await closing
            return await asyncio.gather(first, *rest)

    assert asyncio.run(scenario()) == [[True]] * 3
    assert ids(staging) == ["held", "a", "b"]


def test_a_closed_writer_takes_nothing_more(staging: TestStaging) -> None:
    """What comes later is told to come back, to the next process."""

    async def scenario() -> None:
        async with writing(staging) as writer:
            await asyncio.to_thread(writer.close)
            await writer.append([entry("late")])

    with pytest.raises(Overloaded):
        asyncio.run(scenario())


def test_nobody_waits_longer_than_the_patience(staging: TestStaging) -> None:
    """The event may be stored all the same, and the messageId makes sending it again harmless."""

    async def scenario() -> None:
        async with writing(staging, patience_seconds=0.05) as writer:
            staging.hold()
            await writer.append([entry("a")])

    with pytest.raises(Overloaded):
        asyncio.run(scenario())
    assert ids(staging) == ["a"]


@pytest.mark.parametrize(
    ("error", "code"), [(StagingError("down"), "storage_unavailable"), (StagingFull("full"), "storage_full")]
)
def test_a_store_that_fails_is_503_until_it_works_again(api: Api, error: Exception, code: str) -> None:
    """Row 81, threat 42: nothing was taken, the client is told when to come back, and no restart is needed."""
    api.staging.error = error
    while_it_fails = api.post(TRACK, track(messageId="m-1"))
    readiness = api.get("/health/ready")

    api.staging.error = None
    afterwards = eventually(lambda: api.post(TRACK, track(messageId="m-1")), lambda answer: answer.ok)

    assert (while_it_fails.status_code, while_it_fails.json()["code"]) == (503, code)
    assert int(while_it_fails.headers["Retry-After"]) > 0
    assert (readiness.status_code, readiness.json()["code"]) == (503, code)
    assert (afterwards.status_code, "duplicates" in afterwards.json()) == (202, False)
    assert api.get("/health/ready").status_code == 200


def test_nobody_waits_for_a_store_that_is_known_to_fail(api: Api) -> None:
    """The writer tries it by itself: how long it takes to fail is no matter to those who are told to come back."""
    api.staging.error = StagingError("down")
    first = api.post(TRACK, track())
    api.staging.hold()  # from appending: were it asked to for anybody, that one would wait

    rest = [api.post(TRACK, track()) for _ in range(20)]
    asked = api.staging.waits.acquire(timeout=TIMEOUT), api.staging.waits.acquire(blocking=False)

    assert {(answer.status_code, answer.json()["code"]) for answer in (first, *rest)} == {(503, "storage_unavailable")}
    assert {answer.headers["Retry-After"] for answer in rest} == {"5"}
    assert asked == (True, False)


@pytest.mark.parametrize(("queue_bytes", "queue_events"), [(1, QUEUE_EVENTS), (QUEUE_BYTES, 1)])
def test_a_full_queue_is_503_at_once(
    start_api: ApiStarter, threads: ThreadPoolExecutor, queue_bytes: int, queue_events: int
) -> None:
    """Bounded in bytes and in events; what waits already is still written."""
    api = start_api(queue_bytes=queue_bytes, queue_events=queue_events)
    waiting = hold_up_api(api, threads)

    refused = api.post(TRACK, track(messageId="refused"))
    readiness = api.get("/health/ready")
    api.staging.release()

    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (503, "overloaded", "1")
    assert readiness.status_code == 503
    assert waiting.result().status_code == 202
    assert ids(api.staging) == ["held"]


def test_a_store_that_hangs_is_503_within_the_patience(start_api: ApiStarter) -> None:
    """A stuck disk holds no client up for longer."""
    api = start_api(patience_seconds=0.05)
    api.staging.hold()

    answer = api.post(TRACK, track())

    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")


def test_while_the_store_hangs_one_request_waits_for_it_and_the_rest_are_answered_at_once(
    start_api: ApiStarter, threads: ThreadPoolExecutor
) -> None:
    """A thousand clients must not each wait for a store that is known to be away."""
    api = start_api(patience_seconds=0.05)
    api.staging.hold()
    first = api.post(TRACK, track(messageId="first"))

    rest = [*threads.map(lambda n: api.post(TRACK, track(messageId=f"m-{n}")).json()["code"], range(20))]
    commits_while_it_hung = api.staging.waits.acquire(timeout=TIMEOUT), api.staging.waits.acquire(blocking=False)
    api.staging.release()
    afterwards = eventually(lambda: api.post(TRACK, track()).status_code, lambda status: status == 202)

    assert (first.json()["code"], {*rest}) == ("overloaded", {"overloaded"})
    assert commits_while_it_hung == (True, False)
    assert afterwards == 202
    assert {"first", "m-0"} & {*ids(api.staging)} == {"first"}


class Clockwork(asyncio.SelectorEventLoop):
    """An event loop whose clock can be put forward."""

    ahead = 0.0  # seconds

    def time(self) -> float:
        """What its timers go by."""
        return super().time() + self.ahead


@pytest.mark.parametrize("has_hung", [True, False])
def test_who_came_late_waits_the_whole_patience_only_for_a_store_that_still_writes(
    staging: TestStaging, *, has_hung: bool
) -> None:
    """A store that has said nothing for as long will not answer them either; one that is slow may yet."""

    async def scenario() -> tuple[bool, bool]:
        async with writing(staging, patience_seconds=1000) as writer:
            first = await hold_up(staging, writer)
            [second] = await queue(writer, [entry("second")])
            loop.ahead += 900
            [late] = await queue(writer, [entry("late")])
            if not has_hung:
                staging.let_one_pass()
                await first
                assert await asyncio.to_thread(staging.waits.acquire, timeout=TIMEOUT)
            loop.ahead += 200
            with pytest.raises(Overloaded):
                await second
            await asyncio.sleep(0)  # who was answered with it has heard of it
            was_answered = late.done()
            staging.release()
            await asyncio.wait([first, late])
            return was_answered, late.exception() is None

    loop = Clockwork()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        outcome = runner.run(scenario())

    assert outcome == ((True, False) if has_hung else (False, True))


def test_housekeeping_that_the_store_refuses_stops_nobody(api: Api) -> None:
    """The next write says whether it matters."""
    api.staging.housekeeping_error = StagingError("busy")

    answers = [api.post(TRACK, track()).status_code for _ in range(2)]

    assert answers == [202, 202]


def test_a_writer_that_dies_of_a_bug_fails_readiness_and_ends_the_process(
    api: Api, threads: ThreadPoolExecutor
) -> None:
    """Everybody who waits is answered, and nothing more is taken."""
    api.staging.housekeeping_error = RuntimeError("a bug")
    first = hold_up_api(api, threads)
    second = threads.submit(api.post, TRACK, track(messageId="second"))
    api.staging.release()

    assert (first.result().status_code, second.result().status_code) == (202, 503)
    assert ids(api.staging) == ["held"]
    assert api.writer_has_died.wait(TIMEOUT)
    assert api.get("/health/ready").status_code == 503
    assert api.get("/health/live").status_code == 200


def test_what_is_stored_is_what_was_accepted(api: Api, threads: ThreadPoolExecutor) -> None:
    """With many clients at once: every 202 is on disk, once."""
    sent = [f"m-{n}" for n in range(200)]

    statuses = threads.map(lambda name: api.post(TRACK, track(messageId=name)).status_code, sent)

    assert {*statuses} == {202}
    assert sorted(ids(api.staging)) == sorted(sent)
    assert len(api.staging.commits) <= len(sent)


def test_a_store_to_which_only_others_write_is_checkpointed_all_the_same(staging: TestStaging, tmp_path: Path) -> None:
    """Housekeeping and deliveries write, too, and no other process may checkpoint."""

    async def idle() -> int:
        async with writing(staging, idle_seconds=0.01):
            with closing(TestStaging(tmp_path / "staging.db")) as other:
                other.append([Entry("web", "m-1", NOW, "x" * WAL_LIMIT)])
            await asyncio.to_thread(eventually, wal.stat, lambda found: found.st_size == 0)
        return wal.stat().st_size

    wal = tmp_path / "staging.db-wal"

    assert asyncio.run(idle()) == 0
