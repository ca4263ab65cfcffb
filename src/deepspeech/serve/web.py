"""The page at `/`: static files of `page/`, under a strict Content-Security-Policy.

The page uses `/stream`, `/v1/models` and `/v1/audio/transcriptions` of this server and no other host.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGE = Path(__file__).parent / "page"
# Blobs are what was recorded or chosen, played in the page. 'self' includes WebSockets of the same host.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # ask each time whether it has changed
}


class _Files(StaticFiles):
    """Static files with the headers of the page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def page_routes() -> list[BaseRoute]:
    """`/` and the files below `/page/`."""

    async def index(request: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers=HEADERS)

    return [Route("/", index), Mount("/page", _Files(directory=PAGE))]
