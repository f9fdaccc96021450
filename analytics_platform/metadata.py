"""What Dagster's UI shows of a run: numbers, ids and reasons, never the contents of events."""

from collections.abc import Mapping

import dagster as dg

from analytics_platform.delivery.run import Report
from analytics_platform.delivery.tally import Sample
from analytics_platform.delivery.words import words
from analytics_platform.staging.streams import Redelivery

Metadata = dict[str, dg.TableMetadataValue | int | float | str]


def describe(report: Report) -> Metadata:
    """A run's metadata; `rejected` names the first of the `still_dead`, whichever try of the run buried them."""
    tally = report.tally
    metadata: Metadata = {
        "delivered": tally.delivered,
        "skipped": tally.skipped,
        "requests": tally.requests,
        "rejected_in_all": tally.dead,
        "still_dead": report.still_dead,
        "bytes": tally.bytes,
        **_quantiles("lag_seconds", tally.lags),
        **_quantiles("vendor_seconds", tally.latencies),
    }
    if report.reasons:
        reasons = sorted(report.reasons.items(), key=lambda item: -item[1])
        metadata["reasons"] = dg.MetadataValue.table(
            [dg.TableRecord({"reason": reason, "events": count}) for reason, count in reasons]
        )
    if report.dead_letters:
        records = [
            dg.TableRecord(
                {
                    "seq": each.event.seq,
                    "messageId": each.event.message_id,
                    "reason": each.reason,
                    "vendor": words(each.answer),
                }
            )
            for each in report.dead_letters
        ]
        metadata["rejected"] = dg.MetadataValue.table(records)
    if report.redelivery:
        metadata |= _progress(report.redelivery)
    if report.note:
        metadata["note"] = report.note
    return metadata


def _progress(redelivery: Redelivery) -> Metadata:
    """How far a redelivery is, of all its runs."""
    state = "goes on" if redelivery.ended_at is None else "finished"
    metadata: Metadata = {
        "redelivery": f"{redelivery.stream} ({'cancelled' if redelivery.is_cancelled else state})",
        "redelivery_delivered": redelivery.delivered,
    }
    if not redelivery.is_cancelled:
        metadata["redelivery_percent"] = round(100 * redelivery.progress, 1)
    return metadata


def health(destination: str, metadata: Mapping[str, object]) -> dg.AssetMaterialization:
    """What a run says about its destination; Dagster plots the numbers of one run after the other."""
    numbers = (int, float, dg.IntMetadataValue, dg.FloatMetadataValue)
    shown = {name: value for name, value in metadata.items() if isinstance(value, numbers)}
    return dg.AssetMaterialization(asset_key=destination_key(destination), metadata=shown)


def destination_key(destination: str) -> dg.AssetKey:
    """The asset that stands for a destination."""
    return dg.AssetKey(["destinations", destination])


def _quantiles(name: str, sample: Sample) -> dict[str, float]:
    """The half and the 95 % of a sample, to the millisecond; nothing when nothing was measured."""
    found = {"p50": sample.quantile(0.5), "p95": sample.quantile(0.95)}
    return {f"{name}_{which}": round(value, 3) for which, value in found.items() if value is not None}


def sentence(destination: str, report: Report) -> str:
    """Why a run failed, and what there is to do about it."""
    error = report.error or "no answer"
    if report.retry_in:
        again = f"The next try is in about {report.retry_in / 60:.0f} min by itself; Re-execute tries at once."
    else:
        again = "Press Re-execute to try again."
    because = f" ({report.error})" if report.error else ""
    match report.ending:
        case "buried":
            return (
                f"{destination}: {report.still_dead} event(s) were rejected, see `rejected` in the metadata{because}. "
                "Mend the cause, then press Re-execute: it delivers exactly those that are still dead."
            )
        case "halted":
            return (
                f"{destination} refuses our key, address or configuration ({error}). Nothing is lost. "
                f"Mend the destination's settings and restart. {again}"
            )
        case "died":
            return (
                f"{destination}: this run was taken for dead and stopped ({error}). "
                "Nothing is lost, live delivery goes on by itself."
            )
        case "stopped":
            return f"{destination}: this re-execution is not done ({error}). Nothing is lost. {again}"
        case None:
            return f"{destination} takes no events now ({error}). Nothing is lost, this run tries again."
        case _:
            return f"{destination} takes no events now ({error}). Nothing is lost. {again}"
