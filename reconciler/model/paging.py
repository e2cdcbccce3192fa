"""Describe how an API pages through rows.

A path into an answer has dots: `pagination.total`, `0.objId`; the empty path is the answer itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.reply_shape import PAGE_TOKEN, TOTAL, Field, Rows, Shape, may, needs

Query = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class OffsetPages:
    """Pages by the number of their first row.

    Attributes:
        rows: the path of a page's rows. total: of how many rows there are, where that is said; None: it never is.
        size, start: the query's names of how many rows are asked for, and from which on.
        most: rows of the largest page. empty: whether a page without rows has no body at all, but status 204.
        in_body: whether these stand in the request's body, beside what it asks for.
    """

    rows: str
    size: str = "count"
    start: str = "start"
    total: str | None = "total"
    most: int = 1000
    empty: bool = False
    in_body: bool = False

    def query(self, start: int, size: int | None = None) -> Query:
        """What is asked for to get the page from one row on."""
        return {self.size: size or self.most, self.start: start}

    def shape(self, row: Shape) -> Shape | Rows:
        """What a page must look like whose rows have this shape."""
        told = {} if self.total is None else {self.total: may(TOTAL)}
        return make_answer_shape({self.rows: needs(Rows(row)), **told})


@dataclass(frozen=True, slots=True)
class TokenPages:
    """Pages by a token that the page before names.

    Attributes:
        rows, next, total: the paths of a page's rows, of the next page's token, and of how many rows there are.
        size, page: the query's names of how many rows are asked for, and of the token of the page.
        most: rows of the largest page. in_body: whether these stand in the request's body, beside what it asks for.
    """

    rows: str = "data"
    next: str = "pagination.nextPageToken"
    total: str = "pagination.total"
    size: str = "pageSize"
    page: str = "pageToken"
    most: int = 1000
    in_body: bool = False

    def query(self, token: str | None, size: int | None = None) -> Query:
        """What is asked for to get the page of a token; None: the first."""
        return {self.size: size or self.most, self.page: token}

    def shape(self, row: Shape) -> Shape | Rows:
        """What a page must look like whose rows have this shape."""
        return make_answer_shape({self.rows: needs(Rows(row)), self.next: may(PAGE_TOKEN), self.total: may(TOTAL)})


@dataclass(frozen=True, slots=True)
class OnePage:
    """All rows in one answer: nothing is asked for but the collection.

    Attributes:
        rows: the path of the rows. total: of how many there are, where that is said.
        empty: whether an answer without rows has no body at all, but status 204.
    """

    rows: str
    total: str | None = None
    empty: bool = False

    def shape(self, row: Shape) -> Shape | Rows:
        """What the answer must look like whose rows have this shape."""
        told = {} if self.total is None else {self.total: may(TOTAL)}
        return make_answer_shape({self.rows: needs(Rows(row)), **told})


Pages = OffsetPages | TokenPages | OnePage


def pick(answer: Any, path: str | None) -> Any:
    """What stands at a path of an answer; None where nothing does."""
    found = answer if path is not None else None
    for step in path.split(".") if path else ():
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def make_answer_shape(fields: Mapping[str, Field]) -> Shape | Rows:
    """An answer in which each of these stands at its path; what is on the way to one that is needed is needed too.

    Where a path says which item of a list, every item must look like it, and there may be none.

    Raises:
        ValueError: the answer itself is one of them, and it is not alone, or is no object and no list.
    """
    whole = fields.get("")
    if whole is not None:
        if len(fields) > 1 or not isinstance(whole.value, Shape | Rows):
            raise ValueError("what is the whole answer is an object or a list, and stands beside nothing else")
        return whole.value
    if fields and all(path.partition(".")[0].isdecimal() for path in fields):
        item = make_answer_shape({path.partition(".")[2]: each for path, each in fields.items()})
        if isinstance(item, Rows):
            raise ValueError("an item of a list is an object")
        return Rows(item)
    nested: dict[str, dict[str, Field]] = {}
    found: dict[str, Field] = {}
    for path, field in fields.items():
        head, _, rest = path.partition(".")
        if rest:
            nested.setdefault(head, {})[rest] = field
        else:
            found[head] = field
    for head, inner in nested.items():
        found[head] = Field(make_answer_shape(inner), needed=any(each.needed for each in inner.values()))
    return Shape(found)
