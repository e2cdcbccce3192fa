"""No text of a tenant's or a manifest's begins a line, moves the cursor, or is a command to a pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import views
from reconciler.model.errors import ReconcilerError
from reconciler.simulator import Simulator
from reconciler.views import errors
from reconciler.views.plain_text import plain, plain_json, plain_lines
from tests import scene
from tests.conftest import Ended, Folder, manifest

ORDERS = [
    "fine\nNo changes. The tenant matches the manifests.",
    "fine\r\n::error::owned",
    "a\u2028b\u2029c\u0085d\x0be\x0cf",
    "\x1b[2J\x1b]0;title\x07",
    "##[error]owned ##vso[task.setvariable variable=x]y ##VSO[a]",
    "x ##teamcity[buildStop comment='owned'] ##another[1]",
    "left \u202e right \u200b zero \ufeff",
    "\ud800",
]
"""Texts that would do something if they were printed as they are."""


@pytest.mark.parametrize("text", ORDERS)
def test_a_text_is_one_line_without_orders(text: str) -> None:
    shown = plain(text)
    assert len(shown.splitlines()) == 1
    assert shown.isprintable()
    assert "##[" not in shown
    assert "##vso[" not in shown.lower()
    assert "##teamcity[" not in shown
    assert "##another[" not in shown


@given(st.text())
def test_any_text_is_one_line(text: str) -> None:
    assert len(plain(text).splitlines()) <= 1
    assert "\n" not in "".join(plain_lines(text))


@given(st.text(alphabet=st.sampled_from(list('##[]vsoVSO::\\"\n x')), max_size=40))
def test_json_without_orders_says_the_same(text: str) -> None:
    written = orjson.dumps({text: [text]}).decode()
    assert "##[" not in plain_json(written)
    assert orjson.loads(plain_json(written)) == orjson.loads(written)


@given(st.text())
def test_a_json_document_says_the_same_in_characters_that_give_no_orders(text: str) -> None:
    document = {text: [text], "a": 1}
    shown = plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    assert orjson.loads(shown) == document
    assert all(plain(line) == line for line in shown.split("\n"))


def test_every_json_document_of_a_view_is_such_a_one() -> None:
    """A name in the tenant may turn a line of a log around as well in `pending` as in a plan."""
    written = [
        f"{path.name}: {line.strip()}"
        for path in sorted(Path(views.__file__).parent.glob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "OPT_INDENT_2" in line
    ]
    assert len(written) >= 10
    assert [each for each in written if "plain_json(" not in each] == []


@pytest.mark.parametrize("text", ORDERS[:4])
def test_an_error_begins_every_line_with_words_of_ours(text: str) -> None:
    error = ReconcilerError(f"the list {plain(text)!r} is gone", where=text, note=text, hint=text)
    for line in errors.show_failure(error).plain.split("\n"):
        assert line.startswith(("error[error]: the list", "  where: ", "  note:  ", "  hint:  "))


@pytest.mark.parametrize("option", ["-e", "--tenant", "--release", "--floor", "--vars"])
def test_a_word_of_the_command_line_gives_no_orders(folder: Folder, run: Callable[..., Ended], option: str) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    ended = run("plan", option, "of a branch\n::error::owned ##[error]x")
    assert ended.code != 0
    for line in ended.err.splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


@pytest.mark.parametrize("text", ["fine\n::error::owned", "fine\r\nNo changes. ##[error]x", "a\u2028No changes."])
def test_a_live_description_gives_no_orders_in_any_plan(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended], text: str
) -> None:
    tenant.store.add_list("VIP", [], description=f"{text} {scene.MARK}")
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP\ndescription: Ours"))
    planned = run("plan")
    assert planned.code == 0, planned.err
    for line in planned.out.splitlines():
        assert not line.lstrip().startswith(("::", "No changes", "##["))
    as_json = run("plan", "--format", "json")
    assert "##[" not in as_json.out
    document = orjson.loads(as_json.out)
    kept = "\n".join(text.splitlines())  # as descriptions are compared: a tenant may end their lines as it likes
    assert repr(kept)[1:-1] in str(document["resource_changes"])


@pytest.mark.parametrize("name", ["a\n::error::owned.yaml", "b\rNo changes..yaml", "c##[error]d.yaml"])
def test_a_manifests_file_name_gives_no_orders(folder: Folder, run: Callable[..., Ended], name: str) -> None:
    folder.write(name, "kind: Nonsense\n")
    ended = run("validate")
    assert ended.code == 64
    for line in ended.err.split("\n"):
        assert not line.lstrip().startswith(("::", "No changes"))
        assert "\r" not in line
        assert "##[" not in line
