"""Tells whether a snapshot's SQL is one SELECT, and which parameters it wants."""

import logging

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

PARAMETERS = ("partition_start", "partition_end")
"""The parameters that a query may name, each written with a colon before it."""

_DIALECTS = {"postgresql": "postgres"}  # what sqlglot calls it, where that is not SQLAlchemy's word
_EXECUTED_COMMENTS = ("/*!", "/*M!")  # MySQL and MariaDB run what stands in them
_WRITES = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Drop, exp.Alter, exp.Set, exp.Pragma)


logging.getLogger("sqlglot").disabled = True  # it would print a refused statement, which we name ourselves


class StatementError(Exception):
    """The SQL is not what a snapshot may run; its author mends it."""


def check_select(sql: str, dialect: str) -> frozenset[str]:
    """The parameters that a SELECT names; `dialect` is SQLAlchemy's name of the database.

    Raises StatementError for anything but one SELECT that only reads.
    """
    if dialect == "mysql" and any(mark in sql for mark in _EXECUTED_COMMENTS):
        raise StatementError("has a comment that begins with /*! or /*M!, which the database would run; remove it")
    try:
        statements = [each for each in sqlglot.parse(sql, dialect=_DIALECTS.get(dialect, dialect)) if each]
    except SqlglotError as error:
        raise StatementError(f"is no SQL of {dialect} ({_place(error)}); mend it there") from None
    if len(statements) != 1:
        raise StatementError(f"must be one SELECT, found {len(statements)} statements; keep one")
    (statement,) = statements
    # A SELECT is a DDL to sqlglot, too, since it may become a table.
    written = [each for each in statement.walk() if isinstance(each, _WRITES) and not isinstance(each, exp.Query)]
    if not isinstance(statement, exp.Query) or written:
        what = written[0].key if written else statement.key
        raise StatementError(f"must only read, found {what.upper()}; a snapshot is one SELECT")
    named = {str(each.this) for each in statement.find_all(exp.Placeholder) if each.this}
    if unknown := sorted(named - {*PARAMETERS}):
        raise StatementError(
            f"names the parameter :{unknown[0]}; there are {' and '.join(map(':{}'.format, PARAMETERS))}"
        )
    return frozenset(named)


def _place(error: SqlglotError) -> str:
    """Where the parser stopped; its own words would repeat the query."""
    details = getattr(error, "errors", None) or [{}]
    line, column = details[0].get("line"), details[0].get("col")
    return f"line {line}, column {column}" if line else "it ends too early or has an odd character"
