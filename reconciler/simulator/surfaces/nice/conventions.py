"""What holds for every endpoint of the surface: its base, versions, ids, pages, and how it says no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from reconciler.simulator.body_checks import fields
from reconciler.simulator.error_replies import Refusal, bad_request, not_found
from reconciler.simulator.routing import Call, Reply, Route

NAME = "nice"
PERMISSION = "api"
"""What the key's user may do; there are no scopes."""
VERSIONS = range(20, 35)
NEWEST = 33
FLAT_CAMPAIGNS = 33
"""From this version on a campaign is flat."""
DOCUMENTED = FLAT_CAMPAIGNS
"""From this version on what is told is as the vendor's document has it; before, where the two disagree, as a client of
that time reads it [inf]: the document has the campaigns of this version, and the client asks for 21."""
BUSINESS_UNIT = {"businessUnitId": 4711, "businessUnitName": "Embedded"}
LARGEST_PAGE = 1000
"""Rows of a page (ours: the range is not published)."""

# the casing of `incontactAPI` varies, and a double slash behind it is taken
_BASE = re.compile(r"/nice/+incontactapi/+services/v(\d{2})\.0(/.*)", re.IGNORECASE)
_OUTSIDE = re.compile(r"/nice(/(?:\.well-known|authentication|public|auth|media-playback|rta)/.*)")


def find_inner(path: str) -> str | None:
    """What of a path is below the base of any version, or below the host."""
    if match := _OUTSIDE.fullmatch(path):
        return match[1]
    match = _BASE.fullmatch(path)
    if match is None or int(match[1]) not in VERSIONS:
        return None
    return re.sub("/+", "/", match[2])


def find_version(call: Call) -> int:
    """The version of the API that a call is made in."""
    match = _BASE.fullmatch(call.path)
    return int(match[1]) if match else NEWEST


def check_accepted(call: Call) -> None:
    """Nothing is answered to who accepts nothing [client]; the status is ours."""
    if "Accept" not in call.headers and _BASE.fullmatch(call.path):
        raise bad_request("No known way to render data")


def refuse(call: Call, refusal: Refusal) -> Reply:
    """A refusal in one of its two forms; the text stands in a header as well, and of a 404 in that alone."""
    header = {**refusal.headers, "icStatusDescription": refusal.message}
    if refusal.status == 404:
        return Reply(404, None, header)
    if refusal.status == 401 or not _BASE.fullmatch(call.path):
        return Reply(refusal.status, {"error": refusal.code, "error_description": refusal.message}, header)
    return Reply(refusal.status, {"error": refusal.code, "errorDescription": refusal.message}, header)


def read(path: str, handler: Callable[[Call], Reply], *query: str) -> Route:
    """An endpoint read by GET."""
    return Route(NAME, "GET", path, PERMISSION, handler, frozenset(query), is_read=True)


def write(method: str, path: str, handler: Callable[[Call], Reply], *query: str, body: bool = True) -> Route:
    """An endpoint that changes something."""
    return Route(NAME, method, path, PERMISSION, handler, frozenset(query), takes_body=body)


def number_of(object_id: str) -> int:
    """The id of an object of the store as a number: that is what they are here."""
    return int(object_id.rpartition("-")[2])


def find_by_number(held: Mapping[str, Any], told: str, what: str) -> Any:
    """An object of the store by its number; 404 where there is none."""
    found = next((each for key, each in held.items() if told.isdecimal() and number_of(key) == int(told)), None)
    if found is None:
        raise not_found(f"{what}: there is none with the id {told}")
    return found


def unwrap(call: Call, wrapper: str) -> Mapping[str, Any]:
    """What stands in a body's only field; 400 where there is none, or something beside it."""
    found = fields(call.body, required={wrapper: lambda value, where: value}, optional={})[wrapper]
    if not isinstance(found, dict):
        raise bad_request(f"{wrapper}: must be an object")
    return found


def page(call: Call, rows: Sequence[Any]) -> Sequence[Any]:
    """The rows that `skip` and `top` ask for; 400 where they are no such numbers."""
    skip, top = _number(call, "skip", 0), _number(call, "top", LARGEST_PAGE)
    if not 1 <= top <= LARGEST_PAGE:
        raise bad_request(f"top: must be from 1 to {LARGEST_PAGE}")
    longest = call.tenant.pages.longest
    return rows[skip : skip + min(top, longest or top)]


def _number(call: Call, name: str, default: int) -> int:
    told = call.query.get(name, str(default))
    if not (told.isascii() and told.isdecimal()) or len(told) > 12:
        raise bad_request(f"{name}: must be a whole number")
    return int(told)


def truth(call: Call, name: str, default: bool = False) -> bool:
    """A query field that is true or false."""
    told = call.query.get(name, str(default)).lower()
    if told not in ("true", "false"):
        raise bad_request(f"{name}: must be true or false")
    return told == "true"


def moment(call: Call, name: str) -> datetime | None:
    """A query field that is an instant; None where it is not given."""
    told = call.query.get(name)
    if told is None:
        return None
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise bad_request(f"{name}: must be an ISO 8601 instant")
    return found


def span(call: Call) -> tuple[datetime, datetime]:
    """What lies between `startDate` and `endDate`, both of which must be given."""
    since, until = moment(call, "startDate"), moment(call, "endDate")
    if since is None or until is None:
        raise bad_request("startDate, endDate: are required")
    if until < since:
        raise bad_request("endDate: must not be before startDate")
    return since, until


def number_or_none(call: Call, name: str) -> int | None:
    """A query field that is a number; None where it is not given."""
    return _number(call, name, 0) if name in call.query else None


def choose_fields(call: Call, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each row the `fields` that are asked for; all, where none is. One that no row has is nobody's: 400."""
    wanted = [each for each in call.query.get("fields", "").split(",") if each]
    if rows and (unknown := [each for each in wanted if not any(each in row for row in rows)]):
        raise bad_request(f"fields: there is no {unknown[0]}")
    return [{name: value for name, value in row.items() if not wanted or name in wanted} for row in rows]


def links(call: Call, following: int | None = None) -> dict[str, str]:
    """Where a page is, and where the next one, if it begins after so many rows."""
    here = f"{call.origin}{call.path.removeprefix(call.root)}"
    if following is None:
        return {"self": here}
    return {"self": here, "next": f"{here}?{urlencode({**call.query, 'skip': following})}"}
