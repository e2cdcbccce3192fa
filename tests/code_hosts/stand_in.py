"""Stand-ins of GitHub's and GitLab's APIs on the loopback, as strict as they are: auth, leave, pages, ids, lengths."""

from __future__ import annotations

import io
import json
import re
import secrets
import threading
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 2
"""Objects on a page, however many are asked for: small, so that everything has several."""
LONGEST_BODY = 65_536


class Answer(Exception):
    """A reply that ends a request."""

    def __init__(self, status: int, document: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.document, self.headers = status, document, dict(headers or {})


class Lost(Exception):
    """The request was done, and its reply never comes."""


@dataclass
class Caller:
    """Who asks: a login, and what the token may do by area (`issues: write`)."""

    login: str
    leave: Mapping[str, str]
    is_app: bool = False

    def may(self, verb: str, *areas: str) -> None:
        """Answer 403 where none of some areas allows it."""
        if not any(self.leave.get(area) == "write" or self.leave.get(area) == verb for area in areas):
            raise Answer(403, {"message": "Resource not accessible by integration"})


@dataclass
class Host:
    """What a stand-in knows, and what it was asked."""

    callers: dict[str, Caller] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    reviews: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    versions: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)
    ids: int = 1000
    url: str = ""
    resets: bool | None = True

    def new_id(self) -> int:
        self.ids += 1
        return self.ids

    def token(self, login: str, leave: Mapping[str, str], *, is_app: bool = False) -> str:
        """A new token of somebody's."""
        made = f"ghs_{secrets.token_hex(18)}"
        self.callers[made] = Caller(login, leave, is_app)
        return made

    def comment(self, number: int, login: str, body: str) -> dict[str, Any]:
        made = {"id": self.new_id(), "user": {"login": login}, "author": {"id": ids(login)}, "body": body}
        self.comments.setdefault(number, []).append(made)
        return made

    def say(self, number: int, login: str, body: str, at: str) -> None:
        """A note that GitLab itself writes of what somebody did."""
        made = self.comment(number, login, body)
        made |= {"system": True, "created_at": at, "author": {"id": ids(login), "username": login}}

    def count(self, pattern: str) -> int:
        """How many requests there were so far of a method and path."""
        return sum(re.fullmatch(pattern, each) is not None for each in self.asked)


def ids(login: str) -> int:
    """The id of a user."""
    return 100 + sum(login.encode())


def paged(host: Host, query: Mapping[str, str], path: str, found: list[Any], key: str = "") -> Answer:
    """One page, with a link to the next."""
    size = min(PAGE, int(query.get("per_page", "30")))
    page = int(query.get("page", "1"))
    some = found[(page - 1) * size : page * size]
    headers = {}
    if page * size < len(found):
        rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
        headers["Link"] = f'<{host.url}{path}?{rest}&page={page + 1}>; rel="next"'
    return Answer(200, {"total_count": len(found), key: some} if key else some, headers)


def text(document: Any, name: str, longest: int = LONGEST_BODY) -> str:
    value = document.get(name) if isinstance(document, dict) else None
    if not isinstance(value, str) or not value.strip() or len(value.encode("utf-16-le")) // 2 > longest:
        raise Answer(422, {"message": "Validation Failed", "errors": [{"field": name}]})
    return value


Route = tuple[str, str, Callable[..., Answer]]


class GitHubRoutes:
    """The part of GitHub's REST API that is used, of the repository acme/dialling."""

    def __init__(self, host: Host) -> None:
        self.host = host
        at = "/repos/acme/dialling"
        self.routes: list[Route] = [
            ("GET", "/user", self.user),
            ("GET", rf"{at}/pulls/(\d+)", self.pull),
            ("GET", rf"{at}/commits/([0-9a-f]+)/pulls", self.pulls_of),
            ("GET", rf"{at}/pulls/(\d+)/reviews", self.reviews),
            ("GET", rf"{at}/issues/(\d+)/comments", self.comments),
            ("POST", rf"{at}/issues/(\d+)/comments", self.add_comment),
            ("PATCH", rf"{at}/issues/comments/(\d+)", self.edit_comment),
            ("GET", rf"{at}/issues", self.issues),
            ("POST", rf"{at}/issues", self.add_issue),
            ("PATCH", rf"{at}/issues/(\d+)", self.edit_issue),
            ("GET", rf"{at}/actions/artifacts", self.artifacts),
            ("GET", rf"{at}/actions/artifacts/(\d+)/zip", self.archive),
        ]

    def caller(self, headers: Mapping[str, str]) -> Caller:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.host.callers:
            raise Answer(401, {"message": "Bad credentials"})
        if "user-agent" not in headers:
            raise Answer(403, {"message": "Request forbidden by administrative rules."})
        return self.host.callers[token]

    def user(self, who: Caller, query: Mapping[str, str], body: Any) -> Answer:
        if who.is_app:
            raise Answer(403, {"message": "Resource not accessible by integration"})
        return Answer(200, {"login": who.login})

    def _pull(self, number: str) -> dict[str, Any]:
        if int(number) not in self.host.pulls:
            raise Answer(404, {"message": "Not Found"})
        return self.host.pulls[int(number)]

    def pull(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        who.may("read", "pull-requests")
        return Answer(200, self._pull(number))

    def pulls_of(self, who: Caller, query: Mapping[str, str], body: Any, commit: str) -> Answer:
        who.may("read", "pull-requests", "contents")
        known = [each for each in self.host.pulls.values() if commit in (each["merge_commit_sha"], each["head"]["sha"])]
        return paged(self.host, query, f"/repos/acme/dialling/commits/{commit}/pulls", known)

    def reviews(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        who.may("read", "pull-requests")
        found = self.host.reviews.get(int(number), [])
        return paged(self.host, query, f"/repos/acme/dialling/pulls/{number}/reviews", found)

    def comments(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        who.may("read", "issues", "pull-requests")
        found = self.host.comments.get(int(number), [])
        return paged(self.host, query, f"/repos/acme/dialling/issues/{number}/comments", found)

    def add_comment(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        who.may("write", *(["issues", "pull-requests"] if int(number) in self.host.pulls else ["issues"]))
        return Answer(201, self.host.comment(int(number), who.login, text(body, "body")))

    def edit_comment(self, who: Caller, query: Mapping[str, str], body: Any, comment: str) -> Answer:
        who.may("write", "issues", "pull-requests")
        for each in (one for some in self.host.comments.values() for one in some):
            if each["id"] == int(comment):
                each["body"] = text(body, "body")
                return Answer(200, each)
        raise Answer(404, {"message": "Not Found"})

    def issues(self, who: Caller, query: Mapping[str, str], body: Any) -> Answer:
        who.may("read", "issues")
        found = [each for each in self.host.issues if each["state"] == query.get("state", "open")]
        found = [each for each in found if query.get("creator") in (None, each["user"]["login"])]
        return paged(self.host, query, "/repos/acme/dialling/issues", found)

    def add_issue(self, who: Caller, query: Mapping[str, str], body: Any) -> Answer:
        who.may("write", "issues")
        made = {"number": self.host.new_id(), "user": {"login": who.login}, "state": "open"}
        made |= {"title": text(body, "title", 256), "body": text(body, "body")}
        self.host.issues.append(made)
        return Answer(201, made)

    def edit_issue(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        who.may("write", "issues")
        for each in self.host.issues:
            if each["number"] == int(number):
                if body.get("state") not in (None, "open", "closed"):
                    raise Answer(422, {"message": "Validation Failed"})
                each.update(body)
                return Answer(200, each)
        raise Answer(404, {"message": "Not Found"})

    def artifacts(self, who: Caller, query: Mapping[str, str], body: Any) -> Answer:
        who.may("read", "actions")
        found = [each for each in self.host.artifacts if query.get("name") in (None, each["name"])]
        shown = [{name: value for name, value in each.items() if name != "content"} for each in found]
        return paged(self.host, query, "/repos/acme/dialling/actions/artifacts", shown, "artifacts")

    def archive(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        who.may("read", "actions")
        if not any(each["id"] == int(number) for each in self.host.artifacts):
            raise Answer(404, {"message": "Not Found"})
        return Answer(302, None, {"Location": f"{self.host.url}/blob/{number}?sig=abc"})


class GitLabRoutes:
    """The part of GitLab's API that is used, of project 7."""

    def __init__(self, host: Host) -> None:
        self.host = host
        at = "/api/v4/projects/7"
        self.routes: list[Route] = [
            ("GET", "/api/v4/user", self.user),
            ("GET", rf"{at}/merge_requests/(\d+)", self.change),
            ("GET", rf"{at}/repository/commits/([0-9a-f]+)/merge_requests", self.changes_of),
            ("GET", rf"{at}/merge_requests/(\d+)/notes", self.notes),
            ("POST", rf"{at}/merge_requests/(\d+)/notes", self.add_note),
            ("PUT", rf"{at}/merge_requests/(\d+)/notes/(\d+)", self.edit_note),
            ("GET", rf"{at}/merge_requests/(\d+)/approvals", self.approvals),
            ("GET", rf"{at}/merge_requests/(\d+)/versions", self.versions),
            ("GET", rf"{at}/merge_requests/(\d+)/pipelines", self.pipelines),
            ("GET", rf"{at}/pipelines/(\d+)/jobs", self.jobs),
            ("GET", rf"{at}/jobs/(\d+)/artifacts/(.+)", self.artifact),
            ("GET", rf"{at}/approvals", self.settings),
            ("GET", rf"{at}/issues", self.issues),
            ("POST", rf"{at}/issues", self.add_issue),
            ("PUT", rf"{at}/issues/(\d+)", self.edit_issue),
            ("POST", rf"{at}/issues/(\d+)/notes", self.add_issue_note),
        ]

    def caller(self, headers: Mapping[str, str]) -> Caller:
        token = headers.get("private-token", "")
        if token not in self.host.callers:
            raise Answer(401, {"message": "401 Unauthorized"})
        return self.host.callers[token]

    def user(self, who: Caller, query: Mapping[str, str], body: Any) -> Answer:
        return Answer(200, {"id": ids(who.login), "username": who.login})

    def _change(self, number: str) -> dict[str, Any]:
        if int(number) not in self.host.pulls:
            raise Answer(404, {"message": "404 Not found"})
        return self.host.pulls[int(number)]

    def change(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        return Answer(200, self._change(number))

    def changes_of(self, who: Caller, query: Mapping[str, str], body: Any, commit: str) -> Answer:
        known = [each for each in self.host.pulls.values() if commit in (each["merge_commit_sha"], each["sha"])]
        return paged(self.host, query, f"/api/v4/projects/7/repository/commits/{commit}/merge_requests", known)

    def notes(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        self._change(number)
        found = self.host.comments.get(int(number), [])
        return paged(self.host, query, f"/api/v4/projects/7/merge_requests/{number}/notes", found)

    def add_note(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        self._change(number)
        return Answer(201, self.host.comment(int(number), who.login, text(body, "body", 1_000_000)))

    def edit_note(self, who: Caller, query: Mapping[str, str], body: Any, number: str, note: str) -> Answer:
        for each in self.host.comments.get(int(number), []):
            if each["id"] == int(note):
                if each["author"]["id"] != ids(who.login):
                    raise Answer(403, {"message": "403 Forbidden"})
                each["body"] = text(body, "body", 1_000_000)
                return Answer(200, each)
        raise Answer(404, {"message": "404 Not found"})

    def approvals(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        self._change(number)
        names = [{"user": {"username": each["user"]["login"]}} for each in self.host.reviews.get(int(number), [])]
        return Answer(200, {"approved_by": names})

    def versions(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        self._change(number)
        found = [
            {"id": place, "head_commit_sha": head, "created_at": at, "state": "collected"}
            for place, (head, at) in reversed([*enumerate(self.host.versions.get(int(number), []), start=1)])
        ]
        return paged(self.host, query, f"/api/v4/projects/7/merge_requests/{number}/versions", found)

    def settings(self, who: Caller, query: Mapping[str, str], body: Any) -> Answer:
        if self.host.resets is None:
            raise Answer(403, {"message": "403 Forbidden"})
        return Answer(200, {"reset_approvals_on_push": self.host.resets})

    def pipelines(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        found = [each["pipeline"] for each in self.host.jobs if each["change"] == int(number)]
        return paged(self.host, query, f"/api/v4/projects/7/merge_requests/{number}/pipelines", found)

    def jobs(self, who: Caller, query: Mapping[str, str], body: Any, pipeline: str) -> Answer:
        found = [each["job"] for each in self.host.jobs if each["pipeline"]["id"] == int(pipeline)]
        return paged(self.host, query, f"/api/v4/projects/7/pipelines/{pipeline}/jobs", found)

    def artifact(self, who: Caller, query: Mapping[str, str], body: Any, job: str, path: str) -> Answer:
        for each in self.host.jobs:
            if each["job"]["id"] == int(job) and unquote(path) in each["files"]:
                return Answer(200, each["files"][unquote(path)])
        raise Answer(404, {"message": "404 Not found"})

    def issues(self, who: Caller, query: Mapping[str, str], body: Any) -> Answer:
        found = [each for each in self.host.issues if each["state"] == query.get("state", "opened")]
        found = [each for each in found if query.get("author_id") in (None, str(each["author"]["id"]))]
        return paged(self.host, query, "/api/v4/projects/7/issues", found)

    def add_issue(self, who: Caller, query: Mapping[str, str], body: Any) -> Answer:
        made = {"iid": self.host.new_id(), "author": {"id": ids(who.login)}, "state": "opened"}
        made |= {"title": text(body, "title", 255), "description": text(body, "description", 1_000_000)}
        self.host.issues.append(made)
        return Answer(201, made)

    def edit_issue(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        for each in self.host.issues:
            if each["iid"] == int(number):
                each.update({name: value for name, value in body.items() if name in ("title", "description")})
                if body.get("state_event") == "close":
                    each["state"] = "closed"
                return Answer(200, each)
        raise Answer(404, {"message": "404 Not found"})

    def add_issue_note(self, who: Caller, query: Mapping[str, str], body: Any, number: str) -> Answer:
        return Answer(201, self.host.comment(int(number), who.login, text(body, "body")))


class StandIn:
    """A stand-in that serves until it is closed.

    `faults` of its host say, by `METHOD path`, what happens to the next requests, one after the other: `lose` does it
    and hangs up, `limit` refuses with a limit that is over at once, a number is a status that nothing was done with.
    """

    def __init__(self, kind: type[GitHubRoutes | GitLabRoutes]) -> None:
        self.host = Host()
        routes = kind(self.host)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self.host, routes))
        self._server.daemon_threads = True
        self.host.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _make_handler(host: Host, routes: GitHubRoutes | GitLabRoutes) -> type[BaseHTTPRequestHandler]:
    guard = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            with guard:
                try:
                    answer = _answer(host, routes, self.command, self.path, headers, body)
                except Answer as raised:
                    answer = raised
                except Lost:
                    self.close_connection = True
                    return
            content = answer.document if isinstance(answer.document, bytes) else json.dumps(answer.document).encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            """Print nothing."""

    for method in ("GET", "POST", "PATCH", "PUT"):
        setattr(Handler, f"do_{method}", Handler._serve)
    return Handler


def _answer(
    host: Host, routes: GitHubRoutes | GitLabRoutes, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    parts = urlsplit(target)
    host.asked.append(f"{method} {parts.path}")
    if found := re.fullmatch(r"/blob/(\d+)", parts.path):
        return _blob(host, int(found[1]), headers)
    who, fault = routes.caller(headers), _find_fault(host, f"{method} {parts.path}")
    if fault == "limit":
        raise Answer(403, {"message": "secondary rate limit"}, {"Retry-After": "0", "X-RateLimit-Remaining": "0"})
    if fault.isdigit():
        raise Answer(int(fault), {"message": f"said {headers.get('authorization', '')}"}, {"Retry-After": "0"})
    document = json.loads(body) if body else None
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    for taken, pattern, route in routes.routes:
        if taken == method and (match := re.fullmatch(pattern, parts.path)):
            made = route(who, asked, document, *match.groups())
            if fault == "lose":
                raise Lost
            return made
    raise Answer(404, {"message": "Not Found"})


def _find_fault(host: Host, request: str) -> str:
    """What is to happen to a request: the next of those that were asked for it."""
    waiting = (each for pattern, each in host.faults.items() if each and re.fullmatch(pattern, request))
    return next((each.pop(0) for each in waiting), "")


def _blob(host: Host, number: int, headers: Mapping[str, str]) -> Answer:
    """The store that an artifact's address leads to: a signed address, which takes no token beside it."""
    if "authorization" in headers or "private-token" in headers:
        raise Answer(400, {"message": "Only one auth mechanism allowed"})
    return Answer(200, next(each["content"] for each in host.artifacts if each["id"] == number))


def archive(files: Mapping[str, bytes]) -> bytes:
    """Files as a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return made.getvalue()
