"""A vendor to try things out with, on 127.0.0.1:9009: it refuses every event of the user `u2`.

`curl -X POST 127.0.0.1:9009/recover` makes it take everything, `/fail` makes it fail with 503.
"""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class StrictVendor(BaseHTTPRequestHandler):
    """Segment-shaped: takes batches."""

    protocol_version = "HTTP/1.1"
    mood = "strict"

    def do_POST(self) -> None:
        """Change the mood, or answer a batch according to it."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = int(HTTPStatus.OK)
        if self.path in ("/recover", "/fail"):
            StrictVendor.mood = self.path
        else:
            status = self._take(json.loads(body)["batch"])
        self.send_response(status)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"{}\n")

    def _take(self, batch: list[dict[str, object]]) -> int:
        if StrictVendor.mood == "/fail":
            return HTTPStatus.SERVICE_UNAVAILABLE
        refused = StrictVendor.mood == "strict" and any(call.get("userId") == "u2" for call in batch)
        if not refused:
            print("took", *(call["messageId"] for call in batch), flush=True)
        return HTTPStatus.BAD_REQUEST if refused else HTTPStatus.OK

    def log_message(self, *_: object) -> None:
        """Say nothing about requests: what was taken is said above."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 9009), StrictVendor).serve_forever()
