"""Checks values against one class of the tracking plan, in the words of a Problem."""

import difflib
from collections.abc import Iterable, Iterator
from itertools import islice

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from event_registry.calls import Problem, json_path, type_name

MAX_PROBLEMS = 50  # of one call: the answer to a hostile call stays about as small as the call

# Of 1, as difflib counts: finds `reportId` for report_id, and nothing for a word of another meaning.
_LIKENESS = 0.7
_LONGEST_WORD = 100  # characters; more are no slip of the pen, and would take long to compare

_EXPECTED = {
    "string_type": "string",
    "bool_type": "boolean",
    "int_type": "integer",
    "float_type": "number",
    "list_type": "list",
    "dict_type": "object",
    "model_type": "object",
}


def check_values(planned: type[BaseModel], values: object, *at: str) -> list[Problem]:
    """Every problem of the properties or traits `values` that stand `at` these keys of a call, up to MAX_PROBLEMS.

    A null counts as absent.
    """
    try:
        planned.model_validate({} if values is None else values)
    except ValidationError as error:
        return [_problem(planned, detail, at) for detail in islice(_without_nulls(error), MAX_PROBLEMS)]
    return []


def closest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that `word` is most likely a misspelling of, whatever its case."""
    matches = difflib.get_close_matches(word[:_LONGEST_WORD].lower(), words, n=1, cutoff=_LIKENESS)
    return matches[0] if matches else None


def _without_nulls(error: ValidationError) -> Iterator[ErrorDetails]:
    """Pydantic's errors without those that only say that an unplanned property is null, which is absent."""
    for detail in error.errors(include_url=False):
        if not (detail["type"] == "extra_forbidden" and detail["input"] is None):
            yield detail


def _problem(planned: type[BaseModel], detail: ErrorDetails, at: tuple[str, ...]) -> Problem:
    keys = (*at, *detail["loc"])
    path, name = json_path(keys), keys[-1]
    if detail["type"] == "extra_forbidden":
        suggestion = closest(str(name), planned.model_fields)
        hint = f": did you mean {suggestion}?" if suggestion else ""
        return Problem(path, "unplanned_property", f"the plan has no such property{hint}")
    if detail["type"] == "missing":
        return Problem(path, "missing_property", "expected a required property, found none")
    expected = _EXPECTED.get(detail["type"]) or detail["msg"].removeprefix("Input should be ")
    # An item of a list has a number for its name; a null there is a wrong value, not an absent one.
    code = "missing_property" if detail["input"] is None and isinstance(name, str) else "invalid_property"
    return Problem(path, code, f"expected {expected}, found {type_name(detail['input'])}")
