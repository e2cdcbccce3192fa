"""A small strict tenant that speaks the API of `apis/deskapi.py`, on the loopback. It shares no code with the client.

Whatever is asked otherwise than it is promised is refused: an unknown query or field, a page that is too large, an
object that is not sent whole, a title that is taken, a group that is empty or in use.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "desk-token"
_FIELDS = {
    "groups": ({"title", "sort"}, {"colour"}),
    "efforts": (
        {"title", "mode", "state", "groupRef", "cap", "from", "until"},
        {"code", "tuning", "keeper", "music"},
    ),
}
"""By collection, what a body must have, and what it may have."""
_WRAPPERS = {"groups": "group", "efforts": "effort"}
MOST = 2
"""Rows of a page."""
MOST_PEOPLE = 4
"""People who are put into a group, or out of it, by one request."""


class Refused(Exception):
    """A status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


@dataclass
class Desk:
    """What the tenant holds, and what it was asked: `requests` as `METHOD /path?query`, the tokens' left out."""

    url: str = ""
    groups: dict[int, dict[str, Any]] = field(default_factory=dict)
    efforts: dict[int, dict[str, Any]] = field(default_factory=dict)
    people: dict[int, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By group and id, who is in it: person, tel, state, and more of whatever."""
    barred: set[str] = field(default_factory=set)
    """Numbers that no group takes: the answer says so, of each, and takes the others."""
    kept: set[str] = field(default_factory=set)
    """People whom no group lets go: the answer says so."""
    uploads: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Files of people, as work that goes on after its answer: of one that is asked for twice all of it is done."""
    talks: list[dict[str, str]] = field(default_factory=list)
    """What was spoken: talk, who, at, kind."""
    results: dict[str, dict[str, str]] = field(default_factory=dict)
    """By person, where it stands in an effort: stage, and where there is one, result."""
    refused: set[str] = field(default_factory=set)
    """Titles that it makes no group of: the answer has status 200 and says so."""
    requests: list[str] = field(default_factory=list)
    lose: set[str] = field(default_factory=set)
    """Methods whose next request is done, and not answered."""
    last: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def writes(self) -> list[str]:
        """The requests that ask to change something."""
        return [each for each in self.requests if not each.startswith("GET ")]

    def add_group(self, title: str, *people: str) -> int:
        """A group that somebody made by hand."""
        found = self._new(self.groups, {"title": title, "sort": "OUT"})
        self.people[found] = {each: {"person": each, "state": "ACTIVE"} for each in people}
        return found

    def titles(self, collection: str = "groups") -> list[str]:
        """What the objects of a collection are called."""
        return sorted(each["title"] for each in getattr(self, collection).values())

    def called(self, title: str, collection: str = "groups") -> dict[str, Any]:
        """One of them."""
        (found,) = (each for each in getattr(self, collection).values() if each["title"] == title)
        return dict(found)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """What is answered; raises Refused."""
        name, _, part = path.strip("/").partition("/")
        match name, part:
            case "uploads", _:
                return self._uploaded(method, query, body)
            case "talks", _:
                return self._talked(query)
            case "efforts", "person":
                return self._result(method, query, body)
            case "groups", "people" if method != "GET":
                return self._members(method, self._one(self.groups, query)["objId"], body)
        if name not in _FIELDS:
            raise Refused(404, "there is no such collection")
        return self._object(method, name, part, query, body)

    def _object(self, method: str, name: str, part: str, query: dict[str, str], body: Any) -> Any:
        held: dict[int, dict[str, Any]] = getattr(self, name)
        if method == "GET":
            return self._told(name, part, held, query)
        match method, name, part:
            case "PUT", "efforts", "tuning":
                self._one(held, query)["tuning"] = body["tuning"]
            case "POST", "groups", "retire":
                self._one(held, query)["retired"] = True
            case _, _, "":
                return self._written(method, name, held, query, body)
            case _:
                raise Refused(405, "not here")
        return None

    def _talked(self, query: dict[str, str]) -> Any:
        who, since, until = (query.pop(each) for each in ("who", "since", "until"))
        told = [each for each in self.talks if each["who"] in who.split(",") and since <= each["at"] < until]
        return self._page(told, query)

    def _told(self, name: str, part: str, held: dict[int, dict[str, Any]], query: dict[str, str]) -> Any:
        match name, part:
            case "groups", "":
                return self._page(self._found(held, query), query)
            case "groups", "one":
                return self._one(held, query)
            case "groups", "people":
                group = self._one(held, {"objId": query.pop("objId", "")})
                return self._page(list(self.people.get(group["objId"], {}).values()), query)
            case "efforts", "":
                _only(query, set())
                return [dict(each) for each in held.values()] or None
            case "efforts", "tuning":
                return {"tuning": self._one(held, query).get("tuning", {})}
            case "efforts", "one":
                return {"found": [self._one(held, query)]}
        raise Refused(404, "there is no such thing")

    def _written(
        self, method: str, name: str, held: dict[int, dict[str, Any]], query: dict[str, str], body: Any
    ) -> Any:
        if method == "POST":
            _only(query, set())
            if isinstance(body, dict) and body.get("group", {}).get("title") in self.refused:
                return [{"error": "no more groups"}]
            return [{"objId": self._new(held, self._checked(name, held, body, None))}]
        found = self._one(held, query)
        if method == "PUT":
            held[found["objId"]] = {"objId": found["objId"], **self._checked(name, held, body, found["objId"])}
        elif method != "DELETE":
            raise Refused(405, "not here")
        elif name == "groups" and any(each["groupRef"] == found["objId"] for each in self.efforts.values()):
            raise Refused(409, "an effort uses it")
        else:
            del held[found["objId"]]
        return None

    def _result(self, method: str, query: dict[str, str], body: Any) -> Any:
        person = query.pop("person", "")
        self._one(self.efforts, query)
        if person not in self.results:
            raise Refused(404, "there is no such person in it")
        if method == "PUT":
            self.results[person] |= {"result": body["result"], "by": body["by"]}
        return self.results[person]

    def _uploaded(self, method: str, query: dict[str, str], body: Any) -> Any:
        """Take a file of people, in base64, and tell how it gets on: in a list, by two truths, and by no status."""
        if method == "POST":
            rows = list(csv.DictReader(io.StringIO(base64.b64decode(body["file"]).decode("utf-8"), newline="")))
            there = self.people.setdefault(self._one(self.groups, {"objId": query.pop("group", "")})["objId"], {})
            there |= {
                row["person"]: {
                    "person": row.pop("person"),
                    "tel": row.pop("tel"),
                    "state": "ACTIVE",
                    "more": {name: json.loads(value) for name, value in row.items()},
                }
                for row in rows
            }
            self.last += 1
            self.uploads[self.last] = {"job": self.last, "name": body["name"], "asked": 0}
            return {"job": self.last}
        _only(query, {"job"} if "job" in query else {"name"})
        (wanted, value), *_ = query.items()
        found = [each for each in self.uploads.values() if str(each[wanted]) == value]
        for each in found:
            each["asked"] += 1
        return [{"job": each["job"], "isComplete": each["asked"] > 1, "isCancelled": False} for each in found]

    def _members(self, method: str, group: int, body: Any) -> Any:
        """Put people into a group, by their ids, or take them out: what is wrong with one is said in the answer."""
        if not isinstance(body, dict) or set(body) != {"people"} or not 0 < len(body["people"]) <= MOST_PEOPLE:
            raise Refused(413, f"at most {MOST_PEOPLE} people at once")
        there = self.people.setdefault(group, {})
        faults = []
        for at, each in enumerate(body["people"]):
            if method == "PUT":
                if set(each) != {"person", "tel", "more"} or not each["tel"].startswith("+"):
                    raise Refused(400, "a person has an id, a number and more")
                if each["tel"] in self.barred:
                    faults.append({"at": at, "code": "BARRED", "why": f"{each['tel']} is not taken"})
                else:
                    there[each["person"]] = {**each, "state": "ACTIVE"}
            elif each in self.kept or each not in there:
                code = "KEPT" if each in self.kept else "ABSENT"
                faults.append({"at": at, "code": code, "why": f"{each} is {code.lower()}"})
            else:
                del there[each]
        return {"done": len(body["people"]) - len(faults), "faults": faults}

    def _found(self, held: dict[int, dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
        rows = [{**each, "people": len(self.people.get(each["objId"], ()))} for each in held.values()]
        wanted = query.pop("titled", "")
        # it finds more than was asked for: whatever begins like it
        return [each for each in rows if each["title"].startswith(wanted)]

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Any:
        _only(query, {"skip", "top"})
        skip, top = int(query["skip"]), int(query["top"])
        if not 0 < top <= MOST or skip < 0:
            raise Refused(400, f"top is from 1 to {MOST}")
        if not rows[skip:]:
            return None
        return {"page": {"items": rows[skip : skip + top], "count": len(rows)}}

    def _one(self, held: dict[int, dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        _only(query, {"objId"})
        found = held.get(int(query["objId"])) if query["objId"].isdecimal() else None
        if found is None:
            raise Refused(404, "there is no such object")
        return found

    def _new(self, held: dict[int, dict[str, Any]], fields: Mapping[str, Any]) -> int:
        self.last += 1
        held[self.last] = {"objId": self.last, **fields}
        return self.last

    def _checked(self, name: str, held: dict[int, dict[str, Any]], body: Any, own: int | None) -> dict[str, Any]:
        needed, optional = _FIELDS[name]
        if not isinstance(body, dict) or set(body) != {_WRAPPERS[name]}:
            raise Refused(400, f"the body is one {_WRAPPERS[name]}")
        fields: dict[str, Any] = body[_WRAPPERS[name]]
        if not needed <= set(fields) <= needed | optional:
            raise Refused(400, f"fields are {sorted(needed)}, and may be {sorted(optional)}")
        if any(each["title"] == fields["title"] and each["objId"] != own for each in held.values()):
            raise Refused(409, "the title is taken")
        if name == "efforts":
            fields = {**fields, "groupRef": int(fields["groupRef"])}
            if fields["state"] not in ("NEW", "ON", "OFF") or fields["mode"] not in ("P", "G", "V"):
                raise Refused(400, "no such state or mode")
            if fields["groupRef"] not in self.groups:
                raise Refused(400, "there is no such group")
            if fields["state"] == "ON" and not self.people.get(fields["groupRef"]):
                raise Refused(400, "nobody is in the group")
        return fields


def _only(query: Mapping[str, str], names: set[str]) -> None:
    if set(query) != names:
        raise Refused(400, f"the query has {sorted(names)} and nothing else")


def _handler(desk: Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:  # the library's name
            """Nothing."""

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            parts = urlsplit(self.path)
            if parts.path == "/rest/token":
                known = {"accessKeyId": "client", "accessKeySecret": "not-a-secret"}
                if json.loads(sent) != known:
                    return self._send(401, {"why": "no such key"})
                return self._send(200, {"session": {"bearer": TOKEN, "seconds": "3600"}})
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            with desk.guard:
                shown = f"{self.command} {parts.path.removeprefix('/rest')}"
                desk.requests.append(f"{shown}?{parts.query}" if parts.query else shown)
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    return self._send(401, {"why": "no token"})
                try:
                    path = parts.path.removeprefix("/rest")
                    answer = desk.answer(self.command, path, query, json.loads(sent) if sent else None)
                except Refused as error:
                    return self._send(error.status, {"message": error.why})
                if self.command in desk.lose:
                    desk.lose.discard(self.command)
                    self.close_connection = True
                    return None
            return self._send(200 if answer is not None else 204, answer)

        def _send(self, status: int, answer: Any) -> None:
            body = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    served: Callable[[Handler], None] = Handler._serve
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        setattr(Handler, f"do_{method}", served)
    return Handler


@contextmanager
def serve() -> Iterator[Desk]:
    """An empty tenant, until the block ends."""
    desk = Desk()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(desk)) as server:
        server.daemon_threads = True
        desk.url = f"http://127.0.0.1:{server.server_address[1]}/rest"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield desk
        finally:
            server.shutdown()
            thread.join(5)
