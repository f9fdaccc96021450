"""The tracking plan in other languages: a typed client for each, and JSON Schema."""
