# tested by: tests/cli/test_adopting_drift.py
"""Write what has changed in the tenant into the manifests, in place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from reconciler.model.desired_state import Desired
    from reconciler.model.drift_adoption import NotAdopted, ValueEdit
    from reconciler.model.plan import Plan
    from reconciler.model.problem import Location
    from reconciler.model.workspace_settings import Workspace


def adopt_drift(proposed: Plan, desired: Desired, workspace: Workspace, branch: str | None) -> bool:
    """Write live values where manifests say others, and tell on standard error; whether nothing is left to differ.

    Raises:
        NoBranch, FilesThere, NotWritten, BadInput: nothing was written.
    """
    from reconciler.ledger import git_branch
    from reconciler.model.reason import Reason
    from reconciler.steps.adopt_drift import choose_edits
    from reconciler.steps.load.schema_check import list_faults

    edits, left = choose_edits(proposed, desired, list_faults)
    files, skipped = _edit_files(desired, edits)
    left += [_leave(each, Reason("drift_template")) for each in edits if each.place in skipped]
    written = [each for each in edits if each.place not in skipped]
    if branch is not None and files:
        git_branch.start_branch(desired.root, workspace.environ, branch)
    elif files and git_branch.is_dirty(desired.root, workspace.environ):
        click.echo("Notice: files of this repository were changed and not committed before; see what `git diff` shows.")
    if files:
        _write(files, workspace, branch)
    _tell(written, left, branch if files else None)
    return not left and not proposed.undeclared and not any(row.total for row in proposed.row_changes())


def _leave(edit: ValueEdit, why: Any) -> NotAdopted:
    from reconciler.model.drift_adoption import NotAdopted

    return NotAdopted(edit.address, edit.path, why)


def _edit_files(desired: Desired, edits: Sequence[ValueEdit]) -> tuple[dict[str, bytes], set[Location]]:
    """The files that change, whole, and the places at which nothing can be written."""
    from reconciler.steps.load.value_edits import edit_values

    by_file: dict[str, dict[Location, Any]] = defaultdict(dict)
    for each in edits:
        by_file[each.place.file][each.place] = each.value
    files, skipped = {}, set()
    for name, wanted in by_file.items():
        text = (desired.root / name).read_bytes().decode("utf-8")
        made, left = edit_values(text, wanted)
        skipped |= left
        if made != text:
            files[name] = made.encode()
    return files, skipped


def _write(files: Mapping[str, bytes], workspace: Workspace, branch: str | None) -> None:
    """Write them, and see that they can still be loaded; or leave everything as it was."""
    from reconciler.ledger import git_branch
    from reconciler.model.written_files import write_files
    from reconciler.steps.load import load

    try:
        undo = write_files(workspace.root, files, overwrite=True)
        try:
            load(workspace)
            message = "Take over what has changed in the tenant"
            if branch is not None and not git_branch.commit_files(
                workspace.root, workspace.environ, list(files), message
            ):
                raise git_branch.NoBranch(
                    "git commits nothing here", where=str(workspace.root), hint="does git know your name and address?"
                )
        except BaseException:
            undo()
            raise
    except BaseException:
        if branch is not None:
            git_branch.leave_branch(workspace.root, workspace.environ, branch)
        raise


def _tell(written: Sequence[ValueEdit], left: Sequence[NotAdopted], branch: str | None) -> None:
    from reconciler.model.text_enumerations import format_count
    from reconciler.views.plain_text import plain
    from reconciler.views.reasons import describe_reason

    on = f" on the new branch {branch}" if branch is not None else ""
    lines = [f"{format_count(len(written), 'value')} of the tenant written into manifests{on}."]
    lines += [f"  {each.place}: {each.address} {each.path}" for each in written]
    lines += [f"Not written: {each.address} {each.path}: {describe_reason(each.why)}" for each in left]
    for line in lines:
        click.echo(plain(line), err=True)
