"""Say what is meant where a command line uses a word of Terraform's, or misspells a command."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reconciler.model.nearest_name import find_nearest

_TERRAFORM = {
    "auto-approve": "`--yes` applies without asking",
    "out": "`--out FILE` saves a plan",
    "var": "`--var NAME=VALUE` gives a value for templates",
    "var-file": "`--vars FILE` gives a file of values for templates",
    "detailed-exitcode": "`--detailed-exitcode`, with two hyphens",
    "destroy": "`plan --prune` and `apply --prune` delete what is declared no longer",
    "import": "a declared object of the same name that is there already is adopted by `apply`",
    "refresh": "every plan reads the tenant anew",
    "state": "the tenant is the state; `audit log` shows what was done",
    "fmt": "manifests are plain YAML; `validate` checks them",
}
"""What Terraform calls it, without hyphens, and what it is here."""


def find_hint(arguments: Sequence[str], commands: Collection[str]) -> str | None:
    """A hint for a command line that was not understood, or None."""
    command = next((each for each in arguments if not each.startswith("-")), None)
    words = [each.partition("=")[0] for each in arguments if each.startswith("-")]
    known = {f"--{name}" for name in ("out", "var", "detailed-exitcode", "refresh")}
    if command is not None and command not in commands:
        if command in _TERRAFORM:
            return _TERRAFORM[command]
        nearest = find_nearest(command, commands)
        return None if nearest is None else f"did you mean `{nearest}`"
    return next(
        (_TERRAFORM[name] for each in words if each not in known and (name := each.lstrip("-")) in _TERRAFORM), None
    )
