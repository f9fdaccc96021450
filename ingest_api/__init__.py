"""The ingest API, which takes events over HTTP and stores them before it answers."""
