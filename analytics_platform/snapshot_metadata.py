"""What Dagster's UI shows of a snapshot: numbers, pictures, and of the rows only what may be seen."""

from typing import Any

import dagster as dg

from analytics_platform.snapshots.declaration import Declaration
from analytics_platform.snapshots.findings import Finding
from analytics_platform.snapshots.picture import markdown
from analytics_platform.snapshots.taking import Occasion, Outcome

Metadata = dict[str, Any]  # of Dagster's metadata values, and what it makes them of


def describe(occasion: Occasion, outcome: Outcome) -> Metadata:
    """The metadata of a materialisation; Dagster plots every number in it over time."""
    found = outcome.reading
    metadata: Metadata = {
        "dagster/row_count": found.rows,
        "changed": found.changed,
        "farewells": found.farewells,
        "sent": outcome.sent,
        "as_of": dg.MetadataValue.timestamp(occasion.at),
        "preview": _preview(found.preview),
    }
    for name, metric in found.metrics.items():
        numbers = {"sum": metric.sum, "min": metric.min, "max": metric.max}
        metadata |= {f"{name}_{what}": float(value) for what, value in numbers.items() if value is not None}
    return metadata | {"picture": dg.MetadataValue.md(_pictures(outcome))}


def results(outcome: Outcome) -> list[dg.AssetCheckResult]:
    """The findings as Dagster's results of asset checks; one that stopped nothing is a warning."""
    return [
        dg.AssetCheckResult(
            check_name=each.check,
            passed=each.passed,
            severity=dg.AssetCheckSeverity.ERROR if each in outcome.stopped else dg.AssetCheckSeverity.WARN,
            description=each.sentence,
        )
        for each in outcome.reading.findings
    ]


def sentence(declaration: Declaration, stopped: list[Finding]) -> str:
    """Why nothing was sent, and what there is to do about it."""
    why = "; ".join(each.sentence for each in stopped)
    if all(each.is_a_change for each in stopped):
        remedy = (
            "If that is right, take it again with accept_changes: in the launchpad (shift-click Materialize), or with "
            f"`analytics snapshot run {declaration.name} --accept-changes`. If it is not, mend the query or its source"
        )
    else:
        remedy = "Mend the query, its source or the tracking plan, then press Re-execute"
    return f"{declaration.name}: nothing was sent: {why}. {remedy}."


def _preview(rows: list[dict[str, Any]]) -> dg.TableMetadataValue:
    schema = dg.TableSchema(columns=[dg.TableColumn(name, type="any") for name in (rows[0] if rows else ())])
    records = [dg.TableRecord({name: _cell(value) for name, value in row.items()}) for row in rows]
    return dg.MetadataValue.table(records, schema=schema)


def _cell(value: object) -> str | int | float | bool | None:
    """What a cell of Dagster's tables can hold."""
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _pictures(outcome: Outcome) -> str:
    drawn = [
        markdown(name, metric.sample, [past.sums[name] for past in outcome.trend if name in past.sums])
        for name, metric in outcome.reading.metrics.items()
    ]
    return "\n\n".join(drawn) or markdown("rows", [], [past.row_count for past in outcome.trend])
