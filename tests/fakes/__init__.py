"""Real servers that a test orders to fail."""
