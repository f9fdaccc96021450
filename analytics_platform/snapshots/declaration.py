"""Reads what a snapshot is: a TOML file, the SELECT beside it and, if there is one, the Python beside both."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from analytics_platform.settings.reading import REMEDIES as COMMON_REMEDIES
from analytics_platform.settings.reading import VARIABLE_NAME, ConfigurationError
from analytics_platform.snapshots.cron import cron_fault
from analytics_platform.snapshots.statement import StatementError, check_select
from event_registry.fields import Field as PlannedField
from event_registry.registry import Registry

Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(gt=0)]

REMEDIES = COMMON_REMEDIES | {
    "too_short": "must name at least one column",
    "string_too_short": "must not be empty",
}


class Declaration(BaseModel):
    """A snapshot: what is read where and when, and which call each row becomes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]  # of its files
    description: Text
    owner: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]  # the team that answers questions about it
    dialect: Literal["sqlite", "postgresql", "mysql", "duckdb"]
    database_env: str  # the environment variable with the database's address
    timeout_seconds: Annotated[float, Field(ge=1)] = 300  # for the whole reading

    call: Literal["group", "identify"]
    id: Text  # the column with the groupId, or with the userId
    user: Text | None = None  # of group: the column with the userId
    traits: Annotated[tuple[Text, ...], Field(min_length=1)]  # columns that the call carries, by these names
    farewell: dict[str, Any] = Field(default_factory=dict)  # traits for an entity that has disappeared; none: no call

    cron: str
    timezone: str = "UTC"
    partitions: Literal["daily", "hourly"] = "daily"
    start: date  # the first partition

    metrics: tuple[str, ...] | None = None  # traits that are summed and watched; None: every number of the plan
    tolerance: Share = 0.4  # by how much, of what it was, the row count or a metric's sum may change
    tolerances: dict[str, Share] = Field(default_factory=dict)  # the same, for one of them

    sql: str
    parameters: frozenset[str]
    between: Path | None = None  # Python whose `rows` stands between the SELECT's rows and the calls

    @property
    def is_of_any_time(self) -> bool:
        """Whether the query can say how things were in a partition that is over."""
        return bool(self.parameters)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rows must have: id, user if there is one, traits."""
        return (self.id, *([self.user] if self.user else []), *self.traits)

    def tolerated(self, what: str) -> float:
        """By which share of what it was `row_count`, or a metric's sum, may change."""
        return self.tolerances.get(what, self.tolerance)

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        if fault := cron_fault(cron):
            raise ValueError(fault)
        return cron

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (OSError, ValueError, KeyError):
            raise ValueError('is no time zone; write one such as "Europe/Berlin"') from None
        return timezone

    @field_validator("database_env")
    @classmethod
    def _is_variable(cls, name: str) -> str:
        if not VARIABLE_NAME.fullmatch(name):  # it may be the address, with its password
            raise ValueError("must be the name of an environment variable, such as APPLICATION_DATABASE")
        return name

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.user is not None and self.call == "identify":
            raise ValueError("user: identify names its user by id; remove user")
        if len({*self.columns}) < len(self.columns):
            raise ValueError("traits: the columns of id, user and traits must differ; name each once")
        if stray := sorted({*(self.metrics or ())} - {*self.traits}):
            raise ValueError(f"metrics: {stray[0]} is none of the traits; add it there, or remove it here")
        if stray := sorted({*self.tolerances} - {*self.traits, "row_count"}):
            raise ValueError(f"tolerances: {stray[0]} is neither row_count nor one of the traits; remove it")
        return self


def names(folder: Path) -> list[str]:
    """The snapshots that have a file in the folder, whether it can be read or not."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def read(folder: Path, name: str, registry: Registry) -> Declaration:
    """The declaration of this name, held against the tracking plan.

    Raises ConfigurationError with one sentence that names file, field and remedy.
    """
    path = folder / f"{name}.toml"
    table = _read_toml(path)
    if "name" in table or "sql" in table:
        raise ConfigurationError(f"{path}: {'name' if 'name' in table else 'sql'}: comes from the files; remove it")
    sql, between = _read_sql(path.with_suffix(".sql")), path.with_suffix(".py")
    found = {"name": name, "sql": sql, "between": between if between.exists() else None}
    try:
        declaration = Declaration.model_validate({**table, **found, "parameters": frozenset()})
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_sentence(error)}") from None
    try:
        parameters = check_select(sql, declaration.dialect)
    except StatementError as error:
        raise ConfigurationError(f"{path.with_suffix('.sql')}: {error}") from None
    if fault := _plan_fault(declaration, registry):
        raise ConfigurationError(f"{path}: {fault}")
    return declaration.model_copy(update={"parameters": parameters, "metrics": _metrics(declaration, registry)})


def read_all(folder: Path, registry: Registry) -> tuple[list[Declaration], dict[str, str]]:
    """The snapshots that are declared in a folder, and of each that cannot be read the fault, by name."""
    good: list[Declaration] = []
    faults: dict[str, str] = {}
    for name in names(folder):
        try:
            good.append(read(folder, name, registry))
        except ConfigurationError as error:
            faults[name] = str(error)
    return good, faults


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({type(error).__name__}); a snapshot is a file there"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: is no TOML, where texts stand in quotes: {error}") from None


def _read_sql(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({type(error).__name__}); put the snapshot's SELECT there"
        ) from None


def _sentence(error: ValidationError) -> str:
    """The first problem; the value stays out of it, since it may be a password."""
    problem = error.errors(include_url=False, include_input=False)[0]
    message = REMEDIES.get(problem["type"], problem["msg"])
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    field = ".".join(str(part) for part in problem["loc"])
    return f"{field}: {message}" if field else message


def _plan_fault(declaration: Declaration, registry: Registry) -> str | None:
    """What the plan has against the traits; a snapshot sends only what somebody has described."""
    fields = planned(declaration, registry)
    for where in ("traits", "farewell"):
        for trait in getattr(declaration, where):
            if trait not in fields:
                remedy = "add it in event_registry/events.py"
                return f"{where}: the plan has no trait {trait} for {declaration.call}; {remedy}"
    found = registry.validate({"type": declaration.call, "traits": declaration.farewell})
    faults = [each for each in found if each.code != "missing_property"]  # a farewell need not say everything
    return f"farewell: {faults[0].path}: {faults[0].message}" if faults else None


def _metrics(declaration: Declaration, registry: Registry) -> tuple[str, ...]:
    """The metrics that are named, else all traits that the plan has as numbers."""
    if declaration.metrics is not None:
        return declaration.metrics
    fields = planned(declaration, registry)
    return tuple(trait for trait in declaration.traits if fields[trait].type.kind in {"integer", "number"})


def planned(declaration: Declaration, registry: Registry) -> dict[str, PlannedField]:
    """What the plan says of each trait of the snapshot's call, by name."""
    traits = registry.traits.get(declaration.call)
    return {field.name: field for field in traits.definition.fields} if traits else {}
