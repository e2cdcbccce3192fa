# tested by: tests/cli/test_import.py
"""Write several files below a folder, or none of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from reconciler.model.errors import Exit, ReconcilerError

_SCRIPTS = (".sh",)


class FilesThere(ReconcilerError):
    """Files are there already that would be written. Nothing was."""

    code = "files-there"
    exit_code = Exit.USAGE


class NotWritten(ReconcilerError):
    """A file cannot be written. Nothing is left of the others."""

    code = "not-written"


def write_files(root: Path, made: Mapping[str, bytes], *, overwrite: bool = False) -> Callable[[], None]:
    """Write every file below a folder, which is made where it is missing; or none, and no folder either.

    What it gives back undoes it.

    Args:
        overwrite: whether files that are there are replaced; links, and what is no file, never are.

    Raises:
        FilesThere: some of them are there already, or something in the place of their folder.
        NotWritten: one cannot be written.
    """
    taken = [name for name in made if _is_taken(root, name, overwrite=overwrite)]
    if taken:
        raise FilesThere(
            f"{len(taken)} of the files are there already, and none is overwritten: {', '.join(taken)}",
            where=str(root),
            note="nothing was written",
            hint="choose another folder, or move them away and compare them with the new ones afterwards",
        )
    begun: list[Path] = []
    before: dict[Path, bytes] = {}

    def undo() -> None:
        for path in reversed(begun):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        for path, content in before.items():
            with suppress(OSError):
                _replace(path, content)

    try:
        for name, content in made.items():
            path = root / name
            if path.exists():
                held = path.read_bytes()
                _replace(path, content)
                before[path] = held
            else:
                _write(path, content, begun)
    except BaseException as error:
        undo()
        if isinstance(error, OSError):
            place = str(error.filename or root)
            raise NotWritten("a file cannot be written", where=place, note=error.strerror, hint=_NOTHING) from error
        raise
    return undo


_NOTHING = "nothing was left of the others: choose another folder, or mend this one"


def _is_taken(root: Path, name: str, *, overwrite: bool) -> bool:
    """Whether a file is there, or something else than a folder where one has to be; a link leads who knows where."""
    path = root / name
    above = [each for each in path.parents if each.is_relative_to(root) and each != root]
    there = path.exists() or path.is_symlink()
    taken = there and not (overwrite and path.is_file() and not path.is_symlink())
    taken = taken or any(each.is_symlink() for each in above)
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


def _replace(path: Path, content: bytes) -> None:
    """Put another content in the place of a file, whole; its mode stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_bytes(content)
        draft.chmod(path.stat().st_mode & 0o7777)
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink()
