"""The reference examples, compared as the reference says: what must be there, and what must not."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from analytics_platform.destinations.base import Destination, Outcome
from tests.fakes.vendor import Received, Vendor
from tests.outgoing import tracks

VECTORS = Path(__file__).parent / "vectors"
SEND_TIME = "2026-03-04T10:20:31.500Z"
BASIC = re.compile(r"<base64\(([A-Z_]+) \+ ':'(?: \+ ([A-Z_]+))?\)>")
PLACEHOLDER = re.compile(r"<([A-Z_]+)>")


def vectors(name: str) -> list[dict[str, Any]]:
    """The reference examples in a file of tests/vectors."""
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text())
    return found


def filled_in(expected: Any, values: Mapping[str, str]) -> Any:
    """An expected request, its placeholders replaced by what they stand for."""

    def credential(found: re.Match[str]) -> str:
        user, password = found.group(1), found.group(2)
        return b64encode(f"{values[user]}:{values[password] if password else ''}".encode()).decode()

    text = BASIC.sub(credential, json.dumps(expected))
    return json.loads(PLACEHOLDER.sub(lambda found: values[found.group(1)], text))


def differences(request: Received, expected: Mapping[str, Any], absent: list[str] | None) -> list[str]:
    """Where a request is not what was expected; more keys may be there, not more places in a list."""
    body = document(request)
    found = {"path": request.path, "headers": dict(request.headers), "body": body}
    wrong = [part for part in found if part_of(found[part], expected[part]) != expected[part]]
    return wrong + [path for path in absent or [] if has(body, path)]


def document(request: Received) -> Any:
    """The body as JSON; of a form its fields, with the documents in them decoded."""
    if request.headers["Content-Type"] != "application/x-www-form-urlencoded":
        return request.body
    fields = dict(parse_qsl(request.raw.decode()))
    return {name: json.loads(value) if value[0] in "[{" else value for name, value in fields.items()}


def part_of(actual: Any, expected: Any) -> Any:
    """The part of a document that something is expected of."""
    match actual, expected:
        case dict(), dict():
            return {key: part_of(actual[key], value) for key, value in expected.items() if key in actual}
        case list(), list() if len(actual) == len(expected):
            return [part_of(*pair) for pair in zip(actual, expected, strict=True)]
    return actual


def has(document: Any, path: str) -> bool:
    """Whether there is something at a path such as `batch[0].sentAt`."""
    *steps, last = re.findall(r"[\w$]+", path)
    for step in steps:
        document = document[int(step)] if step.isdigit() else document.get(step, {})
    return last in document


def answered(vendor: Vendor, destination: Destination, vector: Mapping[str, Any], **fields: Any) -> Outcome:
    """What a destination makes of a reference answer to a request of so many events."""
    body = vector["body"] if isinstance(vector["body"], str) else json.dumps(vector["body"])
    vendor.will_answer(vector["status"], body, vector["headers"])
    return destination.send(tracks(*(f"m-{number}" for number in range(vector["batch_size"])), **fields))


def meant(vector: Mapping[str, Any]) -> dict[str, Any]:
    """What a reference answer means."""
    return {
        "kind": vector["expect"],
        "rejected": vector["rejected_indexes"],
        "throttled": vector.get("throttled_indexes", []),
        "wait": vector.get("retry_after_s", vector.get("throttle_wait_s")),
        **({"remainder": vector["remainder"]} if vector["expect"] == "dead_letter" and "remainder" in vector else {}),
    }


def told(outcome: Outcome, vector: Mapping[str, Any]) -> dict[str, Any]:
    """What an outcome says of the same."""
    found = {
        "kind": outcome.kind,
        "rejected": sorted(outcome.rejected),
        "throttled": sorted(outcome.throttled),
        "wait": outcome.wait,
        "remainder": outcome.remainder,
    }
    return {name: found[name] for name in meant(vector)}
