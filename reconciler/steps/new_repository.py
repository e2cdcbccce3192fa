# tested by: tests/cli/test_init.py
"""Make the files of a new repository: manifests, the editor's schema, a pipeline, a hook.

The files are those of `repository/` and `pipelines/`, in which `@word@` stands for an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import orjson

CI = ("github", "gitlab", "script", "none")
_PIPELINES = {
    "github": {
        ".github/actions/reconciler/action.yml": ".github/actions/reconciler/action.yml",
        ".github/workflows/reconciler.yml": ".github/workflows/reconciler.yml",
        ".github/workflows/dialling.yml": "pipelines/github-dialling.yml",
        "pipelines/reconciler.sh": "pipelines/reconciler.sh",
    },
    "gitlab": {
        ".gitlab-ci.yml": "pipelines/gitlab-dialling.yml",
        "pipelines/reconciler.gitlab-ci.yml": "pipelines/reconciler.gitlab-ci.yml",
        "pipelines/reconciler.sh": "pipelines/reconciler.sh",
    },
    "script": {"pipelines/reconciler.sh": "pipelines/reconciler.sh"},
    "none": {},
}
"""By the code host, where each file of a pipeline goes, and where this program has it."""

_WORD = re.compile(r"@([a-z]+)@")
_MODELINE = "# yaml-language-server: $schema=manifest.schema.json\n"


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody who begins is asked.

    Attributes:
        name: of the workspace. host: of the tenant; None: the embedded one. region: an alpha-2 code, of
            numbers that say no country. ledger: its URL. ci: one of `CI`. today: the day as of which the do-not-call
            file is, in ISO 8601 with an offset.
    """

    name: str
    host: str | None
    region: str
    ledger: str
    ci: str
    today: str


def make_repository(answers: Answers, schema: Mapping[str, object]) -> dict[str, bytes]:
    """Every file by its path from the repository's folder; `schema` is what editors hold manifests to."""
    words = {
        "owner": answers.name,
        "name": orjson.dumps(answers.name).decode(),  # 1e3 is a name, and in YAML a number
        "tenant": "embedded" if answers.host is None else "production",
        "ledger": orjson.dumps(answers.ledger).decode(),
        # NO is a country, and in YAML a truth
        "region": orjson.dumps(answers.region).decode(),
        "today": answers.today,
        "host": orjson.dumps(answers.host).decode(),
        "org": orjson.dumps((answers.host or "").split(".")[0]).decode(),
    }
    made = {"manifests/manifest.schema.json": orjson.dumps(schema, option=orjson.OPT_INDENT_2) + b"\n"}
    tenant = "embedded" if answers.host is None else "of-host"
    texts = [*_read_texts(_find("repository/manifests")), ("tenant.yaml", _read(f"repository/tenants/{tenant}.yaml"))]
    for name, text in texts:
        filled = _WORD.sub(lambda found: words[found[1]], text)
        made[f"manifests/{name}"] = f"{_MODELINE if name.endswith('.yaml') else ''}{filled}".encode()
    made["manifests/.gitignore"] = made.pop("manifests/gitignore")
    made[".pre-commit-config.yaml"] = (_find("repository") / "pre-commit-config.yaml").read_bytes()
    for target, source in _PIPELINES[answers.ci].items():
        made[target] = _find(source).read_bytes()
    return dict(sorted(made.items()))


def _find(path: str) -> Traversable:
    """A file or a folder of this program: inside an installed package, or beside it in a checkout."""
    found: Traversable = files("reconciler") / "repository_files"
    if not found.is_dir():
        found = Path(__file__).parents[2]
    for part in path.split("/"):
        found = found / part
    return found


def _read(path: str) -> str:
    return _find(path).read_text(encoding="utf-8")


def _read_texts(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            yield from _read_texts(each, f"{above}{each.name}/")
        else:
            yield f"{above}{each.name}", each.read_text(encoding="utf-8")
