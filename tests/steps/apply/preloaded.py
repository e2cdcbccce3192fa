"""What does a child need that a run imports late? A fork server that has it already starts a run in no time."""

from __future__ import annotations

import sqlite3
from importlib import import_module
from pkgutil import walk_packages

import ibis
import ibis.backends.duckdb
import jinja2.sandbox
import jsonschema
import numpy
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet
import requests
import rich.console
import rich.progress
import websockets.sync.client
import yaml

import reconciler

LATE = (ibis, jinja2, jsonschema, numpy, pyarrow, requests, rich, sqlite3, websockets, yaml)

for _module in walk_packages(reconciler.__path__, "reconciler."):
    if _module.name.rpartition(".")[2] not in ("__main__", "pyspark"):
        import_module(_module.name)
