"""Says why a database gave no rows: in its own words where these cannot quote one."""

from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

POSTGRES_CLASSES = {"08", "25", "28", "3D", "3F", "42", "53", "55", "57"}
"""Of SQLSTATE (PostgreSQL's appendix A): connection, transaction, authorization, names and syntax, resources,
locks, operators. What a function raises (P0) and what a value is blamed for (22) are not among them."""

MYSQL_CODES = {
    *(1040, 1044, 1045, 1129, 1130, 1203, 1226, 1251, 1698, 2002, 2003, 2005, 2006, 2013, 2026, 2059),  # the way in
    *(1046, 1049, 1052, 1054, 1055, 1064, 1066, 1109, 1142, 1143, 1146, 1227, 1305, 1370),  # names and syntax
    *(1205, 1213, 1317, 1792, 1969, 3024),  # locks, time, a transaction that only reads
}
"""Errors of MySQL and MariaDB; others, such as 1105 of extractvalue() and 3141 of JSON, quote the value."""

DUCKDB_ERRORS = {"BinderException", "CatalogException", "ConnectionException", "IOException", "ParserException"}
"""Classes of DuckDB's; InvalidInputException and ConversionException quote the value."""

SQLITE_BEGINNINGS = (
    *("no such ", "near ", "ambiguous column name", "unrecognized token", "incomplete input", "misuse of "),
    *("wrong number of arguments", "unable to open database file", "attempt to write a readonly database"),
    *("database is locked", "database disk image is malformed", "file is not a database", "disk I/O error"),
)
"""Of SQLite's texts, which have no code that tells them apart; a bad JSON path, for one, is quoted."""


def refusal(error: Exception, dialect: str, url: SecretStr) -> str:
    """What went wrong, without what the database stores, its address or its password."""
    cause = getattr(error, "orig", None) or error
    code = _code(cause)
    kind = ", ".join(filter(None, (type(cause).__name__, code)))
    words = " ".join(str(cause).splitlines()[:1])
    if not _is_harmless(cause, code, words, dialect):
        remedy = "its words could quote a row and stay out: run the query there to read them"
        return f"failed ({kind}); {remedy}"
    return f"refused ({kind}): {_without_secrets(words, url)}"


def _code(cause: Any) -> str:
    """The database's own code of an error, where it has one."""
    first = cause.args[0] if cause.args else None
    return str(first if isinstance(first, int) else getattr(cause, "sqlstate", None) or "")


def _is_harmless(cause: Exception, code: str, words: str, dialect: str) -> bool:
    match dialect:
        case "sqlite":
            return words.startswith(SQLITE_BEGINNINGS)
        case "postgresql":  # without a code it is the driver's, who could not connect
            return code[:2] in POSTGRES_CLASSES or (not code and type(cause).__name__ == "OperationalError")
        case "mysql":
            return code.isdecimal() and int(code) in MYSQL_CODES
        case "duckdb":
            return type(cause).__name__ in DUCKDB_ERRORS
    return False


def _without_secrets(words: str, url: SecretStr) -> str:
    """The text without the address, its password and every other part of it that is nobody else's business."""
    address = url.get_secret_value()
    parsed = sa.make_url(address)
    written = parsed.render_as_string(hide_password=False)
    secrets = {address, written, parsed.password, *map(str, parsed.query.values())}
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        words = words.replace(secret, "***")
    return words
