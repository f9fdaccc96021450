"""The commands of `analytics`, one module each; `cli.py` mounts them."""
