"""A vendor that takes everything, in a process of its own: it can be slow, and remembers when each event came."""

import asyncio
import os
import re
import time
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

DELAY = float(os.environ.get("SINK_DELAY", "0"))  # seconds before each answer
ARRIVALS = os.environ.get("SINK_ARRIVALS")  # a folder: each path's arrivals are lines of a file in it
MESSAGE_ID = re.compile(rb'"messageId":\s*"([^"]+)"')


async def take(request: Request) -> Response:
    """Read the body, note what came, say yes."""
    body = await request.body()
    if ARRIVALS:
        now = time.monotonic()
        lines = "".join(f"{found.decode()} {now}\n" for found in MESSAGE_ID.findall(body))
        with Path(ARRIVALS, request.url.path.split("/")[1]).open("a") as file:  # noqa: ASYNC230  the measured one waits
            file.write(lines)
    if DELAY:
        await asyncio.sleep(DELAY)
    return Response('{"success":true}', media_type="application/json")


app = Starlette(routes=[Route("/{path:path}", take, methods=["GET", "POST"])])
