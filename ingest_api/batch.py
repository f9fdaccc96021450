"""Opens a request's JSON value: which calls are in it, and what it says for all of them."""

from collections.abc import Iterator
from typing import Any

import msgspec

from ingest_api.limits import Limits
from ingest_api.refusal import Refusal

ID_FIELDS = ("userId", "anonymousId", "groupId", "previousId")


class Batch(msgspec.Struct, frozen=True):
    """The calls of one request; a request for one call is a batch of one."""

    calls: list[Any]
    kind: str | None = None  # the type that the path gives the call; None: each call says its own
    sent_at: Any = None
    context: dict[str, Any] = {}
    integrations: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Any]:
        """Each call, made whole: what stands beside the batch is in it, and ids are texts or absent."""
        for call in self.calls:
            if isinstance(call, dict):
                self._make_whole(call)
            yield call

    def _make_whole(self, call: dict[str, Any]) -> None:
        if self.kind is not None and call.get("type") is None:
            call["type"] = self.kind
        for name in ID_FIELDS:
            if name in call and not (type(value := call[name]) is str and value):
                _mend_id(call, name, value)
        if self.context:
            _fill(call, "context", self.context)
        if self.integrations:
            _fill(call, "integrations", self.integrations)


def open_batch(document: Any, kind: str, limits: Limits) -> Batch:
    """The calls of a request to the path of `kind`; raises Refusal when there are none, or too many."""
    if not isinstance(document, dict):
        raise Refusal("invalid_json", "The body must be a JSON object.")
    if kind != "batch":
        return Batch([document], kind)
    calls = document.get("batch")
    if not isinstance(calls, list) or not calls:
        raise Refusal("invalid_batch", "$.batch must be a list of calls that is not empty.")
    if len(calls) > limits.batch_events:
        raise Refusal("too_many_events", f"A batch may have {limits.batch_events} events: send it in parts.")
    batch = Batch(
        calls,
        sent_at=document.get("sentAt"),
        context=_object(document, "context"),
        integrations=_object(document, "integrations"),
    )
    _check_copies(batch, limits)
    return batch


def _object(document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal("invalid_batch", f"$.{name} must be an object.")
    return value


def _check_copies(batch: Batch, limits: Limits) -> None:
    """What stands beside the batch is copied into each call, so a small body could become a huge one."""
    if batch.context or batch.integrations:
        size = len(msgspec.json.encode((batch.context, batch.integrations)))
        if size * len(batch.calls) > limits.body_bytes:
            raise Refusal("body_too_large", "The batch's context, copied into each of its calls, is too large.")


def _fill(call: dict[str, Any], name: str, shared: dict[str, Any]) -> None:
    """Put the batch's object under the call's own, whose fields win."""
    own = call.get(name)
    if own is None:
        call[name] = shared
    elif isinstance(own, dict):
        call[name] = {**shared, **own}


def _mend_id(call: dict[str, Any], name: str, value: Any) -> None:
    """Make an id a text, or absent; what can be neither stays for the check to find."""
    if value in (None, ""):
        del call[name]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        call[name] = str(value)
