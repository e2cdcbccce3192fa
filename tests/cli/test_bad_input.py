"""What is a person told who gave something that only shows to be wrong at run time? And is nothing ever written?"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from reconciler.cli import run as run_program
from reconciler.simulator import Options, Simulator
from tests import scene
from tests.conftest import TENANT, Ended, Folder, manifest

Run = Callable[..., Ended]


def told(ended: Ended, code: str, *words: str) -> None:
    """The error has its code and a place or a note or a hint to act on, all the words, and no traceback."""
    assert f"error[{code}]: " in ended.err, ended.err
    for word in words:
        assert word in ended.err, f"{word!r} is not in: {ended.err}"
    assert re.search(r"^  (where: |note:  |hint:  )", ended.err, re.MULTILINE), ended.err
    assert "Traceback" not in ended.out + ended.err
    assert "error[internal]" not in ended.err


@pytest.fixture(autouse=True)
def nothing_written(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test of this file: the tenant has got no write."""
    tenant: Simulator = request.getfixturevalue("tenant")
    yield
    assert not tenant.requests().writes()


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["drift"]])
def test_missing_credentials_are_named_all_at_once_at_their_places(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    scene.declare_segment(folder)
    monkeypatch.delenv("CXONE_CLIENT_ID")
    monkeypatch.setenv("CXONE_CLIENT_SECRET", "")
    ended = run(*command)
    assert ended.code == 64
    told(ended, "missing-credentials", "CXONE_CLIENT_ID", "CXONE_CLIENT_SECRET", "tenant.yaml:6:", "hint:  export")


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_a_wrong_secret_is_told_with_where_it_comes_from_and_never_shown(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    scene.people(tenant, 5)
    scene.declare_segment(folder)
    monkeypatch.setenv("CXONE_CLIENT_SECRET", "wrong-but-hidden")
    ended = run(*command)
    assert ended.code == 1
    told(ended, "token-refused", "POST ", "/oauth/token", "status 401", "CXONE_CLIENT_SECRET")
    assert "wrong-but-hidden" not in ended.out + ended.err


@pytest.mark.parametrize("scope", ["lists:read", "campaigns:read", "outboundapi", "interactions:read"])
def test_a_missing_scope_is_named(folder: Folder, monkeypatch: pytest.MonkeyPatch, run: Run, scope: str) -> None:
    with Simulator(Options(denied_scopes=frozenset({scope}))) as strict:
        scene.people(strict, 5)
        scene.declare_segment(folder)
        scene.declare_campaign(folder)
        history = "interactions: {of: {name: All customers}, types: [voice]}"
        folder.write("history.yaml", manifest("ContactSource", "history", history))
        folder.write("recent.yaml", manifest("ScoreModel", "recent", "recencyFrequency: {}"))
        folder.write("other.yaml", manifest("ContactList", "other", "name: Other"))
        spec = "source: history\nscore: recent\nlists: {high: other}\ndelivery: {method: listContacts}"
        folder.write("other-segment.yaml", manifest("Segment", "other", spec))
        folder.write("tenant.yaml", TENANT.format(url=strict.url))
        ended = run("plan")
        assert ended.code == 1
        # a tenant may refuse at the token or at the call; either way the person must learn which scope it is
        assert re.search(r"error\[(forbidden|token-refused)\]", ended.err), ended.err
        assert scope in ended.err
        assert "Traceback" not in ended.err
        assert not strict.requests().writes()


def test_a_scope_missing_only_for_writing_writes_nothing_and_names_it(folder: Folder, run: Run) -> None:
    with Simulator(Options(denied_scopes=frozenset({"lists:write"}))) as strict:
        folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
        folder.write("tenant.yaml", TENANT.format(url=strict.url))
        ended = run("apply", "--yes")
        assert ended.code == 1
        assert "forbidden: the client may not do this: it needs the scope lists:write" in ended.out
        assert "hint:  grant the client lists:write in the tenant" in ended.out
        assert f"Fix the problem, then resume with: reconciler apply --resume -w {folder.root}" in ended.err
        assert not strict.store.lists


def test_an_unknown_tenant_is_told_with_those_that_there_are(run: Run) -> None:
    ended = run("plan", "--tenant", "productoin")
    assert ended.code == 64
    assert "productoin" in ended.err
    assert "embedded" in ended.err


def test_every_contact_list_that_does_not_exist_is_named_at_once_with_its_place(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 5)
    scene.declare_segment(folder, extra="intersect: [{name: All customer}, {id: CL-99999}]")
    scene.declare_source(folder, name="No such list")
    history = "interactions:\n  of: {name: Nor this one}\n  types: [voice]"
    folder.write("history.yaml", manifest("ContactSource", "history", history))
    folder.write("recent.yaml", manifest("ScoreModel", "recent", "recencyFrequency: {}"))
    folder.write("other.yaml", manifest("ContactList", "other", "name: Other"))
    spec = "source: history\nscore: recent\nlists: {high: other}\ndelivery: {method: listContacts}"
    folder.write("other-segment.yaml", manifest("Segment", "other", spec))
    ended = run("plan")
    assert ended.code == 64
    told(ended, "unknown-list", "'No such list'", "'All customer'", "'CL-99999'", "'Nor this one'", "All customers")
    places = re.findall(r"where: (\S+\.yaml):\d+:\d+", ended.err)
    assert sorted(places) == ["history.yaml", "segment.yaml", "segment.yaml", "source.yaml"], ended.err
    assert "4 problems" in ended.err


def test_an_empty_source_is_an_error_and_not_an_empty_audience(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.store.add_contacts([scene.contact(1)])
    tenant.store.add_list("All customers")
    tenant.store.add_list("Chosen", [scene.contact(1)], description=scene.MARK)
    scene.declare_segment(folder)
    for command in (["plan"], ["apply", "--yes"]):
        ended = run(*command)
        assert ended.code == 1
        told(ended, "empty-source", "All customers", "source.yaml:5:", "never read as")
    assert scene.members(tenant, "Chosen") == {scene.contact(1)}


def test_no_interactions_in_the_window_are_an_error(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 3)
    old = {"id": "I1", "startTime": "2020-01-01T00:00:00Z", "contactId": scene.contact(0), "type": "voice"}
    tenant.store.add_interactions([old])
    history = "interactions: {of: {name: All customers}, types: [voice]}"
    folder.write("history.yaml", manifest("ContactSource", "history", history))
    folder.write("recent.yaml", manifest("ScoreModel", "recent", "recencyFrequency: {}"))
    folder.write("other.yaml", manifest("ContactList", "other", "name: Other"))
    spec = "source: history\nscore: recent\nlists: {high: other}\ndelivery: {method: listContacts}"
    folder.write("other-segment.yaml", manifest("Segment", "other", spec))
    ended = run("apply", "--yes")
    assert ended.code == 1
    told(ended, "empty-source", "voice", "since 2026-04-02", "history.yaml:5:")


def test_an_empty_list_to_intersect_with_is_an_error(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 80)
    tenant.store.add_list("Invited")
    scene.declare_segment(folder, extra="intersect: [{name: Invited}]")
    ended = run("apply", "--yes")
    assert ended.code == 1
    told(ended, "empty-source", "Invited", "segment.yaml:10:")


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_a_tenant_that_is_down_is_told_as_such(folder: Folder, run: Run, command: list[str]) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    text = TENANT.format(url=f"http://127.0.0.1:{unused_port()}").replace("attempts: 3", "attempts: 1")
    folder.write("tenant.yaml", text)
    ended = run(*command)
    assert ended.code == 1
    told(ended, "unavailable", "refused", "nothing was sent", "is the tenant up?")


def test_a_host_that_nobody_knows_is_told_as_such(folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    folder.write("tenant.yaml", TENANT.format(url="https://nobody.cxone.com").replace("attempts: 3", "attempts: 1"))
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    ended = run("plan")
    assert ended.code == 1
    told(ended, "unavailable", "not known", "nobody.cxone.com", "is the base URL right")


class Html(BaseHTTPRequestHandler):
    """Answers every request with a page for people, tokens as they should be."""

    tokens = False

    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.tokens and self.path.endswith("/token")
        body = b'{"access_token": "t", "expires_in": 3600}' if token else b"<html><body>Welcome</body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if token else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("tokens", [False, True], ids=["at the token", "at the call"])
def test_a_base_url_that_answers_html_is_told_as_such(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch, tokens: bool
) -> None:
    monkeypatch.setattr(Html, "tokens", tokens)
    with HTTPServer(("127.0.0.1", 0), Html) as pages:
        thread = threading.Thread(target=pages.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
            text = TENANT.format(url=f"http://127.0.0.1:{pages.server_port}").replace("attempts: 3", "attempts: 1")
            folder.write("tenant.yaml", text)
            ended = run("plan")
        finally:
            pages.shutdown()
            thread.join()
    assert ended.code == 1
    told(ended, "bad-reply", "not JSON", "is the base URL right? Something other than the API may be answering")
    assert "Welcome" not in ended.err


def test_apply_asks_nobody_where_nobody_is(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    ended = run("apply")
    assert ended.code == 64
    assert "stdin is not a terminal: pass --yes, or apply a saved plan" in ended.err
    assert not tenant.store.lists


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plam"], "No such command 'plam'"),
        (["plan", "--outt", "x"], "No such option"),
        (["plan", "--var", "9=x"], "NAME=VALUE"),
        (["plan", "--as-of", "yesterday"], "as-of"),
        (["plan", "--format", "xml"], "'xml' is not one of"),
        (["apply", "--resume", "file.plan"], "leave FILE out"),
        (["show"], "Missing argument"),
        (["audit", "verfy"], "No such command"),
    ],
)
def test_a_wrong_command_line_ends_with_64_and_says_what_is_wrong(
    folder: Folder, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run_program(arguments) == 64
    assert words in capsys.readouterr().err


def test_a_workspace_that_is_not_there_is_bad_input(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["plan", "-w", f"{tmp_path}/nowhere"]) == 64
    assert "nowhere" in capsys.readouterr().err


def test_a_plan_cannot_be_saved_in_a_folder_that_is_not_there(folder: Folder, run: Run) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    ended = run("plan", "--out", str(folder.root / "no" / "such" / "plan"))
    assert ended.code in (1, 64)
    assert "error[internal]" not in ended.err, ended.err
    assert "such/plan" in ended.err


def test_a_port_that_is_taken_is_no_fault_of_the_program(tenant: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    port = tenant.url.rpartition(":")[2]
    assert run_program(["simulate", "--port", port]) == 1
    err = capsys.readouterr().err
    assert f"error[port-refused]: port {port} of this machine is in use" in err
    assert "--port" in err.partition("hint:")[2]


def test_nothing_to_resume_is_told(run: Run) -> None:
    ended = run("apply", "--resume")
    assert ended.code == 1
    told(ended, "ledger", "no run to resume", "reconciler apply")


@pytest.mark.parametrize("odd", [{"startTime": ["soon"]}, {"startTime": {"at": "2026-01-01T00:00:00Z"}}])
def test_a_live_object_that_cannot_be_read_is_told_with_its_place(
    tenant: Simulator, folder: Folder, run: Run, odd: dict[str, object]
) -> None:
    scene.people(tenant, 80)
    scene.declare_segment(folder)
    scene.declare_campaign(folder)
    scene.live_campaign(tenant, "Odd one", "All customers", **odd)
    ended = run("plan")
    assert ended.code == 1
    assert "error[internal]" not in ended.err, ended.err
    told(ended, "bad-reply", "$.data[0].startTime", "GET http")


@pytest.mark.parametrize("said", ["2026-11-30", "2026-11-30T09:00", "2026-11-30 09:00:00"])
def test_what_is_advised_for_a_moment_without_its_offset_is_taken(
    folder: Folder, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    assert run_program(["validate", "-w", str(folder.root), "--as-of", said]) == 64
    advised = capsys.readouterr().err.partition("write ")[2].partition(" if UTC")[0]
    assert run_program(["validate", "-w", str(folder.root), "--as-of", advised]) == 0
