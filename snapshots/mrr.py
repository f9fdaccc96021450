"""Makes monthly recurring revenue of subscriptions, each for its share of the calendar month."""

import pandas as pd

from analytics_platform.snapshots.period import MILLISECOND, Period

MONTHS = {"month": 1, "year": 12}


def rows(read: pd.DataFrame, period: Period) -> pd.DataFrame:
    """One row an account: what its subscriptions bring in the month of the period, in whole currency units.

    A subscription that began or ended within the month counts for the part of it in which it was active. What
    ended after the period is still active: nobody could know it then.
    """
    month = pd.Timestamp(period.end - MILLISECOND).tz_localize(None).to_period("M")
    begins, ends = month.start_time.tz_localize("UTC"), (month + 1).start_time.tz_localize("UTC")
    started, ended = (pd.to_datetime(read[name], utc=True) for name in ("started_at", "ended_at"))
    active = ended.where(ended < min(period.end, ends), ends) - started.where(started > begins, begins)
    share = (active / (ends - begins)).clip(lower=0)
    monthly = read["unit_cents"] * read["quantity"] / 100 / read["interval"].map(MONTHS)
    made = pd.DataFrame({"account_id": read["account_id"], "prorated_mrr": monthly * share})
    return made.groupby("account_id", as_index=False).sum().round(2)
