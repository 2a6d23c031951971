"""Embed admission in a web service: POST a task as JSON, get its decision; 400 lists every fault of the task.

Run it from the checkout, and ask it from another terminal:

    python examples/embed_web.py 8000
    curl --data '{"nature": "market_service", "as_of": "2019-08-03"}' http://127.0.0.1:8000/
"""

from __future__ import annotations

import io
import json
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import admission

POLICY = admission.load(Path(__file__).parents[1] / "policies" / "beijing")
LARGEST = 100_000  # bytes of a request


def answer(body: bytes) -> tuple[HTTPStatus, dict[str, object]]:
    """The decision for a task written in JSON, or what is wrong with it."""
    try:
        records = list(admission.read_tasks(io.BytesIO(body), POLICY, kind="json"))
    except admission.InputError as error:
        return faults(error.diagnostics)
    match records:
        case [admission.TaskRecord(task=None, diagnostics=found)]:
            return faults(found)
        case [admission.TaskRecord(task=task)] if task is not None:
            return HTTPStatus.OK, POLICY.decide(task).to_dict()
        case _:
            return HTTPStatus.BAD_REQUEST, {"error": "post one task"}


def faults(found: tuple[admission.Diagnostic, ...]) -> tuple[HTTPStatus, dict[str, object]]:
    """A bad request, with everything that is wrong with it in Chinese and English."""
    return HTTPStatus.BAD_REQUEST, {"faults": [diagnostic.to_dict() for diagnostic in found]}


class Handler(BaseHTTPRequestHandler):
    """Decides what is posted. One policy serves every thread: it never changes."""

    timeout = 10  # seconds for a request to arrive

    def do_POST(self) -> None:
        """Answer one task."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            self.reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"post at most {LARGEST} bytes"})
            return
        self.reply(*answer(self.rfile.read(int(length))))

    def reply(self, status: HTTPStatus, content: dict[str, object]) -> None:
        """Send JSON."""
        body = json.dumps(content, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve on this machine until interrupted."""
    port = int(sys.argv[1]) if sys.argv[1:] else 8000
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
