# tested by: tests/cli/test_init.py
"""Make the files of a new repository: manifests, the editor's schema, a pipeline, a hook; and write them, or nothing.

The files are those of `repository/` and `pipelines/`, in which `@word@` stands for an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import orjson

from reconciler.model.errors import Exit, ReconcilerError

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
_SCRIPTS = (".sh",)


class FilesThere(ReconcilerError):
    """Files of the new repository are there already. Nothing was written."""

    code = "files-there"
    exit_code = Exit.USAGE


class NotWritten(ReconcilerError):
    """A file of the new repository cannot be written. Nothing is left of the others."""

    code = "not-written"


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


def write_repository(root: Path, made: Mapping[str, bytes]) -> None:
    """Write every file below a folder, which is made where it is missing; or none, and no folder either.

    Raises:
        FilesThere: some of them are there already, or something in the place of their folder.
        NotWritten: one cannot be written.
    """
    taken = [name for name in made if _is_taken(root, name)]
    if taken:
        raise FilesThere(
            f"{len(taken)} of the files are there already, and none is overwritten: {', '.join(taken)}",
            where=str(root),
            note="nothing was written",
            hint="choose another folder, or move them away and compare them with the new ones afterwards",
        )
    begun: list[Path] = []
    try:
        for name, content in made.items():
            _write(root / name, content, begun)
    except BaseException as error:
        for path in reversed(begun):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            place = str(error.filename or root)
            raise NotWritten("a file cannot be written", where=place, note=error.strerror, hint=_NOTHING) from error
        raise


_NOTHING = "nothing was left of the others: choose another folder, or mend this one"


def _is_taken(root: Path, name: str) -> bool:
    """Whether a file is there, or something else than a folder where one has to be; a link leads who knows where."""
    path = root / name
    above = [each for each in path.parents if each.is_relative_to(root) and each != root]
    taken = path.exists() or path.is_symlink() or any(each.is_symlink() for each in above)
    return taken or any(each.exists() and not each.is_dir() for each in (*above, root))


def _write(path: Path, content: bytes, begun: list[Path]) -> None:
    """Write a file that is not there; `begun` gets it, and the folders that were made for it, the outermost first."""
    missing = [each for each in path.parents if not each.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        begun.append(folder)
    with path.open("xb") as file:
        begun.append(path)
        file.write(content)
    if path.suffix in _SCRIPTS:
        path.chmod(0o755)
