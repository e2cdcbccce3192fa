"""What holds for any text at all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.model.desired_state import Desired
from reconciler.model.problem import BadInput
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load import load
from reconciler.steps.load.yaml_nodes import read

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
TENANT = {
    "apiVersion": "cxone.reconciler/v1",
    "kind": "Tenant",
    "metadata": {"name": "production"},
    "spec": {"surfaces": {"lists": {"tenant": "acme-1.cxone.com"}}},
}
WORDS = (
    *("apiVersion: cxone.reconciler/v1\n", "kind: ", "ContactList\n", "Campaign\n", "metadata: {name: a}\n", "spec:"),
    *("{{ ", " }}", "{% ", "{#", "a", "'", '"', "__class__", "|", "default", "(", ")", "*", "[", "]", "{", "}", ": "),
    *("\n", "  ", "- ", "---\n", "...\n", "&a ", "*a ", "? ", "!!", "!!int ", "%YAML 1.1\n", "\t", "#", "|\n", ">\n"),
    *("1e999", "99999999999999999999", "0", ".", "\ud7ff", "\ufeff", "\x85", "\u2028", "<<: ", "\\ud800", "\x00"),
)


def loaded(*texts: bytes, variables: dict[str, str] | None = None) -> Desired:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number, text in enumerate(texts):
            (root / f"{number}.yaml").write_bytes(text)
        return load(Workspace(root=root, scratch=root, now=NOW, variables=variables or {}))


def loads_or_says_why(content: bytes, **variables: str) -> None:
    try:
        loaded(json.dumps(TENANT).encode(), content, variables=variables)
    except BadInput as error:
        assert all(problem.where.file and problem.code and problem.message for problem in error.problems)


@settings(max_examples=150, deadline=None)
@given(st.binary())
def test_any_bytes_load_or_are_bad_input(content: bytes) -> None:
    loads_or_says_why(content)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40).map("".join))
@example("{{ " + "9" * 5000 + " }}")
@example("a: {{{{")
@example('a: "{{ ' + "(" * 3000 + "1" + ")" * 3000 + ' }}"')
@example('a: "{{ ' + "not " * 400 + 'a }}"')
@example('a: "{{ a' + ".a" * 2000 + ' }}"')
@example("[" * 5000)
@example("? " * 5000)
@example("- " * 5000)
@example("!!int 1: !!map []")
@example('a: "\\ud83d\\ude00"')
@example("a: '{{ \"\\ud800\" }}'")
def test_any_words_load_or_are_bad_input(text: str) -> None:
    loads_or_says_why(text.encode("utf-8", "replace"), a="EU")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from((*WORDS, "region", "region.x", "1", "+", "-", "if", "else")), max_size=15).map(" ".join)
)
def test_any_template_loads_or_is_bad_input(text: str) -> None:
    manifest: dict[str, Any] = {**TENANT, "kind": "ContactList", "spec": {"name": "{{ " + text + " }}"}}
    loads_or_says_why(json.dumps(manifest).encode(), region="EU")


SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
# libyaml does not read JSON's way of writing a character beyond the first 65,536, as two halves
BASIC = st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])
# a key of YAML ends within 1,024 characters, and JSON may write each as six
VALUES = st.recursive(
    SCALARS | st.text(BASIC),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(BASIC, max_size=160), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES)
def test_every_json_document_is_read_as_json_reads_it(value: Any) -> None:
    text = json.dumps(value)
    documents, problems, whole = read("a.yaml", text)
    assert (problems, whole) == ([], True)
    assert documents[0].value == json.loads(text)


KEYS = st.text("abcdefgh", min_size=1, max_size=8)
TREES = st.recursive(
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(TREES, st.integers(0, 4) | st.none())
def test_every_place_is_where_the_token_stands(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    (document,), _, _ = read("a.yaml", text)
    lines = text.split("\n")
    for path, place in document.places.items():
        part = document.value
        for step in path:
            part = part[step]
        token = json.dumps(part) if isinstance(part, str) else "[{"
        if isinstance(part, dict | list) and path and isinstance(path[-1], str):
            token = json.dumps(path[-1])
        there = lines[place.line - 1][place.column - 1 :]
        assert there.startswith(token) or there[0] in token
    for path, place in document.keys.items():
        assert lines[place.line - 1][place.column - 1 :].startswith(json.dumps(path[-1]))


def shuffled(value: Any, draw: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key], draw) for key in draw(st.permutations(sorted(value)))}
    return [shuffled(item, draw) for item in value] if isinstance(value, list) else value


LIST = {
    "apiVersion": "cxone.reconciler/v1",
    "kind": "ContactList",
    "metadata": {"name": "callers", "labels": {"team": "sales", "zone": "east"}},
    "spec": {"name": "Callers", "description": "Called first", "type": "outbound"},
}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_digest_knows_nothing_of_order_files_and_comments(data: st.DataObject) -> None:
    texts = [json.dumps(shuffled(manifest, data.draw)).encode() for manifest in (TENANT, LIST)]
    apart = loaded(*data.draw(st.permutations(texts)))
    together = loaded(b"# a comment\n" + b"\n---\n".join(texts))
    assert apart.manifests == together.manifests == loaded(*texts).manifests


def test_the_digest_knows_of_every_other_change() -> None:
    before = loaded(json.dumps(TENANT).encode(), json.dumps(LIST).encode()).manifests
    for changed in (
        {**LIST, "spec": {"name": "Callers"}},
        {**LIST, "metadata": {"name": "callers"}},
        {**LIST, "metadata": {**LIST["metadata"], "name": "others"}},  # type: ignore[dict-item]
    ):
        assert loaded(json.dumps(TENANT).encode(), json.dumps(changed).encode()).manifests != before


def test_a_rendered_value_has_the_digest_of_the_same_value_written_out() -> None:
    template = json.dumps(LIST).replace("Called first", "{{ words }}").encode()
    rendered = loaded(json.dumps(TENANT).encode(), template, variables={"words": "Called first"})
    assert rendered.manifests == loaded(json.dumps(TENANT).encode(), json.dumps(LIST).encode()).manifests
