"""What people build by hand: FastAPI, a Celery task, Redis; it promises less, since Redis does not fsync."""

import os

from celery import Celery
from fastapi import FastAPI
from pydantic import BaseModel

tasks = Celery("by_hand", broker=os.environ["BY_HAND_REDIS"])


@tasks.task
def deliver(call: dict[str, object]) -> None:
    """Post it to a vendor; no worker runs here, which leaves the cores to the endpoint."""


class Properties(BaseModel):
    """The properties of the one event that the benchmark sends."""

    report_id: str
    chart_count: int | None = None


class Track(BaseModel):
    """A track call."""

    type: str
    event: str
    userId: str  # noqa: N815  as on the wire
    messageId: str  # noqa: N815  as on the wire
    timestamp: str
    properties: Properties
    context: dict[str, object]


app = FastAPI()


@app.post("/v1/track", status_code=202)
async def take(call: Track) -> dict[str, bool]:
    """Validate, hand over, say yes."""
    deliver.delay(call.model_dump())
    return {"success": True}
