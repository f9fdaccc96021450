"""Renders the OpenAPI document as one page of HTML that loads nothing and runs nothing."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ingest_api.errors import status_of
from ingest_api.openapi.codes import PROBLEMS, REFUSALS

EXAMPLE = """\
curl -u WRITE_KEY: https://THIS_HOST/api/analytics/identify -H 'Content-Type: application/json' \\
  -d '{"userId": "u1", "traits": {"plan": "team"}}'"""

_loader = PackageLoader("ingest_api.openapi")


def render(document: Mapping[str, Any]) -> str:
    """The whole page."""
    environment = Environment(
        loader=_loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"marked": _marked, "type": _type, "name": _name, "paragraphs": _paragraphs}
    return environment.get_template("docs.html.jinja").render(
        document=document,
        groups=_groups(document),
        schemas=document["components"]["schemas"],
        responses=document["components"]["responses"],
        refusals=[(status_of(code), code, text) for code, text in REFUSALS.items()],
        problems=PROBLEMS,
        example=EXAMPLE,
        style=_style(),
        policy=policy(),
    )


def policy() -> str:
    """The Content-Security-Policy under which the page works: its one style, by its hash."""
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'"


def _style() -> str:
    return _loader.get_source(Environment(autoescape=True), "docs.css")[0]


def _groups(document: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Mapping[str, Any]]]]:
    """Method, path and operation of each tag, in the order of the document."""
    groups: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return groups


def _marked(text: str) -> Markup:
    """Text with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped before


def _paragraphs(text: str) -> Iterable[str]:
    return text.strip().split("\n\n")


def _name(schema: Mapping[str, Any]) -> str | None:
    """Which of the schemas this is a reference to; None when it is none."""
    reference: str = schema.get("$ref", "")
    return reference.rpartition("/")[2] or None


def _type(schema: Mapping[str, Any]) -> str:
    """The type of a field in a few words."""
    if "const" in schema:
        return f"“{schema['const']}”" if isinstance(schema["const"], str) else str(schema["const"]).lower()
    kind = schema.get("type", "")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if schema.get("format") == "date-time":
        words = words.replace("string", "ISO 8601")
    return words + (f", up to {schema['maxLength']} characters" if "maxLength" in schema else "")
