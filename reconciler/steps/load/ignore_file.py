# tested by: tests/steps/load/test_manifest_files.py
"""Apply the ignore file of a workspace.

`.reconcilerignore` at the root has patterns as `.gitignore` has them, one a line, relative to the root.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reconciler.model.problem import Location, Problem, Problems

IGNORE_FILE = ".reconcilerignore"
"""The file of the root that says so."""

MOST_STARS = 3
"""The most `*` in one name of a pattern, and the most `**` in a pattern."""

Ignores = Callable[[str], bool]
"""Whether a path is left out: relative to the root, a folder's with `/` at its end."""


def ignore_nothing(path: str) -> bool:
    """What holds where there is no such file."""
    return False


def parse_patterns(text: str) -> tuple[Ignores, Problems]:
    """What the text of such a file leaves out, and the lines that are no patterns."""
    from pathspec import GitIgnoreSpec

    problems = Problems()
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if _has_too_many_stars(line):
                raise ValueError
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            hint = "write it as in a .gitignore: `*.yml`, `deploy/`, `!keep.yaml`"
            problems.append(
                Problem(Location(IGNORE_FILE, number, 1), "bad-pattern", "this is not a pattern", hint=hint)
            )
        else:
            lines.append(line)
    return GitIgnoreSpec.from_lines(lines).match_file, problems


def _has_too_many_stars(line: str) -> bool:
    """Whether matching a pattern could take long: each star more is tried at every letter of a name."""
    parts = line.split("/")
    return parts.count("**") > MOST_STARS or any(part.count("*") > MOST_STARS for part in parts if part != "**")


def is_there(root: Path) -> bool:
    """Whether the workspace has such a file, or anything else of that name."""
    path = root / IGNORE_FILE
    return path.exists() or path.is_symlink()
