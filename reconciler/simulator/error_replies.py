# tested by: tests/simulator/test_control_api.py
"""Build the tenant's error replies."""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):
    """A call is refused: an HTTP status, a code for programs and a message that names what was wrong."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def bad_request(message: str) -> Refusal:
    """400: the request is not what the contract says."""
    return Refusal(400, "bad_request", message)


def unauthorized(message: str, code: str = "unauthorized") -> Refusal:
    """401: no valid token, or wrong credentials."""
    return Refusal(401, code, message, {"WWW-Authenticate": "Bearer"})


def forbidden(scope: str) -> Refusal:
    """403: the token lacks a scope; the message names it."""
    return Refusal(403, "insufficient_scope", f"this call needs the scope {scope}")


def not_found(message: str) -> Refusal:
    """404: no such list, campaign, contact or path."""
    return Refusal(404, "not_found", message)


def conflict(message: str) -> Refusal:
    """409: what is asked contradicts what is there."""
    return Refusal(409, "conflict", message)


def too_many_rows(field: str, count: int, limit: int) -> Refusal:
    """413: more rows than the endpoint takes."""
    return Refusal(413, "too_many_rows", f"{field}: {count} rows, and at most {limit} are taken")


def too_many_items(field: str, count: int, limit: int) -> Refusal:
    """400: more rows than a job takes."""
    return bad_request(f"{field}: {count} rows, and at most {limit} are taken")
