"""The tracking plan: what a call may be, down to each property; imports no other package of this project."""
