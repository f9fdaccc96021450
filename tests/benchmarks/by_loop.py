"""What people write by hand: pandas reads the table, an SDK's group() is called for each row."""

import sqlite3
import sys

import pandas as pd

from event_registry.generated.python.product_analytics import Client

FLUSH_ROWS = 5000  # more than the SDK's queue holds would be dropped


def main(database: str, host: str) -> None:
    """Send every account."""
    client = Client(host, "demo")
    frame = pd.read_sql("SELECT account_id, plan, seat_count, mrr FROM accounts", sqlite3.connect(database))
    for number, row in enumerate(frame.itertuples(), 1):
        traits = {"plan": row.plan, "seat_count": row.seat_count, "mrr": row.mrr}
        client.group(group_id=str(row.account_id), anonymous_id=str(row.account_id), traits=traits)
        if number % FLUSH_ROWS == 0:
            client.flush()
    client.close(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
