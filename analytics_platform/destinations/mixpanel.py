"""Mixpanel: events by import, users and groups as profiles."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from analytics_platform.destinations.base import Call, Limits, Outcome, Outgoing
from analytics_platform.destinations.http import Answer, Statuses, outcome, refused
from analytics_platform.destinations.posting import JSON, Post, Posting, Terms, basic
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
from analytics_platform.settings import ConfigurationError

INSERT_ID = re.compile(r"[A-Za-z0-9-]{1,36}")
BAD_REQUEST = 400
PROFILES = Limits(50, 900_000)  # as the SDKs do; the text says 2000

LIMITS = {
    "import": Limits(2000, 1_800_000),  # the text says 10 MB, an answer 2 MiB
    "engage": PROFILES,
    "groups": PROFILES,
    "nowhere": Limits(2000, 1_800_000),
}

NOBODY = """
00000000-0000-0000-0000-000000000000 anon anonymous nil none null n/a na undefined unknown <nil> 0 -1 true
false [] {}
"""
REFUSED = frozenset(NOBODY.split())
"""Ids that Mixpanel refuses."""

NAMES = "time distinct_id $insert_id $user_id $device_id token ip mp_lib bucket $ignore"
RESERVED = frozenset(NAMES.split())
"""Names that a property may not have: Mixpanel's own, and two that lose the property or the event."""

CONTEXT: Names = {
    "locale": "$locale",
    "timezone": "timezone",
    "os": {"name": "$os", "version": "$os_version"},
    "app": {
        "name": "$app_name",
        "version": "$app_version_string",
        "build": "$app_build_number",
        "namespace": "$app_namespace",
    },
    "device": {
        "manufacturer": "$manufacturer",
        "model": "$model",
        "name": "$device_name",
        "type": "$device_type",
    },
    "network": {
        "carrier": "$carrier",
        "wifi": "$wifi",
        "bluetooth": "$bluetooth_enabled",
        "cellular": "$cellular_enabled",
    },
    "screen": {"width": "$screen_width", "height": "$screen_height", "density": "$screen_dpi"},
    "page": {"url": "$current_url", "referrer": "$referrer"},
    "campaign": CAMPAIGN,
    "location": {"country": "mp_country_code"},
    "library": {"name": "mp_lib", "version": "$lib_version"},
}
"""destinations.md, section 6.3."""

TRAITS = {
    "email": "$email",
    "firstName": "$first_name",
    "lastName": "$last_name",
    "name": "$name",
    "phone": "$phone",
    "avatar": "$avatar",
    "username": "$username",
    "createdAt": "$created",
    "created_at": "$created",
    "created": "$created",
}
"""Without these names a profile shows neither name nor e-mail."""


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """What a project may have otherwise."""

    group_key: str = "company"
    page_event: str = "Viewed {name} Page"
    screen_event: str = "Viewed {name} Screen"
    username: str = ""  # of a service account, whose secret is `api_secret`
    project_id: str = ""


class Mixpanel(Posting):
    """Posts events to `/import`, users to `/engage`, groups to `/groups` and to their users' profiles.

    An event's dedupe key is its `$insert_id` with its name, time and user; profiles have none, but setting the
    same twice does no harm. An alias has no meaning under Simplified ID Merge: nothing is sent for it.
    """

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms, LIMITS, Statuses())
        self._options = terms.read_options(Options)
        account = (self._options.username, self._options.project_id, terms.secret)
        if any(account) and not all(account):
            raise ConfigurationError(
                f"destinations.{terms.name}: a service account takes options.username, options.project_id "
                "and api_secret_env; set all of them, or none"
            )
        self._auth = basic(self._options.username, terms.secret) if all(account) else basic(terms.key)
        project = {"project_id": self._options.project_id} if all(account) else {}
        self._import = f"{self._endpoint}/import?{urlencode({'strict': 1, **project})}"

    def place(self, call: Call) -> str:
        """See Posting.place."""
        return {"identify": "engage", "group": "groups", "alias": "nowhere"}.get(call["type"], "import")

    def posts(self, request: Sequence[Outgoing]) -> list[Post]:
        """See Posting.posts."""
        match self.place(request[0].call):
            case "engage":
                return self._profiles("engage", [self._user(each.call) for each in request])
            case "groups":
                groups = self._profiles("groups", [self._group(each.call) for each in request])
                return groups + self._profiles("engage", [self._member(each.call) for each in request])
            case "nowhere":
                return []
        body = msgspec.json.encode([self._event(each) for each in request])
        return [Post(self._import, body, {**JSON, **self._auth})]

    def understand(self, post: Post, answer: Answer, count: int) -> Outcome:
        """See Posting.understand."""
        document = answer.document
        if post.url == self._import:
            records = document.get("failed_records") if isinstance(document, dict) else None
            if answer.status == BAD_REQUEST and (rejected := _rejected(records, count)):
                return Outcome("dead_letter", answer.reason, answer.quoted, rejected=rejected, remainder="delivered")
        elif answer.status in range(200, 300):
            said = document.get("status") if isinstance(document, dict) else document
            if said == 0 and said is not False:
                return refused(answer, count, "refused with HTTP 200")
        return outcome(answer, count, self._now(), self._statuses)

    def _profiles(self, path: str, records: Sequence[dict[str, Any] | None]) -> list[Post]:
        found = [record for record in records if record is not None]
        body = msgspec.json.encode([{"$token": self._terms.key, **record} for record in found])
        return [Post(f"{self._endpoint}/{path}?verbose=1", body, may_be_compressed=False)] if found else []

    def _event(self, outgoing: Outgoing) -> dict[str, Any]:
        call, context = outgoing.call, section(outgoing.call, "context")
        user, browser = _user_id(call), usable(call.get("anonymousId"), REFUSED)
        own = {
            "time": min(milliseconds(time_of(call)), _received_at(outgoing)),
            "distinct_id": _distinct_id(call),
            "$insert_id": insert_id(call["messageId"]),
            "$user_id": user,
            "$device_id": browser,
            "ip": context.get("ip") or "0",  # without one, the place of this server is recorded
            self._options.group_key: group_of(call),
        }
        properties = {name: value for name, value in properties_of(call).items() if name not in RESERVED}
        return {
            "event": self._name(call),
            "properties": {**_from_context(context), **properties, **without_nulls(own)},
        }

    def _name(self, call: Call) -> str:
        match call["type"]:
            case "page":
                return viewed(call, self._options.page_event)
            case "screen":
                return viewed(call, self._options.screen_event)
        return str(call["event"])

    def _user(self, call: Call) -> dict[str, Any]:
        traits = section(call, "traits")
        full = " ".join(str(traits[part]) for part in ("firstName", "lastName") if traits.get(part))
        name = {"$name": full} if full and not traits.get("name") else {}
        return {**_whose(call), "$set": {**renamed(traits), **name}}

    def _group(self, call: Call) -> dict[str, Any]:
        traits = {"$name" if name == "name" else name: value for name, value in section(call, "traits").items()}
        return {"$group_key": self._options.group_key, "$group_id": group_of(call), "$set": traits}

    def _member(self, call: Call) -> dict[str, Any] | None:
        """The group on the profile of the user who belongs to it, if the call names one."""
        if not _distinct_id(call):
            return None
        return {**_whose(call), "$union": {self._options.group_key: [group_of(call)]}}


def insert_id(message_id: str) -> str:
    """The messageId if Mixpanel takes it, else the beginning of its hash, as Mixpanel suggests."""
    return message_id if INSERT_ID.fullmatch(message_id) else sha256(message_id.encode()).hexdigest()[:36]


def renamed(traits: Any) -> dict[str, Any]:
    """A user's traits by the names that Mixpanel knows."""
    return {TRAITS.get(name, name): value for name, value in traits.items()}


def _whose(call: Call) -> dict[str, Any]:
    return {"$distinct_id": _distinct_id(call), "$ip": section(call, "context").get("ip") or "0"}


def _user_id(call: Call) -> str | None:
    return usable(call.get("userId"), REFUSED)


def _distinct_id(call: Call) -> str:
    """The user, else the browser, else nobody; the same that Simplified ID Merge would make of the two."""
    browser = usable(call.get("anonymousId"), REFUSED)
    return _user_id(call) or (f"$device:{browser}" if browser else "")


def _from_context(context: Any) -> dict[str, Any]:
    found = named(context, CONTEXT)
    try:
        domain = urlsplit(str(found.get("$referrer", ""))).netloc
    except ValueError:
        domain = ""
    return {**found, "$referring_domain": domain} if domain else found


def _received_at(outgoing: Outgoing) -> int:
    """The latest time that an event may have: one from the future is refused, and `now` would differ by attempt."""
    return milliseconds(datetime.fromtimestamp(outgoing.event.received_at, UTC))


def _rejected(records: object, count: int) -> dict[int, str]:
    """The indexes in `failed_records`; everything else in them quotes the event."""
    indexes = (
        [record.get("index") for record in records if isinstance(record, dict)] if isinstance(records, list) else []
    )
    return {index: "HTTP 400" for index in indexes if type(index) is int and 0 <= index < count}
