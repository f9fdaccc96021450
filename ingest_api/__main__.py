"""Starts the ingest process: `python -m ingest_api [--workers N]`."""

import argparse
import os

from ingest_api.server import main

parser = argparse.ArgumentParser(prog="python -m ingest_api", description="Takes events over HTTP.")
parser.add_argument("--workers", metavar="N", help="processes that take requests (ANALYTICS_WORKERS, 1)")
workers = parser.parse_args().workers
main({**os.environ, "ANALYTICS_WORKERS": workers} if workers else os.environ)
