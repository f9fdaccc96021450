"""Starts the ingest process: `python -m ingest_api`."""

from ingest_api.server import main

main()
