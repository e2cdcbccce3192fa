"""Open DuckDB."""

from duckdb import DuckDBPyConnection
from ibis.backends.duckdb import Backend

def connect() -> Backend: ...
def from_connection(con: DuckDBPyConnection, /) -> Backend: ...
