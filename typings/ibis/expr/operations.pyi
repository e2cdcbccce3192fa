"""What relations are made of."""

from collections.abc import Callable, Mapping

from ibis.expr.datatypes import DataType
from ibis.expr.types import Table

class Node:
    __argnames__: tuple[str, ...]
    __args__: tuple[object, ...]
    def __recreate__(self, arguments: Mapping[str, object], /) -> Node: ...
    def find(self, type: type[Node], /) -> list[Node]: ...
    def replace(self, replacer: Callable[[Node, Mapping[str, object] | None], Node], /) -> Node: ...
    def to_expr(self) -> Table: ...

class DatabaseTable(Node): ...

class Literal(Node):
    value: object
    dtype: DataType
    def __init__(self, value: object, dtype: DataType) -> None: ...

class RegexSearch(Node):
    pattern: Node

class RegexExtract(Node):
    pattern: Node

class RegexReplace(Node):
    pattern: Node
