"""Spark."""

from ibis.backends import BaseBackend
from pyspark.sql import DataFrame

class Backend(BaseBackend):
    def raw_sql(self, query: str) -> DataFrame: ...
