# tested by: tests/simulator/test_embedded_tenant.py
"""Find the surfaces of the tenant.

A module may expose `SURFACE`, which declares a surface, and `ROUTES`, endpoints of this or another module's.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from reconciler.simulator.routing import Route, Surface


def discover() -> tuple[list[Surface], list[Route]]:
    """All surfaces and endpoints, in the order of the modules' names."""
    surfaces: list[Surface] = []
    routes: list[Route] = []
    for found in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        if declared := getattr(module, "SURFACE", None):
            surfaces.append(declared)
        routes.extend(getattr(module, "ROUTES", ()))
    return surfaces, routes
