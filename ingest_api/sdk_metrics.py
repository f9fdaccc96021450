"""Takes the metrics that SDKs keep of themselves (`POST /v1/m`), and forgets them.

They say how an SDK fares with its vendor, come without any key, and are no calls. Whoever refused them would have
browsers write errors on the console of each page.
"""

from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from ingest_api.answers import Answer
from ingest_api.body import read_json
from ingest_api.errors import answer_to
from ingest_api.head import Head
from ingest_api.limits import Limits

PATH = "/v1/m"


class SdkMetrics:
    """The endpoint."""

    def __init__(
        self, limits: Limits, take: Callable[[Head], object], note_answer: Callable[[Head, Answer], None]
    ) -> None:
        """`take` counts a request against the limit of its address, and raises Refusal; `note_answer` gets each."""
        self._limits = limits
        self._take = take
        self._note_answer = note_answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer once the body is read, within the bounds of any other."""
        head = Head(scope)
        try:
            self._take(head)
            await read_json(head, receive, self._limits, is_sdk_path=True)
            answer = Answer(200, {"success": True})
        except Exception as error:  # noqa: BLE001 - as for calls
            answer = answer_to(error)
        self._note_answer(head, answer)
        await answer(scope, receive, send)
