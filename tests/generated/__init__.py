"""Programs that use the generated clients, as applications do."""
