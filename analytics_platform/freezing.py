"""Imported last by the process that runs are forked from, so that a run shares the memory of what it has imported.

Python's garbage collector writes to whatever it looks at, and what is written to is shared no longer.
"""

import gc

gc.collect()
gc.freeze()
