"""Finds what stands below each field of a class, which Python itself does not keep."""

import ast
import inspect
import linecache
from collections.abc import Iterator, Mapping
from types import FrameType

_Docstrings = Mapping[str, Mapping[str, str]]
"""Those of the fields of each class, by the class's qualified name."""

_last_read: dict[str, tuple[list[str], _Docstrings]] = {}  # by file: its lines, and what is found in them


def field_docstrings(cls: type) -> Mapping[str, str]:
    """The docstring of each field of a class whose statement is being executed; none where there is no source.

    Those of the classes that it inherits from are found, too, if they stand in the same module.

    Pydantic can do that (`use_attribute_docstrings`), but takes two seconds for a plan of 2,000 classes: it reads
    the source anew for each.
    """
    frame = defining_frame(cls)
    if frame is None:
        return {}
    file = frame.f_code.co_filename
    linecache.checkcache(file)
    lines = linecache.getlines(file)  # the same list each time, unless the file has changed
    if (last := _last_read.get(file)) is None or last[0] is not lines:
        last = _last_read[file] = lines, _all_docstrings("".join(lines))
    own = (each for each in reversed(cls.__mro__) if each.__module__ == cls.__module__)
    return {name: text for each in own for name, text in last[1].get(each.__qualname__, {}).items()}


def defining_frame(cls: type) -> FrameType | None:
    """Where the statement of a class is being executed: the innermost frame that belongs to its module."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") != cls.__module__:
        frame = frame.f_back
    return frame


def _all_docstrings(source: str) -> _Docstrings:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # the file has changed since it was imported
        return {}
    return dict(_classes(tree, ""))


def _classes(node: ast.AST, scope: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield scope + child.name, _below_fields(child)
            yield from _classes(child, f"{scope}{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _classes(child, f"{scope}{child.name}.<locals>.")
        elif hasattr(child, "body"):  # an if, a try: what stands in it has the scope around it
            yield from _classes(child, scope)


def _below_fields(cls: ast.ClassDef) -> Mapping[str, str]:
    found = {}
    for field, below in zip(cls.body, cls.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            text = below.value.value if isinstance(below.value, ast.Constant) else None
            if isinstance(text, str):
                found[field.target.id] = inspect.cleandoc(text)
    return found
