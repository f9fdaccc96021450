"""A tracking plan that no language likes: keywords for names, and texts that end comments and strings."""

from collections.abc import Mapping

from event_registry.definitions import Deprecation
from event_registry.fields import Field, Type
from event_registry.generate.plan import Entry, Plan

TEXT = 'It ends */ a comment, """ a docstring, a \\ path and a `tick` #{raise}\n@deprecated second line \u2028 "'
CHOICES = ('a"b', "c\\d", "#{raise}", "*/", "", "Ü", "two words", "9")
TEXTS, NUMBER = Type("string"), Type("number", minimum=0.5)

RENAMED: Mapping[str, Mapping[str, str]] = {
    "typescript": {"client": "client_"},
    "python": {name: f"{name}_" for name in ("class", "client", "import", "self", "user_id", "options")},
    "ruby": {name: f"{name}_" for name in ("class", "end", "self", "Client", "next")},
    "go": {"Client": "Client_"},
}
"""The identifiers that the clients cannot have, in each language, with what stands for them."""


def _field(name: str, kind: Type, *, is_required: bool = False) -> Field:
    return Field(name, kind, TEXT, is_required)


def _event(name: str, *fields: Field, deprecation: Deprecation | None = None) -> Entry:
    return Entry("track", name, TEXT, 'the "*/" team', "2026-01-31", deprecation, {}, fields)


KEYWORDS = _event(
    "class.import",
    _field("end", Type("integer", minimum=-1)),
    _field("class", TEXTS, is_required=True),
    _field("import", Type("boolean"), is_required=True),
    *(_field(name, TEXTS) for name in ("self", "user_id", "options", "type", "func", "range", "next", "default")),
    _field("values", TEXTS),
    _field("found", TEXTS),
    _field("2nd", TEXTS),
)
TYPES = _event(
    "Every type",
    _field("choice", Type("choice", choices=CHOICES), is_required=True),
    _field("maybe", Type("choice", choices=CHOICES)),
    _field("choices", Type("list", item=Type("choice", choices=CHOICES)), is_required=True),
    _field("maybeChoices", Type("list", item=Type("choice", choices=CHOICES))),
    _field("times", Type("list", item=Type("timestamp"))),
    _field("numbers", Type("list", item=NUMBER), is_required=True),
    _field("number", NUMBER),
    _field("HTTPStatus", Type("integer", minimum=100)),
    _field("flags", Type("list", item=Type("boolean"))),
)
PLAN = Plan(
    events=(
        _event("2fa.enabled"),
        _event("Call options", _field("text", TEXTS)),
        TYPES,
        _event("client"),
        KEYWORDS,
        _event("new.delete", deprecation=Deprecation("2026-01-31", "class.import", 'it says */ and "that"')),
    ),
    identify=Entry("identify", "identify", TEXT, "nobody", "", None, {}, (_field("class", TEXTS, is_required=True),)),
    group=Entry("group", "group", TEXT, "nobody", "", None, {}, ()),
)
