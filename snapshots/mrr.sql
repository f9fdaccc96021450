-- Every subscription that had begun by the end of the day; the query names a time, so past days can be backfilled.
SELECT account_id, interval, unit_cents, quantity, started_at, ended_at
FROM subscriptions
WHERE started_at < :partition_end
