"""Amplitude: events by its HTTP V2 or Batch API, identities there or by forms."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from analytics_platform.destinations.base import Call, Limits, Outcome, Outgoing
from analytics_platform.destinations.http import TOO_MANY_REQUESTS, Answer, Statuses, outcome, refused, retry_after
from analytics_platform.destinations.posting import FORM, Post, Posting, Terms
from analytics_platform.destinations.shape import (
    CAMPAIGN,
    Names,
    group_of,
    milliseconds,
    named,
    properties_of,
    section,
    time_of,
    usable,
    viewed,
    without_nulls,
)

PATHS = {"httpapi": "/2/httpapi", "batch": "/batch"}
WAITS = {"/2/httpapi": 30.0}  # seconds, for users who send too fast
WAIT = 15.0  # the same, at every other path

# The limits are 1 MB (20 MB for batches), and 2000 events; an item is larger than its call at times.
EVENT_LIMITS = {"httpapi": Limits(1999, 800_000), "batch": Limits(2000, 16_000_000)}
FORM_LIMITS = Limits(1000, 400_000)  # 1 MB, which percent-encoding fills sooner

BLAMED = ("events_with_invalid_fields", "events_with_missing_fields", "events_with_invalid_id_lengths")
"""Where an answer names the events that it refuses: indexes by field."""

OVER_QUOTA = {"exceeded_daily_quota_users": "user_id", "exceeded_daily_quota_devices": "device_id"}
"""Whose events cannot pass for a day; Amplitude's own SDKs drop them."""

NOBODY = "anonymous nil none null n/a na undefined unknown 00000000-0000-0000-0000-000000000000 {} lmy47d 0 -1"
REFUSED = frozenset(NOBODY.split())
"""Ids that Amplitude refuses."""

CONTEXT: Names = {
    "ip": "ip",
    "userAgent": "user_agent",
    "locale": "language",
    "app": {"version": "app_version"},
    "os": {"name": "os_name", "version": "os_version"},
    "device": {"manufacturer": "device_manufacturer", "model": "device_model", "brand": "device_brand"},
    "network": {"carrier": "carrier"},
    "location": {
        "country": "country",
        "region": "region",
        "city": "city",
        "latitude": "location_lat",
        "longitude": "location_lng",
    },
}
"""destinations.md, section 5.3."""

REVENUE = ("price", "quantity", "revenue", "productId", "revenueType", "currency")
PLATFORMS = {"ios": "iOS", "android": "Android"}
BROWSER_LIBRARIES = ("analytics.js", "@segment/analytics-next")


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """What a project may have otherwise."""

    api: Literal["httpapi", "batch"] = "httpapi"
    identify_via: Literal["httpapi", "identify"] = "httpapi"  # the forms, if a plan forbids the other
    group_type: str = "company"
    page_event: str = "Viewed {name} Page"
    screen_event: str = "Viewed {name} Screen"
    min_id_length: int = 1  # Amplitude's own is 5, and shorter ids are lost


class Amplitude(Posting):
    """Posts events, identifies and groups to `/2/httpapi` or `/batch`, or identities to their forms.

    The dedupe key is `insert_id`, for seven days and for each device. A request with a bad event is refused as
    a whole. An alias needs the Portfolio add-on; without it, deny calls of that type.
    """

    def __init__(self, terms: Terms) -> None:
        self._options = terms.read_options(Options)
        forms = dict.fromkeys(("identify", "group", "alias"), FORM_LIMITS)
        super().__init__(terms, {"events": EVENT_LIMITS[self._options.api], **forms}, Statuses())

    def place(self, call: Call) -> str:
        """See Posting.place; a group stands apart, since its second post repeats its first when it fails."""
        if call["type"] in ("group", "alias"):
            return str(call["type"])
        return "identify" if call["type"] == "identify" and self._options.identify_via == "identify" else "events"

    def posts(self, request: Sequence[Outgoing]) -> list[Post]:
        """See Posting.posts."""
        calls = list(enumerate(each.call for each in request))
        match self.place(calls[0][1]):
            case "events":
                return list(self._events((n, event(call, self._options)) for n, call in calls))
            case "identify":
                return list(self._form("/identify", ((n, identification(call)) for n, call in calls)))
            case "alias":
                return list(self._form("/usermap", ((n, mapping(call)) for n, call in calls), "mapping"))
        members = ((n, membership(call, self._options)) for n, call in calls if _whose(call))
        if self._options.identify_via == "identify":
            groups = ((n, group_identification(call, self._options)) for n, call in calls)
            only = ("user_id", "device_id", "groups", "user_properties")
            forms = ((n, {key: item[key] for key in only if key in item}) for n, item in members)
            return [*self._form("/identify", forms), *self._form("/groupidentify", groups)]
        return [*self._events(members), *self._events((n, group_event(call, self._options)) for n, call in calls)]

    def _events(self, items: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[Post]:
        found = list(items)
        options = {"min_id_length": self._options.min_id_length}
        body = {"api_key": self._terms.key, "events": [item for _, item in found], "options": options}
        if found:
            url = f"{self._endpoint}{PATHS[self._options.api]}"
            yield Post(url, msgspec.json.encode(body), items=[n for n, _ in found])

    def _form(
        self, path: str, items: Iterable[tuple[int, dict[str, Any]]], field: str = "identification"
    ) -> Iterator[Post]:
        found = list(items)
        fields = {"api_key": self._terms.key, field: msgspec.json.encode([item for _, item in found]).decode()}
        if field == "identification":
            fields["options"] = msgspec.json.encode({"min_id_length": self._options.min_id_length}).decode()
        if found:
            host = self._endpoint.replace("//api2.", "//api.") if path == "/usermap" else self._endpoint
            body = urlencode(fields).encode()
            yield Post(f"{host}{path}", body, FORM, [n for n, _ in found], may_be_compressed=False)

    def understand(self, post: Post, answer: Answer, count: int) -> Outcome:
        """See Posting.understand."""
        document = answer.document if isinstance(answer.document, dict) else {}
        if answer.status == 400 and _blames_the_key(answer, document):  # noqa: PLR2004  a status
            return Outcome("halt", "HTTP 400: the API key is refused")
        if answer.status in (400, TOO_MANY_REQUESTS):
            rejected = _rejected(post, document)
            throttled = _indexes(post, document.get("throttled_events"))
            wait = retry_after(answer.headers.get("Retry-After"), self._now()) or _wait(post)
            facts: dict[str, Any] = {"throttled": throttled - rejected.keys(), "wait": wait if throttled else None}
            if rejected:
                return Outcome("dead_letter", answer.reason, answer.quoted, rejected=rejected, **facts)
            if throttled or answer.status == TOO_MANY_REQUESTS:
                facts["wait"] = wait
                return Outcome("retry_after", answer.reason, answer.quoted, **facts, is_too_fast=True)
        if post.url.endswith("/usermap") and answer.status in (401, 403, 404):  # the add-on is missing, not the key
            return refused(answer, count)
        return outcome(answer, count, self._now(), self._statuses)


def event(call: Call, options: Options) -> dict[str, Any]:
    """The event that a track, page, screen or identify becomes."""
    context, group = section(call, "context"), group_of(call)
    if call["type"] == "identify":
        own = {"event_type": "$identify", "user_properties": {"$set": section(call, "traits")}}
    else:
        properties = properties_of(call)
        own = {"event_type": _name(call, options), "event_properties": properties, **_revenue(properties)}
        if campaign := named(context, {"campaign": CAMPAIGN}):
            first = {f"initial_{name}": value for name, value in campaign.items()}
            own["user_properties"] = {"$set": campaign, "$setOnce": first}
    return {
        **_whose(call),
        "time": milliseconds(time_of(call)),
        "insert_id": call["messageId"],
        **named(context, CONTEXT),
        **_device(context),
        **without_nulls({"session_id": section(section(call, "integrations"), "Amplitude").get("session_id")}),
        **({"groups": {options.group_type: group}} if group else {}),
        **own,
    }


def membership(call: Call, options: Options) -> dict[str, Any]:
    """The user's part of a group call."""
    joined = {options.group_type: group_of(call)}
    return {**event({**call, "type": "identify"}, options), "groups": joined, "user_properties": {"$set": joined}}


def group_event(call: Call, options: Options) -> dict[str, Any]:
    """The group's part of a group call; it needs no insert_id, and must not have that of the user's part."""
    return {
        **_whose(call),
        "event_type": "$groupidentify",
        "time": milliseconds(time_of(call)),
        "groups": {options.group_type: group_of(call)},
        "group_properties": {"$set": section(call, "traits")},
    }


def identification(call: Call) -> dict[str, Any]:
    """What the form for users takes of an identify."""
    return {**_whose(call), "user_properties": {"$set": section(call, "traits")}}


def group_identification(call: Call, options: Options) -> dict[str, Any]:
    """What the form for groups takes of a group call."""
    return {
        "group_type": options.group_type,
        "group_value": group_of(call),
        "group_properties": section(call, "traits"),
    }


def mapping(call: Call) -> dict[str, Any]:
    """What the form for aliases takes."""
    return {"user_id": call.get("previousId"), "global_user_id": call.get("userId")}


def _name(call: Call, options: Options) -> str:
    match call["type"]:
        case "page":
            return viewed(call, options.page_event)
        case "screen":
            return viewed(call, options.screen_event)
    return str(call["event"])


def _whose(call: Call) -> dict[str, str]:
    device = section(section(call, "context"), "device").get("id") or call.get("anonymousId")
    found = {"user_id": usable(call.get("userId"), REFUSED), "device_id": usable(device, REFUSED)}
    return without_nulls(found)


def _device(context: Mapping[str, Any]) -> dict[str, Any]:
    """The platform, and on phones the ids for advertising."""
    device = section(context, "device")
    kind = str(device.get("type") or "")
    is_browser = section(context, "library").get("name") in BROWSER_LIBRARIES
    apple = kind.lower() == "ios"
    found = {
        "platform": PLATFORMS.get(kind.lower(), kind) or ("Web" if is_browser else None),
        "idfa" if apple else "adid": device.get("advertisingId"),
        "idfv": device.get("id") if apple else None,
    }
    return without_nulls(found)


def _revenue(properties: Mapping[str, Any]) -> dict[str, Any]:
    found = without_nulls({name: properties.get(name) for name in REVENUE})
    return {**found, "currency": str(found["currency"]).upper()} if "currency" in found else found


def _blames_the_key(answer: Answer, document: Mapping[str, Any]) -> bool:
    """Amplitude has no 401; the key is echoed after the words."""
    words = str(document.get("error") or answer.body).strip()
    return words.startswith(("Invalid API key", "invalid_api_key")) or document.get("missing_field") == "api_key"


def _rejected(post: Post, document: Mapping[str, Any]) -> dict[int, str]:
    """The indexes of events that can never succeed, or not today, each with its reason."""
    blamed = {
        index for field in BLAMED for found in section(document, field).values() for index in _indexes(post, found)
    } | _indexes(post, document.get("silenced_events"))
    return dict.fromkeys(sorted(blamed), "HTTP 400") | _over_quota(post, document)


def _over_quota(post: Post, document: Mapping[str, Any]) -> dict[int, str]:
    over = [(of, section(document, field).keys()) for field, of in OVER_QUOTA.items()]
    if not any(names for _, names in over):
        return {}
    items = [] if post.headers is FORM else msgspec.json.decode(post.body)["events"]
    reason = "HTTP 429: the user's or device's daily quota is used up"
    return {post.items[n]: reason for n, item in enumerate(items) if any(item.get(of) in names for of, names in over)}


def _indexes(post: Post, found: object) -> set[int]:
    """Positions in the body, as indexes of the request."""
    positions = found if isinstance(found, list) else []
    return {post.items[at] for at in positions if type(at) is int and 0 <= at < len(post.items)}


def _wait(post: Post) -> float:
    return next((wait for path, wait in WAITS.items() if post.url.endswith(path)), WAIT)
