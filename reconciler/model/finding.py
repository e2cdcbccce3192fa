"""What is unsafe, and is it allowed all the same?"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Address


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unsafe about a plan.

    Attributes:
        rule: the rule's id. object: the address it is about. message: what is unsafe, with the numbers.
        waived: the reason given in an override, if one holds: the finding is then printed and does not refuse.
        waivable: whether an override may set it aside at all.
    """

    rule: str
    object: Address
    message: str
    waived: str | None = None
    waivable: bool = True
