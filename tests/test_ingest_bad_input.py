"""What happens to requests that no honest client sends?

After each of them a good request, on the same connection and on a new one, gets its 202.
"""

import gzip
import zlib
from collections.abc import Iterator

import pytest
import requests

from ingest_api.limits import Limits
from tests.running_api import KEY, Api, ApiStarter, basic, bomb, raw, source, track, typed

pytest_plugins = ["tests.ingest_fixtures"]

TRACK = "/api/analytics/track"
BATCH = "/api/analytics/batch"
LIMIT = Limits().body_bytes
GZIP = {"Content-Encoding": "gzip"}
BOMB = bomb(350)


def with_value(value: bytes) -> bytes:
    """A good call with JSON text, good or bad, as the value of a field that nobody checks."""
    return raw(extra="VALUE").replace(b'"VALUE"', value)


def nested(depth: int) -> bytes:
    """A call whose deepest list is so deep; the call itself is 1."""
    return with_value(b"[" * (depth - 1) + b"]" * (depth - 1))


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({}, 401, "missing_write_key", id="row-1-none"),
        pytest.param({"Authorization": basic("unknown")}, 401, "invalid_write_key", id="row-2-unknown"),
        pytest.param({"Authorization": basic(KEY[:-1])}, 401, "invalid_write_key", id="row-2-cut-by-one"),
        pytest.param({"Authorization": basic(KEY + "x")}, 401, "invalid_write_key", id="row-2-plus-one"),
        pytest.param({"Authorization": basic(KEY.lower())}, 401, "invalid_write_key", id="row-2-other-case"),
        pytest.param({"Authorization": "Basic"}, 401, "bad_credentials", id="row-3-empty"),
        pytest.param({"Authorization": "Basic !!!"}, 401, "bad_credentials", id="row-3-not-base64"),
        pytest.param({"Authorization": "Basic /w=="}, 401, "bad_credentials", id="row-3-not-utf-8"),
        pytest.param({"Authorization": "Digest x"}, 401, "bad_credentials", id="row-4-unknown-scheme"),
        pytest.param({"Authorization": "Basic "}, 401, "bad_credentials", id="row-4-scheme-without-value"),
        pytest.param({"Authorization": KEY}, 401, "bad_credentials", id="row-4-no-scheme"),
    ],
)
def test_bad_credentials(shared_api: Api, headers: dict[str, str], status: int, code: str) -> None:
    """Rows 1 to 4: who does not prove who it is, is told so and nothing else."""
    with requests.Session() as session:
        answer = shared_api.post(TRACK, track(), key=None, headers=headers, session=session)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert shared_api.is_serving(session)
    assert shared_api.is_serving()


@pytest.mark.parametrize(
    ("key", "status"),
    [
        pytest.param(b"7", 401, id="row-6-number"),
        pytest.param(b"{}", 401, id="row-6-object"),
        pytest.param(b"[]", 401, id="row-6-list"),
        pytest.param(b"true", 401, id="row-6-true"),
        pytest.param(b"null", 401, id="row-6-null"),
        pytest.param(b'""', 401, id="row-6-empty"),
        pytest.param(b'"\\u0000"', 401, id="row-6-nul"),
        pytest.param(b'"' + b"k" * 65536 + b'"', 401, id="row-6-64-kb"),
        pytest.param(b'"\\ud800"', 400, id="row-6-lone-surrogate"),  # which is no JSON, see row 48
    ],
)
def test_a_bad_key_in_the_body(shared_api: Api, key: bytes, status: int) -> None:
    """Row 6: a key of any type and length is refused."""
    body = b'{"writeKey":' + key + b',"batch":[{}]}'

    answer = shared_api.post(BATCH, data=body, key=None)

    assert answer.status_code == status
    assert shared_api.is_serving()


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        pytest.param("/api/analytics/track", "GET", 405, "method_not_allowed", id="row-10-get"),
        pytest.param("/v1/batch", "PUT", 405, "method_not_allowed", id="row-10-put"),
        pytest.param("/api/analytics/track", "DELETE", 405, "method_not_allowed", id="row-10-delete"),
        pytest.param("/api/analytics/unknown", "POST", 404, "not_found", id="row-11-unknown"),
        pytest.param("/v1/%2e%2e/etc/passwd", "POST", 404, "not_found", id="row-11-traversal"),
        pytest.param("/v1/..%2f..%2fetc/passwd", "POST", 404, "not_found", id="row-11-escaped-slash"),
        pytest.param("/v1/track%00", "POST", 404, "not_found", id="row-11-nul"),
        pytest.param("/v1//track", "POST", 404, "not_found", id="row-11-double-slash"),
        pytest.param("/api/analytics/track", "BREW", 400, "bad_http", id="row-12-made-up-method"),
        pytest.param("/v1/track", "TRACE", 405, "method_not_allowed", id="row-12-trace"),
        pytest.param("/.env", "GET", 404, "not_found", id="row-83-env"),
        pytest.param("/.git/config", "GET", 404, "not_found", id="row-83-git"),
        pytest.param("/admin", "GET", 404, "not_found", id="row-83-admin"),
        pytest.param("/metrics", "GET", 404, "not_found", id="row-83-metrics"),
    ],
)
def test_a_bad_path_or_method(shared_api: Api, path: str, method: str, status: int, code: str) -> None:
    """Rows 10 to 12 and 83: JSON, nothing reflected, never a redirect."""
    with requests.Session() as session:
        answer = shared_api.get(path, method=method, session=session)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert shared_api.is_serving(session)
    assert shared_api.is_serving()


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/" + "x" * 8192, id="row-13-path"),
        pytest.param(TRACK + "?" + "a=b;" * 15_000, id="row-14-query"),
    ],
)
def test_a_long_address(shared_api: Api, target: str) -> None:
    """Rows 13 and 14: refused before anything looks into it."""
    answer = shared_api.post(target, track())

    assert (answer.status_code, answer.json()["code"]) == (414, "uri_too_long")
    assert shared_api.is_serving()


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        pytest.param("application/xml", "unsupported_media_type", id="row-15-xml"),
        pytest.param("application/x-www-form-urlencoded", "unsupported_media_type", id="row-15-form"),
        pytest.param("multipart/form-data; boundary=x", "unsupported_media_type", id="row-15-multipart"),
        pytest.param("application/json; charset=utf-16", "unsupported_charset", id="row-17-utf-16"),
        pytest.param("application/json; charset=rot13", "unsupported_charset", id="row-17-rot13"),
    ],
)
def test_a_content_type_that_is_not_json(shared_api: Api, content_type: str, code: str) -> None:
    """Rows 15 and 17: 415 on our own paths; on those of SDKs, which label JSON as anything, it is not looked at."""
    headers = {"Content-Type": content_type}

    own = shared_api.post(TRACK, data=raw(), headers=headers)
    sdk = shared_api.post("/v1/track", data=raw(), headers=headers)

    assert (own.status_code, own.json()["code"]) == (415, code)
    assert sdk.status_code == 200
    assert shared_api.is_serving()


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param(None, id="row-16-none"),
        pytest.param("text/plain", id="row-16-text"),
        pytest.param("text/plain;charset=UTF-8", id="row-16-beacon"),
        pytest.param("application/json;charset=UTF-8", id="row-16-json"),
    ],
)
def test_every_content_type_that_a_browser_gives_to_json(shared_api: Api, content_type: str | None) -> None:
    """Row 16: a beacon cannot say application/json without a preflight."""
    headers = {"Content-Type": content_type} if content_type else {}

    assert shared_api.post(TRACK, data=raw(), headers=headers).status_code == 202


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        pytest.param(b"x" * (LIMIT + 1), {}, 413, "body_too_large", id="row-18-content-length"),
        pytest.param(b"x" * 20_000_000, {}, 413, "body_too_large", id="row-18-20-mb"),
        pytest.param(b"no gzip", GZIP, 400, "invalid_gzip", id="row-30-not-gzip"),
        pytest.param(gzip.compress(raw())[:-9], GZIP, 400, "invalid_gzip", id="row-30-truncated"),
        pytest.param(gzip.compress(raw())[:10], GZIP, 400, "invalid_gzip", id="row-30-header-only"),
        pytest.param(gzip.compress(raw())[:-8] + b"\0" * 8, GZIP, 400, "invalid_gzip", id="row-30-checksum"),
        pytest.param(b"", GZIP, 400, "invalid_gzip", id="row-30-empty"),
        pytest.param(gzip.compress(raw()) + b"x", GZIP, 400, "invalid_gzip", id="row-31-trailing-bytes"),
        pytest.param(gzip.compress(raw()) * 2, GZIP, 400, "invalid_gzip", id="row-31-several-members"),
        pytest.param(gzip.compress(b" " * (LIMIT + 1)), GZIP, 413, "body_too_large", id="row-32-one-too-many"),
        pytest.param(bomb(1024), GZIP, 413, "body_too_large", id="row-32-1-gb-in-1-mb"),
        pytest.param(BOMB, GZIP, 413, "body_too_large", id="row-32-350-mb-in-350-kb"),
        pytest.param(gzip.compress(BOMB), GZIP, 400, "invalid_json", id="row-32-bomb-in-a-bomb"),
        pytest.param(
            gzip.compress(BOMB),
            {"Content-Encoding": "gzip, gzip"},
            415,
            "unsupported_encoding",
            id="row-32-two-encodings",
        ),
        pytest.param(raw(), {"Content-Encoding": "br"}, 415, "unsupported_encoding", id="row-33-br"),
        pytest.param(
            zlib.compress(raw()), {"Content-Encoding": "deflate"}, 415, "unsupported_encoding", id="row-33-defl"
        ),
        pytest.param(raw(), {"Content-Encoding": "gzip, gzip"}, 415, "unsupported_encoding", id="row-33-double"),
        pytest.param(raw(), {"Content-Encoding": "zstd"}, 415, "unsupported_encoding", id="row-33-zstd"),
        pytest.param(raw(), {"Content-Encoding": "rot13"}, 415, "unsupported_encoding", id="row-33-unknown"),
        pytest.param(gzip.compress(raw()), {}, 400, "invalid_json", id="row-34-gzip-without-the-header"),
        pytest.param(b"", {}, 400, "empty_body", id="row-35-empty"),
        pytest.param(b" \n\t", {}, 400, "empty_body", id="row-35-white-space"),
        pytest.param(raw()[:-1], {}, 400, "invalid_json", id="row-36-cut"),
        pytest.param(raw()[:-1] + b",}", {}, 400, "invalid_json", id="row-36-trailing-comma"),
        pytest.param(b"/**/" + raw(), {}, 400, "invalid_json", id="row-36-comment"),
        pytest.param(raw().replace(b'"', b"'"), {}, 400, "invalid_json", id="row-36-single-quotes"),
        pytest.param(raw() + b"x", {}, 400, "invalid_json", id="row-36-text-after"),
        pytest.param(raw() * 2, {}, 400, "invalid_json", id="row-36-two-documents"),
        pytest.param(b"null", {}, 400, "invalid_json", id="row-37-null"),
        pytest.param(b"true", {}, 400, "invalid_json", id="row-37-true"),
        pytest.param(b"7", {}, 400, "invalid_json", id="row-37-number"),
        pytest.param(b'"x"', {}, 400, "invalid_json", id="row-37-string"),
        pytest.param(b"[]", {}, 400, "invalid_json", id="row-37-list"),
        pytest.param(b"\xef\xbb\xbf" + raw(), {}, 400, "invalid_json", id="row-38-byte-order-mark"),
        pytest.param(raw().decode().encode("utf-16"), {}, 400, "invalid_json", id="row-39-utf-16"),
        pytest.param(raw().decode().encode("utf-32"), {}, 400, "invalid_json", id="row-39-utf-32"),
        pytest.param(with_value(b"NaN"), {}, 400, "invalid_json", id="row-40-nan"),
        pytest.param(with_value(b"-Infinity"), {}, 400, "invalid_json", id="row-40-infinity"),
        pytest.param(with_value(b"1e999"), {}, 400, "invalid_json", id="row-40-1e999"),
        pytest.param(with_value(b"1" * 5000), {}, 400, "invalid_json", id="row-41-5000-digits"),
        pytest.param(nested(33), {}, 400, "too_deep", id="row-44-33"),
        pytest.param(nested(900), {}, 400, "too_deep", id="row-44-900"),
        pytest.param(nested(100_000), {}, 400, "too_deep", id="row-44-100000"),
        pytest.param(b"[" * 400_000, {}, 400, "too_deep", id="row-44-400000-open"),
        pytest.param(raw(**{f"k{n}": 1 for n in range(1100)}), {}, 400, "too_many_keys", id="row-45-1100-keys"),
        pytest.param(raw(**{"k" * 1025: 1}), {}, 400, "key_too_long", id="row-45-a-key-of-1025-characters"),
        pytest.param(
            with_value(b"{" + b",".join(b'"k%d":1' % n for n in range(10_000)) + b"}"),
            {},
            413,
            "event_too_large",
            id="row-45-10000-keys",
        ),
        pytest.param(with_value(b'"\xff"'), {}, 400, "invalid_json", id="row-47-invalid-utf-8"),
        pytest.param(with_value(b'"\xc0\x80"'), {}, 400, "invalid_json", id="row-47-overlong"),
        pytest.param(with_value(b'"\xed\xa0\x80"'), {}, 400, "invalid_json", id="row-47-surrogate"),
        pytest.param(with_value(b'"\xf4\x90\x80\x80"'), {}, 400, "invalid_json", id="row-47-above-u-10ffff"),
        pytest.param(with_value(b'"\\ud800"'), {}, 400, "invalid_json", id="row-48-lone-surrogate"),
        pytest.param(with_value(b'"\\u0000"'), {}, 400, "invalid_json", id="row-49-nul"),
        pytest.param(with_value(b'[{"a\\u0000": 1}]'), {}, 400, "invalid_json", id="row-49-nul-in-a-key"),
        pytest.param(with_value(b'"\x01"'), {}, 400, "invalid_json", id="row-51-control-character"),
        pytest.param(with_value(b'"\0"'), {}, 400, "invalid_json", id="row-51-nul-byte"),
        pytest.param(raw(extra="x" * 33_000), {}, 413, "event_too_large", id="row-55-33-kb"),
        pytest.param(raw(extra="é" * 16_500), {}, 413, "event_too_large", id="row-55-bytes-not-characters"),
        pytest.param(raw(messageId={}), {}, 400, "invalid_messageId", id="row-63-object"),
        pytest.param(raw(messageId=["m"]), {}, 400, "invalid_messageId", id="row-63-list"),
        pytest.param(raw(messageId=True), {}, 400, "invalid_messageId", id="row-63-true"),
        pytest.param(raw(messageId="m" * 101), {}, 400, "invalid_messageId", id="row-64-101-characters"),
        pytest.param(raw(messageId="m" * 20_000), {}, 400, "invalid_messageId", id="row-64-20-kb"),
        pytest.param(raw(userId=None), {}, 400, "missing_user", id="row-65-null"),
        pytest.param(raw(userId="", anonymousId=""), {}, 400, "missing_user", id="row-65-empty"),
        pytest.param(raw(userId={}), {}, 400, "invalid_userId", id="row-66-object"),
        pytest.param(raw(userId=["u"]), {}, 400, "invalid_userId", id="row-66-list"),
        pytest.param(raw(userId=False), {}, 400, "invalid_userId", id="row-66-false"),
        pytest.param(raw(userId="u" * 3000), {}, 400, "invalid_userId", id="row-67-3000-characters"),
        pytest.param(raw(userId="u" * 20_000), {}, 400, "invalid_userId", id="row-67-20-kb"),
        pytest.param(raw(userId="   "), {}, 400, "invalid_userId", id="row-67-spaces"),
        pytest.param(raw(event=None), {}, 400, "invalid_event_name", id="row-69-null"),
        pytest.param(raw(event=7), {}, 400, "invalid_event_name", id="row-69-number"),
        pytest.param(raw(event=""), {}, 400, "invalid_event_name", id="row-69-empty"),
        pytest.param(raw(event="e" * 20_000), {}, 400, "invalid_event_name", id="row-69-20-kb"),
        pytest.param(raw(properties=[]), {}, 400, "invalid_properties", id="row-70-properties"),
        pytest.param(raw(traits="x"), {}, 400, "invalid_traits", id="row-70-traits"),
        pytest.param(raw(context=[]), {}, 400, "invalid_context", id="row-71-context"),
        pytest.param(raw(integrations="all"), {}, 400, "invalid_integrations", id="row-71-integrations"),
        pytest.param(raw(type="identify"), {}, 400, "invalid_type", id="row-72-contradicts-the-path"),
        pytest.param(raw(type=["track"]), {}, 400, "invalid_type", id="row-72-list"),
        pytest.param(raw(timestamp="yesterday"), {}, 400, "invalid_timestamp", id="row-74-text"),
        pytest.param(raw(timestamp=1_700_000_000), {}, 400, "invalid_timestamp", id="row-74-number"),
        pytest.param(raw(timestamp="2026-13-01T00:00:00Z"), {}, 400, "invalid_timestamp", id="row-74-month-13"),
        pytest.param(raw(timestamp="2026-01-01T00:00:00+99:99"), {}, 400, "invalid_timestamp", id="row-74-offset"),
        pytest.param(raw(timestamp="0000-01-01T00:00:00Z"), {}, 400, "invalid_timestamp", id="row-74-year-0"),
        pytest.param(raw(timestamp="99999-01-01T00:00:00Z"), {}, 400, "invalid_timestamp", id="row-74-year-99999"),
        pytest.param(raw(timestamp="9" * 4096), {}, 400, "invalid_timestamp", id="row-74-4-kb-of-digits"),
    ],
)
def test_a_bad_call(shared_api: Api, body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    """Rows 18 to 74: refused with a code, and the answer reaches the client whatever it was sending."""
    with requests.Session() as session:
        answer = shared_api.post(TRACK, data=body, headers=headers, session=session)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert shared_api.is_serving(session)
    assert shared_api.is_serving()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"batch": [typed()] * 2001}, 413, "too_many_events", id="row-57-2001-events"),
        pytest.param({"batch": [{}] * 100_000}, 413, "too_many_events", id="row-58-100000-empty"),
        pytest.param({"batch": [{}] * 2000}, 400, "invalid_type", id="row-58-2000-empty"),
        pytest.param({}, 400, "invalid_batch", id="row-59-missing"),
        pytest.param({"batch": "x"}, 400, "invalid_batch", id="row-59-not-a-list"),
        pytest.param({"batch": []}, 400, "invalid_batch", id="row-59-empty"),
        pytest.param({"batch": [1, 2]}, 400, "invalid_call", id="row-59-numbers"),
        pytest.param({"batch": [None]}, 400, "invalid_call", id="row-59-nulls"),
        pytest.param({"batch": [[]]}, 400, "invalid_call", id="row-59-lists"),
        pytest.param({"batch": [typed(type="click")]}, 400, "invalid_type", id="row-72-unknown-type"),
        pytest.param({"batch": [typed(type=7)]}, 400, "invalid_type", id="row-72-no-text"),
        pytest.param({"batch": [{"type": "group", "userId": "u"}]}, 400, "missing_groupId", id="row-73-group"),
        pytest.param({"batch": [{"type": "alias", "userId": "u"}]}, 400, "missing_previousId", id="row-73-alias"),
    ],
)
def test_a_bad_batch(shared_api: Api, body: object, status: int, code: str) -> None:
    """Rows 57 to 59, 72 and 73; the answer is never larger than the request could make it."""
    answer = shared_api.post(BATCH, body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(answer.content) < 100_000
    assert shared_api.is_serving()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="row-36-cut"),
        pytest.param(b"[]", id="row-37-list"),
        pytest.param(b'{"batch":7}', id="row-59-not-a-list"),
        pytest.param(b"a=1&b=2", id="row-15-form"),
        pytest.param(b"<batch/>", id="row-15-xml"),
        pytest.param(
            b'--x\r\nContent-Disposition: form-data; name="batch"\r\n\r\n[]\r\n--x--\r\n', id="row-15-multipart"
        ),
        pytest.param(b"", id="row-35-empty"),
    ],
)
def test_what_is_no_batch_at_all_is_400_for_sdks_too(shared_api: Api, body: bytes) -> None:
    """Only a call that is there but wrong is a 200 with `rejected`."""
    answer = shared_api.post("/v1/batch", data=body)

    assert answer.status_code == 400
    assert shared_api.is_serving()


def test_a_chunked_body_has_no_other_limit(shared_api: Api) -> None:
    """Row 19: the bytes are counted as they come, so an endless body ends in a 413 too."""

    def endless() -> Iterator[bytes]:
        for _ in range(400):
            yield b"x" * 65_536

    answer = shared_api.post(TRACK, data=endless())

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert shared_api.is_serving()


def test_a_chunked_bomb_is_refused(shared_api: Api) -> None:
    """Row 32: nothing announces its size, neither before inflating nor after."""
    answer = shared_api.post(TRACK, data=iter([BOMB[:9], BOMB[9:]]), headers=GZIP)

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert shared_api.is_serving()


def test_a_call_that_is_too_large_is_rejected_by_itself(shared_api: Api) -> None:
    """Row 55: its neighbours in the batch are taken."""
    answer = shared_api.post(BATCH, {"batch": [typed(), typed(extra="x" * 33_000), typed()]})

    assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
    assert [(note["index"], note["problems"][0]["code"]) for note in answer.json()["rejected"]] == [
        (1, "event_too_large")
    ]


@pytest.mark.parametrize("origin", [None, "null", "https://foreign.example", "https://ours.example.evil.example"])
def test_a_browser_s_key_without_a_listed_origin_is_403(start_api: ApiStarter, origin: str | None) -> None:
    """Row 8, threat 8: a missing one, and `null`, is on no list."""
    api = start_api(source(kind="browser", origins=["https://ours.example"]))

    answer = api.post("/v1/track", track(), headers={"Origin": origin} if origin else {})

    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")
    assert api.post("/v1/track", track(), headers={"Origin": "https://ours.example"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/catalog", "/v1/track/", "/health/live/", "//v1/track", "/v1/pixel/track?writeKey=x"]
)
def test_nothing_is_served_in_parts_or_elsewhere(shared_api: Api, path: str) -> None:
    """Threat 12: neither ranges nor redirects, with which files and other hosts could be reached."""
    answer = shared_api.get(path, headers={"Range": "bytes=0-0"})

    assert answer.status_code in {200, 404, 405}
    assert {"Content-Range", "Location"}.isdisjoint(answer.headers)
    assert len(answer.content) > 1
