"""Makes settings of tables and environment variables; what is wrong becomes one sentence."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

Model = TypeVar("Model", bound=BaseModel)

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Seconds = Annotated[float, Field(gt=0)]
Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]  # of requests a second

VARIABLE_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")  # what looks otherwise may be a key in the wrong place

WHOLE_NUMBER, NUMBER = "must be a whole number", "must be a number"

REMEDIES = {
    "missing": "is needed",
    "extra_forbidden": "there is no such setting; correct its name or remove it",
    "string_pattern_mismatch": "must be a lower-case letter, followed by lower-case letters, digits, - and _",
    **dict.fromkeys(("int_parsing", "int_parsing_size", "int_type", "int_from_float"), WHOLE_NUMBER),
    **dict.fromkeys(("float_parsing", "float_type"), NUMBER),
    **dict.fromkeys(("bool_parsing", "bool_type"), "must be true or false"),
    "string_type": "must be text in quotes",
    **dict.fromkeys(("tuple_type", "list_type"), 'must be a list, such as ["one", "two"]'),
    "dict_type": 'must be a table, such as { one = "two" }',
}
"""What a setting must be, where the words of Pydantic are for programmers."""


class ConfigurationError(Exception):
    """A setting is wrong; the command line prints the one sentence and exits with 1."""


def made(
    model: type[Model], where: str, table: Mapping[str, Any], variables: Mapping[str, str], environ: Mapping[str, str]
) -> Model:
    """The model from a table, and from environment variables for what the table leaves open.

    `variables` has the name of the variable for each field that has one; `where` is the table's place in
    the file. Raises ConfigurationError.
    """
    left_open = {field: variable for field, variable in variables.items() if field not in table}
    found = {field: environ[variable] for field, variable in left_open.items() if variable in environ}
    try:
        return model.model_validate({**found, **table})
    except ValidationError as error:
        raise ConfigurationError(_first_problem(error, model, where, left_open)) from None


def with_secret(where: str, key: str, table: object, environ: Mapping[str, str]) -> dict[str, Any]:
    """The table with its secret taken from the environment variable that `<key>_env` names.

    Raises ConfigurationError.
    """
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where} must be a table: write [{where}]")
    if key in table:
        raise ConfigurationError(
            f"{where}.{key}: keys come from the environment, never from the file; "
            f'write {key}_env = "NAME_OF_THE_VARIABLE" instead'
        )
    rest = {name: value for name, value in table.items() if name != f"{key}_env"}
    if (variable := table.get(f"{key}_env")) is None:
        return rest
    if not (isinstance(variable, str) and VARIABLE_NAME.fullmatch(variable)):
        raise ConfigurationError(f"{where}.{key}_env: must be the name of an environment variable, such as VENDOR_KEY")
    if variable not in environ:
        raise ConfigurationError(
            f"{where}.{key}_env: the environment variable {variable} is not set; set it to the key"
        )
    return {**rest, key: environ[variable]}


def _first_problem(error: ValidationError, model: type[BaseModel], where: str, variables: Mapping[str, str]) -> str:
    """One sentence for the first problem; the value stays out of it, since it may be a key."""
    problem = error.errors(include_url=False, include_input=False)[0]
    message = REMEDIES.get(problem["type"], problem["msg"])
    if message in (WHOLE_NUMBER, NUMBER) and (usual := _default(model, problem["loc"])) is not None:
        message += f"; the default is {usual}"
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    field = ".".join(str(part) for part in problem["loc"])
    if not field:
        field, _, message = message.partition(": ")  # what several settings must be together names one of them
    in_file = f"{field}_env" if field in ("write_key", "api_key", "api_secret") else field
    return f"{variables.get(field, f'{where}.{in_file}')}: {message}"


def _default(model: type[BaseModel], place: tuple[int | str, ...]) -> object:
    """The default of a setting; None when it has none, or is a part of another."""
    field = model.model_fields.get(str(place[0]))
    return None if field is None or len(place) > 1 or field.is_required() else field.default
