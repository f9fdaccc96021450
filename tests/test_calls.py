"""Which calls are well-formed, and what does a malformed one get to hear?"""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_registry.calls import (
    CALL_TYPES,
    MAX_DEPTH,
    MAX_KEY_LENGTH,
    MAX_KEYS,
    Problem,
    _find_problems,
    check_call,
    json_path,
    parse_timestamp,
)

USER_AND_GROUP_IDS = ["userId", "anonymousId", "previousId", "groupId"]
TIMES = ["timestamp", "originalTimestamp", "sentAt"]
OBJECTS = ["properties", "traits", "context", "integrations"]
FIELDS = ["type", "event", "messageId", *USER_AND_GROUP_IDS, *TIMES, *OBJECTS]

PERSONAL = "ada@example.com"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
call_like = st.dictionaries(
    st.sampled_from(FIELDS), st.sampled_from(CALL_TYPES) | st.just(PERSONAL) | json_values, max_size=len(FIELDS)
)


def call(kind: str, **fields: object) -> dict[str, object]:
    """Build the smallest well-formed call of a type, with these fields besides or instead."""
    needed: dict[str, dict[str, object]] = {
        "track": {"event": "report.created"},
        "group": {"groupId": "account-1"},
        "alias": {"previousId": "visitor-1"},
    }
    return {"type": kind, "userId": "user-1", **needed.get(kind, {}), **fields}


def nested(depth: int) -> object:
    """Build objects and lists in one another, `depth` levels of them."""
    value: object = {}
    for level in range(1, depth):
        value = [value] if level % 2 else {"k": value}
    return value


def places(problems: list[Problem]) -> list[tuple[str, str]]:
    """Reduce problems to what programs read: path and code."""
    return [(problem.path, problem.code) for problem in problems]


@pytest.mark.parametrize("kind", CALL_TYPES)
def test_the_six_calls_need_little(kind: str) -> None:
    """A call is well-formed with its type, a user, and what its type alone needs."""
    assert check_call(call(kind)) == []


SDK_CALLS = {
    "segment-analytics-python": {
        "integrations": {},
        "anonymousId": None,
        "properties": {"total": 9.5},
        "timestamp": "2024-01-02T03:04:05.678+00:00",
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
        "userId": "user-1",
        "type": "track",
        "event": "Order Completed",
        "messageId": "mid-fixed-1",
    },
    "rudder-sdk-python": {
        "integrations": {"All": True},
        "anonymousId": None,
        "timestamp": "2026-11-23T18:07:49.477049+00:00",
        "context": {"traits": {"plan": "pro"}, "library": {"name": "analytics-python", "version": "2.1.9"}},
        "type": "identify",
        "userId": "user-1",
        "messageId": "d358c12c-4a39-47c4-a607-e77fb87723fe",
        "channel": "server",
    },
    "rudder-sdk-node": {
        "userId": "user-1",
        "traits": {"plan": "pro"},
        "context": {"traits": {"plan": "pro"}},
        "type": "identify",
        "_metadata": {"nodeVersion": "20.20.2"},
        "originalTimestamp": "2026-11-23T18:09:36.674Z",
        "sentAt": "2026-11-23T18:09:36.794Z",
    },
    "analytics-next": {
        "timestamp": "2026-11-23T18:12:44.755Z",
        "type": "page",
        "properties": {"path": "/docs", "name": "Home"},
        "name": "Home",
        "category": None,
        "userId": None,
        "anonymousId": "f3f17247-0151-41e1-9c32-ff9cc033654a",
        "messageId": "ajs-next-1795457564724-72470151-e1e1-4c32-bf9c-c033654a000f",
        "writeKey": "demo",
    },
}


@pytest.mark.parametrize("sent", SDK_CALLS.values(), ids=SDK_CALLS.keys())
def test_what_real_sdks_send_is_well_formed(sent: dict[str, object]) -> None:
    """Nulls for absent ids, traits in the context, fields beyond the spec: none of it is a problem."""
    assert check_call(sent) == []


@pytest.mark.parametrize("field", USER_AND_GROUP_IDS)
@pytest.mark.parametrize("number", [0, 42, 2**80, 1.5])
def test_an_id_may_be_a_number(field: str, number: float) -> None:
    """Many databases number their rows; the number is stored as text later."""
    assert check_call(call("group", **{field: number})) == []


@pytest.mark.parametrize("field", ["anonymousId", "messageId", *TIMES, *OBJECTS])
def test_a_null_is_as_good_as_absent(field: str) -> None:
    """SDKs send null for what they do not have."""
    assert check_call(call("track", **{field: None})) == []


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "text", [], [{}]], ids=repr)
def test_a_call_is_an_object(value: object) -> None:
    """Any other JSON value is one problem, at the root."""
    assert places(check_call(value)) == [("$", "invalid_call")]


@pytest.mark.parametrize("kind", ["trak", "Track", "", 1, True, [], {}, ["track"]], ids=repr)
def test_the_type_is_one_of_six(kind: object) -> None:
    """An unknown type is a problem, whatever JSON value it is."""
    assert places(check_call(call("page", type=kind))) == [("$.type", "invalid_type")]


@pytest.mark.parametrize(
    ("sent", "path", "code"),
    [
        (call("track", userId=None), "$.userId", "missing_user"),
        (call("track", userId=""), "$.userId", "missing_user"),
        (call("track", userId=None, anonymousId=""), "$.userId", "missing_user"),
        (call("alias", userId=None, anonymousId="visitor-2"), "$.userId", "missing_user"),
        (call("alias", previousId=None), "$.previousId", "missing_previousId"),
        (call("alias", previousId=""), "$.previousId", "missing_previousId"),
        (call("group", groupId=None), "$.groupId", "missing_groupId"),
        (call("group", groupId=""), "$.groupId", "missing_groupId"),
    ],
)
def test_a_call_says_whom_it_is_about(sent: dict[str, object], path: str, code: str) -> None:
    """A user id or an anonymous id is needed; alias needs both of its ids, and group its group."""
    assert places(check_call(sent)) == [(path, code)]


def test_an_anonymous_user_is_a_user() -> None:
    """One of the two ids is enough, and the other may be empty."""
    assert check_call(call("track", userId="", anonymousId="visitor-1")) == []


@pytest.mark.parametrize("field", USER_AND_GROUP_IDS)
@pytest.mark.parametrize(
    "value", [{}, [], True, False, "   ", "\t", "x" * 513, 10**512], ids=lambda value: repr(value)[:9]
)
def test_an_id_is_a_short_text_or_number(field: str, value: object) -> None:
    """An id of another type, a blank one or one beyond 512 characters is a problem."""
    assert places(check_call(call("group", **{field: value}))) == [(f"$.{field}", f"invalid_{field}")]


@pytest.mark.parametrize("name", [None, "", " ", 5, True, [], {}, "x" * 513], ids=lambda value: repr(value)[:9])
def test_a_track_call_names_its_event(name: object) -> None:
    """The name is a text of 1 to 512 characters."""
    assert places(check_call(call("track", event=name))) == [("$.event", "invalid_event_name")]


@pytest.mark.parametrize("value", ["", " ", 5, True, [], {}, "x" * 101], ids=lambda value: repr(value)[:9])
def test_a_message_id_is_a_short_text(value: object) -> None:
    """A messageId is a text of 1 to 100 characters, if there is one."""
    assert places(check_call(call("track", messageId=value))) == [("$.messageId", "invalid_messageId")]


@pytest.mark.parametrize("field", OBJECTS)
@pytest.mark.parametrize("value", [[], "", "text", 0, False], ids=repr)
def test_what_should_be_an_object_is_one(field: str, value: object) -> None:
    """Properties, traits, context and integrations are objects, if they are there."""
    assert places(check_call(call("track", **{field: value}))) == [(f"$.{field}", f"invalid_{field}")]


def test_traits_in_the_context_are_an_object_too() -> None:
    """RudderStack's SDKs put the traits there."""
    assert places(check_call(call("identify", context={"traits": []}))) == [("$.context.traits", "invalid_traits")]


@pytest.mark.parametrize("field", TIMES)
@pytest.mark.parametrize("value", ["", "yesterday", 1700000000, 1.5, True, [], {}], ids=repr)
def test_a_time_is_an_iso_8601_text(field: str, value: object) -> None:
    """Seconds since the epoch, among others, are a problem: nobody can tell them from milliseconds."""
    assert places(check_call(call("track", **{field: value}))) == [(f"$.{field}", "invalid_timestamp")]


def test_nesting_ends_at_32_levels() -> None:
    """The call is the first level; the 33rd is a problem, whatever mixture of objects and lists it is."""
    assert check_call(call("track", properties=nested(MAX_DEPTH - 1))) == []
    assert [problem.code for problem in check_call(call("track", properties=nested(MAX_DEPTH + 1)))] == ["too_deep"]


def test_hostile_nesting_is_harmless() -> None:
    """A hundred thousand levels are one problem, not a RecursionError."""
    assert [problem.code for problem in check_call({**call("track"), "x": nested(100_000)})] == ["too_deep"]


def test_an_object_has_at_most_1000_keys() -> None:
    """The limit holds for each object by itself, and the path names the object."""
    full = {f"k{n}": n for n in range(MAX_KEYS)}

    assert check_call(call("track", properties=full, context=full)) == []
    assert places(check_call(call("track", context={"device": [full | {"one more": 1}]}))) == [
        ("$.context.device[0]", "too_many_keys")
    ]


def test_a_key_has_at_most_1024_characters() -> None:
    """Many keys may be longer together; the path names the object, not the key."""
    assert check_call(call("track", properties={"a" * 1024: 1, "b" * 1024: 2})) == []
    assert places(check_call(call("track", properties={"a" * 1025: 1}))) == [("$.properties", "key_too_long")]


def test_all_problems_are_reported_at_once() -> None:
    """Whoever mends a call reads one answer, not one after the other."""
    sent = {"type": "track", "userId": [], "messageId": 1, "properties": 1, "traits": 1, "sentAt": 1, "x": nested(40)}

    codes = [problem.code for problem in check_call(sent)]

    assert codes == [
        "invalid_event_name",
        "invalid_userId",
        "invalid_messageId",
        "invalid_properties",
        "invalid_traits",
        "invalid_timestamp",
        "too_deep",
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [("x", "string"), (1, "integer"), (1.5, "number"), (True, "boolean"), ([], "list")],
)
def test_a_message_says_what_was_expected_and_found(value: object, found: str) -> None:
    """Types have the names that JSON gives them."""
    assert check_call(call("track", properties=value))[0].message == f"expected object, found {found}"


@given(json_values | call_like)
def test_no_json_value_is_too_strange(value: object) -> None:
    """The check answers for every JSON value; it never raises."""
    assert all(isinstance(problem, Problem) for problem in check_call(value))


@given(call_like)
def test_no_problem_repeats_a_value(sent: dict[str, object]) -> None:
    """Values are personal data; answers and logs do not show them."""
    assert PERSONAL not in repr(check_call(sent))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-02T03:04:05.678Z", datetime(2024, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)),
        ("2024-01-02T03:04:05.678901+00:00", datetime(2024, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)),
        ("2024-01-02T03:04:05.678901234Z", datetime(2024, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)),
        ("2024-01-02T03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-02 03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-02T03:04Z", datetime(2024, 1, 2, 3, 4, tzinfo=UTC)),
        ("2024-01-02T03:04:05+02:00", datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2024-01-02T03:04:05-0530", datetime(2024, 1, 2, 8, 34, 5, tzinfo=UTC)),
        ("2024-01-02T00:00:00+14", datetime(2024, 1, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_read_as_utc(text: str, moment: datetime) -> None:
    """Any offset and any fraction will do; without an offset it is UTC; beyond microseconds it is cut."""
    parsed = parse_timestamp(text)

    assert parsed == moment
    assert parsed is not None
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-01-02",
        "20240102T030405Z",
        "2024-W01-2T03:04:05Z",
        "2024-13-02T03:04:05Z",
        "2024-02-30T03:04:05Z",
        "2024-01-02T25:04:05Z",
        "2024-01-02T03:04:05+99:99",
        "2024-01-02T03:04:05+01:60",
        "0000-01-02T03:04:05Z",
        "99999-01-02T03:04:05Z",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        " 2024-01-02T03:04:05Z",
        "2024-01-02T03:04:05Z\n",
        "202\u0664-01-02T03:04:05Z",
        "1" * 4096,
        "Tue, 02 Jan 2024 03:04:05 GMT",
    ],
    ids=lambda text: repr(text)[:30],
)
def test_what_is_no_timestamp_is_none(text: str) -> None:
    """Dates that do not exist, other notations, and moments outside of the years 1 to 9999 in UTC."""
    assert parse_timestamp(text) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_survives_its_notation(moment: datetime) -> None:
    """What Python writes is read back to the microsecond."""
    assert parse_timestamp(moment.isoformat()) == moment


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", fullmatch=True))
def test_no_text_is_too_strange_for_a_timestamp(text: str) -> None:
    """Reading a time never raises."""
    assert isinstance(parse_timestamp(text), datetime | None)


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ((), "$"),
        (("properties", "report_id"), "$.properties.report_id"),
        (("properties", "tags", 0), "$.properties.tags[0]"),
        (("properties", "a.b"), '$.properties["a.b"]'),
        (("properties", ""), '$.properties[""]'),
        (("properties", 'say "hi"\n'), '$.properties["say \\"hi\\"\\n"]'),
    ],
)
def test_a_path_is_one_printable_line(keys: tuple[str | int, ...], path: str) -> None:
    """Keys that are no plain words are quoted, so that nobody can forge a line of a log with one."""
    assert json_path(keys) == path


@given(
    call_like
    | st.integers(0, 2 * MAX_DEPTH).map(lambda depth: call("page", properties=nested(depth)))
    | st.integers(MAX_KEY_LENGTH - 100, MAX_KEY_LENGTH + 100).map(lambda size: call("page", properties={"k" * size: 1}))
    | st.integers(MAX_KEYS - 2, MAX_KEYS + 2).map(
        lambda count: call("page", context=dict.fromkeys(map(str, range(count))))
    )
)
def test_the_encoded_call_changes_no_answer(sent: dict[str, object]) -> None:
    """It spares work alone: whatever is too deep, too long or too many is found with it and without."""
    encoded = json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")

    assert check_call(sent, encoded) == check_call(sent)


@pytest.mark.parametrize("kind", CALL_TYPES)
@given(fields=call_like)
def test_the_quick_look_passes_only_what_the_thorough_one_does(kind: str, fields: dict[str, object]) -> None:
    """Shown with calls that are sound but for a few fields, which may be odd."""
    value = call(kind, **{name: each for name, each in fields.items() if name != "type"})

    assert check_call(value) == [*_find_problems(value)]
