"""Copies the tables of a Postgres schema into files and back, without any program of Postgres."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # Dagster's driver, which is there whatever the staging store is on
from psycopg2 import sql

from analytics_platform.backup.manifest import BackupError

TABLES = "tables.json"

# Ordinary and partitioned tables; a partition's rows come with its parent.
FIND_TABLES = """
SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
"""
FIND_COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
FIND_REFERENCES = """
SELECT here.relname, there.relname FROM pg_constraint AS k
JOIN pg_class AS here ON here.oid = k.conrelid JOIN pg_class AS there ON there.oid = k.confrelid
JOIN pg_namespace AS n ON n.oid = here.relnamespace WHERE k.contype = 'f' AND n.nspname = %s AND here.oid <> there.oid
"""
FIND_PARTITIONS = """
SELECT parent.relname, c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_class AS c
JOIN pg_inherits AS i ON i.inhrelid = c.oid JOIN pg_class AS parent ON parent.oid = i.inhparent
JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relispartition AND c.relkind IN ('r', 'p') AND n.nspname = %s
ORDER BY c.relname
"""
RAISE_SEQUENCE = "SELECT setval(%s, coalesce(max({column}), 1), max({column}) IS NOT NULL) FROM {table}"


def copy_out(url: str, schema: str, folder: Path) -> None:
    """Write each table to a file of its own, all as of one moment; raises BackupError.

    The transaction reads one snapshot, so nobody waits for it and it waits for nobody.
    """
    folder.mkdir(mode=0o700, parents=True)
    with _connected(url) as db, db.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        columns = {table: _columns(cursor, schema, table) for table in _tables(cursor, schema)}
        for table, names in columns.items():
            with (folder / f"{table}.copy").open("wb") as file:
                query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(_list(names), _name(schema, table))
                cursor.copy_expert(query, file)
        cursor.execute(FIND_PARTITIONS, (schema,))
        tables = {"columns": columns, "partitions": cursor.fetchall()}
        (folder / TABLES).write_text(json.dumps(tables), encoding="utf-8")


def copy_in(url: str, schema: str, folder: Path) -> None:
    """Put files of `copy_out` in the place of all rows of these tables, or nothing; raises BackupError."""
    tables = json.loads((folder / TABLES).read_text(encoding="utf-8"))
    columns: dict[str, list[str]] = tables["columns"]
    with _connected(url) as db, db.cursor() as cursor:
        found = _tables(cursor, schema)
        if columns != {table: _columns(cursor, schema, table) for table in found}:
            raise BackupError(
                "the database is of another version than the backup: restore it with the version that took it, "
                "and install the newer one afterwards"
            )
        cursor.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(_name(schema, table) for table in found)))
        _make_partitions(cursor, schema, tables["partitions"])
        for table in _parents_first(cursor, schema, found):
            with (folder / f"{table}.copy").open("rb") as file:
                query = sql.SQL("COPY {} ({}) FROM STDIN").format(_name(schema, table), _list(columns[table]))
                cursor.copy_expert(query, file)
            _raise_sequences(cursor, schema, table, columns[table])
        db.commit()


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    """A connection in a transaction, rolled back unless it is committed."""
    try:
        with closing(psycopg2.connect(url, application_name="analytics backup")) as db:
            yield db
    except psycopg2.Error as error:
        said = next(iter(str(error).splitlines()), "")  # the first line quotes no row
        raise BackupError(f"Postgres: {said or type(error).__name__}") from None


def _tables(cursor: Any, schema: str) -> list[str]:
    cursor.execute(FIND_TABLES, (schema,))
    return [name for (name,) in cursor.fetchall()]


def _columns(cursor: Any, schema: str, table: str) -> list[str]:
    cursor.execute(FIND_COLUMNS, (_name(schema, table).as_string(cursor),))
    return [name for (name,) in cursor.fetchall()]


def _parents_first(cursor: Any, schema: str, tables: list[str]) -> list[str]:
    """The tables, each after those that it refers to."""
    cursor.execute(FIND_REFERENCES, (schema,))
    references = cursor.fetchall()
    ordered: list[str] = []
    while rest := [table for table in tables if table not in ordered]:
        waits = {here for here, there in references if there in rest}
        ordered += [table for table in rest if table not in waits] or rest
    return ordered


def _make_partitions(cursor: Any, schema: str, partitions: list[list[str]]) -> None:
    """Have the partitions that the backup has, and no other ones."""
    cursor.execute(FIND_PARTITIONS, (schema,))
    for _, name, _ in cursor.fetchall():
        cursor.execute(sql.SQL("DROP TABLE {}").format(_name(schema, name)))
    for parent, name, bound in partitions:
        query = sql.SQL("CREATE TABLE {} PARTITION OF {} {}")
        cursor.execute(query.format(_name(schema, name), _name(schema, parent), sql.SQL(bound)))


def _raise_sequences(cursor: Any, schema: str, table: str, columns: list[str]) -> None:
    """Let what numbers rows go on behind the rows that are there."""
    name = _name(schema, table)
    for column in columns:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", (name.as_string(cursor), column))
        (sequence,) = cursor.fetchone()
        if sequence is not None:
            query = sql.SQL(RAISE_SEQUENCE).format(column=sql.Identifier(column), table=name)
            cursor.execute(query, (sequence,))


def _name(schema: str, table: str) -> sql.Composable:
    return sql.Identifier(schema, table)


def _list(names: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def is_used_by(url: str, application: str) -> bool:
    """Whether any connection to the database says that it is of this application; raises BackupError."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
    with _connected(url) as db, db.cursor() as cursor:
        cursor.execute(query, (application,))
        return bool(cursor.fetchone()[0])
