"""A month of running, shrunk in proportion: what `make soak` runs, and in small a test."""
