"""What an application under test has sent, held against the tracking plan."""

import json
import threading
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from event_registry.calls import Problem, check_call
from event_registry.recording import RecordingAnalytics
from event_registry.registry import Registry
from event_registry.spelling import Spelling

Call = dict[str, Any]


class Recorded:
    """The calls in the order in which they were sent, as JSON has them.

    `track`, `identify` and `group` find a call, and fail the test if there is none. A property that is looked for
    with None must be absent.
    """

    def __init__(self, plan: Registry) -> None:
        """Hold nothing yet."""
        self.calls: list[Call] = []
        self._plan = plan
        self._grown = threading.Condition()

    @property
    def analytics(self) -> RecordingAnalytics:
        """Goes where the application has Segment's SDK, or into `client` of the generated `Analytics`."""
        return RecordingAnalytics(self.add)

    def add(self, call: Mapping[str, Any]) -> None:
        """Record a call as it is now, without what is absent."""
        present = {name: value for name, value in call.items() if value is not None}
        as_sent = json.loads(json.dumps(present, default=_as_sent))
        with self._grown:
            self.calls.append(as_sent)
            self._grown.notify_all()

    def wait_for(self, calls: int, seconds: float = 10.0) -> None:
        """Wait until so many calls have come from a thread or another process; fail when they do not."""
        __tracebackhide__ = True
        with self._grown:
            if not self._grown.wait_for(lambda: len(self.calls) >= calls, seconds):
                raise AssertionError(
                    f"{len(self.calls)} of {calls} calls came within {seconds:g} seconds: {_all_names(self.calls)}"
                )

    def assert_planned(self) -> None:
        """Fail with every problem of every call, unless all of them keep the plan; fail also when there is none.

        A test of what sends nothing asserts that `calls` is empty.
        """
        __tracebackhide__ = True
        if not self.calls:
            raise AssertionError("no call was recorded: flush or close the client before, if it sends in a thread")
        broken = [
            f"  call {number}, {_name(call)}: {problem.path}: {problem.message}"
            for number, call in enumerate(self.calls, 1)
            for problem in self._problems(call)
        ]
        if broken:
            raise AssertionError("\n".join(["the recorded calls break the tracking plan:", *broken]))

    def track(self, event: str, /, **properties: object) -> Call:
        """The first track call of this event with at least these properties."""
        __tracebackhide__ = True
        planned = self._plan.events.get(event)
        if planned is None:
            raise AssertionError(f"the plan has no event {event}{Spelling(self._plan.names).hint(event)}")
        self._check_names(event, [field.name for field in planned.definition.fields], properties)
        return self._find("track", event, "properties", properties)

    def identify(self, **traits: object) -> Call:
        """The first identify call with at least these traits."""
        __tracebackhide__ = True
        return self._find("identify", None, "traits", traits)

    def group(self, **traits: object) -> Call:
        """The first group call with at least these traits."""
        __tracebackhide__ = True
        return self._find("group", None, "traits", traits)

    def _problems(self, call: Call) -> list[Problem]:
        if problems := check_call(call):
            return problems
        if not self._plan.is_planned(call):
            return [self._plan.unplanned(call["event"])]
        return self._plan.validate(call)

    @staticmethod
    def _check_names(event: str, planned: Collection[str], properties: Mapping[str, object]) -> None:
        """A misspelt name in a test would never be found."""
        __tracebackhide__ = True
        for name in properties:
            if name not in planned:
                raise AssertionError(f"the plan has no property {name} of {event}{Spelling(planned).hint(name)}")

    def _find(self, kind: str, event: str | None, where: str, wanted: Mapping[str, object]) -> Call:
        __tracebackhide__ = True
        near_misses = []
        for number, call in enumerate(self.calls, 1):
            if (call.get("type"), call.get("event")) == (kind, event):
                differences = [*_differences(call.get(where) or {}, wanted)]
                if not differences:
                    return call
                near_misses.append(f"  call {number}, {_name(call)}: {', '.join(differences)}")
        sought = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
        message = f"no recorded call is {event or kind}{' with ' if sought else ''}{sought}"
        raise AssertionError("\n".join([message, *(near_misses or [f"  recorded: {_all_names(self.calls)}"])]))


def _differences(found: Mapping[str, object], wanted: Mapping[str, object]) -> Iterator[str]:
    for name, value in wanted.items():
        if found.get(name) != value:
            yield f"{name} is {_shown(found.get(name))}, not {_shown(value)}"


def _shown(value: object) -> str:
    return "absent" if value is None else repr(value)


def _name(call: Call) -> str:
    return " ".join(str(call[field]) for field in ("type", "event") if field in call) or "a call without a type"


def _all_names(calls: list[Call]) -> str:
    return ", ".join(_name(call) for call in calls) or "nothing"


def _as_sent(value: object) -> object:
    """What SDKs make of values that JSON does not have; raises TypeError for those that they cannot send."""
    if isinstance(value, date):  # and a datetime, which is one
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
