"""The whole product while everything around it fails, again and again, for minutes: `make chaos`."""
