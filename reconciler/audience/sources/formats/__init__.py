# each tested by: tests/audience/test_source_cases.py
"""Find the file formats.

A format is a module of this package that sets `FORMAT`; nothing lists them. Its name stands among those of
`schemas/manifest.json#/$defs/fileFormat`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from reconciler.audience.sources.file_format_interface import FileFormat


@cache
def load_formats() -> Mapping[str, FileFormat]:
    """Every format, by the name that manifests use."""
    modules = (import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__))
    found = (getattr(each, "FORMAT", None) for each in modules)
    return MappingProxyType({each.name: each for each in found if isinstance(each, FileFormat)})
