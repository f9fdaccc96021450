# Generated from the tracking plan by `analytics plan generate`: do not edit.
"""A typed method for each event of the tracking plan.

    analytics = Analytics(Client("https://events.example.com", "WRITE_KEY"))
    analytics.report_created(report_id="rep_42", user_id="u_1")

The calls go out in batches from a thread of the client's own, and what waits at the end of the program is sent then.
In place of our client any other with the methods of Segment's Python SDK will do.
"""

from __future__ import annotations

import atexit
import base64
import http.client
import json
import logging
import os
import random
import threading
import time
import urllib.request
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, Literal, Protocol

__all__ = ["Analytics", "CallOptions", "Client", "SegmentShaped"]


@dataclass(frozen=True)
class CallOptions:
    """What may be said of a call besides who did what."""

    timestamp: datetime | None = None  # when it happened; now, if nothing is said
    message_id: str | None = None  # under one id a call is stored once, however often it is sent
    context: Mapping[str, Any] | None = None
    integrations: Mapping[str, Any] | None = None  # which destinations get it, as in Segment's spec


class SegmentShaped(Protocol):
    """The methods of Segment's Python SDK that the typed ones use."""

    def track(
        self, *, user_id: str | None, anonymous_id: str | None, event: str, properties: dict[str, Any], **options: Any
    ) -> object:
        """Say what somebody did."""

    def identify(
        self, *, user_id: str | None, anonymous_id: str | None, traits: dict[str, Any], **options: Any
    ) -> object:
        """Say who somebody is."""

    def group(
        self,
        *,
        user_id: str | None,
        anonymous_id: str | None,
        group_id: str,
        traits: dict[str, Any],
        **options: Any,
    ) -> object:
        """Say what somebody belongs to."""

    def page(
        self,
        *,
        user_id: str | None,
        anonymous_id: str | None,
        name: str | None,
        properties: dict[str, Any],
        **options: Any,
    ) -> object:
        """Say which page somebody saw."""

    def screen(
        self,
        *,
        user_id: str | None,
        anonymous_id: str | None,
        name: str | None,
        properties: dict[str, Any],
        **options: Any,
    ) -> object:
        """Say which screen of an app somebody saw."""

    def alias(self, *, user_id: str, previous_id: str, **options: Any) -> object:
        """Say that somebody who was known under another id is this user."""


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was said; an omitted field is left out, never sent as null."""
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _said(options: CallOptions | None) -> dict[str, Any]:
    return {name: value for name, value in vars(options or CallOptions()).items() if value is not None}


def _plain(value: Any) -> Any:
    """The value as JSON has it; a time without a zone is one of this machine's."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


class Analytics:
    """Sends the calls of the tracking plan."""

    def __init__(self, client: SegmentShaped) -> None:
        """Take our own `Client`, or Segment's; another one may be put into `client` at any time, as tests do."""
        self.client = client

    def identify(
        self,
        user_id: str,
        *,
        anonymous_id: str | None = None,
        email: str | None = None,
        name: str | None = None,
        plan: str | None = None,
        role: str | None = None,
        created_at: datetime | str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """What we know of a user.

        email: The address that the user signs in with. Personal.
        name: The full name, as the user wrote it. Personal.
        plan: The plan of the user's account.
        role: What the user is allowed to do in the account.
        created_at: When the user signed up.

        Owner: growth. Since 2025-01-13.
        """
        traits = _present(
            {
                "email": email,
                "name": name,
                "plan": plan,
                "role": role,
                "created_at": created_at,
            }
        )
        self.client.identify(user_id=user_id, anonymous_id=anonymous_id, traits=traits, **_said(options))

    def group(
        self,
        group_id: str,
        *,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        name: str | None = None,
        plan: str | None = None,
        seat_count: int | None = None,
        mrr: float | None = None,
        prorated_mrr: float | None = None,
        is_deleted: bool | None = None,
        industry: str | None = None,
        created_at: datetime | str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """What we know of an account, a customer with its users; snapshots send most of it.

        name: The account's name, as its owner wrote it.
        plan: The plan that the account is on.
        seat_count: The number of seats paid for.
        mrr: The monthly recurring revenue, in euros. Internal.
        prorated_mrr: The recurring revenue of the calendar month, in euros: each subscription for the days
          that it was active. Internal.
        is_deleted: Whether the account is gone; absent while it is not.
        industry: The line of business that the account's owner chose.
        created_at: When the account was opened.

        Owner: billing. Since 2025-02-03.
        """
        traits = _present(
            {
                "name": name,
                "plan": plan,
                "seat_count": seat_count,
                "mrr": mrr,
                "prorated_mrr": prorated_mrr,
                "is_deleted": is_deleted,
                "industry": industry,
                "created_at": created_at,
            }
        )
        self.client.group(
            group_id=group_id, user_id=user_id, anonymous_id=anonymous_id, traits=traits, **_said(options)
        )

    def page(
        self,
        name: str | None = None,
        *,
        properties: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """Somebody saw a page; the plan says nothing of its properties."""
        self.client.page(
            name=name, user_id=user_id, anonymous_id=anonymous_id, properties=dict(properties or {}), **_said(options)
        )

    def screen(
        self,
        name: str | None = None,
        *,
        properties: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """Somebody saw a screen of an app; the plan says nothing of its properties."""
        self.client.screen(
            name=name, user_id=user_id, anonymous_id=anonymous_id, properties=dict(properties or {}), **_said(options)
        )

    def alias(self, user_id: str, *, previous_id: str, options: CallOptions | None = None) -> None:
        """Somebody who was known under another id is this user."""
        self.client.alias(user_id=user_id, previous_id=previous_id, **_said(options))

    def comment_added(
        self,
        *,
        comment_id: str,
        subject: Literal["report", "dashboard", "file"],
        mention_count: int | None = None,
        is_reply: bool | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """A user wrote a comment.

        comment_id: The comment's id in our database.
        subject: The kind of thing that was commented on.
        mention_count: The number of users mentioned in the comment.
        is_reply: Whether the comment answers another one.

        Owner: collaboration. Since 2025-04-07.
        """
        properties = _present(
            {
                "comment_id": comment_id,
                "subject": subject,
                "mention_count": mention_count,
                "is_reply": is_reply,
            }
        )
        self.client.track(
            event="comment.added",
            user_id=user_id,
            anonymous_id=anonymous_id,
            properties=properties,
            **_said(options),
        )

    def dashboard_shared(
        self,
        *,
        dashboard_id: str,
        audience: Literal["people", "account", "public"],
        recipient_count: int | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """A user let others see a dashboard.

        dashboard_id: The dashboard's id in our database.
        audience: Who can see it now: chosen people, everybody in the account, or whoever has the link.
        recipient_count: The number of people who were told about it.

        Owner: collaboration. Since 2025-03-17.
        """
        properties = _present(
            {
                "dashboard_id": dashboard_id,
                "audience": audience,
                "recipient_count": recipient_count,
            }
        )
        self.client.track(
            event="dashboard.shared",
            user_id=user_id,
            anonymous_id=anonymous_id,
            properties=properties,
            **_said(options),
        )

    def file_uploaded(
        self,
        *,
        file_id: str,
        size_bytes: int | None = None,
        content_type: str | None = None,
        duration_ms: float | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """A user's file arrived complete and can be used.

        file_id: The file's id in our database.
        size_bytes: The size of the file, in bytes.
        content_type: The media type of the file, as the browser named it.
        duration_ms: How long the upload took, in milliseconds.

        Owner: platform. Since 2025-04-07.
        """
        properties = _present(
            {
                "file_id": file_id,
                "size_bytes": size_bytes,
                "content_type": content_type,
                "duration_ms": duration_ms,
            }
        )
        self.client.track(
            event="file.uploaded",
            user_id=user_id,
            anonymous_id=anonymous_id,
            properties=properties,
            **_said(options),
        )

    def integration_connected(
        self,
        *,
        integration: str,
        is_first: bool | None = None,
        scopes: Sequence[str] | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """A user connected the account to another product for the first time, or again.

        integration: The other product, as our integrations directory names it.
        is_first: Whether the account had no integration before.
        scopes: The rights that the other product granted us.

        Owner: platform. Since 2025-06-02.
        """
        properties = _present(
            {
                "integration": integration,
                "is_first": is_first,
                "scopes": scopes,
            }
        )
        self.client.track(
            event="integration.connected",
            user_id=user_id,
            anonymous_id=anonymous_id,
            properties=properties,
            **_said(options),
        )

    def report_created(
        self,
        *,
        report_id: str,
        template: str | None = None,
        chart_count: int | None = None,
        is_shared: bool | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """A user saved a new report for the first time.

        report_id: The report's id in our database.
        template: The template it was started from; absent when it was started from nothing.
        chart_count: The number of charts in the report when it was saved.
        is_shared: Whether others in the account can see the report.

        Owner: reporting. Since 2025-03-03.
        """
        properties = _present(
            {
                "report_id": report_id,
                "template": template,
                "chart_count": chart_count,
                "is_shared": is_shared,
            }
        )
        self.client.track(
            event="report.created",
            user_id=user_id,
            anonymous_id=anonymous_id,
            properties=properties,
            **_said(options),
        )

    def report_exported(
        self,
        *,
        report_id: str,
        format: Literal["csv", "pdf", "xlsx"],
        row_count: int | None = None,
        duration_ms: float | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """A user downloaded a report as a file.

        report_id: The report's id in our database.
        format: The kind of file.
        row_count: The number of rows in the file, without headings.
        duration_ms: How long the user waited for the file, in milliseconds.

        Owner: reporting. Since 2025-03-03.
        """
        properties = _present(
            {
                "report_id": report_id,
                "format": format,
                "row_count": row_count,
                "duration_ms": duration_ms,
            }
        )
        self.client.track(
            event="report.exported",
            user_id=user_id,
            anonymous_id=anonymous_id,
            properties=properties,
            **_said(options),
        )

    def subscription_canceled(
        self,
        *,
        plan: str,
        reason: Literal["too_expensive", "missing_feature", "switched", "closed", "other"] | None = None,
        ends_at: datetime | str | None = None,
        mrr: float | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """An account gave notice; it keeps its plan until the period that is paid for ends.

        plan: The plan given up.
        reason: What the customer chose in the form; absent when the form was skipped.
        ends_at: When the period that is paid for ends.
        mrr: The monthly recurring revenue that ends, in euros. Internal.

        Owner: billing. Since 2025-02-03.
        """
        properties = _present(
            {
                "plan": plan,
                "reason": reason,
                "ends_at": ends_at,
                "mrr": mrr,
            }
        )
        self.client.track(
            event="subscription.canceled",
            user_id=user_id,
            anonymous_id=anonymous_id,
            properties=properties,
            **_said(options),
        )

    def subscription_upgraded(
        self,
        *,
        from_plan: str,
        to_plan: str,
        seat_count: int | None = None,
        mrr: float | None = None,
        is_self_serve: bool | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """An account moved to a larger plan.

        from_plan: The plan before.
        to_plan: The plan from now on.
        seat_count: The number of seats paid for from now on.
        mrr: The monthly recurring revenue from now on, in euros. Internal.
        is_self_serve: Whether the customer did it alone, without our sales team.

        Owner: billing. Since 2025-02-03.
        """
        properties = _present(
            {
                "from_plan": from_plan,
                "to_plan": to_plan,
                "seat_count": seat_count,
                "mrr": mrr,
                "is_self_serve": is_self_serve,
            }
        )
        self.client.track(
            event="subscription.upgraded",
            user_id=user_id,
            anonymous_id=anonymous_id,
            properties=properties,
            **_said(options),
        )

    def user_invited(
        self,
        *,
        invitation_id: str,
        role: Literal["viewer", "editor", "admin"],
        seats_left: int | None = None,
        invitee_email: str | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """A user invited somebody to join their account.

        invitation_id: The invitation's id, which user.signed_up bears when it is accepted.
        role: What the invited person will be allowed to do.
        seats_left: The number of seats that the account has left after this one.
        invitee_email: The address that the invitation went to, of a person who has not agreed to anything
          yet. Secret: only a keyed hash of it is stored.

        Owner: growth. Since 2025-01-13.
        """
        properties = _present(
            {
                "invitation_id": invitation_id,
                "role": role,
                "seats_left": seats_left,
                "invitee_email": invitee_email,
            }
        )
        self.client.track(
            event="user.invited",
            user_id=user_id,
            anonymous_id=anonymous_id,
            properties=properties,
            **_said(options),
        )

    def user_signed_up(
        self,
        *,
        method: Literal["password", "google", "microsoft", "saml"],
        invitation_id: str | None = None,
        referrer: str | None = None,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        options: CallOptions | None = None,
    ) -> None:
        """A person finished signing up and has a user of their own.

        method: How the person proved who they are.
        invitation_id: The invitation that brought them; absent when they came by themselves.
        referrer: The address of the page that led them to us.

        Owner: growth. Since 2025-01-13.
        """
        properties = _present(
            {
                "method": method,
                "invitation_id": invitation_id,
                "referrer": referrer,
            }
        )
        self.client.track(
            event="user.signed_up",
            user_id=user_id,
            anonymous_id=anonymous_id,
            properties=properties,
            **_said(options),
        )


_MOST_BYTES = 450_000  # of a request; the server takes 500 KiB
_FIRST_PAUSE = 0.5  # seconds after a failure; it doubles with each
_LONGEST_PAUSE = 60.0  # seconds
_LONGEST_RETRY_AFTER = 300.0  # seconds; what a server asks for beyond this is a mistake of its own
_PASSING = (408, 429)  # statuses that will pass, besides 3xx and 5xx
_TRIES = 3  # of a request that the server fails on, before it is taken apart
_TOO_LARGE = 413

_logger = logging.getLogger("product_analytics")


class Client:
    """Sends calls to the ingest API, in batches, from a thread of its own.

    A call waits until the server has confirmed or refused it. While the server is away the thread tries again,
    ever more seldom, and up to `queue_size` calls wait; more are dropped and reported. A call that the server fails on
    (5xx), again and again, while it takes others, is given up and holds up nobody. `on_error` is told of calls that
    were refused, dropped or given up, never with what is in them. Nothing here raises for the server's sake.
    """

    def __init__(
        self,
        host: str,
        write_key: str,
        *,
        batch_size: int = 100,  # so many waiting calls are sent at once, and at most so many in one request
        flush_interval: float = 0.5,  # seconds that a call waits for others to go with it
        queue_size: int = 10_000,
        timeout: float = 10.0,  # seconds that the server has for an answer
        exit_timeout: float = 5.0,  # seconds that the end of the program waits for what is still here
        on_error: Callable[[str], object] = _logger.warning,
    ) -> None:
        """Start nothing yet: the thread comes with the first call."""
        if not host.startswith(("https://", "http://")):
            raise ValueError("the host must begin with https:// or http://")
        self._url = host.rstrip("/") + "/v1/batch"
        self._authorization = "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()
        self._batch_size = batch_size
        self._flush_interval = flush_interval
        self._queue_size = queue_size
        self._timeout = timeout
        self._exit_timeout = exit_timeout
        self._on_error = on_error
        self._opener = urllib.request.build_opener(_EveryAnswer)
        self._is_closed = False
        self._begin()
        atexit.register(self.close)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)

    def track(
        self,
        *,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        event: str,
        properties: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Say what somebody did; the options are those of `CallOptions`."""
        self._put("track", user_id, anonymous_id, options, event=event, properties=dict(properties or {}))

    def identify(
        self,
        *,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        traits: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Say who somebody is."""
        self._put("identify", user_id, anonymous_id, options, traits=dict(traits or {}))

    def group(
        self,
        *,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        group_id: str,
        traits: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Say what somebody belongs to."""
        self._put("group", user_id, anonymous_id, options, groupId=group_id, traits=dict(traits or {}))

    def page(
        self,
        *,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        name: str | None = None,
        properties: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Say which page somebody saw."""
        self._put("page", user_id, anonymous_id, options, name=name, properties=dict(properties or {}))

    def screen(
        self,
        *,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        name: str | None = None,
        properties: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Say which screen of an app somebody saw."""
        self._put("screen", user_id, anonymous_id, options, name=name, properties=dict(properties or {}))

    def alias(self, *, user_id: str, previous_id: str, **options: Any) -> None:
        """Say that somebody who was known under another id is this user."""
        self._put("alias", user_id, None, options, previousId=previous_id)

    def flush(self, timeout: float | None = None) -> bool:
        """Send what waits; whether the server had all of it within so many seconds."""
        with self._changed:
            self._is_hurried = bool(self._queue)
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._queue, timeout)

    def close(self, timeout: float | None = None) -> None:
        """Send what waits, and take nothing more; gives up after so many seconds, at first `exit_timeout`."""
        if self._is_closed:
            return
        self.flush(self._exit_timeout if timeout is None else timeout)
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            left = len(self._queue)
        atexit.unregister(self.close)
        if left:
            self._report(f"{left} call(s) were not delivered before the client closed")

    def _begin(self) -> None:
        """Begin without calls and thread, also in a forked child: what the parent has waiting, the parent sends."""
        self._queue: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_hurried = False
        self._most = self._batch_size  # calls in a request; fewer after the server has found one too large
        self._failures = 0  # in a row
        self._skipped = 0  # calls at the head of the queue, while another one is tried
        self._is_suspect = False  # the first call, which failed alone while another one was taken

    def _put(
        self, kind: str, user_id: str | None, anonymous_id: str | None, options: Mapping[str, Any], **content: Any
    ) -> None:
        if not user_id and not anonymous_id:
            raise ValueError("name a user_id or an anonymous_id: a server has many users")
        call = {
            "type": kind,
            **content,
            "userId": user_id,
            "anonymousId": anonymous_id,
            "messageId": options.get("message_id") or str(uuid.uuid4()),
            "timestamp": _plain(options.get("timestamp") or datetime.now(timezone.utc)),
            "context": {
                "library": {"name": "product-analytics-python", "version": "1"},
                **(options.get("context") or {}),
            },
            "integrations": options.get("integrations"),
        }
        self._enqueue(json.dumps(_present(call), allow_nan=False, separators=(",", ":")).encode())

    def _enqueue(self, call: bytes) -> None:
        with self._changed:
            is_dropped = self._is_closed or len(self._queue) >= self._queue_size
            if not is_dropped:
                self._queue.append(call)
                self._start()
                self._changed.notify_all()
        if is_dropped:
            self._report(f"1 call was dropped: the client is {'closed' if self._is_closed else 'full'}")

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="product_analytics", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while batch := self._next_batch():
            status, answer, pause = self._post(batch)
            self._settle(batch, status, answer, pause)

    def _next_batch(self) -> list[bytes]:
        """The oldest calls, once they are to go; none when the client is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._is_closed)
            self._changed.wait_for(
                lambda: len(self._queue) >= self._batch_size or self._is_hurried or self._is_closed,
                self._flush_interval,
            )
            batch: list[bytes] = []
            room = _MOST_BYTES
            for call in islice(self._queue, self._skipped, None) if not self._is_closed else ():
                room -= len(call) + 1
                if batch and (room < 0 or len(batch) >= self._most):
                    break
                batch.append(call)
            return batch

    def _post(self, batch: Sequence[bytes]) -> tuple[int, dict[str, Any], float]:
        """One request: its status (0 for no answer), the JSON object that was answered, the seconds to wait."""
        sent_at = _plain(datetime.now(timezone.utc)).encode()
        body = b'{"sentAt":"' + sent_at + b'","batch":[' + b",".join(batch) + b"]}"
        headers = {"Content-Type": "application/json", "Authorization": self._authorization}
        request = urllib.request.Request(self._url, body, headers)
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return answer.status, _decoded(answer.read()), _seconds(answer.headers.get("Retry-After"))
        except (OSError, http.client.HTTPException):
            return 0, {}, 0.0

    def _settle(self, batch: Sequence[bytes], status: int, answer: Mapping[str, Any], pause: float) -> None:
        """Forget the calls that the server has decided on; the others stay and are sent again."""
        said = f"HTTP {status} {answer.get('message', '')}".strip() if status else "no answer"
        if status == _TOO_LARGE and len(batch) > 1:
            self._most = len(batch) // 2
        elif status < 200 or 300 <= status < 400 or status in _PASSING or status >= 500:
            self._pause(said, pause)
            if status >= 500 and self._failures >= _TRIES:
                self._narrow(len(batch), said)
        else:
            if status >= 300:
                self._report(f"{len(batch)} call(s) were refused: {said}")
            self._report_problems(answer)
            self._forget(len(batch))

    def _narrow(self, count: int, said: str) -> None:
        """Look for the one call that the server fails on; when it fails on every call, none is given up.

        A request is halved until a call fails alone. Then others are tried: when one is taken, the first call gets
        its last tries.
        """
        if count > 1:
            self._most = count // 2
        elif self._is_suspect:
            self._report(f"1 call was given up: the server fails on it, and takes others: {said}")
            self._forget(1)
        else:
            self._skipped = (self._skipped + 1) % len(self._queue)

    def _forget(self, count: int) -> None:
        """The last step with a call: when none is left the program may end, and everything must have been reported."""
        with self._changed:
            for _ in range(count):
                del self._queue[self._skipped]
            self._is_suspect = self._skipped > 0
            self._skipped = 0
            self._most = 1 if self._is_suspect else self._batch_size
            self._failures = 0
            self._is_hurried = self._is_hurried and bool(self._queue)
            self._changed.notify_all()

    def _report_problems(self, answer: Mapping[str, Any]) -> None:
        """One call may be refused, or kept aside, while the others of its batch are taken."""
        for fate in ("rejected", "quarantined"):
            try:
                problem = answer[fate][0]["problems"][0]
                said = f"{answer[f'{fate}_count']} call(s) were {fate}: {problem['path']}: {problem['message']}"
            except (LookupError, TypeError):  # none were, or it is the answer of something else
                continue
            self._report(said)

    def _report(self, message: str) -> None:
        """Tell `on_error`, whose own mistakes must not end the thread."""
        try:
            self._on_error(message)
        except Exception:
            _logger.exception("on_error failed")

    def _pause(self, said: str, least: float) -> None:
        """Wait before the same calls are sent again; closing ends the wait."""
        if self._failures == 0:
            self._report(f"not delivered yet, trying again: {said}")
        backoff = min(_FIRST_PAUSE * 2**self._failures, _LONGEST_PAUSE)
        self._failures = min(self._failures + 1, 20)
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, max(least, backoff * random.uniform(0.5, 1.0)))


class _EveryAnswer(urllib.request.HTTPErrorProcessor):
    """No status is an exception, and no redirect is followed: a POST would arrive as a GET, without its calls."""

    def http_response(self, _: Any, response: Any) -> Any:
        """Leave the answer as it is."""
        return response

    def https_response(self, _: Any, response: Any) -> Any:
        """Leave the answer as it is."""
        return response


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _seconds(retry_after: str | None) -> float:
    """How long the server wants to be left alone; the header holds seconds or a date."""
    if not retry_after:
        return 0.0
    try:
        is_seconds = retry_after.isdecimal()
        asked = float(retry_after) if is_seconds else parsedate_to_datetime(retry_after).timestamp() - time.time()
    except ValueError:
        return 0.0
    return min(max(asked, 0.0), _LONGEST_RETRY_AFTER)
