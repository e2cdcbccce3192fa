"""Read and write the mark that says which workspace owns an object.

An object that a workspace made or adopted carries the workspace's name: at the end of a text, in a field of its own,
or, where its API has neither, in a registry that the ledger keeps. It is put on and taken off at the border to the
wire; inside the tool a text is what a person wrote, and the owner is a field of its own. An object of which nobody
knows whose it is belongs to nobody: it may be adopted by a change that the plan shows, and is never deleted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

_MARK = re.compile(r"\s*\(managed-by: reconciler/([a-z0-9-]+)\)\s*$")
_OWNER = re.compile(r"reconciler/([a-z0-9-]+)")


def normalise_description(description: str) -> str:
    """A description as it is compared: a tenant may keep no blanks around it, and its own line breaks."""
    return "\n".join(description.splitlines()).strip()


def split_mark(description: str) -> tuple[str, str | None]:
    """A live description without its mark, `worded`, and the workspace that the mark names."""
    match = _MARK.search(description)
    return (
        (normalise_description(description[: match.start()]), match[1])
        if match
        else (normalise_description(description), None)
    )


def with_mark(description: str, workspace: str) -> str:
    """A description as it is written to the tenant."""
    return f"{description} (managed-by: reconciler/{workspace})".lstrip()


class Ownership(Protocol):
    """How a surface keeps whose an object is.

    Attributes:
        registered: whether the object itself does not say it, and the ledger's registry does.
    """

    registered: ClassVar[bool]

    def split(self, fields: dict[str, Any]) -> str | None:
        """Take what says it out of live fields; the workspace that it names."""

    def mark(self, sent: Mapping[str, Any], held: Mapping[str, Any], workspace: str) -> dict[str, Any]:
        """The fields to be sent for `sent` to be written and the object, which holds `held`, to be the workspace's."""

    def keeps(self, sent: Mapping[str, Any]) -> bool:
        """Whether an object that is the workspace's stays so where these fields alone are sent."""

    def unmark(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """The fields to be sent for the object to be nobody's, and nothing else of it to change."""


@dataclass(frozen=True, slots=True)
class TextMark:
    """A mark at the end of a text that people read."""

    registered: ClassVar[bool] = False
    field: str = "description"

    def split(self, fields: dict[str, Any]) -> str | None:
        """See `Ownership`."""
        if self.field not in fields:
            return None
        fields[self.field], owner = split_mark(str(fields[self.field]))
        return owner

    def mark(self, sent: Mapping[str, Any], held: Mapping[str, Any], workspace: str) -> dict[str, Any]:
        """See `Ownership`."""
        text = sent.get(self.field, held.get(self.field, ""))
        return {**sent, self.field: with_mark(str(text), workspace)}

    def keeps(self, sent: Mapping[str, Any]) -> bool:
        """See `Ownership`."""
        return self.field not in sent

    def unmark(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """See `Ownership`."""
        return {self.field: str(held.get(self.field, ""))}


@dataclass(frozen=True, slots=True)
class OwnerField:
    """A field that says nothing else. Whatever it holds that is not ours names somebody else."""

    registered: ClassVar[bool] = False
    field: str

    def split(self, fields: dict[str, Any]) -> str | None:
        """See `Ownership`."""
        told = str(fields.pop(self.field, None) or "").strip()
        match = _OWNER.fullmatch(told)
        # in quotes: no workspace is called so
        return match[1] if match else ascii(told) if told else None

    def mark(self, sent: Mapping[str, Any], held: Mapping[str, Any], workspace: str) -> dict[str, Any]:
        """See `Ownership`."""
        return {**sent, self.field: f"reconciler/{workspace}"}

    def keeps(self, sent: Mapping[str, Any]) -> bool:
        """See `Ownership`."""
        return True

    def unmark(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """See `Ownership`."""
        return {self.field: ""}


@dataclass(frozen=True, slots=True)
class InLedger:
    """Nothing of the object says it: the ledger's registry does, by the object's id."""

    registered: ClassVar[bool] = True

    def split(self, fields: dict[str, Any]) -> str | None:
        """See `Ownership`."""
        return None

    def mark(self, sent: Mapping[str, Any], held: Mapping[str, Any], workspace: str) -> dict[str, Any]:
        """See `Ownership`."""
        return dict(sent)

    def keeps(self, sent: Mapping[str, Any]) -> bool:
        """See `Ownership`."""
        return True

    def unmark(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """See `Ownership`."""
        return {}
