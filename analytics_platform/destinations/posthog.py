"""PostHog's capture API: one endpoint, one event for each call."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_OID, uuid5

import msgspec

from analytics_platform.destinations.base import Call, Limits, Outcome, Outgoing
from analytics_platform.destinations.http import Answer, Statuses
from analytics_platform.destinations.posting import Post, Posting, Terms
from analytics_platform.destinations.shape import (
    CAMPAIGN,
    Names,
    group_of,
    named,
    properties_of,
    section,
    usable,
    without_nulls,
)

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

LIMITS = Limits(1000, 5_000_000)  # 20 MB is PostHog's, its SDKs keep to 5 MB

NOBODY = """
0 00000000-0000-0000-0000-000000000000 anonymous anonymous-user backend distinct_id distinctid email false
guest id nan none not_authenticated null system true undefined user
"""
REFUSED = frozenset(NOBODY.split()) | {"[object object]"}
"""Ids that stand for nobody; PostHog drops or never joins them."""

CONTEXT: Names = {
    "ip": "$ip",
    "locale": "$locale",
    "timezone": "$timezone",
    "page": {"url": "$current_url", "path": "$pathname", "referrer": "$referrer", "title": "title"},
    "campaign": CAMPAIGN,
    "os": {"name": "$os", "version": "$os_version"},
    "app": {"name": "$app_name", "version": "$app_version", "build": "$app_build", "namespace": "$app_namespace"},
    "device": {
        "id": "$device_id",
        "manufacturer": "$device_manufacturer",
        "model": "$device_model",
        "name": "$device_name",
        "type": "$device_type",
    },
    "screen": {"width": "$screen_width", "height": "$screen_height"},
    "network": {"carrier": "$network_carrier"},
    "library": {"name": "$lib", "version": "$lib_version"},
}
"""destinations.md, section 7.3."""


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """What a project may have otherwise."""

    group_type: str = "company"
    reverse_alias: bool = False  # merge into the previous id, as PostHog's Python SDK has it


class PostHog(Posting):
    """Posts to `{host}/batch/`; a call's dedupe key is its `uuid`, with its event, person and time.

    A bad event fails the whole request and is not named. `sent_at` is left out: PostHog takes times as they are then.
    """

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms, {"batch": LIMITS}, Statuses())
        self._options = terms.read_options(Options)

    def posts(self, request: Sequence[Outgoing]) -> list[Post]:
        """See Posting.posts."""
        batch = [item(outgoing.call, self._options) for outgoing in request]
        body = msgspec.json.encode({"api_key": self._terms.key, "batch": batch})
        return [Post(f"{self._endpoint}/batch/", body)]

    def understand(self, post: Post, answer: Answer, count: int) -> Outcome:
        """See Posting.understand; over its quota a project drops events with a 200, which says so at times."""
        document = answer.document
        limited = document.get("quota_limited") if isinstance(document, dict) else None
        if answer.status in range(200, 300) and isinstance(limited, list) and "events" in limited:
            return Outcome("halt", "the project's quota of events is used up", answer.quoted)
        return super().understand(post, answer, count)


def item(call: Call, options: Options) -> dict[str, Any]:
    """The event that a call becomes."""
    properties = _properties(call, options)
    return {
        "event": _event(call),
        "distinct_id": _distinct_id(call, options),
        "uuid": uuid_of(call["messageId"]),
        "timestamp": call["timestamp"],
        "properties": properties if "$ip" in properties else {**properties, "$geoip_disable": True},  # ours is not it
    } | _alias(call, options)


def uuid_of(message_id: str) -> str:
    """The messageId when it is a UUID, else one made of it."""
    return message_id if UUID.fullmatch(message_id) else str(uuid5(NAMESPACE_OID, message_id))


def _event(call: Call) -> str:
    names = {"group": "$groupidentify", "alias": "$create_alias", "page": "$pageview", "screen": "$screen"}
    if call["type"] == "identify":
        return "$identify" if usable(call.get("userId"), REFUSED) else "$set"
    return names.get(call["type"]) or str(call["event"])


def _distinct_id(call: Call, options: Options) -> str:
    """The user, else the browser; of a group without either the group, as PostHog's SDKs do."""
    known = usable(call.get("userId"), REFUSED) or usable(call.get("anonymousId"), REFUSED)
    if known or call["type"] != "group":
        return known or ""
    return f"${options.group_type}_{group_of(call)}"


def _properties(call: Call, options: Options) -> dict[str, Any]:
    context = named(section(call, "context"), CONTEXT)
    match call["type"]:
        case "identify":
            user, browser = usable(call.get("userId"), REFUSED), usable(call.get("anonymousId"), REFUSED)
            joined = {"$anon_distinct_id": browser} if user and browser and user != browser else {}
            return {**context, **joined, "$set": section(call, "traits")}
        case "group":
            group = {
                "$group_type": options.group_type,
                "$group_key": group_of(call),
                "$group_set": section(call, "traits"),
            }
            return {**context, **group}
        case "page":
            found = {**_page(section(call, "properties")), **context, **properties_of(call)}
            return _with_group(_with_host(found), call, options)
        case "screen":
            found = {**context, **without_nulls({"$screen_name": call.get("name")}), **properties_of(call)}
            return _with_group(_with_host(found), call, options)
        case _:
            return _with_group(_with_host({**context, **properties_of(call)}), call, options)


def _page(properties: Any) -> dict[str, Any]:
    """What a page call says of its page, where its context says nothing."""
    return named({"page": properties}, {"page": CONTEXT["page"]})


def _with_host(properties: dict[str, Any]) -> dict[str, Any]:
    try:
        host = urlsplit(str(properties.get("$current_url", ""))).netloc
    except ValueError:
        return properties
    return {"$host": host, **properties} if host else properties


def _with_group(properties: dict[str, Any], call: Call, options: Options) -> dict[str, Any]:
    group = group_of(call)
    return {**properties, "$groups": {options.group_type: group}} if group else properties


def _alias(call: Call, options: Options) -> dict[str, Any]:
    """The person of `alias` is merged into that of `distinct_id`."""
    if call["type"] != "alias":
        return {}
    into, alias = str(call.get("userId")), str(call.get("previousId"))
    if options.reverse_alias:
        into, alias = alias, into
    return {"distinct_id": into, "properties": {"distinct_id": into, "alias": alias, "$geoip_disable": True}}
