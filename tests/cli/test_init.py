"""Does `init` make a repository that validates and plans at once, and leave alone what is there?"""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler.cli import run
from reconciler.model import written_files
from reconciler.simulator import Simulator
from reconciler.steps import new_repository
from reconciler.steps.load.editor_schema import make_editor_schema

CHECK = Draft202012Validator(make_editor_schema())


class Core(yaml.SafeLoader):
    """YAML as editors read it: a date is a text."""


Core.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def files_of(root: Path) -> dict[str, bytes]:
    """Every file below a folder, with what it holds; folders end with a slash."""
    return {
        f"{each.relative_to(root)}{'/' if each.is_dir() else ''}": b""
        if each.is_dir() or each.is_symlink()
        else each.read_bytes()
        for each in root.rglob("*")
    }


def test_what_it_makes_validates_plans_applies_and_comes_to_rest(
    tenant: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in tenant.environment().items():
        monkeypatch.setenv(name, value)
    root = tmp_path / "Dialling (new)"
    assert run(["init", str(root), "--ci", "none"]) == 0
    assert "workspace dialling-new" in capsys.readouterr().out
    on = ["-w", str(root / "manifests"), "--var", f"cxone={tenant.url}"]
    assert run(["validate", *on]) == 0
    capsys.readouterr()
    assert run(["plan", "--detailed-exitcode", "--format", "json", *on]) == 2
    plan = json.loads(capsys.readouterr().out)
    assert plan["verdict"]["status"] == "changes"
    assert [each["left_out_codes"] for each in plan["audiences"]] == [
        {"below_threshold": 1, "no_consent": 1, "suppressed": 1}
    ]
    assert [each["campaign"]["status"] for each in plan["campaigns"]] == ["draft"]
    assert plan["findings"] == []
    assert run(["apply", "--yes", *on]) == 0
    assert run(["plan", "--detailed-exitcode", *on]) == 0
    # what the ledger has left is nothing that git would take
    ignored = (root / "manifests" / ".gitignore").read_text().split()
    assert {".reconciler/", "*.plan", "secrets/"} <= set(ignored)
    assert (root / "manifests" / ".reconciler" / "plan.key").exists()


def test_every_manifest_that_it_makes_names_the_editors_schema_and_is_as_that_says(tmp_path: Path) -> None:
    for number, options in enumerate(([], ["--tenant-host", "acme.cxone.com", "--region", "Norway"])):
        root = tmp_path / str(number)
        assert run(["init", str(root), "--yes", *options]) == 0
        manifests = sorted((root / "manifests").glob("*.yaml"))
        assert len(manifests) == 5
        for path in manifests:
            text = path.read_text(encoding="utf-8")
            assert text.startswith("# yaml-language-server: $schema=manifest.schema.json\n"), path
            for document in yaml.load_all(text, Core):
                assert [each.message for each in CHECK.iter_errors(document)] == [], path
        assert json.loads((root / "manifests" / "manifest.schema.json").read_text()) == make_editor_schema()
        assert run(["validate", "-w", str(root / "manifests")]) == 0
    assert 'region: "NO"' in (tmp_path / "1" / "manifests" / "contacts.yaml").read_text()


@pytest.mark.parametrize("ci", [each for each in new_repository.CI if each != "none"])
def test_a_pipeline_is_made_of_files_that_this_program_has(ci: str, tmp_path: Path) -> None:
    assert run(["init", str(tmp_path / "r"), "--yes", "--ci", ci]) == 0
    script = tmp_path / "r" / "pipelines" / "reconciler.sh"
    assert script.stat().st_mode & stat.S_IXUSR
    assert run(["init", str(tmp_path / "none"), "--yes"]) == 0
    assert files_of(tmp_path / "r").keys() > files_of(tmp_path / "none").keys()


def test_files_that_are_there_are_listed_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "campaign.yaml").write_text("mine")
    (tmp_path / ".pre-commit-config.yaml").symlink_to("nowhere")
    before = files_of(tmp_path)
    assert run(["init", str(tmp_path), "--yes"]) == 64
    told = capsys.readouterr().err
    assert "2 of the files are there already" in told
    assert ".pre-commit-config.yaml, manifests/campaign.yaml" in told
    assert files_of(tmp_path) == before


def test_a_folder_that_is_a_link_or_a_file_is_there_as_well(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "manifests").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "manifests").write_text("a file")
    before = files_of(tmp_path)
    assert [run(["init", str(tmp_path / each), "--yes"]) for each in "ab"] == [64, 64]
    assert run(["init", str(tmp_path / "b" / "manifests"), "--yes"]) == 64
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_where_one_file_cannot_be_written_none_is_left(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").write_text("stays")
    made: Mapping[str, bytes] = {"a/b/one": b"1", "a/two": b"2", "three.sh": b"3"}
    real = Path.chmod

    def full(path: Path, mode: int) -> None:
        if path.name == "three.sh":
            raise error
        real(path, mode)

    monkeypatch.setattr(Path, "chmod", full)
    wanted = written_files.NotWritten if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(wanted):
        written_files.write_files(tmp_path / "new", made)
    assert files_of(tmp_path) == {"mine": b"stays"}


@pytest.mark.parametrize(
    "wrong",
    [
        ["--name", "Upper Case"],
        ["--name", "x\n"],
        ["--region", "Atlantis"],
        ["--tenant-host", "https://acme.cxone.com/x"],
        ["--tenant-host", "acme.cxone.com }\n#"],
        ["--ledger", "ftp://x"],
        ["--ledger", "s3://key:secret@bucket/x"],
        ["--ledger", "file://a b"],
        ["--ci", "jenkins"],
    ],
)
def test_an_answer_that_is_none_is_refused_before_anything_is_written(wrong: list[str], tmp_path: Path) -> None:
    assert run(["init", str(tmp_path / "new"), *wrong]) == 64
    assert files_of(tmp_path) == {}


def test_on_a_terminal_it_asks_for_what_was_not_given_and_again_where_the_answer_is_none(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "reconciler", "init", str(tmp_path / "asked"), "--ci", "script"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True) as program:
        os.close(theirs)
        os.write(ours, b"\nWrong Name\nspring\nnowhere land\nGermany\n\n")
        told = b""
        while True:
            try:
                told += os.read(ours, 4096)
            except OSError:
                break
        assert program.wait(30) == 0, told
    os.close(ours)
    assert b"a name has lower-case letters" in told
    assert b"no country is called so" in told
    assert b"Pipeline" not in told
    assert 'region: "DE"' in (tmp_path / "asked" / "manifests" / "contacts.yaml").read_text()
    assert 'name: "spring"' in (tmp_path / "asked" / "manifests" / "workspace.yaml").read_text()


def test_the_schema_is_printed_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == make_editor_schema()


def test_a_ledger_in_a_bucket_validates_where_the_operator_allows_it_in_the_words_that_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["init", str(tmp_path / "r"), "--yes", "--ledger", "s3://example-ledgers/spring"]) == 0
    told = capsys.readouterr().out
    lines = told[told.index("  apiVersion") :].splitlines()[:4]
    assert lines[3].strip().startswith("spec: {bounds:")
    (tmp_path / "operator.yaml").write_text("\n".join(line.strip() for line in lines))
    assert run(["validate", "-w", str(tmp_path / "r" / "manifests")]) == 64
    monkeypatch.setenv("RECONCILER_FLOOR", str(tmp_path / "operator.yaml"))
    assert run(["validate", "-w", str(tmp_path / "r" / "manifests")]) == 0
