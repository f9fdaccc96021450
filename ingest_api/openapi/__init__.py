"""What the API does, for machines at `/openapi.json` and for people at `/docs`."""
