"""What Dagster's UI shows of a run: numbers, ids and reasons, never the contents of events."""

import dagster as dg

from analytics_platform.delivery.run import Report
from analytics_platform.delivery.words import words

Metadata = dict[str, dg.TableMetadataValue | int | str]


def describe(report: Report) -> Metadata:
    """A run's metadata; `rejected` names the first of the `still_dead`, whichever try of the run buried them."""
    tally = report.tally
    metadata: Metadata = {
        "delivered": tally.delivered,
        "skipped": tally.skipped,
        "requests": tally.requests,
        "rejected_in_all": tally.dead,
        "still_dead": report.still_dead,
    }
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
    if report.note:
        metadata["note"] = report.note
    return metadata


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
            return f"{destination} could not be reached ({error}). Nothing is lost, this run tries again."
        case _:
            return f"{destination} could not be reached ({error}). Nothing is lost. {again}"
