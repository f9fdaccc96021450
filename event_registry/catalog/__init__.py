"""The tracking plan as a page that people read."""
