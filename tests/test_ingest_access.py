"""Who may send what, as the API answers?"""

from pathlib import Path
from typing import Any

import pytest
import requests

from analytics_platform.settings.session import SessionSettings
from ingest_api.app import OWN_PATHS, SDK_PATHS
from ingest_api.session import Sessions
from tests.fakes.clock import Clock
from tests.running_api import KEY, NOW, Api, ApiStarter, basic, source, track, typed
from tests.tokens import SECRET, signed

pytest_plugins = ["tests.ingest_fixtures"]

TRACK, BATCH = "/api/analytics/track", "/api/analytics/batch"
OURS, FOREIGN = "https://app.example.com", "https://evil.example"
COOKIE = {"Cookie": f"session={signed()}", "Origin": OURS}
BEARER = {"Authorization": f"Bearer {signed()}"}
ALIAS = {"userId": "user-1", "previousId": "victim"}


def sessions(**fields: Any) -> Sessions:
    """Sessions by a cookie or a bearer token, whose calls belong to the source `web`."""
    settings = {"source": "web", "secret": SECRET, "cookie": "session", "origins": [OURS], **fields}
    return Sessions(SessionSettings.model_validate(settings), Clock(NOW), Clock())


@pytest.fixture
def signed_in(start_api: ApiStarter) -> Api:
    """An API that knows the sessions of its own application."""
    return start_api(source(kind="browser", origins=[OURS]), sessions=sessions())


def code(answer: requests.Response) -> tuple[int, str | None]:
    """The status, with the code of an error."""
    return answer.status_code, answer.json().get("code")


def users(api: Api) -> list[str | None]:
    """The userId of each event in the log."""
    return [call.get("userId") for call in api.staging.payloads()]


# With a write key


def test_both_keys_of_a_source_are_taken_while_one_replaces_the_other(start_api: ApiStarter) -> None:
    """Nobody has to change over at the same moment; the events are of one source."""
    api = start_api(source(write_key=["old-key", "new-key"]))

    statuses = [api.post(TRACK, track(), key=key).status_code for key in ("old-key", "new-key")]

    assert statuses == [202, 202]


def test_a_retired_key_is_refused_from_the_next_request_on(start_api: ApiStarter) -> None:
    """On a connection that is open, too; requests with the new key notice nothing."""
    api = start_api(source(write_key=["old-key", "new-key"]))
    with requests.Session() as connection:
        before = api.post(TRACK, track(), key="old-key", session=connection)
        api.sources.replace([source(write_key="new-key")])
        after = [code(api.post(TRACK, track(), key=key, session=connection)) for key in ("old-key", "new-key")]

    assert before.status_code == 202
    assert after == [(401, "invalid_write_key"), (202, None)]


def test_row_7_a_source_that_is_switched_off_is_403(start_api: ApiStarter) -> None:
    """Its key is known, and still takes nothing."""
    api = start_api(source(enabled=False))

    assert code(api.post(TRACK, track())) == (403, "source_disabled")


@pytest.mark.parametrize("path", [TRACK, "/v1/track"])
@pytest.mark.parametrize("headers", [{}, {"Origin": FOREIGN}, {"Origin": "null"}])
def test_row_8_a_browser_s_key_from_elsewhere_is_403(start_api: ApiStarter, path: str, headers: dict[str, str]) -> None:
    """Which the page may read, so that its SDK does not take it for a broken network."""
    api = start_api(source(kind="browser", origins=[OURS]))

    answer = api.post(path, track(), headers=headers)

    assert code(answer) == (403, "origin_not_allowed")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert api.post(path, track(), headers={"Origin": OURS}).ok


def test_row_8_holds_for_a_key_in_the_body(start_api: ApiStarter) -> None:
    """There many SDKs send it."""
    api = start_api(source(kind="browser", origins=[OURS]))
    body = track(writeKey=KEY)

    assert code(api.post("/v1/t", body, key=None, headers={"Origin": FOREIGN})) == (403, "origin_not_allowed")
    assert api.post("/v1/t", body, key=None, headers={"Origin": OURS}).status_code == 200


def test_row_9_a_call_that_a_key_may_not_send_is_403(start_api: ApiStarter) -> None:
    """Threat 4: alone; among others it is rejected by itself."""
    api = start_api(source(kind="browser", refused_calls=["alias"]))

    alone = api.post("/api/analytics/alias", ALIAS)
    among = api.post(BATCH, {"batch": [typed(), {"type": "alias", **ALIAS}]})

    assert code(alone) == (403, "not_allowed_for_key")
    assert (among.status_code, among.json()["accepted"]) == (202, 1)
    assert [note["problems"][0]["code"] for note in among.json()["rejected"]] == ["not_allowed_for_key"]


# With a session


@pytest.mark.parametrize("headers", [COOKIE, BEARER])
@pytest.mark.parametrize("ids", [{}, {"userId": None}, {"userId": "user-1"}])
def test_a_session_needs_no_key_and_gives_the_user(
    signed_in: Api, headers: dict[str, str], ids: dict[str, object]
) -> None:
    """As the call says, or where it says nothing."""
    call = {"event": "report.created", "properties": {"report_id": "r-1"}, **ids}

    answer = signed_in.post(TRACK, call, key=None, headers=headers)

    assert (answer.status_code, users(signed_in)) == (202, ["user-1"])


def test_a_call_in_another_s_name_is_403(signed_in: Api) -> None:
    """Threat 3: the body says user B, the session is A's."""
    answer = signed_in.post(TRACK, track(userId="user-2"), key=None, headers=COOKIE)

    assert code(answer) == (403, "wrong_user")
    assert answer.json()["problems"][0]["path"] == "$.userId"
    assert users(signed_in) == []


def test_among_others_a_call_in_another_s_name_is_rejected_by_itself(signed_in: Api) -> None:
    """The good ones are taken."""
    batch = [typed(), typed(userId="user-2"), typed(userId=None)]

    answer = signed_in.post(BATCH, {"batch": batch}, key=None, headers=COOKIE)

    assert (answer.status_code, answer.json()["accepted"], users(signed_in)) == (202, 2, ["user-1", "user-1"])
    assert [(note["index"], note["problems"][0]["code"]) for note in answer.json()["rejected"]] == [(1, "wrong_user")]


def test_a_call_in_another_s_name_may_be_put_right(start_api: ApiStarter) -> None:
    """As a setting."""
    api = start_api(sessions=sessions(other_user="overwrite"))

    answer = api.post(TRACK, track(userId="user-2"), key=None, headers=BEARER)

    assert (answer.status_code, users(api)) == (202, ["user-1"])


def test_a_proxy_s_header_is_a_session_too(start_api: ApiStarter) -> None:
    """The tests' requests come from the loopback address."""
    vouched = {"source": "web", "proxy_header": "X-User", "proxies": ["127.0.0.0/8"]}
    api = start_api(sessions=Sessions(SessionSettings.model_validate(vouched), Clock(NOW), Clock()))

    answers = [
        api.post(TRACK, track(userId=user), key=None, headers={"X-User": "user-1"}) for user in ("user-1", "user-2")
    ]

    assert [code(answer) for answer in answers] == [(202, None), (403, "wrong_user")]


def test_a_server_s_key_is_believed_about_its_users(signed_in: Api) -> None:
    """It sends for all of them; nobody is signed in at it."""
    signed_in.sources.replace([source(kind="server"), source(name="backend", write_key="backend-key")])

    answer = signed_in.post(TRACK, track(userId="user-2"), key="backend-key")

    assert (answer.status_code, users(signed_in)) == (202, ["user-2"])


def test_a_session_that_has_run_out_is_401(signed_in: Api) -> None:
    """The page sends its user to sign in; nothing is taken as somebody's."""
    expired = signed(exp=NOW - 1000)

    answers = [
        signed_in.post(TRACK, track(), key=None, headers={"Authorization": f"Bearer {expired}"}),
        signed_in.post(TRACK, track(), headers={"Cookie": f"session={expired}", "Origin": OURS}),
    ]

    assert [code(answer) for answer in answers] == [(401, "invalid_session")] * 2


def test_without_a_session_a_key_is_needed(signed_in: Api) -> None:
    """Nothing is anonymous."""
    assert code(signed_in.post(TRACK, track(), key=None, headers={"Origin": OURS})) == (401, "missing_write_key")


def test_keys_that_cannot_be_read_are_503_with_the_time_to_wait(start_api: ApiStarter, tmp_path: Path) -> None:
    """It is our trouble: the same request will do later. Whoever has a write key notices nothing."""
    api = start_api(sessions=sessions(secret=None, jwks=str(tmp_path / "gone.json")))

    answer = api.post(TRACK, track(), key=None, headers=BEARER)

    assert (code(answer), answer.headers["Retry-After"]) == ((503, "session_keys_unavailable"), "5")
    assert api.is_serving()


@pytest.mark.parametrize("path", SDK_PATHS)
def test_on_the_paths_of_sdks_sessions_do_not_count(signed_in: Api, path: str) -> None:
    """SDKs know of keys only; and a beacon brings every cookie along."""
    assert code(signed_in.post(path, track(), key=None, headers=COOKIE)) == (401, "missing_write_key")


# Cookies, and pages of other origins


@pytest.mark.parametrize("path", OWN_PATHS)
@pytest.mark.parametrize("origin", [FOREIGN, "null", None])
def test_threat_7_a_cookie_from_a_foreign_page_is_403(signed_in: Api, path: str, origin: str | None) -> None:
    """With a right key as well: the cookie says that a signed-in person is being used."""
    headers = {"Cookie": COOKIE["Cookie"], **({"Origin": origin} if origin else {})}

    answers = [signed_in.post(path, track(), key=key, headers=headers) for key in (None, KEY)]

    assert [code(answer) for answer in answers] == [(403, "origin_not_allowed")] * 2
    assert ["Access-Control-Allow-Credentials" in answer.headers for answer in answers] == [False, False]


@pytest.mark.parametrize("call", [track(), track(userId="user-2")])
def test_our_own_pages_may_read_the_answer(signed_in: Api, call: dict[str, Any]) -> None:
    """Also an error; a browser shows it only to the origin that it names, when cookies are sent."""
    answer = signed_in.post(TRACK, call, key=None, headers=COOKIE)

    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    ("path", "origin", "allowed"),
    [(TRACK, OURS, (OURS, "true")), (TRACK, FOREIGN, ("*", None)), ("/v1/track", OURS, ("*", None))],
)
def test_a_preflight_lets_our_own_pages_send_cookies(
    signed_in: Api, path: str, origin: str, allowed: tuple[str, str | None]
) -> None:
    """And no others, and on no other paths."""
    answer = signed_in.get(path, "OPTIONS", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})

    shown = answer.headers["Access-Control-Allow-Origin"], answer.headers.get("Access-Control-Allow-Credentials")
    assert (answer.status_code, shown) == (204, allowed)


def test_without_cookies_no_origin_is_mirrored(start_api: ApiStarter) -> None:
    """The star is enough, and grants less."""
    api = start_api(source(kind="browser", origins=[OURS]))

    answer = api.post(TRACK, track(), headers={"Origin": OURS})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


# Too many


def test_threat_1_a_flood_with_one_key_is_429_and_no_other_key_notices(start_api: ApiStarter) -> None:
    """Twenty times the limit."""
    api = start_api(source(name="web", rate_limit=5), source(name="app", write_key="app-key", rate_limit=5))

    flood = [api.post(TRACK, track()) for _ in range(100)]
    others = [api.post(TRACK, track(), key="app-key").status_code for _ in range(5)]

    assert [answer.status_code for answer in flood] == [202] * 5 + [429] * 95
    assert (code(flood[-1]), flood[-1].headers["Retry-After"]) == ((429, "rate_limited"), "1")
    assert others == [202] * 5


@pytest.mark.parametrize("key", [KEY, "wrong", None])
def test_an_address_is_held_to_its_limit_whatever_key_it_has(start_api: ApiStarter, key: str | None) -> None:
    """A right one, a wrong one, none; the pages' SDKs may read how long to wait."""
    api = start_api(address_rate=3)

    answers = [api.post(TRACK, track(), key=key) for _ in range(10)]

    assert [answer.status_code == 429 for answer in answers] == [False] * 3 + [True] * 7
    assert answers[-1].headers["Retry-After"] == "1"
    assert answers[-1].headers["Access-Control-Expose-Headers"] == "Retry-After"


def test_an_address_is_held_to_the_limit_of_a_source(start_api: ApiStarter) -> None:
    """Which leaves the rest of the source's requests to others."""
    api = start_api(source(address_rate_limit=2, rate_limit=100))

    assert [api.post(TRACK, track()).status_code for _ in range(4)] == [202, 202, 429, 429]


def test_threat_2_a_thousand_wrong_keys_end_in_429(start_api: ApiStarter) -> None:
    """Guessing costs time; a right key passes all the same."""
    api = start_api()
    with requests.Session() as connection:
        answers = [
            api.post(TRACK, track(), key=None, session=connection, headers={"Authorization": basic(f"guess {number}")})
            for number in range(1000)
        ]

    assert [answer.status_code for answer in answers] == [401] * 100 + [429] * 900
    assert api.is_serving()
