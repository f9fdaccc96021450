"""The policy of delivery: knows no Dagster, no HTTP and no SQL."""
