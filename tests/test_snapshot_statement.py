"""Which SQL may a snapshot run?"""

import pytest

from analytics_platform.snapshots.statement import StatementError, check_select

END = frozenset({"partition_end"})


@pytest.mark.parametrize(
    ("dialect", "sql", "parameters"),
    [
        ("sqlite", "SELECT a FROM b;", frozenset()),
        ("sqlite", "SELECT replace(a, ';', 'delete') FROM b -- ; DROP TABLE b", frozenset()),
        ("sqlite", "(SELECT a FROM b) UNION ALL (SELECT a FROM c)", frozenset()),
        ("sqlite", "WITH x AS (SELECT 1 AS a) SELECT a FROM x WHERE a < :partition_end", END),
        ("postgresql", "SELECT a::int, b->>'c' FROM b WHERE at < :partition_end::timestamptz", END),
        ("postgresql", "SELECT $$;delete$$ AS a", frozenset()),
        ("mysql", "SELECT `a` FROM b WHERE at < :partition_end AND at >= :partition_start", {*END, "partition_start"}),
        ("duckdb", "FROM b SELECT a", frozenset()),
    ],
)
def test_one_select_is_taken_with_the_parameters_that_it_names(
    dialect: str, sql: str, parameters: frozenset[str]
) -> None:
    """In each database's own tongue."""
    assert check_select(sql, dialect) == parameters


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("sqlite", "SELECT 1; SELECT 2"),
        ("sqlite", ""),
        ("sqlite", "-- nothing"),
        ("sqlite", "PRAGMA user_version = 1"),
        ("sqlite", "ATTACH 'x' AS y"),
        ("sqlite", "REPLACE INTO b VALUES (1)"),
        ("sqlite", "VACUUM"),
        ("postgresql", "WITH x AS (DELETE FROM b RETURNING *) SELECT * FROM x"),
        ("postgresql", "SELECT * INTO c FROM b"),
        ("postgresql", "SELECT * FROM b FOR UPDATE"),
        ("postgresql", "COPY b TO PROGRAM 'x'"),
        ("postgresql", "TRUNCATE b"),
        ("mysql", "SELECT * FROM b INTO OUTFILE 'x'"),
        ("mysql", "SELECT * FROM b /*! INTO OUTFILE 'x' */"),
        ("mysql", "SELECT * FROM b /*M!100100 INTO OUTFILE 'x' */"),
        ("mysql", "CALL f()"),
        ("mysql", "SET @a = 1"),
        ("duckdb", "INSTALL httpfs"),
        ("sqlite", "SELEC a FROM b"),
        ("sqlite", "SELECT a FROM (b"),
    ],
)
def test_anything_else_is_refused(dialect: str, sql: str) -> None:
    """More than one statement, one that writes, one that is none."""
    with pytest.raises(StatementError):
        check_select(sql, dialect)


def test_a_parameter_that_nobody_binds_is_refused() -> None:
    """The sentence has those that there are."""
    with pytest.raises(StatementError, match="names the parameter :today; there are :partition_start and"):
        check_select("SELECT a FROM b WHERE c = :today", "sqlite")


def test_a_mistake_is_told_by_its_place(capfd: pytest.CaptureFixture[str]) -> None:
    """Without the query, which is printed nowhere."""
    with pytest.raises(StatementError, match=r"is no SQL of sqlite \(line 2, column 7\); mend it there"):
        check_select("SELECT a\nFROM (b", "sqlite")

    assert capfd.readouterr().err == ""
