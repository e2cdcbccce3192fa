"""DuckDB, in this process."""

from collections.abc import Mapping, Sequence

from duckdb import DuckDBPyConnection
from ibis.backends import BaseBackend
from ibis.expr.schema import Schema
from ibis.expr.types import Table

class Backend(BaseBackend):
    con: DuckDBPyConnection
    def get_schema(self, table_name: str) -> Schema: ...
    def raw_sql(self, query: str) -> DuckDBPyConnection: ...
    def read_json(self, paths: str, /, *, columns: Mapping[str, str], format: str) -> Table: ...
    def read_parquet(self, paths: str | Sequence[str], /, *, file_row_number: bool = ...) -> Table: ...
