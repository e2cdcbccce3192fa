"""Open Spark."""

from ibis.backends.pyspark import Backend
from pyspark.sql import SparkSession

def connect(session: SparkSession) -> Backend: ...
