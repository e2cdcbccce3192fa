# tested by: tests/properties/test_values.py
"""Define what changes of an object, and what becomes of one that no manifest declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from reconciler.model.reason import Reason
from reconciler.model.resource_address import Address


class Action(StrEnum):
    """What is done to an object. `before` is absent for CREATE, `after` for DELETE; both are equal for NO_OP.

    REPLACE creates the object again, under its name, because the tenant will not change it as it should be changed.
    RELEASE takes our mark off it, and leaves it as it is.
    """

    NO_OP = "no-op"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an object: its path in words (`predictive.targetAnswerRate`), before and after."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Replacement:
    """What it costs to replace an object.

    Attributes:
        fields: those that the tenant will not change.
        contacts: on the lists that the old one uses: the new one begins with all of them. None: nobody knows.
        attempts: dial attempts so far, which the new one knows nothing of. None: the tenant does not tell.
        downtime: for how long its work stands still.
    """

    fields: tuple[str, ...]
    contacts: int | None
    attempts: int | None
    downtime: Reason


@dataclass(frozen=True, slots=True)
class Unmoved:
    """Why a declared object that had another name before is not renamed.

    Attributes:
        code: gone (it has its new name, and the tenant none of the earlier ones), several (which of them is meant
            nobody can say), or foreign (it is not this workspace's).
        name: the one it is to have; earlier: those it may have had.
        objects: names, ids and owners of the live objects that may be meant.
    """

    code: Literal["gone", "several", "foreign"]
    name: str
    earlier: tuple[str, ...]
    objects: tuple[tuple[str, str, str | None], ...] = ()

    @property
    def refused(self) -> bool:
        """Whether that is for a person to decide, and not only for a person to know."""
        return self.code != "gone"


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """A list or a campaign: what it is and what it is to be.

    Attributes:
        address: the manifest's address; for a deleted object, made from its live name.
        name: the object's name in the tenant.
        before: its live fields, in names; None where there is no such object.
        after: its fields after apply, declared or not; None where it is deleted.
        declared: the top-level fields that a write sends; for a replacement, all those of the new object.
        later: fields fixed when the object is created, and when that is; they are absent from `after`.
        seconds_later: the same fields, as seconds after that moment.
        adopts: whether an object without our mark gets it.
        owner: the workspace whose mark the live object carries.
        references: objects that it names after apply, as (kind, name); releases: those that it names now.
        precondition: digest of the live object; None: there must be none of that name.
        replacement: what it costs, where the object is replaced.
        why: what becomes of it is for these reasons; the last says most.
        previous: what the tenant calls an object that is renamed; None: as it is to be called. unmoved: why one that
            had another name before cannot be renamed; None where it can, or was not.
        dialled_by: of an object that is released, the campaigns that may be dialling it, itself among them.
        unadopted: whether it is nobody's, and its manifest says that it stays so (`adopt: false`).
        protected: where a manifest says that it is protected, as a place; None: none does.
        alike: names and ids of the live objects of its kind that nobody can tell from it by their names, itself among
            them; of one that is made, also of those whose names differ by case.
    """

    address: Address
    name: str
    action: Action
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    declared: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[FieldChange, ...] = ()
    later: Mapping[str, Reason] = field(default_factory=dict)
    seconds_later: Mapping[str, int] = field(default_factory=dict)
    adopts: bool = False
    owner: str | None = None
    references: tuple[tuple[str, str], ...] = ()
    releases: tuple[tuple[str, str], ...] = ()
    precondition: str | None = None
    replacement: Replacement | None = None
    why: tuple[Reason, ...] = ()
    alike: tuple[tuple[str, str], ...] = ()
    previous: str | None = None
    unmoved: Unmoved | None = None
    dialled_by: tuple[str, ...] = ()
    unadopted: bool = False
    protected: str | None = None


@dataclass(frozen=True, slots=True)
class Undeclared:
    """An object that carries this workspace's mark and that no manifest declares any more.

    Attributes:
        name: in the tenant. state: as the tenant calls it, where it has one. dials: whether it may be calling people
            now. uses: the kinds and names of the objects that it works with.
    """

    address: Address
    name: str
    state: str | None = None
    dials: bool = False
    uses: tuple[tuple[str, str], ...] = ()
