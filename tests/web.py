"""A web server in this process, for tests of what is fetched."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web(ThreadingHTTPServer):
    """Serves `files` by path, in parts too; `asked` holds each request, as "GET /a" or "GET /a bytes=5-"."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.asked = dict[str, bytes](), list[str]()
        self.sends_at_most = 1 << 30  # bytes of an answer, whatever it promised

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        part = self.headers.get("Range", "")
        self.server.asked.append(f"{self.command} {self.path} {part}".strip())
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        version = f'"{hash(content)}"'
        start = int(part[6:-1]) if part and self.headers.get("If-Range") == version else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", version)
        self.end_headers()
        if body:
            self.wfile.write(content[start : start + self.server.sends_at_most])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Web]:
    """A running server."""
    with Web() as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield web
        finally:
            web.shutdown()
            thread.join()
