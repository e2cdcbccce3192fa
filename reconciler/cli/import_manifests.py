# tested by: tests/cli/test_import.py
"""`reconciler import`: write manifests of what is live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.output_formats import format_option, show
from reconciler.cli.selection_options import parse_selectors, selection_options
from reconciler.cli.workspace_options import open_workspace, workspace_options
from reconciler.model.errors import Exit
from reconciler.model.selection import Selection

if TYPE_CHECKING:
    from reconciler.model.desired_state import Desired
    from reconciler.model.draft import Imported
    from reconciler.model.workspace_settings import Workspace


def _check_folder(context: click.Context, parameter: click.Parameter, value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or any(part.startswith(".") for part in path.parts) or not path.parts:
        raise click.BadParameter("a folder of the workspace, by its path from there; it is not hidden")
    return str(path)


@click.command("import")
@workspace_options
@click.option("--kind", "kinds", multiple=True, help="Only objects of this kind, such as Campaign.")
@click.option("--name", "names", multiple=True, metavar="PATTERN", help="Only objects of this name: 'FL-*'.")
@selection_options
@click.option(
    "--into",
    default="imported",
    show_default=True,
    metavar="FOLDER",
    callback=_check_folder,
    help="The folder of the workspace that the manifests are written to.",
)
@click.option(
    "--adopt", is_flag=True, help="Let the next plan take the objects over; without it they are compared only."
)
@click.option("--overwrite", is_flag=True, help="Replace what an earlier import wrote to the same files.")
@format_option("imported")
def import_manifests(
    chosen: dict[str, Any],
    kinds: tuple[str, ...],
    names: tuple[str, ...],
    selection: Selection,
    into: str,
    adopt: bool,
    overwrite: bool,
    output_format: str,
) -> int:
    """Write manifests of what the tenant holds and no manifest declares: a plan right after is empty.

    Reads the tenant and writes nothing to it. People are left out: of a list there is its name, and not who is on it.
    """
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.flow import draft_manifests
    from reconciler.model.written_files import write_files
    from reconciler.steps.load import load
    from reconciler.views.imported_files import LEFT_OUT, describe_left_out, make_files

    narrowed = parse_selectors(kinds, names)
    if any(each.label is not None for each in (*selection.only, *selection.exclude)):
        raise click.UsageError("what is imported has no labels yet: narrow it by kind and name")

    def is_chosen(kind: str, name: str) -> bool:
        return selection.chooses(kind, (name,), {}) and (
            not narrowed or any(each.matches(kind, (name,), {}) for each in narrowed)
        )

    with open_workspace(chosen) as workspace, LocalRuntime(workspace) as runtime:
        desired = load(workspace)
        known = _forget_written(desired, into, is_chosen) if overwrite else desired
        found = draft_manifests(known, runtime.reader_of_all(desired), is_chosen, adopts=adopt)
        files = {f"{into}/{name}": text.encode() for name, text in make_files(found).items()}
        aside = describe_left_out(found)
        if aside is not None:
            name = _find_free(desired.root, f"{into}/{LEFT_OUT}", aside)
            files |= {name: aside.encode()} if name is not None else {}
        undo = write_files(desired.root, files, overwrite=overwrite)
        try:
            _prove(workspace, found)
        except BaseException:
            undo()
            raise
        show("imported", output_format, found, list(files), desired.meant)
    return Exit.DONE


def _prove(workspace: Workspace, found: Imported) -> None:
    """Load what is there now: what was written is declared by it.

    Raises:
        BadInput: it cannot be loaded; then what was written is taken back.
    """
    from reconciler.model.problem import BadInput, Location, Problem
    from reconciler.steps.load import load

    there = load(workspace).catalogue.resources
    missing = [each for each in found.manifests if each.address not in there]
    if missing:
        message = f"{len(missing):,} imported manifests would not be read, {missing[0].address} among them"
        hint = "does .reconcilerignore leave the folder out? name another with `--into`"
        raise BadInput([Problem(Location("--into"), "import-ignored", message, hint=hint)])


def _forget_written(desired: Desired, into: str, is_chosen: Callable[[str, str], bool]) -> Desired:
    """The workspace without what an earlier import wrote of what is is_chosen for."""
    from reconciler.kinds import load_kinds
    from reconciler.model.resource import Catalogue

    kept = {
        address: resource
        for address, resource in desired.catalogue.resources.items()
        if not (
            resource.where().file.startswith(f"{into}/")
            and load_kinds()[address.kind].surfaces
            and is_chosen(address.kind, load_kinds()[address.kind].live_name(resource))
        )
    }
    return replace(desired, catalogue=Catalogue(kept))


def _find_free(root: Path, name: str, content: str) -> str | None:
    """A name for a file of comments that is not there yet; None where one has this content already."""
    number = 1
    while (root / (free := f"{name}{'' if number == 1 else f'-{number}'}.yaml")).exists():
        if (root / free).read_text(encoding="utf-8", errors="replace") == content:
            return None
        number += 1
    return free
