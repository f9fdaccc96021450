"""Renders the templates of the output languages."""

from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from event_registry.generate import text

NOTICE = "Generated from the tracking plan by `analytics plan generate`: do not edit."


def render(template: str, values: Mapping[str, object]) -> str:
    """The text of one template below templates/, given its values."""
    environment = Environment(  # noqa: S701 - the output is source code: HTML's escapes would break it
        loader=PackageLoader("event_registry.generate"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "lines": text.lines,
        "commented": text.commented,
        "javadoc": text.javadoc,
        "docstring": text.docstring,
        "quoted": text.quoted,
        "ruby_quoted": text.ruby_quoted,
    }
    return environment.get_template(template).render(values, notice=NOTICE)
