"""The base classes of the tracking plan, which refuse a bad definition as soon as it is imported."""

from typing import Any, ClassVar, Unpack, cast

from pydantic import BaseModel, ConfigDict, PydanticUserError
from pydantic._internal._model_construction import ModelMetaclass  # it has no public name

from event_registry.defining import (
    OBJECT_ACTION,
    Definition,
    DefinitionError,
    Deprecation,
    NameConvention,
    Said,
    check_name,
    define,
    definition_error,
)
from event_registry.fields import HASHED, INTERNAL, PERSONAL, PUBLIC, REDACTED, Amount, Count, Privacy, Timestamp

__all__ = [
    "HASHED",
    "INTERNAL",
    "OBJECT_ACTION",
    "PERSONAL",
    "PUBLIC",
    "REDACTED",
    "Amount",
    "Count",
    "Definition",
    "DefinitionError",
    "Deprecation",
    "Event",
    "NameConvention",
    "Privacy",
    "Timestamp",
    "Traits",
]
"""All that a plan is written with."""

TRAITS_CALLS = ("identify", "group")


class _Defining(ModelMetaclass):
    """Says of a class that is wrong for Pydantic's reasons what every other bad one says: which class, and why."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], /, **said: Any) -> type:
        where = f"{namespace['__module__']}.{namespace.get('__qualname__', name)}"
        if "model_config" in namespace and bases != (BaseModel,):
            remedy = 'other properties are let in by unplanned="off"'
            raise DefinitionError(f"{where}: model_config says nothing to the ingest API; {remedy}")
        try:
            return super().__new__(cls, name, bases, namespace, **said)
        except PydanticUserError as error:
            raise DefinitionError(f"{where}: {(error.message or '').partition('. ')[0]}") from None


class Event(BaseModel, metaclass=_Defining):
    """A track call of the plan; its fields are the properties, and it has no others.

    A subclass states its name, owner, since and example as keywords, and describes itself and each field
    in a docstring. Types are strict: nothing is converted, and only an integer will do for a number.
    """

    model_config = ConfigDict(strict=True, extra="forbid", defer_build=True)
    definition: ClassVar[Definition]

    def __init_subclass__(cls, *, name: str = "", **said: Unpack[Said]) -> None:
        """Take the keywords of the class statement; they are looked at when Pydantic has found the fields."""

    @classmethod
    def __pydantic_init_subclass__(cls, *, name: str = "", **said: Any) -> None:
        """Define the event; raises DefinitionError."""
        check_name(cls, name)
        cls.definition = define(cls, "track", name, cast("Said", said))


class Traits(BaseModel, metaclass=_Defining):
    """The traits that identify or group carry; SDKs and snapshots may send others, unless `unplanned` forbids it.

    A subclass states its call, owner, since and example as keywords, and describes itself and each field
    in a docstring. Types are as strict as an event's.
    """

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)
    definition: ClassVar[Definition]

    def __init_subclass__(cls, *, call: str = "", **said: Unpack[Said]) -> None:
        """Take the keywords of the class statement; they are looked at when Pydantic has found the fields."""

    @classmethod
    def __pydantic_init_subclass__(cls, *, call: str = "", **said: Any) -> None:
        """Define the traits; raises DefinitionError."""
        if call not in TRAITS_CALLS:
            raise definition_error(cls, f"the call {call!r} must be one of {', '.join(TRAITS_CALLS)}")
        cls.definition = define(cls, "identify" if call == "identify" else "group", call, cast("Said", said))
