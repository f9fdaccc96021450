"""The yardstick: a Starlette endpoint that reads the request and does nothing with it, on the same server as ours."""

import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ingest_api.limits import Limits
from ingest_api.server import BACKLOG, server_config


async def take(request: Request) -> JSONResponse:
    """Read the body and say yes."""
    await request.body()
    return JSONResponse({"success": True}, 202)


def main(port: int) -> None:
    """Serve it within our bounds, with our protocol."""
    app = Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])
    with socket.create_server(("127.0.0.1", port), backlog=BACKLOG) as listener:
        uvicorn.Server(server_config(app, Limits())).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]))
