"""Define the errors of calls to a tenant, and what the caller may do after each.

The line that matters: after `Unknown` the call may have taken effect and must not be repeated blindly; after every
other fault it was refused, was never sent, or may be repeated without harm. No message here carries a token, a
secret, a query or a request body.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from reconciler.model.errors import ReconcilerError
from reconciler.model.reply_shape import Odd


class WireError(ReconcilerError):
    """A call to a tenant failed.

    Attributes:
        method: the HTTP method.
        url: what was called, without user information, query and fragment.
        status: the HTTP status; None where no reply came.
        request_id: the tenant's `X-Request-Id`, for its support.
        attempts: how often the request was sent, or tried to be sent.
        reply: the tenant's parsed JSON, for a caller that looks for the ids it names; never printed.
    """

    code = "wire"
    advice: ClassVar[str | None] = None

    def __init__(
        self,
        message: str,
        *,
        method: str,
        url: str,
        status: int | None = None,
        request_id: str | None = None,
        attempts: int = 1,
        reply: Any = None,
        note: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.method = method
        self.url = strip_url(url)
        self.status = status
        self.request_id = request_id
        self.attempts = attempts
        self.reply = reply
        super().__init__(message, where=self._place(), note=note, hint=hint or self.advice)

    def _place(self) -> str:
        details = []
        if self.status is not None:
            details.append(f"status {self.status}")
        if self.request_id:
            details.append(f"request id {self.request_id}")
        if self.attempts > 1:
            details.append(f"{self.attempts} attempts")
        place = f"{self.method} {self.url}"
        return f"{place} ({', '.join(details)})" if details else place


class Unauthorised(WireError):
    """401 twice: the tenant does not take the token, not even a new one."""

    code = "unauthorised"
    advice = "check that the client still exists in the tenant and that the base URL belongs to the same tenant"


class TokenRefused(WireError):
    """The token request itself was refused: a wrong client id or secret, a wrong scope, a wrong token URL."""

    code = "token-refused"
    advice = "check the client id, the client secret and the scopes of this surface"


class Forbidden(WireError):
    """403: the token is good, and the client may not do this."""

    code = "forbidden"
    advice = "grant the client the scope, or its security profile the permission, in the tenant"


class NotFound(WireError):
    """404: no such list, campaign, contact or job; or no such endpoint."""

    code = "not-found"
    advice = "check the base URL of this surface; if it is right, what was asked for has been deleted meanwhile"


class Conflict(WireError):
    """409: there is already one of that name, or somebody else changed it."""

    code = "conflict"


class Invalid(WireError):
    """400 or 422: the tenant read the request and refuses it; the note has its own words."""

    code = "invalid"


class TooLarge(WireError):
    """413: more rows than one request may carry."""

    code = "too-large"
    advice = "lower the chunk size of this surface"


class RateLimited(WireError):
    """429, until the attempts ran out. The tenant did not act."""

    code = "rate-limited"
    advice = "lower the rate of this surface, or try again later"


class QuotaSpent(WireError):
    """403 or 429 with a code that says that a day's requests are used up. It is not sent again: nothing was done."""

    code = "quota-spent"
    advice = "try again when the quota has room (it counts the last 24 hours), or have it raised"


class Unavailable(WireError):
    """The tenant could not be reached or could not answer, until the attempts ran out.

    Raised for calls that may be sent again without harm, and for calls that were never sent.
    """

    code = "unavailable"
    advice = "try again later; what was asked may be asked again without harm"


class Unknown(WireError):
    """The request was sent, may have taken effect, and must not be repeated blindly.

    The caller reads back what it wanted to write, by name or by reference, before anything is sent again.
    """

    code = "unknown-outcome"
    advice = "look whether it took effect before sending it again"


class Unexpected(WireError):
    """A reply the contract does not know: a redirect, another status, a token reply without a token."""

    code = "unexpected-reply"
    advice = "check the URLs of this surface: something other than the API may be answering"


class BadReply(Unexpected):
    """A reply that is not as the API promises, or that cannot be read at all: HTML, or without end.

    Attributes:
        odd: what is not as it must be; None where the whole of it cannot be read.
    """

    code = "bad-reply"
    advice = "nothing is done on a guess: check the surface's URLs, or show this to whoever runs the tenant"

    def __init__(self, message: str, *, odd: Odd | None = None, **place: Any) -> None:
        self.odd = odd
        super().__init__(message, **place)


def strip_url(url: str) -> str:
    """`url` without what may be secret or personal in it: user information, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(a URL that cannot be read)"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
