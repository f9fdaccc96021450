"""Turns names of the plan into identifiers of a language, by its convention."""

import re
from collections.abc import Collection

from event_registry.generate.plan import GenerationError

# report.created, Order Completed, reportId, HTTPStatus: words end at a sign, and where capitals begin.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def vocabulary(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


# The words that Go writes in capitals: https://go.dev/wiki/CodeReviewComments#initialisms
_INITIALISMS = vocabulary(
    "acl api ascii cpu css dns eof guid html http https id ip json lhs qps ram rhs rpc sla smtp sql ssh tcp tls "
    "ttl udp ui uid uuid uri url utf8 vm xml xmpp xsrf xss"
)


class Identifiers:
    """The identifiers of one scope, each of which stands for one thing of the plan."""

    def __init__(self, scope: str, taken: Collection[str] = ()) -> None:
        """Name the scope as error messages do; `taken` are its keywords and the names that the client itself has."""
        self._scope = scope
        self._taken = taken
        self._sources: dict[str, str] = {}

    def of(self, identifier: str, source: str) -> str:
        """The identifier, with an underscore behind it if it is taken; raises GenerationError if it is not the first.

        Numbering the second one would rename functions when the plan grows, so that is left to the author.
        """
        free = f"{identifier}_" if identifier in self._taken else identifier
        if (other := self._sources.setdefault(free, source)) != source:
            raise GenerationError(f"{other} and {source} both become {free} in {self._scope}: rename one of them")
        return free


def snake(name: str) -> str:
    """`report_created`, a method of Python and Ruby."""
    return _not_a_number("_".join(_words(name)), "_")


def camel(name: str) -> str:
    """`reportCreated`, a method of TypeScript."""
    first, *others = _words(name)
    return _not_a_number(first + "".join(word.capitalize() for word in others), "_")


def pascal(name: str) -> str:
    """`ReportCreated`, a type of every language."""
    return _not_a_number("".join(word.capitalize() for word in _words(name)), "The")


def exported(name: str) -> str:
    """`ReportID`, a field of Go."""
    return _not_a_number("".join(map(_capital, _words(name))), "The")


def unexported(name: str) -> str:
    """`reportID`, a parameter of Go."""
    first, *others = _words(name)
    return _not_a_number(first + "".join(map(_capital, others)), "the")


def _capital(word: str) -> str:
    return word.upper() if word in _INITIALISMS else word.capitalize()


def _words(name: str) -> list[str]:
    """The words of a name in lower case; what has none, such as a choice `+`, is spelt by its code points."""
    return [word.lower() for word in _WORDS.findall(name)] or [f"u{ord(char):x}" for char in name] or ["empty"]


def _not_a_number(identifier: str, prefix: str) -> str:
    return prefix + identifier if identifier[0].isdigit() else identifier
