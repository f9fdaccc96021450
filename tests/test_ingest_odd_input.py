"""What happens to requests that look odd, and are good?"""

import gzip

import pytest

from tests.running_api import KEY, Api, ApiStarter, raw, source, track, typed

pytest_plugins = ["tests.ingest_fixtures"]

TRACK = "/api/analytics/track"
BATCH = "/api/analytics/batch"
GZIP = {"Content-Encoding": "gzip"}


def test_a_good_chunked_body_is_taken(shared_api: Api) -> None:
    """Phones send without a Content-Length."""
    assert shared_api.post(TRACK, data=iter([raw()[:20], raw()[20:]])).status_code == 202


@pytest.mark.parametrize("headers", [GZIP, {}])
def test_gzip_is_taken_on_sdk_paths_whether_it_is_named_or_not(shared_api: Api, headers: dict[str, str]) -> None:
    """Row 34: a browser cannot name it without a preflight."""
    answer = shared_api.post("/v1/track", data=gzip.compress(raw()), headers=headers)

    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("extra", 2**63, id="row-42-2**63"),
        pytest.param("extra", 2**64, id="row-42-2**64"),
        pytest.param("extra", 10**300, id="row-42-10**300"),
        pytest.param("extra", [1e308, 5e-324, -0.0, 0.1], id="row-43-floats"),
        pytest.param("extra", "\\u0000", id="row-50-escaped-backslash"),
        pytest.param("extra", {"__proto__": 1, "constructor": 2, "$where": 3, "": 4, "a.b": 5}, id="row-52-keys"),
        pytest.param("extra", "'; DROP TABLE events; -- <script>{{7*7}}%s\u202e\u001b[31m=1+1", id="row-53-injections"),
        pytest.param("extra", "\U0001f600 e\u0301 \U0002070e", id="row-54-characters"),
        pytest.param("extra", "x" * 29_000, id="row-56-29-kib"),
        pytest.param("messageId", "any/string ü", id="row-62-any-message-id"),
        pytest.param("userId", "undefined", id="row-68-undefined"),
        pytest.param("userId", "null", id="row-68-null"),
        pytest.param("userId", "anonymous", id="row-68-anonymous"),
        pytest.param("userId", "00000000-0000-0000-0000-000000000000", id="row-68-zero-uuid"),
        pytest.param("originalTimestamp", "2030-01-01T00:00:00Z", id="row-75-future"),
    ],
)
def test_odd_but_good_values_are_stored_as_they_came(api: Api, field: str, value: object) -> None:
    """Rows 42 to 56, 68 and 75: data is data."""
    answer = api.post(TRACK, track(**{field: value}))

    assert answer.status_code == 202
    assert [call[field] for call in api.staging.payloads()] == [value]


def test_a_float_of_5000_digits_is_a_float(api: Api) -> None:
    """Row 43: the nearest one there is, as every JSON parser has it."""
    answer = api.post(TRACK, data=raw(extra="VALUE").replace(b'"VALUE"', b"0." + b"1" * 5000))

    assert answer.status_code == 202
    assert [call["extra"] for call in api.staging.payloads()] == [pytest.approx(1 / 9)]


def test_of_two_equal_keys_the_last_wins(api: Api) -> None:
    """Row 46: parsed once, and what was parsed is stored."""
    api.post(TRACK, data=b'{"userId":"first",' + raw()[1:-1] + b',"userId":"last"}')

    assert [call["userId"] for call in api.staging.payloads()] == ["last"]


def test_a_full_batch_of_450_kb_is_taken(shared_api: Api) -> None:
    """Row 56: the largest that SDKs send."""
    answer = shared_api.post("/v1/batch", {"batch": [typed(extra="x" * 4300) for _ in range(100)]})

    assert (answer.status_code, answer.json()["accepted"]) == (200, 100)


def test_what_only_the_server_may_say_is_overwritten(start_api: ApiStarter) -> None:
    """Row 76, threat 6: a client cannot forge the time of receipt, and its key is not kept."""
    context = {"ip": "203.0.113.7", "warnings": [{"code": "forged"}]}
    api = start_api(source(kind="browser"))

    api.post(TRACK, track(receivedAt="2001-01-01T00:00:00Z", writeKey=KEY, context=context))

    [call] = api.staging.payloads()
    assert call["context"]["ip"] == "127.0.0.0"
    assert "warnings" not in call["context"]
    assert call["receivedAt"] == "2026-01-01T00:00:00.000Z"
    assert "writeKey" not in call


def test_one_message_id_twice_in_a_batch_is_one_event(api: Api) -> None:
    """Row 61: the first one wins, and both are accepted."""
    answer = api.post(BATCH, {"batch": [typed(messageId="m"), typed(messageId="m")]})

    assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
    assert [call["messageId"] for call in api.staging.payloads()] == ["m"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://anywhere.example"}, id="row-77-any-site"),
        pytest.param({"Origin": "null"}, id="row-78-null"),
        pytest.param(
            {"Origin": "https://a.example", "Access-Control-Request-Headers": "x" * 10_240}, id="row-78-10-kb"
        ),
    ],
)
def test_a_preflight_is_answered_and_allows_no_cookies(shared_api: Api, headers: dict[str, str]) -> None:
    """Rows 77 and 78: every site may post with a key, none with what the browser knows of the user."""
    answer = shared_api.get(BATCH, "OPTIONS", headers={**headers, "Access-Control-Request-Method": "POST"})

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert shared_api.is_serving()


@pytest.mark.parametrize(
    "forwarded",
    [
        pytest.param("203.0.113.7", id="row-79-spoofed"),
        pytest.param(", ".join(["203.0.113.7"] * 1400), id="row-79-18-kb"),
        pytest.param("nobody", id="row-79-no-address"),
    ],
)
def test_what_a_client_says_of_its_address_is_not_believed(api: Api, forwarded: str) -> None:
    """Row 79: only a proxy that we know is."""
    answer = api.post(TRACK, track(), headers={"X-Forwarded-For": forwarded})

    assert answer.status_code == 202
    assert "203.0.113.7" not in str(api.staging.payloads())
