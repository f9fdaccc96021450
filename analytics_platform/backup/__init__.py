"""Copies an installation into a folder while it runs, and puts the copy into an empty one."""
