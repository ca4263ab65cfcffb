"""Answers: refusals as HTTP responses, in the shape of OpenAI's API, for every path of the server."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from deepspeech.serve.limits import Refused

KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_body(refusal: Refused) -> dict[str, Any]:
    """`{"error": {message, type, param, code}}`."""
    kind = KINDS.get(refusal.status, "invalid_request_error" if refusal.status < 500 else "server_error")
    return {"error": {"message": str(refusal), "type": kind, "param": refusal.param, "code": refusal.code}}


def refusal_response(refusal: Refused, retry_after_s: int) -> Response:
    """The response; 429 and 503 say when to try again."""
    headers = {"Retry-After": str(retry_after_s)} if refusal.later else {}
    if refusal.status in (408, 413):
        headers["Connection"] = "close"  # what is still to come of the body is not read
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error_body(refusal), refusal.status, headers)


def address(request: Request) -> str:
    """The client's address."""
    return request.client.host if request.client else "unknown"
