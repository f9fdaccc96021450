"""Keeps one part running in the folder that it is given, until a signal comes: DATA_DIR PROGRAM [ARGUMENT...]."""

import sys
from pathlib import Path

from analytics_platform.supervisor.run import keep_running
from tests.small_parts import part

keep_running([part(sys.argv[2], *sys.argv[3:])], Path(sys.argv[1]), when_ready="Ready.")
