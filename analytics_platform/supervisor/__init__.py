"""What `analytics run` does: it starts the parts of the pipeline, keeps them running, stops them."""

STOP_FILE = "stopping"
"""While this file is in the data folder, runs end as soon as they can."""
