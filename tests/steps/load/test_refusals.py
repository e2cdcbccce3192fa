"""What is said of folders and files that are not as they should be: the cause first, not too much of it, and soon."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.kinds import load_kinds
from reconciler.model import nearest_name
from reconciler.model.problem import BadInput, Location, Problem, Stage
from reconciler.model.text_enumerations import shorten_list
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load import load, references, yaml_nodes
from reconciler.views.errors import show_failure

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
V = "apiVersion: cxone.reconciler/v1\n"
TENANT = V + "kind: Tenant\nmetadata: {name: production}\nspec: {surfaces: {lists: {tenant: acme-1.cxone.com}}}\n"
SEGMENT = """apiVersion: cxone.reconciler/v1
kind: Segment
metadata: {name: chosen}
spec: {source: people, score: engaged, lists: {high: callers}, delivery: {method: listContacts}}
"""
SOURCE = """apiVersion: cxone.reconciler/v1
kind: ContactSource
metadata: {name: people}
spec: {files: {paths: [%s], format: csv, columns: {contactId: id}}}
"""
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_Ours}\ndata: {key: value}\n"


def refused(root: Path, look_for_files: bool = False, **said: object) -> BadInput:
    with pytest.raises(BadInput) as caught:
        load(Workspace(root=root, scratch=root, now=NOW, **said), look_for_files=look_for_files)  # type: ignore[arg-type]
    return caught.value


def codes(error: BadInput) -> list[str]:
    return [f"{problem.where.file} {problem.code}" for problem in error.problems]


def written(root: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (root / f"{name}.yaml").write_text(text)
    return root


# -- the cause first -----------------------------------------------------------------------------------------------


def test_what_a_broken_file_may_declare_is_counted_and_not_told(tmp_path: Path) -> None:
    broken = "".join(
        f"{V}kind: {kind}\nmetadata: {{name: {name}}}\nspec: [\n---\n"
        for kind, name in (("ContactSource", "people"), ("ScoreModel", "engaged"), ("ContactList", "callers"))
    )
    error = refused(written(tmp_path, a=SEGMENT, t=TENANT, z=broken))
    assert codes(error) == ["z.yaml yaml-syntax"]
    assert {problem.code for problem in error.consequences} == {"unknown-reference"}
    assert len(error.consequences) == 3
    assert "1 problem in the input, and 3 more that may follow from what could not be read" in str(error)


def test_a_name_that_no_broken_file_has_is_told_after_the_break(tmp_path: Path) -> None:
    error = refused(written(tmp_path, a=SEGMENT, t=TENANT, z="people: engaged\nx: [\n"))
    assert codes(error) == ["z.yaml yaml-syntax", "z.yaml not-a-manifest", "a.yaml unknown-reference"] or codes(
        error
    ) == [
        "z.yaml yaml-syntax",
        "a.yaml unknown-reference",
    ]
    assert "`callers`" in error.problems[-1].message
    assert len(error.consequences) == 2


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"#" * 1_048_577], ids=["no text", "too large"])
def test_a_file_without_a_text_may_declare_anything(tmp_path: Path, content: bytes) -> None:
    (written(tmp_path, a=SEGMENT, t=TENANT) / "z.yaml").write_bytes(content)
    error = refused(tmp_path)
    assert len(error.problems) == 1
    assert len(error.consequences) == 3


def test_a_tenant_in_a_broken_file_is_not_said_to_be_missing(tmp_path: Path) -> None:
    error = refused(written(tmp_path, a=V + "kind: ContactList\nmetadata: {name: a}\nspec: {}\n", t=TENANT + " - ["))
    assert codes(error) == ["t.yaml yaml-syntax"]
    assert [problem.code for problem in error.consequences] == ["no-tenant"]


def test_problems_come_in_the_order_of_the_stages(tmp_path: Path) -> None:
    late = (
        V
        + "kind: SuppressionList\nmetadata: {name: dnc}\nspec:\n  asOf: 2099-01-01T00:00:00Z\n  files: {paths: [x.csv], format: csv, columns: {phone: p}}\n"
    )
    odd = V + "kind: ContactList\nmetadata: {name: a, lables: {}}\nspec: {}\n"
    template = V + 'kind: ContactList\nmetadata: {name: b}\nspec: {name: "{{ nothing }}"}\n'
    error = refused(written(tmp_path, a=late, b=SEGMENT, c=odd, d=template, t=TENANT, z="a: [\n"))
    stages = [problem.stage for problem in error.problems]
    assert stages == sorted(stages)
    assert set(stages) == set(Stage)
    assert error.problems[0].code == "yaml-syntax"
    assert error.problems[-1].code == "in-the-future"


# -- not too much of it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "shown"), [(49, 49), (50, 50), (51, 50), (52, 50), (400, 50)])
def test_fifty_problems_are_printed_and_the_rest_counted_by_code(count: int, shown: int) -> None:
    problems = [Problem(Location("a.yaml", n + 1), "odd" if n % 3 else "even", "it is") for n in range(count)]
    text = show_failure(BadInput(problems)).plain
    assert text.count("error[") == shown
    assert (" more problem" in text) == (shown < count)
    if count == 400:
        assert "… and 350 more problems: 233 odd, 117 even" in text
    assert text.endswith(f"{count} problems in the input; nothing was changed")


def test_the_exception_holds_every_problem() -> None:
    assert len(BadInput(Problem(Location("a", n), "c", "m") for n in range(400)).problems) == 400


@pytest.mark.parametrize(("count", "end"), [(12, "`l`"), (13, "`m`"), (14, "`l` and 2 more"), (15, "`l` and 3 more")])
def test_a_list_of_names_never_hides_exactly_one(count: int, end: str) -> None:
    names = "abcdefghijklmno"[:count]
    assert nearest_name.list_names(names).endswith(end)
    assert "1 more" not in shorten_list(list(names), count - 1)


def test_fields_in_the_place_of_a_waiver_are_answered_with_every_field_there_is(tmp_path: Path) -> None:
    settings = V + "kind: Workspace\nmetadata: {name: w}\nspec: {zzzzzz: {a: 1}}\n"
    hint = str(refused(written(tmp_path, t=TENANT, w=settings)).problems[0].hint)
    assert "`tenant`" in hint
    assert " more" not in hint


# -- other people's YAML -------------------------------------------------------------------------------------------

FOREIGN = {
    "kubernetes": CONFIG_MAP,
    "compose": "services: {web: {image: nginx}}\n",
    "workflow": "on: push\njobs: {build: {runs-on: ubuntu-latest}}\n",
    "a kind of the same name": "apiVersion: app.terraform.io/v1alpha2\nkind: Workspace\nmetadata: {name: a}\nspec: {}\n",
    "a list": "- name: play\n  hosts: all\n",
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_folder_without_a_manifest_gets_one_word(tmp_path: Path, text: str) -> None:
    error = refused(written(tmp_path, **{f"f{number}": text for number in range(200)}))
    (problem,) = error.problems
    assert problem.code == "no-workspace"
    assert problem.message == "none of the 200 YAML files is a manifest of reconciler"
    assert len(show_failure(error).plain.splitlines()) < 8


def test_a_folder_of_templates_that_are_no_yaml_gets_one_word(tmp_path: Path) -> None:
    error = refused(written(tmp_path, a=CONFIG_MAP, b="{{- if .Values.x }}\na: {{ .Values.y }}\n", c="a: [\n"))
    (problem,) = error.problems
    assert problem.code == "no-workspace"
    assert "2 cannot be read as YAML, b.yaml:1:" in str(problem.note)


def test_a_broken_manifest_of_ours_among_others_is_told(tmp_path: Path) -> None:
    error = refused(written(tmp_path, a=CONFIG_MAP, b=V + "kind: [\n"))
    assert codes(error)[0] == "b.yaml yaml-syntax"


def test_a_foreign_file_beside_manifests_is_one_line_that_names_the_ignore_file(tmp_path: Path) -> None:
    error = refused(written(tmp_path, a="---\n".join([CONFIG_MAP] * 30), t=TENANT))
    (problem,) = error.problems
    assert problem.code == "not-a-manifest"
    assert "29 more of the file" in str(problem.note)
    assert ".reconcilerignore" in str(problem.hint)


@pytest.mark.parametrize("version", ["v1", "cxone.reconciler/v2", "cxone.reconcilr/v1", "reconciler/v1", None])
def test_a_manifest_of_ours_with_another_version_is_told_as_one(tmp_path: Path, version: str | None) -> None:
    text = (f"apiVersion: {version}\n" if version else "") + "kind: ContactList\nmetadata: {name: a}\nspec: {}\n"
    error = refused(written(tmp_path, a=text, t=TENANT))
    assert [problem.code for problem in error.problems] == ["unknown-api-version" if version else "missing-field"]


# -- .reconcilerignore ---------------------------------------------------------------------------------------------


def test_what_the_ignore_file_names_is_not_read(tmp_path: Path) -> None:
    written(tmp_path, t=TENANT, keep=CONFIG_MAP)
    (tmp_path / "deploy" / "deep").mkdir(parents=True)
    (tmp_path / "deploy" / "deep" / "x.yml").write_text("a: [")
    (tmp_path / "x.gen.yaml").write_text("a: [")
    (tmp_path / ".reconcilerignore").write_text("# comment\ndeploy/\n*.gen.yaml\n!x.yml\nkeep.yaml\n")
    desired = load(Workspace(root=tmp_path, scratch=tmp_path, now=NOW))
    assert len(desired.catalogue.resources) == 1
    assert desired.ignored == 2


def test_ignoring_every_file_is_no_empty_success(tmp_path: Path) -> None:
    (written(tmp_path, t=TENANT) / ".reconcilerignore").write_text("*\n")
    error = refused(tmp_path)
    assert codes(error) == [". no-manifests"]
    assert ".reconcilerignore" in error.problems[0].message


@pytest.mark.parametrize(
    ("text", "place"), [("!\n", 1), ("a.yaml\n\\\n", 2), ("*a*a*a*a\n", 1), ("**/a/**/b/**/c/**\n", 1)]
)
def test_a_line_that_is_no_pattern_is_told_at_its_place(tmp_path: Path, text: str, place: int) -> None:
    (written(tmp_path, t=TENANT) / ".reconcilerignore").write_text(text)
    (problem,) = refused(tmp_path).problems
    assert (problem.code, problem.where) == ("bad-pattern", Location(".reconcilerignore", place, 1))


@pytest.mark.parametrize("kind", ["folder", "bytes", "link"])
def test_an_ignore_file_that_cannot_be_read_is_a_problem(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    place = written(root, t=TENANT) / ".reconcilerignore"
    if kind == "folder":
        place.mkdir()
    elif kind == "bytes":
        place.write_bytes(b"\xff")
    else:
        place.symlink_to(tmp_path / "elsewhere")
    (problem,) = refused(root).problems
    assert problem.where.file == ".reconcilerignore"


# -- local files ---------------------------------------------------------------------------------------------------

NAMED = {
    "a file": ("people.csv", "no-file"),
    "a pattern": ("'data/*.csv'", "no-file"),
    "a folder": (".", "outside-the-workspace"),
    "outside": ("../people.csv", "outside-the-workspace"),
    "another scheme": ("'https://example.com/a.csv'", "not-a-file"),
}


@pytest.mark.parametrize(("path", "code"), NAMED.values(), ids=NAMED.keys())
def test_a_file_that_is_not_there_is_told_at_its_place(tmp_path: Path, path: str, code: str) -> None:
    written(tmp_path, t=TENANT, s=SOURCE % path)
    (problem,) = refused(tmp_path, look_for_files=True).problems
    assert (problem.where.file, problem.code, problem.stage) == ("s.yaml", code, Stage.CHECKS)
    assert problem.where.line == 4
    assert load(Workspace(root=tmp_path, scratch=tmp_path, now=NOW)).catalogue


def test_files_are_looked_for_and_not_opened_and_objects_are_left_to_the_plan(tmp_path: Path) -> None:
    written(
        tmp_path,
        t=TENANT,
        s=SOURCE % "people.csv, 's3://bucket/people.csv'",
        r=(SOURCE % "'gs://b/*.csv'").replace("name: people", "name: remote"),
    )
    (tmp_path / "people.csv").write_bytes(b"\xff\x00 no CSV")
    assert load(Workspace(root=tmp_path, scratch=tmp_path, now=NOW), look_for_files=True)


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("SuppressionList", "asOf: 2026-06-15T00:00:00Z\n  files: {paths: [gone.csv], format: csv, columns: {phone: p}}"),
        ("SuppressionList", "store: gone"),
        ("ContactSource", "interactions: {types: [voice], files: {paths: [gone.csv], format: csv, columns: {id: i, contactId: c, startTime: s}}}"),
        ("DispositionSet", "campaign: {name: C}\n  files: {paths: [gone.csv], format: csv, columns: {contactId: c, outcome: o, agent: a, timestamp: t}}"),
    ],
)  # fmt: skip
def test_every_kind_that_names_files_has_them_looked_for(tmp_path: Path, kind: str, spec: str) -> None:
    written(tmp_path, t=TENANT, k=f"{V}kind: {kind}\nmetadata: {{name: k}}\nspec:\n  {spec}\n")
    (problem,) = refused(tmp_path, look_for_files=True).problems
    assert problem.code in ("no-file", "no-folder")
    assert "gone" in problem.message


def test_a_kind_whose_manifest_has_files_says_so() -> None:
    assert {name for name, kind in load_kinds().items() if kind.feeds.__name__ != "_no_feeds"} == {
        "ContactSource",
        "SuppressionList",
        "DispositionSet",
    }


# -- values of templates -------------------------------------------------------------------------------------------


def limited(root: Path, value: str, template: str = "{{ most }}", **said: object) -> Problem:
    (root / "environments").mkdir()
    (root / "environments" / "stage.yaml").write_text(f"most: {value}\n")
    text = V + f'kind: Workspace\nmetadata: {{name: w}}\nspec: {{limits: {{removals: "{template}"}}}}\n'
    written(root, t=TENANT, w=text)
    return refused(root, **{"environment": "stage", **said}).problems[0]  # type: ignore[arg-type]


def test_a_refused_number_is_told_with_the_place_where_it_was_written(tmp_path: Path) -> None:
    problem = limited(tmp_path, "150")
    assert "`150`" in problem.message
    assert problem.where.file == "w.yaml"
    assert problem.origins == (Location("environments/stage.yaml", 1, 7),)
    assert "  value: environments/stage.yaml:1:7" in show_failure(BadInput([problem])).plain


@pytest.mark.parametrize("value", ["hunter2", '"150"', "4155550101", "{a: hunter2}", "-4155550101.5"])
def test_a_text_or_what_may_be_a_phone_is_never_told(tmp_path: Path, value: str) -> None:
    problem = limited(tmp_path, value)
    shown = show_failure(BadInput([problem])).plain
    assert not any(word in shown for word in ("hunter2", "`150`", "4155550101"))
    assert problem.origins


def test_a_part_of_a_variable_has_its_own_place(tmp_path: Path) -> None:
    problem = limited(tmp_path, "{low: 1, high: 150}", "{{ most.high }}")
    assert problem.origins == (Location("environments/stage.yaml", 1, 22),)


def test_who_chose_no_environment_is_told_which_there_are(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    for name in ("stage", "prod"):
        (tmp_path / "environments" / f"{name}.yaml").write_text("surface: acme\n", encoding="utf-8")
    text = TENANT.replace("acme-1.cxone.com", '"{{ surface }}.cxone.com"')
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (problem,) = refused(tmp_path).problems
    assert problem.code == "missing-variable"
    assert str(problem.hint).startswith("choose an environment with `--environment NAME` (`prod`, `stage`)")


def test_a_second_manifest_in_one_document_is_one_problem_and_its_names_may_be_declared_there(tmp_path: Path) -> None:
    second = V + "kind: ContactSource\nmetadata: {name: people}\nspec: {contactList: {name: People}}\n"
    (tmp_path / "a.yaml").write_text(TENANT + second + "---\n" + SEGMENT, encoding="utf-8")
    error = refused(tmp_path)
    assert [each.code for each in error.problems if each.code == "duplicate-key"] == ["duplicate-key"]
    assert "put a line `---` before it" in str(error.problems[0].hint)
    assert any("`people`" in each.message for each in error.consequences)


def test_the_command_line_is_where_its_values_were_written(tmp_path: Path) -> None:
    assert limited(tmp_path, "5", variables={"most": "150"}).origins == (Location("--var most"),)


# -- soon ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["{", "[", "? ", "- ", "{[", '{"a":'])
def test_a_megabyte_of_nesting_is_left_at_the_first_levels(letter: str) -> None:
    documents, problems, whole = yaml_nodes.read("a.yaml", (letter * 1_048_576)[:1_048_576])
    assert not documents
    assert not whole
    assert 1 <= len(problems) <= 2


def test_braces_that_are_never_closed_are_searched_once(tmp_path: Path) -> None:
    from reconciler.steps.load.template_variables import find_unused

    (problem,) = find_unused({"a": "1"}, ["{" * 1_048_576])  # a pattern that began anew at each would take hours
    assert problem.code == "unused-variable"


@pytest.mark.parametrize("line", ["a: 1\n", "? [a]\n: 1\n", "a: !odd 1\n"])
def test_the_faults_of_a_file_end_at_a_thousand(line: str) -> None:
    _, problems, whole = yaml_nodes.read("a.yaml", line * 100_000)
    assert len(problems) == yaml_nodes.FAULTS + 1
    assert problems[-1].code == "too-many-faults"
    assert not whole


def test_a_file_has_a_most_of_documents() -> None:
    documents, problems, _ = yaml_nodes.read("a.yaml", "--- 1\n" * (yaml_nodes.DOCUMENTS + 1))
    assert len(documents) == yaml_nodes.DOCUMENTS
    assert [problem.code for problem in problems] == ["too-many-documents"]
    assert yaml_nodes.read("a.yaml", "--- 1\n" * yaml_nodes.DOCUMENTS)[2]


def test_names_that_are_alike_are_searched_for_the_first_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []

    def search(name: str, known: object) -> str:
        searched.append(name)
        return "a hint"

    monkeypatch.setattr(references, "_describe_others", search)
    parts = [SEGMENT.replace("chosen", f"s{n}").replace("callers", f"list-{n}") for n in range(200)]
    a_list = V + "kind: ContactList\nmetadata: {name: some}\nspec: {}\n"
    error = refused(written(tmp_path, t=TENANT, l=a_list, s="---\n".join(parts)))
    assert len(error.problems) == 600
    assert len(searched) <= references.SUGGESTED


def test_the_shared_schema_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from reconciler.kinds import load_shared_schema

    assert load_shared_schema() is load_shared_schema()
