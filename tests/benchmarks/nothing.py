"""The yardstick: a Starlette endpoint that reads the request and does nothing with it."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def take(request: Request) -> JSONResponse:
    """Read the body and say yes."""
    await request.body()
    return JSONResponse({"success": True})


app = Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])
