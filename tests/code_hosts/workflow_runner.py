"""Run GitHub's workflows and actions as they stand: expressions, conditions, steps in order, outputs, permissions."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.code_hosts.stand_in import Host, archive

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(&&|\|\||==|!=|!|\(|\))|([A-Za-z_][\w.-]*))")


def load(path: Path) -> dict[str, Any]:
    """A YAML file; `on` is a word and no truth."""
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    return found


def evaluate(text: str, context: Mapping[str, Any]) -> Any:
    """What an expression comes to; a name that nobody knows is the empty text."""
    reader = _Expression(text, context)
    value = reader.read_either()
    assert not reader.tokens, (text, reader.tokens)
    return value


class _Expression:
    """An expression that is read from its beginning, what binds less first."""

    def __init__(self, text: str, context: Mapping[str, Any]) -> None:
        self.text, self.context, self.tokens = text, context, _split(text)

    def _take(self, sign: str) -> bool:
        if self.tokens and self.tokens[0] == ("sign", sign):
            self.tokens.pop(0)
            return True
        return False

    def read_either(self) -> Any:
        value = self._read_both()
        while self._take("||"):
            other = self._read_both()
            value = value or other
        return value

    def _read_both(self) -> Any:
        value = self._read_compared()
        while self._take("&&"):
            other = self._read_compared()
            value = other if value else value
        return value

    def _read_compared(self) -> Any:
        value = self._read_single()
        if self._take("=="):
            return str(value) == str(self._read_single())
        if self._take("!="):
            return str(value) != str(self._read_single())
        return value

    def _read_single(self) -> Any:
        if self._take("!"):
            return not self._read_single()
        if self._take("("):
            value = self.read_either()
            assert self._take(")"), self.text
            return value
        kind, word = self.tokens.pop(0)
        if kind == "text":
            return word
        assert kind == "name", self.text
        if self._take("("):
            assert self._take(")"), self.text
            return {"always": True, "success": not self.context["failed"], "failure": self.context["failed"]}[word]
        value = self.context
        for part in word.split("."):
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return value


def _split(text: str) -> list[tuple[str, str]]:
    made, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        assert found, text[at:]
        if found[1] is not None:
            made.append(("text", found[1].replace("''", "'")))
        else:
            made.append(("sign", found[2]) if found[2] else ("name", found[3]))
        at = found.end()
    return made


def fill(text: str, context: Mapping[str, Any]) -> str:
    """A text with its expressions filled in."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(evaluate(found[1], context)), text)


SECRETS = ("CXONE_CLIENT_SECRET", "RECONCILER_KEY")
"""What no step may print."""


@dataclass
class Ended:
    """How a job ended: its exit code (of the first step that failed), and what it printed."""

    code: int = 0
    printed: str = ""
    summary: str = ""
    sarif: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Runner:
    """A repository on GitHub, and what its runs are given.

    Attributes:
        root: a checkout of the repository. program: the folder with the command. secrets: those of the repository. bot: as whom a run's own token writes.
    """

    root: Path
    host: Host
    secrets: Mapping[str, str]
    temporary: Path
    program: Path
    bot: str = "github-actions[bot]"
    runs: int = 500

    def run(self, event_name: str, event: Mapping[str, Any], commit: str) -> dict[str, Ended]:
        """Run the workflow with the triggers; how each job of the one that it calls ended, by the job's name."""
        self.runs += 1
        outer = load(self.root / ".github/workflows/dialling.yml")
        if event_name not in outer["on"]:
            return {}
        (caller,) = outer["jobs"].values()
        inner = load(self.root / caller["uses"])
        github = {"event_name": event_name, "event": event, "sha": commit, "repository": "acme/dialling"}
        github |= {"run_id": str(self.runs)}
        passed = {name: fill(value, {"secrets": self.secrets}) for name, value in caller["secrets"].items()}
        declared = inner["on"]["workflow_call"]
        assert passed.keys() == declared["secrets"].keys()
        if self._is_fork(event):  # a fork's run has no secrets, and a token that may read
            passed = {}
        inputs = {name: each["default"] for name, each in declared["inputs"].items()} | caller["with"]
        ended = {}
        for name, job in inner["jobs"].items():
            context: dict[str, Any] = {"github": github, "inputs": inputs, "secrets": passed, "failed": False}
            if evaluate(job["if"], context):
                for area, leave in job["permissions"].items():
                    assert caller["permissions"][area] in ("write", leave), (
                        "a called job takes no more than its caller has"
                    )
                ended[name] = self._run_job(job, context)
        return ended

    def _is_fork(self, event: Mapping[str, Any]) -> bool:
        pull = event.get("pull_request")
        return pull is not None and pull["head"]["repo"]["full_name"] != "acme/dialling"

    def _run_job(self, job: Mapping[str, Any], context: dict[str, Any]) -> Ended:
        fork = self._is_fork(context["github"]["event"])
        leave = {area: "read" if fork else each for area, each in job["permissions"].items()}
        token = self.host.token(self.bot, leave, is_app=True)
        context["github"] = {**context["github"], "token": token}
        environment = {name: fill(value, context) for name, value in job.get("env", {}).items()}
        ended = Ended()
        self._run_steps(job["steps"], context, environment, ended, leave)
        assert token not in ended.printed
        assert not [name for name in SECRETS if self.secrets[name] in ended.printed]
        return ended

    def _run_steps(
        self,
        steps: list[dict[str, Any]],
        context: dict[str, Any],
        environment: Mapping[str, str],
        ended: Ended,
        leave: Mapping[str, str],
        action: Path | None = None,
    ) -> dict[str, Any]:
        context = {**context, "steps": {}}
        for step in steps:
            condition = step.get("if", "success()")
            if context["failed"] and "always()" not in condition and "failure()" not in condition:
                continue
            if not evaluate(condition, context):
                continue
            given = {name: fill(value, context) for name, value in step.get("with", {}).items()}
            own = {**environment, **{name: fill(value, context) for name, value in step.get("env", {}).items()}}
            outputs: dict[str, str] = {}
            if "run" in step:
                code = self._run_shell(step, own, context, outputs, ended, action)
            else:
                code = self._use(step["uses"], given, context, own, outputs, ended, leave)
            context["steps"][step.get("id", "")] = {"outputs": outputs, "outcome": "failure" if code else "success"}
            if code and not context["failed"]:
                context["failed"], ended.code = True, code
        return context

    def _run_shell(
        self,
        step: Mapping[str, Any],
        own: Mapping[str, str],
        context: Mapping[str, Any],
        outputs: dict[str, str],
        ended: Ended,
        action: Path | None,
    ) -> int:
        assert "${{" not in step["run"], "nothing is put into what a shell reads"
        assert step["shell"] == "bash"
        event = self.temporary / "event.json"
        event.write_text(json.dumps(context["github"]["event"]))
        files = {name: self.temporary / name for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.write_text("")
        run = str(context["github"]["run_id"])
        around = {
            "PATH": f"{self.program}:/usr/bin:/bin",
            "HOME": str(self.temporary),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.host.url,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": "acme/dialling",
            "GITHUB_REF_NAME": "main" if context["github"]["event_name"] == "push" else "12/merge",
            "GITHUB_SHA": str(context["github"]["sha"]),
            "GITHUB_RUN_ID": run,
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_ACTOR": "carol",
            "GITHUB_WORKSPACE": str(self.root),
            "GITHUB_EVENT_NAME": str(context["github"]["event_name"]),
            "GITHUB_EVENT_PATH": str(event),
            **{name: str(path) for name, path in files.items()},
            **({} if action is None else {"GITHUB_ACTION_PATH": str(action)}),
            **own,
        }
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(shell, cwd=self.root, env=around, capture_output=True, text=True, check=False)
        ended.printed += done.stdout + done.stderr
        ended.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        assert files["GITHUB_ENV"].read_text() == ""
        outputs |= dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        return done.returncode

    def _use(
        self,
        uses: str,
        given: Mapping[str, str],
        context: dict[str, Any],
        own: Mapping[str, str],
        outputs: dict[str, str],
        ended: Ended,
        leave: Mapping[str, str],
    ) -> int:
        if uses.startswith("./"):
            folder = self.root / uses
            action = load(folder / "action.yml")
            assert given.keys() <= action["inputs"].keys()
            defaults = {
                name: fill(each["default"], context) for name, each in action["inputs"].items() if "default" in each
            }
            inner = {**context, "inputs": {**defaults, **given}, "secrets": {}}
            after = self._run_steps(action["runs"]["steps"], inner, own, ended, leave, folder)
            return ended.code if after["failed"] else 0
        name, _, pin = uses.partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", pin), f"{uses} may become another program"
        known: dict[str, Callable[[], None]] = {
            "actions/checkout": lambda: self._check_out(given),
            "actions/setup-python": lambda: None,
            "actions/upload-artifact": lambda: self._keep(given, context, outputs),
            "github/codeql-action/upload-sarif": lambda: self._take_sarif(given, leave, ended),
        }
        known[name]()
        return 0

    def _check_out(self, given: Mapping[str, str]) -> None:
        assert given["persist-credentials"] == "false"

    def _keep(self, given: Mapping[str, str], context: Mapping[str, Any], outputs: dict[str, str]) -> None:
        files = {each.name: each.read_bytes() for each in (self.root / given["path"]).iterdir()}
        assert files or given["if-no-files-found"] != "error"
        github = context["github"]
        pull = github["event"].get("pull_request")
        head = pull["head"]["sha"] if pull else github["sha"]
        run = {"id": int(github["run_id"]), "head_sha": head, "repository_id": 1, "head_repository_id": 1}
        made = {"id": self.host.new_id(), "name": given["name"], "expired": False, "workflow_run": run}
        self.host.artifacts.append({**made, "content": archive(files)})
        outputs["artifact-url"] = (
            f"https://github.example/acme/dialling/actions/runs/{run['id']}/artifacts/{made['id']}"
        )

    def _take_sarif(self, given: Mapping[str, str], leave: Mapping[str, str], ended: Ended) -> None:
        assert leave.get("security-events") == "write"
        ended.sarif.append((given["category"], (self.root / given["sarif_file"]).read_text()))
