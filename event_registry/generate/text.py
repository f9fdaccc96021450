"""Puts texts of the plan into source code, where no sign of theirs may end a comment or a string."""

import json
import textwrap

_WIDTH = 100  # columns of a comment's text


def lines(text: str) -> list[str]:
    """The lines of a comment; an empty text has none."""
    return [line for paragraph in text.split("\n") for line in textwrap.wrap(paragraph, _WIDTH) or [""]] if text else []


def commented(text: str, sign: str) -> str:
    """The text as lines that each begin with the sign of a comment."""
    return "\n".join(f"{sign} {line}".rstrip() for line in lines(text))


def javadoc(text: str) -> list[str]:
    """The lines of a `/** … */` comment: nothing ends it early, and no line begins with a tag that is not ours."""
    return [line.replace("*/", "*\\/").replace("@", "\\@") for line in lines(text)]


def docstring(text: str) -> str:
    """The text between the three quotes of Python, which end it nowhere else."""
    return text.replace("\\", "\\\\").replace('"', '\\"') if _is_risky(text) else text


def quoted(text: str) -> str:
    """A string literal in double quotes, as TypeScript, Python and Go have it."""
    return json.dumps(text, ensure_ascii=False)


def ruby_quoted(text: str) -> str:
    """A string literal in double quotes in which Ruby finds nothing to evaluate."""
    return quoted(text).replace("#", "\\#")


def _is_risky(text: str) -> bool:
    return "\\" in text or '"""' in text or text.endswith('"')
