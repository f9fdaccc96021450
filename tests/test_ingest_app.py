"""What does the API answer?"""

import gc
import gzip
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from ingest_api.app import OWN_PATHS, SDK_PATHS
from tests.fakes.product import eventually
from tests.running_api import KEY, Api, ApiStarter, basic, source, track, typed

pytest_plugins = ["tests.ingest_fixtures"]

CALLS: dict[str, dict[str, Any]] = {
    "track": track(),
    "identify": {"userId": "user-1", "traits": {}},
    "group": {"userId": "user-1", "groupId": "account-1", "traits": {}},
    "page": {"anonymousId": "browser-1", "name": "Docs"},
    "screen": {"anonymousId": "phone-1", "name": "Home"},
    "alias": {"userId": "user-1", "previousId": "browser-1"},
    "batch": {"batch": [typed()]},
}
ANONYMOUS = {"type": "track", "event": "report.created", "properties": {"report_id": "r-1"}}
UNPLANNED = {"event": "report.creatd", "userId": "user-1"}
BREAKS_PLAN = track(properties={"report_id": 7})


@pytest.fixture
def garbage() -> Iterator[None]:
    """Garbage stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", OWN_PATHS)
def test_our_own_paths_answer_202(shared_api: Api, path: str, slash: str) -> None:
    """Accepted on our own paths is 202, with or without a slash at the end."""
    answer = shared_api.post(path + slash, CALLS[OWN_PATHS[path]])

    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", SDK_PATHS)
def test_sdk_paths_answer_200_and_success(shared_api: Api, path: str, slash: str) -> None:
    """Accepted on the paths of SDKs is 200 with `success`, since five of them send again on anything else."""
    answer = shared_api.post(path + slash, CALLS[SDK_PATHS[path]])

    assert answer.status_code == 200
    assert answer.json() | {"success": True, "accepted": 1} == answer.json()


def test_the_path_gives_a_call_its_type(api: Api) -> None:
    """A single call need not say what the path says."""
    api.post("/v1/g", CALLS["group"])

    assert [call["type"] for call in api.staging.payloads()] == ["group"]


def test_a_single_call_is_answered_with_its_message_id(api: Api) -> None:
    """A caller without a messageId learns the one that it was given."""
    answer = api.post("/api/analytics/track", track())

    assert [call["messageId"] for call in api.staging.payloads()] == [answer.json()["messageId"]]


def test_a_message_id_is_accepted_once_and_then_a_duplicate(api: Api) -> None:
    """The first one wins; sending again is a success that stores nothing."""
    api.post("/api/analytics/track", track(messageId="m-1", userId="first"))

    again = api.post("/api/analytics/track", track(messageId="m-1", userId="second"))

    assert again.status_code == 202
    assert (again.json()["accepted"], again.json()["duplicates"]) == (1, [{"index": 0, "messageId": "m-1"}])
    assert [call["userId"] for call in api.staging.payloads()] == ["first"]


def test_a_message_id_twice_in_one_batch_is_stored_once(api: Api) -> None:
    """Duplicates are also found within a request."""
    answer = api.post("/api/analytics/batch", {"batch": [typed(messageId="m-1"), typed(messageId="m-1")]})

    assert (answer.json()["accepted"], answer.json()["duplicates"]) == (2, [{"index": 1, "messageId": "m-1"}])
    assert len(api.staging.payloads()) == 1


def test_each_event_of_a_batch_is_answered_by_itself(api: Api) -> None:
    """Accepted, duplicate, quarantined or rejected, by its place in the batch and its messageId."""
    api.post("/v1/track", track(messageId="known"))
    batch = [
        7,
        typed(messageId="new"),
        typed(messageId="unplanned", event="report.craeted"),
        typed(messageId="known"),
        typed(messageId="bad", userId={}),
        typed(messageId="new"),
    ]

    answer = api.post("/v1/batch", {"batch": batch}).json()

    assert answer["accepted"] == 3
    assert answer["duplicates"] == [{"index": 3, "messageId": "known"}, {"index": 5, "messageId": "new"}]
    assert [(note["index"], note["messageId"], paths(note)) for note in answer["quarantined"]] == [
        (2, "unplanned", ["$.event"])
    ]
    assert [(note["index"], note["messageId"], paths(note)) for note in answer["rejected"]] == [
        (0, None, ["$"]),
        (4, "bad", ["$.userId"]),
    ]


def test_duplicates_are_cut_but_counted_too(api: Api) -> None:
    """An SDK that has lost an answer sends a whole batch again."""
    batch = {"batch": [typed(messageId=f"m-{number}") for number in range(250)]}
    api.post("/v1/batch", batch)

    again = api.post("/v1/batch", batch).json()

    assert (again["accepted"], len(again["duplicates"]), again["duplicates_count"]) == (250, 100, 250)


def test_two_sources_may_use_the_same_message_id(start_api: ApiStarter) -> None:
    """Threat 5: nobody can suppress another source's events by using their ids."""
    api = start_api(source(name="web", write_key="k-web"), source(name="app", write_key="k-app"))

    answers = [api.post("/v1/track", track(messageId="m-1"), key=key).json() for key in ("k-web", "k-app")]

    assert ["duplicates" in answer for answer in answers] == [False, False]
    assert len(api.staging.payloads()) == 2


@pytest.mark.parametrize(("path", "status"), [("/api/analytics/batch", 202), ("/v1/batch", 200)])
def test_the_good_events_of_a_partly_bad_batch_are_accepted(api: Api, path: str, status: int) -> None:
    """Row 60: a bad one is named, with the path of each problem, and takes nobody down."""
    bad = ANONYMOUS | {"messageId": "bad"}

    answer = api.post(path, {"batch": [typed(messageId="a"), bad, 7, typed(messageId="b")]})

    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected_count"]) == (status, 2, 2)
    rejected = [(note["index"], note.get("messageId"), paths(note)) for note in answer.json()["rejected"]]
    assert rejected == [(1, "bad", ["$.userId"]), (2, None, ["$"])]
    assert [call["messageId"] for call in api.staging.payloads()] == ["a", "b"]


def test_a_batch_in_which_nothing_is_valid_is_400_on_our_own_paths(shared_api: Api) -> None:
    """The error is the first problem; all of them follow."""
    answer = shared_api.post("/api/analytics/batch", {"batch": [ANONYMOUS, 7]})

    assert (answer.status_code, answer.json()["code"], answer.json()["success"]) == (400, "missing_user", False)
    assert [note["index"] for note in answer.json()["rejected"]] == [0, 1]


@pytest.mark.parametrize(("path", "body"), [("/v1/batch", {"batch": [ANONYMOUS, 7]}), ("/v1/t", ANONYMOUS)])
def test_nothing_valid_is_200_with_everything_rejected_for_sdks(shared_api: Api, path: str, body: object) -> None:
    """Some SDKs would send a refused request again for ever, and lose or block what comes after."""
    answer = shared_api.post(path, body)

    assert (answer.status_code, answer.json()["accepted"]) == (200, 0)
    assert paths(answer.json()["rejected"][0]) == ["$.userId"]


def test_a_single_bad_call_names_every_problem(shared_api: Api) -> None:
    """All problems at once, so that a caller mends them in one go."""
    call = {"event": "", "userId": ["x"], "context": 7, "messageId": "m" * 101}

    answer = shared_api.post("/api/analytics/track", call)

    assert answer.status_code == 400
    assert {*paths(answer.json())} == {"$.event", "$.userId", "$.context", "$.messageId"}


def test_the_lists_of_an_answer_are_cut_but_counted(shared_api: Api) -> None:
    """The answer to a bad batch stays smaller than the batch."""
    answer = shared_api.post("/v1/batch", {"batch": [{}] * 500})

    assert (len(answer.json()["rejected"]), answer.json()["rejected_count"]) == (100, 500)


@pytest.mark.parametrize(
    ("plan_mode", "status", "listed", "stored", "kept_aside"),
    [
        ("enforce", 400, "rejected", 0, 0),
        ("quarantine", 202, "quarantined", 0, 1),
        ("warn", 202, "warnings", 1, 0),
        ("off", 202, None, 1, 0),
    ],
)
def test_the_plan_mode_decides_about_an_event_that_breaks_the_plan(
    start_api: ApiStarter, plan_mode: str, status: int, listed: str | None, stored: int, kept_aside: int
) -> None:
    """Refused, kept aside, accepted with a warning, or not looked at."""
    api = start_api(source(plan_mode=plan_mode))

    answer = api.post("/api/analytics/track", BREAKS_PLAN)

    assert answer.status_code == status
    assert lists(answer) == ({listed: [["$.properties.report_id"]]} if listed else {})
    assert (len(api.staging.payloads()), len(api.staging.quarantine())) == (stored, kept_aside)


@pytest.mark.parametrize(
    ("unplanned_mode", "status", "listed", "stored", "kept_aside"),
    [("reject", 400, "rejected", 0, 0), ("quarantine", 202, "quarantined", 0, 1), ("warn", 202, "warnings", 1, 0)],
)
def test_the_unplanned_mode_decides_about_an_event_that_no_plan_has(
    start_api: ApiStarter, unplanned_mode: str, status: int, listed: str, stored: int, kept_aside: int
) -> None:
    """Refused, kept aside, or accepted with a warning."""
    api = start_api(source(unplanned_mode=unplanned_mode))

    answer = api.post("/api/analytics/track", UNPLANNED)

    assert answer.status_code == status
    assert lists(answer) == {listed: [["$.event"]]}
    assert (len(api.staging.payloads()), len(api.staging.quarantine())) == (stored, kept_aside)


def test_a_quarantined_event_is_answered_and_kept_with_the_same_problems(api: Api) -> None:
    """An unplanned event is kept, and the answer says so with the name that was probably meant."""
    answer = api.post("/api/analytics/track", UNPLANNED | {"messageId": "m-1"})

    [(event, problems)] = api.staging.quarantine()
    [note] = answer.json()["quarantined"]
    assert (answer.json()["accepted"], note["messageId"], event["messageId"]) == (0, "m-1", "m-1")
    assert note["problems"] == problems
    assert "report.created" in problems[0]["message"]


@pytest.mark.parametrize(
    ("headers", "body", "query"),
    [
        pytest.param({"Authorization": basic(KEY)}, {"batch": [typed()]}, "", id="basic"),
        pytest.param({"Authorization": "basic " + basic(KEY)[6:]}, {"batch": [typed()]}, "", id="basic-lower-case"),
        pytest.param({}, {"batch": [typed()], "writeKey": KEY}, "", id="body"),
        pytest.param(
            {"Authorization": basic("")}, {"batch": [typed()], "writeKey": KEY}, "", id="empty-basic-and-body"
        ),
        pytest.param({}, {"batch": [typed(writeKey=KEY)]}, "", id="first-message"),
        pytest.param({}, {"batch": [typed()]}, f"?writeKey={KEY}", id="query"),
    ],
)
def test_every_way_of_sending_the_key_is_understood(
    shared_api: Api, headers: dict[str, str], body: dict[str, Any], query: str
) -> None:
    """SDKs put the write key in five places."""
    answer = shared_api.post(f"/v1/batch{query}", body, key=None, headers=headers)

    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


def test_the_key_in_the_header_comes_first(shared_api: Api) -> None:
    """A good key in the body does not mend a wrong one in the header."""
    answer = shared_api.post("/v1/track", track(writeKey=KEY), key="wrong")

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_write_key")


def test_an_unknown_key_is_told_in_the_words_that_end_the_retries_of_phones(shared_api: Api) -> None:
    """RudderStack's Android SDK sends for ever unless the body holds these words."""
    answer = shared_api.post("/v1/batch", {"batch": [typed()]}, key="wrong")

    assert "invalid write key" in answer.text


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        pytest.param("/v1/batch", gzip.compress(b'{"batch":[]}'), {"Content-Encoding": "gzip"}, id="bad-batch"),
        pytest.param("/v1/track", b"{", {}, id="bad-json"),
        pytest.param("/nowhere", b"", {}, id="404"),
        pytest.param("/v1/track", b"x" * 600_000, {}, id="413"),
    ],
)
def test_every_error_has_a_body_that_all_sdks_read(
    shared_api: Api, path: str, body: bytes, headers: dict[str, str]
) -> None:
    """`code` and `message` at the top for RudderStack's SDKs, `error` for Ruby's, and a browser may read it."""
    answer = shared_api.post(path, data=body, headers=headers)

    said = answer.json()
    assert said["error"] == {name: said[name] for name in ("code", "message", "request_id")}
    assert all(isinstance(said[name], str) for name in ("code", "message", "request_id"))
    assert said["success"] is False
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_api_lives(shared_api: Api) -> None:
    """Liveness says only that the process answers."""
    assert shared_api.get("/health/live").status_code == 200


def test_the_api_is_ready_once_events_are_taken(shared_api: Api) -> None:
    """Readiness has the store take a write."""
    assert shared_api.get("/health/ready").status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_is_405_with_the_one_that_is_allowed(shared_api: Api, method: str) -> None:
    """In JSON, as every answer."""
    answer = shared_api.get("/v1/track", method=method)

    assert (answer.status_code, answer.json()["code"], answer.headers["Allow"]) == (405, "method_not_allowed", "POST")


def test_a_bug_of_ours_is_500_and_says_nothing_about_the_inside(api: Api) -> None:
    """Threat 13: the answer has a request id for the log, CORS for browsers, and no text of the exception."""
    api.staging.error = RuntimeError("canary")

    answer = api.post("/v1/track", track())

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "canary" not in answer.text


def test_a_preflight_allows_the_headers_that_it_asks_for(shared_api: Api) -> None:
    """Names are echoed, the browser remembers the answer, and retries may send their own headers."""
    asked = {
        "Origin": "https://app.example.test",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-retry-count",
    }

    answer = shared_api.get("/v1/t", method="OPTIONS", headers=asked)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Headers"] == asked["Access-Control-Request-Headers"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert int(answer.headers["Access-Control-Max-Age"]) > 600
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_source_over_its_rate_limit_is_told_when_to_come_back(start_api: ApiStarter) -> None:
    """Row 80: 429 with whole seconds that a page may read; other sources are not slowed."""
    api = start_api(source(name="noisy", write_key="k-1", rate_limit=0.5), source(name="calm", write_key="k-2"))
    api.post("/v1/track", track(), key="k-1")

    limited = api.post("/v1/track", track(), key="k-1")
    calm = api.post("/v1/track", track(), key="k-2")

    assert (limited.status_code, limited.json()["code"], limited.headers["Retry-After"]) == (429, "rate_limited", "2")
    assert limited.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert calm.status_code == 200


def test_the_write_key_is_stored_nowhere(api: Api) -> None:
    """The key must not travel to destinations."""
    api.post("/v1/b", {"writeKey": KEY, "batch": [typed(writeKey=KEY)]}, key=None)

    assert KEY not in str(api.staging.payloads())


def test_the_server_does_not_name_itself(shared_api: Api) -> None:
    """No Server header."""
    assert "Server" not in requests.get(f"{shared_api.url}/health/live", timeout=20).headers


def paths(note: dict[str, Any]) -> list[str]:
    """The paths of the problems of a note or an error."""
    return [problem["path"] for problem in note["problems"]]


def lists(answer: requests.Response) -> dict[str, list[list[str]]]:
    """The lists of an answer, as the paths of the problems of each event."""
    body = answer.json()
    return {
        name: [paths(note) for note in body[name]] for name in ("rejected", "quarantined", "warnings") if name in body
    }


@pytest.mark.usefixtures("garbage")
def test_a_request_leaves_nothing_to_the_garbage_collector(shared_api: Api) -> None:
    """A request that refers to itself costs a tenth more, which is to find it again."""
    before = cycles()

    with requests.Session() as session:
        answers = [shared_api.post("/v1/track", track(), session=session).status_code for _ in range(20)]

    assert answers == [200] * 20
    eventually(cycles, lambda left: left <= before + 1)  # a connection keeps its last one


def cycles() -> int:
    """How many requests there still are in this process."""
    return sum(type(each) is RequestResponseCycle for each in gc.get_objects())
