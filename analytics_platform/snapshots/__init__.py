"""What is state rather than action: read on a schedule, sent as group() through the same path as any call."""
